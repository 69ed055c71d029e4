//! How a chat room is, in numbers: measured while an analytics room wants to know, told at
//! most once a second, and not at all while nothing happens.

use super::asker::Asker;
use super::{Effect, MetricWrite, Reveal, Room, Session, Turn, Write};
use crate::message::{Kind, Millis, Offset, SessionId, UserId};

/// Over how long it is measured, in milliseconds: "messages a minute".
pub(crate) const WINDOW_MS: u64 = 60_000;

/// Between two reports, in milliseconds (M6).
const REPORT_MS: u64 = 1000;

/// Whether an analytics room wants to know how this one is. Stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Observed {
    /// Nobody wants to know.
    #[default]
    No,
    /// It knows that nothing happens.
    Quiet,
    /// Something happened of late, so that it is still to be told when that is over.
    Busy,
}

impl Observed {
    /// As it is stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Quiet => "quiet",
            Self::Busy => "busy",
        }
    }

    /// Reads what was stored.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        [Self::Quiet, Self::Busy].into_iter().find(|it| it.as_str() == text).unwrap_or_default()
    }
}

/// What is to be measured once all before is durable.
#[derive(Clone, Debug, PartialEq)]
pub struct Measuring {
    /// When it was asked.
    pub at: Millis,
    /// The oldest time that counts.
    pub since: Millis,
    /// The oldest offset there is.
    pub first: Offset,
    /// The newest offset that counts.
    pub head: Offset,
    /// Users who are here and said something since, in their order, each once.
    pub users: Vec<UserId>,
    /// How to answer whoever asked; `None` for a report of the room's own.
    pub reveal: Option<Reveal>,
}

/// What a room knows of its own measures.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Own {
    observed: Observed,
    /// When somebody last said or published something.
    said_at: Millis,
    /// Whether something happened that was not reported.
    changed: bool,
    reported_at: Option<Millis>,
    /// Whether it was asked how it is since its last report.
    asked: bool,
}

impl Own {
    /// Whether all was reported died with the memory: once more does no harm.
    pub(super) fn restore(observed: Observed, head_at: Millis) -> Self {
        let changed = observed == Observed::Busy;
        Self { observed, said_at: head_at, changed, reported_at: None, asked: false }
    }

    pub(super) fn is_observed(&self) -> bool {
        self.observed != Observed::No
    }

    pub(super) fn said(&mut self, at: Millis) {
        self.said_at = self.said_at.max(at);
    }

    pub(super) fn erased(&mut self) {
        self.said_at = Millis(0);
        self.changed = self.observed != Observed::No;
    }

    fn quiet_at(&self) -> Millis {
        self.said_at.plus(WINDOW_MS)
    }
}

/// A socket said something that is no ping. Its time is that of its last word as the session
/// knows it: up to a 256th of the inactivity timeout late, so that few attachments are written.
pub(super) fn spoke(room: &mut Room, turn: &mut Turn, id: SessionId) {
    if room.kind != Kind::Chat {
        return;
    }
    let Some(session) = room.sessions.get_mut(&id) else { return };
    let at = session.heard_at;
    if session.said_at != Some(at) {
        session.said_at = Some(at);
        turn.effects.remember(id);
    }
    touched(room, turn, at);
}

/// A session that may have counted went.
pub(super) fn left(room: &mut Room, turn: &mut Turn, session: &Session) {
    if session.said_at.is_some_and(|at| turn.stamp.at < at.plus(WINDOW_MS)) {
        touched(room, turn, Millis(0));
    }
}

/// Something happened that is measured.
pub(super) fn touched(room: &mut Room, turn: &mut Turn, at: Millis) {
    if room.kind != Kind::Chat {
        return;
    }
    room.metrics.own.said(at);
    match room.metrics.own.observed {
        Observed::No => {}
        Observed::Quiet => {
            room.metrics.own.changed = true;
            set(room, turn, Observed::Busy);
        }
        Observed::Busy => room.metrics.own.changed = true,
    }
}

fn set(room: &mut Room, turn: &mut Turn, observed: Observed) {
    if room.metrics.own.observed != observed {
        room.metrics.own.observed = observed;
        turn.effects.push(Effect::Write(Write::Metric(MetricWrite::Observed(observed))));
    }
}

/// An analytics room wants to know from now on.
pub(super) fn observe(room: &mut Room, turn: &mut Turn, asker: &Asker) {
    begin(room, turn);
    let reveal = turn.reveal(asker);
    measure(room, turn, Some(reveal));
    room.metrics.own.asked = true;
}

fn begin(room: &mut Room, turn: &mut Turn) {
    if room.metrics.own.observed == Observed::No {
        let is_quiet = room.metrics.own.quiet_at() <= turn.stamp.at;
        set(room, turn, if is_quiet { Observed::Quiet } else { Observed::Busy });
    }
}

/// An analytics room says whether anybody wants to know.
pub(super) fn is_watched(room: &mut Room, turn: &mut Turn, is_watched: bool) {
    if is_watched {
        begin(room, turn);
    } else if !room.metrics.own.asked {
        // Had somebody asked meanwhile, the answer would be out of date.
        set(room, turn, Observed::No);
        room.metrics.own.changed = false;
    }
}

fn measure(room: &mut Room, turn: &mut Turn, reveal: Option<Reveal>) {
    let at = turn.stamp.at;
    let spoke = |it: &&Session| it.said_at.is_some_and(|said| at < said.plus(WINDOW_MS));
    let mut users: Vec<UserId> =
        room.sessions.values().filter(spoke).map(|it| it.member.id.clone()).collect();
    users.sort_unstable();
    users.dedup();
    let since = Millis(at.0.saturating_sub(WINDOW_MS).saturating_add(1));
    let (first, head) = (room.first, room.head);
    turn.effects.push(Effect::Measure(Measuring { at, since, first, head, users, reveal }));
    let own = &mut room.metrics.own;
    (own.changed, own.reported_at, own.asked) = (false, Some(at), false);
}

/// When there is something to tell.
pub(super) fn due_at(room: &Room) -> Option<Millis> {
    let own = &room.metrics.own;
    let due = match own.observed {
        Observed::Quiet | Observed::Busy if own.changed => Some(own.said_at),
        Observed::No | Observed::Quiet => None,
        Observed::Busy => Some(own.quiet_at()),
    };
    let next = own.reported_at.map(|at| at.plus(REPORT_MS)).unwrap_or_default();
    due.map(|it| it.max(next))
}

/// Tells what changed, and once more when the minute is over.
pub(super) fn tick(room: &mut Room, turn: &mut Turn) {
    let (now, own) = (turn.stamp.at, &room.metrics.own);
    // A clock set back must not silence it.
    let may = own.reported_at.is_none_or(|at| now < at || REPORT_MS <= now.since(at));
    if own.observed == Observed::No || !may {
        return;
    }
    let is_over = own.observed == Observed::Busy && own.quiet_at() <= now;
    if is_over || own.changed {
        if is_over {
            set(room, turn, Observed::Quiet);
        }
        measure(room, turn, None);
    }
}

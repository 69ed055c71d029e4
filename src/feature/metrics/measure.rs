//! How a chat room is, in numbers: measured while an analytics room wants to know, told at
//! most once a second, and not at all while nothing happens.

use super::stored::{Lately, Measuring, MetricCall, MetricWrite, Observed, WINDOW_MS};
use super::{Measures, MetricEvent};
use crate::feature::{Call, Query};
use crate::kernel::principal::Principal;
use crate::kernel::{
    Answer, Connection, Context, Effect, Event, HostStats, PendingReply, Room, Write,
};
use crate::message::{ConnectionId, Kind, Millis, UserId};

/// Between two reports, in milliseconds (M6).
const REPORT_MS: u64 = 1000;

/// A socket said something that is no ping. Its time is that of its last word as the connection
/// knows it: up to a 256th of the inactivity timeout late, so that few attachments are written.
pub(crate) fn spoke(room: &mut Room, cx: &mut Context, id: ConnectionId) {
    if room.kind != Kind::Chat {
        return;
    }
    let Some(connection) = room.connections.get_mut(&id) else { return };
    let at = connection.heard_at;
    if connection.own.metrics.said_at != Some(at) {
        connection.own.metrics.said_at = Some(at);
        cx.effects.save_counts(id);
    }
    touched(room, cx, at);
}

/// A connection that may have counted went.
pub(crate) fn left(room: &mut Room, cx: &mut Context, connection: &Connection) {
    if connection.own.metrics.said_at.is_some_and(|at| cx.clock.at < at.plus(WINDOW_MS)) {
        touched(room, cx, Millis(0));
    }
}

/// Something happened that is measured.
pub(crate) fn touched(room: &mut Room, cx: &mut Context, at: Millis) {
    if room.kind != Kind::Chat {
        return;
    }
    room.own.metrics.own.said(at);
    match room.own.metrics.own.observed {
        Observed::No => {}
        Observed::Quiet => {
            room.own.metrics.own.changed = true;
            set(room, cx, Observed::Busy);
        }
        Observed::Busy => room.own.metrics.own.changed = true,
    }
}

fn set(room: &mut Room, cx: &mut Context, observed: Observed) {
    if room.own.metrics.own.observed != observed {
        room.own.metrics.own.observed = observed;
        cx.effects.push(Effect::Write(Write::from(MetricWrite::Observed(observed))));
    }
}

/// An analytics room wants to know from now on.
pub(crate) fn observe(room: &mut Room, cx: &mut Context, principal: &Principal) {
    begin(room, cx);
    let pending = cx.pending(principal);
    measure(room, cx, Some(pending));
    room.own.metrics.own.asked = true;
}

fn begin(room: &mut Room, cx: &mut Context) {
    if room.own.metrics.own.observed == Observed::No {
        let is_quiet = room.own.metrics.own.quiet_at() <= cx.clock.at;
        set(room, cx, if is_quiet { Observed::Quiet } else { Observed::Busy });
    }
}

/// An analytics room says whether anybody wants to know.
pub(crate) fn is_watched(room: &mut Room, cx: &mut Context, is_watched: bool) {
    if is_watched {
        begin(room, cx);
    } else if !room.own.metrics.own.asked {
        // Had somebody asked meanwhile, the answer would be out of date.
        set(room, cx, Observed::No);
        room.own.metrics.own.changed = false;
    }
}

/// What was measured, given what the log and the host know.
pub(crate) fn measured(it: &Measuring, lately: &Lately, host: HostStats) -> Answer {
    let silent = lately.authors.iter().filter(|author| it.users.binary_search(author).is_err());
    let measures = Measures {
        at: it.at,
        engagement: (it.users.len() + silent.count()) as u64,
        activity: lately.messages,
        performance: host.handling_ms_median,
    };
    if it.is_report {
        Answer::Call(Call::Metrics(MetricCall::Measures(measures)))
    } else {
        Answer::Event(Event::from(MetricEvent::Measured(measures)))
    }
}

fn measure(room: &mut Room, cx: &mut Context, pending: Option<PendingReply>) {
    let at = cx.clock.at;
    let spoke =
        |it: &&Connection| it.own.metrics.said_at.is_some_and(|said| at < said.plus(WINDOW_MS));
    let mut users: Vec<UserId> =
        room.connections.values().filter(spoke).map(|it| it.member.id.clone()).collect();
    users.sort_unstable();
    users.dedup();
    let since = Millis(at.0.saturating_sub(WINDOW_MS).saturating_add(1));
    let (first, head) = (room.first, room.head);
    let is_report = pending.is_none();
    let query = Query::from(Measuring { at, since, first, head, users, is_report });
    cx.effects.push(Effect::Find { query, pending });
    let own = &mut room.own.metrics.own;
    (own.changed, own.reported_at, own.asked) = (false, Some(at), false);
}

/// When there is something to tell.
pub(crate) fn due_at(room: &Room) -> Option<Millis> {
    let own = &room.own.metrics.own;
    let due = match own.observed {
        Observed::Quiet | Observed::Busy if own.changed => Some(own.said_at),
        Observed::No | Observed::Quiet => None,
        Observed::Busy => Some(own.quiet_at()),
    };
    let next = own.reported_at.map(|at| at.plus(REPORT_MS)).unwrap_or_default();
    due.map(|it| it.max(next))
}

/// Tells what changed, and once more when the minute is over.
pub(crate) fn tick(room: &mut Room, cx: &mut Context) {
    let (now, own) = (cx.clock.at, &room.own.metrics.own);
    // A clock set back must not silence it.
    let may = own.reported_at.is_none_or(|at| now < at || REPORT_MS <= now.since(at));
    if own.observed == Observed::No || !may {
        return;
    }
    let is_over = own.observed == Observed::Busy && own.quiet_at() <= now;
    if is_over || own.changed {
        if is_over {
            set(room, cx, Observed::Quiet);
        }
        measure(room, cx, None);
    }
}

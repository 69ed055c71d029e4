//! The room: a total state machine without a clock, a socket or a database.
//!
//! ```text
//! Input --> Room::handle --> Effect, Effect, ...
//! ```
//!
//! What a room knows is either in its sessions, which ride in the sockets'
//! attachments while it sleeps, or in its log. So it can be dropped between any
//! two inputs and rebuilt by [`Room::restore`], and nobody can tell.

mod chat;
mod effect;
mod grants;
mod idle;
mod input;
mod presence;
mod rate;
mod retention;
mod session;
mod typing;

use std::collections::BTreeMap;

pub use effect::{Audience, Effect, Effects, Memory, PageQuery, Write};
pub use grants::{Grant, Grants};
pub use input::{Input, Receipt, Renewal};
pub use presence::Departure;
pub use rate::{Quota, Window};
pub use session::Session;

use crate::close::CloseCode;
use crate::limits::Limits;
use crate::message::{
    ClientRef, Command, Epoch, Event, Millis, Notice, Offset, Refusal, Request, SessionId, Stamp,
    UserId,
};

/// What a room's log knows of it, read on every wake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// Which incarnation of the log this is.
    pub epoch: Epoch,
    /// The newest offset; 0 in an empty log.
    pub head: Offset,
    /// When the newest entry was accepted.
    pub head_at: Millis,
    /// The oldest offset kept; 0 in an empty log.
    pub first: Offset,
    /// When the oldest entry was accepted.
    pub first_at: Millis,
    /// Users whose last socket closed and whose grace may still run.
    pub departures: Vec<Departure>,
    /// The room's broadcasts, as counted when a socket last left with the count.
    pub broadcasts: Window,
}

/// One room.
#[derive(Clone, Debug, PartialEq)]
pub struct Room {
    limits: Limits,
    epoch: Epoch,
    head: Offset,
    head_at: Millis,
    first: Offset,
    first_at: Millis,
    sessions: BTreeMap<SessionId, Session>,
    /// How many sockets each present user has; derived from `sessions`.
    present: BTreeMap<UserId, u64>,
    departures: BTreeMap<UserId, Departure>,
    broadcasts: Window,
    /// No session can be due before this; may be too early, never too late.
    sweep_at: Option<Millis>,
}

impl Room {
    /// Rebuilds a room that slept, from its log and the sessions of its open sockets.
    pub fn restore(
        limits: Limits,
        log: Remembered,
        sessions: impl IntoIterator<Item = Session>,
    ) -> Self {
        let mut room = Self {
            limits,
            epoch: log.epoch,
            head: log.head,
            head_at: log.head_at,
            first: log.first,
            first_at: log.first_at,
            sessions: BTreeMap::new(),
            present: BTreeMap::new(),
            departures: log.departures.into_iter().map(|it| (it.member.id.clone(), it)).collect(),
            broadcasts: log.broadcasts,
            sweep_at: None,
        };
        for session in sessions {
            room.broadcasts = room.broadcasts.later(session.broadcasts);
            room.enter(session);
        }
        room
    }

    /// Whether one more socket of this user may come in.
    pub fn capacity_for(&self, user: &UserId) -> Result<(), Refusal> {
        presence::capacity_for(self, user)
    }

    /// One session, while its socket is open.
    pub fn session(&self, id: SessionId) -> Option<&Session> {
        self.sessions.get(&id)
    }

    /// Every session whose socket is open.
    pub fn sessions(&self) -> impl Iterator<Item = &Session> {
        self.sessions.values()
    }

    /// When the room next has something to do by itself.
    #[must_use]
    pub fn next_wake(&self) -> Option<Millis> {
        [self.sweep_at, presence::due_at(self), retention::due_at(self)].into_iter().flatten().min()
    }

    /// How far back a resend is recognised.
    #[must_use]
    pub fn memory(&self, now: Millis) -> Memory {
        retention::memory(self, now)
    }

    /// The log was trimmed: this is the oldest entry it still has, if any.
    pub fn trimmed(&mut self, first: Offset, first_at: Millis) {
        (self.first, self.first_at) = (first, first_at);
    }

    /// Whether the next alarm will ask how long each socket has been silent.
    #[must_use]
    pub fn sweep_is_due(&self, now: Millis) -> bool {
        self.sweep_at.is_some_and(|at| at <= now)
    }

    /// Advances by one input. The order of the effects is the order of their execution.
    #[must_use]
    pub fn handle(&mut self, input: Input, stamp: Stamp) -> Effects {
        let mut turn = Turn { stamp, effects: Effects::default() };
        match input {
            Input::Joined(session) => presence::joined(self, &mut turn, session),
            Input::Received { session, request, receipt } => {
                self.received(&mut turn, session, request, receipt);
            }
            Input::Renewed { session, client_ref, renewal } => {
                if self.admits_frame(&mut turn, session, client_ref.as_ref()) {
                    session::renewed(self, &mut turn, session, client_ref, renewal);
                }
            }
            Input::Oversized { session } => {
                let refusal = Refusal::too_large(self.limits.message_bytes_max);
                self.expel(&mut turn, session, None, refusal);
            }
            Input::Overwhelmed { session } => self.cut_off(&mut turn, session),
            Input::Left { session } => presence::left(self, &mut turn, session),
            Input::Alarm { heard } => {
                idle::sweep(self, &mut turn, &heard);
                presence::expire(self, &mut turn);
                retention::trim(self, &mut turn);
            }
        }
        turn.effects
    }

    fn received(
        &mut self,
        turn: &mut Turn,
        id: SessionId,
        Request { client_ref, command }: Request,
        receipt: Option<Receipt>,
    ) {
        if !self.admits_frame(turn, id, client_ref.as_ref()) {
            return;
        }
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if session.has_expired(turn.stamp.at) {
            return session::prompt(self, turn, id, client_ref);
        }
        match command {
            Err(refusal) => turn.refuse(id, client_ref, refusal),
            Ok(Command::Ping) => turn.tell(id, client_ref, Event::Pong),
            // The edge verifies tokens and sends `Input::Renewed` instead.
            Ok(Command::Authenticate { .. }) => turn.refuse(id, client_ref, Refusal::system()),
            Ok(Command::Say(body)) => chat::say(self, turn, id, client_ref, body, receipt),
            Ok(Command::Typing(typing)) => typing::set(self, turn, id, client_ref, typing),
            Ok(Command::History(page)) => chat::history(self, turn, id, client_ref, page),
            Ok(Command::Presence) => presence::list(self, turn, id, client_ref),
        }
    }

    /// Notes that the socket spoke, and counts the frame against its rate (B27).
    fn admits_frame(&mut self, turn: &mut Turn, id: SessionId, to: Option<&ClientRef>) -> bool {
        let quota = Quota::per_minute(self.limits.messages_per_minute);
        let inactivity_ms = self.limits.inactivity_ms;
        let Some(session) = self.sessions.get_mut(&id) else { return false };
        let before = (session.heard_at, session.messages);
        session.hear(turn.stamp.at, inactivity_ms);
        match session.messages.charge(quota, turn.stamp.at) {
            Ok(()) => {
                if before != (session.heard_at, session.messages) {
                    turn.effects.remember(id);
                }
                true
            }
            Err(wait_ms) => {
                self.expel(turn, id, to.cloned(), Refusal::too_fast(wait_ms));
                false
            }
        }
    }

    /// Counts one broadcast against the room's rate (B28).
    fn admits_broadcast(&mut self, turn: &mut Turn, id: SessionId, to: Option<&ClientRef>) -> bool {
        let quota = Quota::per_minute(self.limits.broadcasts_per_minute);
        match self.broadcasts.charge(quota, turn.stamp.at) {
            Ok(()) => {
                // The count rides with whoever spoke last, so that it survives sleep
                // without a row being written for it.
                if let Some(session) = self.sessions.get_mut(&id)
                    && session.broadcasts != self.broadcasts
                {
                    session.broadcasts = self.broadcasts;
                    turn.effects.remember(id);
                }
                true
            }
            Err(wait_ms) => {
                self.expel(turn, id, to.cloned(), Refusal::too_fast(wait_ms));
                false
            }
        }
    }

    /// Closes a socket that does not keep up. Nothing is said on it: it would only wait
    /// behind all that waits there already.
    fn cut_off(&mut self, turn: &mut Turn, id: SessionId) {
        if self.sessions.contains_key(&id) {
            let reason = "this connection is too slow for what is said".into();
            turn.effects.push(Effect::Close { session: id, code: CloseCode::TryLater, reason });
            presence::left(self, turn, id);
        }
    }

    fn grants(&self, id: SessionId) -> Grants {
        self.sessions.get(&id).map_or(Grants::default(), |it| it.grants)
    }

    fn enter(&mut self, session: Session) {
        self.sweep_no_later_than(session.due_at(self.limits.inactivity_ms));
        *self.present.entry(session.member.id.clone()).or_default() += 1;
        self.sessions.insert(session.id, session);
    }

    fn sweep_no_later_than(&mut self, due: Option<Millis>) {
        self.sweep_at = self.sweep_at.into_iter().chain(due).min();
    }

    /// Says why, closes the socket, and lets the session go at once: what still
    /// arrives on it finds nobody.
    fn expel(
        &mut self,
        turn: &mut Turn,
        id: SessionId,
        client_ref: Option<ClientRef>,
        refusal: Refusal,
    ) {
        if !self.sessions.contains_key(&id) {
            return;
        }
        let code = CloseCode::of(&refusal);
        let reason = refusal.message.clone();
        turn.refuse(id, client_ref, refusal);
        turn.effects.push(Effect::Close { session: id, code, reason });
        presence::left(self, turn, id);
    }
}

/// One call of [`Room::handle`]: its moment, and what has been decided so far.
struct Turn {
    stamp: Stamp,
    effects: Effects,
}

impl Turn {
    fn notice(&mut self, reply_to: Option<ClientRef>, event: Event) -> Notice {
        Notice { id: self.stamp.mint(), reply_to, at: self.stamp.at, event }
    }

    fn tell(&mut self, to: SessionId, reply_to: Option<ClientRef>, event: Event) {
        let notice = self.notice(reply_to, event);
        self.effects.push(Effect::Tell { to: Audience::One(to), notice });
    }

    fn refuse(&mut self, to: SessionId, reply_to: Option<ClientRef>, refusal: Refusal) {
        self.tell(to, reply_to, Event::Refused(refusal));
    }
}

//! Hosting a room: decoding what arrives, carrying out what the room decides.
//! Decides nothing itself but when to flush.
//!
//! ```text
//! frame -> decode -> Room::handle -> outbox -> one transaction -> frames, encoded once
//! ```

mod broadcast;
mod outbox;

pub use broadcast::{Deliver, Letter, Recipients, deliver};
pub use outbox::{Flush, GATHER_MS, Outbox};

use crate::close::CloseCode;
use crate::dialect::Frame;
use crate::history::History;
use crate::limits::Limits;
use crate::message::{ClientRef, Command, Event, Millis, Notice, Refusal, SessionId, Stamp};
use crate::room::{Audience, Effect, Input, Renewal, Room, Session, Write};

/// What effects need beside a log: open sockets.
pub trait Sockets: Deliver {
    /// Stores what the room knows of this session where sleep does not reach.
    fn remember(&mut self, session: &Session);
    /// Closes a socket and lets it go.
    fn close(&mut self, session: SessionId, code: CloseCode, reason: &str);
    /// Those that have been found not to keep up since the last time it was asked.
    fn take_slow(&mut self) -> Vec<SessionId>;
}

/// Who sent what is waiting in the outbox.
type Origin = (SessionId, Option<ClientRef>);

/// A room with its log and its sockets.
#[derive(Debug)]
pub struct Host<H, S> {
    room: Room,
    history: H,
    /// The open sockets.
    pub sockets: S,
    outbox: Outbox,
    origins: Vec<Origin>,
    message_bytes_max: usize,
}

impl<H: History, S: Sockets> Host<H, S> {
    /// Wakes a room: its log tells what it knew, its sockets who is in it.
    pub fn wake(
        limits: Limits,
        history: H,
        sockets: S,
        sessions: impl IntoIterator<Item = Session>,
    ) -> Result<Self, H::Error> {
        let room = Room::restore(limits, history.remembered()?, sessions);
        let message_bytes_max = limits.message_bytes_max;
        let (outbox, origins) = Default::default();
        Ok(Self { room, history, sockets, outbox, origins, message_bytes_max })
    }

    /// The room, to ask it things.
    pub fn room(&self) -> &Room {
        &self.room
    }

    /// Takes one frame from a socket. `verify` reads a token shown on it.
    pub fn receive(
        &mut self,
        session: SessionId,
        frame: &Frame,
        stamp: Stamp,
        verify: impl FnOnce(&str, Option<&str>) -> Result<Renewal, Refusal>,
    ) -> Result<Flush, H::Error> {
        let Some(wire) = self.sockets.wire(session) else { return Ok(Flush::No) };
        if self.message_bytes_max < frame.len() {
            return self.handle(Input::Oversized { session }, stamp);
        }
        let request = wire.dialect.get().decode(frame);
        self.origins.push((session, request.client_ref.clone()));
        let input = match request.command {
            Ok(Command::Authenticate { token, context }) => {
                let renewal = verify(&token, context.as_deref());
                Input::Renewed { session, client_ref: request.client_ref, renewal }
            }
            Ok(Command::Say(_)) => {
                let receipt = self.recall(session, request.client_ref.as_ref(), stamp.at)?;
                Input::Received { session, request, receipt }
            }
            Ok(_) | Err(_) => Input::Received { session, request, receipt: None },
        };
        self.handle(input, stamp)
    }

    /// Lets somebody in. `attach` adds the socket; what was decided before is not
    /// for it, and goes out first.
    pub fn join(
        &mut self,
        session: Session,
        stamp: Stamp,
        attach: impl FnOnce(&mut S),
    ) -> Result<Flush, H::Error> {
        self.flush(stamp.at)?;
        attach(&mut self.sockets);
        self.handle(Input::Joined(session), stamp)
    }

    /// Lets the room decide, and says when to flush what it decided.
    pub fn handle(&mut self, input: Input, stamp: Stamp) -> Result<Flush, H::Error> {
        let now = stamp.at;
        let effects = self.room.handle(input, stamp);
        Ok(self.outbox.push(effects, now))
    }

    /// Carries out what waits: first everything to be durable, in one transaction,
    /// then everything to be said, in order. If the log fails, nothing of it has been
    /// said, and the host must be [abandoned](Host::abandon).
    pub fn flush(&mut self, now: Millis) -> Result<(), H::Error> {
        let effects = self.outbox.take(now);
        self.carry_out(effects)?;
        self.origins.clear();
        Ok(())
    }

    /// Lets those go that do not keep up, so that they hold back nobody else.
    pub fn drop_slow(&mut self, stamp: impl Fn() -> Stamp) -> Result<(), H::Error> {
        let slow = self.sockets.take_slow();
        if slow.is_empty() {
            return Ok(());
        }
        for session in slow {
            self.handle(Input::Overwhelmed { session }, stamp())?;
        }
        self.flush(stamp().at)
    }

    /// Tells everyone whose request got no answer that it failed, and forgets
    /// everything: waking again shows what is durable.
    pub fn abandon(mut self, now: Millis) {
        for (session, reply_to) in std::mem::take(&mut self.origins) {
            let event = Event::Refused(Refusal::system());
            // Without an id of its own: minting takes randomness, and nobody refers to it.
            let notice = Notice { id: uuid::Uuid::nil(), reply_to, at: now, event };
            deliver(&mut self.sockets, &[Letter { to: Audience::One(session), notice }]);
        }
    }

    /// When to ring next; asked once everything has been carried out.
    pub fn next_wake(&self) -> Option<Millis> {
        self.room.next_wake().filter(|_| self.outbox.is_empty())
    }

    fn carry_out(&mut self, effects: Vec<Effect>) -> Result<(), H::Error> {
        let writes: Vec<Write> = effects.iter().filter_map(Effect::write).cloned().collect();
        if !writes.is_empty() {
            self.history.commit(&writes)?;
        }
        if writes.iter().any(|it| matches!(it, Write::Trim { .. })) {
            let log = self.history.remembered()?;
            self.room.trimmed(log.first, log.first_at);
        }
        let (mut letters, mut changed) = (Vec::new(), Vec::new());
        for effect in effects {
            match effect {
                Effect::Write(_) => {}
                Effect::Tell { to, notice } => letters.push(Letter { to, notice }),
                Effect::Page { to, id, reply_to, at, query } => {
                    let event = Event::History(self.history.page(&query)?);
                    let notice = Notice { id, reply_to, at, event };
                    letters.push(Letter { to: Audience::One(to), notice });
                }
                Effect::Remember(session) => changed.push(session),
                Effect::Close { session, code, reason } => {
                    // What was to be said on it comes first.
                    deliver(&mut self.sockets, &std::mem::take(&mut letters));
                    self.sockets.close(session, code, &crate::close::reason(&reason));
                }
            }
        }
        deliver(&mut self.sockets, &letters);
        // Once per flush and session, however often it changed.
        changed.sort_unstable();
        changed.dedup();
        for session in changed.into_iter().filter_map(|id| self.room.session(id)) {
            self.sockets.remember(session);
        }
        Ok(())
    }

    /// What is known of a request that may be a resend.
    fn recall(
        &self,
        session: SessionId,
        client_ref: Option<&ClientRef>,
        now: Millis,
    ) -> Result<Option<crate::room::Receipt>, H::Error> {
        let user = self.room.session(session).map(|it| &it.member.id);
        let Some((user, client_ref)) = user.zip(client_ref) else { return Ok(None) };
        match self.outbox.recall(user, client_ref) {
            Some(receipt) => Ok(Some(receipt)),
            None => self.history.recall(user, client_ref, self.room.memory(now)),
        }
    }
}

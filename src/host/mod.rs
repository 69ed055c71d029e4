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
use crate::message::{
    ClientRef, Code, Command, Event, Member, Millis, Notice, Refusal, Reply, Request, SessionId,
    Stamp, UserId,
};
use crate::room::{Audience, Effect, Grants, Input, Receipt, Renewal, Room, Session, Write};
use crate::tally::Tally;

/// What effects need beside a log: open sockets.
pub trait Sockets: Deliver {
    /// Stores what the room knows of this session where sleep does not reach.
    fn remember(&mut self, session: &Session);
    /// Closes a socket and lets it go.
    fn close(&mut self, session: SessionId, code: CloseCode, reason: &str);
    /// For the operator's log: somebody asked for too much, or for what is not theirs.
    fn note(&mut self, session: SessionId, refusal: &Refusal);
    /// Those that have been found not to keep up since the last time it was asked.
    fn take_slow(&mut self) -> Vec<SessionId>;
}

/// Who sent what is waiting in the outbox, and when.
#[derive(Debug)]
struct Origin {
    session: SessionId,
    client_ref: Option<ClientRef>,
    at: Millis,
}

/// A room with its log and its sockets.
#[derive(Debug)]
pub struct Host<H, S> {
    room: Room,
    history: H,
    /// The open sockets.
    pub sockets: S,
    outbox: Outbox,
    origins: Vec<Origin>,
    /// When what has been carried out had arrived.
    arrivals: Vec<Millis>,
    /// What is to be told to a caller over HTTP.
    answers: Vec<Notice>,
    message_bytes_max: usize,
    tally: Tally,
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
        let (outbox, origins, arrivals, answers, tally) = Default::default();
        Ok(Self {
            room,
            history,
            sockets,
            outbox,
            origins,
            arrivals,
            answers,
            message_bytes_max,
            tally,
        })
    }

    /// The room, to ask it things.
    pub fn room(&self) -> &Room {
        &self.room
    }

    /// Whether one more socket may come in, of this user and from this address, if it is
    /// to be counted.
    pub fn admits(
        &mut self,
        user: &UserId,
        address: Option<&str>,
        now: Millis,
    ) -> Result<(), Refusal> {
        self.room.capacity_for(user)?;
        address.map_or(Ok(()), |it| self.room.admits_address(it, now))
    }

    /// What happened since this was last asked.
    pub fn take_tally(&mut self) -> Tally {
        let mut tally = std::mem::take(&mut self.tally);
        tally.add(&self.room.take_tally());
        tally
    }

    /// Whether anything happened since.
    pub fn has_news(&self) -> bool {
        !self.tally.is_empty() || self.room.has_news()
    }

    /// Takes back what could not be reported.
    pub fn keep_tally(&mut self, tally: &Tally) {
        self.tally.add(tally);
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
        self.tally.received_bytes += frame.len() as u64;
        let request = wire.dialect.get().decode(frame);
        let client_ref = request.client_ref.clone();
        self.origins.push(Origin { session, client_ref, at: stamp.at });
        let input = if let Ok(Command::Authenticate { token, context }) = &request.command {
            let renewal = verify(token, context.as_deref());
            Input::Renewed { session, client_ref: request.client_ref, renewal }
        } else {
            let user = self.room.session(session).map(|it| it.member.id.clone());
            let receipt = match user {
                Some(user) => self.recall(&user, &request, stamp.at)?,
                None => None,
            };
            Input::Received { session, request, receipt }
        };
        self.handle(input, stamp)
    }

    /// Answers a caller over HTTP, request by request, once all of them are carried out.
    /// `bytes` is how long they were together.
    pub fn call(
        &mut self,
        member: &Member,
        grants: Grants,
        requests: Vec<Request>,
        bytes: usize,
        stamp: impl Fn() -> Stamp,
    ) -> Result<Vec<Notice>, H::Error> {
        self.tally.received_bytes += bytes as u64;
        for request in requests {
            let stamp = stamp();
            self.arrivals.push(stamp.at);
            let receipt = self.recall(&member.id, &request, stamp.at)?;
            let member = member.clone();
            self.handle(Input::Called { member, grants, request, receipt }, stamp)?;
        }
        self.flush(stamp().at)?;
        Ok(std::mem::take(&mut self.answers))
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
        self.arrivals.extend(self.origins.drain(..).map(|it| it.at));
        Ok(())
    }

    /// Everything that arrived has been carried out by now.
    pub fn settle(&mut self, now: Millis) {
        let waits = self.arrivals.drain(..).map(|at| now.since(at));
        self.tally.handling_us += waits.sum::<u64>().saturating_mul(1000);
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
    /// everything but what it counted: waking again shows what is durable.
    pub fn abandon(mut self, now: Millis) -> Tally {
        for Origin { session, client_ref: reply_to, .. } in std::mem::take(&mut self.origins) {
            let event = Event::Refused(Refusal::system());
            // Without an id of its own: minting takes randomness, and nobody refers to it.
            let id = uuid::Uuid::nil();
            let notice = Notice { id, reply_to, session: Some(session), at: now, event };
            let letter = Letter { to: Audience::One(session), notice };
            deliver(&mut self.sockets, &[letter], &mut self.tally);
        }
        let mut tally = self.take_tally();
        tally.failed += 1;
        tally
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
                Effect::Tell { to: Audience::Caller, notice } => self.answers.push(notice),
                Effect::Tell { to, notice } => {
                    if let (Event::Refused(refusal), Some(session)) =
                        (&notice.event, notice.session)
                        && is_of_note(refusal)
                    {
                        self.sockets.note(session, refusal);
                    }
                    letters.push(Letter { to, notice });
                }
                Effect::Page { reveal, query } => {
                    let notice = reveal.notice(Event::History(self.history.page(&query)?));
                    self.address(&mut letters, reveal.to, notice);
                }
                Effect::Snapshot(reveal) => {
                    let state = Reply::State(self.history.snapshot()?);
                    let notice = reveal.notice(Event::Reply(state));
                    self.address(&mut letters, reveal.to, notice);
                }
                Effect::Remember(session) => changed.push(session),
                Effect::Close { session, code, reason } => {
                    // What was to be said on it comes first.
                    deliver(&mut self.sockets, &std::mem::take(&mut letters), &mut self.tally);
                    self.sockets.close(session, code, &crate::close::reason(&reason));
                }
            }
        }
        deliver(&mut self.sockets, &letters, &mut self.tally);
        // Once per flush and session, however often it changed.
        changed.sort_unstable();
        changed.dedup();
        for session in changed.into_iter().filter_map(|id| self.room.session(id)) {
            self.sockets.remember(session);
        }
        Ok(())
    }

    fn address(&mut self, letters: &mut Vec<Letter>, to: Audience, notice: Notice) {
        if to == Audience::Caller {
            self.answers.push(notice);
        } else {
            letters.push(Letter { to, notice });
        }
    }

    /// What is known of a request that may be a resend.
    fn recall(
        &self,
        user: &UserId,
        request: &Request,
        now: Millis,
    ) -> Result<Option<Receipt>, H::Error> {
        let is_write = matches!(
            request.command,
            Ok(Command::Say(_) | Command::Publish { .. } | Command::SetState { .. })
        );
        let Some(client_ref) = request.client_ref.as_ref().filter(|_| is_write) else {
            return Ok(None);
        };
        match self.outbox.recall(user, client_ref) {
            Some(receipt) => Ok(Some(receipt)),
            None => self.history.recall(user, client_ref, self.room.memory(now)),
        }
    }
}

/// Whether an operator wants to know. What is merely misspelled is not worth a line.
fn is_of_note(refusal: &Refusal) -> bool {
    matches!(
        refusal.code,
        Code::AuthenticationFailed
            | Code::PermissionDenied
            | Code::RateLimitExceeded
            | Code::MessageTooLarge
            | Code::ConnectionTimeout
            | Code::SystemError
    )
}

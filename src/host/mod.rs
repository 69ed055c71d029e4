//! Hosting a room: decoding what arrives, carrying out what the room decides.
//! Decides when to flush, what memory can hold (`afford`) and how fast large data goes out
//! (`pump`), and nothing of what a room says.
//!
//! ```text
//! frame -> decode -> Room::handle -> outbox -> one transaction -> frames, encoded once
//! ```

mod afford;
mod attachment;
mod broadcast;
mod call;
mod carry_out;
mod driver;
mod handling;
mod outbox;
mod pump;
mod pump_timer;
mod ready;
mod receive;
mod saving;
mod slow;
mod weight;

use handling::Handling;
use litemap::LiteMap;
use saving::Saving;
use slow::Readers;

pub use attachment::{read_attachment, write_attachment};
pub use broadcast::{Deliver, Delivery, Targets, deliver};
pub use driver::{Activity, After, ClockSource, Driver, Failed, Vacancy, Wake};
pub use outbox::{Flush, GATHER_MS, Outbox};
pub use pump::{Pumped, Turn, WINDOW_BYTES};

use std::rc::Rc;

use crate::budget::{Budget, Lease};
use crate::close::CloseCode;
use crate::feature::{self, Call, Query};
use crate::history::History;
use crate::kernel::{
    Answer, Connection, Effect, Event, Input, Loss, Notice, PageQuery, Recipients, Room,
};
use crate::limits::Limits;
use crate::message::{
    Before, Clock, ConnectionId, Kind, Millis, Offset, ProtocolError, RequestId, Rewind, RoomName,
    UserId, Within,
};
use crate::protocol::RoomAddress;
use crate::tally::Tally;

/// What effects need beside a log: open sockets.
pub trait Sockets: Deliver {
    /// Stores what the room knows of this connection where sleep does not reach.
    fn save(&mut self, connection: &Connection);
    /// Closes a socket and lets it go.
    fn close(&mut self, connection: ConnectionId, code: CloseCode, reason: &str);
    /// For the operator's log: somebody asked for too much, or for what is not theirs.
    fn note(&mut self, connection: ConnectionId, error: &ProtocolError);
    /// Those that have been found not to keep up since the last time it was asked.
    fn take_slow(&mut self) -> Vec<ConnectionId>;
    /// How much waits for this socket to take it, in bytes.
    fn backlog(&self, connection: ConnectionId) -> usize;
    /// How much waits for all those together for whom much waits; as it was a moment ago,
    /// unless it is to be looked at anew.
    fn unread(&mut self, anew: bool) -> usize;
    /// Those whose attachment could not be stored since the last time it was asked.
    fn take_unstored(&mut self) -> Vec<ConnectionId>;
    /// When the platform last answered a ping of each socket by itself, where it did.
    fn heard(&self) -> LiteMap<ConnectionId, Millis>;
}

/// Who sent what is waiting in the outbox, and when.
#[derive(Debug)]
struct Origin {
    connection: ConnectionId,
    request_id: Option<RequestId>,
    at: Millis,
}

/// A room with its log and its sockets.
#[derive(Debug)]
pub struct Host<H, S> {
    room: Room,
    address: RoomAddress,
    history: H,
    /// The open sockets.
    pub sockets: S,
    outbox: Outbox,
    origins: Vec<Origin>,
    /// When what has been carried out had arrived.
    arrivals: Vec<Millis>,
    /// What is to be told to a caller over HTTP.
    answers: Vec<Notice>,
    /// Whom the room wants called.
    calls: Vec<Call>,
    /// What an operator is to be told was lost.
    losses: Vec<Loss>,
    /// What is to be looked up for calls when all has been carried out.
    lookups: Vec<Query>,
    handling: Handling,
    saving: Saving,
    message_bytes_max: usize,
    tally: Tally,
    /// Who was last sent a chunk of large data.
    pumped_last: Option<ConnectionId>,
    budget: Budget,
    /// What the outbox takes of the budget.
    waiting: Lease,
    /// What is taken by those who read slowly.
    unread: Lease,
    /// Since when there have been any, and when to look at them again.
    unread_since: Option<Millis>,
    look_at: Option<Millis>,
    readers: Readers,
}

impl<H: History, S: Sockets> Host<H, S> {
    /// Wakes a room: its log tells what it knew, its sockets who is in it.
    pub fn wake(
        kind: Kind,
        limits: Limits,
        mut history: H,
        sockets: S,
        connections: impl IntoIterator<Item = Connection>,
    ) -> Result<Self, H::Error> {
        let room = Room::restore(kind, limits, history.stored_room()?, connections);
        history.adopt(room.epoch());
        let message_bytes_max = limits.message_bytes_max;
        // Its own, until it is told to share.
        let budget = Budget::new(limits.budget_bytes);
        let (waiting, unread) = (budget.lease(), budget.lease());
        let epoch = room.epoch().clone();
        let (outbox, origins, arrivals, answers, calls, tally) = Default::default();
        let (losses, lookups, handling, saving) = Default::default();
        Ok(Self {
            room,
            address: RoomAddress { kind, name: None, epoch },
            history,
            sockets,
            outbox,
            origins,
            arrivals,
            answers,
            calls,
            losses,
            lookups,
            handling,
            saving,
            message_bytes_max,
            tally,
            pumped_last: None,
            budget,
            waiting,
            unread,
            unread_since: None,
            look_at: None,
            readers: Readers::default(),
        })
    }

    /// The same, of a room whose name is known.
    #[must_use]
    pub fn named(mut self, name: Option<RoomName>) -> Self {
        self.address.name = name;
        self
    }

    /// The same, with what an operator set for features.
    #[must_use]
    pub fn configured(mut self, config: Rc<feature::Config>) -> Self {
        self.room.configure(config);
        self
    }

    /// The room, to ask it things.
    pub fn room(&self) -> &Room {
        &self.room
    }

    /// A connection as it is to be stored, if there is room for it: see [`Room::admit`].
    pub fn admit(
        &mut self,
        connection: Connection,
        address: Option<&str>,
        now: Millis,
    ) -> Result<Connection, ProtocolError> {
        let rewind = self.rewound(connection.rewind, &connection.member.id, now);
        let rewind = rewind.map_err(|_| ProtocolError::system())?;
        self.room.admit(Connection { rewind, ..connection }, address, now)
    }

    /// How many entries a time is.
    fn rewound(
        &self,
        rewind: Option<Rewind>,
        viewer: &UserId,
        now: Millis,
    ) -> Result<Option<Rewind>, H::Error> {
        let Some(Rewind::Ago(ms)) = rewind else { return Ok(rewind) };
        let head = self.room.head();
        let page = self.history.page(&PageQuery {
            before: Before::Time(Millis(now.0.saturating_sub(ms))),
            after: None,
            viewer: viewer.clone(),
            limit: 1,
            bytes_max: 1,
            first: Offset(0),
            since: Millis(0),
            head,
            epoch: self.room.epoch().clone(),
            raw: true,
            within: Within::default(),
        })?;
        let before = page.entries.last().map_or(0, |it| it.offset.0);
        Ok(Some(Rewind::Entries(head.0.saturating_sub(before))))
    }

    /// Whether nothing is left that anybody could miss, and nothing is under way: the storage
    /// can be deleted whole, and this memory with it.
    pub fn is_vacant(&self, now: Millis) -> bool {
        let is_idle = self.outbox.is_empty() && self.lookups.is_empty() && self.calls.is_empty();
        is_idle && self.room.is_vacant(now)
    }

    /// Whom the room wants called, now that all before is durable.
    pub fn take_calls(&mut self) -> Vec<Call> {
        std::mem::take(&mut self.calls)
    }

    /// What was lost since this was last asked, for the operator's log.
    pub fn take_losses(&mut self) -> Vec<Loss> {
        std::mem::take(&mut self.losses)
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

    /// Lets somebody in. `attach` adds the socket; what was decided before is not
    /// for it, and goes out first.
    pub fn join(
        &mut self,
        connection: Connection,
        clock: Clock,
        attach: impl FnOnce(&mut S),
    ) -> Result<Flush, H::Error> {
        self.flush(clock.at)?;
        attach(&mut self.sockets);
        self.handle(Input::Joined(Box::new(connection)), clock)
    }

    /// Lets the room decide, and says when to flush what it decided.
    pub fn handle(&mut self, input: Input, clock: Clock) -> Result<Flush, H::Error> {
        let now = clock.at;
        let effects = self.room.handle(input, clock);
        let amends = effects.iter().any(Effect::amends);
        let flush = self.outbox.push(effects, now);
        self.waiting.set(self.outbox.bytes());
        if amends {
            return self.flush(now).map(|()| Flush::No);
        }
        Ok(flush)
    }

    /// Carries out what waits: first everything to be durable, in one transaction,
    /// then everything to be said, in order. If the log fails, nothing of it has been
    /// said, and the host must be [abandoned](Host::abandon).
    pub fn flush(&mut self, now: Millis) -> Result<(), H::Error> {
        let effects = self.outbox.take(now);
        self.carry_out(effects, now)?;
        // All that was to be said is of the log before: an erasure waits for nothing.
        if self.address.epoch != *self.room.epoch() {
            self.address.epoch = self.room.epoch().clone();
        }
        self.waiting.set(0);
        self.arrivals.extend(self.origins.drain(..).map(|it| it.at));
        Ok(())
    }

    /// Everything that arrived has been carried out by now. What is looked up for calls is.
    pub fn settle(&mut self, now: Millis) -> Result<(), H::Error> {
        for wait in self.arrivals.drain(..).map(|at| now.since(at)) {
            self.tally.handling_us += wait.saturating_mul(1000);
            self.handling.took(now, wait);
        }
        self.note_unread(now);
        for query in std::mem::take(&mut self.lookups) {
            if let Some(Answer::Call(call)) = self.find(query, now)? {
                self.calls.push(call);
            }
        }
        Ok(())
    }

    /// Tells everyone whose request got no answer that it failed, and forgets
    /// everything but what it counted: waking again shows what is durable.
    pub fn abandon(mut self, now: Millis) -> Tally {
        for Origin { connection, request_id: reply_to, .. } in std::mem::take(&mut self.origins) {
            let event = Event::Refused(ProtocolError::system());
            // Without an id of its own: minting takes randomness, and nobody refers to it.
            let id = uuid::Uuid::nil();
            let notice = Notice { id, reply_to, connection: Some(connection), at: now, event };
            let delivery = Delivery { to: Recipients::One(connection), notice };
            deliver(&mut self.sockets, self.address.channel(), &[delivery], &mut self.tally);
        }
        let mut tally = self.take_tally();
        tally.failed += 1;
        tally
    }

    /// When to ring next; asked once everything has been carried out.
    pub fn next_wake(&self) -> Option<Millis> {
        let due = self.room.next_wake().into_iter().chain(self.look_at).min();
        due.filter(|_| self.outbox.is_empty())
    }
}

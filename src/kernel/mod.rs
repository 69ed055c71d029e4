//! The room: a total state machine without a clock, a socket or a database.
//!
//! ```text
//! Input --> Room::handle --> Effect, Effect, ...
//! ```
//!
//! What a room knows is either in its connections, which ride in the sockets'
//! attachments while it sleeps, or in its log. So it can be dropped between any
//! two inputs and rebuilt by `Room::restore`, and nobody can tell.

mod about;
pub(crate) mod admin;
mod anonymous;
mod attach;
pub(crate) mod behind;
pub(crate) mod chat;
mod command;
pub(crate) mod connection;
pub(crate) mod context;
pub(crate) mod counts;
pub(crate) mod door;
pub(crate) mod effect;
mod event;
pub(crate) mod features;
mod flags;
mod grants;
mod idle;
mod input;
pub(crate) mod kinds;
mod lookup;
pub(crate) mod members;
pub(crate) mod pace;
pub(crate) mod presence;
pub(crate) mod principal;
mod renewal;
mod request;
pub(crate) mod retention;
mod showing;
mod status;
mod stored_room;
pub(crate) mod subscriptions;
mod things;
pub(crate) mod timers;
mod topics;
mod vacancy;

use std::collections::BTreeSet;
use std::rc::Rc;

use behind::Behind;
pub use behind::{CHAINED_WITHIN, REPLAY_ENTRY_BYTES};
pub(crate) use command::Counted;
pub use command::{Command, Publication, Related, Request};
pub use connection::Connection;
pub(crate) use context::Context;
pub use counts::Counts;
pub use effect::{DedupeWindow, Effect, Effects, Loss, PageQuery, PendingReply, Recipients, Write};
pub use event::{Event, Notice};
use features::Features;
pub use flags::{Flag, Flags};
pub use grants::{Grant, Grants};
pub use input::{Duplicate, Input, Renewal};
use litemap::LiteMap;
pub use lookup::{Answer, HostStats};
pub use members::Told;
pub use presence::Departure;
use principal::Principal;
pub use stored_room::StoredRoom;
use subscriptions::Subscriptions;
pub use things::{Act, Acts, Allowed, Ruling, ThingRule, Things};

use crate::feature::{self, Known, Numbers};
use crate::limits::Limits;
use crate::message::{Clock, ConnectionId, Epoch, Kind, Millis, Offset, ProtocolError, UserId};
use crate::rates::Window;
use crate::tally::Tally;

/// One room.
#[derive(Debug)]
pub struct Room {
    pub(crate) kind: Kind,
    pub(crate) limits: Limits,
    pub(crate) epoch: Epoch,
    pub(crate) head: Offset,
    pub(crate) head_at: Millis,
    /// The newest entry that is for everyone; 0 where that is not known.
    pub(crate) chained: Offset,
    pub(crate) first: Offset,
    pub(crate) first_at: Millis,
    pub(crate) connections: LiteMap<ConnectionId, Connection>,
    /// The connections of each user; derived from `connections`.
    pub(crate) users: LiteMap<UserId, BTreeSet<ConnectionId>>,
    /// What they hear; derived from `connections`.
    pub(crate) subscriptions: Subscriptions,
    /// Those that are fed from the log; derived from `connections`.
    pub(crate) behind: Behind,
    pub(crate) departures: LiteMap<UserId, Departure>,
    /// How many are here, as it was last told, while that is told in place of who.
    pub(crate) occupancy: Option<Told>,
    /// What was counted against it as a whole.
    pub(crate) counts: Counts,
    /// And against each of its users, while that may hold them back.
    pub(crate) shares: LiteMap<UserId, Counts>,
    /// Connects of the last minute, where the platform does not count them.
    pub(crate) addresses: LiteMap<String, Window>,
    /// No connection can be due before this; may be too early, never too late.
    pub(crate) sweep_at: Option<Millis>,
    /// No token expires before this of a connection that was not asked for another one yet; likewise.
    pub(crate) expiry_at: Option<Millis>,
    /// What it did since somebody last asked.
    pub(crate) tally: Tally,
    /// What it knows of its features, and their rules.
    pub(crate) own: feature::States,
    pub(crate) features: &'static dyn Features,
    /// What an operator set for them.
    pub(crate) config: Rc<feature::Config>,
}

impl Room {
    /// Rebuilds a room that slept, from its log and the connections of its open sockets.
    pub(crate) fn with_features(
        kind: Kind,
        limits: Limits,
        log: StoredRoom,
        connections: impl IntoIterator<Item = Connection>,
        features: &'static dyn Features,
    ) -> Self {
        let mut room = Self {
            kind,
            limits,
            epoch: log.epoch,
            head: log.head,
            head_at: log.head_at,
            chained: log.chained,
            first: log.first,
            first_at: log.first_at,
            connections: LiteMap::new(),
            users: LiteMap::new(),
            subscriptions: Subscriptions::default(),
            behind: Behind::default(),
            departures: log.departures.into_iter().map(|it| (it.member.id.clone(), it)).collect(),
            occupancy: log.occupancy,
            counts: log.counts,
            shares: log.shares.into_iter().collect(),
            addresses: LiteMap::new(),
            sweep_at: None,
            expiry_at: None,
            tally: Tally::default(),
            own: feature::States::wake(log.own, log.head_at),
            features,
            config: Rc::default(),
        };
        for connection in connections {
            room.counts = room.counts.later(connection.counts);
            if connection.share != Counts::default() {
                let share = room.shares.entry(connection.member.id.clone()).or_default();
                *share = share.later(connection.share);
            }
            if let Some(epoch) = connection.epoch.as_ref().filter(|_| room.head.0 == 0) {
                room.epoch = epoch.clone();
            }
            room.enter(connection);
        }
        room
    }

    /// A connection wants to come in: the same, as it is to be stored, if there is room for it.
    /// `address` is where it comes from, if the room is to count that (C22).
    pub fn admit(
        &mut self,
        connection: Connection,
        address: Option<&str>,
        now: Millis,
    ) -> Result<Connection, ProtocolError> {
        presence::admits(self, &connection, address, now)?;
        let connection = behind::begin(self, connection);
        // As long as nothing is written, sleep must not make another log of this one.
        let epoch = (self.head.0 == 0).then(|| self.epoch.clone());
        Ok(Connection { epoch, ..connection })
    }

    /// Whether this user may be in it, or ask something of it over HTTP, whatever their token allows.
    pub fn lets_in(&self, user: &UserId, now: Millis) -> Result<(), ProtocolError> {
        self.features.lets_in(self, user, now)
    }

    /// Takes what an operator set for features.
    pub(crate) fn configure(&mut self, config: Rc<feature::Config>) {
        self.config = config;
    }

    /// The newest entry.
    #[must_use]
    pub fn head(&self) -> Offset {
        self.head
    }

    /// Which log this is.
    #[must_use]
    pub fn epoch(&self) -> &Epoch {
        &self.epoch
    }

    /// Whether nothing is left that anybody could miss: its storage can be deleted whole.
    #[must_use]
    pub fn is_vacant(&self, now: Millis) -> bool {
        vacancy::vacant_at(self).is_some_and(|at| at <= now)
    }

    /// Whether the directory may list it, though nobody is in it.
    #[must_use]
    pub fn is_listed(&self) -> bool {
        self.head.0 != 0 || !self.is_empty()
    }

    /// Open connections, and how many of them said something of late.
    #[must_use]
    pub fn count_connections(
        &self,
        now: Millis,
        heard: &LiteMap<ConnectionId, Millis>,
    ) -> (u64, u64) {
        status::connections(self, now, heard)
    }

    /// Whether nothing is kept in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keeps_nothing() && self.own.is_empty()
    }

    /// Whether nothing is kept in it that others put there.
    fn keeps_nothing(&self) -> bool {
        self.first.0 == 0 && self.own.keeps_nothing()
    }

    /// Whether anything happened since its tally was last taken.
    #[must_use]
    pub fn has_news(&self) -> bool {
        !self.tally.is_empty()
    }

    /// What the room did since this was last asked.
    pub fn take_tally(&mut self) -> Tally {
        std::mem::take(&mut self.tally)
    }

    /// What its features show in a report: how much there is now.
    #[must_use]
    pub fn gauges(&self) -> Numbers {
        let mut numbers = Numbers::default();
        self.own.gauges(&mut numbers);
        numbers
    }

    /// One connection, while its socket is open.
    pub fn connection(&self, id: ConnectionId) -> Option<&Connection> {
        self.connections.get(&id)
    }

    /// Every connection whose socket is open.
    pub fn connections(&self) -> impl Iterator<Item = &Connection> {
        self.connections.values()
    }

    /// How far back a resend is recognised.
    #[must_use]
    pub fn memory(&self, now: Millis) -> DedupeWindow {
        retention::memory(self, now)
    }

    /// The log was trimmed: this is the oldest entry it still has, if any.
    pub fn trimmed(&mut self, first: Offset, first_at: Millis) {
        (self.first, self.first_at) = (first, first_at);
    }

    /// Whether the next alarm will ask how long each socket has been silent.
    #[must_use]
    pub fn sweep_is_due(&self, now: Millis) -> bool {
        timers::is_due(self.sweep_at, now)
    }

    /// Advances by one input. The order of the effects is the order of their execution.
    #[must_use]
    pub fn handle(&mut self, input: Input, clock: Clock) -> Effects {
        let (effects, tally) = Default::default();
        let mut cx = Context { clock, effects, tally };
        renewal::hold_expired(self, &mut cx, input.speaker());
        match input {
            Input::Joined(connection) => presence::joined(self, &mut cx, *connection),
            Input::Received { connection, request, duplicate } => {
                self.received(&mut cx, connection, request, duplicate);
            }
            Input::Called {
                member,
                allowed,
                request: Request { request_id, command },
                duplicate,
            } => {
                cx.tally.received += 1;
                // Whom nothing is granted is another room.
                let is_room = allowed == Allowed::default();
                let principal = Principal::caller(member, allowed, request_id);
                match self.lets_in(&principal.member.id, cx.clock.at) {
                    Err(error) if !is_room => cx.refuse_principal(&principal, error),
                    Ok(()) | Err(_) => self.carry_out(&mut cx, &principal, command, duplicate),
                }
            }
            Input::Renewed { connection, request_id, renewal, attach } => {
                let counted = Counted::Attachment;
                let principal = self.admits_frame(&mut cx, connection, request_id, counted);
                if let Some(Principal { request_id, .. }) = principal {
                    renewal::renewed(self, &mut cx, connection, request_id, renewal, attach);
                }
            }
            Input::Oversized { connection } => {
                let error = ProtocolError::too_large(self.limits.message_bytes_max);
                self.disconnect(&mut cx, connection, None, error);
            }
            Input::SlowConsumer { connection } => self.disconnect_slow(&mut cx, connection),
            Input::Unstored { connection } => {
                self.disconnect(&mut cx, connection, None, ProtocolError::system());
            }
            Input::Left { connection } => presence::left(self, &mut cx, connection),
            Input::Feature(input) => self.features.heard(self, &mut cx, input),
            Input::Alarm { heard } => timers::fire(self, &mut cx, &heard),
        }
        self.features.settle(self, &mut cx);
        self.tally.add(&cx.tally);
        cx.effects
    }
}

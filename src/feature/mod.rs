//! Features: what is served in rooms beside the kernel's own. A folder each, and a line in the
//! list below.
//!
//! `words` (what is asked, said and stored) and the list stand below the kernel, which knows
//! only that there are some; `rules` stand above it.

pub mod annotations;
pub mod bans;
mod calls;
mod connection;
pub mod conversations;
pub mod documents;
pub(crate) mod door;
pub(crate) mod http;
pub mod messages;
pub mod metrics;
mod never;
mod numbers;
mod publishing;
mod rate;
pub(crate) mod rules;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) mod schema;
pub mod search;
pub mod state;
pub(crate) mod tables;
mod task;
pub mod transfers;
pub mod typing;
mod unions;
pub mod webhooks;
pub mod workflows;

use std::fmt::Debug;

pub use calls::{Config, Configured, Outbound, is_development};
#[cfg(test)]
pub(crate) use connection::tests::stored_fields;
pub use connection::{ConnectionPart, ConnectionParts, Nothing};
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use messages::schema::InContext as MessageInContext;
pub use never::Never;
pub use numbers::{NUMBERS, Number, Numbers};
pub use publishing::Publishing;
pub use rate::Rate;
pub use task::Task;
pub use unions::{
    Call, Command, Event, Found, Input, POOLS, Query, Shared, States, Stored, Write, entry_kind,
    entry_kinds, event_of, is_protected, offers, pools, publication, words,
};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::budget::Budget;
use crate::message::{Body, Dedupe, EntryKind, Json, Kind, Member, Millis, ProtocolError};
use crate::rates::Pool;

/// What is asked of a feature.
pub trait Ask: Sized {
    /// Reads what this word of a protocol asks with this data; `None` if it is no word of this
    /// feature there.
    fn read(
        protocol: &str,
        word: &str,
        data: Option<&RawValue>,
    ) -> Option<Result<Self, ProtocolError>>;
    /// Whether rooms of this kind serve it to their connections.
    fn is_served_in(&self, kind: Kind) -> bool;
    /// The rate of its connection that it counts against; `None` for that of messages.
    fn rate(&self) -> Option<&'static Rate> {
        None
    }
    /// How it is recognised when it comes again.
    fn dedupe(&self) -> Dedupe {
        Dedupe::No
    }
    /// Whether it says who speaks, where that must come first.
    fn introduces(&self) -> bool {
        false
    }
    /// Whether how long it takes is part of how the room does. What another room asks is not.
    fn is_measured(&self) -> bool {
        true
    }
    /// Whether its answer may be long, however short it is.
    fn has_long_answer(&self) -> bool {
        false
    }
}

/// How a protocol says something: its word for it, and what that comes with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spelled {
    /// The word: a `type`, in most protocols.
    pub word: &'static str,
    /// What it comes with, a JSON object.
    pub data: Json,
    /// Whose it is, in protocols that say so beside what it comes with.
    pub by: Option<Member>,
    /// Whether a part of it is bytes, as base64.
    pub is_base64: bool,
}

impl Spelled {
    /// This word with this data.
    pub(crate) fn new(word: &'static str, data: &impl Serialize) -> Self {
        Self { word, data: Json::of(data), by: None, is_base64: false }
    }

    /// Said by them.
    pub(crate) fn by(self, member: Member) -> Self {
        Self { by: Some(member), ..self }
    }

    /// With bytes in it.
    pub(crate) fn in_base64(self) -> Self {
        Self { is_base64: true, ..self }
    }
}

/// What a feature says that is not in the log.
pub trait Tell {
    /// How a protocol says it; `None` where it has no word for it.
    fn spell(&self, protocol: &str) -> Option<Spelled>;
    /// What a caller over HTTP is answered; `None` if no call asks for it.
    fn answer(&self) -> Option<Json> {
        None
    }
    /// What subscriptions go by; `None` for what is said to those who asked.
    fn topic(&self) -> Option<&'static str> {
        None
    }
    /// Whether it is worth nothing later: a connection that does not keep up goes without.
    fn is_ephemeral(&self) -> bool {
        false
    }
    /// How much memory it takes until it is said, in bytes, about.
    fn weight(&self) -> usize {
        0
    }
}

/// What a feature makes durable.
pub trait Keep {
    /// Whether it must not wait for others.
    fn is_urgent(&self) -> bool {
        false
    }
    /// Whether it may be written after what the room decided later, if both become durable
    /// together: nothing else that is written touches its tables. Then it does not part entries
    /// of the log that are written in one statement.
    fn is_apart(&self) -> bool {
        false
    }
    /// How much memory it takes until it is durable, in bytes, about.
    fn weight(&self) -> usize {
        0
    }
}

/// What a feature looks up in what is stored.
pub trait Find {
    /// How much memory what is found takes, in bytes, at most; 0 where that is little.
    fn bytes_max(&self) -> usize {
        0
    }
}

/// A feature: what it is about. What it does is its `Rules`, and what it keeps its `Tables`.
pub trait Feature: Known + Sized {
    /// What it is asked.
    type Command: Ask;
    /// What it says that is not in the log.
    type Event: Tell;
    /// What it makes durable beside the log.
    type Write: Keep;
    /// What it looks up in what is stored.
    type Query: Find;
    /// What is found; by default nothing.
    type Found: Default;
    /// What it has called outside of the room.
    type Call: Outbound<Self>;
    /// What it hears from outside of the room: what came of a call.
    type Input;
    /// What a room knows of it for each connection; [`Nothing`] for most.
    type OnConnection: ConnectionPart;
    /// What an operator sets for it.
    type Config: Configured;
    /// What is asked of it by a call of the HTTP API or by another room. No two features, nor
    /// the kernel, spell one alike.
    type Task: Clone + Debug + PartialEq + Serialize + DeserializeOwned + Into<Self::Command>;
    /// The kinds of entries that it adds to the log.
    const KINDS: &'static [EntryKind] = &[];
    /// What is counted of it against rooms as a whole, and against each of their users.
    const POOLS: &'static [Pool] = &[];
    /// Names of its events that users must not forge (H2): publishing these takes the grant
    /// `publish`, in rooms of every kind.
    const PROTECTED: &'static [&'static str] = &[];
    /// What it counts and shows in a report.
    const NUMBERS: &'static [Number] = &[];
    /// Reads what is to be published under a name that it gives a meaning to; `None` if this is
    /// none.
    fn publication(_: &mut Publishing) -> Option<Result<Body, ProtocolError>> {
        None
    }
    /// The event that a protocol's word publishes.
    fn event_of(_protocol: &str, _word: &str) -> Option<&'static str> {
        None
    }
    /// What a client that asks what is served in a room of this kind is told of it; `None` where it
    /// is not served, or nobody asks.
    fn offers(_: Kind, _: &Self::Config) -> Option<&'static str> {
        None
    }
    /// The words by which a protocol asks it and tells what it says.
    fn words(_protocol: &str) -> &'static [&'static str] {
        &[]
    }
}

/// What the rooms of an isolate share of a feature.
pub trait Share {
    /// Nothing yet; what it holds is taken from this budget.
    fn new(budget: &Budget) -> Self;
}

impl Share for () {
    fn new(_: &Budget) {}
}

/// What a room knows of a feature while it is awake.
pub trait Known {
    /// What is stored of it, as a wake reads it.
    type Stored;
    /// What it shares with other rooms: `()` for most.
    type Shared;
    /// What a room that wakes knows; its newest entry was accepted at this time.
    fn wake(stored: Self::Stored, head_at: Millis) -> Self;
    /// Shares this from now on.
    fn share(&mut self, _: &Self::Shared) {}
    /// What is left when the room is erased.
    #[must_use]
    fn erased(self) -> Self
    where
        Self: Sized,
        Self::Stored: Default,
    {
        Self::wake(Self::Stored::default(), Millis(0))
    }
    /// Whether nothing is kept that others put there.
    fn keeps_nothing(&self) -> bool;
    /// Whether nothing is kept.
    fn is_empty(&self) -> bool {
        self.keeps_nothing()
    }
    /// Adds those of its [numbers](Feature::NUMBERS) that say how much there is now.
    fn gauges(&self, _: &mut Numbers) {}
    /// Whether something is under way that an empty room stays for.
    fn is_busy(&self) -> bool {
        false
    }
}

/// The features, each by what it is called: a new one is its folder, its module above, and a line
/// here.
macro_rules! features {
    ($then:ident) => {
        $then! {
            /// Values under keys (H6).
            state: State;
            /// Large data (A22, A23).
            transfers: Transfers;
            /// Metrics (B15, B16).
            metrics: Metrics;
            /// Documents that are edited together (B17 to B21).
            documents: Documents;
            /// Conversations with a responder (D2 to D12).
            conversations: Conversations;
            /// Messages of people (B8, B11).
            messages: Messages;
            /// Who is typing (B9, B12).
            typing: Typing;
            /// Workflows and notifications (A14 to A19).
            workflows: Workflows;
            /// Webhooks (Y1 to Y12).
            webhooks: Webhooks;
            /// History found again (S1 to S8).
            search: Search;
            /// What is said about what was said.
            annotations: Annotations;
            /// Users who are kept out (Z1 to Z5).
            bans: Bans;
        }
    };
}

pub(crate) use features;

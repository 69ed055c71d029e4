//! Features: what is served in rooms beside the kernel's own. A folder each, and a line in the
//! list below.
//!
//! `words` (what is asked, said and stored) and the list stand below the kernel, which knows
//! only that there are some; `rules` stand above it.

mod calls;
mod connection;
pub mod conversations;
pub mod documents;
pub mod messages;
pub mod metrics;
mod never;
mod publishing;
pub(crate) mod rules;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) mod schema;
pub(crate) mod tables;
pub mod transfers;
pub mod workflows;

pub use calls::{Config, Configured, Outbound};
#[cfg(test)]
pub(crate) use connection::tests::stored_fields;
pub use connection::{ConnectionPart, ConnectionParts, Nothing};
pub use never::Never;
pub use publishing::Publishing;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::message::{
    BROADCAST, Body, Dedupe, EVENT, EntryKind, Json, Kind, Millis, ProtocolError, Rate,
};

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
    /// Which of a connection's rates it counts against.
    fn rate(&self) -> Rate {
        Rate::Messages
    }
    /// How it is recognised when it comes again.
    fn dedupe(&self) -> Dedupe {
        Dedupe::No
    }
    /// Whether it says who speaks, where that must come first.
    fn introduces(&self) -> bool {
        false
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
}

impl Spelled {
    /// This word with this data.
    pub(crate) fn new(word: &'static str, data: &impl Serialize) -> Self {
        Self { word, data: Json::of(data) }
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
    /// How much memory it takes until it is durable, in bytes, about.
    fn weight(&self) -> usize {
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
    /// What it has called outside of the room.
    type Call: Outbound<Self>;
    /// What it hears from outside of the room: what came of a call.
    type Input;
    /// What a room knows of it for each connection; [`Nothing`] for most.
    type OnConnection: ConnectionPart;
    /// What an operator sets for it.
    type Config: Configured;
    /// The kinds of entries that it adds to the log.
    const KINDS: &'static [EntryKind] = &[];
    /// Names of its events that users must not forge (H2): publishing these takes the grant
    /// `publish`, in rooms of every kind.
    const PROTECTED: &'static [&'static str] = &[];
    /// Reads what is to be published under a name that it gives a meaning to; `None` if this is
    /// none.
    fn publication(_: &Publishing<'_>) -> Option<Result<Body, ProtocolError>> {
        None
    }
    /// The words by which a protocol asks it and tells what it says.
    fn words(_protocol: &str) -> &'static [&'static str] {
        &[]
    }
}

/// What a room knows of a feature while it is awake.
pub trait Known {
    /// What is stored of it, as a wake reads it.
    type Stored;
    /// What a room that wakes knows; its newest entry was accepted at this time.
    fn wake(stored: Self::Stored, head_at: Millis) -> Self;
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
            /// Workflows and notifications (A14 to A19).
            workflows: Workflows;
        }
    };
}

macro_rules! unions {
    ($($(#[$about:meta])* $module:ident: $name:ident;)*) => {
        /// What is asked of a feature.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Command {
            $($(#[$about])* $name(<$module::$name as Feature>::Command),)*
        }

        /// What a feature says that is not in the log.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Event {
            $($(#[$about])* $name(<$module::$name as Feature>::Event),)*
        }

        /// What a feature has called outside of the room, once all before is durable.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Call {
            $($(#[$about])* $name(<$module::$name as Feature>::Call),)*
        }

        /// What a feature hears from outside of the room.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Input {
            $($(#[$about])* $name(<$module::$name as Feature>::Input),)*
        }

        /// Something that a feature makes durable.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Write {
            $($(#[$about])* $name(<$module::$name as Feature>::Write),)*
        }

        /// What is stored of all features, as a wake reads it.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct Stored {
            $($(#[$about])* pub $module: <$module::$name as Known>::Stored,)*
        }

        /// What a room knows of all features while it is awake.
        #[derive(Debug)]
        pub struct States {
            $($(#[$about])* pub(crate) $module: $module::$name,)*
        }

        impl Known for States {
            type Stored = Stored;

            fn wake(stored: Stored, head_at: Millis) -> Self {
                Self { $($module: Known::wake(stored.$module, head_at),)* }
            }
            fn erased(self) -> Self {
                Self { $($module: self.$module.erased(),)* }
            }
            fn keeps_nothing(&self) -> bool {
                $(self.$module.keeps_nothing() &&)* true
            }
            fn is_empty(&self) -> bool {
                $(self.$module.is_empty() &&)* true
            }
            fn is_busy(&self) -> bool {
                $(self.$module.is_busy() ||)* false
            }
        }

        $(impl From<<$module::$name as Feature>::Write> for Write {
            fn from(write: <$module::$name as Feature>::Write) -> Self {
                Self::$name(write)
            }
        }

        impl From<<$module::$name as Feature>::Command> for Command {
            fn from(command: <$module::$name as Feature>::Command) -> Self {
                Self::$name(command)
            }
        }

        impl From<<$module::$name as Feature>::Event> for Event {
            fn from(event: <$module::$name as Feature>::Event) -> Self {
                Self::$name(event)
            }
        })*

        impl Ask for Command {
            fn read(
                protocol: &str,
                word: &str,
                data: Option<&RawValue>,
            ) -> Option<Result<Self, ProtocolError>> {
                $(if let Some(read) = <<$module::$name as Feature>::Command>::read(protocol, word, data) {
                    return Some(read.map(Self::$name));
                })*
                None
            }
            fn is_served_in(&self, kind: Kind) -> bool {
                match self {
                    $(Self::$name(it) => Ask::is_served_in(it, kind),)*
                }
            }
            fn rate(&self) -> Rate {
                match self {
                    $(Self::$name(it) => Ask::rate(it),)*
                }
            }
            fn dedupe(&self) -> Dedupe {
                match self {
                    $(Self::$name(it) => Ask::dedupe(it),)*
                }
            }
            fn introduces(&self) -> bool {
                match self {
                    $(Self::$name(it) => Ask::introduces(it),)*
                }
            }
            fn has_long_answer(&self) -> bool {
                match self {
                    $(Self::$name(it) => Ask::has_long_answer(it),)*
                }
            }
        }

        impl Keep for Write {
            fn is_urgent(&self) -> bool {
                match self {
                    $(Self::$name(it) => Keep::is_urgent(it),)*
                }
            }
            fn weight(&self) -> usize {
                match self {
                    $(Self::$name(it) => Keep::weight(it),)*
                }
            }
        }

        /// The kind of entry that is stored under this name. A row of another kind was written by
        /// a later version: it is not shown.
        #[must_use]
        pub fn entry_kind(name: &str) -> Option<EntryKind> {
            let own = [&[EVENT], $(<$module::$name as Feature>::KINDS,)*];
            own.into_iter().flatten().find(|it| it.name == name).copied()
        }

        /// Reads what is to be published under a name that a feature gives a meaning to.
        pub fn publication(it: &Publishing<'_>) -> Option<Result<Body, ProtocolError>> {
            $(if let Some(read) = <$module::$name as Feature>::publication(it) {
                return Some(read);
            })*
            None
        }

        /// Whether publishing an event of this name takes the grant `publish`.
        #[must_use]
        pub fn is_protected(name: &str) -> bool {
            let own = [&[BROADCAST], $(<$module::$name as Feature>::PROTECTED,)*];
            own.into_iter().flatten().any(|it| *it == name)
        }

        /// The words by which a protocol asks features and tells what they say.
        pub fn words(protocol: &str) -> impl Iterator<Item = &'static str> {
            let own = [$(<$module::$name as Feature>::words(protocol),)*];
            own.into_iter().flatten().copied()
        }

        impl Tell for Event {
            fn spell(&self, protocol: &str) -> Option<Spelled> {
                match self {
                    $(Self::$name(it) => Tell::spell(it, protocol),)*
                }
            }
            fn answer(&self) -> Option<Json> {
                match self {
                    $(Self::$name(it) => Tell::answer(it),)*
                }
            }
            fn is_ephemeral(&self) -> bool {
                match self {
                    $(Self::$name(it) => Tell::is_ephemeral(it),)*
                }
            }
            fn weight(&self) -> usize {
                match self {
                    $(Self::$name(it) => Tell::weight(it),)*
                }
            }
        }
    };
}

features!(unions);

pub(crate) use features;

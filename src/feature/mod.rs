//! Features: what is served in rooms beside the kernel's own. A folder each, and a line in the
//! list below.
//!
//! `words` (what is asked, said and stored) and the list stand below the kernel, which knows
//! only that there are some; `rules` stand above it.

pub mod conversations;
pub mod documents;
pub mod metrics;
pub mod transfers;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::message::{Dedupe, EVENT, EntryKind, Json, Kind, MESSAGE, Rate, Refusal};

/// What is asked of a feature.
pub trait Ask: Sized {
    /// Reads what this word of a protocol asks with this data; `None` if it is no word of this
    /// feature there.
    fn read(protocol: &str, word: &str, data: Option<&RawValue>) -> Option<Result<Self, Refusal>>;
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

macro_rules! features {
    ($($(#[$about:meta])* $name:ident: $command:ty, $event:ty;)*) => {
        /// What is asked of a feature.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Command {
            $($(#[$about])* $name($command),)*
        }

        /// What a feature says that is not in the log.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Event {
            $($(#[$about])* $name($event),)*
        }

        $(impl From<$command> for Command {
            fn from(command: $command) -> Self {
                Self::$name(command)
            }
        }

        impl From<$event> for Event {
            fn from(event: $event) -> Self {
                Self::$name(event)
            }
        })*

        impl Ask for Command {
            fn read(
                protocol: &str,
                word: &str,
                data: Option<&RawValue>,
            ) -> Option<Result<Self, Refusal>> {
                $(if let Some(read) = <$command>::read(protocol, word, data) {
                    return Some(read.map(Self::$name));
                })*
                None
            }
            fn is_served_in(&self, kind: Kind) -> bool {
                match self {
                    $(Self::$name(it) => it.is_served_in(kind),)*
                }
            }
            fn rate(&self) -> Rate {
                match self {
                    $(Self::$name(it) => it.rate(),)*
                }
            }
            fn dedupe(&self) -> Dedupe {
                match self {
                    $(Self::$name(it) => it.dedupe(),)*
                }
            }
            fn has_long_answer(&self) -> bool {
                match self {
                    $(Self::$name(it) => it.has_long_answer(),)*
                }
            }
        }

        impl Tell for Event {
            fn spell(&self, protocol: &str) -> Option<Spelled> {
                match self {
                    $(Self::$name(it) => it.spell(protocol),)*
                }
            }
            fn answer(&self) -> Option<Json> {
                match self {
                    $(Self::$name(it) => it.answer(),)*
                }
            }
            fn is_ephemeral(&self) -> bool {
                match self {
                    $(Self::$name(it) => it.is_ephemeral(),)*
                }
            }
            fn weight(&self) -> usize {
                match self {
                    $(Self::$name(it) => it.weight(),)*
                }
            }
        }
    };
}

features! {
    /// Large data (A22, A23).
    Transfers: transfers::TransferCommand, transfers::TransferEvent;
    /// Metrics (B15, B16).
    Metrics: metrics::MetricCommand, metrics::MetricEvent;
    /// Documents that are edited together (B17 to B21).
    Documents: documents::EditingCommand, documents::EditingEvent;
    /// Conversations with a responder (D2 to D12).
    Conversations: conversations::ConversationCommand, conversations::ConversationEvent;
}

/// The kinds of entries. A row of another kind was written by a later version: it is not shown.
const KINDS: [EntryKind; 4] = [MESSAGE, EVENT, metrics::METRIC, conversations::RESPONSE];

/// The kind of entry that is stored under this name.
#[must_use]
pub fn entry_kind(name: &str) -> Option<EntryKind> {
    KINDS.into_iter().find(|it| it.name == name)
}

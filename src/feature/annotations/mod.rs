//! What is said about what was said: edits, deletions and reactions, which are entries of the log,
//! and how far each user has read, which is not.

mod about;
mod context;
mod entries;
mod http;
mod memory;
mod reads;
mod rules;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) mod schema;
mod tables;
mod told;
mod words;

use std::collections::BTreeMap;
use std::convert::Infallible;

use serde::{Deserialize, Serialize};

use super::{ConnectionPart, Feature, Find, Keep, Known, Publishing};
use crate::message::{Body, EntryKind, Kind, Millis, Offset, ProtocolError, UserId};
use crate::rates::{Meter, Pool, Window};

pub use entries::{DELETE, EDIT, REACTION};
pub use words::{AnnotationCommand, AnnotationEvent, AnnotationTask};

/// Read markers that rise, in a room.
const READS: Pool = Pool {
    stored: "rd",
    meter: Meter::Window(Window::new()),
    most: |it| it.broadcasts_per_minute,
    is_breach: false,
};

/// What an awake room knows of it: how far users have read, of those who said so of late.
#[derive(Debug, Default)]
pub struct Annotations {
    /// How far, and when that was written.
    markers: BTreeMap<UserId, (Offset, Millis)>,
    /// Whose is not written yet, and when it is to be.
    unwritten: BTreeMap<UserId, Millis>,
    /// How many users have one, as of when a newcomer's was last looked up.
    count: u64,
}

/// What a room knows for a connection: how far its user said there to have read, while that is not
/// written, and when it is to be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnConnection {
    /// How far, and when to write it.
    #[serde(rename = "rd", default, skip_serializing_if = "Option::is_none")]
    pub read: Option<(Offset, Millis)>,
}

impl ConnectionPart for OnConnection {}

/// A user has read up to there. A marker only rises.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarkRead {
    /// Which user.
    pub user: UserId,
    /// How far.
    pub offset: Offset,
}

impl Keep for MarkRead {}

/// What is looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnnotationQuery {
    /// How it stands with an entry that somebody speaks of.
    Standing {
        /// The entry.
        target: Offset,
        /// With what they react, if they do.
        key: String,
        /// Who speaks of it.
        user: UserId,
    },
    /// How far this user has read.
    Marker(UserId),
    /// How far everyone has.
    Reads,
}

impl Find for AnnotationQuery {}

/// What is found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum AnnotationFound {
    /// There is nothing.
    #[default]
    Nothing,
    /// How it stands with an entry.
    Standing(Standing),
    /// How far a user has read, if they said so, and how many users did.
    Marker(Option<Offset>, u64),
    /// How far everyone has, by user.
    Reads(Vec<(UserId, Offset)>),
}

/// How it stands with an entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Whether nothing is left of it.
    pub is_deleted: bool,
    /// How many different reactions it has.
    pub keys: u64,
    /// How many of them are this user's.
    pub own_keys: u64,
    /// How many users react with this key.
    pub count: u64,
    /// Where this user said so, if they do.
    pub own: Option<Offset>,
}

impl Feature for Annotations {
    type Command = AnnotationCommand;
    type Event = AnnotationEvent;
    type Write = MarkRead;
    type Query = AnnotationQuery;
    type Found = AnnotationFound;
    type Call = Infallible;
    type Input = Infallible;
    type OnConnection = OnConnection;
    type Config = ();
    type Task = AnnotationTask;
    const POOLS: &'static [Pool] = &[READS];
    const KINDS: &'static [EntryKind] = &[EDIT, DELETE, REACTION];
    fn publication(it: &mut Publishing) -> Option<Result<Body, ProtocolError>> {
        words::publication(it)
    }
    fn offers(kind: Kind, (): &()) -> Option<&'static str> {
        kind.properties().serves_events.then_some("annotations")
    }
    fn event_of(protocol: &str, word: &str) -> Option<&'static str> {
        entries::event_of(protocol, word)
    }
    fn words(protocol: &str) -> &'static [&'static str] {
        match protocol {
            "context" => &["delete_message", "edit_message", "reaction", "read", "reads"],
            _ => &[],
        }
    }
}

impl Known for Annotations {
    type Stored = ();
    type Shared = ();
    fn wake((): (), _: Millis) -> Self {
        Self::default()
    }
    fn keeps_nothing(&self) -> bool {
        true
    }
}

//! What is stored of large data, and what a room knows of it while it is awake.

use std::collections::BTreeSet;
use std::rc::Rc;

use litemap::LiteMap;
use serde::{Deserialize, Serialize};

use super::upload::Transfer;
use super::{Chunk, Digest, TransferEvent};
use crate::feature::{ConnectionPart, Find, Keep, Known};
use crate::message::{ConnectionId, Millis, Name, is_default};
use crate::rates::Bucket;

/// Something to make durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransferWrite {
    /// A chunk, and what is known of its object with it.
    Keep(Transfer, Rc<Chunk>),
    /// What is known of an object.
    Note(Transfer),
    /// An object's chunks below an index are to go; it goes too when none is left.
    Drop {
        /// What is known of the object then.
        transfer: Transfer,
        /// Chunks with a smaller index go.
        below: u64,
    },
}

/// What a room knows for a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnConnection {
    /// The object that is being sent to it.
    #[serde(rename = "ft", default, skip_serializing_if = "Option::is_none")]
    pub fetching: Option<Fetching>,
    /// Its chunks of large data.
    #[serde(rename = "d", default, skip_serializing_if = "is_default")]
    pub chunks: Bucket,
}

impl ConnectionPart for OnConnection {}

/// What a connection fetches, and how far it is. It rides in the attachment: short names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fetching {
    /// The object.
    #[serde(rename = "d")]
    pub data: Name,
    /// The index to send next.
    #[serde(rename = "n")]
    pub next: u64,
}

/// What is to be read from the log for a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Of which object.
    pub transfer: u64,
    /// What its sender calls it.
    pub data: Name,
    /// Which chunk.
    pub index: u64,
    /// Of how many.
    pub total: u64,
}

/// What is looked up of a chunk.
#[derive(Clone, Debug, PartialEq)]
pub enum TransferQuery {
    /// Of what it is, to hold one that came again against it.
    Compare(Compare),
    /// All of it, for a connection that fetches; `None` if its object is no longer here.
    Next(ConnectionId, Option<Piece>),
}

/// A chunk that came again. Whether it is the same only the log knows.
#[derive(Clone, Debug, PartialEq)]
pub struct Compare {
    /// Of which object.
    pub transfer: u64,
    /// Which one.
    pub index: u64,
    /// Of what it is now.
    pub digest: Digest,
    /// What is said if it was the same before.
    pub same: TransferEvent,
}

impl Find for TransferQuery {}

/// What is stored of a chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundChunk {
    /// Of what it is.
    pub digest: Digest,
    /// Its text, in base64; empty if that was not asked for.
    pub text: String,
}

/// What a room knows of large data.
#[derive(Debug, Default)]
pub struct Transfers {
    /// Its objects, by what the log calls them.
    pub(crate) objects: LiteMap<u64, Transfer>,
    /// Who fetches one; derived from the connections.
    pub(crate) fetchers: BTreeSet<ConnectionId>,
    /// By when somebody must look after them, while there are any.
    pub(crate) fetch_by: Option<Millis>,
}

impl Known for Transfers {
    type Stored = Vec<Transfer>;
    type Shared = ();

    fn wake(stored: Vec<Transfer>, _: Millis) -> Self {
        let objects = stored.into_iter().map(|it| (it.id, it)).collect();
        Self { objects, ..Self::default() }
    }

    fn keeps_nothing(&self) -> bool {
        self.objects.is_empty()
    }
}

impl Keep for TransferWrite {
    fn is_urgent(&self) -> bool {
        // Chunks would gather in memory.
        matches!(self, Self::Keep(..))
    }
    fn weight(&self) -> usize {
        match self {
            Self::Keep(_, chunk) => chunk.text.len(),
            Self::Note(_) | Self::Drop { .. } => 0,
        }
    }
}

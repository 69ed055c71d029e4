//! What a document takes, keeps and says.

use thiserror::Error;

use super::change::Change;
use crate::feature::documents::Operation;
pub use crate::feature::documents::Version;
use crate::message::{Code, ProtocolError, UserId};

/// Operations after which a document is snapshot again. Those of the last one to two such
/// stretches are kept: seconds of fifty fast typists, which is more than any round trip, and
/// few enough to be made again, in milliseconds, when the room wakes.
const MARK_OPERATIONS: u64 = 1000;
/// Bytes put in and taken out after which it is, if that comes first: what is kept in memory
/// beside the document is then no more than a few times as much.
const MARK_BYTES: usize = 1 << 20;

/// What an author did in one go, as it was made: durable, and told to the others. Each
/// operation makes one version; usually it is one, but a deletion that others wrote into
/// is several, and one of what others deleted is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The version its first operation made.
    pub first: Version,
    /// Who sent it, and can undo it.
    pub author: UserId,
    /// The `first` of what it took back, if that is what it did.
    pub undoes: Option<Version>,
    /// Its operations in this order: each made to what the one before left.
    pub operations: Vec<Operation>,
}

impl Edit {
    /// The version after it.
    #[must_use]
    pub fn version(&self) -> Version {
        Version(self.first.0.saturating_sub(1)).plus(self.operations.len())
    }

    /// Its operations, each with the version it made.
    pub fn numbered(&self) -> impl Iterator<Item = (Version, &Operation)> {
        self.operations.iter().enumerate().map(|(index, it)| (self.first.plus(index), it))
    }
}

/// What came of an edit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// What was made of it.
    pub edit: Edit,
    /// Whether a snapshot is to be kept of what the document is now.
    pub is_mark: bool,
}

/// Why an edit was not taken. Nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// It was made to a version so old that what came since is no longer known.
    Stale,
    /// It was made to a version that does not exist yet.
    Future,
    /// It makes no sense, or there is no room for it.
    Invalid(ProtocolError),
}

impl From<ProtocolError> for Rejection {
    fn from(error: ProtocolError) -> Self {
        Self::Invalid(error)
    }
}

impl From<Rejection> for ProtocolError {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::Stale => {
                Self::new(Code::Conflict, "the document went on too far since this version")
            }
            Rejection::Future => Self::new(Code::Conflict, "the document has no such version yet"),
            Rejection::Invalid(error) => error,
        }
    }
}

/// A document at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// The moment.
    pub version: Version,
    /// Its text.
    pub content: String,
}

/// What was kept of a document does not fit together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("edit {0:?} does not continue the document")]
pub struct Damaged(pub Version);

/// After how much a document is to be snapshot again: whichever comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// So many operations.
    pub operations: u64,
    /// So many bytes put in and taken out.
    pub bytes: usize,
}

impl Default for Pace {
    fn default() -> Self {
        Self { operations: MARK_OPERATIONS, bytes: MARK_BYTES }
    }
}

/// An edit, as later ones are transformed against it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Kept {
    pub(super) first: Version,
    pub(super) author: UserId,
    pub(super) undoes: Option<Version>,
    /// One for each operation, with what they took out.
    pub(super) pieces: Vec<Change>,
}

impl Kept {
    /// The version after it.
    pub(super) fn version(&self) -> Version {
        Version(self.first.0.saturating_sub(1)).plus(self.pieces.len())
    }

    /// Its pieces that are not yet in a text of this version.
    pub(super) fn since(&self, version: Version) -> impl DoubleEndedIterator<Item = &Change> {
        let known = (version.0 + 1).saturating_sub(self.first.0);
        self.pieces.iter().skip(usize::try_from(known).unwrap_or(usize::MAX))
    }

    /// As it is told and stored.
    pub(super) fn edit(&self) -> Edit {
        Edit {
            first: self.first,
            author: self.author.clone(),
            undoes: self.undoes,
            operations: self.pieces.iter().map(Change::operation).collect(),
        }
    }
}

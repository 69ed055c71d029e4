//! The documents of a room: how many are stored, and those that are at hand.

use std::cell::RefCell;
use std::rc::Rc;

use litemap::LiteMap;
use serde::{Deserialize, Serialize};

use super::cache::{DocumentCache, RoomNumber, StoredDocument};
use super::{Operation, Role};
use crate::budget::Budget;
use crate::feature::documents::Version;
use crate::feature::documents::document::{Damaged, Document, Edit, Snapshot};
use crate::feature::{ConnectionPart, Find, Keep, Known, Share};
use crate::limits::DOCUMENT_BYTES_MAX;
use crate::message::{Millis, Name, RequestId, Space, UserId, is_default, stored_name};
use crate::rates::Bucket;

/// Something to make durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EditingWrite {
    /// An edit that was taken. The one that makes version 1 makes the document.
    Edit {
        /// Of which document.
        document: Name,
        /// What was made of it; at least one operation.
        edit: Rc<Edit>,
        /// Its author's own name for it, by which a resend is recognised.
        request_id: Option<RequestId>,
    },
    /// What is known of a document beside its text: whose it is, and whether it has any.
    Own(OwnedDocument),
    /// A document is to go, with all that is known of it.
    Delete(Name),
    /// A mark: what is needed to restore the document from now on.
    Mark {
        /// Which document.
        document: Name,
        /// What it is now.
        snapshot: Rc<Snapshot>,
        /// Snapshots below this version, and edits up to it, are needed no longer.
        since: Version,
    },
}

/// What a room knows for a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnConnection {
    /// The editing session it is in.
    #[serde(rename = "es", default, skip_serializing_if = "Option::is_none")]
    pub seat: Option<Seat>,
    /// Its edits.
    #[serde(rename = "q", default, skip_serializing_if = "is_default")]
    pub edits: Bucket,
    /// Its cursors.
    #[serde(rename = "u", default, skip_serializing_if = "is_default")]
    pub cursors: Bucket,
}

impl ConnectionPart for OnConnection {
    fn hears_apart(&self) -> bool {
        self.seat.is_some()
    }
    fn channels(&self, each: &mut dyn FnMut(Space, &str)) {
        if let Some(seat) = &self.seat {
            each(Space::DOCUMENTS, seat.document.as_str());
        }
    }
}

/// Where a socket edits, and as what. Rides in the attachment: names are append-only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seat {
    /// The document that the session is on.
    #[serde(rename = "d", deserialize_with = "stored_name")]
    pub document: Name,
    /// Whether it edits or looks on.
    #[serde(rename = "r")]
    pub role: Role,
}

/// What is stored of the documents of a room beside their texts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredDocuments {
    /// How many there are.
    pub count: u64,
    /// What is known of those whose owner is.
    pub owned: Vec<OwnedDocument>,
}

/// A document, to be read whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentQuery(pub Name);

impl Find for DocumentQuery {
    fn bytes_max(&self) -> usize {
        DOCUMENT_BYTES_MAX
    }
}

/// A document whose owner is known, which is one that was made since owners are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnedDocument {
    /// Its name, which is its session's.
    pub name: Name,
    /// Who made its first version.
    pub owner: UserId,
    /// Since when it has no text, or nobody who would put one in came.
    pub empty_since: Option<Millis>,
}

/// The documents of a room. Those at hand are in a cache that rooms share.
#[derive(Debug)]
pub struct Documents {
    /// How many are stored.
    count: u64,
    owned: LiteMap<Name, OwnedDocument>,
    cache: DocumentCache,
    room: RoomNumber,
}

impl Known for Documents {
    type Stored = StoredDocuments;
    type Shared = DocumentCache;

    /// None at hand. Its cache is its own, until it is told to share.
    fn wake(stored: StoredDocuments, _: Millis) -> Self {
        let owned = stored.owned.into_iter().map(|it| (it.name.clone(), it)).collect();
        let cache = DocumentCache::new(&Budget::new(0));
        let room = cache.enter();
        Self { count: stored.count, owned, cache, room }
    }

    /// From now on they are at hand where those of other rooms are.
    fn share(&mut self, cache: &DocumentCache) {
        self.cache.leave(self.room);
        self.cache = cache.clone();
        self.room = cache.enter();
    }

    /// None any more, in the same cache.
    fn erased(mut self) -> Self {
        self.count = 0;
        self.owned.clear();
        self.cache.leave(self.room);
        self
    }

    fn keeps_nothing(&self) -> bool {
        self.count == 0
    }
}

impl Documents {
    /// What is known of one beside its text.
    pub(crate) fn owned(&self, name: &Name) -> Option<&OwnedDocument> {
        self.owned.get(name)
    }

    /// All of which so much is known.
    pub(crate) fn all_owned(&self) -> impl Iterator<Item = &OwnedDocument> {
        self.owned.values()
    }

    /// Notes something about one.
    pub(crate) fn own(&mut self, document: OwnedDocument) {
        self.owned.insert(document.name.clone(), document);
    }

    /// Forgets one.
    pub(crate) fn delete(&mut self, name: &Name) {
        self.count = self.count.saturating_sub(1);
        self.owned.remove(name);
        self.cache.forget(self.room, name);
    }

    /// How many are stored.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    pub(crate) fn has(&self, name: &Name) -> bool {
        self.cache.has(self.room, name)
    }

    pub(crate) fn keep(&mut self, name: Name, stored: StoredDocument) -> Result<(), Damaged> {
        self.cache.keep(self.room, name, stored)
    }

    /// A document at hand, which is used now.
    pub(crate) fn get(&self, name: &Name) -> Option<Rc<RefCell<Document>>> {
        self.cache.get(self.room, name)
    }

    /// Which version this user's edit of this name led to, while it is kept.
    pub(crate) fn find_duplicate(
        &self,
        name: &Name,
        author: &UserId,
        request_id: &RequestId,
    ) -> Option<Version> {
        self.cache.find_duplicate(self.room, name, author, request_id)
    }

    /// Notes an edit that was taken, and forgets names with the edits that a mark forgot.
    pub(crate) fn took(
        &mut self,
        name: &Name,
        edit: &Edit,
        request_id: Option<RequestId>,
        is_mark: bool,
    ) {
        self.count += u64::from(edit.first == Version(1));
        self.cache.took(self.room, name, edit, request_id, is_mark);
    }
}

impl Drop for Documents {
    fn drop(&mut self) {
        self.cache.leave(self.room);
    }
}

impl Keep for EditingWrite {
    fn weight(&self) -> usize {
        match self {
            Self::Edit { edit, .. } => edit.operations.iter().map(Operation::weight).sum(),
            Self::Mark { snapshot, .. } => snapshot.content.len(),
            Self::Own(_) | Self::Delete(_) => 0,
        }
    }
}

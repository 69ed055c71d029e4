//! The documents of a room: how many are stored, and those that are at hand.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::cache::{DocumentCache, RoomNumber};
use crate::budget::Budget;
use crate::document::{Damaged, Document, Edit, Snapshot};
use crate::feature::documents::Version;
use crate::message::{ClientRef, Millis, Name, UserId};

/// What is stored of a document: enough to restore it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredDocument {
    /// Where to begin; empty if there is none.
    pub snapshot: Snapshot,
    /// What came after, oldest first, each with its author's own name for it.
    pub edits: Vec<(Edit, Option<ClientRef>)>,
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
pub(crate) struct Documents {
    /// How many are stored.
    count: u64,
    owned: BTreeMap<Name, OwnedDocument>,
    cache: DocumentCache,
    room: RoomNumber,
}

impl Documents {
    /// None at hand, and so many stored. Its cache is its own, until it is told to share.
    pub(crate) fn new(count: u64, owned: Vec<OwnedDocument>) -> Self {
        let owned = owned.into_iter().map(|it| (it.name.clone(), it)).collect();
        let cache = DocumentCache::new(&Budget::new(0));
        let room = cache.enter();
        Self { count, owned, cache, room }
    }

    /// From now on they are at hand where those of other rooms are.
    pub(super) fn share(&mut self, cache: &DocumentCache) {
        self.cache.leave(self.room);
        self.cache = cache.clone();
        self.room = cache.enter();
    }

    /// None any more, in the same cache.
    pub(crate) fn erased(mut self) -> Self {
        self.count = 0;
        self.owned.clear();
        self.cache.leave(self.room);
        self
    }

    /// What is known of one beside its text.
    pub(super) fn owned(&self, name: &Name) -> Option<&OwnedDocument> {
        self.owned.get(name)
    }

    /// All of which so much is known.
    pub(super) fn all_owned(&self) -> impl Iterator<Item = &OwnedDocument> {
        self.owned.values()
    }

    /// Notes something about one.
    pub(super) fn own(&mut self, document: OwnedDocument) {
        self.owned.insert(document.name.clone(), document);
    }

    /// Forgets one.
    pub(super) fn delete(&mut self, name: &Name) {
        self.count = self.count.saturating_sub(1);
        self.owned.remove(name);
        self.cache.forget(self.room, name);
    }

    /// How many are stored.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(super) fn has(&self, name: &Name) -> bool {
        self.cache.has(self.room, name)
    }

    pub(super) fn keep(&mut self, name: Name, stored: StoredDocument) -> Result<(), Damaged> {
        self.cache.keep(self.room, name, stored)
    }

    /// A document at hand, which is used now.
    pub(super) fn get(&self, name: &Name) -> Option<Rc<RefCell<Document>>> {
        self.cache.get(self.room, name)
    }

    /// Which version this user's edit of this name led to, while it is kept.
    pub(super) fn recall(
        &self,
        name: &Name,
        author: &UserId,
        client_ref: &ClientRef,
    ) -> Option<Version> {
        self.cache.recall(self.room, name, author, client_ref)
    }

    /// Notes an edit that was taken, and forgets names with the edits that a mark forgot.
    pub(super) fn took(
        &mut self,
        name: &Name,
        edit: &Edit,
        client_ref: Option<ClientRef>,
        is_mark: bool,
    ) {
        self.count += u64::from(edit.first == Version(1));
        self.cache.took(self.room, name, edit, client_ref, is_mark);
    }
}

impl Drop for Documents {
    fn drop(&mut self) {
        self.cache.leave(self.room);
    }
}

//! Documents at hand, of all rooms that share the memory of an isolate. Each is a function of
//! what is stored of it, so any can be dropped when memory runs short, and read again: nobody
//! can tell.

use std::cell::RefCell;
use std::rc::Rc;

use litemap::LiteMap;

use crate::budget::{Budget, Lease};
use crate::feature::Share;
use crate::feature::documents::Version;
use crate::feature::documents::document::{Damaged, Document, Edit, Pace, Snapshot};
use crate::limits::{DOCUMENTS_OPEN_BYTES_MAX, DOCUMENTS_OPEN_MAX};
use crate::message::{Name, RequestId, UserId};

/// What is stored of a document: enough to restore it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredDocument {
    /// Where to begin; empty if there is none.
    pub snapshot: Snapshot,
    /// What came after, oldest first, each with its author's own name for it.
    pub edits: Vec<(Edit, Option<RequestId>)>,
}

/// Which room a document belongs to: a number that no two rooms of a cache share.
pub(crate) type RoomNumber = u64;

/// Documents that are in memory. Clones share them.
#[derive(Clone, Debug)]
pub struct DocumentCache(Rc<RefCell<Cached>>);

#[derive(Debug)]
struct Cached {
    open: LiteMap<(RoomNumber, Name), Open>,
    /// Rooms so far.
    rooms: RoomNumber,
    /// Counts uses, to know which was used last.
    uses: u64,
    budget: Budget,
    /// What all of them take.
    lease: Lease,
}

/// One of them.
#[derive(Debug)]
struct Open {
    document: Rc<RefCell<Document>>,
    /// Which version each edit that is still kept led to, by its author's own name for it.
    refs: LiteMap<(UserId, RequestId), Version>,
    used: u64,
    bytes: usize,
}

impl Open {
    fn restore(StoredDocument { snapshot, edits }: StoredDocument) -> Result<Self, Damaged> {
        let named = |(edit, request_id): &(Edit, Option<RequestId>)| {
            let name = (edit.author.clone(), request_id.clone()?);
            Some((name, edit.version()))
        };
        let refs = edits.iter().filter_map(named).collect();
        let edits = edits.into_iter().map(|(edit, _)| edit);
        let document = Document::restore(Pace::default(), &snapshot, edits)?;
        let document = Rc::new(RefCell::new(document));
        Ok(Self { document, refs, used: 0, bytes: 0 })
    }
}

impl Share for DocumentCache {
    /// An empty one, which takes from this budget.
    fn new(budget: &Budget) -> Self {
        let (open, rooms, uses) = Default::default();
        let (budget, lease) = (budget.clone(), budget.lease());
        Self(Rc::new(RefCell::new(Cached { open, rooms, uses, budget, lease })))
    }
}

impl DocumentCache {
    /// How many documents are at hand, of all rooms.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.borrow().open.len()
    }

    pub(crate) fn enter(&self) -> RoomNumber {
        let mut cached = self.0.borrow_mut();
        cached.rooms += 1;
        cached.rooms
    }

    /// Drops what it holds for a room.
    pub(crate) fn leave(&self, room: RoomNumber) {
        // Busy only while a panic unwinds, and never with a room's documents.
        if let Ok(mut cached) = self.0.try_borrow_mut() {
            cached.open.retain(|(of, _), _| *of != room);
            let left = cached.open.values().map(|it| it.bytes).sum();
            cached.lease.set(left);
        }
    }

    /// Drops one, which is no more.
    pub(crate) fn forget(&self, room: RoomNumber, name: &Name) {
        let mut cached = self.0.borrow_mut();
        if let Some(open) = cached.open.remove(&(room, name.clone())) {
            let left = cached.lease.bytes().saturating_sub(open.bytes);
            cached.lease.set(left);
        }
    }

    pub(crate) fn has(&self, room: RoomNumber, name: &Name) -> bool {
        self.0.borrow().open.contains_key(&(room, name.clone()))
    }

    pub(crate) fn keep(
        &self,
        room: RoomNumber,
        name: Name,
        stored: StoredDocument,
    ) -> Result<(), Damaged> {
        let open = Open::restore(stored)?;
        let mut cached = self.0.borrow_mut();
        let before = cached.open.insert((room, name.clone()), open);
        let left = cached.lease.bytes().saturating_sub(before.map_or(0, |it| it.bytes));
        cached.lease.set(left);
        cached.used(&(room, name));
        Ok(())
    }

    /// A document at hand, which is used now.
    pub(crate) fn get(&self, room: RoomNumber, name: &Name) -> Option<Rc<RefCell<Document>>> {
        let mut cached = self.0.borrow_mut();
        let uses = cached.uses + 1;
        cached.uses = uses;
        let open = cached.open.get_mut(&(room, name.clone()))?;
        open.used = uses;
        Some(Rc::clone(&open.document))
    }

    pub(crate) fn find_duplicate(
        &self,
        room: RoomNumber,
        name: &Name,
        author: &UserId,
        request_id: &RequestId,
    ) -> Option<Version> {
        let cached = self.0.borrow();
        let open = cached.open.get(&(room, name.clone()))?;
        open.refs.get(&(author.clone(), request_id.clone())).copied()
    }

    /// Notes an edit that was taken, and forgets names with the edits that a mark forgot.
    pub(crate) fn took(
        &self,
        room: RoomNumber,
        name: &Name,
        edit: &Edit,
        request_id: Option<RequestId>,
        is_mark: bool,
    ) {
        let mut cached = self.0.borrow_mut();
        let key = (room, name.clone());
        let Some(open) = cached.open.get_mut(&key) else { return };
        if let Some(request_id) = request_id {
            open.refs.insert((edit.author.clone(), request_id), edit.version());
        }
        if is_mark {
            let since = open.document.borrow().kept_since();
            open.refs.retain(|_, version| since < *version);
        }
        cached.used(&key);
    }
}

impl Cached {
    /// A document was used, and may have grown: those that were not used for longest go,
    /// until the rest is small enough. This one stays.
    fn used(&mut self, key: &(RoomNumber, Name)) {
        self.uses += 1;
        let (uses, taken) = (self.uses, self.lease.bytes());
        if let Some(open) = self.open.get_mut(key) {
            open.used = uses;
            let bytes = open.document.borrow().footprint();
            let before = std::mem::replace(&mut open.bytes, bytes);
            self.lease.set(taken.saturating_sub(before).saturating_add(bytes));
        }
        while self.is_too_large() && 1 < self.open.len() {
            let oldest = self.open.iter().min_by_key(|(_, it)| it.used);
            let Some(oldest) = oldest.map(|(key, _)| key.clone()) else { return };
            let bytes = self.open.remove(&oldest).map_or(0, |it| it.bytes);
            self.lease.set(self.lease.bytes().saturating_sub(bytes));
        }
    }

    fn is_too_large(&self) -> bool {
        DOCUMENTS_OPEN_MAX < self.open.len()
            || DOCUMENTS_OPEN_BYTES_MAX < self.lease.bytes()
            || self.budget.is_spent()
    }
}

//! Documents at hand. Each is a function of what is stored of it, so any can be dropped when
//! memory runs short, and read again: nobody can tell.

use std::collections::BTreeMap;

use crate::document::{Damaged, Document, Edit, Pace, Snapshot};
use crate::limits::{DOCUMENTS_OPEN_BYTES_MAX, DOCUMENTS_OPEN_MAX};
use crate::message::{ClientRef, Name, UserId, Version};

/// What is stored of a document: enough to restore it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredDocument {
    /// Where to begin; empty if there is none.
    pub snapshot: Snapshot,
    /// What came after, oldest first, each with its author's own name for it.
    pub edits: Vec<(Edit, Option<ClientRef>)>,
}

/// The documents of a room.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Documents {
    /// How many are stored.
    count: u64,
    open: BTreeMap<Name, Open>,
    /// Counts uses, to know which was used last.
    uses: u64,
}

/// One at hand.
#[derive(Clone, Debug, PartialEq)]
struct Open {
    document: Document,
    /// Which version each edit that is still kept led to, by its author's own name for it.
    refs: BTreeMap<(UserId, ClientRef), Version>,
    used: u64,
}

impl Open {
    fn restore(StoredDocument { snapshot, edits }: StoredDocument) -> Result<Self, Damaged> {
        let named = |(edit, client_ref): &(Edit, Option<ClientRef>)| {
            let name = (edit.author.clone(), client_ref.clone()?);
            Some((name, edit.version()))
        };
        let refs = edits.iter().filter_map(named).collect();
        let edits = edits.into_iter().map(|(edit, _)| edit);
        let document = Document::restore(Pace::default(), &snapshot, edits)?;
        Ok(Self { document, refs, used: 0 })
    }
}

impl Documents {
    /// None at hand, and so many stored.
    pub(crate) fn new(count: u64) -> Self {
        Self { count, ..Self::default() }
    }

    /// How many are stored.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(super) fn has(&self, name: &Name) -> bool {
        self.open.contains_key(name)
    }

    pub(super) fn keep(&mut self, name: Name, stored: StoredDocument) -> Result<(), Damaged> {
        self.uses += 1;
        let open = Open { used: self.uses, ..Open::restore(stored)? };
        self.open.insert(name, open);
        self.shrink();
        Ok(())
    }

    /// A document at hand, which is used now.
    pub(super) fn get(&mut self, name: &Name) -> Option<&mut Document> {
        self.uses += 1;
        let open = self.open.get_mut(name)?;
        open.used = self.uses;
        Some(&mut open.document)
    }

    /// Which version this user's edit of this name led to, while it is kept.
    pub(super) fn recall(
        &self,
        name: &Name,
        author: &UserId,
        client_ref: &ClientRef,
    ) -> Option<Version> {
        let open = self.open.get(name)?;
        open.refs.get(&(author.clone(), client_ref.clone())).copied()
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
        let Some(open) = self.open.get_mut(name) else { return };
        if let Some(client_ref) = client_ref {
            open.refs.insert((edit.author.clone(), client_ref), edit.version());
        }
        if is_mark {
            let since = open.document.kept_since();
            open.refs.retain(|_, version| since < *version);
        }
    }

    /// Drops those that were not used for longest, until the rest is small enough. The one
    /// that was used last stays.
    pub(super) fn shrink(&mut self) {
        loop {
            let bytes: usize = self.open.values().map(|it| it.document.footprint()).sum();
            if self.open.len() <= DOCUMENTS_OPEN_MAX && bytes <= DOCUMENTS_OPEN_BYTES_MAX {
                return;
            }
            let oldest = self.open.iter().min_by_key(|(_, it)| it.used);
            match oldest.map(|(name, _)| name.clone()) {
                Some(name) if 1 < self.open.len() => drop(self.open.remove(&name)),
                _ => return,
            }
        }
    }
}

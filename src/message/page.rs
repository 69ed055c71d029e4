use std::rc::Rc;

use litemap::LiteMap;
use serde::{Serialize, Serializer};

use super::{Entry, Epoch, Json, Offset};

/// A stretch of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Oldest first.
    pub entries: Vec<Rc<Entry>>,
    /// Whether the log goes on in the direction of reading.
    pub has_more: bool,
    /// Whether it was read upwards.
    pub upwards: bool,
    /// Whether it is to be shown with the newest first.
    pub reverse: bool,
    /// The newest offset of the log when the page was asked for.
    pub head: Offset,
    /// Which incarnation of the log this is.
    pub epoch: Epoch,
    /// What is shown of its entries beside themselves.
    pub added: Added,
}

/// What features add to what is shown of entries, by their offsets: members of a JSON object.
pub type Added = LiteMap<Offset, Vec<(&'static str, Json)>>;

/// How long these members are, in bytes.
#[must_use]
pub fn length_of(added: &[(&'static str, Json)]) -> usize {
    // Beside a name and a value stand quotes, a colon and a comma.
    added.iter().map(|(name, value)| name.len() + value.as_str().len() + 4).sum()
}

/// Something that is shown of an entry, and what features add to it: one JSON object.
#[derive(Debug)]
pub struct Completed<'a, T> {
    shown: T,
    added: &'a [(&'static str, Json)],
}

impl<T: Serialize> Serialize for Completed<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.added.is_empty() {
            return self.shown.serialize(serializer);
        }
        Json::of(&self.shown).with(self.added).serialize(serializer)
    }
}

impl Page {
    /// What is shown of each entry, completed; without those of which nothing is.
    pub fn completed<'a, T>(
        &'a self,
        shown: impl Fn(&'a Entry) -> Option<T>,
    ) -> Vec<Completed<'a, T>> {
        let completed = |it: &'a Rc<Entry>| {
            let added = self.added.get(&it.offset).map(Vec::as_slice).unwrap_or_default();
            Some(Completed { shown: shown(it)?, added })
        };
        let mut all: Vec<_> = self.entries.iter().filter_map(completed).collect();
        if self.reverse {
            all.reverse();
        }
        all
    }

    /// Whether nothing is left of one of its entries.
    #[must_use]
    pub fn is_deleted(&self, entry: &Entry) -> bool {
        self.added.get(&entry.offset).is_some_and(|it| it.iter().any(|it| it.0 == "deleted"))
    }

    /// The `before` of the next older page, if there is one.
    #[must_use]
    pub fn next_before(&self) -> Option<Offset> {
        let oldest = self.entries.first().map(|it| it.offset);
        oldest.filter(|_| self.has_more && !self.upwards)
    }

    /// The `after` of the next younger page, if there is one.
    #[must_use]
    pub fn next_after(&self) -> Option<Offset> {
        let newest = self.entries.last().map(|it| it.offset);
        newest.filter(|_| self.has_more && self.upwards)
    }
}

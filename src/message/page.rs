use std::rc::Rc;

use super::{Entry, Epoch, Offset};

/// A stretch of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Oldest first.
    pub entries: Vec<Rc<Entry>>,
    /// Whether the log goes on in the direction of reading.
    pub has_more: bool,
    /// Whether it was read upwards.
    pub upwards: bool,
    /// The newest offset of the log when the page was asked for.
    pub head: Offset,
    /// Which incarnation of the log this is.
    pub epoch: Epoch,
}

impl Page {
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

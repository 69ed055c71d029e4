//! When connections are stored of which only counts have changed: a rate, when something was last
//! heard. The first time at once; while they go on changing, once a second. Until then a timer is
//! set, and no room sleeps while one is: what sleep would show is stored before.
//!
//! A room that is abandoned forgets at most a second of counts.

use std::collections::BTreeSet;

use crate::message::{ConnectionId, Millis};

/// Between two times, in milliseconds: a busy connection is stored once for hundreds of messages,
/// and a room stays awake no longer for it than it is kept awake by what it was asked.
pub(super) const SAVE_MS: u64 = 1_000;

/// Those that are still to be stored.
#[derive(Debug, Default)]
pub(super) struct Saving {
    unsaved: BTreeSet<ConnectionId>,
    saved_at: Option<Millis>,
}

impl Saving {
    /// The counts of these changed: those to store now.
    pub(super) fn counted(&mut self, ids: Vec<ConnectionId>, now: Millis) -> Vec<ConnectionId> {
        if ids.is_empty() {
            return ids;
        }
        // A clock set back counts as quiet.
        let is_quiet = self.saved_at.is_none_or(|at| now < at || SAVE_MS <= now.since(at));
        if is_quiet && self.unsaved.is_empty() {
            self.saved_at = Some(now);
            return ids;
        }
        self.unsaved.extend(ids);
        Vec::new()
    }

    /// These have been stored.
    pub(super) fn saved(&mut self, ids: &[ConnectionId]) {
        for id in ids {
            self.unsaved.remove(id);
        }
    }

    /// All that are to be stored, now.
    pub(super) fn take(&mut self, now: Millis) -> BTreeSet<ConnectionId> {
        self.saved_at = Some(now);
        std::mem::take(&mut self.unsaved)
    }

    /// Whether none is left.
    pub(super) fn is_done(&self) -> bool {
        self.unsaved.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_stored_at_once_and_then_once_a_second() {
        let id = |number: u64| ConnectionId::from_bits(number << 11);
        let mut saving = Saving::default();
        assert_eq!(saving.counted(vec![id(1)], Millis(5_000)), [id(1)]);
        assert!(saving.is_done());
        assert!(saving.counted(vec![id(1), id(2)], Millis(5_001)).is_empty());
        assert!(saving.counted(vec![id(1), id(3)], Millis(5_999)).is_empty());
        saving.saved(&[id(3)]);
        assert!(!saving.is_done());
        assert_eq!(saving.take(Millis(6_001)), BTreeSet::from([id(1), id(2)]));
        assert!(saving.is_done());
        assert!(saving.counted(vec![id(1)], Millis(6_002)).is_empty());
        assert_eq!(saving.take(Millis(7_001)).len(), 1);
        assert_eq!(saving.counted(vec![id(1)], Millis(8_001)), [id(1)]);
        assert_eq!(saving.counted(vec![id(1)], Millis(10)), [id(1)], "a clock set back");
    }
}

//! What one socket should have received, and what it did.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::scan::Tag;

/// Deliveries that were not as they must be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Faults {
    pub lost: u64,
    pub duplicated: u64,
    pub reordered: u64,
}

impl std::ops::AddAssign for Faults {
    fn add_assign(&mut self, other: Self) {
        self.lost += other.lost;
        self.duplicated += other.duplicated;
        self.reordered += other.reordered;
    }
}

/// The deliveries of one socket, by publisher of its room.
#[derive(Default)]
pub struct Ledger {
    streams: Vec<Stream>,
    newest_offset: u64,
    /// Offsets that did not grow, though each publisher's own messages were in order.
    out_of_order: u64,
}

#[derive(Clone, Default)]
struct Stream {
    next: u64,
    missing: BTreeSet<u64>,
    duplicated: u64,
    reordered: u64,
}

impl Ledger {
    pub fn new(publishers: usize) -> Self {
        Self { streams: vec![Stream::default(); publishers], ..Self::default() }
    }

    /// Enters a delivery. `publisher` counts within the room.
    pub fn enter(&mut self, publisher: usize, tag: Tag) {
        let Some(stream) = self.streams.get_mut(publisher) else { return };
        if stream.next <= tag.number {
            stream.missing.extend(stream.next..tag.number);
            stream.next = tag.number + 1;
        } else if stream.missing.remove(&tag.number) {
            stream.reordered += 1;
        } else {
            stream.duplicated += 1;
        }
        if let Some(offset) = tag.offset {
            self.out_of_order += u64::from(offset <= self.newest_offset);
            self.newest_offset = self.newest_offset.max(offset);
        }
    }

    /// The balance, once `published` messages of each publisher should have arrived.
    pub fn close(&self, published: &[u64]) -> Faults {
        let mut faults = Faults { reordered: self.out_of_order, ..Faults::default() };
        for (stream, published) in self.streams.iter().zip(published) {
            faults += Faults {
                lost: published.saturating_sub(stream.next) + stream.missing.len() as u64,
                duplicated: stream.duplicated,
                reordered: stream.reordered,
            };
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(numbers: &[u64], published: u64) -> Faults {
        let mut ledger = Ledger::new(1);
        for number in numbers {
            ledger.enter(0, Tag { publisher: 0, number: *number, offset: None });
        }
        ledger.close(&[published])
    }

    #[test]
    fn each_fault_is_told_from_the_others() {
        assert_eq!(faults(&[0, 1, 2], 3), Faults::default());
        assert_eq!(faults(&[0, 2], 4), Faults { lost: 2, ..Faults::default() });
        assert_eq!(faults(&[0, 1, 1], 2), Faults { duplicated: 1, ..Faults::default() });
        assert_eq!(faults(&[0, 2, 1], 3), Faults { reordered: 1, ..Faults::default() });
    }

    #[test]
    fn offsets_grow_on_every_socket() {
        let mut ledger = Ledger::new(2);
        ledger.enter(0, Tag { publisher: 0, number: 0, offset: Some(2) });
        ledger.enter(1, Tag { publisher: 1, number: 0, offset: Some(1) });
        assert_eq!(ledger.close(&[1, 1]).reordered, 1);
    }
}

//! What a room knows of an object of large data while it comes in, and afterwards: which of
//! its chunks are here, never what is in them.

use crate::feature::transfers::{Chunk, TransferEvent};
use crate::limits::TRANSFER_MS;
use crate::message::{ConnectionId, Millis, Name, UserId};

/// The wait between two portions of a deletion, so that others get their turn.
const PAUSE_MS: u64 = 100;

/// An object of large data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// What the log calls it.
    pub id: u64,
    /// What its sender calls it.
    pub data: Name,
    /// Whose it is.
    pub owner: UserId,
    /// How many chunks it has.
    pub total: u64,
    /// The index that was seen first.
    pub first: u64,
    /// Which indexes are here.
    pub there: Marks,
    /// How much is here, decoded.
    pub bytes: u64,
    /// When its last chunk came; of an expired one, when it was last looked at.
    pub at: Millis,
    /// The connection that sent it last.
    pub connection: ConnectionId,
    /// How it stands.
    pub state: TransferState,
}

/// How a transfer stands. Stored: append-only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransferState {
    /// Chunks are missing.
    Open = 0,
    /// All of it is here.
    Finished = 1,
    /// Nobody sees it any more, and what is left of it is being deleted.
    Expired = 2,
}

impl TransferState {
    /// The state of this number.
    #[must_use]
    pub fn of(number: u64) -> Option<Self> {
        [Self::Open, Self::Finished, Self::Expired].into_iter().find(|it| *it as u64 == number)
    }
}

impl Transfer {
    /// One of which nothing is here yet.
    pub(crate) fn begin(
        id: u64,
        owner: UserId,
        connection: ConnectionId,
        chunk: &Chunk,
        at: Millis,
    ) -> Self {
        Self {
            id,
            data: chunk.data.clone(),
            owner,
            total: chunk.total,
            first: chunk.index,
            there: Marks::default(),
            bytes: 0,
            at,
            connection,
            state: TransferState::Open,
        }
    }

    /// From which number its sender counts. As long as neither end is here, a guess: who
    /// began with 1 counts from there.
    #[must_use]
    pub fn base(&self) -> u64 {
        let from_one = self.there.has(self.total) || (!self.there.has(0) && self.first == 1);
        u64::from(from_one)
    }

    /// Whether this index goes with those that are here: not both 0 and the total.
    pub(crate) fn fits(&self, index: u64) -> bool {
        let other = if index == 0 {
            self.total
        } else if index == self.total {
            0
        } else {
            return index < self.total;
        };
        !self.there.has(other)
    }

    /// The indexes of all of it, as its sender counts.
    pub(crate) fn indexes(&self) -> std::ops::Range<u64> {
        let base = self.base();
        base..base.saturating_add(self.total)
    }

    /// One more chunk is here.
    pub(crate) fn take(&mut self, chunk: &Chunk) {
        self.there.set(chunk.index);
        self.bytes = self.bytes.saturating_add(chunk.bytes);
        if self.there.count() == self.total {
            self.state = TransferState::Finished;
        }
    }

    /// What its sender is told.
    pub(crate) fn standing(&self) -> TransferEvent {
        let (data, bytes) = (self.data.clone(), self.bytes);
        if self.state == TransferState::Finished {
            return TransferEvent::Received { data, bytes };
        }
        let missing = self.indexes().filter(|it| !self.there.has(*it)).collect();
        TransferEvent::Incomplete { data, bytes, missing }
    }

    /// When it expires, or the next portion of it is deleted.
    pub(crate) fn due_at(&self, age_ms_max: u64) -> Option<Millis> {
        match self.state {
            TransferState::Open => Some(self.at.plus(TRANSFER_MS)),
            TransferState::Finished => (age_ms_max != 0).then(|| self.at.plus(age_ms_max)),
            TransferState::Expired => Some(self.at.plus(PAUSE_MS)),
        }
    }
}

/// Which of so many: one bit each. No longer than the highest needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks(Vec<u8>);

impl Marks {
    /// Whether this one is.
    #[must_use]
    pub fn has(&self, index: u64) -> bool {
        let byte = usize::try_from(index / 8).ok().and_then(|it| self.0.get(it));
        byte.is_some_and(|it| it & (1 << (index % 8)) != 0)
    }

    /// From now on this one is.
    pub fn set(&mut self, index: u64) {
        let Ok(at) = usize::try_from(index / 8) else { return };
        if self.0.len() <= at {
            self.0.resize(at + 1, 0);
        }
        if let Some(byte) = self.0.get_mut(at) {
            *byte |= 1 << (index % 8);
        }
    }

    /// How many are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.iter().map(|it| u64::from(it.count_ones())).sum()
    }

    /// Drops the first so many; gives the index below which none is any more.
    pub(crate) fn drop_first(&mut self, count: u64) -> u64 {
        let mut left = count;
        for (at, byte) in (0u64..).zip(&mut self.0) {
            for bit in 0..8 {
                if left == 0 {
                    return at * 8 + bit;
                }
                if *byte & (1 << bit) != 0 {
                    *byte &= !(1 << bit);
                    left -= 1;
                }
            }
        }
        self.0.clear();
        u64::MAX >> 11
    }

    /// As it is stored: two hex digits for eight of them.
    #[must_use]
    pub fn to_hex(&self) -> String {
        let digits = self.0.iter().flat_map(|it| [it >> 4, it & 15]);
        digits.filter_map(|it| char::from_digit(u32::from(it), 16)).collect()
    }

    /// Reads what [`Marks::to_hex`] writes.
    #[must_use]
    pub fn parse(hex: &str) -> Option<Self> {
        let pairs = hex.as_bytes().chunks(2);
        let byte = |pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
        pairs.map(byte).collect::<Option<_>>().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_states_do_not_change() {
        use TransferState::{Expired, Finished, Open};
        let all = [0, 1, 2, 3].map(TransferState::of);
        assert_eq!(all, [Some(Open), Some(Finished), Some(Expired), None]);
    }

    #[test]
    fn marks_are_stored_as_digits_and_dropped_from_the_front() {
        let mut marks = Marks::default();
        for index in [0, 3, 9, 1000] {
            marks.set(index);
        }
        assert_eq!(Marks::parse(&marks.to_hex()), Some(marks.clone()));
        assert!(marks.to_hex().starts_with("0902") && marks.to_hex().len() == 252);
        assert_eq!(marks.count(), 4);
        assert!(marks.has(9) && !marks.has(8) && !marks.has(u64::MAX));
        assert_eq!(marks.drop_first(2), 4);
        assert_eq!((marks.has(3), marks.has(9), marks.count()), (false, true, 2));
        marks.drop_first(5);
        assert_eq!((marks.count(), marks.to_hex().as_str()), (0, ""));
    }
}

//! How long what arrived took, of late.

use std::collections::VecDeque;

use crate::message::Millis;

/// Over how long it is looked at, in milliseconds.
const WINDOW_MS: u64 = 60_000;

/// As many as make a median steady; a room that does more a minute shows the latest.
const HANDLED_MAX: usize = 128;

/// The last inputs, in memory alone: when each was done, and how long it took.
#[derive(Debug, Default)]
pub(super) struct Handling(VecDeque<(Millis, u64)>);

impl Handling {
    pub(super) fn took(&mut self, now: Millis, millis: u64) {
        if self.0.len() == HANDLED_MAX {
            self.0.pop_front();
        }
        self.0.push_back((now, millis));
    }

    /// The median of the last minute, in milliseconds; of an even number, the lower of the
    /// two in the middle.
    pub(super) fn median(&self, now: Millis) -> Option<u64> {
        let recent = self.0.iter().filter(|(at, _)| now < at.plus(WINDOW_MS));
        let mut recent: Vec<u64> = recent.map(|(_, millis)| *millis).collect();
        recent.sort_unstable();
        recent.get(recent.len().checked_sub(1)? / 2).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_of_the_last_minute_and_of_no_more_than_128() {
        let mut handling = Handling::default();
        assert_eq!(handling.median(Millis(0)), None);
        for (at, millis) in [(1, 9), (2, 1), (3, 5), (4, 7)] {
            handling.took(Millis(at), millis);
        }
        assert_eq!(handling.median(Millis(4)), Some(5));
        assert_eq!(handling.median(Millis(60_002)), Some(5), "of 5 and 7");
        assert_eq!(handling.median(Millis(60_003)), Some(7));
        assert_eq!(handling.median(Millis(60_004)), None);
        for _ in 0..HANDLED_MAX {
            handling.took(Millis(5), 3);
        }
        assert_eq!((handling.median(Millis(5)), handling.0.len()), (Some(3), HANDLED_MAX));
    }
}

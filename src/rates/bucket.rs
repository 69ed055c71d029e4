use serde::{Deserialize, Serialize};

use super::{Counter, Quota};
use crate::message::Millis;

/// A bucket that leaks evenly and holds two seconds' worth: for what comes in a stream, where
/// a window would cut off who keeps to the rate with a little jitter. One number: when it
/// will be empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Bucket {
    empty_at_us: u64,
}

impl Bucket {
    /// How much it holds, in microseconds of its rate.
    const HOLDS_US: u64 = 2_000_000;

    /// How much more may be owed, in microseconds of its rate: a minute, as in a window.
    const OWES_US: u64 = 60_000_000;

    /// An empty one.
    #[must_use]
    pub const fn new() -> Self {
        Self { empty_at_us: 0 }
    }

    /// Counts one event of so many a second; 0 means no limit. Refused, it costs nothing and
    /// says how long to wait, in milliseconds.
    pub fn charge(&mut self, per_second: u64, now: Millis) -> Result<(), u64> {
        self.charge_up_to(Self::HOLDS_US, per_second, now)
    }

    /// The same, where more may be [owed](Self::owe).
    pub(crate) fn charge_in_debt(&mut self, per_second: u64, now: Millis) -> Result<(), u64> {
        self.charge_up_to(Self::HOLDS_US + Self::OWES_US, per_second, now)
    }

    fn charge_up_to(&mut self, most_us: u64, per_second: u64, now: Millis) -> Result<(), u64> {
        if per_second == 0 {
            return Ok(());
        }
        let now_us = now.0.saturating_mul(1000);
        let full_us = now_us.saturating_add(Self::HOLDS_US);
        // What holds more than it can was filled before the clock was set back.
        let is_older = now_us.saturating_add(most_us) < self.empty_at_us;
        let empty_at_us = if is_older { now_us } else { self.empty_at_us };
        let next_us = empty_at_us.max(now_us).saturating_add(1_000_000 / per_second);
        if full_us < next_us {
            return Err((next_us - full_us).div_ceil(1000));
        }
        self.empty_at_us = next_us;
        Ok(())
    }

    /// Counts so many more, whether there is room for them or not: whoever comes next waits.
    pub(crate) fn owe(&mut self, per_second: u64, more: u64, now: Millis) {
        let Some(each_us) = 1_000_000_u64.checked_div(per_second) else { return };
        let now_us = now.0.saturating_mul(1000);
        let most_us = now_us.saturating_add(Self::HOLDS_US + Self::OWES_US);
        let next_us = self.empty_at_us.max(now_us).saturating_add(each_us.saturating_mul(more));
        self.empty_at_us = next_us.min(most_us);
    }

    /// Whichever is fuller.
    #[must_use]
    pub(crate) fn later(self, other: Self) -> Self {
        Self { empty_at_us: self.empty_at_us.max(other.empty_at_us) }
    }

    /// When it will hold nothing.
    #[must_use]
    pub(crate) fn empty_at(self) -> Millis {
        Millis(self.empty_at_us.div_ceil(1000))
    }

    /// Whether it holds nothing.
    #[must_use]
    pub(crate) fn is_empty(self, now: Millis) -> bool {
        self.empty_at_us <= now.0.saturating_mul(1000)
    }
}

/// It counts seconds.
impl Counter for Bucket {
    fn quota(&self, count: u64) -> Quota {
        Quota::per_second(count)
    }
    fn take(&mut self, quota: Quota, now: Millis) -> Result<(), u64> {
        self.charge(quota.count, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_takes_its_rate_for_ever_and_little_more() {
        let mut bucket = Bucket::default();
        let jitter = |at: u64| Millis(1_000_000 + at * 50 + at * 7 % 90);
        for at in 0..10_000 {
            assert_eq!(bucket.charge(20, jitter(at)), Ok(()), "{at}");
        }
        let mut bucket = Bucket::default();
        let taken = (0..1000).filter(|_| bucket.charge(20, Millis(5_000)).is_ok()).count();
        assert_eq!(taken, 40);
        assert_eq!(bucket.charge(20, Millis(5_000)), Err(50));
        assert_eq!(bucket.charge(20, Millis(5_050)), Ok(()));
        assert_eq!(bucket.charge(20, Millis(10)), Ok(()), "a clock set back locks nobody out");
        assert_eq!(Bucket::default().charge(0, Millis(0)), Ok(()));
    }
}

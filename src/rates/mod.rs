//! How much is allowed in how long, and counters that hold to it: functions of time alone, small
//! enough to be stored with whatever is counted.

mod bucket;
mod pool;
mod window;

pub use bucket::Bucket;
pub use pool::{Meter, Pool};
pub use window::Window;

use crate::message::{Millis, ProtocolError};

/// How much is allowed in how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// At most this many; 0 means no limit.
    pub count: u64,
    /// In this long.
    pub period_ms: u64,
}

impl Quota {
    /// So many a minute.
    #[must_use]
    pub const fn per_minute(count: u64) -> Self {
        Self { count, period_ms: 60_000 }
    }

    /// So many a second.
    #[must_use]
    pub const fn per_second(count: u64) -> Self {
        Self { count, period_ms: 1000 }
    }

    /// A tenth of it, or one; no limit stays none.
    #[must_use]
    pub fn tenth(self) -> Self {
        let count = if self.count == 0 { 0 } else { (self.count / 10).max(1) };
        Self { count, ..self }
    }

    /// So many hundredths of it, or one; none if that is all of it, or not set.
    #[must_use]
    pub fn share(self, percent: u64) -> Option<Self> {
        let is_set = self.count != 0 && (1..100).contains(&percent);
        let count = (self.count.saturating_mul(percent) / 100).max(1);
        is_set.then_some(Self { count, ..self })
    }

    /// What to say to one that exceeded it.
    #[must_use]
    pub const fn error(self, wait_ms: u64) -> ProtocolError {
        ProtocolError::too_fast(self.count, self.period_ms, wait_ms)
    }
}

/// What something is counted in.
pub trait Counter {
    /// So many in its period.
    fn quota(&self, count: u64) -> Quota;
    /// Counts one. Refused, it costs nothing and says how long to wait, in milliseconds.
    fn take(&mut self, quota: Quota, now: Millis) -> Result<(), u64>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_a_part_of_a_quota_and_never_nothing() {
        let share = |count, percent| Quota::per_minute(count).share(percent).map(|it| it.count);
        assert_eq!(share(1000, 25), Some(250));
        assert_eq!(share(2, 25), Some(1));
        assert_eq!([share(1000, 0), share(1000, 100), share(0, 25)], [None; 3]);
    }
}

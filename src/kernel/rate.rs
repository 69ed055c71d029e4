use serde::{Deserialize, Serialize};

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
    pub const fn refusal(self, wait_ms: u64) -> ProtocolError {
        ProtocolError::too_fast(self.count, self.period_ms, wait_ms)
    }
}

/// A window counter: opens with the first event, refills whole when its period is
/// over. Two numbers, so it rides in an attachment, and a function of time alone,
/// so sleep neither refills it early nor late (B27, B28). Two of the documents count this
/// way (`messageCount > messageLimit`, and C18's `window` with `retry_after: 45`),
/// which a token bucket, with its short waits, would not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    #[serde(rename = "o")]
    pub(crate) opened_at: Millis,
    #[serde(rename = "c")]
    pub(crate) count: u64,
}

impl Window {
    /// Counts one event. Refused, it costs nothing and says how long to wait, in
    /// milliseconds.
    pub fn charge(&mut self, quota: Quota, now: Millis) -> Result<(), u64> {
        if quota.count == 0 {
            return Ok(());
        }
        let open_ms = now.since(self.opened_at);
        // A clock set back opens a new window rather than freeze the old one.
        if self.count == 0 || quota.period_ms <= open_ms || now < self.opened_at {
            *self = Self { opened_at: now, count: 0 };
        }
        if quota.count <= self.count {
            return Err(quota.period_ms.saturating_sub(open_ms));
        }
        self.count += 1;
        Ok(())
    }

    /// How much was counted since it opened, if it is open.
    #[must_use]
    pub fn count(self, quota: Quota, now: Millis) -> u64 {
        if self.is_open(quota, now) { self.count } else { 0 }
    }

    /// Whichever was opened later, or counted further.
    #[must_use]
    pub fn later(self, other: Self) -> Self {
        if (self.opened_at, self.count) < (other.opened_at, other.count) { other } else { self }
    }

    /// Until when it holds back anything, as a window of a minute; 0: it does not.
    #[must_use]
    pub fn open_until(self) -> Millis {
        if self.count == 0 { Millis(0) } else { self.opened_at.plus(60_000) }
    }

    /// Whether it still holds back anything.
    #[must_use]
    pub fn is_open(self, quota: Quota, now: Millis) -> bool {
        quota.count != 0 && self.count != 0 && now.since(self.opened_at) < quota.period_ms
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_refills_whole_a_period_after_it_opened() {
        let quota = Quota { count: 2, period_ms: 1000 };
        let mut window = Window::default();
        assert_eq!(window.charge(quota, Millis(5_000)), Ok(()));
        assert_eq!(window.charge(quota, Millis(5_400)), Ok(()));
        assert_eq!(window.charge(quota, Millis(5_400)), Err(600));
        assert_eq!(window.charge(quota, Millis(5_999)), Err(1));
        assert_eq!(window.charge(quota, Millis(6_000)), Ok(()));
    }

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

    #[test]
    fn a_share_is_a_part_of_a_quota_and_never_nothing() {
        let share = |count, percent| Quota::per_minute(count).share(percent).map(|it| it.count);
        assert_eq!(share(1000, 25), Some(250));
        assert_eq!(share(2, 25), Some(1));
        assert_eq!([share(1000, 0), share(1000, 100), share(0, 25)], [None; 3]);
    }

    #[test]
    fn zero_means_no_limit() {
        let mut window = Window::default();
        for _ in 0..1000 {
            assert_eq!(window.charge(Quota::per_minute(0), Millis(1)), Ok(()));
        }
    }

    #[test]
    fn a_clock_set_back_does_not_lock_anyone_out() {
        let quota = Quota { count: 1, period_ms: 1000 };
        let mut window = Window::default();
        assert_eq!(window.charge(quota, Millis(1_000_000)), Ok(()));
        assert_eq!(window.charge(quota, Millis(10)), Ok(()));
    }
}

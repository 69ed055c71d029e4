use serde::{Deserialize, Serialize};

use super::{Counter, Quota};
use crate::message::Millis;

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
    /// One in which nothing is counted.
    #[must_use]
    pub const fn new() -> Self {
        Self { opened_at: Millis(0), count: 0 }
    }

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

/// It counts minutes.
impl Counter for Window {
    fn quota(&self, count: u64) -> Quota {
        Quota::per_minute(count)
    }
    fn take(&mut self, quota: Quota, now: Millis) -> Result<(), u64> {
        self.charge(quota, now)
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

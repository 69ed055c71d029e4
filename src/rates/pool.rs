use serde::Serialize;

use super::{Bucket, Counter, Quota, Window};
use crate::limits::Limits;
use crate::message::Millis;

/// Something that is counted against a room as a whole, and against each of its users, by itself.
#[derive(Clone, Copy, Debug)]
pub struct Pool {
    /// Under which name it is stored, which no other is: append-only.
    pub stored: &'static str,
    /// What it is counted in, while nothing is.
    pub meter: Meter,
    /// How much of it a room takes in the meter's period; 0 means no limit.
    pub most: fn(&Limits) -> u64,
    /// Whether one who takes too much of it is treated as too fast (B29, X7). What is worth
    /// nothing a moment later is refused, and that is all.
    pub is_breach: bool,
}

impl Pool {
    /// How much of it a room takes.
    pub(crate) fn quota(&self, limits: &Limits) -> Quota {
        self.meter.quota((self.most)(limits))
    }
}

/// A counter of one of the kinds that are stored side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Meter {
    /// Of a minute.
    Window(Window),
    /// Of seconds.
    Bucket(Bucket),
    /// A bucket in which more may be owed than it holds.
    Debt(Bucket),
}

impl Meter {
    /// Counts so many more, whether there is room for them or not, where that can be owed.
    pub(crate) fn owe(&mut self, quota: Quota, more: u64, now: Millis) {
        if let Self::Debt(it) = self {
            it.owe(quota.count, more, now);
        }
    }

    /// Whichever of two of a kind counted further.
    #[must_use]
    pub(crate) fn later(self, other: Self) -> Self {
        match (self, other) {
            (Self::Window(one), Self::Window(other)) => Self::Window(one.later(other)),
            (Self::Bucket(one), Self::Bucket(other)) => Self::Bucket(one.later(other)),
            (Self::Debt(one), Self::Debt(other)) => Self::Debt(one.later(other)),
            _ => self,
        }
    }

    /// Until when it may hold back anything; 0: it does not.
    #[must_use]
    pub(crate) fn open_until(self) -> Millis {
        match self {
            Self::Window(it) => it.open_until(),
            Self::Bucket(it) | Self::Debt(it) => it.empty_at(),
        }
    }

    /// Whether it may still hold back anything.
    #[must_use]
    pub(crate) fn is_open(self, now: Millis) -> bool {
        match self {
            Self::Window(it) => it.is_open(Quota::per_minute(1), now),
            Self::Bucket(it) | Self::Debt(it) => !it.is_empty(now),
        }
    }
}

impl Counter for Meter {
    fn quota(&self, count: u64) -> Quota {
        match self {
            Self::Window(it) => it.quota(count),
            Self::Bucket(it) | Self::Debt(it) => it.quota(count),
        }
    }

    fn take(&mut self, quota: Quota, now: Millis) -> Result<(), u64> {
        match self {
            Self::Window(it) => it.take(quota, now),
            Self::Bucket(it) => it.take(quota, now),
            Self::Debt(it) => it.charge_in_debt(quota.count, now),
        }
    }
}

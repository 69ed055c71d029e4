//! What is counted against a room as a whole, and against each of its users: messages, what
//! callers with `publish` say, typing, edits and cursors, each by itself, so that none uses up
//! what is another's (B28, L2, L11 to L13).

use serde::{Deserialize, Serialize};

use crate::limits::Limits;
use crate::message::{Millis, is_default};
use crate::rates::{Bucket, Quota, Window};

/// What something is counted as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pool {
    /// Messages, events and state of users.
    Messages,
    /// The same of callers with `publish`: what users say cannot use it up.
    Published,
    /// Typing notices.
    Typing,
    /// Operations of edits.
    Edits,
    /// Moves of cursors.
    Cursors,
}

impl Pool {
    /// How much of it a room takes.
    pub(crate) const fn quota(self, limits: &Limits) -> Quota {
        match self {
            Self::Messages | Self::Published | Self::Typing => {
                Quota::per_minute(limits.broadcasts_per_minute)
            }
            Self::Edits | Self::Cursors => Quota::per_second(limits.room_edits_per_second),
        }
    }

    /// Whether one who takes too much of it is treated as too fast (B29, X7). Typing and cursors
    /// are worth nothing a moment later: they are refused, and that is all.
    pub(crate) const fn is_breach(self) -> bool {
        match self {
            Self::Messages | Self::Published | Self::Edits => true,
            Self::Typing | Self::Cursors => false,
        }
    }
}

/// How much was counted, of a room or of one user in it. Stored in attachments and rows: field
/// names are append-only. The first two are those of the window of messages, which was once
/// all that was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Stored", into = "Stored")]
pub struct Counts {
    messages: Window,
    published: Window,
    typing: Window,
    edits: Bucket,
    cursors: Bucket,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    #[serde(rename = "o", default)]
    opened_at: Millis,
    #[serde(rename = "c", default)]
    count: u64,
    #[serde(rename = "p", default, skip_serializing_if = "is_default")]
    published: Window,
    #[serde(rename = "t", default, skip_serializing_if = "is_default")]
    typing: Window,
    #[serde(rename = "e", default, skip_serializing_if = "is_default")]
    edits: Bucket,
    #[serde(rename = "u", default, skip_serializing_if = "is_default")]
    cursors: Bucket,
}

impl From<Stored> for Counts {
    fn from(stored: Stored) -> Self {
        let Stored { opened_at, count, published, typing, edits, cursors } = stored;
        Self { messages: Window { opened_at, count }, published, typing, edits, cursors }
    }
}

impl From<Counts> for Stored {
    fn from(counts: Counts) -> Self {
        let Counts { messages, published, typing, edits, cursors } = counts;
        let Window { opened_at, count } = messages;
        Self { opened_at, count, published, typing, edits, cursors }
    }
}

impl Counts {
    /// How long anything counted may hold back anything, in milliseconds: a window, or a bucket
    /// that was filled to the brim and beyond.
    pub(crate) const HOLDS_MS: u64 = 62_000;

    /// Counts one. Refused, it costs nothing and says how long to wait, in milliseconds.
    pub(crate) fn charge(&mut self, pool: Pool, quota: Quota, now: Millis) -> Result<(), u64> {
        match pool {
            Pool::Messages => self.messages.charge(quota, now),
            Pool::Published => self.published.charge(quota, now),
            Pool::Typing => self.typing.charge(quota, now),
            Pool::Edits => self.edits.charge_in_debt(quota.count, now),
            Pool::Cursors => self.cursors.charge(quota.count, now),
        }
    }

    /// Counts operations that an edit turned out to have beside its first: they are owed.
    pub(crate) fn owe_edits(&mut self, quota: Quota, more: u64, now: Millis) {
        self.edits.owe(quota.count, more, now);
    }

    /// Whichever counted further, each by itself.
    #[must_use]
    pub(crate) fn later(self, other: Self) -> Self {
        Self {
            messages: self.messages.later(other.messages),
            published: self.published.later(other.published),
            typing: self.typing.later(other.typing),
            edits: self.edits.later(other.edits),
            cursors: self.cursors.later(other.cursors),
        }
    }

    /// Until when any of it may hold back anything; 0: it does not.
    #[must_use]
    pub(crate) fn open_until(self) -> Millis {
        let windows = [self.messages, self.published, self.typing].map(Window::open_until);
        let buckets = [self.edits, self.cursors].map(Bucket::empty_at);
        windows.into_iter().chain(buckets).max().unwrap_or_default()
    }

    /// Whether any of it may still hold back anything.
    #[must_use]
    pub(crate) fn is_open(self, now: Millis) -> bool {
        let any = Quota::per_minute(1);
        [self.messages, self.published, self.typing].iter().any(|it| it.is_open(any, now))
            || !self.edits.is_empty(now)
            || !self.cursors.is_empty(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_counts_are_append_only() {
        let landed = r#"{"o":1704110400123,"c":7}"#;
        let counts: Counts = serde_json::from_str(landed).unwrap();
        assert_eq!(counts.messages, Window { opened_at: Millis(1_704_110_400_123), count: 7 });
        assert_eq!(serde_json::to_string(&counts).unwrap(), landed);
        let all = r#"{"o":1,"c":2,"p":{"o":3,"c":4},"t":{"o":5,"c":6},"e":7,"u":8}"#;
        let counts: Counts = serde_json::from_str(all).unwrap();
        assert_eq!(serde_json::to_string(&counts).unwrap(), all);
    }

    #[test]
    fn each_pool_is_counted_by_itself() {
        let pools = [Pool::Messages, Pool::Published, Pool::Typing, Pool::Edits, Pool::Cursors];
        let limits =
            Limits { broadcasts_per_minute: 3, room_edits_per_second: 1, ..Limits::default() };
        let mut counts = Counts::default();
        for pool in pools {
            let quota = pool.quota(&limits);
            while counts.charge(pool, quota, Millis(1_000)).is_ok() {}
        }
        for pool in pools {
            let (mut others, quota) = (Counts::default(), pool.quota(&limits));
            for other in pools.into_iter().filter(|it| *it != pool) {
                while others.charge(other, other.quota(&limits), Millis(1_000)).is_ok() {}
            }
            assert_eq!(others.charge(pool, quota, Millis(1_000)), Ok(()), "{pool:?}");
        }
        assert!(counts.is_open(Millis(1_000)));
        assert!(!counts.is_open(Millis(1_000 + Counts::HOLDS_MS)));
    }

    #[test]
    fn operations_of_one_edit_are_owed_and_paid_off_in_time() {
        let (quota, mut counts) = (Quota { count: 10, period_ms: 1000 }, Counts::default());
        let now = Millis(1_000_000);
        assert_eq!(counts.charge(Pool::Edits, quota, now), Ok(()));
        counts.owe_edits(quota, 100, now);
        assert_eq!(counts.charge(Pool::Edits, quota, now), Err(8_200));
        assert_eq!(counts.charge(Pool::Edits, quota, now.plus(8_200)), Ok(()));
        counts.owe_edits(quota, 1_000_000, now);
        assert!(counts.is_open(now.plus(Counts::HOLDS_MS - 1)));
        assert!(!counts.is_open(now.plus(Counts::HOLDS_MS)), "never more than a minute");
        assert_eq!(counts.charge(Pool::Edits, quota, Millis(10)), Ok(()), "a clock set back");
    }
}

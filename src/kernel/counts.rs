//! What is counted against a room as a whole, and against each of its users: messages, what
//! callers with `publish` say, and what features declare, each by itself, so that none uses up
//! what is another's (B28, L2, L11 to L13).

use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::feature;
use crate::message::Millis;
use crate::rates::{Counter, Meter, Pool, Quota, Window};

/// Messages, events and state of users. The fields of its window stand among the other pools:
/// once it was all that was counted.
pub(crate) const MESSAGES: Pool = Pool {
    stored: "",
    meter: Meter::Window(Window::new()),
    most: |it| it.broadcasts_per_minute,
    is_breach: true,
};

/// The same of callers with `publish`: what users say cannot use it up.
pub(crate) const PUBLISHED: Pool = Pool { stored: "p", ..MESSAGES };

/// The pools of every room.
const OWN: [Pool; 2] = [MESSAGES, PUBLISHED];

/// All pools, always in the same order.
fn pools() -> impl Iterator<Item = &'static Pool> {
    OWN.iter().chain(feature::pools())
}

/// How much was counted, of a room or of one user in it: a meter for each pool. Stored in
/// attachments and rows: the names of pools are append-only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts([Meter; OWN.len() + feature::POOLS]);

impl Default for Counts {
    fn default() -> Self {
        let mut meters = [MESSAGES.meter; OWN.len() + feature::POOLS];
        for (meter, pool) in meters.iter_mut().zip(pools()) {
            *meter = pool.meter;
        }
        Self(meters)
    }
}

impl Serialize for Counts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_map(None)?;
        // Windows stand before buckets, as they always have.
        let is_window = |it: &Meter| matches!(it, Meter::Window(_));
        let windows = pools().zip(&self.0).filter(|(_, it)| is_window(it));
        let buckets = pools().zip(&self.0).filter(|(_, it)| !is_window(it));
        for (pool, meter) in windows.chain(buckets) {
            if let (Meter::Window(it), "") = (meter, pool.stored) {
                fields.serialize_entry("o", &it.opened_at)?;
                fields.serialize_entry("c", &it.count)?;
            } else if *meter != pool.meter {
                fields.serialize_entry(pool.stored, meter)?;
            }
        }
        fields.end()
    }
}

impl<'de> Deserialize<'de> for Counts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Stored)
    }
}

struct Stored;

impl<'de> Visitor<'de> for Stored {
    type Value = Counts;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("counts")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Counts, A::Error> {
        let (mut counts, mut messages) = (Counts::default(), Window::new());
        while let Some(name) = fields.next_key::<String>()? {
            match (name.as_str(), counts.meter(&name)) {
                ("o", _) => messages.opened_at = fields.next_value()?,
                ("c", _) => messages.count = fields.next_value()?,
                (_, Some(Meter::Window(it))) => *it = fields.next_value()?,
                (_, Some(Meter::Bucket(it) | Meter::Debt(it))) => *it = fields.next_value()?,
                // A later version's.
                (_, None) => drop(fields.next_value::<IgnoredAny>()?),
            }
        }
        if let Some(meter) = counts.meter(MESSAGES.stored) {
            *meter = Meter::Window(messages);
        }
        Ok(counts)
    }
}

impl Counts {
    /// How long anything counted may hold back anything, in milliseconds: a window, or a bucket
    /// that was filled to the brim and beyond.
    pub(crate) const HOLDS_MS: u64 = 62_000;

    /// The meter of the pool that is stored under this name.
    fn meter(&mut self, stored: &str) -> Option<&mut Meter> {
        let found = pools().zip(&mut self.0).find(|(pool, _)| pool.stored == stored);
        found.map(|(_, meter)| meter)
    }

    /// Counts one. Refused, it costs nothing and says how long to wait, in milliseconds. A pool
    /// that its feature does not list takes nothing.
    pub(crate) fn charge(&mut self, pool: &Pool, quota: Quota, now: Millis) -> Result<(), u64> {
        self.meter(pool.stored).map_or(Err(0), |it| it.take(quota, now))
    }

    /// Counts so many more, which are owed.
    pub(crate) fn owe(&mut self, pool: &Pool, quota: Quota, more: u64, now: Millis) {
        if let Some(meter) = self.meter(pool.stored) {
            meter.owe(quota, more, now);
        }
    }

    /// Whichever counted further, each by itself.
    #[must_use]
    pub(crate) fn later(mut self, other: Self) -> Self {
        for (one, other) in self.0.iter_mut().zip(other.0) {
            *one = one.later(other);
        }
        self
    }

    /// Until when any of it may hold back anything; 0: it does not.
    #[must_use]
    pub(crate) fn open_until(self) -> Millis {
        self.0.into_iter().map(Meter::open_until).max().unwrap_or_default()
    }

    /// Whether any of it may still hold back anything.
    #[must_use]
    pub(crate) fn is_open(self, now: Millis) -> bool {
        self.0.into_iter().any(|it| it.is_open(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;

    #[test]
    fn stored_counts_are_append_only() {
        let landed = r#"{"o":1704110400123,"c":7}"#;
        let mut counts: Counts = serde_json::from_str(landed).unwrap();
        let messages = Window { opened_at: Millis(1_704_110_400_123), count: 7 };
        assert_eq!(counts.meter(MESSAGES.stored), Some(&mut Meter::Window(messages)));
        assert_eq!(serde_json::to_string(&counts).unwrap(), landed);
        let all = r#"{"o":1,"c":2,"p":{"o":3,"c":4},"t":{"o":5,"c":6},"e":7,"u":8}"#;
        let counts: Counts = serde_json::from_str(all).unwrap();
        assert_eq!(serde_json::to_string(&counts).unwrap(), all);
        let later = all.replace(r#""e":7"#, r#""later":[{"e":9}],"e":7"#);
        assert_eq!(serde_json::from_str::<Counts>(&later).unwrap(), counts);
        assert!(serde_json::from_str::<Counts>(&all.replace(":7", r#":"7""#)).is_err());
    }

    #[test]
    fn what_is_stored_of_counts_has_one_name_for_each_pool() {
        let mut names: Vec<_> = pools().map(|it| it.stored).chain(["o", "c"]).collect();
        assert!(["p", "t", "e", "u"].iter().all(|it| names.contains(it)), "{names:?}");
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all, "{names:?}");
    }

    #[test]
    fn each_pool_is_counted_by_itself() {
        let limits =
            Limits { broadcasts_per_minute: 3, room_edits_per_second: 1, ..Limits::default() };
        let mut counts = Counts::default();
        for pool in pools() {
            while counts.charge(pool, pool.quota(&limits), Millis(1_000)).is_ok() {}
        }
        for pool in pools() {
            let mut others = Counts::default();
            for other in pools().filter(|it| it.stored != pool.stored) {
                while others.charge(other, other.quota(&limits), Millis(1_000)).is_ok() {}
            }
            let charged = others.charge(pool, pool.quota(&limits), Millis(1_000));
            assert_eq!(charged, Ok(()), "{pool:?}");
        }
        assert!(counts.is_open(Millis(1_000)));
        assert!(!counts.is_open(Millis(1_000 + Counts::HOLDS_MS)));
    }

    #[test]
    fn a_pool_that_no_feature_lists_takes_nothing() {
        let unlisted = Pool { stored: "unlisted", ..MESSAGES };
        let quota = unlisted.quota(&Limits::default());
        assert_eq!(Counts::default().charge(&unlisted, quota, Millis(1_000)), Err(0));
    }

    #[test]
    fn operations_of_one_edit_are_owed_and_paid_off_in_time() {
        let owing = pools().find(|it| matches!(it.meter, Meter::Debt(_))).unwrap();
        let (quota, mut counts) = (Quota { count: 10, period_ms: 1000 }, Counts::default());
        let now = Millis(1_000_000);
        assert_eq!(counts.charge(owing, quota, now), Ok(()));
        counts.owe(owing, quota, 100, now);
        assert_eq!(counts.charge(owing, quota, now), Err(8_200));
        assert_eq!(counts.charge(owing, quota, now.plus(8_200)), Ok(()));
        counts.owe(owing, quota, 1_000_000, now);
        assert!(counts.is_open(now.plus(Counts::HOLDS_MS - 1)));
        assert!(!counts.is_open(now.plus(Counts::HOLDS_MS)), "never more than a minute");
        assert_eq!(counts.charge(owing, quota, Millis(10)), Ok(()), "a clock set back");
    }
}

use serde::{Deserialize, Serialize};

use crate::message::Millis;
use crate::tally::Tally;

/// The last minute in slots: short enough that a rate shows what is going on, and few
/// enough that all of them are one short text.
const SLOT_MS: u64 = 10_000;
const SLOTS: u64 = 6;

/// What was counted from some moment on, of what is also shown as a rate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretch {
    /// From when on.
    pub from: Millis,
    /// Messages that arrived.
    pub received: u64,
    /// Those refused, and failures of ours.
    pub errors: u64,
    /// How long handling them took, summed, in microseconds.
    pub handling_us: u64,
}

impl Stretch {
    /// Adds another one, which began earlier or later.
    pub(super) fn add(&mut self, other: &Self) {
        self.from = self.from.min(other.from);
        self.received = self.received.saturating_add(other.received);
        self.errors = self.errors.saturating_add(other.errors);
        self.handling_us = self.handling_us.saturating_add(other.handling_us);
    }
}

/// What one directory counted, ever and lately. Stored as JSON, in one row: a report writes
/// it anew, and rows written are what storage costs. Field names are append-only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Counts {
    /// When counting began.
    pub(super) since: Millis,
    /// Everything since then.
    pub(super) totals: Tally,
    slots: Vec<Stretch>,
}

impl Counts {
    pub(super) fn new(now: Millis) -> Self {
        Self { since: now, totals: Tally::default(), slots: Vec::new() }
    }

    /// What is stored, which an older version may have written.
    pub(super) fn load(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    pub(super) fn store(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    pub(super) fn add(&mut self, tally: &Tally, now: Millis) {
        self.totals.add(tally);
        self.slots.retain(|it| is_recent(it, now));
        let slot = Stretch {
            from: slot_of(now),
            received: tally.received,
            errors: tally.refused.saturating_add(tally.failed),
            handling_us: tally.handling_us,
        };
        match self.slots.iter_mut().find(|it| it.from == slot.from) {
            Some(known) => known.add(&slot),
            None => self.slots.push(slot),
        }
    }

    /// The slot that `now` is in and the five before it: 50 to 60 s, less if counting
    /// began later.
    pub(super) fn recent(&self, now: Millis) -> Stretch {
        let first = slot_of(now).0.saturating_sub((SLOTS - 1) * SLOT_MS);
        let mut recent = Stretch::default();
        for slot in self.slots.iter().filter(|it| is_recent(it, now)) {
            recent.add(slot);
        }
        Stretch { from: self.since.max(Millis(first)), ..recent }
    }
}

fn slot_of(now: Millis) -> Millis {
    Millis(now.0 / SLOT_MS * SLOT_MS)
}

/// Counted from both sides: after a clock was set back, what lies ahead is no news.
fn is_recent(slot: &Stretch, now: Millis) -> bool {
    slot_of(now).0.abs_diff(slot.from.0) < SLOTS * SLOT_MS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(received: u64) -> Tally {
        Tally { received, ..Tally::default() }
    }

    #[test]
    fn the_last_minute_forgets_and_the_totals_do_not() {
        let mut counts = Counts::new(Millis(3_000));
        for at in [9_999, 10_000, 59_999] {
            counts.add(&received(1), Millis(at));
        }
        assert_eq!(counts.recent(Millis(59_999)).received, 3);
        assert_eq!(counts.recent(Millis(60_000)).received, 2);
        assert_eq!(counts.recent(Millis(109_999)).received, 1);
        assert_eq!(counts.recent(Millis(110_000)).received, 0);
        assert_eq!(counts.totals.received, 3);
    }

    #[test]
    fn the_last_minute_begins_no_earlier_than_counting() {
        let counts = Counts::new(Millis(3_000));
        assert_eq!(counts.recent(Millis(3_000)).from, Millis(3_000));
        assert_eq!(counts.recent(Millis(59_999)).from, Millis(3_000));
        assert_eq!(counts.recent(Millis(61_000)).from, Millis(10_000));
    }

    #[test]
    fn a_clock_set_back_leaves_no_rate_behind() {
        let mut counts = Counts::new(Millis(0));
        counts.add(&received(9), Millis(1_000_000));
        counts.add(&received(1), Millis(2_000));
        assert_eq!(counts.recent(Millis(2_000)).received, 1);
        assert_eq!((counts.totals.received, counts.slots.len()), (10, 1));
    }

    /// Stored in production: fields are added, never renamed.
    #[test]
    fn stored_counts_do_not_change() {
        let mut counts = Counts::new(Millis(1));
        counts.add(&Tally { opened: 2, refused: 3, ..received(4) }, Millis(5));
        let text = r#"{"since":1,"totals":{"opened":2,"closed":0,"open_ms":0,"open_ms_max":0,"received":4,"received_bytes":0,"sent":0,"sent_bytes":0,"refused":3,"failed":0,"handling_us":0,"lost":0,"recovered":0},"slots":[{"from":0,"received":4,"errors":3,"handling_us":0}]}"#;
        assert_eq!(counts.store(), text);
        assert_eq!(Counts::load(text), Some(counts));
        let fewer = r#"{"since":1,"totals":{"opened":2},"slots":[]}"#;
        assert_eq!(Counts::load(fewer).map(|it| it.totals.opened), Some(2));
    }
}

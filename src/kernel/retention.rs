//! How much of the log is kept, by count and by age.
//!
//! What is past keeping is hidden from readers at once and deleted later, by the
//! alarm, so that no message pays for a deletion.

use super::{Context, DedupeWindow, Effect, Room, Write};
use crate::limits::{DEDUPE_ENTRIES_MAX, DEDUPE_MS};
use crate::message::{Millis, Offset};

/// Entries past keeping that may pile up before they are deleted: one deletion
/// for many messages, at the price of at most this many hidden rows.
const SLACK_MAX: u64 = 1000;

/// The wait between finding something to delete and deleting it, so that a burst
/// is over by then.
const PAUSE_MS: u64 = 1000;

/// The oldest offset by count.
pub(crate) fn first_visible(room: &Room) -> Offset {
    match room.limits.history_entries_max {
        0 => room.first,
        max => room.first.max(Offset((room.head.0 + 1).saturating_sub(max))),
    }
}

/// The oldest time by age.
pub(crate) fn oldest_visible(room: &Room, now: Millis) -> Millis {
    match room.limits.history_ms() {
        0 => Millis(0),
        age_ms => Millis(now.0.saturating_sub(age_ms)),
    }
}

/// When the oldest entry grows too old, or now if there are too many.
pub(crate) fn due_at(room: &Room) -> Option<Millis> {
    if room.first.0 == 0 {
        return None;
    }
    let max = room.limits.history_entries_max;
    let slack = (max / 10).clamp(1, SLACK_MAX);
    let kept = room.head.0 + 1 - room.first.0.min(room.head.0 + 1);
    let by_count =
        (max != 0 && max.saturating_add(slack) <= kept).then(|| room.head_at.plus(PAUSE_MS));
    let age_ms = room.limits.history_ms();
    let by_age = (age_ms != 0).then(|| room.first_at.plus(age_ms).plus(PAUSE_MS));
    by_count.into_iter().chain(by_age).min()
}

/// Deletes what is past keeping.
pub(crate) fn trim(room: &Room, cx: &mut Context) {
    let now = cx.clock.at;
    let (from, since) = (first_visible(room), oldest_visible(room, now));
    cx.effects.push(Effect::Write(Write::Trim { from, since }));
    cx.effects.push(Effect::Write(Write::Prune(memory(room, now))));
}

/// How far back clients' own ids are remembered.
pub(crate) fn memory(room: &Room, now: Millis) -> DedupeWindow {
    DedupeWindow {
        from: Offset((room.head.0 + 1).saturating_sub(DEDUPE_ENTRIES_MAX)),
        since: Millis(now.0.saturating_sub(DEDUPE_MS)),
    }
}

/// Forgets old ids once for many new ones, also where the log is never trimmed.
pub(crate) fn prune(room: &Room, cx: &mut Context) {
    if room.head.0.is_multiple_of(SLACK_MAX) {
        let memory = memory(room, cx.clock.at);
        cx.effects.push(Effect::Write(Write::Prune(memory)));
    }
}

//! When nothing is left in a room that anybody could miss, so that its storage can be deleted
//! whole: every name that anybody makes up would else leave a database for ever.

use super::Room;
use crate::feature::Known;
use crate::limits::DEDUPE_MS;
use crate::message::Millis;

/// From when on nothing is left; `None` while something is.
pub(crate) fn vacant_at(room: &Room) -> Option<Millis> {
    let is_left = room.connections.is_empty() && room.departures.is_empty();
    // A demo room's log goes with it, and what is kept beside.
    let is_empty = room.limits.is_demo || room.keeps_nothing();
    if !is_left || !is_empty || room.own.is_busy() {
        return None;
    }
    // Clients' ids are remembered longer than the entries they belong to may be kept.
    let kept_ms = if room.limits.is_demo { room.limits.history_ms() } else { DEDUPE_MS };
    let log = if room.head.0 == 0 { Millis(0) } else { room.head_at.plus(kept_ms) };
    let counts = room.shares.values().chain([&room.counts]).map(|it| it.open_until());
    Some(counts.fold(log, Millis::max))
}

/// When to look again whether the storage can go. A room in which nothing ever happened
/// needs no alarm: it is looked at after every input.
pub(crate) fn due_at(room: &Room) -> Option<Millis> {
    vacant_at(room).filter(|at| *at != Millis(0))
}

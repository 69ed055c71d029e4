//! Time passing over connections: silence, expired tokens, pings.

use litemap::LiteMap;

use super::renewal::{self, Prompted};
use super::{Context, Room};
use crate::kernel::Event;
use crate::message::{Code, ConnectionId, Millis, ProtocolError};

/// Pings in a row that may go unanswered (K8).
const BEATS_MISSED_MAX: u64 = 2;

/// Looks at every connection: one can be due.
pub(crate) fn sweep(room: &mut Room, cx: &mut Context, heard: &LiteMap<ConnectionId, Millis>) {
    let ids: Vec<ConnectionId> = room.connections.keys().copied().collect();
    for id in ids {
        look_at(room, cx, id, heard.get(&id).copied());
    }
    let limits = room.limits;
    room.sweep_at = room.connections.values().filter_map(|it| it.due_at(&limits)).min();
}

fn look_at(room: &mut Room, cx: &mut Context, id: ConnectionId, heard_at: Option<Millis>) {
    let now = cx.clock.at;
    let inactivity_ms = room.limits.inactivity_ms;
    let Some(it) = room.connections.get_mut(&id) else { return };
    it.heard_at = heard_at.map_or(it.heard_at, |at| at.max(it.heard_at));
    let (silent, expired) = (now.since(it.heard_at), it.has_expired(now));
    let prompted = it.renew_by;
    let beat_due = it.next_ping(room.limits.heartbeat_ms).is_some_and(|at| at <= now);
    let missed = beat_due && BEATS_MISSED_MAX.saturating_mul(room.limits.heartbeat_ms) <= silent;
    if missed || (inactivity_ms != 0 && inactivity_ms <= silent) {
        let error = ProtocolError::new(Code::ConnectionTimeout, "nothing was heard for too long");
        return room.disconnect(cx, id, None, error);
    }
    if beat_due {
        it.pinged_at = now;
        cx.effects.save(id);
        cx.tell(id, None, Event::Ping);
    }
    // Prompted once; from then on only the end of the time to renew matters.
    if expired && prompted.is_none_or(|by| by <= now) {
        renewal::prompt(room, cx, id, None, Prompted::ByTime);
    }
}

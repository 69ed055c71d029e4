//! Time passing over sessions: silence, expired tokens, typing that ended.

use std::collections::BTreeMap;

use super::{Room, Turn, session, typing};
use crate::message::{Code, Millis, Refusal, SessionId};

/// Looks at every session, if any can be due.
pub(super) fn sweep(room: &mut Room, turn: &mut Turn, heard: &BTreeMap<SessionId, Millis>) {
    if !room.sweep_is_due(turn.stamp.at) {
        return;
    }
    let ids: Vec<SessionId> = room.sessions.keys().copied().collect();
    for id in ids {
        look_at(room, turn, id, heard.get(&id).copied());
    }
    let inactivity_ms = room.limits.inactivity_ms;
    room.sweep_at = room.sessions.values().filter_map(|it| it.due_at(inactivity_ms)).min();
}

fn look_at(room: &mut Room, turn: &mut Turn, id: SessionId, heard_at: Option<Millis>) {
    let now = turn.stamp.at;
    let inactivity_ms = room.limits.inactivity_ms;
    let Some(it) = room.sessions.get_mut(&id) else { return };
    it.heard_at = heard_at.map_or(it.heard_at, |at| at.max(it.heard_at));
    let (silent, expired) = (now.since(it.heard_at), it.has_expired(now));
    let prompted = it.renew_by;
    let typed_out = it.typing_until.is_some_and(|until| until <= now);
    if inactivity_ms != 0 && inactivity_ms <= silent {
        let refusal = Refusal::new(Code::ConnectionTimeout, "nothing was heard for too long");
        return room.expel(turn, id, None, refusal);
    }
    if typed_out {
        typing::stop(room, turn, id);
    }
    // Prompted once; from then on only the end of the time to renew matters.
    if expired && prompted.is_none_or(|by| by <= now) {
        session::prompt(room, turn, id, None);
    }
}

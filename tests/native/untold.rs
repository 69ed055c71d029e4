//! Who is told nothing of a room: whose token has expired, until another one is shown (R17), and who is
//! banned (Z2).

use std::collections::BTreeMap;

use dormouse::kernel::{Connection, Room};
use dormouse::message::{ConnectionId, Millis};
use dormouse::protocol::{Frame, msgpack};
use serde_json::Value;

use crate::support::{FakeSockets, Seen};

/// What such a connection may be told: why it is refused, that it is asked for a token, whether it is
/// still there, and its end.
const TOLD: &[&str] = &["error", "reauth", "ping", "closing", "detached"];
/// And how its `auth` went, where it is closed for another reason at once.
const RENEWED: &[&str] = &["auth", "response"];

/// [Z2] Nobody who is banned is told anything.
pub(crate) fn assert_banned_are_detached(room: &Room, now: Millis) {
    let banned = |it: &Connection| room.lets_in(&it.member.id, now).is_err();
    assert!(room.connections().all(|it| it.is_detached || !banned(it)));
}

/// Those whose token has expired, and how much each has been told by now.
pub(crate) fn expired(sockets: &FakeSockets, now: Millis) -> BTreeMap<ConnectionId, usize> {
    let stored = sockets.stored().into_iter().map(|(_, it)| it);
    let expired: Vec<ConnectionId> =
        stored.filter(|it| it.has_expired(now)).map(|it| it.id).collect();
    if expired.is_empty() {
        return BTreeMap::new();
    }
    let seen = sockets.all_seen();
    expired.into_iter().map(|it| (it, seen.get(&it).map_or(0, Vec::len))).collect()
}

/// [R17] What those were told since who were not renewed.
pub(crate) fn assert_nothing_told(
    sockets: &FakeSockets,
    before: &BTreeMap<ConnectionId, usize>,
    now: Millis,
) {
    if before.is_empty() {
        return;
    }
    let (seen, stored) = (sockets.all_seen(), sockets.stored());
    let is_renewed =
        |id: &ConnectionId| stored.iter().any(|(_, it)| it.id == *id && !it.has_expired(now));
    for (id, told) in before.iter().filter(|(id, _)| !is_renewed(id)) {
        for it in seen.get(id).into_iter().flatten().skip(*told) {
            let Seen::Frame(frame) = it else { continue };
            for one in messages(frame) {
                let kind = one["type"].as_str().unwrap_or_default();
                let is_gone = !sockets.is_open(*id) && RENEWED.contains(&kind);
                assert!(
                    TOLD.contains(&kind) || is_gone,
                    "told without a token that is good: {one}"
                );
            }
        }
    }
}

/// The messages in a frame.
fn messages(frame: &Frame) -> Vec<Value> {
    let one: Value = match frame {
        Frame::Text(text) => serde_json::from_str(text).unwrap(),
        Frame::Binary(bytes) => serde_json::from_str(&msgpack::to_json(bytes).unwrap()).unwrap(),
    };
    match one {
        Value::Array(all) => all,
        one if one["type"] == "batch" => one["data"].as_array().unwrap().clone(),
        one => vec![one],
    }
}

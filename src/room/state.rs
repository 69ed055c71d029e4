//! Values a room keeps under keys: the log says how they changed, the state what they are.

use super::asker::Asker;
use super::{Effect, Grant, Receipt, Room, Turn, chat};
use crate::limits::{STATE_BYTES_MAX, STATE_KEYS_MAX};
use crate::message::{Body, Code, Json, Published, Refusal, StateKey};

pub(super) fn set(
    room: &mut Room,
    turn: &mut Turn,
    asker: &Asker,
    key: &StateKey,
    value: Json,
    receipt: Option<Receipt>,
) {
    let set = asker
        .needs(Grant::Send, "this token does not allow sending here")
        .map(|()| Published::state(key, value))
        .and_then(|event| match receipt {
            // A resend changes nothing, however full the room is by now.
            Some(_) => Ok(event),
            None => fits(room, key, &event.data).map(|()| event),
        });
    match set {
        Err(refusal) => turn.refuse_asker(asker, refusal),
        Ok(event) => {
            let head = room.head;
            let length = event.data.as_str().len();
            let is_null = event.data.is_null();
            chat::post(room, turn, asker, Body::Event(event), None, receipt);
            if room.head == head {
                return; // A resend, or too fast.
            }
            if is_null {
                room.states.remove(key.as_str());
            } else {
                room.states.insert(key.as_str().to_owned(), length);
            }
        }
    }
}

/// The state is told whole, in one frame, to whoever asks.
fn fits(room: &Room, key: &StateKey, value: &Json) -> Result<(), Refusal> {
    if value.is_null() {
        return Ok(());
    }
    let others = room.states.iter().filter(|(it, _)| *it != key.as_str());
    let (count, bytes) =
        others.fold((1, 0), |(count, bytes), (it, length)| (count + 1, bytes + it.len() + length));
    let bytes = bytes + key.as_str().len() + value.as_str().len();
    if count <= STATE_KEYS_MAX && bytes <= STATE_BYTES_MAX { Ok(()) } else { Err(FULL) }
}

const FULL: Refusal =
    Refusal::new(Code::Conflict, "a room keeps at most 1,000 keys, of 512 KiB together");

pub(super) fn snapshot(turn: &mut Turn, asker: &Asker) {
    let allowed = asker.needs(Grant::History, "this token does not allow reading history here");
    if let Err(refusal) = allowed {
        return turn.refuse_asker(asker, refusal);
    }
    let reveal = turn.reveal(asker);
    turn.effects.push(Effect::Snapshot(reveal));
}

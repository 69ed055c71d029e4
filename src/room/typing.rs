//! Who is typing: never stored, and expired by the room, because a client that
//! vanishes cannot say that it stopped.

use super::counts::Pool;
use super::principal::Principal;
use super::{Grant, Room, Turn};
use crate::message::{Refusal, SessionId};
use crate::room::Event;

/// How finely the end of typing is measured: a 20th of it, so that one who types is not
/// stored anew with each key.
const UNTIL_STEPS: u64 = 20;

pub(crate) fn set(room: &mut Room, turn: &mut Turn, principal: &Principal, typing: bool) {
    let allowed = principal.needs(Grant::Send, "this token does not allow sending here");
    if let Err(refusal) = allowed {
        return turn.refuse_principal(principal, refusal);
    }
    // A caller over HTTP has no socket whose end would end its typing.
    let Some(id) = principal.session else {
        return turn.refuse_principal(principal, Refusal::invalid("typing needs a connection"));
    };
    if !room.admits(turn, principal, Pool::Typing) {
        return;
    }
    let (now, typing_ms) = (turn.stamp.at, room.limits.typing_ms);
    let until = typing.then(|| now.plus(typing_ms).round_up(typing_ms / UNTIL_STEPS));
    let Some(session) = room.sessions.get_mut(&id) else { return };
    if session.typing_until != until {
        session.typing_until = until;
        turn.effects.remember(id);
    }
    room.sweep_no_later_than(until);
    tell_others(room, turn, id, typing);
}

/// Stops a session that is typing, and tells the others.
pub(crate) fn stop(room: &mut Room, turn: &mut Turn, id: SessionId) {
    let Some(session) = room.sessions.get_mut(&id) else { return };
    if session.typing_until.take().is_some() {
        turn.effects.remember(id);
        tell_others(room, turn, id, false);
    }
}

fn tell_others(room: &Room, turn: &mut Turn, id: SessionId, typing: bool) {
    let Some(user) = room.session(id).map(|it| it.member.id.clone()) else { return };
    // It says who is here.
    room.announce(turn, Some(id), Event::Typing { user, typing });
}

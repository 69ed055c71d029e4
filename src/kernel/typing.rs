//! Who is typing: never stored, and expired by the room, because a client that
//! vanishes cannot say that it stopped.

use super::counts::Pool;
use super::principal::Principal;
use super::{Context, Grant, Room};
use crate::kernel::Event;
use crate::message::{ConnectionId, ProtocolError};

/// How finely the end of typing is measured: a 20th of it, so that one who types is not
/// stored anew with each key.
const UNTIL_STEPS: u64 = 20;

pub(crate) fn set(room: &mut Room, cx: &mut Context, principal: &Principal, typing: bool) {
    let allowed = principal.needs(Grant::Send, "this token does not allow sending here");
    if let Err(refusal) = allowed {
        return cx.refuse_principal(principal, refusal);
    }
    // A caller over HTTP has no socket whose end would end its typing.
    let Some(id) = principal.session else {
        return cx.refuse_principal(principal, ProtocolError::invalid("typing needs a connection"));
    };
    if !room.admits(cx, principal, Pool::Typing) {
        return;
    }
    let (now, typing_ms) = (cx.stamp.at, room.limits.typing_ms);
    let until = typing.then(|| now.plus(typing_ms).round_up(typing_ms / UNTIL_STEPS));
    let Some(session) = room.sessions.get_mut(&id) else { return };
    if session.typing_until != until {
        session.typing_until = until;
        cx.effects.save(id);
    }
    room.sweep_no_later_than(until);
    tell_others(room, cx, id, typing);
}

/// Stops a session that is typing, and tells the others.
pub(crate) fn stop(room: &mut Room, cx: &mut Context, id: ConnectionId) {
    let Some(session) = room.sessions.get_mut(&id) else { return };
    if session.typing_until.take().is_some() {
        cx.effects.save(id);
        tell_others(room, cx, id, false);
    }
}

fn tell_others(room: &Room, cx: &mut Context, id: ConnectionId, typing: bool) {
    let Some(user) = room.session(id).map(|it| it.member.id.clone()) else { return };
    // It says who is here.
    room.announce(cx, Some(id), Event::Typing { user, typing });
}

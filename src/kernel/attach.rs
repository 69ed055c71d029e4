//! Hearing the room, or not: a connection may be told the log from another place, or nothing.

use super::principal::Principal;
use super::{Connection, Context, Grant, Room, behind, members, presence, topics};
use crate::close::Detached;
use crate::kernel::Event;
use crate::limits::FETCH_MS;
use crate::message::{Code, ConnectionId, Following, ProtocolError, Reply, Welcome};

const NO_SOCKET: ProtocolError = ProtocolError::invalid("only a connection is told the log");

/// The token leads elsewhere.
pub(super) const NOT_HERE: ProtocolError =
    ProtocolError::new(Code::PermissionDenied, "this token does not lead to this room");

/// From now on it is told the log as it asks: what it was told before is over.
pub(crate) fn attach(
    room: &mut Room,
    cx: &mut Context,
    principal: &Principal,
    Following { topics, position, rewind, is_absent, .. }: Following,
) {
    let Some(connection) = principal.connection.and_then(|id| room.connection(id)) else {
        return cx.refuse_principal(principal, NO_SOCKET);
    };
    if !connection.grants.has(Grant::Join) {
        return cx.refuse_principal(principal, NOT_HERE);
    }
    if let Err(error) = room.lets_in(&connection.member.id, cx.clock.at) {
        return cx.refuse_principal(principal, error);
    }
    if let Err(error) = topics::bounded(topics.as_deref().unwrap_or_default()) {
        return cx.refuse_principal(principal, error);
    }
    let (id, was_present) = (connection.id, connection.is_present());
    let asked = Connection {
        topics,
        rewind,
        asked: position,
        not_resumed: None,
        behind: None,
        is_detached: false,
        is_absent,
        is_stale: false,
        ..connection.clone()
    };
    if !asked.fits_attachment() {
        return cx.refuse_principal(principal, topics::TOO_LONG);
    }
    let connection = behind::begin(room, asked);
    let welcome = presence::welcome(room, &connection);
    room.behind.remove(id);
    room.behind.enter(&connection, cx.clock.at.plus(FETCH_MS));
    let data = room.resubscribe(id, |it| {
        *it = Connection { asked: None, not_resumed: None, rewind: None, ..connection };
        it.shows.take_if(|_| is_absent)
    });
    cx.effects.save(id);
    let welcome = Welcome { presence: members::mode(room), ..welcome };
    cx.answer(principal, Event::Reply(Reply::Attached(Box::new(welcome))));
    match (was_present, is_absent) {
        (true, true) => presence::vanished(room, cx, principal.member.clone(), data.flatten()),
        (false, false) => presence::appeared(room, cx, id, false),
        _ => {}
    }
}

/// It hears nothing any more, and can ask nothing, until it attaches again.
pub(crate) fn detach(room: &mut Room, cx: &mut Context, principal: &Principal) {
    let Some(id) = principal.connection else { return cx.refuse_principal(principal, NO_SOCKET) };
    leave(room, cx, id);
    cx.answer(principal, Event::Reply(Reply::Detached));
}

fn leave(room: &mut Room, cx: &mut Context, id: ConnectionId) {
    room.features.detached(room, cx, id);
    room.behind.remove(id);
    let left = room.resubscribe(id, |it| {
        let was_present = it.is_present();
        (it.behind, it.is_detached) = (None, true);
        was_present.then(|| it.shows.take())
    });
    cx.effects.save(id);
    let member = room.connection(id).map(|it| it.member.clone());
    if let (Some(data), Some(member)) = (left.flatten(), member) {
        presence::vanished(room, cx, member, data);
    }
}

/// The same by no wish of its own: it is told why, and whether it may attach again, within how many
/// milliseconds. Its socket stays. One that is detached already is told nothing.
pub(crate) fn end(
    room: &mut Room,
    cx: &mut Context,
    id: ConnectionId,
    error: ProtocolError,
    reattach: Option<u64>,
) {
    if room.connection(id).is_some_and(|it| !it.is_detached) {
        leave(room, cx, id);
        cx.tell(id, None, Event::Detached(Detached { error, reattach }));
    }
}

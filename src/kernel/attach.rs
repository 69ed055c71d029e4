//! Hearing the room, or not: a connection may be told the log from another place, or nothing.

use super::principal::Principal;
use super::{Connection, Context, Room, behind, presence, topics};
use crate::kernel::Event;
use crate::limits::FETCH_MS;
use crate::message::{Following, ProtocolError, Reply};

const NO_SOCKET: ProtocolError = ProtocolError::invalid("only a connection is told the log");

/// From now on it is told the log as it asks: what it was told before is over.
pub(crate) fn attach(
    room: &mut Room,
    cx: &mut Context,
    principal: &Principal,
    Following { topics, position, rewind }: Following,
) {
    let Some(connection) = principal.connection.and_then(|id| room.connection(id)) else {
        return cx.refuse_principal(principal, NO_SOCKET);
    };
    let id = connection.id;
    let asked = Connection {
        topics,
        rewind,
        asked: position,
        not_resumed: None,
        behind: None,
        is_detached: false,
        ..connection.clone()
    };
    if !asked.fits_attachment() {
        return cx.refuse_principal(principal, topics::TOO_LONG);
    }
    let connection = behind::begin(room, asked);
    let welcome = presence::welcome(room, &connection);
    room.behind.remove(id);
    room.behind.enter(&connection, cx.clock.at.plus(FETCH_MS));
    room.resubscribe(id, |it| {
        *it = Connection { asked: None, not_resumed: None, rewind: None, ..connection };
    });
    cx.effects.save(id);
    cx.answer(principal, Event::Reply(Reply::Attached(Box::new(welcome))));
}

/// It hears nothing any more, and can ask nothing, until it attaches again.
pub(crate) fn detach(room: &mut Room, cx: &mut Context, principal: &Principal) {
    let Some(id) = principal.connection else { return cx.refuse_principal(principal, NO_SOCKET) };
    room.behind.remove(id);
    room.resubscribe(id, |it| (it.behind, it.is_detached) = (None, true));
    cx.effects.save(id);
    cx.answer(principal, Event::Reply(Reply::Detached));
}

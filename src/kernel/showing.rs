//! What clients say of their own presence: that they are here, or no longer, and as what (N34, N35).

use super::principal::Principal;
use super::{Connection, Context, Room, members, presence};
use crate::kernel::Event;
use crate::message::{Change, Code, Json, ProtocolError, Reply};

const NO_SOCKET: ProtocolError = ProtocolError::invalid("only a connection is present");
const NOT_PRESENT: ProtocolError =
    ProtocolError::new(Code::Conflict, "this connection is not present: enter first");
const NO_ROOM: ProtocolError =
    ProtocolError::new(Code::Conflict, "this connection has no room for so much");

/// A connection enters, leaves, or says something else of its user.
pub(crate) fn show(
    room: &mut Room,
    cx: &mut Context,
    principal: &Principal,
    change: Change,
    data: Option<Json>,
) {
    let Some(id) = principal.connection else { return cx.refuse_principal(principal, NO_SOCKET) };
    let is_present = room.connection(id).is_some_and(Connection::is_present);
    if change == Change::Update && !is_present {
        return cx.refuse_principal(principal, NOT_PRESENT);
    }
    if change != Change::Leave && !room.admits_broadcast(cx, principal) {
        return;
    }
    // Who leaves may say so with their last words.
    if (change != Change::Leave || (is_present && data.is_some()))
        && !members::keep(room, cx, id, data)
    {
        return cx.refuse_principal(principal, NO_ROOM);
    }
    let user = &principal.member.id;
    match change {
        Change::Leave if is_present => {
            let data = room.connections.get_mut(&id).and_then(|it| {
                it.is_absent = true;
                it.shows.take()
            });
            presence::vanished(room, cx, principal.member.clone(), data);
        }
        Change::Leave => {}
        _ if is_present => members::changed(room, cx, None, Change::Update, user),
        Change::Join | Change::Update | Change::Sync => {
            if let Some(it) = room.connections.get_mut(&id) {
                it.is_absent = false;
            }
            presence::appeared(room, cx, id, true);
        }
    }
    cx.effects.save(id);
    cx.answer(principal, Event::Reply(Reply::Said));
}

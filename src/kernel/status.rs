//! What a room and a connection say of themselves.

use litemap::LiteMap;

use super::principal::Principal;
use super::{Connection, Context, Grant, Room};
use crate::kernel::Event;
use crate::message::{ConnectionId, Millis, ProtocolError, Reply, Stats, Status};
use crate::rates::Quota;

/// Since it last said something, in milliseconds, a connection counts as active.
const ACTIVE_MS: u64 = 60_000;

pub(crate) fn stats(room: &Room, cx: &mut Context, principal: &Principal) {
    if let Err(error) =
        principal.needs(Grant::Presence, "this token does not allow seeing who is here")
    {
        return cx.refuse_principal(principal, error);
    }
    let stats = Stats {
        connections: room.connections.len() as u64,
        users: room.users.len() as u64,
        offset: room.head,
        epoch: room.epoch.clone(),
    };
    cx.answer(principal, Event::Reply(Reply::Stats(stats)));
}

pub(crate) fn status(room: &Room, cx: &mut Context, principal: &Principal) {
    let Some(connection) = principal.connection.and_then(|id| room.connection(id)) else {
        return cx
            .refuse_principal(principal, ProtocolError::invalid("a status needs a connection"));
    };
    let quota = Quota::per_minute(room.limits.messages_per_minute);
    let status = Status {
        connection: connection.id,
        client: connection.client.clone(),
        connected_at: connection.joined_at,
        received: connection.received,
        received_this_minute: connection.messages.count(quota, cx.clock.at),
        limit_per_minute: quota.count,
    };
    cx.answer(principal, Event::Reply(Reply::Status(Box::new(status))));
}

/// Open connections, and how many of them said something of late, pings that the platform
/// answered included.
pub(crate) fn connections(
    room: &Room,
    now: Millis,
    heard: &LiteMap<ConnectionId, Millis>,
) -> (u64, u64) {
    let last = |it: &Connection| heard.get(&it.id).map_or(it.heard_at, |at| it.heard_at.max(*at));
    let active = room.connections.values().filter(|it| now.since(last(it)) < ACTIVE_MS).count();
    (room.connections.len() as u64, active as u64)
}

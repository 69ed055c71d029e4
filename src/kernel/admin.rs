//! What takes the grant `admin`: closing others' connections, forgetting everything.

use super::principal::Principal;
use super::{Connection, Context, Counts, Effect, Grant, Room, StoredRoom, Write, attach};
use crate::close::CloseCode;
use crate::feature::{ConnectionParts, Known};
use crate::kernel::Event;
use crate::message::{
    Code, ConnectionId, Drain, Epoch, Kicked, Millis, ProtocolError, Reply, Revocation,
};

/// Within how many milliseconds those come back whose room was erased: as many as may be in one are
/// no more than some a millisecond then.
const REATTACH_MS: u64 = 1000;

const RESTARTS: ProtocolError =
    ProtocolError::new(Code::Unavailable, "this server is about to restart; connect again");

pub(crate) fn kick(room: &mut Room, cx: &mut Context, principal: &Principal, whom: &Kicked) {
    if let Err(error) =
        principal.needs(Grant::Admin, "this token does not allow closing connections")
    {
        return cx.refuse_principal(principal, error);
    }
    let is_meant = |id: ConnectionId, user: &crate::message::UserId| match whom {
        Kicked::Connection(connection) => id == *connection,
        Kicked::User(name) => user == name,
    };
    let connections = room.connections.values();
    let kicked: Vec<ConnectionId> =
        connections.filter(|it| is_meant(it.id, &it.member.id)).map(|it| it.id).collect();
    if kicked.is_empty() {
        return cx.refuse_principal(
            principal,
            ProtocolError::new(Code::NotFound, "nobody of this name is here"),
        );
    }
    for id in &kicked {
        let follows = room.connection(*id).is_some_and(Connection::can_fall_behind);
        let error = if follows {
            ProtocolError::denied("an administrator closed this")
        } else {
            ProtocolError::denied("this connection was closed by an administrator")
        };
        put_out(room, cx, *id, error);
    }
    cx.answer(principal, Event::Reply(Reply::Kicked(kicked.len() as u64)));
}

/// Ends a connection for good: its socket is closed; where it follows the log, it is detached instead,
/// and not asked back.
pub(crate) fn put_out(room: &mut Room, cx: &mut Context, id: ConnectionId, error: ProtocolError) {
    if room.connection(id).is_some_and(Connection::can_fall_behind) {
        attach::end(room, cx, id, error, None);
    } else {
        room.disconnect(cx, id, None, error);
    }
}

/// Closes some of the connections that were there at a time, those that came first, so that their
/// clients come back elsewhere, each after a time of its own.
pub(crate) fn drain(room: &mut Room, cx: &mut Context, principal: &Principal, drain: Drain) {
    if let Err(error) =
        principal.needs(Grant::Admin, "this token does not allow closing connections")
    {
        return cx.refuse_principal(principal, error);
    }
    let Drain { before, limit } = drain;
    let there = room.connections.values().filter(|it| it.joined_at <= before);
    let mut there: Vec<(Millis, ConnectionId)> = there.map(|it| (it.joined_at, it.id)).collect();
    there.sort_unstable();
    let kicked = there.len().min(limit as usize);
    for (_, id) in there.iter().take(kicked) {
        room.disconnect_with(cx, *id, None, CloseCode::Restart, RESTARTS);
    }
    let (kicked, left) = (kicked as u64, (there.len() - kicked) as u64);
    cx.answer(principal, Event::Reply(Reply::Drained { kicked, left }));
}

/// Closes the connections that these mean, for those with another token to come back.
pub(crate) fn revoke(room: &mut Room, cx: &mut Context, principal: &Principal, all: &[Revocation]) {
    let error = |it: &Connection| {
        let shown = it.shown()?;
        let meant = || all.iter().filter(|one| one.covers(&it.member.id, shown, it.joined_at));
        meant().find(|it| it.is_for_good()).or_else(|| meant().next()).map(Revocation::error)
    };
    let connections = room.connections.values();
    let ended: Vec<_> = connections.filter_map(|it| Some((it.id, error(it)?))).collect();
    let kicked = ended.len() as u64;
    for (id, error) in ended {
        room.disconnect(cx, id, None, error);
    }
    cx.answer(principal, Event::Reply(Reply::Kicked(kicked)));
}

pub(crate) fn erase(room: &mut Room, cx: &mut Context, principal: &Principal) {
    if let Err(error) = principal.needs(Grant::Admin, "this token does not allow erasing this room")
    {
        return cx.refuse_principal(principal, error);
    }
    room.features.erasing(room);
    let connections: Vec<ConnectionId> = room.connections.keys().copied().collect();
    for id in connections {
        let error = ProtocolError::new(Code::NotFound, "this room was erased");
        if room.connection(id).is_some_and(Connection::can_fall_behind) {
            attach::end(room, cx, id, error, Some(REATTACH_MS));
        } else {
            room.disconnect(cx, id, None, error);
        }
    }
    // Offsets begin anew, so the log is another one.
    room.begin_anew(&Epoch(cx.clock.new_id().simple().to_string()));
    for id in room.connections.keys() {
        cx.effects.save(*id);
    }
    cx.effects.push(Effect::Write(Write::Erase(room.epoch.clone())));
    cx.answer(principal, Event::Reply(Reply::Erased));
}

impl Room {
    /// Becomes what a wake would make of an empty log, so that nothing of the room is left in
    /// memory, whatever a feature keeps there. What stays is not the room's content: connects by
    /// address, what is still to be reported, what an operator set, whether another room wants to
    /// know how this one is, and which cache its documents are in.
    fn begin_anew(&mut self, epoch: &Epoch) {
        let blank = StoredRoom::blank(epoch.clone());
        // Those that are still there were told, and come to this log when they attach.
        let there = std::mem::take(&mut self.connections).into_iter().map(|(_, it)| Connection {
            epoch: Some(epoch.clone()),
            counts: Counts::default(),
            share: Counts::default(),
            own: ConnectionParts::default(),
            ..it
        });
        let anew = Self::with_features(self.kind, self.limits, blank, there, self.features);
        let old = std::mem::replace(self, anew);
        (self.addresses, self.tally, self.config) = (old.addresses, old.tally, old.config);
        self.own = old.own.erased();
    }
}

//! What takes the grant `admin`: closing others' connections, forgetting everything.

use super::principal::Principal;
use super::{Context, Effect, Grant, Room, StoredRoom, Write};
use crate::feature::Known;
use crate::kernel::Event;
use crate::message::{Code, ConnectionId, Epoch, Kicked, ProtocolError, Reply};

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
        let error = ProtocolError::denied("this connection was closed by an administrator");
        room.disconnect(cx, *id, None, error);
    }
    cx.answer(principal, Event::Reply(Reply::Kicked(kicked.len() as u64)));
}

pub(crate) fn erase(room: &mut Room, cx: &mut Context, principal: &Principal) {
    if let Err(error) = principal.needs(Grant::Admin, "this token does not allow erasing this room")
    {
        return cx.refuse_principal(principal, error);
    }
    room.features.erasing(room);
    let connections: Vec<ConnectionId> = room.connections.keys().copied().collect();
    for id in connections {
        room.disconnect(cx, id, None, ProtocolError::new(Code::NotFound, "this room was erased"));
    }
    // Offsets begin anew, so the log is another one.
    room.begin_anew(Epoch(cx.clock.new_id().simple().to_string()));
    cx.effects.push(Effect::Write(Write::Erase(room.epoch.clone())));
    cx.answer(principal, Event::Reply(Reply::Erased));
}

impl Room {
    /// Becomes what a wake would make of an empty log, so that nothing of the room is left in
    /// memory, whatever a feature keeps there. What stays is not the room's content: connects by
    /// address, what is still to be reported, what an operator set, whether another room wants to
    /// know how this one is, and which cache its documents are in.
    fn begin_anew(&mut self, epoch: Epoch) {
        let anew = Self::with_features(
            self.kind,
            self.limits,
            StoredRoom::blank(epoch),
            [],
            self.features,
        );
        let old = std::mem::replace(self, anew);
        (self.addresses, self.tally, self.config) = (old.addresses, old.tally, old.config);
        self.own = old.own.erased();
    }
}

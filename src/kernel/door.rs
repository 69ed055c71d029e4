//! Sockets that come in, and those that are put out.

use super::{Connection, Context, Effect, Room, attach, behind, presence};
use crate::close::CloseCode;
use crate::message::{Code, ConnectionId, Millis, ProtocolError, RequestId};

const GONE: ProtocolError =
    ProtocolError::new(Code::Unavailable, "the log no longer has what comes next");

impl Room {
    /// Closes a socket that does not keep up. Nothing is said on it: it would only wait
    /// behind all that waits there already. One that follows the log is told the rest from there.
    pub(crate) fn disconnect_slow(&mut self, cx: &mut Context, id: ConnectionId) {
        let follows = self.connections.get(&id).filter(|it| it.can_fall_behind());
        // What is in no log cannot be told later.
        if follows.is_some_and(|it| it.is_live() && !it.own.hears_apart()) {
            return behind::fall(self, cx, id);
        }
        let is_left_behind = self.left_behind().contains(&id);
        if follows.is_some() && is_left_behind {
            return attach::end(self, cx, id, GONE, Some(0));
        }
        if self.connections.contains_key(&id) {
            let slow = "this connection is too slow for what is said";
            let reason = if is_left_behind { GONE.message } else { slow.into() };
            cx.effects.push(Effect::Close { connection: id, code: CloseCode::TryLater, reason });
            presence::left(self, cx, id);
        }
    }

    pub(crate) fn enter(&mut self, connection: Connection) {
        self.sweep_no_later_than(connection.due_at(&self.limits));
        let expires_at = connection.expires_at.filter(|_| connection.renew_by.is_none());
        self.expiry_at = self.expiry_at.into_iter().chain(expires_at).min();
        self.features.entered(self, &connection);
        self.users.entry(connection.member.id.clone()).or_default().insert(connection.id);
        self.subscriptions.enter(&connection);
        self.behind.enter(&connection, Millis(0));
        self.connections.insert(connection.id, connection);
    }

    pub(crate) fn sweep_no_later_than(&mut self, due: Option<Millis>) {
        self.sweep_at = self.sweep_at.into_iter().chain(due).min();
    }

    /// Says why, closes the socket, and lets the connection go at once: what still
    /// arrives on it finds nobody.
    pub(crate) fn disconnect(
        &mut self,
        cx: &mut Context,
        id: ConnectionId,
        request_id: Option<RequestId>,
        error: ProtocolError,
    ) {
        if !self.connections.contains_key(&id) {
            return;
        }
        let code = CloseCode::of(&error);
        self.disconnect_with(cx, id, request_id, code, error);
    }

    /// The same, with a code that does not follow from the error.
    pub(crate) fn disconnect_with(
        &mut self,
        cx: &mut Context,
        id: ConnectionId,
        request_id: Option<RequestId>,
        code: CloseCode,
        error: ProtocolError,
    ) {
        let reason = error.message.clone();
        cx.refuse(id, request_id, error);
        cx.effects.push(Effect::Close { connection: id, code, reason });
        presence::left(self, cx, id);
    }
}

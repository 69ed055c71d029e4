//! The way of a request: who asks, whether they may, and who serves it.

use super::principal::Principal;
use super::renewal::Prompted;
use super::{
    Command, Context, Duplicate, Event, Request, Room, admin, attach, behind, chat, kinds, members,
    presence, renewal, showing, status, topics,
};
use crate::feature::Ask;
use crate::message::{Code, ConnectionId, ProtocolError};

const CONNECT_FIRST: ProtocolError = ProtocolError::new(Code::Conflict, "connect first");

const NOT_ATTACHED: ProtocolError =
    ProtocolError::new(Code::NotFound, "this connection is not attached to the room");

/// Whether it is about the room, in which who asks must be for it.
fn needs_room(command: &Command) -> bool {
    !matches!(
        command,
        Command::Ping | Command::Pong | Command::Authenticate { .. } | Command::Attach(_)
    )
}

impl Room {
    pub(crate) fn received(
        &mut self,
        cx: &mut Context,
        id: ConnectionId,
        request: Request,
        duplicate: Option<Duplicate>,
    ) {
        let counted = request.counted();
        let Request { request_id, command } = request;
        let Some(principal) = self.admits_frame(cx, id, request_id, counted) else { return };
        if principal.has_expired {
            return renewal::prompt(self, cx, id, principal.request_id, Prompted::ByRequest);
        }
        if !matches!(command, Ok(Command::Ping | Command::Pong)) {
            self.features.spoke(self, cx, id);
        }
        if self.connection(id).is_some_and(|it| it.is_detached)
            && command.as_ref().is_ok_and(needs_room)
        {
            return cx.refuse(id, principal.request_id, NOT_ATTACHED);
        }
        let is_first = matches!(&command, Ok(Command::Feature(it)) if it.introduces());
        if !principal.is_introduced && command.is_ok() && !is_first {
            return cx.refuse(id, principal.request_id, CONNECT_FIRST);
        }
        self.carry_out(cx, &principal, command, duplicate);
    }

    pub(crate) fn carry_out(
        &mut self,
        cx: &mut Context,
        principal: &Principal,
        command: Result<Command, ProtocolError>,
        duplicate: Option<Duplicate>,
    ) {
        let command = match command {
            Err(error) => return cx.refuse_principal(principal, error),
            // Over HTTP only what a room serves can be asked.
            Ok(command)
                if principal.connection.is_some() && !kinds::serves(self.kind, &command) =>
            {
                return cx.refuse_principal(principal, kinds::UNKNOWN);
            }
            Ok(command) => command,
        };
        match command {
            Command::Ping => cx.answer(principal, Event::Pong),
            // Hearing it was all there is to it.
            Command::Pong => {}
            // The edge verifies tokens and sends `Input::Renewed` instead.
            Command::Authenticate { .. } => cx.refuse_principal(principal, ProtocolError::system()),
            Command::Publish(it) => chat::publish(self, cx, principal, it, duplicate),
            Command::Subscribe(topics) => topics::subscribe(self, cx, principal, topics),
            Command::Unsubscribe(topics) => topics::unsubscribe(self, cx, principal, topics),
            Command::History(page) => chat::history(self, cx, principal, page),
            Command::Presence => presence::list(self, cx, principal),
            Command::Members(limit, cursor) => {
                members::list(self, cx, principal, limit, cursor.as_deref());
            }
            Command::Show(change, data) => showing::show(self, cx, principal, change, data),
            Command::Subscriptions => topics::list(self, cx, principal),
            Command::Position => behind::position(self, cx, principal),
            Command::Attach(it) => attach::attach(self, cx, principal, *it),
            Command::Detach => attach::detach(self, cx, principal),
            Command::Stats => status::stats(self, cx, principal),
            Command::Status => status::status(self, cx, principal),
            Command::Kick(whom) => admin::kick(self, cx, principal, &whom),
            Command::Drain(it) => admin::drain(self, cx, principal, it),
            Command::Revoke(all) => admin::revoke(self, cx, principal, &all),
            Command::Erase => admin::erase(self, cx, principal),
            Command::Feature(it) => self.features.handle(self, cx, principal, it, duplicate),
        }
    }
}

//! The way of a request: who asks, whether they may, and who serves it.

use super::principal::Principal;
use super::{
    Command, Event, Receipt, Request, Room, Turn, admin, chat, kinds, presence, session, state,
    status, topics, typing,
};
use crate::feature::Ask;
use crate::message::{Code, Refusal, SessionId};

const CONNECT_FIRST: Refusal = Refusal::new(Code::Conflict, "connect first");

impl Room {
    pub(crate) fn received(
        &mut self,
        turn: &mut Turn,
        id: SessionId,
        request: Request,
        receipt: Option<Receipt>,
    ) {
        let rate = request.rate();
        let Request { request_id, command } = request;
        let Some(principal) = self.admits_frame(turn, id, request_id, rate) else { return };
        if principal.has_expired {
            return session::prompt(self, turn, id, principal.request_id);
        }
        if !matches!(command, Ok(Command::Ping | Command::Pong)) {
            self.features.spoke(self, turn, id);
        }
        let is_first = matches!(&command, Ok(Command::Feature(it)) if it.introduces());
        if !principal.is_introduced && command.is_ok() && !is_first {
            return turn.refuse(id, principal.request_id, CONNECT_FIRST);
        }
        self.carry_out(turn, &principal, command, receipt);
    }

    pub(crate) fn carry_out(
        &mut self,
        turn: &mut Turn,
        principal: &Principal,
        command: Result<Command, Refusal>,
        receipt: Option<Receipt>,
    ) {
        let command = match command {
            Err(refusal) => return turn.refuse_principal(principal, refusal),
            // Over HTTP only what a room serves can be asked.
            Ok(command) if principal.session.is_some() && !kinds::serves(self.kind, &command) => {
                return turn.refuse_principal(principal, kinds::UNKNOWN);
            }
            Ok(command) => command,
        };
        match command {
            Command::Ping => turn.answer(principal, Event::Pong),
            // Hearing it was all there is to it.
            Command::Pong => {}
            // The edge verifies tokens and sends `Input::Renewed` instead.
            Command::Authenticate { .. } => turn.refuse_principal(principal, Refusal::system()),
            Command::Say(body) => chat::say(self, turn, principal, body, receipt),
            Command::Publish { body, exclude } => {
                chat::publish(self, turn, principal, body, exclude, receipt);
            }
            Command::SetState { key, value } => {
                state::set(self, turn, principal, &key, value, receipt);
            }
            Command::Typing(typing) => typing::set(self, turn, principal, typing),
            Command::Subscribe(topics) => topics::subscribe(self, turn, principal, topics),
            Command::Unsubscribe(topics) => topics::unsubscribe(self, turn, principal, topics),
            Command::History(page) => chat::history(self, turn, principal, page),
            Command::Presence => presence::list(self, turn, principal),
            Command::Subscriptions => topics::list(self, turn, principal),
            Command::State => state::snapshot(turn, principal),
            Command::Stats => status::stats(self, turn, principal),
            Command::Status => status::status(self, turn, principal),
            Command::Kick(whom) => admin::kick(self, turn, principal, &whom),
            Command::Erase => admin::erase(self, turn, principal),
            Command::Feature(it) => self.features.handle(self, turn, principal, it, receipt),
        }
    }
}

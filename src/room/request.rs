//! The way of a request: who asks, whether they may, and who serves it.

use super::asker::Asker;
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
        let Some(asker) = self.admits_frame(turn, id, request_id, rate) else { return };
        if asker.has_expired {
            return session::prompt(self, turn, id, asker.request_id);
        }
        if !matches!(command, Ok(Command::Ping | Command::Pong)) {
            self.features.spoke(self, turn, id);
        }
        let is_first = matches!(&command, Ok(Command::Feature(it)) if it.introduces());
        if !asker.is_introduced && command.is_ok() && !is_first {
            return turn.refuse(id, asker.request_id, CONNECT_FIRST);
        }
        self.carry_out(turn, &asker, command, receipt);
    }

    pub(crate) fn carry_out(
        &mut self,
        turn: &mut Turn,
        asker: &Asker,
        command: Result<Command, Refusal>,
        receipt: Option<Receipt>,
    ) {
        let command = match command {
            Err(refusal) => return turn.refuse_asker(asker, refusal),
            // Over HTTP only what a room serves can be asked.
            Ok(command) if asker.session.is_some() && !kinds::serves(self.kind, &command) => {
                return turn.refuse_asker(asker, kinds::UNKNOWN);
            }
            Ok(command) => command,
        };
        match command {
            Command::Ping => turn.answer(asker, Event::Pong),
            // Hearing it was all there is to it.
            Command::Pong => {}
            // The edge verifies tokens and sends `Input::Renewed` instead.
            Command::Authenticate { .. } => turn.refuse_asker(asker, Refusal::system()),
            Command::Say(body) => chat::say(self, turn, asker, body, receipt),
            Command::Publish { body, exclude } => {
                chat::publish(self, turn, asker, body, exclude, receipt);
            }
            Command::SetState { key, value } => {
                state::set(self, turn, asker, &key, value, receipt);
            }
            Command::Typing(typing) => typing::set(self, turn, asker, typing),
            Command::Subscribe(topics) => topics::subscribe(self, turn, asker, topics),
            Command::Unsubscribe(topics) => topics::unsubscribe(self, turn, asker, topics),
            Command::History(page) => chat::history(self, turn, asker, page),
            Command::Presence => presence::list(self, turn, asker),
            Command::Subscriptions => topics::list(self, turn, asker),
            Command::State => state::snapshot(turn, asker),
            Command::Stats => status::stats(self, turn, asker),
            Command::Status => status::status(self, turn, asker),
            Command::Kick(whom) => admin::kick(self, turn, asker, &whom),
            Command::Erase => admin::erase(self, turn, asker),
            Command::Feature(it) => self.features.handle(self, turn, asker, it, receipt),
        }
    }
}

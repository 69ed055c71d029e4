//! What a request needs before the room can handle it: memory, what is known of the same request
//! if it came before, and what its feature looks up.

use super::{Host, Sockets};
use crate::history::History;
use crate::kernel::{Command, Duplicate, Request};
use crate::message::{ConnectionId, Dedupe, Millis, UserId};

impl<H: History, S: Sockets> Host<H, S> {
    /// A request of a connection, or of a caller over HTTP, in a frame or a body of so many bytes:
    /// the request or its refusal, and what is known of the same request if it came before.
    pub(super) fn ready(
        &mut self,
        session: Option<ConnectionId>,
        caller: Option<&UserId>,
        request: Request,
        bytes: usize,
        now: Millis,
    ) -> Result<(Request, Option<Duplicate>), H::Error> {
        let author = session.and_then(|it| self.room.session(it)).map(|it| &it.member.id);
        let duplicate = match author.or(caller) {
            Some(author) => self.recall(author, &request, now)?,
            None => None,
        };
        let wanted = self.room.wants(session, &request, duplicate.as_ref());
        let request = self.afford(session, bytes, request, wanted.as_ref(), now)?;
        if let Some(query) = wanted.filter(|_| request.command.is_ok()) {
            // What waits may belong to it.
            self.flush(now)?;
            self.find(query, now)?;
        }
        Ok((request, duplicate))
    }

    /// What is known of a request that may be a resend.
    fn recall(
        &self,
        user: &UserId,
        request: &Request,
        now: Millis,
    ) -> Result<Option<Duplicate>, H::Error> {
        let dedupe = request.command.as_ref().map_or(Dedupe::No, Command::dedupe);
        let Some(request_id) = request.request_id.as_ref().filter(|_| dedupe != Dedupe::No) else {
            return Ok(None);
        };
        match self.outbox.recall(user, request_id) {
            Some(duplicate) => Ok(Some(duplicate)),
            None => self.history.recall(user, request_id, self.room.memory(now)),
        }
    }
}

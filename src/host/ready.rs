//! What a request needs before the room can handle it: memory, what is known of the same request
//! if it came before, and what its feature looks up.

use std::rc::Rc;

use super::{Host, Sockets};
use crate::history::History;
use crate::kernel::{Command, Duplicate, Publication, Related, Request};
use crate::message::{ConnectionId, Dedupe, Entry, EventName, Millis, Relation, UserId};

/// How far up a thread of answers to answers is looked for what began it: an edit of an answer to a
/// message takes two steps.
const CHANNEL_STEPS_MAX: u32 = 16;

impl<H: History, S: Sockets> Host<H, S> {
    /// A request of a connection, or of a caller over HTTP, in a frame or a body of so many bytes:
    /// the request or its refusal, and what is known of the same request if it came before.
    pub(super) fn ready(
        &mut self,
        connection: Option<ConnectionId>,
        caller: Option<&UserId>,
        request: Request,
        bytes: usize,
        now: Millis,
    ) -> Result<(Request, Option<Duplicate>), H::Error> {
        let author = connection.and_then(|it| self.room.connection(it)).map(|it| &it.member.id);
        let Some(author) = author.or(caller).cloned() else {
            // A connection that is gone is told nothing.
            return Ok((request, None));
        };
        let duplicate = self.find_duplicate(&author, &request, now)?;
        let mut request = request;
        if let (Ok(Command::Publish(publication)), None) = (&mut request.command, &duplicate) {
            self.relate(&author, publication, now)?;
        }
        if let Ok(Command::Attach(it)) = &mut request.command {
            it.rewind = self.rewound(it.rewind, &author, now)?;
        }
        let wanted = self.room.wants(&author, connection, &request, duplicate.as_ref());
        let request = self.afford(connection, bytes, request, wanted.as_ref(), now)?;
        if let Some(query) = wanted.filter(|_| request.command.is_ok()) {
            // What waits may belong to it.
            self.flush(now)?;
            self.find(query, now)?;
        }
        Ok((request, duplicate))
    }

    /// Looks up the entry that something is about.
    fn relate(
        &mut self,
        author: &UserId,
        publication: &mut Publication,
        now: Millis,
    ) -> Result<(), H::Error> {
        let Some((relation, target)) = publication.body.relates_to else { return Ok(()) };
        // What waits may be about it too. Replies, of which there are many, do not depend on that.
        let waiting = self.outbox.entry(target).filter(|_| relation == Relation::Replies);
        let is_stored = relation == Relation::Replies && target.offset().is_some();
        let entry = if waiting.is_some() {
            waiting
        } else {
            if !is_stored && !self.outbox.is_empty() {
                self.flush(now)?;
            }
            self.history.entry_of(target, self.room.head())?
        };
        let Some(entry) = entry else { return Ok(()) };
        if self.room.goes_by_channels() {
            publication.channel = Some(self.channel_of(&entry)?);
        }
        if let Some(query) = self.room.wants_about(author, &publication.body, &entry, now) {
            let found = query.map(|it| self.history.find(&it)).transpose()?;
            publication.related = Some(Box::new(Related { entry, found, amended: None }));
        }
        Ok(())
    }

    /// What filters of those who follow the log are held against (N20): what an entry is called, or what
    /// that is called which it is about, or that one.
    pub(super) fn channel_of(&self, entry: &Rc<Entry>) -> Result<EventName, H::Error> {
        let mut entry = Rc::clone(entry);
        for _ in 0..CHANNEL_STEPS_MAX {
            let Some((_, target)) = entry.body.relates_to else { break };
            let about = match self.outbox.entry(target) {
                Some(about) => Some(about),
                None => self.history.entry_of(target, self.room.head())?,
            };
            let Some(about) = about else { break };
            entry = about;
        }
        Ok(entry.body.name.clone())
    }

    /// What is known of a request that may be a resend.
    fn find_duplicate(
        &self,
        user: &UserId,
        request: &Request,
        now: Millis,
    ) -> Result<Option<Duplicate>, H::Error> {
        let dedupe = request.command.as_ref().map_or(Dedupe::No, Command::dedupe);
        let Some(request_id) = request.request_id.as_ref().filter(|_| dedupe != Dedupe::No) else {
            return Ok(None);
        };
        match self.outbox.find_duplicate(user, request_id) {
            Some(duplicate) => Ok(Some(duplicate)),
            None => self.history.find_duplicate(user, request_id, self.room.memory(now)),
        }
    }
}

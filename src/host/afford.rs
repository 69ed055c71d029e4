//! What requests would make wait in memory, and the budget that all rooms of an isolate share.

use super::{Host, Sockets};
use crate::budget::{Budget, SPENT};
use crate::feature::{Ask, Find, Query, Shared};
use crate::history::History;
use crate::kernel::{Command, Request};
use crate::limits::{LONG_ANSWERS_BYTES_MAX, SMALL_FRAME_BYTES_MAX};
use crate::message::{Code, ConnectionId, Millis, ProtocolError};

/// How often a room looks, awake or not, whether what waited for its clients has been read.
const LOOK_MS: u64 = 5_000;

/// How long what is unread may only wait for its commit and for the network.
const ON_ITS_WAY_MS: u64 = 1_000;

/// What a page, a state or a list of those present takes, at most, about.
const ANSWER_BYTES_MAX: usize = 1 << 20;

const UNREAD: ProtocolError =
    ProtocolError::new(Code::Unavailable, "a long answer is still to be read; ask again then")
        .after(1);

impl<H: History, S: Sockets> Host<H, S> {
    /// The same, with a budget and what features keep in memory that it shares with other rooms.
    #[must_use]
    pub fn sharing(mut self, budget: &Budget, shared: &Shared) -> Self {
        self.budget = budget.clone();
        (self.waiting, self.unread) = (budget.lease(), budget.lease());
        self.room.share(shared);
        self
    }

    /// The request, or its refusal if there is no memory for what it would make wait, or for what
    /// is looked up for it.
    pub(super) fn afford(
        &mut self,
        connection: Option<ConnectionId>,
        bytes: usize,
        request: Request,
        wanted: Option<&Query>,
        now: Millis,
    ) -> Result<Request, H::Error> {
        let is_long = request.command.as_ref().is_ok_and(has_long_answer);
        let mut needed = if SMALL_FRAME_BYTES_MAX < bytes { bytes } else { 0 };
        needed += if is_long { ANSWER_BYTES_MAX } else { 0 };
        needed += wanted.map_or(0, Find::bytes_max);
        if needed == 0 {
            return Ok(request);
        }
        // How much waits for its reader shows when what was asked for before has been sent.
        let unread = if let Some(connection) = connection.filter(|_| is_long) {
            self.flush_what_waits(now)?;
            self.sockets.backlog(connection)
        } else {
            0
        };
        let error = if LONG_ANSWERS_BYTES_MAX < unread {
            UNREAD
        } else if self.has_budget(needed, now)? {
            return Ok(request);
        } else {
            SPENT
        };
        Ok(Request { command: Err(error), ..request })
    }

    fn has_budget(&mut self, bytes: usize, now: Millis) -> Result<bool, H::Error> {
        if self.budget.has(bytes) {
            return Ok(true);
        }
        self.flush_what_waits(now)?;
        self.look_at_readers(true);
        Ok(self.budget.has(bytes))
    }

    fn flush_what_waits(&mut self, now: Millis) -> Result<(), H::Error> {
        if self.outbox.is_empty() { Ok(()) } else { self.flush(now) }
    }

    /// Takes from the budget what waits for those who read slowly, and says how much that is.
    pub(super) fn look_at_readers(&mut self, anew: bool) -> usize {
        let unread = self.sockets.unread(anew);
        self.unread.set(unread);
        unread
    }

    /// Says when to look at them again, should nothing happen meanwhile. An alarm is a write:
    /// what is only just on its way sets none.
    pub(super) fn note_unread(&mut self, now: Millis) {
        let is_old = |at: &Millis| ON_ITS_WAY_MS <= now.since(*at);
        let is_set = |at: &Millis| now < *at && at.since(now) <= LOOK_MS;
        let any = self.unread.bytes() != 0;
        self.unread_since = any.then(|| self.unread_since.unwrap_or(now));
        let next = self.look_at.filter(is_set).unwrap_or(now.plus(LOOK_MS));
        self.look_at = self.unread_since.filter(is_old).map(|_| next);
    }
}

/// Whether a short request has an answer that may be long.
fn has_long_answer(command: &Command) -> bool {
    if let Command::Feature(it) = command {
        return it.has_long_answer();
    }
    matches!(command, Command::History(_) | Command::Presence | Command::Members(..))
}

//! What features look up in what is stored: whoever hosts the room does that, once all before is
//! durable, and says what was found.

use super::{Command, Duplicate, Event, Request, Room};
use crate::feature::{Ask, Call, Found, Known, Query, Shared};
use crate::message::{ConnectionId, UserId};

/// What a host knows of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HostStats {
    /// How long inputs took of late, from their arrival until they were carried out: the median,
    /// in milliseconds.
    pub handling_ms_median: Option<u64>,
}

/// What a feature makes of what was found.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// For whoever asked.
    Event(Event),
    /// For somebody outside of the room.
    Call(Call),
}

impl Room {
    /// Shares this with other rooms from now on.
    pub fn share(&mut self, shared: &Shared) {
        self.own.share(shared);
    }

    /// What must be looked up before this request is handled, and given to
    /// [`found`](Self::found). This user asks, on a connection or over HTTP.
    #[must_use]
    pub fn wants(
        &self,
        author: &UserId,
        connection: Option<ConnectionId>,
        request: &Request,
        duplicate: Option<&Duplicate>,
    ) -> Option<Query> {
        match &request.command {
            Ok(Command::Feature(it)) if it.is_served_in(self.kind) => {
                self.features.wants(self, author, connection, it, duplicate)
            }
            Ok(Command::Authenticate { .. }) => {
                let held = connection.and_then(|it| self.connection(it)).filter(|it| it.is_held());
                held.and_then(|it| self.features.wants_again(self, it.id))
            }
            _ => None,
        }
    }

    /// Connections that are sent something large, piece by piece, or are fed from the log, in their
    /// order.
    #[must_use]
    pub fn streaming(&self) -> Vec<ConnectionId> {
        let mut all = self.features.streaming(self);
        all.retain(|it| self.connection(*it).is_some_and(|it| !it.is_held()));
        if !self.behind.is_empty() {
            all.extend(self.behind());
            all.sort_unstable();
            all.dedup();
        }
        all
    }

    /// What is to be looked up for the next piece; what comes of it is for this connection.
    #[must_use]
    pub fn next_piece(&self, connection: ConnectionId) -> Option<Query> {
        self.features.next(self, connection)
    }

    /// Takes what was found.
    pub fn found(&mut self, query: Query, found: Found, host: HostStats) -> Option<Answer> {
        self.features.found(self, query, found, host)
    }
}

//! Streaming what is large to those who fetch it: as much as their sockets take, and no more
//! than one piece in memory.

use litemap::LiteMap;

use super::{Delivery, Host, Sockets, deliver};
use crate::history::History;
use crate::kernel::{Answer, Connection, Event, Notice, REPLAY_ENTRY_BYTES, Recipients};
use crate::message::{Clock, ConnectionId};

/// How much may wait for a socket when the next chunk is sent to it: enough for 2.5 MB a
/// second over a tenth of a second of round trip, and with the largest chunk on top still
/// below the 1 MiB at which a socket is let go.
pub const WINDOW_BYTES: usize = 256 * 1024;

/// How much one pump sends to all together: other events get their turn in between, and what
/// a turn sends is held in memory until the platform lets it out.
const PUMP_BYTES_MAX: usize = 1 << 20;

/// How much one pump sends while others say something: so much takes 1 to 2 ms to read and to write,
/// which others wait; a window would take ten times as much.
const SHORT_BYTES_MAX: usize = 32 * 1024;

/// How long one pump may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// As long as sockets take more.
    Long,
    /// Others wait.
    Short,
}

impl Turn {
    const fn bytes_max(self) -> usize {
        match self {
            Self::Long => PUMP_BYTES_MAX,
            Self::Short => SHORT_BYTES_MAX,
        }
    }
}

/// What is left to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pumped {
    /// Nothing, and all of it was taken.
    All,
    /// More, and something was sent: come again soon.
    Some,
    /// More, but nobody took anything.
    None,
    /// More, after the step that makes durable what waits.
    AfterFlush,
}

impl<H: History, S: Sockets> Host<H, S> {
    /// Sends what is large on to those who fetch it. If the log fails, what was sent is
    /// remembered, and the host must be [abandoned](Host::abandon).
    pub fn pump(&mut self, turn: Turn, clock: impl Fn() -> Clock) -> Result<Pumped, H::Error> {
        let unread = self.look_at_readers(false);
        let streaming = self.room.streaming();
        if streaming.is_empty() {
            return Ok(if unread == 0 { Pumped::All } else { Pumped::None });
        }
        // What is to be fetched may still have to become durable.
        if !self.outbox.is_empty() {
            return Ok(Pumped::AfterFlush);
        }
        if self.budget.is_spent() {
            return Ok(Pumped::None);
        }
        // Each in turn: the one after the last goes first.
        let last = self.pumped_last;
        let (before, after): (Vec<_>, Vec<_>) =
            streaming.into_iter().partition(|it| last.is_some_and(|last| *it <= last));
        let bytes_max = turn.bytes_max();
        let mut left = bytes_max;
        for connection in after.into_iter().chain(before) {
            if left == 0 {
                break;
            }
            let (sent, done) = self.pump_to(connection, left, &clock);
            if sent != 0 || done.is_err() {
                self.pumped_last = Some(connection);
                // Once, however much was sent.
                if let Some(connection) = self.room.connection(connection) {
                    self.sockets.save(connection);
                }
            }
            done?;
            left = left.saturating_sub(sent);
        }
        Ok(if self.room.streaming().is_empty() {
            Pumped::All
        } else if left == bytes_max {
            Pumped::None
        } else {
            Pumped::Some
        })
    }

    /// Fills one socket's window; says how much that was.
    fn pump_to(
        &mut self,
        connection: ConnectionId,
        bytes_max: usize,
        clock: &impl Fn() -> Clock,
    ) -> (usize, Result<(), H::Error>) {
        let backlog = self.sockets.backlog(connection);
        let mut sent = 0;
        while sent < bytes_max && backlog.saturating_add(sent) < WINDOW_BYTES {
            let clock = clock();
            // It is about to be asked for another token (R17).
            if self.room.connection(connection).is_some_and(|it| it.has_expired(clock.at)) {
                break;
            }
            match self.next_events(connection, bytes_max, &clock) {
                Ok(None) => break,
                // What was read and is not for it took time all the same: others have their turn.
                Ok(Some((events, _))) if events.is_empty() => sent += bytes_max,
                Ok(Some((events, read))) => sent += read.max(self.say(connection, events, clock)),
                Err(error) => return (sent, Err(error)),
            }
        }
        (sent, Ok(()))
    }

    /// What it is told next: of the log, at most so many bytes, or of what it fetches; and what
    /// reading it cost, as bytes. `None`, if there is nothing more.
    fn next_events(
        &mut self,
        id: ConnectionId,
        bytes_max: usize,
        clock: &Clock,
    ) -> Result<Option<(Vec<Event>, usize)>, H::Error> {
        let bytes_max = bytes_max.min(WINDOW_BYTES);
        if let Some(query) = self.room.next_page(id, bytes_max) {
            let page = self.history.page(&query)?;
            let mut channels = LiteMap::new();
            if self.room.connection(id).is_some_and(Connection::goes_by_channels) {
                for entry in page.entries.iter().filter(|it| it.body.relates_to.is_some()) {
                    channels.insert(entry.offset, self.channel_of(entry)?);
                }
            }
            let read = page.entries.len().saturating_mul(REPLAY_ENTRY_BYTES);
            return Ok(Some((self.room.read_page(id, &page, &channels), read)));
        }
        let Some(query) = self.room.next_piece(id) else { return Ok(None) };
        Ok(match self.find(query, clock.at)? {
            Some(Answer::Event(event)) => Some((vec![event], 0)),
            Some(Answer::Call(_)) | None => None,
        })
    }

    /// Says this to one socket, and how many bytes that was.
    fn say(&mut self, connection: ConnectionId, events: Vec<Event>, mut clock: Clock) -> usize {
        let delivery = |event: Event| {
            // An entry is told again as it was told first.
            let (id, at, reply_to) = if let Event::Entry(it) = &event {
                (it.id, it.at, it.request_id.clone())
            } else {
                (clock.new_id(), clock.at, None)
            };
            let notice = Notice { id, reply_to, connection: Some(connection), at, event };
            Delivery { to: Recipients::One(connection), notice }
        };
        let deliveries: Vec<Delivery> = events.into_iter().map(delivery).collect();
        let before = self.tally.sent_bytes;
        deliver(&mut self.sockets, self.address.channel(), &deliveries, &mut self.tally);
        // Something was sent even where this protocol has no word for it.
        usize::try_from(self.tally.sent_bytes - before).unwrap_or(usize::MAX).max(1)
    }
}

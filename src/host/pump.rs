//! Streaming what is large to those who fetch it: as much as their sockets take, and no more
//! than one piece in memory.

use super::{Delivery, Host, Sockets, deliver};
use crate::history::History;
use crate::kernel::{Answer, Event, Notice, Recipients};
use crate::message::{ConnectionId, Stamp};

/// How much may wait for a socket when the next chunk is sent to it: enough for 2.5 MB a
/// second over a tenth of a second of round trip, and with the largest chunk on top still
/// below the 1 MiB at which a socket is let go.
pub const WINDOW_BYTES: usize = 256 * 1024;

/// How much one pump sends to all together: other events get their turn in between, and what
/// a turn sends is held in memory until the platform lets it out.
const PUMP_BYTES_MAX: usize = 1 << 20;

/// What is left to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pumped {
    /// Nothing, and all of it was taken.
    All,
    /// More, and something was sent: come again soon.
    Some,
    /// More, but nobody took anything.
    None,
}

impl<H: History, S: Sockets> Host<H, S> {
    /// Sends what is large on to those who fetch it. If the log fails, what was sent is
    /// remembered, and the host must be [abandoned](Host::abandon).
    pub fn pump(&mut self, stamp: impl Fn() -> Stamp) -> Result<Pumped, H::Error> {
        let unread = self.look_at_readers(false);
        let streaming = self.room.streaming();
        if streaming.is_empty() {
            return Ok(if unread == 0 { Pumped::All } else { Pumped::None });
        }
        // What is to be fetched may still have to become durable.
        if !self.outbox.is_empty() {
            return Ok(Pumped::Some);
        }
        if self.budget.is_spent() {
            return Ok(Pumped::None);
        }
        // Each in turn: the one after the last goes first.
        let last = self.pumped_last;
        let (before, after): (Vec<_>, Vec<_>) =
            streaming.into_iter().partition(|it| last.is_some_and(|last| *it <= last));
        let mut left = PUMP_BYTES_MAX;
        for session in after.into_iter().chain(before) {
            if left == 0 {
                break;
            }
            let (sent, done) = self.pump_to(session, left, &stamp);
            if sent != 0 || done.is_err() {
                self.pumped_last = Some(session);
                // Once, however much was sent.
                if let Some(session) = self.room.session(session) {
                    self.sockets.save(session);
                }
            }
            done?;
            left = left.saturating_sub(sent);
        }
        Ok(if self.room.streaming().is_empty() {
            Pumped::All
        } else if left == PUMP_BYTES_MAX {
            Pumped::None
        } else {
            Pumped::Some
        })
    }

    /// Fills one socket's window; says how much that was.
    fn pump_to(
        &mut self,
        session: ConnectionId,
        bytes_max: usize,
        stamp: &impl Fn() -> Stamp,
    ) -> (usize, Result<(), H::Error>) {
        let backlog = self.sockets.backlog(session);
        let mut sent = 0;
        while sent < bytes_max && backlog.saturating_add(sent) < WINDOW_BYTES {
            let Some(query) = self.room.next_piece(session) else { break };
            let stamp = stamp();
            match self.find(query, stamp.at) {
                Ok(Some(Answer::Event(event))) => sent += self.say(session, event, stamp),
                Ok(Some(Answer::Call(_)) | None) => break,
                Err(error) => return (sent, Err(error)),
            }
        }
        (sent, Ok(()))
    }

    /// Says something to one socket, and how many bytes that was.
    fn say(&mut self, session: ConnectionId, event: Event, mut stamp: Stamp) -> usize {
        let (id, at) = (stamp.new_id(), stamp.at);
        let notice = Notice { id, reply_to: None, session: Some(session), at, event };
        let delivery = Delivery { to: Recipients::One(session), notice };
        let before = self.tally.sent_bytes;
        deliver(&mut self.sockets, self.address.channel(), &[delivery], &mut self.tally);
        // Something was sent even where this dialect has no word for it.
        usize::try_from(self.tally.sent_bytes - before).unwrap_or(usize::MAX).max(1)
    }
}

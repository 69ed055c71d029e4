//! Those that do not read as fast as is said.

use litemap::LiteMap;

use super::{Host, Sockets};
use crate::history::History;
use crate::kernel::Input;
use crate::message::{Clock, ConnectionId, Millis};

/// How long one that is fed from the log may read nothing at all, in milliseconds.
const STILL_MS: u64 = 30_000;

/// How much may wait for one that is fed from the log, in bytes: what it was told before it fell
/// behind, and answers to what it asked meanwhile.
const BEHIND_BYTES_MAX: usize = 4 << 20;

/// Of those that are fed from the log: how much waited for each when it was last looked at, and since
/// when it has read nothing.
#[derive(Debug, Default)]
pub(super) struct Readers(LiteMap<ConnectionId, (usize, Millis)>);

impl Readers {
    /// Whether it has read nothing for too long; this much waits for it now.
    fn is_still(&mut self, id: ConnectionId, waiting: usize, now: Millis) -> bool {
        let (before, since) = self.0.entry(id).or_insert((waiting, now));
        if waiting == 0 || waiting < *before {
            *since = now;
        }
        *before = waiting;
        STILL_MS <= now.since(*since)
    }
}

impl<H: History, S: Sockets> Host<H, S> {
    /// Lets those go that do not keep up, so that they hold back nobody else, and those
    /// whom the room would not know any more after it slept. Who follows the log falls behind
    /// instead, and is let go when it reads nothing, or the log no longer has what comes next.
    pub fn drop_slow(&mut self, clock: impl Fn() -> Clock) -> Result<(), H::Error> {
        let (mut slow, unstored) = (self.sockets.take_slow(), self.sockets.take_unstored());
        slow.retain(|it| {
            let is_fed = self.room.is_fed(*it);
            !is_fed || BEHIND_BYTES_MAX < self.sockets.backlog(*it)
        });
        slow.extend(self.room.left_behind());
        slow.extend(self.still(|| clock().at));
        if slow.is_empty() && unstored.is_empty() {
            return Ok(());
        }
        for connection in unstored {
            self.handle(Input::Unstored { connection }, clock())?;
        }
        for connection in slow {
            self.handle(Input::SlowConsumer { connection }, clock())?;
        }
        self.flush(clock().at)
    }

    /// Those that are fed from the log and read nothing.
    fn still(&mut self, now: impl Fn() -> Millis) -> Vec<ConnectionId> {
        let mut fed = self.room.behind();
        fed.retain(|it| self.room.is_fed(*it));
        self.readers.0.retain(|id, _| fed.contains(id));
        if fed.is_empty() {
            return fed;
        }
        let now = now();
        fed.retain(|it| self.readers.is_still(*it, self.sockets.backlog(*it), now));
        fed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn n25_whoever_reads_anything_within_half_a_minute_is_no_still_reader() {
        let (mut readers, id) = (Readers::default(), ConnectionId::from_bits(1 << 11));
        for (waiting, at, is_still) in [
            (100, 0, false),
            (100, 29_999, false),
            (99, 29_999, false),
            (500, 59_998, false),
            (500, 59_999, true),
            (0, 60_000, false),
            (0, 200_000, false),
            (9, 229_999, false),
            (9, 230_000, true),
        ] {
            assert_eq!(readers.is_still(id, waiting, Millis(at)), is_still, "{waiting} at {at}");
        }
    }
}

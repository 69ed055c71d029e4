//! When effects are carried out.

use dormouse::history::MemoryHistory;
use dormouse::host::{Flush, GATHER_MS, Host, Outbox};
use dormouse::kernel::Command;
use dormouse::kernel::{Effects, Input};
use dormouse::limits::Limits;
use dormouse::message::{Kind, Millis};

use crate::support::{FakeSockets, NOON, clock, connection, epoch, says, session_id};

fn no_rates() -> Limits {
    Limits { messages_per_minute: 0, ..Limits::default() }
}

/// A host that takes messages at certain milliseconds, and when each is flushed.
struct Timed {
    host: Host<MemoryHistory, FakeSockets>,
    timer: Option<Millis>,
    now: Millis,
}

impl Timed {
    fn new() -> Self {
        let (sockets, history) = (FakeSockets::default(), MemoryHistory::new(epoch()));
        let mut host = Host::wake(Kind::Chat, no_rates(), history, sockets.clone(), []).unwrap();
        let ann = connection(1, "ann");
        let _ = host.join(ann.clone(), clock(NOON), |_| sockets.open(&ann, false)).unwrap();
        host.flush(NOON).unwrap();
        Self { host, timer: None, now: NOON }
    }

    /// Lets time pass; the timer rings meanwhile.
    fn wait(&mut self, millis: u64) {
        self.now = self.now.plus(millis);
        if let Some(at) = self.timer.take_if(|at| *at <= self.now) {
            self.host.flush(at).unwrap();
        }
    }

    fn says(&mut self) -> Flush {
        let flush = self.host.handle(says(1, Command::Ping), clock(self.now)).unwrap();
        match flush {
            Flush::Now => self.host.flush(self.now).unwrap(),
            Flush::Later => self.timer = Some(self.now.plus(GATHER_MS)),
            Flush::No => {}
        }
        flush
    }
}

#[test]
fn the_first_message_of_an_idle_room_does_not_wait() {
    let mut timed = Timed::new();
    for _ in 0..10 {
        timed.wait(50);
        assert_eq!(timed.says(), Flush::Now);
    }
}

#[test]
fn messages_that_come_in_a_burst_gather() {
    let mut timed = Timed::new();
    timed.wait(50);
    assert_eq!(timed.says(), Flush::Now);
    for _ in 0..10 {
        timed.wait(1);
        let flushes: Vec<Flush> = (0..64).map(|_| timed.says()).collect();
        assert_eq!(flushes[0], Flush::Later);
        assert!(flushes[1..].iter().all(|it| *it == Flush::No));
        timed.wait(GATHER_MS);
    }
}

#[test]
fn a_client_that_waits_for_each_answer_is_hardly_ever_delayed() {
    let mut timed = Timed::new();
    let mut delayed = 0;
    for _ in 0..1000 {
        timed.wait(1);
        if timed.says() == Flush::Later {
            delayed += 1;
            timed.wait(GATHER_MS);
        }
    }
    assert!(delayed < 30, "{delayed} of 1000");
}

#[test]
fn gathering_is_taken_up_again_when_a_burst_comes() {
    let mut timed = Timed::new();
    for _ in 0..200 {
        timed.wait(1);
        if timed.says() == Flush::Later {
            timed.wait(GATHER_MS);
        }
    }
    let mut flushes = Vec::new();
    for _ in 0..100 {
        timed.wait(1);
        flushes.extend((0..10).map(|_| timed.says()));
        timed.wait(GATHER_MS);
    }
    let last = &flushes[flushes.len() - 500..];
    let count = last.iter().filter(|it| **it != Flush::No).count();
    assert_eq!(count, 50, "one flush for ten messages");
}

#[test]
fn what_closes_a_socket_does_not_wait_behind_a_backlog() {
    let mut timed = Timed::new();
    timed.wait(50);
    assert_eq!(timed.says(), Flush::Now);
    assert_eq!(timed.says(), Flush::Later);
    let oversized = Input::Oversized { connection: session_id(1) };
    assert_eq!(timed.host.handle(oversized, clock(timed.now)).unwrap(), Flush::Now);
}

#[test]
fn nothing_to_do_sets_no_timer() {
    assert_eq!(Outbox::default().push(Effects::default(), NOON), Flush::No);
}

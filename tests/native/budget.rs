//! What waits in memory is bounded for all rooms that share it, and given back.

use dormouse::budget::Budget;
use dormouse::feature::{Share, Shared};
use dormouse::history::MemoryHistory;
use dormouse::host::{Flush, Host, Turn};
use dormouse::limits::{DOCUMENT_BYTES_MAX, Limits};
use dormouse::message::{Kind, Millis};
use dormouse::protocol::Frame;
use proptest::prelude::*;
use serde_json::json;

use crate::support::{FakeSockets, NOON, clock, connection, epoch, session_id};
use crate::world::nobody;

type RoomHost = Host<MemoryHistory, FakeSockets>;

const MIB: usize = 1 << 20;

/// Rooms of one isolate, with ann as number 1 and bob as number 2 in each.
struct Isolate {
    budget: Budget,
    shared: Shared,
    rooms: Vec<Option<RoomHost>>,
    sockets: Vec<FakeSockets>,
    kind: Kind,
    now: Millis,
}

impl Isolate {
    fn new(kind: Kind, rooms: usize, bytes: usize) -> Self {
        let budget = Budget::new(bytes as u64);
        let shared = Shared::new(&budget);
        let sockets = (0..rooms).map(|_| FakeSockets::default()).collect();
        let rooms = (0..rooms).map(|_| None).collect();
        Self { budget, shared, rooms, sockets, kind, now: NOON }
    }

    fn room(&mut self, at: usize) -> &mut RoomHost {
        let limits = Limits { messages_per_minute: 0, edits_per_second: 0, ..Limits::default() };
        let (sockets, now) = (self.sockets[at].clone(), self.now);
        self.rooms[at].get_or_insert_with(|| {
            let history = MemoryHistory::new(epoch());
            let host = Host::wake(self.kind, limits, history, sockets.clone(), []).unwrap();
            let mut host = host.sharing(&self.budget, &self.shared);
            for (number, user) in [(1, "ann"), (2, "bob")] {
                let joined = connection(number, user);
                let _ = host.join(joined.clone(), clock(now), |_| sockets.open(&joined, false));
            }
            host.flush(now).unwrap();
            host
        })
    }

    /// One frame, as it is carried out at the edge.
    fn says(&mut self, at: usize, number: u64, frame: &serde_json::Value) -> Flush {
        let (frame, now) = (Frame::Text(frame.to_string()), self.now);
        let host = self.room(at);
        let flush = host.receive(session_id(number), &frame, clock(now), nobody).unwrap();
        if flush == Flush::Now {
            host.flush(now).unwrap();
        }
        self.settle(at);
        flush
    }

    fn settle(&mut self, at: usize) {
        let now = self.now;
        let host = self.room(at);
        host.drop_slow(|| clock(now)).unwrap();
        host.pump(Turn::Long, || clock(now)).unwrap();
        host.settle(now).unwrap();
    }

    fn waits(&mut self, at: usize, number: u64, bytes: usize) {
        self.sockets[at].backlogs.borrow_mut().insert(session_id(number), bytes);
    }

    /// The code of the last error, or the type of the last frame.
    fn last(&self, at: usize, number: u64) -> String {
        let frame = self.sockets[at].frames(number).pop().unwrap();
        let code = frame["code"].as_str().or(frame["type"].as_str());
        code.unwrap().to_owned()
    }
}

fn say(bytes: usize) -> serde_json::Value {
    json!({"type": "message", "data": {"content": "x".repeat(bytes)}})
}

fn history() -> serde_json::Value {
    json!({"type": "history", "data": {}})
}

fn sits(document: &str) -> serde_json::Value {
    json!({"type": "join_session", "data": {"sessionId": document}})
}

fn edit(bytes: usize) -> serde_json::Value {
    let content = "x".repeat(bytes);
    json!({"type": "edit", "data":
        {"operation": "insert", "position": 0, "content": content, "version": 0}})
}

#[test]
fn l20_frames_that_arrive_at_once_do_not_gather_past_a_quarter_of_a_mebibyte() {
    let mut isolate = Isolate::new(Kind::Chat, 1, 0);
    assert_eq!(isolate.says(0, 1, &say(10)), Flush::Later);
    let flushes: Vec<Flush> = (0..100).map(|_| isolate.says(0, 1, &say(20_000))).collect();
    assert!(flushes.contains(&Flush::No), "they gather");
    let most = flushes.split(|it| *it == Flush::Now).map(<[_]>::len).max().unwrap();
    assert!(most * 20_000 <= 256 * 1024, "no more than {most} did");
    // Nor do short frames whose answers are long.
    let mut isolate = Isolate::new(Kind::Collaboration, 1, 0);
    isolate.says(0, 1, &sits("d"));
    isolate.says(0, 1, &edit(300_000));
    for _ in 0..10 {
        isolate.says(0, 2, &sits("d"));
        assert!(isolate.budget.taken() < 2 * MIB, "{}", isolate.budget.taken());
    }
}

#[test]
fn l21_who_has_a_long_answer_to_read_gets_no_other_and_others_do() {
    let mut isolate = Isolate::new(Kind::Chat, 1, 0);
    isolate.says(0, 1, &history());
    isolate.room(0).flush(NOON).unwrap();
    assert_eq!(isolate.last(0, 1), "history");
    isolate.waits(0, 1, 512 * 1024 + 1);
    for asked in [history(), json!({"type": "presence"})] {
        isolate.says(0, 1, &asked);
        isolate.room(0).flush(NOON).unwrap();
        assert_eq!(isolate.last(0, 1), "UNAVAILABLE");
    }
    isolate.says(0, 2, &history());
    isolate.says(0, 1, &json!({"type": "ping"}));
    isolate.room(0).flush(NOON).unwrap();
    assert_eq!((isolate.last(0, 2), isolate.last(0, 1)), ("history".into(), "pong".into()));
    isolate.waits(0, 1, 512 * 1024);
    isolate.says(0, 1, &history());
    isolate.room(0).flush(NOON).unwrap();
    assert_eq!(isolate.last(0, 1), "history");
}

#[test]
fn l20_what_one_rooms_readers_leave_unread_is_refused_in_another_until_it_is_read() {
    let mut isolate = Isolate::new(Kind::Chat, 2, 3 * MIB);
    isolate.room(0);
    isolate.waits(0, 1, 3 * MIB);
    isolate.settle(0);
    assert_eq!(isolate.budget.taken(), 3 * MIB);
    for large in [history(), say(100_000)] {
        isolate.says(1, 1, &large);
        isolate.room(1).flush(NOON).unwrap();
        assert_eq!(isolate.last(1, 1), "UNAVAILABLE");
    }
    // The room goes on: what is small is taken.
    isolate.says(1, 1, &say(100));
    isolate.room(1).flush(NOON).unwrap();
    assert_eq!(isolate.last(1, 1), "message");
    // It looks again by itself when nothing else happens.
    isolate.now = NOON.plus(2_000);
    isolate.settle(0);
    let now = isolate.now;
    assert_eq!(isolate.room(0).next_wake(), Some(now.plus(5_000)));
    isolate.waits(0, 1, 0);
    isolate.settle(0);
    assert_eq!(isolate.budget.taken(), 0);
    isolate.says(1, 1, &history());
    isolate.room(1).flush(now).unwrap();
    assert_eq!(isolate.last(1, 1), "history");
}

#[test]
fn l20_documents_at_hand_are_bounded_for_all_rooms_together_and_read_again() {
    let mut isolate = Isolate::new(Kind::Collaboration, 10, 64 * MIB);
    for room in 0..10 {
        for document in ["a", "b"] {
            isolate.says(room, 1, &sits(document));
            isolate.says(room, 1, &edit(DOCUMENT_BYTES_MAX));
            isolate.room(room).flush(NOON).unwrap();
            assert_eq!(isolate.last(room, 1), "edit_ack");
        }
    }
    assert!(isolate.budget.taken() <= 16 * MIB, "{}", isolate.budget.taken());
    assert!((2..20).contains(&isolate.shared.documents.count()));
    for room in 0..10 {
        isolate.says(room, 2, &sits("a"));
        isolate.room(room).flush(NOON).unwrap();
        let state = isolate.sockets[room].frames(2).pop().unwrap();
        assert_eq!(state["data"]["content"].as_str().unwrap().len(), DOCUMENT_BYTES_MAX);
    }
    isolate.rooms.clear();
    assert_eq!((isolate.budget.taken(), isolate.shared.documents.count()), (0, 0));
}

#[derive(Clone, Debug)]
enum Step {
    Says(usize, u64, usize),
    Asks(usize, u64),
    Sits(usize, u64, u8),
    Edits(usize, u64, usize),
    Waits(usize, u64, usize),
    Flush(usize),
    /// The room fails in the middle of a step, or sleeps.
    Drop(usize),
    Abandon(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let (room, number, bytes) = (|| 0usize..3, || 1u64..3, || 0usize..200_000);
    prop_oneof![
        3 => (room(), number(), bytes()).prop_map(|(room, it, bytes)| Step::Says(room, it, bytes)),
        2 => (room(), number()).prop_map(|(room, it)| Step::Asks(room, it)),
        2 => (room(), number(), 0u8..3).prop_map(|(room, it, name)| Step::Sits(room, it, name)),
        2 => (room(), number(), bytes()).prop_map(|(room, it, bytes)| Step::Edits(room, it, bytes)),
        2 => (room(), number(), bytes()).prop_map(|(room, it, bytes)| Step::Waits(room, it, bytes)),
        2 => room().prop_map(Step::Flush),
        1 => room().prop_map(Step::Drop),
        1 => room().prop_map(Step::Abandon),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn l20_whatever_happened_once_all_is_read_or_dropped_nothing_is_taken(
        is_chat in any::<bool>(),
        steps in prop::collection::vec(step(), 1..40),
    ) {
        let kind = if is_chat { Kind::Chat } else { Kind::Collaboration };
        let mut isolate = Isolate::new(kind, 3, MIB / 2);
        for step in steps {
            match step {
                Step::Says(room, number, bytes) => drop(isolate.says(room, number, &say(bytes))),
                Step::Asks(room, number) => drop(isolate.says(room, number, &history())),
                Step::Sits(room, number, name) => {
                    isolate.says(room, number, &sits(&format!("d{name}")));
                }
                Step::Edits(room, number, bytes) => drop(isolate.says(room, number, &edit(bytes))),
                Step::Waits(room, number, bytes) => {
                    isolate.waits(room, number, bytes);
                    isolate.settle(room);
                }
                Step::Flush(room) => {
                    let now = isolate.now;
                    isolate.room(room).flush(now).unwrap();
                }
                Step::Drop(room) => drop(isolate.rooms[room].take()),
                Step::Abandon(room) => {
                    let now = isolate.now;
                    if let Some(host) = isolate.rooms[room].take() {
                        host.abandon(now);
                    }
                }
            }
        }
        for room in 0..3 {
            isolate.sockets[room].backlogs.borrow_mut().clear();
            let now = isolate.now;
            isolate.room(room).flush(now).unwrap();
            isolate.settle(room);
        }
        prop_assert!(isolate.budget.taken() == 0 || isolate.shared.documents.count() != 0);
        isolate.rooms.clear();
        prop_assert_eq!((isolate.budget.taken(), isolate.shared.documents.count()), (0, 0));
    }
}

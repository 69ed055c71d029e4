//! The host: what reaches a socket, and when.

use std::cell::Cell;
use std::rc::Rc;

use dormouse::feature::{Found, Query};
use dormouse::history::{History, MemoryHistory};
use dormouse::host::{Flush, Host};
use dormouse::kernel::{DedupeWindow, Duplicate, PageQuery, StoredRoom, Write};
use dormouse::limits::Limits;
use dormouse::message::{Entry, Kind, Millis, Offset, Page, RequestId, Target, UserId};
use dormouse::protocol::Frame;
use serde_json::json;

use crate::support::{FakeSockets, NOON, Seen, clock, connection, epoch, session_id};
use crate::world::{World, nobody};

fn say(content: &str) -> String {
    json!({"type": "message", "data": {"content": content}}).to_string()
}

fn with_id(content: &str, id: &str) -> String {
    json!({"type": "message", "id": id, "data": {"content": content}}).to_string()
}

fn kinds(world: &World, number: u64) -> Vec<String> {
    let frames = world.sockets.frames(number).into_iter();
    frames.map(|it| it["type"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_broadcast_is_encoded_and_handed_over_once_however_many_listen() {
    let mut world = World::new(Limits { connections_per_user: 0, ..Limits::default() });
    for number in 1..=50 {
        world.join(number, "ann", None);
    }
    world.wait(1);
    let before = *world.sockets.handed_over.borrow();
    world.says(1, &say("hi"));
    assert_eq!(*world.sockets.handed_over.borrow() - before, 1);
    assert_eq!((1..=50).filter(|it| kinds(&world, *it) == ["message"]).count(), 50);
}

#[test]
fn x11_p2_the_sender_gets_its_message_too_and_a_newcomer_gets_no_earlier_one() {
    let mut world = World::new(Limits::default());
    world.join(1, "ann", None);
    world.wait(1);
    world.says(1, &say("alone"));
    world.join(2, "bob", None);
    assert_eq!(kinds(&world, 1), ["message", "user_joined"]);
    assert_eq!(kinds(&world, 2), Vec::<String>::new());
}

#[test]
fn what_gathers_in_the_outbox_is_not_for_a_newcomer() {
    let sockets = FakeSockets::default();
    let history = MemoryHistory::new(epoch());
    let mut host = Host::wake(Kind::Chat, Limits::default(), history, sockets.clone(), []).unwrap();
    let join = |host: &mut Host<_, FakeSockets>, number, user| {
        let connection = connection(number, user);
        host.join(connection.clone(), clock(NOON), |_| sockets.open(&connection, false)).unwrap()
    };
    join(&mut host, 1, "ann");
    host.flush(NOON).unwrap();
    let frame = Frame::Text(say("early"));
    let flush = host.receive(session_id(1), &frame, clock(NOON), nobody).unwrap();
    assert_eq!(flush, Flush::Later, "flushed within this millisecond: gather");
    assert_eq!(host.next_wake(), None, "asked once everything is carried out");
    join(&mut host, 2, "bob");
    host.flush(NOON).unwrap();
    assert_eq!(sockets.frames(1).len(), 2);
    assert!(sockets.frames(2).is_empty());
}

#[test]
fn p12_a_resend_is_acknowledged_with_the_first_offset_across_sleep() {
    let mut world = World::new(Limits::default());
    world.join(1, "ann", None);
    world.join(2, "bob", None);
    world.wait(1);
    world.says(1, &with_id("once", "m1"));
    world.says(2, &with_id("bob's own m1", "m1"));
    world.sleep();
    world.says(1, &with_id("once", "m1"));
    let offsets = |number| -> Vec<u64> {
        let frames = world.sockets.frames(number);
        frames.iter().filter_map(|it| it["data"]["offset"].as_u64()).collect()
    };
    assert_eq!(offsets(1), [1, 2, 1]);
    assert_eq!(offsets(2), [1, 2]);
}

#[test]
fn p12_a_resend_within_the_same_flush_is_recognised_too() {
    let mut world = World::new(Limits::default());
    world.join(1, "ann", None);
    world.wait(1);
    world.says_at_once(&[(1, with_id("once", "m1")), (1, with_id("once", "m1"))]);
    let frames = world.sockets.frames(1);
    assert_eq!(frames.len(), 2);
    assert_eq!(frames[0]["data"], frames[1]["data"]);
    assert_eq!(world.database.count("SELECT COUNT(*) FROM entry WHERE 1 = ", 1), 1);
}

#[test]
fn p8_a_page_shows_what_was_said_before_it_was_asked_for_and_nothing_later() {
    let mut world = World::new(Limits::default());
    world.join(1, "ann", None);
    world.wait(1);
    let page = json!({"type": "history", "data": {}}).to_string();
    world.says_at_once(&[(1, say("a")), (1, page), (1, say("b"))]);
    let frames = world.sockets.frames(1);
    assert_eq!(frames[1]["data"]["messages"].as_array().unwrap().len(), 1);
    assert_eq!(frames[1]["data"]["offset"], 1);
}

#[test]
fn a31_l3_a_frame_past_the_limit_gets_its_error_and_1009() {
    let mut world = World::new(Limits { message_bytes_max: 100, ..Limits::default() });
    world.join(1, "ann", None);
    world.wait(1);
    let fits = |length: usize| format!("{}{}", r#"{"type":"ping"}"#, " ".repeat(length - 15));
    world.says(1, &fits(100));
    world.says(1, &fits(101));
    assert_eq!(kinds(&world, 1), ["pong", "error"]);
    let closed = Seen::Closed(1009, "a message has at most 100 bytes".into());
    assert_eq!(world.sockets.seen(1).last(), Some(&closed));
}

#[test]
fn l8_retention_hides_at_once_and_deletes_when_the_alarm_rings() {
    // Somebody stays, or the room would go with its log.
    let limits = Limits { history_entries_max: 10, inactivity_ms: 0, ..Limits::default() };
    let mut world = World::new(limits);
    world.join(1, "ann", None);
    for number in 0..15 {
        world.wait(1);
        world.says(1, &say(&number.to_string()));
    }
    let rows = |world: &World| world.database.count("SELECT COUNT(*) FROM entry WHERE 1 = ", 1);
    world.says(1, &json!({"type": "history", "data": {"limit": 200}}).to_string());
    let shown = |world: &World| {
        world.sockets.frames(1).last().unwrap()["data"]["messages"].as_array().unwrap().len()
    };
    assert_eq!((shown(&world), rows(&world)), (10, 15));
    world.wait(2_000);
    assert_eq!(rows(&world), 10);
    // A month later nothing is left, and offsets go on.
    for _ in 0..3 {
        world.wait(31 * 24 * 60 * 60 * 1000);
    }
    assert_eq!(rows(&world), 0);
    world.sleep();
    world.join(2, "bob", None);
    world.wait(1);
    world.says(2, &say("hello?"));
    assert_eq!(world.sockets.frames(2).last().unwrap()["data"]["offset"], 16);
}

/// A log that fails when told to.
struct Flaky(MemoryHistory, Rc<Cell<bool>>);

impl History for Flaky {
    type Error = &'static str;

    fn stored_room(&self) -> Result<StoredRoom, Self::Error> {
        Ok(self.0.stored_room().unwrap())
    }

    fn oldest(&self) -> Result<(Offset, Millis), Self::Error> {
        Ok(self.0.oldest().unwrap())
    }

    fn commit(&mut self, writes: &[Write]) -> Result<(), Self::Error> {
        if self.1.get() {
            return Err("disk full: INSERT INTO entry");
        }
        self.0.commit(writes).unwrap();
        Ok(())
    }

    fn page(&self, query: &PageQuery) -> Result<Page, Self::Error> {
        Ok(self.0.page(query).unwrap())
    }

    fn entry_of(&self, it: Target, head: Offset) -> Result<Option<Rc<Entry>>, Self::Error> {
        Ok(self.0.entry_of(it, head).unwrap())
    }

    fn find(&self, query: &Query) -> Result<Found, Self::Error> {
        Ok(self.0.find(query).unwrap())
    }

    fn find_duplicate(
        &self,
        user: &UserId,
        id: &RequestId,
        memory: DedupeWindow,
    ) -> Result<Option<Duplicate>, Self::Error> {
        Ok(self.0.find_duplicate(user, id, memory).unwrap())
    }
}

#[test]
fn p11_when_the_log_fails_nothing_is_revealed_and_its_senders_are_told() {
    let (sockets, fails) = (FakeSockets::default(), Rc::new(Cell::new(false)));
    let history = Flaky(MemoryHistory::new(epoch()), Rc::clone(&fails));
    let mut host = Host::wake(Kind::Chat, Limits::default(), history, sockets.clone(), []).unwrap();
    for (number, user) in [(1, "ann"), (2, "bob")] {
        let connection = connection(number, user);
        host.join(connection.clone(), clock(NOON), |_| sockets.open(&connection, false)).unwrap();
    }
    host.flush(NOON).unwrap();
    fails.set(true);
    let frame = Frame::Text(with_id("lost", "m1"));
    let later = NOON.plus(50);
    assert_eq!(host.receive(session_id(1), &frame, clock(later), nobody).unwrap(), Flush::Now);
    assert!(host.flush(later).is_err());
    host.abandon(later);
    let seen = sockets.frames(1);
    let error = seen.last().unwrap();
    assert_eq!((&error["code"], &error["id"]), (&json!("SYSTEM_ERROR"), &json!("m1")));
    assert!(!error.to_string().contains("INSERT"), "no SQL leaves the house");
    assert!(sockets.frames(2).is_empty());
    assert!(!format!("{seen:?}").contains("lost"));
}

#[test]
fn p14_a_flush_is_one_frame_for_those_who_negotiated_batches_and_single_frames_for_the_rest() {
    let mut world = World::new(Limits::default());
    world.join(1, "ann", None);
    world.join_batched(2, "bob");
    world.join_batched(3, "cid");
    world.wait(1);
    let before = *world.sockets.handed_over.borrow();
    world.says_at_once(&[(1, say("a")), (1, say("b")), (1, say("c"))]);
    assert_eq!(*world.sockets.handed_over.borrow() - before, 4);
    assert_eq!(kinds(&world, 1), ["user_joined", "user_joined", "message", "message", "message"]);
    assert_eq!(kinds(&world, 2), ["user_joined", "batch"]);
    assert_eq!(kinds(&world, 3), ["batch"]);
    let batch = world.sockets.frames(3).pop().unwrap();
    let single = world.sockets.frames(1).split_off(2);
    assert_eq!(batch["data"].as_array().unwrap(), &single);
}

#[test]
fn p14_one_frame_alone_is_no_batch() {
    let mut world = World::new(Limits::default());
    world.join_batched(1, "ann");
    world.wait(1);
    world.says(1, &say("a"));
    assert_eq!(kinds(&world, 1), ["message"]);
}

#[test]
fn p14_a_batch_stays_below_what_clients_accept() {
    let mut world = World::new(Limits::default());
    world.join_batched(1, "ann");
    world.wait(1);
    let long = say(&"x".repeat(100_000));
    world.says_at_once(&vec![(1, long); 5]);
    let sizes = world.sockets.seen(1).into_iter().map(|it| match it {
        Seen::Frame(frame) => frame.len(),
        Seen::Closed(..) => 0,
    });
    assert!(sizes.clone().all(|it| it < 300_000), "{:?}", sizes.collect::<Vec<_>>());
    assert_eq!(kinds(&world, 1), ["batch", "batch", "message"]);
}

#[test]
fn l10_a_socket_that_does_not_keep_up_is_let_go_and_the_others_are_told() {
    let mut world = World::new(Limits { presence_grace_ms: 0, ..Limits::default() });
    world.join(1, "ann", None);
    world.join(2, "bob", None);
    world.wait(1);
    world.sockets.slow.borrow_mut().push(session_id(2));
    world.says(1, &say("too much"));
    let slow = "this connection is too slow for what is said".into();
    assert_eq!(world.sockets.seen(2).last(), Some(&Seen::Closed(1013, slow)));
    assert_eq!(kinds(&world, 1), ["user_joined", "message", "user_left"]);
}

#[test]
fn left_twice_is_left_once() {
    let mut world = World::new(Limits::default());
    world.join(1, "ann", None);
    world.join(2, "bob", None);
    world.leave(2);
    world.leave(2);
    world.wait(10_000);
    assert_eq!(kinds(&world, 1), ["user_joined", "user_left"]);
}

//! One member against a room: what a user may take of its rate, awake or asleep (L2, L11 to L14).

use dormouse::limits::Limits;
use dormouse::message::Kind;
use dormouse::protocol::ProtocolId;
use serde_json::json;

use crate::editing::{insert, says, sits};
use crate::publications::called;
use crate::support::{a_users, session_id};
use crate::world::World;

fn limits() -> Limits {
    Limits { messages_per_minute: 0, connections_per_user: 0, ..Limits::default() }
}

/// A chat room of users, each with so many connections, numbered from 1 on.
fn chat(limits: Limits, users: &[(&str, u64)]) -> World {
    let mut world = World::new(limits);
    world.grants = |_| a_users();
    let mut next = 1;
    for (user, connections) in users {
        for _ in 0..*connections {
            world.join(next, user, None);
            next += 1;
        }
    }
    world
}

fn say(world: &mut World, number: u64) {
    world.wait(1);
    world.says(number, &json!({"type": "message", "data": {"content": "x"}}).to_string());
}

fn is_open(world: &World, number: u64) {
    assert!(world.sockets.is_open(session_id(number)), "connection {number}");
}

/// How many messages it got, and how many refusals for a rate.
fn heard(world: &World, number: u64) -> (usize, usize) {
    let frames = world.sockets.frames(number);
    let count = |field: &str, value| frames.iter().filter(|it| it[field] == value).count();
    (count("type", "message"), count("code", "RATE_LIMIT_EXCEEDED"))
}

/// A critical notification of a backend's, and how that was answered.
fn notifies(world: &mut World) -> String {
    let notification = json!({
        "notification_id": "n", "user_id": "ann", "title": "t", "message": "m",
        "category": "system_alert", "priority": "critical",
    });
    let event = json!({"type": "notification", "data": notification});
    world.call(called(Kind::Hub, &event))
}

#[test]
fn l13_ten_connections_that_type_use_up_nobodys_messages() {
    let mut world = chat(limits(), &[("mallory", 10), ("ann", 1)]);
    for number in 1..=10 {
        for at in 0..100 {
            let typing = json!({"type": "typing", "data": {"isTyping": at % 2 == 0}});
            world.says(number, &typing.to_string());
        }
    }
    say(&mut world, 11);
    assert_eq!(heard(&world, 11), (1, 0), "ann speaks");
    is_open(&world, 11);
    assert!(notifies(&mut world).contains("Accepted"), "and so does the backend");
    // A quarter of a thousand went out; the rest was refused, and closed nobody.
    let frames = world.sockets.frames(11);
    assert_eq!(frames.iter().filter(|it| it["type"] == "typing").count(), 250);
    let refused: usize = (1..=10).map(|it| heard(&world, it).1).sum();
    assert_eq!(refused, 750);
    (1..=10).for_each(|it| is_open(&world, it));
}

#[test]
fn b29_l11_a_user_has_a_share_of_the_room_over_all_their_connections() {
    let limits = Limits { broadcasts_per_minute: 16, ..limits() };
    let mut world = chat(limits, &[("mallory", 3), ("ann", 1)]);
    for number in [1, 2, 3, 1] {
        say(&mut world, number);
    }
    say(&mut world, 2);
    assert_eq!(heard(&world, 2), (4, 1), "a quarter of sixteen");
    assert!(!world.sockets.is_open(session_id(2)), "too fast, by this user's own rate");
    world.sleep();
    world.join(12, "mallory", None);
    say(&mut world, 12);
    assert_eq!(heard(&world, 12), (0, 1), "who comes back has the same share");
    say(&mut world, 4);
    assert_eq!(heard(&world, 4), (5, 0), "nobody else pays for it");
    world.wait(60_000);
    say(&mut world, 1);
    assert_eq!(heard(&world, 1), (6, 0), "refilled with its window");
}

#[test]
fn l11_a_share_outlives_every_connection_of_its_user() {
    let limits = Limits { broadcasts_per_minute: 16, ..limits() };
    for sleeps in [false, true] {
        let mut world = chat(limits, &[("mallory", 1)]);
        for _ in 0..4 {
            say(&mut world, 1);
        }
        world.leave(1);
        if sleeps {
            world.sleep();
        }
        world.join(2, "mallory", None);
        say(&mut world, 2);
        assert_eq!(heard(&world, 2), (0, 1));
    }
}

#[test]
fn l11_a_share_of_nothing_is_all_of_it() {
    for user_share_percent in [0, 100] {
        let limits = Limits { broadcasts_per_minute: 8, user_share_percent, ..limits() };
        let mut world = chat(limits, &[("ann", 1)]);
        for _ in 0..8 {
            say(&mut world, 1);
        }
        assert_eq!(heard(&world, 1), (8, 0));
    }
}

#[test]
fn l2_a_room_that_is_full_refuses_and_closes_nobody() {
    let limits = Limits { broadcasts_per_minute: 8, ..limits() };
    let mut world = chat(limits, &[("a", 1), ("b", 1), ("c", 1), ("d", 1), ("late", 1)]);
    for number in [1, 2, 3, 4, 1, 2, 3, 4] {
        say(&mut world, number);
    }
    for slept in 0..10 {
        say(&mut world, 5);
        assert_eq!(heard(&world, 5), (8, slept + 1));
        world.sleep();
    }
    is_open(&world, 5);
    world.wait(60_000);
    say(&mut world, 5);
    assert_eq!(heard(&world, 5), (9, 10));
}

#[test]
fn l12_callers_with_publish_have_as_much_again() {
    let limits = Limits { broadcasts_per_minute: 8, ..limits() };
    let mut world = World::of(Kind::Hub, limits);
    world.grants = |_| a_users();
    for (number, user) in [(1, "a"), (2, "b"), (3, "c"), (4, "d"), (5, "e")] {
        world.join_on(ProtocolId::CLIENT, number, user);
    }
    for number in [1, 2, 3, 4, 1, 2, 3, 4, 5] {
        world.wait(1);
        world.says(number, r#"{"type":"custom"}"#);
    }
    assert_eq!(world.sockets.frames(5).pop().unwrap()["code"], "RATE_LIMIT_EXCEEDED");
    world.grants = |_| dormouse::kernel::Grants::all();
    world.join_on(ProtocolId::CLIENT, 6, "service");
    for _ in 0..7 {
        world.wait(1);
        world.says(6, r#"{"type":"custom"}"#);
    }
    world.sleep();
    assert!(notifies(&mut world).contains("Accepted"));
    world.sleep();
    assert!(notifies(&mut world).contains("RateLimitExceeded"), "all of it is used up");
}

#[test]
fn l14_an_edit_counts_by_the_operations_that_go_out() {
    let limits = Limits { edits_per_second: 0, room_edits_per_second: 40, ..limits() };
    let mut world = World::of(Kind::Collaboration, limits);
    world.grants = |_| a_users();
    for (number, user) in [(1, "ann"), (2, "bob"), (3, "cid")] {
        world.join(number, user, None);
        sits(&mut world, number, "notes", "participant");
    }
    says(&mut world, 1, &insert(0, &"x".repeat(100), 0));
    for at in 0..50 {
        world.wait(100);
        says(&mut world, 2, &insert(2 * at + 1, "y", at + 1));
    }
    // Made to the text before: it is cut into as many pieces as bob has put something between.
    let before = world.sockets.frames(3).len();
    says(&mut world, 1, &crate::editing::delete(0, 100, 1));
    assert_eq!(world.sockets.frames(3).len() - before, 51);
    says(&mut world, 1, &insert(0, "z", 102));
    let refused = world.sockets.frames(1).pop().unwrap();
    assert_eq!(refused["code"], "RATE_LIMIT_EXCEEDED", "{refused}");
    assert_eq!(refused["retry_after"], 4, "51 operations at ten a second, less two seconds");
    says(&mut world, 2, &insert(0, "z", 102));
    assert_eq!(world.sockets.frames(2).pop().unwrap()["type"], "edit_ack", "bob goes on");
}

#[test]
fn l15_cursors_have_a_rate_of_the_room_and_close_nobody() {
    let limits = Limits { edits_per_second: 0, room_edits_per_second: 40, ..limits() };
    let mut world = World::of(Kind::Collaboration, limits);
    world.grants = |_| a_users();
    for (number, user) in [(1, "mallory"), (2, "ann"), (3, "bob")] {
        world.join(number, user, None);
        sits(&mut world, number, "notes", "participant");
    }
    let cursor = json!({"type": "cursor", "data": {"position": 0}}).to_string();
    for _ in 0..100 {
        world.says(1, &cursor);
    }
    assert_eq!(heard(&world, 1).1, 80, "two seconds' worth of ten went out");
    world.says(2, &cursor);
    assert_eq!(heard(&world, 2).1, 0);
    let moved = world.sockets.frames(3).iter().filter(|it| it["type"] == "cursor").count();
    assert_eq!(moved, 21);
    is_open(&world, 1);
}

//! Large data goes out as fast as each socket takes it, and no faster.

use dormouse::host::WINDOW_BYTES;
use dormouse::limits::{FETCH_MS, FETCHERS_MAX, Limits};
use dormouse::protocol::ProtocolId;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::session_id;
use crate::transfer::{LIMITS, chunk, content, hub, request, says, streamed, upload};
use crate::world::World;

/// Chunks of so many bytes.
fn upload_large(world: &mut World, data: &str, total: u64, bytes: usize) {
    for number in 0..total {
        says(world, 1, &chunk(data, number, total, &vec![number.to_le_bytes()[0]; bytes]));
    }
}

fn backlog(world: &World, number: u64, bytes: usize) {
    world.sockets.backlogs.borrow_mut().insert(session_id(number), bytes);
}

/// Frames without what an alarm instead of a timer changes: when they were said.
fn timeless(world: &World, number: u64) -> Vec<Value> {
    let mut frames = world.sockets.frames(number);
    for frame in &mut frames {
        frame["timestamp"] = json!(null);
        frame["id"] = json!(null);
    }
    frames
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// [invariant 6] A room can be dropped between any two chunks, and nobody can tell.
    #[test]
    fn sleep_while_an_object_is_fetched_is_invisible(
        sleeps in prop::collection::vec(any::<bool>(), 12),
        from in 0u64..12,
    ) {
        let play = |may_sleep: bool| {
            let mut world = hub(LIMITS());
            // Four of them fill a window.
            upload_large(&mut world, "d", 12, 50 * 1024);
            world.join_on(ProtocolId::WORKFLOW, 3, "eve");
            world.wait(1);
            for number in [2, 3] {
                let request = json!({"type": "large_data_request", "data": {"data_id": "d", "from": from}});
                world.says(number, &request.to_string());
            }
            for sleeps in &sleeps {
                if *sleeps && may_sleep {
                    world.sleep();
                }
                world.wait(1);
                if !sleeps {
                    world.says(3, r#"{"type":"ping","id":"p"}"#);
                }
            }
            world.wait(20 * FETCH_MS);
            world
        };
        let (asleep, awake) = (play(true), play(false));
        let chunks = |world: &World, number| streamed(&world.sockets.frames(number));
        prop_assert_eq!(timeless(&asleep, 2), timeless(&awake, 2));
        prop_assert_eq!(chunks(&asleep, 3), chunks(&awake, 3));
        let indexes: Vec<u64> = chunks(&asleep, 2).into_iter().map(|(index, _)| index).collect();
        prop_assert_eq!(indexes, (from..12).collect::<Vec<_>>());
    }
}

#[test]
fn w10_a_socket_gets_no_more_than_its_window_at_once() {
    let mut world = hub(LIMITS());
    upload_large(&mut world, "d", 30, 48 * 1024);
    world.says(2, &request("d").to_string());
    let chunk_bytes = 64 * 1024;
    let sent = world.sockets.frames(2).len();
    assert_eq!(sent, WINDOW_BYTES / chunk_bytes, "as many as fill it");
    // Who does not read is not sent anything, however often others speak.
    backlog(&world, 2, WINDOW_BYTES);
    for _ in 0..10 {
        assert_eq!(says(&mut world, 1, &json!({"type": "ping", "id": "p"})).len(), 1);
    }
    world.wait(10 * FETCH_MS);
    assert_eq!(world.sockets.frames(2).len(), sent);
    // Nearly nothing is read: one chunk more.
    backlog(&world, 2, WINDOW_BYTES - 1);
    world.says(1, r#"{"type":"ping","id":"p"}"#);
    assert_eq!(world.sockets.frames(2).len(), sent + 1);
    // It reads on: nobody says so, but the room looks again.
    backlog(&world, 2, 0);
    world.wait(2 * FETCH_MS);
    assert_eq!(streamed(&world.sockets.frames(2)).len(), 30);
    assert!(world.sockets.is_open(session_id(2)));
}

#[test]
fn many_who_fetch_are_served_in_turn() {
    let mut world = hub(LIMITS());
    upload_large(&mut world, "d", 30, 48 * 1024);
    let numbers = 10..20;
    for number in numbers.clone() {
        world.join_on(ProtocolId::WORKFLOW, number, "many");
    }
    world.wait(1);
    let requests: Vec<_> = numbers.clone().map(|it| (it, request("d").to_string())).collect();
    world.says_at_once(&requests);
    let most = |world: &World| {
        let counts = numbers.clone().map(|it| streamed(&world.sockets.frames(it)).len());
        let counts: Vec<usize> = counts.collect();
        (counts.iter().sum::<usize>(), counts.iter().max().copied().unwrap())
    };
    let (total, most_of_one) = most(&world);
    assert!(total <= 20 && most_of_one <= 5, "one turn sends about a megabyte: {total}");
    world.wait(4);
    assert!(numbers.clone().all(|it| !streamed(&world.sockets.frames(it)).is_empty()));
    world.wait(200);
    assert_eq!(most(&world), (300, 30));
}

#[test]
fn w9_a_connection_fetches_one_object_at_a_time_and_a_room_serves_so_many() {
    let mut world = hub(LIMITS());
    upload_large(&mut world, "d", 30, 48 * 1024);
    backlog(&world, 2, WINDOW_BYTES);
    assert!(says(&mut world, 2, &request("d")).is_empty());
    world.sleep();
    let answers = says(&mut world, 2, &request("d"));
    assert_eq!(answers[0]["data"]["error_code"], "CONFLICT");
    assert_eq!(answers[0]["data"]["error_details"]["request_id"], "r1");
    for number in 10..10 + FETCHERS_MAX as u64 - 1 {
        world.join_on(ProtocolId::WORKFLOW, number, "many");
        backlog(&world, number, WINDOW_BYTES);
        world.wait(1);
        assert!(says(&mut world, number, &request("d")).is_empty());
    }
    let answers = says(&mut world, 1, &request("d"));
    assert_eq!(answers[0]["data"]["error_code"], "UNAVAILABLE");
    assert_eq!(answers[0]["data"]["error_details"]["retry_after"], 5);
    // Who leaves makes room.
    world.leave(10);
    says(&mut world, 1, &request("d"));
    world.wait(100);
    assert_eq!(streamed(&world.sockets.frames(1)).len(), 30);
    says(&mut world, 1, &request("d"));
    world.wait(100);
    assert_eq!(streamed(&world.sockets.frames(1)).len(), 60, "one after the other");
}

#[test]
fn w9_what_expires_while_it_is_fetched_ends_with_a_word() {
    let day = 24 * 60 * 60 * 1000;
    let mut world = hub(Limits { history_age_days_max: 1, ..LIMITS() });
    upload_large(&mut world, "d", 30, 48 * 1024);
    world.wait(day - 2000);
    says(&mut world, 2, &request("d"));
    backlog(&world, 2, WINDOW_BYTES);
    world.sleep();
    world.wait(3000);
    let last = world.sockets.frames(2).pop().unwrap();
    assert_eq!(
        (&last["type"], &last["data"]["error_code"]),
        (&json!("error"), &json!("NOT_FOUND"))
    );
    backlog(&world, 2, 0);
    let sent = world.sockets.frames(2).len();
    world.wait(day);
    assert_eq!(world.sockets.frames(2).len(), sent);
    // And the connection may fetch again.
    upload(&mut world, 1, "e", 2, 1);
    assert_eq!(streamed(&says(&mut world, 2, &request("e"))), [(1, content(0)), (2, content(1))]);
}

#[test]
fn a_room_that_nobody_fetches_from_rests() {
    let mut world = hub(LIMITS());
    upload(&mut world, 1, "d", 3, 0);
    assert_eq!(streamed(&says(&mut world, 2, &request("d"))).len(), 3);
    let stored = world.sockets.attachments();
    assert!(stored.iter().all(|it| it.own.transfers.fetching.is_none()));
}

//! What is refused of large data, and how long it is kept (A31 to A33, X7, X19).

use dormouse::kernel::{Command, Request};
use dormouse::limits::{Limits, TRANSFER_MS, TRANSFERS_MAX};
use dormouse::protocol::ProtocolId;
use serde_json::{Value, json};

use crate::support::session_id;
use crate::transfer::{LIMITS, chunk, content, hub, request, says, streamed, upload};
use crate::world::World;

/// The code of the one refusal it is answered with, and the fields at fault.
fn refused(world: &mut World, number: u64, frame: &Value) -> (String, Vec<String>) {
    let answers = says(world, number, frame);
    let [answer] = answers.as_slice() else { panic!("{answers:?}") };
    assert_eq!(answer["type"], "error", "{answer}");
    let faults = answer["data"]["error_details"]["faults"].as_array().cloned().unwrap_or_default();
    let fields = faults.iter().map(|it| it["field"].as_str().unwrap().to_owned());
    (answer["data"]["error_code"].as_str().unwrap().to_owned(), fields.collect())
}

fn status(world: &mut World, number: u64, frame: &Value) -> String {
    let answers = says(world, number, frame);
    let [answer] = answers.as_slice() else { panic!("{answers:?}") };
    answer["data"]["status"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

const CONFLICT: (&str, [&str; 0]) = ("CONFLICT", []);

fn assert_refused<const N: usize>(
    (code, fields): (String, Vec<String>),
    expected: (&str, [&str; N]),
) {
    assert_eq!((code, fields), (expected.0.to_owned(), expected.1.map(str::to_owned).to_vec()));
}

fn rows(world: &World, table: &str) -> u64 {
    world.database.count(&format!("SELECT COUNT(*) FROM {table} WHERE 1 = "), 1)
}

#[test]
fn a33_x19_w5_limits_are_of_the_decoded_bytes_and_of_the_chunks() {
    let limits = Limits { chunk_bytes_max: 8, chunks_max: 3, ..LIMITS() };
    let mut world = hub(limits);
    let data = |index, total, bytes| chunk("d", index, total, bytes);
    assert_refused(refused(&mut world, 1, &data(0, 3, b"123456789")), ("MESSAGE_TOO_LARGE", []));
    assert_refused(
        refused(&mut world, 1, &data(0, 4, b"1")),
        ("INVALID_MESSAGE_FORMAT", ["total_chunks"]),
    );
    assert_eq!(says(&mut world, 1, &data(0, 3, b"12345678")), [] as [Value; 0]);
    assert_eq!(rows(&world, "chunk"), 1, "the other two left nothing behind");
}

#[test]
fn x19_w5_a_limit_that_is_switched_off_still_has_an_end() {
    let limits = Limits { chunk_bytes_max: 0, chunks_max: 0, ..LIMITS() };
    let mut world = hub(limits);
    let invalid = ("INVALID_MESSAGE_FORMAT", ["total_chunks"]);
    assert_refused(refused(&mut world, 1, &chunk("d", 0, 10_001, b"")), invalid);
    assert_refused(refused(&mut world, 1, &chunk("d", 0, 1 << 53, b"")), invalid);
    let large = chunk("d", 0, 1, &vec![7; 512 * 1024 + 1]);
    assert_refused(refused(&mut world, 1, &large), ("MESSAGE_TOO_LARGE", []));
    assert_eq!(status(&mut world, 1, &chunk("d", 0, 1, &vec![7; 512 * 1024])), "received");
}

#[test]
fn x19_w5_indexes_count_from_0_or_from_1_but_not_from_both() {
    let mut world = hub(LIMITS());
    let both = ("INVALID_MESSAGE_FORMAT", ["chunk_index"]);
    upload(&mut world, 1, "zero", 1, 0);
    assert_eq!(says(&mut world, 1, &chunk("from0", 0, 3, b"a")), [] as [Value; 0]);
    assert_refused(refused(&mut world, 1, &chunk("from0", 3, 3, b"d")), both);
    assert_eq!(says(&mut world, 1, &chunk("from1", 3, 3, b"d")), [] as [Value; 0]);
    world.sleep();
    assert_refused(refused(&mut world, 1, &chunk("from1", 0, 3, b"a")), both);
    assert_refused(refused(&mut world, 1, &chunk("from1", 4, 3, b"e")), both);
    // One that has all of it takes no other base either.
    assert_refused(refused(&mut world, 1, &chunk("zero", 1, 1, &content(0))), both);
    // As long as it is open, the first index decides what is said to be missing.
    says(&mut world, 1, &chunk("open1", 1, 3, b"a"));
    let again = says(&mut world, 1, &chunk("open1", 1, 3, b"a"));
    assert_eq!(again[0]["data"]["missing"], json!([2, 3]));
    says(&mut world, 1, &chunk("open2", 2, 3, b"b"));
    let again = says(&mut world, 1, &chunk("open2", 2, 3, b"b"));
    assert_eq!(again[0]["data"]["missing"], json!([0, 1]));
}

#[test]
fn w7_w9_what_is_at_odds_with_what_is_here_is_a_conflict() {
    let mut world = hub(LIMITS());
    upload(&mut world, 1, "d", 2, 0);
    says(&mut world, 1, &chunk("open", 0, 3, b"a"));
    for (number, frame) in [
        (1, chunk("d", 0, 2, b"other")),
        (2, chunk("d", 0, 2, &content(0))),
        (1, chunk("d", 0, 3, &content(0))),
        (2, chunk("open", 1, 3, b"b")),
        (2, request("open")),
    ] {
        assert_refused(refused(&mut world, number, &frame), CONFLICT);
        world.sleep();
    }
    assert_refused(refused(&mut world, 2, &request("never")), ("NOT_FOUND", []));
    assert_eq!(status(&mut world, 1, &chunk("d", 0, 2, &content(0))), "received");
    let from =
        |from: u64| json!({"type": "large_data_request", "data": {"data_id": "d", "from": from}});
    let invalid = ("INVALID_MESSAGE_FORMAT", ["from"]);
    assert_refused(refused(&mut world, 2, &from(2)), invalid);
    assert_eq!(streamed(&says(&mut world, 2, &from(1))), [(1, content(1))]);
}

#[test]
fn w7_a_room_holds_so_many_bytes_and_so_many_objects() {
    let mut world = hub(Limits { transfer_quota_bytes: 20, ..LIMITS() });
    says(&mut world, 1, &chunk("a", 0, 2, &[1; 12]));
    assert_refused(refused(&mut world, 2, &chunk("b", 0, 1, &[1; 9])), CONFLICT);
    assert_eq!(status(&mut world, 2, &chunk("b", 0, 1, &[1; 8])), "received");
    world.sleep();
    assert_refused(refused(&mut world, 1, &chunk("a", 1, 2, &[1; 1])), CONFLICT);
    assert_eq!(status(&mut world, 1, &chunk("a", 0, 2, &[1; 12])), "incomplete", "it is here");

    let mut world = hub(Limits { transfer_quota_bytes: 0, ..LIMITS() });
    for number in 0..TRANSFERS_MAX {
        world.says(1, &chunk(&format!("d{number}"), 0, 2, b"x").to_string());
    }
    assert_refused(
        refused(&mut world, 1, &chunk("one more", 0, 2, b"x")),
        ("INVALID_MESSAGE_FORMAT", ["data_id"]),
    );
    assert_refused(refused(&mut world, 1, &chunk("one-more", 0, 2, b"x")), CONFLICT);
    assert_eq!(status(&mut world, 1, &chunk("d7", 1, 2, b"y")), "received");
}

#[test]
fn w8_an_abandoned_transfer_expires_an_hour_after_its_last_chunk() {
    let mut world = hub(LIMITS());
    for number in 0..250 {
        says(&mut world, 1, &chunk("d", number, 300, b"x"));
    }
    world.wait(TRANSFER_MS - 10_000);
    // A chunk again is a sign of life, even if it brings nothing.
    world.sleep();
    assert_eq!(status(&mut world, 1, &chunk("d", 7, 300, b"x")), "incomplete");
    world.wait(TRANSFER_MS - 1000);
    assert_eq!(rows(&world, "chunk"), 250);
    world.wait(1000);
    // Nobody sees it any more; what is left of it goes in portions.
    let left = rows(&world, "chunk");
    assert_eq!(left, 250);
    assert_eq!(says(&mut world, 2, &chunk("d", 0, 2, b"new")), [] as [Value; 0]);
    let mut seen = vec![];
    for _ in 0..400 {
        world.wait(10);
        world.sleep();
        let count = rows(&world, "chunk");
        if seen.last() != Some(&count) {
            seen.push(count);
        }
    }
    assert_eq!(seen, [251, 151, 51, 1]);
    assert_eq!(rows(&world, "transfer"), 1);
    assert_eq!(status(&mut world, 2, &chunk("d", 1, 2, b"er")), "received");
    says(&mut world, 1, &request("d"));
    assert_eq!(streamed(&world.sockets.frames(1)), [(0, b"new".to_vec()), (1, b"er".to_vec())]);
}

#[test]
fn w8_a_finished_object_is_kept_as_long_as_history_is() {
    let day = 24 * 60 * 60 * 1000;
    let mut world = hub(Limits { history_age_days_max: 2, ..LIMITS() });
    upload(&mut world, 1, "d", 3, 1);
    world.wait(2 * day - 1000);
    says(&mut world, 2, &request("d"));
    assert_eq!(streamed(&world.sockets.frames(2)).len(), 3);
    world.wait(2000);
    assert_refused(refused(&mut world, 2, &request("d")), ("NOT_FOUND", []));
    world.wait(1000);
    assert_eq!((rows(&world, "chunk"), rows(&world, "transfer")), (0, 0));

    let mut world = hub(Limits { history_age_days_max: 0, ..LIMITS() });
    upload(&mut world, 1, "d", 1, 0);
    world.wait(1000 * day);
    assert_eq!(streamed(&says(&mut world, 2, &request("d"))).len(), 1, "0 days is for ever");
}

#[test]
fn x7_w11_a_chunk_too_fast_is_refused_three_times_and_then_the_socket_is_closed() {
    let mut world = hub(Limits { chunks_per_second: 5, ..LIMITS() });
    for number in 0..13 {
        world.says(1, &chunk("d", number, 20, b"x").to_string());
    }
    let frames = world.sockets.frames(1);
    let codes: Vec<_> = frames.iter().map(|it| &it["data"]["error_code"]).collect();
    assert_eq!(codes, ["RATE_LIMIT_EXCEEDED"; 3], "two seconds' worth is taken at once");
    assert!(!world.sockets.is_open(session_id(1)));
    assert_eq!(rows(&world, "chunk"), 10);
    // Requests for objects count with them; other frames do not.
    for _ in 0..10 {
        assert_refused(refused(&mut world, 2, &request("never")), ("NOT_FOUND", []));
    }
    assert_refused(refused(&mut world, 2, &request("never")), ("RATE_LIMIT_EXCEEDED", []));
    assert_eq!(says(&mut world, 2, &json!({"type": "ping", "id": "p"}))[0]["type"], "pong");
}

#[test]
fn an_erased_room_has_no_large_data() {
    let mut world = hub(LIMITS());
    upload(&mut world, 1, "d", 3, 0);
    let answer = world.call(Request { request_id: None, command: Ok(Command::Erase) });
    assert!(answer.contains("Erased"), "{answer}");
    assert_eq!((rows(&world, "chunk"), rows(&world, "transfer")), (0, 0));
    world.join_on(ProtocolId::WORKFLOW, 3, "ann");
    world.wait(1);
    assert_refused(refused(&mut world, 3, &request("d")), ("NOT_FOUND", []));
    assert_eq!(says(&mut world, 3, &chunk("d", 0, 3, b"x")), [] as [Value; 0]);
}

#[test]
fn protocols_without_words_for_it_know_no_such_type() {
    let mut world = hub(LIMITS());
    world.join_on(ProtocolId::EVENTS, 5, "eve");
    world.wait(1);
    let answers = says(&mut world, 5, &chunk("d", 0, 1, b"x"));
    assert_eq!(answers[0]["code"], "UNKNOWN_MESSAGE_TYPE", "{answers:?}");
    assert_eq!(rows(&world, "chunk"), 0);
}

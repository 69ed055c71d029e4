//! Whatever a client says about documents is served or refused with a typed error, nothing
//! changes, and the room goes on.

use dormouse::kernel::{Grant, Grants};
use dormouse::limits::{DOCUMENT_BYTES_MAX, DOCUMENTS_MAX, Limits};
use dormouse::message::Kind;
use serde_json::{Value, json};

use crate::editing::{count, delete, heard, insert, room, says, sits, text, undo, unhurried};
use crate::world::World;

/// What came last of it.
fn answer(world: &mut World, number: u64, frame: &Value) -> Value {
    let before = count(world, number);
    says(world, number, frame);
    heard(world, number, before).remove(0)
}

fn error(code: &str) -> Value {
    json!(["error", code])
}

/// `a😀b`, version 1, in front of ann, who edits, and bob, who looks on; cid is outside.
fn notes() -> World {
    let mut world = room(&["ann", "bob", "cid"]);
    sits(&mut world, 1, "notes", "participant");
    sits(&mut world, 2, "notes", "viewer");
    says(&mut world, 1, &insert(0, "a😀b", 0));
    world
}

#[test]
fn t3_what_is_no_operation_is_refused_and_nothing_changes() {
    let mut world = notes();
    let with = |field: &str, value: Value| {
        let mut frame = insert(1, "x", 1);
        frame["data"][field] = value;
        frame
    };
    let without = |field: &str| {
        let mut frame = insert(1, "x", 1);
        frame["data"].as_object_mut().unwrap().remove(field);
        frame
    };
    let huge = [5, 1 << 30, (1 << 30) + 1, 1 << 32, 1 << 53, u64::MAX];
    let mut frames: Vec<Value> = huge
        .into_iter()
        .flat_map(|far| [insert(far, "x", 1), delete(far, 1, 1), delete(0, far, 1)])
        .collect();
    frames.extend([insert(2, "x", 1), delete(0, 2, 1), delete(2, 1, 1)]); // Inside of the pair.
    frames.extend([delete(0, 0, 1), insert(0, "", 1), delete(3, 2, 1)]);
    for wrong in
        [json!(-1), json!(0.5), json!(1.0), json!(1e30), json!("1"), json!(null), json!([])]
    {
        frames.extend([with("position", wrong.clone()), with("version", wrong)]);
    }
    for wrong in ["INSERT", "format", "", "__proto__"] {
        frames.push(with("operation", json!(wrong)));
    }
    for wrong in [json!(null), json!(7), json!({}), json!(["insert"])] {
        frames.extend([with("operation", wrong.clone()), with("content", wrong)]);
    }
    frames.extend(["operation", "position", "content", "version"].map(without));
    frames.extend([
        with("length", json!(1)),
        with("length", json!(-1)),
        with("sessionId", json!("a b")),
    ]);
    let both = |operation: &str, content: Value, length: Value| {
        json!({"type": "edit", "data": {"operation": operation, "position": 0, "version": 1,
            "content": content, "length": length}})
    };
    frames.extend([
        both("delete", json!("x"), json!(1)),
        both("delete", json!(null), json!(null)),
        both("replace", json!(null), json!(1)),
        both("replace", json!("x"), json!(null)),
        both("replace", json!(""), json!(0)),
        both("replace", json!("x"), json!(2)),
        json!({"type": "edit"}),
        json!({"type": "edit", "data": []}),
    ]);
    for frame in frames {
        assert_eq!(answer(&mut world, 1, &frame), error("INVALID_MESSAGE_FORMAT"), "{frame}");
    }
    for raw in [
        r#"{"type":"edit","data":{"operation":"insert","position":0,"content":"\ud800","version":1}}"#,
        r#"{"type":"edit","data":{"operation":"insert","position":0,"content":"\udc00x","version":1}}"#,
        r#"{"type":"edit","data":{"operation":"insert","position":0,"position":1,"content":"x","version":1}}"#,
    ] {
        let before = count(&world, 1);
        world.wait(1);
        world.says(1, raw);
        assert_eq!(heard(&world, 1, before), [error("INVALID_MESSAGE_FORMAT")], "{raw}");
    }
    assert_eq!(text(&mut world, "notes"), ("a😀b".into(), 1));
    // What is there twice or for nothing harms nobody.
    for frame in [both("insert", json!("x"), json!(0)), both("delete", json!(""), json!(1))] {
        assert_eq!(answer(&mut world, 1, &frame)[0], "edit_ack", "{frame}");
    }
}

#[test]
fn t7_who_may_not_edit_is_told_so() {
    let mut world = notes();
    for frame in [insert(0, "x", 1), undo()] {
        assert_eq!(answer(&mut world, 2, &frame), error("PERMISSION_DENIED"), "a viewer");
        assert_eq!(answer(&mut world, 3, &frame), error("CONFLICT"), "outside of the session");
    }
    let cursor = json!({"type": "cursor", "data": {"position": 0}});
    assert_eq!(answer(&mut world, 3, &cursor), error("CONFLICT"));
    let mut elsewhere = insert(0, "x", 1);
    elsewhere["data"]["sessionId"] = json!("other");
    assert_eq!(answer(&mut world, 1, &elsewhere), error("CONFLICT"));
    elsewhere["data"]["sessionId"] = json!("notes");
    assert_eq!(answer(&mut world, 1, &elsewhere)[0], "edit_ack");
}

#[test]
fn t15_joining_takes_history_and_editing_takes_send() {
    let grants = |all: &[Grant]| -> Grants { all.iter().copied().collect() };
    let mut world = World::of(Kind::Collaboration, unhurried());
    world.join_with(1, "reader", grants(&[Grant::Join, Grant::History]));
    world.join_with(2, "sender", grants(&[Grant::Join, Grant::Send]));
    let join =
        |role: &str| json!({"type": "join_session", "data": {"sessionId": "n", "role": role}});
    assert_eq!(answer(&mut world, 1, &join("participant")), error("PERMISSION_DENIED"));
    assert_eq!(answer(&mut world, 1, &join("viewer"))[0], "session_state");
    for role in ["participant", "viewer"] {
        assert_eq!(answer(&mut world, 2, &join(role)), error("PERMISSION_DENIED"));
    }
}

#[test]
fn t7_a_version_that_is_not_yet_is_a_conflict_and_the_state_follows() {
    let mut world = notes();
    for version in [2, 1 << 53, u64::MAX] {
        let before = count(&world, 1);
        says(&mut world, 1, &insert(0, "x", version));
        let heard = heard(&world, 1, before);
        assert_eq!(heard[0], error("CONFLICT"));
        assert_eq!(
            (&heard[1][0], &heard[1][1]["content"]),
            (&json!("session_state"), &json!("a😀b"))
        );
    }
}

#[test]
fn t1_a_document_has_room_for_a_mebibyte() {
    let mut world = room(&["ann", "bob"]);
    sits(&mut world, 1, "notes", "participant");
    sits(&mut world, 2, "notes", "participant");
    // A frame that long is past the limit of frames.
    let half = DOCUMENT_BYTES_MAX / 2;
    assert_eq!(answer(&mut world, 1, &insert(0, &"x".repeat(half), 0))[0], "edit_ack");
    assert_eq!(answer(&mut world, 2, &insert(0, &"y".repeat(half), 1))[0], "edit_ack");
    assert_eq!(answer(&mut world, 1, &insert(0, "z", 2)), error("CONFLICT"));
    assert_eq!(text(&mut world, "notes").0.len(), DOCUMENT_BYTES_MAX);
    world.sleep();
    assert_eq!(answer(&mut world, 1, &delete(0, 1, 2))[0], "edit_ack");
    assert_eq!(answer(&mut world, 1, &insert(0, "z", 3))[0], "edit_ack");
}

/// JSON spells a control character with six bytes, so text of them grows sixfold on the wire.
#[test]
fn what_json_has_to_escape_is_stored_and_told_as_it_is() {
    let mut world = room(&["ann", "bob"]);
    sits(&mut world, 1, "notes", "participant");
    sits(&mut world, 2, "notes", "participant");
    let dark = "\u{1}\0\"\\".repeat(2_000);
    for version in 0..20 {
        assert_eq!(answer(&mut world, 1, &insert(0, &dark, version))[0], "edit_ack");
    }
    world.sleep();
    // One delete of all of it, and back.
    let all = 20 * 8_000;
    assert_eq!(answer(&mut world, 1, &delete(0, all, 20))[0], "edit_ack");
    world.sleep();
    assert_eq!(answer(&mut world, 1, &undo())[1]["content"].as_str().unwrap().len(), 160_000);
    world.sleep();
    assert_eq!(text(&mut world, "notes"), (dark.repeat(20), 22));
}

#[test]
fn what_makes_no_sense_is_refused_by_name() {
    let mut world = notes();
    for (frame, code) in [
        (json!({"type": "join_session"}), "INVALID_MESSAGE_FORMAT"),
        (json!({"type": "join_session", "data": {}}), "INVALID_MESSAGE_FORMAT"),
        (json!({"type": "join_session", "data": {"sessionId": ""}}), "INVALID_MESSAGE_FORMAT"),
        (json!({"type": "join_session", "data": {"sessionId": "a/b"}}), "INVALID_MESSAGE_FORMAT"),
        (
            json!({"type": "join_session", "data": {"sessionId": "x".repeat(129)}}),
            "INVALID_MESSAGE_FORMAT",
        ),
        (
            json!({"type": "join_session", "data": {"sessionId": "n", "role": "owner"}}),
            "INVALID_MESSAGE_FORMAT",
        ),
        (
            json!({"type": "join_session", "data": {"sessionId": "n", "role": null}}),
            "INVALID_MESSAGE_FORMAT",
        ),
        (json!({"type": "leave_session"}), "INVALID_MESSAGE_FORMAT"),
        (json!({"type": "leave_session", "data": {"sessionId": "other"}}), "CONFLICT"),
        (json!({"type": "command"}), "INVALID_MESSAGE_FORMAT"),
        (json!({"type": "command", "data": {"command": "redo"}}), "NOT_FOUND"),
        (json!({"type": "cursor"}), "INVALID_MESSAGE_FORMAT"),
        (json!({"type": "cursor", "data": {"position": -1}}), "INVALID_MESSAGE_FORMAT"),
        (json!({"type": "cursor", "data": {"position": 0.5}}), "INVALID_MESSAGE_FORMAT"),
        (json!({"type": "cursor", "data": {"position": "1"}}), "INVALID_MESSAGE_FORMAT"),
        (
            json!({"type": "cursor", "data": {"position": 1, "selection": "x".repeat(1023)}}),
            "INVALID_MESSAGE_FORMAT",
        ),
        (json!({"type": "message", "data": {"content": "x"}}), "UNKNOWN_MESSAGE_TYPE"),
        (json!({"type": "typing", "data": {"isTyping": true}}), "UNKNOWN_MESSAGE_TYPE"),
        (json!({"type": "session_state", "data": {}}), "UNKNOWN_MESSAGE_TYPE"),
    ] {
        assert_eq!(answer(&mut world, 1, &frame), error(code), "{frame}");
    }
    let before = count(&world, 2);
    says(
        &mut world,
        1,
        &json!({"type": "cursor", "data": {"position": 1, "selection": "x".repeat(1022)}}),
    );
    assert_eq!(count(&world, 2), before + 1, "1 KiB of JSON is allowed");
    assert_eq!(text(&mut world, "notes"), ("a😀b".into(), 1));
}

#[test]
fn other_rooms_do_not_edit() {
    let mut world = World::of(Kind::Chat, unhurried());
    world.join(1, "ann", None);
    for frame in [
        json!({"type": "join_session", "data": {"sessionId": "n"}}),
        json!({"type": "leave_session", "data": {"sessionId": "n"}}),
        insert(0, "x", 0),
        undo(),
        json!({"type": "cursor", "data": {"position": 1}}),
    ] {
        assert_eq!(answer(&mut world, 1, &frame), error("UNKNOWN_MESSAGE_TYPE"), "{frame}");
    }
}

#[test]
fn t15_a_room_keeps_a_thousand_documents() {
    let mut world = room(&["ann", "bob"]);
    // One is entered while there is room, and written to when there is none.
    sits(&mut world, 2, "late", "participant");
    for number in 0..DOCUMENTS_MAX {
        sits(&mut world, 1, &format!("d{number}"), "participant");
        says(&mut world, 1, &insert(0, "x", 0));
    }
    let acks = heard(&world, 1, 0).iter().filter(|it| it[0] == "edit_ack").count();
    assert_eq!(acks as u64, DOCUMENTS_MAX);
    let another = json!({"type": "join_session", "data": {"sessionId": "another"}});
    for _ in 0..2 {
        assert_eq!(answer(&mut world, 1, &another), error("CONFLICT"));
        assert_eq!(answer(&mut world, 2, &insert(0, "x", 0)), error("CONFLICT"));
        world.sleep();
    }
    assert_eq!(text(&mut world, "d500"), ("x".into(), 1));
    assert_eq!(answer(&mut world, 1, &insert(0, "y", 1))[0], "edit_ack", "its seat is the old one");
}

#[test]
fn a_damaged_document_is_our_fault_and_harms_no_other() {
    for damage in [
        "DELETE FROM document_edit WHERE document = 'bad' AND first = 2",
        "UPDATE document_edit SET operations = '[]' WHERE document = 'bad' AND first = 2",
        "UPDATE document_edit SET operations = 'nonsense' WHERE document = 'bad' AND first = 3",
        "UPDATE document_edit SET content = '' WHERE document = 'bad' AND first = 3",
        r#"UPDATE document_edit SET operations = '[{"position":9,"bytes":1}]' WHERE document = 'bad' AND first = 2"#,
        "DELETE FROM document_edit WHERE document = 'bad' AND first = 1",
    ] {
        let mut world = room(&["ann", "bob"]);
        sits(&mut world, 1, "bad", "participant");
        for version in 0..3 {
            says(&mut world, 1, &insert(version, "x", version));
        }
        world.database.execute(damage);
        world.sleep();
        assert_eq!(answer(&mut world, 1, &insert(0, "y", 3)), error("SYSTEM_ERROR"), "{damage}");
        assert_eq!(answer(&mut world, 1, &undo()), error("SYSTEM_ERROR"), "{damage}");
        let join = json!({"type": "join_session", "data": {"sessionId": "bad"}});
        assert_eq!(answer(&mut world, 2, &join), error("SYSTEM_ERROR"), "{damage}");
        assert_eq!(text(&mut world, "good"), (String::new(), 0));
    }
}

#[test]
fn b29_t18_twenty_edits_a_second_are_never_too_fast_and_a_flood_is() {
    let limits = Limits { inactivity_ms: 0, ..Limits::default() };
    let mut world = World::of(Kind::Collaboration, limits);
    world.join(1, "ann", None);
    sits(&mut world, 1, "notes", "participant");
    // A minute of typing, with the jitter of a network, and a cursor with each letter.
    for version in 0..1_200 {
        world.wait(if version % 3 == 0 { 10 } else { 70 });
        world.says(1, &insert(version, "x", version).to_string());
        world.says(1, &json!({"type": "cursor", "data": {"position": version}}).to_string());
    }
    assert_eq!(world.sockets.frames(1).last().unwrap()["data"]["version"], 1_200);
    assert!(heard(&world, 1, 0).iter().all(|it| it[0] != "error"));
    for _ in 0..100 {
        world.says(1, &json!({"type": "cursor", "data": {"position": 0}}).to_string());
    }
    assert_eq!(heard(&world, 1, 0).pop().unwrap(), error("RATE_LIMIT_EXCEEDED"));
    assert!(!world.sockets.is_open(crate::support::session_id(1)), "closed at once");
}

#[test]
fn t18_the_whole_text_is_told_no_more_often_than_messages_are_taken() {
    let limits = Limits { messages_per_minute: 3, edits_per_second: 0, ..Limits::default() };
    let mut world = World::of(Kind::Collaboration, limits);
    world.join(1, "ann", None);
    sits(&mut world, 1, "notes", "participant");
    for _ in 0..10 {
        says(&mut world, 1, &insert(0, "x", 1_000)); // To a version that is not yet.
    }
    let frames = world.sockets.frames(1);
    let told = frames.iter().filter(|it| it["type"] == "session_state").count();
    assert_eq!(told, 3, "the one that joined, and two more");
    assert_eq!(frames.last().unwrap()["code"], "RATE_LIMIT_EXCEEDED");
    assert!(!world.sockets.is_open(crate::support::session_id(1)));
}

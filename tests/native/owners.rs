//! One member against what a room holds: shares, owners, deletion (L18, H10, W12, T19, T20).

use dormouse::api::Task;
use dormouse::feature::documents::EditingTask;
use dormouse::feature::state::StateTask;
use dormouse::feature::transfers::TransferTask;
use dormouse::kernel::Grants;
use dormouse::limits::Limits;
use dormouse::message::{Kind, Name, StateKey};
use dormouse::protocol::ProtocolId;
use serde_json::{Value, json};

use crate::editing::{delete, insert, says, sits};
use crate::support::{a_users, member};
use crate::transfer::{chunk, content, request};
use crate::world::World;

fn grants(user: &str) -> Grants {
    if user == "service" { Grants::all() } else { a_users() }
}

fn limits() -> Limits {
    Limits {
        messages_per_minute: 0,
        broadcasts_per_minute: 0,
        edits_per_second: 0,
        room_edits_per_second: 0,
        chunks_per_second: 0,
        inactivity_ms: 0,
        ..Limits::default()
    }
}

fn hub(protocol: ProtocolId, users: &[&str]) -> World {
    let mut world = World::of(Kind::Hub, limits());
    world.grants = grants;
    for (number, user) in (1..).zip(users) {
        world.join_on(protocol, number, user);
    }
    world
}

/// Says it, and gives the last that was told on that connection.
fn answer(world: &mut World, number: u64, frame: &Value) -> Value {
    says(world, number, frame);
    world.sockets.frames(number).pop().unwrap()
}

fn set(world: &mut World, number: u64, key: &str, value: &Value) -> Value {
    let params = json!({"key": key, "value": value});
    let frame = json!({"type": "command", "command": "set_state", "params": params});
    answer(world, number, &frame)
}

/// What a caller over HTTP is answered.
fn calls(world: &mut World, user: &str, task: &Task) -> String {
    let answers = world.run_as(&member(user), grants(user), task);
    format!("{answers:?}")
}

#[test]
fn l18_a_user_has_a_quarter_of_the_keys_and_a_service_all_of_them() {
    let mut world = hub(ProtocolId::EVENTS, &["mallory", "ann", "service"]);
    for key in 0..250 {
        assert_eq!(set(&mut world, 1, &format!("m{key}"), &json!(1))["type"], "response");
    }
    world.sleep();
    assert_eq!(set(&mut world, 1, "one-more", &json!(1))["code"], "CONFLICT");
    assert_eq!(set(&mut world, 1, "m0", &json!(2))["type"], "response", "what is there changes");
    assert_eq!(set(&mut world, 2, "a", &json!(1))["type"], "response", "ann has her own");
    for key in 0..300 {
        assert_eq!(set(&mut world, 3, &format!("s{key}"), &json!(1))["type"], "response");
    }
    assert_eq!(set(&mut world, 1, "m0", &json!(null))["type"], "response");
    assert_eq!(set(&mut world, 1, "one-more", &json!(1))["type"], "response", "one for one");
}

#[test]
fn h10_who_set_a_key_first_drops_it_and_what_a_service_sets_it_alone_changes() {
    for sleeps in [false, true] {
        let mut world = hub(ProtocolId::EVENTS, &["ann", "bob", "service"]);
        let rest = |world: &mut World| {
            if sleeps {
                world.sleep();
            }
        };
        set(&mut world, 1, "topic", &json!("ann's"));
        rest(&mut world);
        assert_eq!(set(&mut world, 2, "topic", &json!("bob's"))["type"], "response", "shared");
        rest(&mut world);
        assert_eq!(set(&mut world, 2, "topic", &json!(null))["code"], "PERMISSION_DENIED");
        assert_eq!(set(&mut world, 1, "topic", &json!(null))["type"], "response");
        set(&mut world, 2, "topic", &json!("bob's"));
        rest(&mut world);
        assert_eq!(set(&mut world, 1, "topic", &json!(null))["code"], "PERMISSION_DENIED");
        assert_eq!(set(&mut world, 3, "topic", &json!("ours"))["type"], "response");
        rest(&mut world);
        for value in [json!("bob's"), json!(null)] {
            assert_eq!(set(&mut world, 2, "topic", &value)["code"], "PERMISSION_DENIED");
        }
        let drop = Task::from(StateTask::Delete(StateKey::parse("topic").unwrap()));
        assert!(calls(&mut world, "bob", &drop).contains("PermissionDenied"));
        assert!(calls(&mut world, "service", &drop).contains("offset"));
        assert_eq!(set(&mut world, 2, "topic", &json!("bob's"))["type"], "response", "it is free");
        rest(&mut world);
        assert!(calls(&mut world, "bob", &drop).contains("offset"), "by HTTP too");
    }
}

#[test]
fn l18_a_user_has_a_quarter_of_the_objects_and_of_their_bytes() {
    let mut world = hub(ProtocolId::WORKFLOW, &["mallory", "ann"]);
    for number in 0..250 {
        says(&mut world, 1, &chunk(&format!("m{number}"), 0, 1, &content(0)));
    }
    world.sleep();
    let code = |it: &Value| it["data"]["error_code"].clone();
    assert_eq!(code(&answer(&mut world, 1, &chunk("more", 0, 1, &content(0)))), "CONFLICT");
    let received = answer(&mut world, 2, &chunk("a", 0, 1, &content(0)));
    assert_eq!(received["type"], "large_data_received");
    let limits = Limits { transfer_quota_bytes: 400, ..limits() };
    let mut world = World::of(Kind::Hub, limits);
    world.grants = grants;
    world.join_on(ProtocolId::WORKFLOW, 1, "mallory");
    says(&mut world, 1, &chunk("whole", 0, 2, &[7; 60]));
    assert_eq!(
        answer(&mut world, 1, &chunk("whole", 1, 2, &[7; 40]))["data"]["status"],
        "received"
    );
    assert_eq!(code(&answer(&mut world, 1, &chunk("more", 0, 1, &[7]))), "CONFLICT");
}

#[test]
fn w12_its_sender_or_an_administrator_deletes_an_object() {
    let forget = |data: &str| json!({"type": "large_data_delete", "data": {"data_id": data}});
    let code = |it: &Value| it["data"]["error_code"].clone();
    let mut world = hub(ProtocolId::WORKFLOW, &["ann", "bob"]);
    for data in ["one", "two", "three"] {
        says(&mut world, 1, &chunk(data, 0, 1, &content(0)));
    }
    assert_eq!(code(&answer(&mut world, 2, &forget("one"))), "PERMISSION_DENIED");
    assert_eq!(code(&answer(&mut world, 2, &forget("none"))), "NOT_FOUND");
    let deleted = answer(&mut world, 1, &forget("one"));
    assert_eq!(
        (&deleted["type"], &deleted["data"]["data_id"]),
        (&json!("large_data_delete"), &json!("one"))
    );
    assert_eq!(code(&answer(&mut world, 2, &request("one"))), "NOT_FOUND");
    let received = answer(&mut world, 2, &chunk("one", 0, 1, &content(1)));
    assert_eq!(received["type"], "large_data_received", "the name is free");
    let two = Task::from(TransferTask::Delete(Name::parse("two").unwrap()));
    assert!(calls(&mut world, "bob", &two).contains("PermissionDenied"));
    assert!(calls(&mut world, "ann", &two).contains("Done"));
    assert!(calls(&mut world, "ann", &two).contains("NotFound"));
    let three = Task::from(TransferTask::Delete(Name::parse("three").unwrap()));
    assert!(calls(&mut world, "service", &three).contains("Done"));
    world.wait(1_000);
    assert_eq!(world.database.count("SELECT COUNT(*) FROM chunk WHERE 1 = ", 1), 1);
}

fn collaboration(users: &[&str]) -> World {
    let mut world = World::of(Kind::Collaboration, limits());
    world.grants = grants;
    for (number, user) in (1..).zip(users) {
        world.join(number, user, None);
    }
    world
}

#[test]
fn l18_a_user_has_a_quarter_of_the_documents() {
    let mut world = collaboration(&["mallory", "ann"]);
    for number in 0..250 {
        sits(&mut world, 1, &format!("m{number}"), "participant");
        assert_eq!(answer(&mut world, 1, &insert(0, "x", 0))["type"], "edit_ack");
    }
    world.sleep();
    sits(&mut world, 1, "more", "participant");
    assert_eq!(world.sockets.frames(1).pop().unwrap()["code"], "CONFLICT");
    sits(&mut world, 1, "m7", "participant");
    assert_eq!(answer(&mut world, 1, &insert(0, "x", 1))["type"], "edit_ack", "what is there");
    sits(&mut world, 2, "more", "participant");
    assert_eq!(answer(&mut world, 2, &insert(0, "x", 0))["type"], "edit_ack", "ann's");
}

#[test]
fn t19_who_made_a_document_or_an_administrator_deletes_it_and_its_session_is_over() {
    let forget = json!({"type": "delete_document", "data": {"sessionId": "notes"}});
    for sleeps in [false, true] {
        let mut world = collaboration(&["ann", "bob", "cid"]);
        sits(&mut world, 1, "notes", "participant");
        says(&mut world, 1, &insert(0, "hello", 0));
        sits(&mut world, 2, "notes", "participant");
        if sleeps {
            world.sleep();
        }
        assert_eq!(answer(&mut world, 2, &forget)["code"], "PERMISSION_DENIED");
        let notes = Task::from(EditingTask::Delete(Name::parse("notes").unwrap()));
        assert!(calls(&mut world, "bob", &notes).contains("PermissionDenied"));
        assert_eq!(answer(&mut world, 1, &forget)["type"], "delete_document");
        let told = world.sockets.frames(2).pop().unwrap();
        assert_eq!(
            (&told["type"], &told["data"]["userId"]),
            (&json!("delete_document"), &json!("ann"))
        );
        assert!(world.sockets.frames(3).iter().all(|it| it["type"] != "delete_document"));
        if sleeps {
            world.sleep();
        }
        assert_eq!(answer(&mut world, 2, &insert(0, "x", 1))["code"], "CONFLICT", "no session");
        assert_eq!(answer(&mut world, 1, &forget)["code"], "NOT_FOUND");
        assert!(calls(&mut world, "service", &notes).contains("NotFound"));
        // It is begun anew, and is whose who begins it.
        sits(&mut world, 2, "notes", "participant");
        let state = world.sockets.frames(2).pop().unwrap();
        assert_eq!((&state["data"]["version"], &state["data"]["content"]), (&json!(0), &json!("")));
        assert_eq!(answer(&mut world, 2, &insert(0, "mine", 0))["type"], "edit_ack");
        assert_eq!(answer(&mut world, 1, &forget)["code"], "PERMISSION_DENIED");
        assert!(calls(&mut world, "service", &notes).contains("Done"));
        assert_eq!(world.database.count("SELECT COUNT(*) FROM document_edit WHERE 1 = ", 1), 0);
        assert_eq!(
            world.database.count(
                "SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'documents' AND 1 = ",
                1
            ),
            0
        );
    }
}

#[test]
fn t20_a_document_without_text_ends_when_nobody_was_in_its_session_for_an_hour() {
    for sleeps in [false, true] {
        let mut world = collaboration(&["ann", "bob"]);
        let rest = |world: &mut World| {
            if sleeps {
                world.sleep();
            }
        };
        for (number, name) in [(1, "empty"), (2, "kept"), (2, "watched")] {
            sits(&mut world, number, name, "participant");
            says(&mut world, number, &insert(0, "word", 0));
            if name != "kept" {
                says(&mut world, number, &delete(0, 4, 1));
            }
        }
        world.leave(1);
        rest(&mut world);
        world.wait(50 * 60 * 1000);
        rest(&mut world);
        world.wait(20 * 60 * 1000);
        let names = world.database.names("SELECT name FROM document ORDER BY name");
        assert_eq!(names, ["kept", "watched"]);
        rest(&mut world);
        assert_eq!(answer(&mut world, 2, &insert(0, "again", 2))["type"], "edit_ack");
        world.leave(2);
        world.wait(3 * 60 * 60 * 1000);
        let names = world.database.names("SELECT name FROM document ORDER BY name");
        assert_eq!(names, ["kept", "watched"], "there is text again");
    }
}

//! What features say in the native protocol: the state, documents, large data, metrics, search, and
//! what is said about an entry.

use dormouse::kernel::Connection;
use dormouse::message::{Kind, Position};
use dormouse::protocol::{ProtocolId, Wire};
use serde_json::{Value, json};

use crate::behind::{at, limits};
use crate::support::{a_users, connection, session_id, speaking};
use crate::threads::posts;
use crate::world::World;

const WIRE: Wire = Wire { protocol: ProtocolId::NATIVE, batched: false, packed: false };

/// A room in which the first connections speak the native protocol.
pub(crate) fn room(kind: Kind, users: &[&str]) -> World {
    let mut world = World::of(kind, limits());
    for (number, user) in (1..).zip(users) {
        world.join_on(ProtocolId::NATIVE, number, user);
    }
    world
}

pub(crate) fn says(world: &mut World, number: u64, frame: &Value) {
    world.wait(2);
    world.says(number, &frame.to_string());
}

/// The one answer to a request.
pub(crate) fn asks(world: &mut World, number: u64, mut frame: Value) -> Value {
    let id = format!("r{}", world.sockets.frames(number).len());
    if frame["id"].is_null() {
        frame["id"] = json!(id);
    }
    let id = frame["id"].clone();
    let before = world.sockets.frames(number).len();
    says(world, number, &frame);
    let frames = world.sockets.frames(number).split_off(before);
    let mut answers: Vec<Value> = frames.into_iter().filter(|it| it["id"] == id).collect();
    assert_eq!(answers.len(), 1, "{frame}: {answers:?}");
    answers.remove(0)
}

pub(crate) fn command(name: &str, params: &Value) -> Value {
    json!({"type": "command", "command": name, "params": params})
}

fn query(name: &str, params: &Value) -> Value {
    json!({"type": "query", "query": name, "params": params})
}

/// The events of this name that a connection was told, without their times.
fn told(world: &World, number: u64, event: &str) -> Vec<Value> {
    let mut all = world.sockets.frames(number);
    all.retain(|it| it["type"] == "event" && it["event"] == event);
    for it in &mut all {
        it.as_object_mut().unwrap().remove("at");
    }
    all
}

/// One that goes on from a place.
fn follows(world: &mut World, number: u64, user: &str, asked: Option<Position>) {
    let joined_at = world.now;
    let connection = speaking(ProtocolId::NATIVE, connection(number, user));
    let connection = Connection { asked, heard_at: joined_at, joined_at, ..connection };
    world.enter(connection, WIRE).unwrap();
    world.wait(1);
}

fn set(key: &str, value: &Value, if_version: Option<u64>) -> Value {
    command("set_state", &json!({"key": key, "value": value, "if_version": if_version}))
}

#[test]
fn h11_n61_a_key_is_set_only_in_the_version_that_is_named() {
    let mut world = room(Kind::Hub, &["ann", "bob"]);
    let epoch = world.sockets.frames(1)[0]["epoch"].clone();
    assert_eq!(asks(&mut world, 1, set("a", &json!(1), Some(0)))["offset"], 1);
    let other = asks(&mut world, 2, set("a", &json!(2), Some(0)));
    assert_eq!((&other["code"], &other["retryable"]), (&json!("CONFLICT"), &json!(false)));
    assert_eq!(other["details"], json!({"version": 1}));
    world.sleep();
    let said = asks(&mut world, 2, set("a", &json!({"b": null}), Some(1)));
    assert_eq!((&said["offset"], &said["epoch"]), (&json!(2), &epoch));
    // A resend says what became of it first.
    let mut again = set("k", &json!(0), Some(0));
    again["id"] = json!("once");
    assert_eq!(asks(&mut world, 1, again.clone())["offset"], 3);
    let answer = asks(&mut world, 1, again);
    assert_eq!((&answer["offset"], &answer["duplicate"]), (&json!(3), &json!(true)));
    assert_eq!(asks(&mut world, 1, set("a", &Value::Null, Some(1)))["code"], "CONFLICT");
    assert_eq!(asks(&mut world, 1, set("a", &Value::Null, Some(2)))["offset"], 4);
    let gone = asks(&mut world, 1, set("a", &json!(1), Some(2)));
    assert_eq!(gone["details"], json!({"version": 0}));
    let expected = [(1, json!(1)), (2, json!({"b": null})), (4, Value::Null)];
    let expected = expected.map(|(offset, value)| {
        let (user, name) = if offset == 2 { ("bob", "BOB") } else { ("ann", "ANN") };
        json!({"type": "event", "event": "state.a", "offset": offset, "user": user, "name": name,
            "data": {"value": value}})
    });
    assert_eq!(told(&world, 2, "state.a"), expected);
}

#[test]
fn h11_the_events_protocol_names_versions_too() {
    let mut world = room(Kind::Hub, &["ann"]);
    world.join_on(ProtocolId::EVENTS, 2, "bob");
    assert_eq!(asks(&mut world, 1, set("a", &json!(1), None))["offset"], 1);
    let other = asks(&mut world, 2, set("a", &json!(2), Some(7)));
    assert_eq!((&other["code"], &other["details"]), (&json!("CONFLICT"), &json!({"version": 1})));
    assert_eq!(asks(&mut world, 2, set("a", &json!(2), Some(1)))["result"]["offset"], 2);
}

#[test]
fn n61_the_state_says_up_to_where_it_is_that() {
    let mut world = room(Kind::Chat, &["ann"]);
    for (key, value) in [("a", 1), ("b.c", 2), ("b.d", 3)] {
        asks(&mut world, 1, set(key, &json!(value), None));
    }
    let of = |key: &str, value: u64| json!({"key": key, "value": value, "version": value});
    let state = |world: &mut World, params: Value| asks(world, 1, query("state", &params));
    let all = state(&mut world, Value::Null);
    let expected = json!({"entries": [of("a", 1), of("b.c", 2), of("b.d", 3)], "offset": 3});
    assert_eq!(all["result"], expected);
    let some = state(&mut world, json!({"keys": ["b.*"]}));
    assert_eq!(some["result"], json!({"entries": [of("b.c", 2), of("b.d", 3)], "offset": 3}));
    let none = state(&mut world, json!({"keys": ["b", "x*"]}));
    assert_eq!(none["result"], json!({"entries": [], "offset": 3}));
    for wrong in [json!([]), json!(["a*b"]), json!(vec!["a"; 101]), json!("a"), json!([1])] {
        let answer = state(&mut world, json!({"keys": wrong}));
        assert_eq!(answer["code"], "INVALID_MESSAGE_FORMAT", "{wrong}");
    }
}

fn edit(position: u64, content: &str, version: u64) -> Value {
    let params = json!({"document": "notes", "operation": "insert", "position": position,
        "content": content, "version": version});
    command("document.edit", &params)
}

fn notes(word: &str) -> Value {
    command(&format!("document.{word}"), &json!({"document": "notes"}))
}

#[test]
fn n39_a_document_is_edited_with_those_who_speak_of_sessions() {
    let mut world = room(Kind::Collaboration, &["ann", "bob"]);
    world.join(3, "cid", None);
    let joined = asks(&mut world, 1, notes("join"));
    let ann = json!({"user": "ann", "name": "ANN", "role": "participant"});
    let empty = json!({"document": "notes", "version": 0, "content": "", "participants": [ann]});
    assert_eq!(joined["result"], empty);
    world.says(3, r#"{"type":"join_session","data":{"sessionId":"notes"}}"#);
    asks(&mut world, 2, notes("join"));
    assert_eq!(asks(&mut world, 1, edit(0, "ab", 0))["result"], json!({"version": 1}));
    world.wait(1);
    let theirs = json!({"operation": "insert", "position": 1, "content": "x", "version": 1});
    world.says(3, &json!({"type": "edit", "data": theirs}).to_string());
    world.sleep();
    assert_eq!(asks(&mut world, 2, edit(2, "!", 1))["result"], json!({"version": 3}));
    // What was said in between parts it.
    assert_eq!(asks(&mut world, 1, notes("undo"))["result"], json!({"version": 5}));
    let said = |user: &str, position: u64, content: &str, version: u64| {
        json!({"type": "event", "event": "document.edit", "user": user, "data": {
            "document": "notes", "operation": "insert", "position": position, "content": content,
            "length": 0, "version": version}})
    };
    let heard = told(&world, 2, "document.edit");
    assert_eq!(heard[..2], [said("ann", 0, "ab", 1), said("cid", 1, "x", 2)]);
    let versions = |number| -> Vec<Value> {
        let all = told(&world, number, "document.edit");
        all.iter().map(|it| it["data"]["version"].clone()).collect()
    };
    // A version that is missing is one's own; what is taken back is told to everyone.
    assert_eq!(
        (versions(1), versions(2)),
        (
            vec![json!(2), json!(3), json!(4), json!(5)],
            vec![json!(1), json!(2), json!(4), json!(5)]
        )
    );
    let theirs = world.sockets.frames(3);
    let edits = theirs.iter().filter(|it| it["type"] == "edit");
    assert_eq!(edits.map(|it| it["data"]["version"].clone()).collect::<Vec<_>>(), [1, 3, 4, 5]);
    let cursor = json!({"document": "notes", "position": 7});
    assert_eq!(asks(&mut world, 1, command("document.cursor", &cursor))["type"], "ack");
    let moved = json!({"document": "notes", "position": 7, "selection": null});
    assert_eq!(told(&world, 2, "document.cursor")[0]["data"], moved);
    assert_eq!(told(&world, 2, "document.cursor")[0]["user"], "ann");
    assert_eq!(asks(&mut world, 1, notes("leave"))["result"], json!({"document": "notes"}));
    assert_eq!(told(&world, 2, "document.leave")[0]["user"], "ann");
    assert_eq!(told(&world, 1, "document.leave"), [] as [Value; 0]);
}

#[test]
fn n39_what_cannot_be_done_to_a_document_is_refused_once() {
    let mut world = room(Kind::Collaboration, &["ann", "bob"]);
    assert_eq!(asks(&mut world, 1, edit(0, "a", 0))["code"], "CONFLICT", "it has not joined");
    asks(&mut world, 1, notes("join"));
    let elsewhere = json!({"document": "other", "position": 1});
    assert_eq!(asks(&mut world, 1, command("document.cursor", &elsewhere))["code"], "CONFLICT");
    let elsewhere = command("document.undo", &json!({"document": "other"}));
    assert_eq!(asks(&mut world, 1, elsewhere)["code"], "CONFLICT");
    assert_eq!(asks(&mut world, 1, notes("undo"))["code"], "NOT_FOUND");
    assert_eq!(asks(&mut world, 1, edit(1, "a", 0))["code"], "INVALID_MESSAGE_FORMAT");
    assert_eq!(told(&world, 1, "document.state"), [] as [Value; 0]);
    assert_eq!(asks(&mut world, 1, edit(0, "a", 9))["code"], "CONFLICT");
    let state = told(&world, 1, "document.state");
    assert_eq!(state[0]["data"]["version"], 0, "and what there is follows");
    // A resend is answered with the version that it led to.
    let mut again = edit(0, "a", 0);
    again["id"] = json!("once");
    assert_eq!(asks(&mut world, 1, again.clone())["result"], json!({"version": 1}));
    assert_eq!(asks(&mut world, 1, again)["result"], json!({"version": 1}));
    world.grants = |_| a_users();
    world.join_on(ProtocolId::NATIVE, 3, "eve");
    assert_eq!(asks(&mut world, 3, notes("delete"))["code"], "PERMISSION_DENIED");
    assert_eq!(asks(&mut world, 1, notes("delete"))["result"], json!({"document": "notes"}));
    let viewer = json!({"document": "notes", "role": "viewer"});
    asks(&mut world, 2, command("document.join", &viewer));
    assert_eq!(asks(&mut world, 2, edit(0, "a", 0))["code"], "PERMISSION_DENIED");
}

#[test]
fn n20_n24_n39_documents_are_heard_behind_and_not_after_detaching() {
    let mut world = room(Kind::Collaboration, &["ann"]);
    for _ in 0..3 {
        posts(&mut world, &json!({"type": "note", "data": 1}));
    }
    asks(&mut world, 1, notes("join"));
    follows(&mut world, 2, "bob", None);
    asks(&mut world, 2, notes("join"));
    // It reads nothing, so it stays behind.
    world.sockets.backlogs.borrow_mut().insert(session_id(2), 1 << 20);
    let attached = asks(&mut world, 2, json!({"type": "attach", "resume": "e:1"}));
    assert_eq!(attached["from"], 1);
    world.sleep();
    assert_eq!(asks(&mut world, 1, edit(0, "a", 0))["result"], json!({"version": 1}));
    assert_eq!(told(&world, 2, "note").len(), 0, "it is behind");
    assert_eq!(told(&world, 2, "document.edit").len(), 1);
    assert_eq!(asks(&mut world, 2, json!({"type": "detach"}))["type"], "ack");
    assert_eq!(told(&world, 1, "document.leave").len(), 1);
    asks(&mut world, 1, edit(0, "b", 1));
    assert_eq!(told(&world, 2, "document.edit").len(), 1);
    world.sockets.backlogs.borrow_mut().clear();
    assert_eq!(asks(&mut world, 2, notes("join"))["code"], "NOT_FOUND");
}

#[test]
fn n33_what_is_deleted_is_told_as_that_and_times_are_milliseconds() {
    let mut world = room(Kind::Chat, &["ann"]);
    let publish = |event: &str, of: Option<u64>, data: Value| json!({"type": "publish", "event": event, "of": of, "data": data});
    asks(&mut world, 1, publish("message", None, json!({"content": "gone"})));
    asks(&mut world, 1, publish("message", None, json!({"content": "stays"})));
    asks(&mut world, 1, publish("edit", Some(2), json!({"content": "stays so"})));
    asks(&mut world, 1, publish("delete", Some(1), Value::Null));
    let react = publish("reaction", Some(2), json!({"key": "+"}));
    assert_eq!(asks(&mut world, 1, react.clone())["offset"], 5);
    let again = asks(&mut world, 1, react);
    assert_eq!((&again["offset"], &again["duplicate"]), (&json!(5), &json!(true)));
    let history = |raw: bool| json!({"type": "history", "raw": raw});
    let entries = asks(&mut world, 1, history(false))["entries"].clone();
    let [deleted, edited] = [&entries[0]["deleted"], &entries[1]["edited"]];
    assert!(deleted["at"].is_u64() && edited["at"].is_u64(), "{entries}");
    assert_eq!((&deleted["offset"], &edited["offset"]), (&json!(4), &json!(3)));
    assert!(entries[0].get("data").is_none(), "{entries}");
    assert_eq!(entries[1]["data"]["content"], "stays so");
    world.sleep();
    follows(&mut world, 2, "bob", Some(at("e", 0)));
    let replayed: Vec<Value> = world.sockets.frames(2);
    let replayed: Vec<&Value> =
        replayed.iter().filter(|it| it["offset"].is_u64() && it["type"] == "event").collect();
    let offsets: Vec<&Value> = replayed.iter().map(|it| &it["offset"]).collect();
    assert_eq!(offsets, [1, 2, 3, 4, 5]);
    assert_eq!((&replayed[0]["deleted"], replayed[0].get("data")), (&json!(true), None));
    assert!(replayed[1..].iter().all(|it| it.get("deleted").is_none()), "{replayed:?}");
    let raw = asks(&mut world, 2, history(true))["entries"].clone();
    assert_eq!((&raw[0]["deleted"], raw[0].get("data")), (&json!(true), None));
    assert!(raw[1].get("deleted").is_none() && raw[1].get("edited").is_none());
}

#[test]
fn n58_read_markers_say_who_has_read_beside_up_to_where() {
    let mut world = room(Kind::Chat, &["ann", "bob"]);
    asks(&mut world, 1, json!({"type": "publish", "event": "message", "data": {"content": "a"}}));
    let read = asks(&mut world, 2, command("read", &json!({"offset": 1})));
    assert_eq!(read["result"], json!({"read": 1}));
    let event = json!({"type": "event", "event": "read", "user": "bob", "data": {"offset": 1}});
    assert_eq!(told(&world, 1, "read"), [event]);
    assert_eq!(asks(&mut world, 1, query("reads", &Value::Null))["result"], json!({"bob": 1}));
    assert_eq!(asks(&mut world, 1, command("read", &json!({"offset": 2})))["code"], "NOT_FOUND");
}

#[test]
fn n58_what_is_found_is_told_with_its_place() {
    let mut world = room(Kind::Chat, &["ann"]);
    for content in ["a hotel", "another", "hotels"] {
        let data = json!({"content": content});
        asks(&mut world, 1, json!({"type": "publish", "event": "message", "data": data}));
    }
    let found = asks(&mut world, 1, query("search", &json!({"text": "hotel*", "limit": 1})));
    let newest = &found["result"]["matches"][0];
    assert_eq!((&newest["event"], &newest["offset"]), (&json!("message"), &json!(3)));
    assert_eq!((&newest["user"], newest["at"].is_u64()), (&json!("ann"), true));
    assert_eq!(newest["snippet"], json!([{"text": "hotels", "marked": true}]));
    let before = &found["result"]["next_before"];
    let next = asks(&mut world, 1, query("search", &json!({"text": "hotel*", "before": before})));
    assert_eq!(next["result"]["matches"][0]["offset"], 1);
    let never = query("search", &json!({"text": "hotel*", "before": 100_000_000_000_u64}));
    assert_eq!(asks(&mut world, 1, never)["result"]["matches"], json!([]), "that is a time");
    let wrong = query("search", &json!({"text": "hotel*", "before": "1970-01-01T00:00:01Z"}));
    assert_eq!(asks(&mut world, 1, wrong)["code"], "INVALID_MESSAGE_FORMAT");
}

#[test]
fn n54_n58_a_room_says_what_it_serves_and_all_else_is_not_found() {
    let words = [
        ("annotations", command("read", &json!({"offset": 1}))),
        ("state", set("a", &json!(1), None)),
        ("search", query("search", &json!({"text": "a"}))),
        ("documents", notes("join")),
        ("large_data", command("object.get", &json!({"object": "o"}))),
    ];
    for (kind, features) in [
        (Kind::Chat, &["annotations", "search", "state"][..]),
        (Kind::Hub, &["annotations", "large_data", "state"]),
        (Kind::Analytics, &[]),
        (Kind::Collaboration, &["documents"]),
    ] {
        let mut world = room(kind, &["ann"]);
        let hello = world.sockets.frames(1)[0].clone();
        let own = |it: &Value| words.iter().any(|(name, _)| it == name);
        let mut all = hello["features"].as_array().unwrap().clone();
        all.retain(own);
        all.sort_by_key(ToString::to_string);
        assert_eq!(json!(all), json!(features), "{kind:?}");
        for (name, frame) in &words {
            // Some are served there, and find nothing in a room that is empty.
            let is_empty = matches!(*name, "annotations" | "large_data");
            let answer = asks(&mut world, 1, frame.clone());
            let is_served = features.contains(name) && !is_empty;
            assert_eq!(answer["code"] != "NOT_FOUND", is_served, "{kind:?} {name}: {answer}");
        }
        for frame in [query("secrets", &Value::Null), command("dance", &Value::Null)] {
            assert_eq!(asks(&mut world, 1, frame)["code"], "NOT_FOUND");
        }
    }
}

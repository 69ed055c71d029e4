//! Whatever is said in a room reaches those who speak the native protocol, and what they say reaches all
//! others, as far as these have a word for it.

use dormouse::message::Kind;
use dormouse::protocol::ProtocolId;
use serde_json::{Value, json};

use crate::native_words::{asks, command, room};
use crate::threads::posts;
use crate::world::World;

const NATIVE: u64 = 1;
const HTTP: u64 = 0;

/// Who says what, and which sockets hear of it beside the native one.
type Said = (u64, Value, &'static [u64]);

/// Says it, and returns which sockets heard something new.
fn heard(world: &mut World, (number, frame, _): &Said, sockets: &[u64]) -> (Vec<u64>, Vec<Value>) {
    let counts = |world: &World| -> Vec<usize> {
        sockets.iter().map(|it| world.sockets.frames(*it).len()).collect()
    };
    let before = counts(world);
    world.wait(2);
    if *number == HTTP {
        posts(world, frame);
    } else {
        world.says(*number, &frame.to_string());
    }
    let after = counts(world);
    let news = sockets.iter().zip(before.iter().zip(&after));
    let native = world.sockets.frames(NATIVE).split_off(before[0]);
    (news.filter(|(_, (before, after))| before < after).map(|(it, _)| *it).collect(), native)
}

fn publish(event: &str, of: Option<u64>, data: Value) -> Value {
    let mut frame = json!({"type": "publish", "event": event, "of": of});
    frame["data"] = data;
    frame
}

/// Each is heard with the next offset by the native socket, and by those named.
fn reaches_everyone(world: &mut World, sockets: &[u64], all: &[Said]) {
    for (at, said) in all.iter().enumerate() {
        let (hearers, native) = heard(world, said, sockets);
        let entries: Vec<&Value> = native.iter().filter(|it| it["type"] == "event").collect();
        let [entry] = entries.as_slice() else { panic!("{said:?}: {native:?}") };
        assert_eq!(entry["offset"], at + 1, "{said:?}: {entry}");
        assert!(entry["at"].is_u64() && entry["user"].is_string(), "{entry}");
        let expected: Vec<u64> = [&[NATIVE], said.2].concat();
        assert_eq!(hearers, expected, "{said:?}");
    }
}

#[test]
fn n54_h9_all_that_is_said_in_a_hub_reaches_all_who_have_a_word_for_it() {
    let mut world = room(Kind::Hub, &["ann"]);
    world.join_on(ProtocolId::WORKFLOW, 2, "bob");
    world.join_on(ProtocolId::EVENTS, 3, "cid");
    world.join_on(ProtocolId::CLIENT, 4, "dan");
    world.says(3, r#"{"type":"subscribe","events":["*"]}"#);
    let all: &[u64] = &[2, 3, 4];
    let update = json!({"workflow_id": "w", "status": "in_progress", "stage": "architecture_design", "progress": 45,
        "message": "m", "estimated_completion": "2024-01-01T12:15:00Z"});
    let note = json!({"notification_id": "n", "user_id": "cid", "title": "t", "message": "m",
        "category": "workflow_complete", "priority": "high"});
    let events =
        |name: &str, params: Value| json!({"type": "command", "command": name, "params": params});
    let said: [Said; 13] = [
        (NATIVE, publish("note", None, json!(1)), all),
        (3, events("publish", json!({"event": "note", "data": 2})), all),
        (4, json!({"type": "note", "text": "3"}), all),
        (HTTP, json!({"type": "note", "data": 4}), all),
        (NATIVE, publish("broadcast", None, json!({"text": "5"})), all),
        (HTTP, json!({"type": "workflow_update", "data": update}), all),
        (NATIVE, publish("workflow_update", None, update.clone()), all),
        (NATIVE, command("set_state", &json!({"key": "a", "value": 1})), all),
        (3, events("set_state", json!({"key": "a", "value": null})), all),
        (NATIVE, publish("edit", Some(2), json!(7)), &[2, 3, 4]),
        (3, events("publish", json!({"event": "edit", "data": {"of": 3, "data": 8}})), all),
        (NATIVE, publish("reaction", Some(2), json!({"key": "+"})), all),
        (3, events("publish", json!({"event": "delete", "data": {"of": 3}})), all),
    ];
    reaches_everyone(&mut world, &[1, 2, 3, 4], &said);
    // What is for one user reaches that user's sockets.
    let (hearers, _) = heard(
        &mut world,
        &(HTTP, json!({"type": "notification", "data": note}), &[]),
        &[1, 2, 3, 4],
    );
    assert_eq!(hearers, [3]);
}

#[test]
fn n54_h9_all_that_is_said_in_a_chat_reaches_both_of_its_protocols() {
    let mut world = room(Kind::Chat, &["ann"]);
    world.join(2, "ann", None);
    let context = |kind: &str, data: Value| json!({"type": kind, "data": data});
    let said: [Said; 11] = [
        (NATIVE, publish("message", None, json!({"content": "a"})), &[2]),
        (2, context("message", json!({"content": "b"})), &[2]),
        (HTTP, json!({"type": "note", "data": 3}), &[2]),
        (NATIVE, publish("note", None, json!(4)), &[2]),
        (2, context("edit_message", json!({"offset": 1, "content": "c"})), &[2]),
        (NATIVE, publish("edit", Some(2), json!({"content": "d"})), &[2]),
        (2, context("reaction", json!({"offset": 1, "key": "+"})), &[2]),
        (NATIVE, publish("reaction", Some(2), json!({"key": "+"})), &[2]),
        (NATIVE, publish("message", Some(2), json!({"content": "a reply"})), &[2]),
        (NATIVE, command("set_state", &json!({"key": "a", "value": 1})), &[2]),
        (2, context("delete_message", json!({"offset": 1})), &[2]),
    ];
    reaches_everyone(&mut world, &[1, 2], &said);
}

#[test]
fn n54_h9_what_backends_say_reaches_the_native_protocol_in_every_kind_of_room() {
    for kind in [Kind::Analytics, Kind::Collaboration] {
        let mut world = room(kind, &["ann"]);
        world.join(2, "bob", None);
        let said: [Said; 2] = [
            (HTTP, json!({"type": "note", "data": 1}), &[2]),
            (HTTP, json!({"type": "broadcast", "data": 1}), &[2]),
        ];
        reaches_everyone(&mut world, &[1, 2], &said);
    }
}

#[test]
fn n58_metrics_come_by_the_filter_and_the_rooms_own_to_who_watches() {
    let mut world = room(Kind::Analytics, &["ann", "bob"]);
    world.join(3, "cid", None);
    world.says(3, r#"{"type":"subscribe","data":{"metrics":["score"]}}"#);
    let watch = command("metrics.watch", &json!({"metrics": ["score"]}));
    let unknown = json!({"metrics": [{"metric": "score", "value": null}]});
    assert_eq!(asks(&mut world, 1, watch)["result"], unknown);
    let score = json!({"type": "metric_update", "data": {"metric": "score", "value": 0.5}});
    let (hearers, native) = heard(&mut world, &(HTTP, score, &[]), &[1, 2, 3]);
    assert_eq!((hearers, native.len()), (vec![1, 2, 3], 1), "once, whether it watches or not");
    let told = &native[0];
    assert_eq!((&told["event"], &told["offset"]), (&json!("metric_update"), &json!(1)));
    assert_eq!((&told["data"]["metric"], &told["data"]["value"]), (&json!("score"), &json!(0.5)));
    world.sleep();
    let none = command("metrics.unwatch", &json!({"metrics": ["other"]}));
    let left = asks(&mut world, 1, none)["result"]["metrics"][0].clone();
    assert_eq!((&left["metric"], &left["value"]), (&json!("score"), &json!(0.5)));
    assert!(left["at"].is_u64(), "{left}");
    let wrong = command("metrics.watch", &json!({"metrics": ["a b"]}));
    assert_eq!(asks(&mut world, 1, wrong)["code"], "INVALID_MESSAGE_FORMAT");
}

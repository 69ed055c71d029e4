//! What rooms let be done with single things, by capabilities.

use dormouse::admission::capability;
use dormouse::api::Task;
use dormouse::feature::documents::EditingTask;
use dormouse::feature::state::StateTask;
use dormouse::kernel::{Allowed, Connection, Input, Renewal};
use dormouse::limits::Limits;
use dormouse::message::{Kind, Millis, Name, RoomName, StateKey};
use dormouse::protocol::{ProtocolId, Wire};
use serde_json::{Value, json};

use crate::editing::{count, delete, heard, insert, says, sits};
use crate::native_words::{asks, command};
use crate::publications::called;
use crate::support::{connection, member, session_id, speaking};
use crate::world::World;

fn world(kind: Kind) -> World {
    World::of(kind, Limits { inactivity_ms: 0, ..Limits::default() })
}

fn allowed(kind: Kind, caps: &Value) -> Allowed {
    let room = RoomName::parse("x").unwrap();
    let claims = serde_json::from_value(json!({"sub": "ann", "caps": caps})).unwrap();
    capability::allowed(&claims, kind, &room)
}

/// A socket of somebody with these capabilities.
fn joins(world: &mut World, protocol: ProtocolId, number: u64, user: &str, caps: &Value) {
    let Allowed { grants, things } = allowed(world.kind, caps);
    let joined = Connection { grants, things, ..connection(number, user) };
    let joined = Connection { heard_at: world.now, joined_at: world.now, ..joined };
    let wire = Wire { protocol, batched: false, packed: false };
    world.enter(speaking(protocol, joined), wire).unwrap();
}

fn answer(world: &mut World, number: u64, frame: &Value) -> Value {
    says(world, number, frame);
    world.sockets.frames(number).pop().unwrap()
}

fn set(world: &mut World, number: u64, key: &str, value: &Value) -> Value {
    let params = json!({"key": key, "value": value});
    let frame = json!({"type": "command", "command": "set_state", "params": params});
    let answer = answer(world, number, &frame);
    if answer["type"] == "response" { json!("set") } else { answer["code"].clone() }
}

#[test]
fn r10_h10_a_key_is_set_by_who_may_send_there_and_a_protected_one_by_who_may_publish_there() {
    let base = json!({"room": "hub:x", "can": ["join", "history"]});
    let sends = json!([base, {"room": "hub:x", "on": ["state:a*"], "can": ["send"]}]);
    let keeps = json!([base, {"room": "hub:x", "on": ["state:a.kept"], "can": ["publish"]}]);
    let drops = json!([base, {"room": "hub:x", "on": ["state:*"], "can": ["admin"]}]);
    let mut world = world(Kind::Hub);
    joins(&mut world, ProtocolId::EVENTS, 1, "ann", &sends);
    joins(&mut world, ProtocolId::EVENTS, 2, "keeper", &keeps);
    joins(&mut world, ProtocolId::EVENTS, 3, "root", &drops);
    for sleeps in [false, true] {
        if sleeps {
            world.sleep();
        }
        assert_eq!(set(&mut world, 1, "a", &json!(1)), "set");
        assert_eq!(set(&mut world, 1, "b", &json!(1)), "PERMISSION_DENIED");
        assert_eq!(set(&mut world, 2, "a", &json!(1)), "PERMISSION_DENIED");
        assert_eq!(set(&mut world, 2, "a.kept", &json!(1)), "set");
        assert_eq!(set(&mut world, 1, "a.kept", &json!(2)), "PERMISSION_DENIED");
    }
    let drop = |key: &str| Task::from(StateTask::Delete(StateKey::parse(key).unwrap()));
    let mut calls = |caps: &Value, key: &str| {
        let may = allowed(Kind::Hub, caps);
        format!("{:?}", world.run_as(&member("caller"), may, &drop(key)))
    };
    assert!(calls(&sends, "a").contains("PermissionDenied"), "who set it first drops it");
    assert!(calls(&keeps, "a").contains("PermissionDenied"));
    assert!(calls(&drops, "a").contains("offset"));
    assert!(calls(&keeps, "a.kept").contains("offset"));
}

#[test]
fn r11_a_key_that_is_denied_is_not_set_whatever_grants_it() {
    let caps = json!([
        {"room": "*", "can": ["join", "send", "publish", "admin"]},
        {"room": "*", "on": ["state:config.*"], "can": ["send", "publish", "admin"], "deny": true},
    ]);
    let mut world = world(Kind::Hub);
    joins(&mut world, ProtocolId::EVENTS, 1, "ann", &caps);
    assert_eq!(set(&mut world, 1, "config.a", &json!(1)), "PERMISSION_DENIED");
    assert_eq!(set(&mut world, 1, "config", &json!(1)), "set");
}

#[test]
fn r10_t1_a_document_is_read_edited_and_made_by_who_may_each() {
    let room = |can: Value| json!({"room": "collaboration:x", "can": can});
    let on = |on: &str, can: Value| json!({"room": "*", "on": [on], "can": can});
    let mut world = world(Kind::Collaboration);
    let reads = json!([room(json!(["join"])), on("document:d*", json!(["history"]))]);
    let edits = json!([room(json!(["join", "history"])), on("document:d*", json!(["send"]))]);
    let makes =
        json!([room(json!(["join", "history"])), on("document:d*", json!(["send", "create"])),]);
    joins(&mut world, ProtocolId::CONTEXT, 1, "reader", &reads);
    joins(&mut world, ProtocolId::CONTEXT, 2, "editor", &edits);
    joins(&mut world, ProtocolId::CONTEXT, 3, "maker", &makes);
    sits(&mut world, 1, "other", "viewer");
    assert_eq!(world.sockets.frames(1).pop().unwrap()["code"], "PERMISSION_DENIED");
    // Which is not there, and which this token does not make.
    sits(&mut world, 2, "d", "participant");
    assert_eq!(world.sockets.frames(2).pop().unwrap()["code"], "PERMISSION_DENIED");
    sits(&mut world, 3, "d", "participant");
    says(&mut world, 3, &insert(0, "hello", 0));
    sits(&mut world, 1, "d", "participant");
    assert_eq!(world.sockets.frames(1).pop().unwrap()["code"], "PERMISSION_DENIED");
    sits(&mut world, 1, "d", "viewer");
    sits(&mut world, 2, "d", "participant");
    let before = count(&world, 1);
    says(&mut world, 2, &insert(5, "!", 1));
    assert_eq!(heard(&world, 1, before).len(), 1);
    // Of another's, not even who made one of their own deletes it.
    let forget = Task::from(EditingTask::Delete(Name::parse("d").unwrap()));
    let mut calls = |user: &str, caps: &Value| {
        let may = allowed(Kind::Collaboration, caps);
        format!("{:?}", world.run_as(&member(user), may, &forget))
    };
    assert!(calls("editor", &edits).contains("PermissionDenied"));
    assert!(calls("maker", &reads).contains("PermissionDenied"));
    let administers = json!([on("document:d", json!(["admin"]))]);
    assert!(!calls("root", &administers).contains("PermissionDenied"));
}

/// A younger token, of the same user.
fn renews(world: &mut World, number: u64, user: &str, caps: &Value) {
    let room = RoomName::parse("x").unwrap();
    let allowed = allowed(world.kind, caps);
    let (context, expires_at, issue) = (None, Some(Millis(u64::MAX)), None);
    let renewal = Renewal { user: member(user).id, context, room, allowed, expires_at, issue };
    world.happens(Input::Renewed {
        connection: session_id(number),
        request_id: None,
        renewal: Ok(renewal),
        attach: None,
    });
}

#[test]
fn r11_who_may_not_read_a_document_any_more_is_not_told_it_by_editing_it() {
    let caps = json!([{"room": "*", "can": ["join", "send", "history"]}]);
    let less = json!([
        {"room": "*", "can": ["join", "send", "history"]},
        {"room": "*", "on": ["document:d"], "can": ["history"], "deny": true},
    ]);
    let mut world = world(Kind::Collaboration);
    joins(&mut world, ProtocolId::NATIVE, 1, "ann", &caps);
    let on_d = |name: &str, more: Value| {
        let mut params = json!({"document": "d"});
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        command(name, &params)
    };
    asks(&mut world, 1, on_d("document.join", json!({})));
    let edit = json!({"operation": "insert", "position": 0, "content": "secret", "version": 0});
    asks(&mut world, 1, on_d("document.edit", edit.clone()));
    renews(&mut world, 1, "ann", &less);
    let before = count(&world, 1);
    let mut future = edit;
    future["version"] = json!(9);
    let refused = asks(&mut world, 1, on_d("document.edit", future));
    assert_eq!(refused["code"], "PERMISSION_DENIED");
    assert_eq!(asks(&mut world, 1, on_d("document.undo", json!({})))["code"], "PERMISSION_DENIED");
    let told = format!("{:?}", &world.sockets.frames(1)[before..]);
    assert!(!told.contains("secret"), "{told}");
}

#[test]
fn r10_a_token_that_allows_less_ends_what_is_heard_of_a_document() {
    let caps = json!([{"room": "*", "can": ["join", "send", "history"]}]);
    let less = json!([
        {"room": "*", "can": ["join", "send", "history"]},
        {"room": "*", "on": ["document:d"], "can": ["history", "send"], "deny": true},
    ]);
    let mut world = world(Kind::Collaboration);
    joins(&mut world, ProtocolId::CONTEXT, 1, "ann", &caps);
    joins(&mut world, ProtocolId::NATIVE, 2, "bob", &caps);
    sits(&mut world, 1, "d", "participant");
    let join = command("document.join", &json!({"document": "d", "role": "viewer"}));
    assert_eq!(asks(&mut world, 2, join)["result"]["document"], "d");
    let seated = count(&world, 2);
    says(&mut world, 1, &insert(0, "one", 0));
    assert_eq!(count(&world, 2), seated + 1);
    renews(&mut world, 2, "bob", &less);
    let renewed = count(&world, 2);
    says(&mut world, 1, &delete(0, 3, 1));
    assert_eq!(count(&world, 2), renewed, "{:?}", world.sockets.frames(2));
}

fn publish(world: &mut World, caps: &Value, metric: &str) -> String {
    let event = json!({"type": "metric_update", "data": {"metric": metric, "value": 1}});
    let requests = vec![called(Kind::Analytics, &event)];
    let may = allowed(Kind::Analytics, caps);
    format!("{:?}", world.ask_as(&member("backend"), may, requests))
}

fn watches(world: &mut World, number: u64, metrics: &[&str]) -> Value {
    let frame = json!({"type": "subscribe", "id": "s", "data": {"metrics": metrics}});
    answer(world, number, &frame)
}

#[test]
fn r10_b15_a_metric_is_heard_and_published_by_who_may_that_one() {
    let all = json!([{"room": "*", "can": ["publish", "join"]}]);
    let cpu = json!([{"room": "analytics:*", "on": ["metric:cpu*"], "can": ["join", "publish"]}]);
    let but = json!([
        {"room": "*", "can": ["join", "publish", "history"]},
        {"room": "*", "on": ["metric:cpu*"], "can": ["join", "publish"], "deny": true},
    ]);
    let mut world = world(Kind::Analytics);
    joins(&mut world, ProtocolId::CONTEXT, 1, "ann", &cpu);
    joins(&mut world, ProtocolId::CONTEXT, 2, "bob", &but);
    // Who follows the room is told all that it may hear.
    joins(&mut world, ProtocolId::NATIVE, 3, "eve", &cpu);
    joins(&mut world, ProtocolId::NATIVE, 4, "dan", &but);
    assert_eq!(watches(&mut world, 1, &["cpu", "load"])["code"], "PERMISSION_DENIED");
    assert_eq!(watches(&mut world, 1, &["cpu"])["type"], "subscribe");
    assert_eq!(watches(&mut world, 2, &["cpu.1"])["code"], "PERMISSION_DENIED");
    assert_eq!(watches(&mut world, 2, &["load"])["type"], "subscribe");
    let counts = |world: &World| [1, 2, 3, 4].map(|it| count(world, it));
    let heard = |world: &mut World, caps: &Value, metric: &str| {
        let before = counts(world);
        let answer = publish(world, caps, metric);
        let after = counts(world);
        let told: Vec<usize> =
            (0..4).filter(|it| before[*it] < after[*it]).map(|it| it + 1).collect();
        (answer.contains("PermissionDenied"), told)
    };
    assert_eq!(heard(&mut world, &all, "cpu"), (false, vec![1, 3]));
    assert_eq!(heard(&mut world, &cpu, "cpu"), (false, vec![1, 3]));
    assert_eq!(heard(&mut world, &all, "load"), (false, vec![2, 4]));
    assert_eq!(heard(&mut world, &but, "load"), (false, vec![2, 4]));
    assert_eq!(heard(&mut world, &cpu, "load"), (true, vec![]));
    assert_eq!(heard(&mut world, &but, "cpu.1"), (true, vec![]));
    world.sleep();
    assert_eq!(heard(&mut world, &all, "cpu"), (false, vec![1, 3]));
}

#[test]
fn r10_who_may_something_with_one_key_may_nothing_else_in_its_room() {
    let all = json!([{"room": "*", "can": ["join", "send", "publish", "history"]}]);
    let one = json!([{"room": "hub:*", "on": ["state:a"], "can": ["send", "publish", "admin"]}]);
    let mut world = world(Kind::Hub);
    joins(&mut world, ProtocolId::EVENTS, 1, "ann", &all);
    let mut asks = |user: &str, caps: &Value, event: Value| {
        let requests = vec![called(Kind::Hub, &event)];
        let may = allowed(Kind::Hub, caps);
        format!("{:?}", world.ask_as(&member(user), may, requests))
    };
    assert!(asks("ann", &all, json!({"type": "note", "data": 1})).contains("offset"));
    for event in [
        json!({"type": "note", "data": 1}),
        json!({"type": "read", "data": {"offset": 1}}),
        json!({"type": "edit", "of": 1, "data": {"data": 2}}),
        json!({"type": "delete", "of": 1}),
        json!({"type": "reaction", "of": 1, "data": {"emoji": "x"}}),
        json!({"type": "notification", "data": {}}),
        json!({"type": "state.a", "data": 1}),
    ] {
        for user in ["eve", "ann"] {
            let answer = asks(user, &one, event.clone());
            assert!(answer.contains("Refused"), "{event}: {answer}");
            assert!(!answer.contains("offset"), "{event}: {answer}");
        }
    }
    let may = || allowed(Kind::Hub, &one);
    for task in [Task::Presence, Task::KickUser(member("ann").id), Task::Erase] {
        let answer = format!("{:?}", world.run_as(&member("eve"), may(), &task));
        assert!(answer.contains("PermissionDenied"), "{task:?}: {answer}");
    }
    assert!(world.sockets.is_open(session_id(1)));
}

//! Editing together in a hosted room: seats, who hears what, resends, marks, memory.

use dormouse::kernel::{Grant, Grants};
use dormouse::limits::Limits;
use dormouse::message::Kind;
use serde_json::{Value, json};

use crate::world::World;

/// As fast as one likes.
pub(crate) fn unhurried() -> Limits {
    Limits {
        edits_per_second: 0,
        room_edits_per_second: 0,
        messages_per_minute: 0,
        inactivity_ms: 0,
        ..Limits::default()
    }
}

/// A room of these users, socket by socket from 1 on.
pub(crate) fn room(users: &[&str]) -> World {
    let mut world = World::of(Kind::Collaboration, unhurried());
    for (number, user) in (1..).zip(users) {
        world.join(number, user, None);
    }
    world
}

pub(crate) fn says(world: &mut World, number: u64, frame: &Value) {
    world.wait(1);
    world.says(number, &frame.to_string());
}

pub(crate) fn sits(world: &mut World, number: u64, document: &str, role: &str) {
    let data = json!({"sessionId": document, "role": role});
    says(world, number, &json!({"type": "join_session", "data": data}));
}

pub(crate) fn insert(position: u64, content: &str, version: u64) -> Value {
    let data = json!({"operation": "insert", "position": position, "content": content, "version": version});
    json!({"type": "edit", "data": data})
}

pub(crate) fn delete(position: u64, length: u64, version: u64) -> Value {
    let data =
        json!({"operation": "delete", "position": position, "length": length, "version": version});
    json!({"type": "edit", "data": data})
}

pub(crate) fn named(mut frame: Value, id: &str) -> Value {
    frame["id"] = json!(id);
    frame
}

pub(crate) fn undo() -> Value {
    json!({"type": "command", "data": {"command": "undo"}})
}

/// What a socket heard since it was last asked, as types and what is worth comparing.
pub(crate) fn heard(world: &World, number: u64, since: usize) -> Vec<Value> {
    let frames = world.sockets.frames(number);
    let brief = |it: Value| match it["type"].as_str().unwrap() {
        "error" => json!(["error", it["code"]]),
        kind @ ("user_joined" | "user_left") => json!([kind, it["data"]["userId"]]),
        kind => json!([kind, it["data"]]),
    };
    frames.into_iter().skip(since).map(brief).collect()
}

pub(crate) fn count(world: &World, number: u64) -> usize {
    world.sockets.frames(number).len()
}

/// The text and version as a fresh socket finds it.
pub(crate) fn text(world: &mut World, document: &str) -> (String, u64) {
    world.wait(1);
    world.join(999, "reader", None);
    sits(world, 999, document, "viewer");
    let state = world.sockets.frames(999).pop().unwrap();
    assert_eq!(state["type"], "session_state", "{state}");
    world.wait(1);
    world.leave(999);
    let data = &state["data"];
    (data["content"].as_str().unwrap().into(), data["version"].as_u64().unwrap())
}

fn participants(world: &World, number: u64) -> Value {
    let state = world.sockets.frames(number).pop().unwrap();
    let all = state["data"]["participants"].as_array().unwrap();
    all.iter().map(|it| json!([it["userId"], it["role"]])).collect()
}

#[test]
fn b17_t15_a_newcomer_gets_the_session_and_the_others_hear_of_it() {
    let mut world = room(&["ann", "bob", "cid"]);
    sits(&mut world, 1, "notes", "participant");
    let state = world.sockets.frames(1).pop().unwrap();
    let ann = json!({"userId": "ann", "username": "ANN", "role": "participant"});
    let empty = json!({"sessionId": "notes", "version": 0, "content": "", "participants": [ann]});
    assert_eq!((&state["type"], &state["data"]), (&json!("session_state"), &empty));
    let (before, outside) = (count(&world, 1), count(&world, 3));
    says(
        &mut world,
        2,
        &named(
            json!({"type": "join_session", "data": {"sessionId": "notes", "role": "viewer"}}),
            "j",
        ),
    );
    let came = json!({"sessionId": "notes", "userId": "bob", "username": "BOB", "role": "viewer"});
    assert_eq!(heard(&world, 1, before), [json!(["join_session", came])]);
    assert_eq!(
        world.sockets.frames(2).pop().unwrap()["id"],
        "j",
        "the answer has the request's id"
    );
    assert_eq!(participants(&world, 2), json!([["ann", "participant"], ["bob", "viewer"]]));
    assert_eq!(count(&world, 3), outside, "who is in no session hears of none");
}

#[test]
fn b17_t15_participant_is_what_one_is_who_does_not_say() {
    let mut world = room(&["ann"]);
    says(&mut world, 1, &json!({"type": "join_session", "data": {"sessionId": "notes"}}));
    assert_eq!(participants(&world, 1), json!([["ann", "participant"]]));
}

#[test]
fn b18_t15_the_others_hear_of_who_leaves_once_per_user() {
    let mut world = room(&["ann", "bob", "bob"]);
    for number in 1..=3 {
        sits(&mut world, number, "notes", "participant");
    }
    let joined =
        |world: &World| heard(world, 1, 0).iter().filter(|it| it[0] == "join_session").count();
    assert_eq!(joined(&world), 1, "the second tab is no news");
    let before = count(&world, 1);
    let leave = json!({"type": "leave_session", "id": "l", "data": {"sessionId": "notes"}});
    says(&mut world, 2, &leave);
    let answer = world.sockets.frames(2).pop().unwrap();
    assert_eq!((&answer["type"], &answer["id"]), (&json!("leave_session"), &json!("l")));
    assert_eq!(heard(&world, 1, before), Vec::<Value>::new(), "a tab is still in it");
    says(&mut world, 2, &leave);
    assert_eq!(heard(&world, 2, 0).pop().unwrap(), json!(["error", "CONFLICT"]));
    // The other tab is lost without a word.
    world.wait(1);
    world.leave(3);
    let left = json!({"sessionId": "notes", "userId": "bob", "username": "BOB"});
    assert_eq!(heard(&world, 1, before), [json!(["leave_session", left])]);
}

#[test]
fn t15_a_socket_is_in_one_session_at_most() {
    let mut world = room(&["ann", "bob", "cid"]);
    sits(&mut world, 1, "one", "participant");
    sits(&mut world, 2, "one", "participant");
    sits(&mut world, 3, "two", "participant");
    let (one, two) = (count(&world, 1), count(&world, 3));
    sits(&mut world, 2, "two", "participant");
    assert_eq!(heard(&world, 1, one)[0][0], "leave_session");
    assert_eq!(heard(&world, 3, two)[0][0], "join_session");
    assert_eq!(participants(&world, 2), json!([["bob", "participant"], ["cid", "participant"]]));
    says(&mut world, 2, &insert(0, "x", 0));
    assert_eq!((count(&world, 1), count(&world, 3)), (one + 1, two + 2));
    assert_eq!(text(&mut world, "one"), (String::new(), 0));
    assert_eq!(text(&mut world, "two"), ("x".into(), 1));
}

#[test]
fn t15_who_edits_in_one_tab_and_looks_on_in_another_is_a_participant() {
    let mut world = room(&["ann", "ann"]);
    sits(&mut world, 1, "notes", "viewer");
    sits(&mut world, 2, "notes", "participant");
    assert_eq!(participants(&world, 2), json!([["ann", "participant"]]));
    // A role can be changed by joining again; nobody came or went.
    sits(&mut world, 2, "notes", "viewer");
    assert_eq!(participants(&world, 2), json!([["ann", "viewer"]]));
    assert!(heard(&world, 1, 0).iter().all(|it| it[0] != "join_session"));
}

#[test]
fn b19_b20_t4_t5_x11_an_edit_is_acknowledged_to_its_author_and_told_to_the_others() {
    let mut world = room(&["ann", "bob", "ann", "cid"]);
    for number in 1..=3 {
        sits(&mut world, number, "notes", "participant");
    }
    let before: Vec<usize> = (0..=4).map(|it| count(&world, it)).collect();
    says(&mut world, 1, &named(insert(0, "Hello World", 0), "e1"));
    let ack = world.sockets.frames(1).pop().unwrap();
    assert_eq!(
        (&ack["type"], &ack["id"], &ack["data"]),
        (&json!("edit_ack"), &json!("e1"), &json!({"version": 1}))
    );
    let edit = json!(["edit", {"operation": "insert", "position": 0, "content": "Hello World", "length": 0, "author": "ann", "version": 1}]);
    assert_eq!(heard(&world, 1, before[1]).len(), 1, "its author does not hear it");
    assert_eq!(heard(&world, 2, before[2]), std::slice::from_ref(&edit));
    assert_eq!(heard(&world, 3, before[3]), [edit], "the author's other tab does");
    assert_eq!(count(&world, 4), before[4]);
    // Of two contents in one place the later stands before the other (T10).
    says(&mut world, 2, &insert(0, "Y", 0));
    assert_eq!(text(&mut world, "notes"), ("YHello World".into(), 2));
}

#[test]
fn t6_one_edit_may_be_several_versions_or_none() {
    let mut world = room(&["ann", "bob"]);
    for number in 1..=2 {
        sits(&mut world, number, "notes", "participant");
    }
    says(&mut world, 1, &insert(0, "abcdef", 0));
    says(&mut world, 1, &insert(3, "X", 1));
    let (ann, bob) = (count(&world, 1), count(&world, 2));
    says(&mut world, 2, &delete(1, 4, 1));
    assert_eq!(heard(&world, 2, bob), [json!(["edit_ack", {"version": 4}])]);
    let operations: Vec<Value> = heard(&world, 1, ann)
        .iter()
        .map(|it| json!([it[1]["position"], it[1]["length"], it[1]["version"]]))
        .collect();
    assert_eq!(operations, [json!([4, 2, 3]), json!([1, 2, 4])]);
    let ann = count(&world, 1);
    says(&mut world, 2, &delete(1, 1, 1));
    assert_eq!(heard(&world, 2, bob + 1), [json!(["edit_ack", {"version": 4}])]);
    assert_eq!(count(&world, 1), ann);
    assert_eq!(world.database.count("SELECT COUNT(*) FROM document_edit WHERE 1 = ", 1), 3);
    world.sleep();
    assert_eq!(text(&mut world, "notes"), ("aXf".into(), 4));
}

#[test]
fn t14_undo_goes_to_everyone_and_to_the_one_who_asks() {
    let mut world = room(&["ann", "bob", "ann"]);
    for number in 1..=3 {
        sits(&mut world, number, "notes", "participant");
    }
    says(&mut world, 1, &insert(0, "abc", 0));
    says(&mut world, 2, &insert(3, "def", 1));
    let before = count(&world, 2);
    says(&mut world, 3, &named(undo(), "u1"));
    let gone = json!(["edit", {"operation": "delete", "position": 0, "content": "", "length": 3, "author": "ann", "version": 3}]);
    for number in 1..=3 {
        assert_eq!(heard(&world, number, 0).pop().unwrap(), gone, "{number}");
    }
    assert_eq!(count(&world, 2), before + 1);
    assert_eq!(world.sockets.frames(3).pop().unwrap()["id"], "u1");
    assert_ne!(world.sockets.frames(1).pop().unwrap()["id"], "u1");
    says(&mut world, 1, &undo());
    assert_eq!(heard(&world, 1, 0).pop().unwrap(), json!(["error", "NOT_FOUND"]));
    world.sleep();
    says(&mut world, 1, &undo());
    assert_eq!(heard(&world, 1, 0).pop().unwrap(), json!(["error", "NOT_FOUND"]));
    says(&mut world, 2, &undo());
    assert_eq!(text(&mut world, "notes"), (String::new(), 4));
}

#[test]
fn t17_cursors_are_relayed_as_they_came_and_kept_nowhere() {
    let mut world = room(&["ann", "bob", "ann"]);
    sits(&mut world, 1, "notes", "participant");
    sits(&mut world, 2, "notes", "viewer");
    sits(&mut world, 3, "notes", "participant");
    let before: Vec<usize> = (0..=3).map(|it| count(&world, it)).collect();
    world.wait(1);
    world.says(
        2,
        r#"{"type":"cursor","data":{"position":7,"selection":{ "b":[1,2.50] , "a":null}}}"#,
    );
    says(
        &mut world,
        1,
        &json!({"type": "cursor", "data": {"position": 9_007_199_254_740_991_u64}}),
    );
    let moved = json!(["cursor", {"userId": "bob", "position": 7, "selection": {"b": [1, 2.50], "a": null}}]);
    assert_eq!(heard(&world, 1, before[1]), [moved]);
    let moved = json!(["cursor", {"userId": "ann", "position": 9_007_199_254_740_991_u64, "selection": null}]);
    assert_eq!(heard(&world, 2, before[2]), [moved]);
    assert_eq!(count(&world, 3), before[3] + 2, "one's other tab too");
    let last = format!("{:?}", world.sockets.seen(3));
    assert!(last.contains(r#"{ \"b\":[1,2.50] , \"a\":null}"#), "{last}");
    assert_eq!(world.database.count("SELECT COUNT(*) FROM document_edit WHERE 1 = ", 1), 0);
}

#[test]
fn p13_t15_who_may_not_see_who_is_here_is_not_told() {
    let blind: Grants = [Grant::Join, Grant::Send, Grant::History].into_iter().collect();
    let mut world = room(&["ann"]);
    world.join_with(2, "bob", blind);
    sits(&mut world, 2, "notes", "participant");
    assert_eq!(participants(&world, 2), json!([]));
    let before = count(&world, 2);
    sits(&mut world, 1, "notes", "participant");
    assert_eq!(participants(&world, 1), json!([["ann", "participant"], ["bob", "participant"]]));
    says(&mut world, 1, &insert(0, "x", 0));
    world.leave(1);
    let kinds: Vec<Value> = heard(&world, 2, before).into_iter().map(|it| it[0].clone()).collect();
    assert_eq!(kinds, ["edit"]);
}

//! Edits, deletions and reactions, as clients see them (U2 to U4, U6, U10, U12).

use dormouse::kernel::Grants;
use dormouse::limits::Limits;
use dormouse::message::Kind;
use dormouse::protocol::ProtocolId;
use serde_json::{Value, json};

use crate::support::a_users;
use crate::threads::{chat, history, message, posts, publish, tells};
use crate::world::World;

pub(crate) fn edit(of: u64, content: &str) -> Value {
    json!({"type": "edit_message", "data": {"offset": of, "content": content}})
}

pub(crate) fn delete(of: u64) -> Value {
    json!({"type": "delete_message", "data": {"offset": of}})
}

pub(crate) fn reacts(of: u64, key: &str, on: bool) -> Value {
    json!({"type": "reaction", "data": {"offset": of, "key": key, "on": on}})
}

fn says(world: &mut World, number: u64, content: &str) -> Value {
    tells(world, number, &message(content, &Value::Null))
}

/// Whatever the tables say, entries included.
pub(crate) fn stored(world: &World) -> String {
    world.database.dump()
}

#[test]
fn u2_an_edit_is_told_to_all_and_stands_in_the_messages_place_from_then_on() {
    for sleeps in [false, true] {
        let mut world = chat();
        let said = says(&mut world, 1, "one");
        if sleeps {
            world.sleep();
        }
        let by_id = json!({"type": "edit_message", "id": "e1",
            "data": {"id": said["data"]["id"], "content": "two"}});
        let told = tells(&mut world, 1, &by_id);
        let heard = world.sockets.frames(2).pop().unwrap();
        assert_eq!((&told["type"], &told["id"]), (&json!("edit_message"), &json!("e1")));
        let data = json!({
            "messageId": said["data"]["id"], "of": 1, "content": "two", "messageType": "text",
            "author": "ANN", "authorId": "ann", "timestamp": told["timestamp"], "offset": 2,
        });
        assert_eq!((&told["data"], &heard["data"]), (&data, &data));
        world.sleep();
        world.join(9, "eve", None);
        let page = history(&mut world, 9);
        assert_eq!(page.len(), 1, "{page:?}");
        assert_eq!((&page[0]["content"], &page[0]["offset"]), (&json!("two"), &json!(1)));
        let edited = json!({"at": told["timestamp"], "user": "ann", "offset": 2});
        assert_eq!(page[0]["edited"], edited);
        assert!(!stored(&world).contains("\"one\""));
    }
}

#[test]
fn u2_a_message_keeps_its_type_unless_the_edit_says_another() {
    let mut world = chat();
    let data = json!({"content": "*one*", "messageType": "markdown"});
    tells(&mut world, 1, &json!({"type": "message", "data": data}));
    assert_eq!(tells(&mut world, 1, &edit(1, "*two*"))["data"]["messageType"], "markdown");
    let event =
        json!({"type": "edit", "data": {"of": 1, "data": {"content": "x", "messageType": "text"}}});
    assert_eq!(posts(&mut world, &event)["offset"], 3);
    let page = history(&mut world, 2);
    assert_eq!((&page[0]["content"], &page[0]["messageType"]), (&json!("x"), &json!("text")));
    assert_eq!(page[0]["edited"]["user"], "root");
}

#[test]
fn u3_a_deleted_message_leaves_nothing_of_what_it_or_its_edits_said() {
    for sleeps in [false, true] {
        let mut world = chat();
        let secret = |it: &str| json!({"type": "message", "id": "m1", "data": {"content": it, "messageType": "secret-type"}});
        tells(&mut world, 1, &secret("secret-1"));
        says(&mut world, 2, "in between");
        for text in ["secret-2", "secret-3"] {
            tells(&mut world, 1, &edit(1, text));
        }
        tells(&mut world, 2, &reacts(1, "secret-key", true));
        if sleeps {
            world.sleep();
        }
        let told = tells(&mut world, 1, &delete(1));
        assert_eq!((&told["type"], &told["data"]["of"]), (&json!("delete_message"), &json!(1)));
        assert!(told["data"].get("content").is_none());
        let left = stored(&world);
        for secret in ["secret-1", "secret-2", "secret-3", "secret-type"] {
            assert!(!left.contains(secret), "{secret}: {left}");
        }
        // What it was called and where it stands has not changed.
        let page = history(&mut world, 2);
        let deleted = json!({"at": told["timestamp"], "user": "ann", "offset": 6});
        assert_eq!((&page[0]["content"], &page[0]["offset"]), (&json!(""), &json!(1)));
        assert_eq!((&page[0]["deleted"], &page[0]["messageType"]), (&deleted, &json!("text")));
        assert!(page[0].get("edited").is_none() && page[0].get("reactions").is_none());
        // And whoever says it again is answered with what is left.
        let again = tells(&mut world, 1, &secret("another"));
        assert_eq!((&again["data"]["content"], &again["data"]["offset"]), (&json!(""), &json!(1)));
    }
}

#[test]
fn u3_within_one_flush_a_deletion_is_seen_by_whatever_comes_after_it() {
    let mut world = chat();
    let said = json!({"type": "message", "id": "m1", "data": {"content": "secret"}}).to_string();
    let frames =
        [said.clone(), delete(1).to_string(), said, json!({"type": "history"}).to_string()];
    world.says_at_once(&frames.map(|it| (1, it)));
    let frames = world.sockets.frames(1);
    let [.., again, page] = frames.as_slice() else { panic!("{frames:?}") };
    assert_eq!((&again["data"]["content"], &again["data"]["offset"]), (&json!(""), &json!(1)));
    assert_eq!(page["data"]["messages"][0]["content"], "");
    assert!(!stored(&world).contains("secret"));
}

#[test]
fn u4_reactions_are_counted_by_key_and_name_the_first_ten_users() {
    let mut world = chat();
    says(&mut world, 1, "one");
    for number in 0..12 {
        world.join(100 + number, &format!("user-{number:02}"), None);
        let told = tells(&mut world, 100 + number, &reacts(1, "👍", true));
        assert_eq!((&told["data"]["count"], &told["data"]["of"]), (&json!(number + 1), &json!(1)));
    }
    tells(&mut world, 2, &reacts(1, "👎", true));
    let off = tells(&mut world, 100, &reacts(1, "👍", false));
    assert_eq!((&off["data"]["count"], &off["data"]["on"]), (&json!(11), &json!(false)));
    world.sleep();
    let reactions = &history(&mut world, 2)[0]["reactions"];
    let users: Vec<String> = (1..11).map(|it| format!("user-{it:02}")).collect();
    assert_eq!(reactions["👍"], json!({"count": 11, "users": users, "me": false}));
    assert_eq!(reactions["👎"], json!({"count": 1, "users": ["bob"], "me": true}));
    assert_eq!(history(&mut world, 111)[0]["reactions"]["👍"]["me"], true, "the last of them");
}

#[test]
fn u4_what_holds_already_is_acknowledged_as_a_duplicate_and_told_to_nobody_else() {
    for sleeps in [false, true] {
        let mut world = chat();
        says(&mut world, 1, "one");
        tells(&mut world, 2, &reacts(1, "👍", true));
        if sleeps {
            world.sleep();
        }
        let before = world.sockets.frames(1).len();
        let again = tells(&mut world, 2, &reacts(1, "👍", true));
        assert_eq!((&again["data"]["offset"], &again["data"]["count"]), (&json!(2), &json!(1)));
        let never = tells(&mut world, 2, &reacts(1, "👎", false));
        assert_eq!((&never["data"]["on"], &never["data"]["count"]), (&json!(false), &json!(0)));
        assert_eq!(world.sockets.frames(1).len(), before);
        let event =
            |on: bool| json!({"type": "reaction", "data": {"of": 1, "key": "👍", "on": on}});
        assert_eq!(posts(&mut world, &event(true))["duplicate"], false, "root's own");
        let answer = posts(&mut world, &event(true));
        assert_eq!((&answer["duplicate"], &answer["offset"]), (&json!(true), &json!(3)));
        assert_eq!(posts(&mut world, &event(false))["offset"], 4);
        assert_eq!(posts(&mut world, &event(false))["duplicate"], true);
    }
}

#[test]
fn p12_h5_an_edit_and_a_reaction_are_said_once_however_often_they_are_sent() {
    let mut world = chat();
    says(&mut world, 1, "one");
    for (id, mut frame) in [("a", edit(1, "two")), ("b", reacts(1, "👍", true)), ("c", delete(1))]
    {
        frame["id"] = json!(id);
        let first = tells(&mut world, 1, &frame);
        world.sleep();
        let before = world.sockets.frames(2).len();
        let again = tells(&mut world, 1, &frame);
        assert_eq!(again["data"]["offset"], first["data"]["offset"], "{again}");
        assert_eq!(again["type"], first["type"]);
        assert_eq!(world.sockets.frames(2).len(), before);
    }
}

#[test]
fn u6_a_page_is_as_long_as_was_asked_for_whatever_was_said_about_its_messages() {
    let mut world = chat();
    for number in 0..60 {
        says(&mut world, 1, &format!("message {number}"));
        let of = 4 * number + 1;
        tells(&mut world, 1, &edit(of, &format!("edited {number}")));
        tells(&mut world, 2, &reacts(of, "👍", true));
        tells(&mut world, 2, &reacts(of, "👍", false));
    }
    let page = history(&mut world, 2);
    assert_eq!((page.len(), &page[0]["content"]), (50, &json!("edited 10")));
    let (mut before, mut seen) = (json!(null), Vec::new());
    loop {
        let ask = json!({"type": "history", "data": {"limit": 7, "before": before}});
        let page = tells(&mut world, 2, &ask)["data"].clone();
        let offsets = page["messages"].as_array().unwrap().iter().map(|it| it["offset"].as_u64());
        seen.splice(0..0, offsets.map(Option::unwrap));
        before = page["nextBefore"].clone();
        if before.is_null() {
            break;
        }
    }
    assert_eq!(seen, (0..60).map(|it| 4 * it + 1).collect::<Vec<u64>>());
}

fn hub() -> World {
    let mut world = World::of(Kind::Hub, Limits { messages_per_minute: 0, ..Limits::default() });
    world.grants = |user| if user == "root" { Grants::all() } else { a_users() };
    let protocols =
        [ProtocolId::EVENTS, ProtocolId::EVENTS, ProtocolId::CLIENT, ProtocolId::WORKFLOW];
    for ((number, user), protocol) in (1..).zip(["ann", "root", "bob", "cid"]).zip(protocols) {
        world.join_on(protocol, number, user);
    }
    for number in [1, 2] {
        tells(&mut world, number, &json!({"type": "subscribe", "events": ["*"]}));
    }
    world
}

fn events(world: &mut World, params: &Value) -> Vec<Value> {
    let query = json!({"type": "query", "id": "q", "query": "history", "params": params});
    tells(world, 2, &query)["result"]["events"].as_array().unwrap().clone()
}

#[test]
fn u6_u12_in_a_hub_they_are_events_of_their_names_in_every_protocol() {
    let mut world = hub();
    let said = tells(&mut world, 1, &publish(&json!({"event": "note", "data": {"x": 1}})));
    let id = said["result"]["id"].clone();
    let edit = publish(&json!({"event": "edit", "data": {"id": id, "data": {"x": 2}}}));
    assert_eq!(tells(&mut world, 1, &edit)["result"]["offset"], 2);
    let data = json!({"of": 1, "id": id, "data": {"x": 2}});
    let (in_events, in_client, in_workflow) = (
        world.sockets.frames(2).pop().unwrap(),
        world.sockets.frames(3).pop().unwrap(),
        world.sockets.frames(4).pop().unwrap(),
    );
    assert_eq!(
        (&in_events["event"], &in_events["offset"], &in_events["data"]),
        (&json!("edit"), &json!(2), &data)
    );
    assert_eq!(
        (&in_client["type"], &in_client["of"], &in_client["data"]),
        (&json!("edit"), &json!(1), &json!({"x": 2}))
    );
    assert_eq!((&in_workflow["type"], &in_workflow["data"]), (&json!("edit"), &data));
    // A client of the client protocol names it by `of`: `id` is the request's.
    tells(&mut world, 3, &json!({"type": "reaction", "id": "r", "of": id, "key": "ok"}));
    let native = publish(&json!({"event": "reaction", "of": 1, "data": {"key": "ok"}}));
    assert_eq!(tells(&mut world, 1, &native)["result"]["offset"], 4);
    let page = events(&mut world, &json!({}));
    assert_eq!(page.len(), 1);
    assert_eq!(page[0]["data"], json!({"x": 2}));
    assert_eq!(page[0]["edited"]["offset"], 2);
    assert_eq!(
        page[0]["reactions"]["ok"],
        json!({"count": 2, "users": ["bob", "ann"], "me": false})
    );
    let raw = events(&mut world, &json!({"raw": true}));
    let names: Vec<_> = raw.iter().map(|it| it["event"].as_str().unwrap()).collect();
    assert_eq!(names, ["note", "edit", "reaction", "reaction"]);
    assert!(raw[0].get("edited").is_none());
    assert_eq!(raw[3]["data"], json!({"of": 1, "id": id, "key": "ok", "on": true, "count": 2}));
    let after = events(&mut world, &json!({"after": 1, "limit": 1, "raw": true}));
    assert_eq!(after[0]["offset"], 2);
}

#[test]
fn u3_u12_what_is_left_of_an_event_has_the_type_that_it_had() {
    let mut world = hub();
    let all = [json!({"a": 1}), json!([1]), json!("a"), json!(1), json!(true), json!(null)];
    let left = [json!({}), json!([]), json!(""), json!(0), json!(false), json!(null)];
    for (of, data) in (0..).map(|it| 2 * it + 1).zip(&all) {
        tells(&mut world, 1, &publish(&json!({"event": "note", "data": data})));
        tells(&mut world, 1, &publish(&json!({"event": "delete", "data": {"of": of}})));
    }
    let page = events(&mut world, &json!({}));
    let said: Vec<Value> = page.iter().map(|it| it["data"].clone()).collect();
    assert_eq!(said, left);
    assert!(page.iter().all(|it| it["deleted"]["user"] == "ann"));
}

#[test]
fn u2_what_takes_publish_to_say_takes_it_to_change_and_stays_what_it_promises() {
    let mut world = hub();
    let update = |progress: u64| json!({"workflow_id": "w", "status": "pending", "stage": "review", "progress": progress});
    posts(&mut world, &json!({"type": "workflow_update", "data": update(5)}));
    let edit = |data: Value| publish(&json!({"event": "edit", "data": {"of": 1, "data": data}}));
    assert_eq!(tells(&mut world, 1, &edit(update(6)))["code"], "PERMISSION_DENIED");
    let faulty = tells(&mut world, 2, &edit(update(101)));
    assert_eq!(
        (&faulty["code"], &faulty["details"]["faults"][0]["field"]),
        (&json!("INVALID_MESSAGE_FORMAT"), &json!("progress"))
    );
    assert_eq!(tells(&mut world, 2, &edit(update(6)))["result"]["offset"], 2);
    assert_eq!(events(&mut world, &json!({}))[0]["data"]["progress"], 6);
    // A user who may not publish any more does not change what they said when they might.
    world.grants = |_| a_users();
    world.join_on(ProtocolId::EVENTS, 9, "root");
    assert_eq!(tells(&mut world, 9, &edit(update(7)))["code"], "PERMISSION_DENIED");
}

#[test]
fn u10_what_is_about_an_entry_for_one_user_is_for_that_user_too() {
    let mut world = chat();
    posts(&mut world, &json!({"type": "note", "user_id": "ann", "data": {"text": "psst"}}));
    assert_eq!(tells(&mut world, 2, &reacts(1, "👍", true))["code"], "NOT_FOUND");
    assert_eq!(tells(&mut world, 2, &edit(1, "mine"))["code"], "NOT_FOUND");
    let before = [2, 3].map(|it| world.sockets.frames(it).len());
    assert_eq!(tells(&mut world, 1, &reacts(1, "👍", true))["data"]["count"], 1);
    assert_eq!([2, 3].map(|it| world.sockets.frames(it).len()), before);
    // Its author and an administrator change it, and the room tells it to its user alone.
    let answer =
        tells(&mut world, 3, &json!({"type": "delete_message", "id": "d", "data": {"offset": 1}}));
    assert_eq!((&answer["type"], &answer["id"]), (&json!("delete_message"), &json!("d")));
    let heard = world.sockets.frames(1).pop().unwrap();
    assert_eq!(
        (&heard["type"], world.sockets.frames(2).len()),
        (&json!("delete_message"), before[0])
    );
    assert!(!stored(&world).contains("psst"));
    assert_eq!(tells(&mut world, 3, &reacts(1, "👍", true))["code"], "NOT_FOUND");
}

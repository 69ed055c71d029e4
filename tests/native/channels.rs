//! By which names those who follow the log hear what is about something else, and read it.

use dormouse::kernel::Connection;
use dormouse::message::{Kind, Topic};
use serde_json::{Value, json};

use crate::behind::{at, limits};
use crate::ends::{enter, heard, hub};
use crate::publications::called;
use crate::support::NOON;
use crate::world::World;

fn filtered(events: &[&str]) -> impl FnOnce(Connection) -> Connection + use<> {
    let topics = Some(events.iter().map(|it| Topic::parse(*it).unwrap()).collect());
    move |it| Connection { topics, ..it }
}

fn says(world: &mut World, message: &Value) {
    world.says(1, &message.to_string());
    world.wait(2);
}

/// A message, another event, an answer to the first, an edit of that answer, and a reaction to the
/// second; and something for Ann alone.
fn talk(world: &mut World) {
    for message in [
        json!({"type": "publish", "event": "message", "data": {"content": "one"}}),
        json!({"type": "publish", "event": "other", "data": 2}),
        json!({"type": "publish", "event": "answer", "of": 1, "data": 3}),
        json!({"type": "publish", "event": "edit", "of": 3, "data": 4}),
        json!({"type": "publish", "event": "reaction", "of": 2, "data": {"key": "k", "on": true}}),
        json!({"type": "publish", "event": "mine", "to": "ann", "data": 6}),
        json!({"type": "publish", "event": "wave", "of": 1, "ephemeral": true, "data": 7}),
    ] {
        says(world, &message);
    }
}

fn events(world: &World, number: u64) -> Vec<String> {
    let all = heard(world, number);
    all.into_iter().filter_map(|it| it.strip_prefix("event ").map(str::to_owned)).collect()
}

#[test]
fn n20_whoever_hears_messages_hears_what_is_about_them_and_what_is_theirs_alone() {
    for sleeps in [false, true] {
        let mut world = hub(limits());
        enter(&mut world, 2, "ann", filtered(&["message"]));
        enter(&mut world, 3, "bob", filtered(&["other", "answer"]));
        enter(&mut world, 4, "cid", |it| it);
        if sleeps {
            world.sleep();
        }
        talk(&mut world);
        let anns = ["message 1", "answer 3", "edit 4", "mine 6", "wave"];
        assert_eq!(events(&world, 2), anns, "{sleeps}");
        assert_eq!(events(&world, 3), ["other 2", "reaction 5"], "not by its own name");
        assert_eq!(events(&world, 4).len(), 6);
        // The same when it is told again.
        enter(&mut world, 5, "ann", |it| {
            filtered(&["message"])(Connection { asked: Some(at("e", 0)), ..it })
        });
        enter(&mut world, 6, "bob", |it| {
            filtered(&["other", "answer"])(Connection { asked: Some(at("e", 0)), ..it })
        });
        assert_eq!(events(&world, 5), anns[..4]);
        assert_eq!(events(&world, 6), ["other 2", "reaction 5"]);
    }
}

#[test]
fn n20_other_protocols_hear_by_the_name_alone() {
    let mut world = hub(limits());
    world.join_on(dormouse::protocol::ProtocolId::EVENTS, 7, "ann");
    world.says(7, r#"{"type":"subscribe","events":["message"]}"#);
    enter(&mut world, 2, "ann", filtered(&["message"]));
    talk(&mut world);
    let own = world.sockets.frames(7);
    let told: Vec<_> = own.iter().filter(|it| it["type"] == "event").collect();
    assert_eq!(told.len(), 1, "{own:?}");
}

#[test]
fn n20_filters_are_set_wherever_there_is_something_to_hear() {
    for kind in [Kind::Analytics, Kind::Collaboration] {
        let mut world = World::of(kind, limits());
        enter(&mut world, 2, "ann", |it| it);
        world.says(2, r#"{"type":"subscribe","id":"s","events":["other"]}"#);
        world.says(2, r#"{"type":"publish","id":"p","event":"other"}"#);
        let own = world.sockets.frames(2);
        assert_eq!(own[1]["subscribed"], json!(["other"]), "{own:?}");
        assert_eq!(own[2]["code"], "UNKNOWN_MESSAGE_TYPE");
        if kind == Kind::Analytics {
            let metric = json!({"type": "metric_update", "data": {"metric": "load", "value": 1}});
            world.call(called(kind, &metric));
            assert!(events(&world, 2).is_empty());
            world.says(2, r#"{"type":"subscribe","id":"t","events":["metric_*"]}"#);
            world.call(called(kind, &metric));
            assert_eq!(events(&world, 2), ["metric_update 2"]);
        }
    }
}

#[test]
fn n32_a_page_is_bounded_by_times_and_threads_and_turned_round() {
    let mut world = hub(limits());
    enter(&mut world, 2, "ann", |it| it);
    talk(&mut world);
    let mut page = |asked: Value| {
        let mut message = json!({"type": "history", "id": "h"});
        message.as_object_mut().unwrap().extend(asked.as_object().unwrap().clone());
        world.says(2, &message.to_string());
        let frame = world.sockets.frames(2).pop().unwrap();
        let offset = |it: &Value| it["offset"].as_u64().unwrap();
        let entries = frame["entries"].as_array().unwrap_or_else(|| panic!("{frame}")).clone();
        let next = frame.get("next").cloned();
        (entries.iter().map(offset).collect::<Vec<_>>(), next, entries)
    };
    let (all, _, entries) = page(json!({"raw": true}));
    assert_eq!(all, [1, 2, 3, 4, 5, 6]);
    let time = |at: usize| entries[at]["at"].as_u64().unwrap();
    assert!(NOON.0 < time(0) && time(0) < time(1));
    let offsets = |it: (Vec<u64>, Option<Value>, Vec<Value>)| (it.0, it.1);
    for (asked, expected, next) in [
        (json!({"raw": true, "after": time(2)}), vec![4, 5, 6], None),
        (json!({"raw": true, "after": time(2) - 1}), vec![3, 4, 5, 6], None),
        (
            json!({"raw": true, "after": time(1), "before": time(4), "limit": 1}),
            vec![3],
            Some(json!({"after": 3})),
        ),
        (json!({"raw": true, "after": time(5)}), vec![], None),
        (
            json!({"raw": true, "limit": 3, "reverse": true}),
            vec![6, 5, 4],
            Some(json!({"before": 4})),
        ),
        (
            json!({"raw": true, "after": 1, "limit": 2, "reverse": true}),
            vec![3, 2],
            Some(json!({"after": 3})),
        ),
        (json!({"of": 1}), vec![3], None),
        // An edit is no answer, however it is asked for.
        (json!({"of": 3, "raw": true}), vec![], None),
        (json!({"of": 99}), vec![], None),
    ] {
        assert_eq!(offsets(page(asked.clone())), (expected, next), "{asked}");
    }
    for wrong in
        [json!({"of": "x"}), json!({"of": -1}), json!({"after": -1}), json!({"reverse": 1})]
    {
        let mut message = json!({"type": "history", "id": "w"});
        message.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
        world.says(2, &message.to_string());
        let frame = world.sockets.frames(2).pop().unwrap();
        assert_eq!(frame["code"], "INVALID_MESSAGE_FORMAT", "{wrong}");
    }
}

/// [N54] [N55] [N56] What is not known is ignored or answered, and null is what is missing.
#[test]
fn n54_n55_n56_what_is_not_known_is_ignored_and_null_is_missing() {
    let mut world = hub(limits());
    enter(&mut world, 2, "ann", |it| it);
    for message in [
        r#"{"new":{"a":[1]},"data":null,"of":null,"to":null,"ephemeral":null,"echo":null,"encoding":null,"event":"a","id":"1","room":null,"type":"publish"}"#,
        r#"{"limit":null,"before":null,"after":null,"raw":null,"of":null,"reverse":null,"type":"history","id":"2"}"#,
        r#"{"type":"attach","resume":null,"rewind":null,"events":null,"token":null,"id":"3","later":1}"#,
        r#"{"type":"query","query":"position","params":null,"id":"4"}"#,
        r#"{"type":"query","query":"of a later version","id":"5"}"#,
        r#"{"type":"command","command":"of.a.later.version","id":"6"}"#,
        r#"{"type":"of a later version","id":"7"}"#,
    ] {
        world.says(2, message);
        world.wait(2);
    }
    let own = world.sockets.frames(2);
    let answers: Vec<_> = own.iter().filter(|it| it["id"].is_string()).collect();
    let codes: Vec<_> = answers.iter().map(|it| it["code"].as_str().unwrap_or("ack")).collect();
    let expected = ["ack", "ack", "ack", "ack", "NOT_FOUND", "NOT_FOUND", "UNKNOWN_MESSAGE_TYPE"];
    assert_eq!(codes, expected, "{own:?}");
    let offset = answers[3]["result"]["offset"].as_u64();
    assert_eq!(offset, Some(1), "a whole number, far below 2^53");
}

//! Threads: what is said in answer to an entry (U1, U5).

use dormouse::api::{Answer, Task, read_event};
use dormouse::kernel::Grants;
use dormouse::limits::{DATA_BYTES_MAX, Limits};
use dormouse::message::Kind;
use dormouse::protocol::ProtocolId;
use serde_json::{Value, json};

use crate::support::{a_users, member};
use crate::world::World;

pub(crate) fn chat() -> World {
    let mut world = World::of(Kind::Chat, Limits { messages_per_minute: 0, ..Limits::default() });
    world.grants = |user| if user == "root" { Grants::all() } else { a_users() };
    for (number, user) in [(1, "ann"), (2, "bob"), (3, "root")] {
        world.join(number, user, None);
    }
    world
}

/// Says it, and gives what that connection is told last.
pub(crate) fn tells(world: &mut World, number: u64, frame: &Value) -> Value {
    world.wait(1);
    world.says(number, &frame.to_string());
    world.sockets.frames(number).pop().unwrap_or_default()
}

pub(crate) fn message(content: &str, reply_to: &Value) -> Value {
    json!({"type": "message", "data": {"content": content, "replyTo": reply_to}})
}

pub(crate) fn publish(params: &Value) -> Value {
    json!({"type": "command", "command": "publish", "params": params})
}

/// What a backend is answered that publishes this.
pub(crate) fn posts(world: &mut World, event: &Value) -> Value {
    world.wait(1);
    let event = match read_event(&event.to_string(), world.kind, DATA_BYTES_MAX) {
        Ok(event) => event,
        Err(error) => return json!({"code": error.code}),
    };
    let task = Task::Publish(vec![event]);
    let answers = world.run_as(&member("root"), Grants::all(), &task);
    spelled(&answers[0])
}

fn spelled(answer: &Answer) -> Value {
    match answer {
        Answer::Done(json) => serde_json::from_str(json.as_str()).unwrap(),
        Answer::Refused(error) => json!({"code": error.code}),
    }
}

pub(crate) fn history(world: &mut World, number: u64) -> Vec<Value> {
    let page = tells(world, number, &json!({"type": "history"}));
    page["data"]["messages"].as_array().unwrap().clone()
}

#[test]
fn u5_a_reply_names_what_it_answers_live_and_in_history() {
    for sleeps in [false, true] {
        let mut world = chat();
        let first = tells(&mut world, 1, &message("one", &Value::Null));
        assert!(first["data"].get("replyTo").is_none(), "{first}");
        if sleeps {
            world.sleep();
        }
        let second = tells(&mut world, 2, &message("two", &first["data"]["id"]));
        assert_eq!(second["data"]["replyTo"], 1);
        let third = tells(&mut world, 1, &message("three", &json!(2)));
        let posted =
            posts(&mut world, &json!({"type": "message", "of": 3, "data": {"content": "four"}}));
        assert_eq!((&third["data"]["replyTo"], &posted["offset"]), (&json!(2), &json!(4)));
        let told = world.sockets.frames(2).pop().unwrap();
        assert_eq!(told["data"]["replyTo"], 3);
        let replies: Vec<Value> =
            history(&mut world, 2).iter().map(|it| it["replyTo"].clone()).collect();
        assert_eq!(replies, [Value::Null, json!(1), json!(2), json!(3)]);
    }
}

#[test]
fn u5_an_event_belongs_to_a_thread_in_a_hub() {
    let mut world = World::of(Kind::Hub, Limits::default());
    for (number, user) in [(1, "ann"), (2, "bob")] {
        world.join_on(ProtocolId::EVENTS, number, user);
        tells(&mut world, number, &json!({"type": "subscribe", "events": ["*"]}));
    }
    let asked = tells(&mut world, 1, &publish(&json!({"event": "asked", "data": 1})));
    let id = &asked["result"]["id"];
    let answer = tells(&mut world, 2, &publish(&json!({"event": "said", "of": id, "data": 2})));
    assert_eq!(answer["result"]["offset"], 2);
    let told = world.sockets.frames(1).pop().unwrap();
    assert_eq!((&told["event"], &told["of"]), (&json!("said"), &json!(1)));
    let page = tells(&mut world, 1, &json!({"type": "query", "id": "q", "query": "history"}));
    assert_eq!(page["result"]["events"][1]["of"], 1);
    assert!(page["result"]["events"][0].get("of").is_none());
}

#[test]
fn u5_what_is_said_at_once_is_answered_as_well() {
    let mut world = chat();
    let frames =
        [message("one", &Value::Null), message("two", &json!(1)), message("three", &json!(2))];
    world.says_at_once(&frames.map(|it| (1, it.to_string())));
    let heard = world.sockets.frames(2).into_iter().filter(|it| it["type"] == "message");
    let replies: Vec<Value> = heard.map(|it| it["data"]["replyTo"].clone()).collect();
    assert_eq!(replies, [Value::Null, json!(1), json!(2)]);
}

#[test]
fn u1_what_is_named_by_nonsense_is_refused_and_the_room_goes_on() {
    let mut world = chat();
    let first = tells(&mut world, 1, &message("one", &Value::Null));
    let id = first["data"]["id"].as_str().unwrap();
    let never = id.replace("-7000-", "-7001-");
    for (of, code) in [
        (json!(-1), "INVALID_MESSAGE_FORMAT"),
        (json!(0.5), "INVALID_MESSAGE_FORMAT"),
        (json!(true), "INVALID_MESSAGE_FORMAT"),
        (json!({"offset": 1}), "INVALID_MESSAGE_FORMAT"),
        (json!(""), "INVALID_MESSAGE_FORMAT"),
        (json!("1"), "INVALID_MESSAGE_FORMAT"),
        (json!("message_"), "INVALID_MESSAGE_FORMAT"),
        (json!("x".repeat(100_000)), "INVALID_MESSAGE_FORMAT"),
        (json!(0), "NOT_FOUND"),
        (json!(2), "NOT_FOUND"),
        (json!(u64::MAX), "NOT_FOUND"),
        (json!(never), "NOT_FOUND"),
        (json!("message_ffffffff-ffff-7fff-bfff-ffffffffffff"), "NOT_FOUND"),
        (json!("message_00000000-0000-7000-8000-000000000000"), "NOT_FOUND"),
    ] {
        assert_eq!(tells(&mut world, 2, &message("no", &of))["code"], code, "{of}");
        let posted = posts(&mut world, &json!({"type": "note", "of": of, "data": 1}));
        assert_eq!(posted["code"], code, "{of}");
    }
    let next = tells(&mut world, 2, &message("yes", &json!(1)));
    assert_eq!(next["data"]["offset"], 2, "nothing of all that is in the log");
}

#[test]
fn u1_what_stays_as_it_was_said_and_what_other_rooms_say_has_no_thread() {
    let mut hub = World::of(Kind::Hub, Limits::default());
    hub.join_on(ProtocolId::EVENTS, 1, "ann");
    let params = json!({"key": "a", "value": 1});
    tells(&mut hub, 1, &json!({"type": "command", "command": "set_state", "params": params}));
    let answer = tells(&mut hub, 1, &publish(&json!({"event": "said", "of": 1})));
    assert_eq!(answer["code"], "NOT_FOUND");
    for kind in [Kind::Analytics, Kind::Collaboration, Kind::Conversation] {
        let mut world = World::of(kind, Limits::default());
        assert_eq!(posts(&mut world, &json!({"type": "a", "data": 1}))["offset"], 1);
        let answer = posts(&mut world, &json!({"type": "a", "of": 1, "data": 1}));
        assert_eq!(answer["code"], "INVALID_MESSAGE_FORMAT", "{kind:?}");
    }
}

#[test]
fn u1_what_is_no_longer_kept_has_no_thread() {
    let limits = Limits { history_entries_max: 2, ..Limits::default() };
    let mut world = World::of(Kind::Chat, limits);
    world.join(1, "ann", None);
    let first = tells(&mut world, 1, &message("one", &Value::Null));
    for _ in 0..2 {
        tells(&mut world, 1, &message("next", &Value::Null));
    }
    for of in [&json!(1), &first["data"]["id"]] {
        assert_eq!(tells(&mut world, 1, &message("late", of))["code"], "NOT_FOUND");
    }
    assert_eq!(tells(&mut world, 1, &message("in time", &json!(2)))["data"]["replyTo"], 2);
}

#[test]
fn u5_what_is_for_one_user_is_answered_by_that_user_alone() {
    let mut world = chat();
    posts(&mut world, &json!({"type": "note", "user_id": "ann", "data": "psst"}));
    assert_eq!(tells(&mut world, 2, &message("what?", &json!(1)))["code"], "NOT_FOUND");
    let before = world.sockets.frames(2).len();
    let reply = tells(&mut world, 1, &message("I hear", &json!(1)));
    assert_eq!((&reply["data"]["replyTo"], &reply["data"]["offset"]), (&json!(1), &json!(2)));
    assert_eq!(world.sockets.frames(2).len(), before, "it is for ann alone");
    world.sleep();
    assert_eq!(history(&mut world, 2), Vec::<Value>::new());
    assert_eq!(history(&mut world, 1)[0]["content"], "I hear");
    let event = json!({"type": "note", "of": 1, "user_id": "bob", "data": 1});
    assert_eq!(posts(&mut world, &event)["code"], "NOT_FOUND");
}

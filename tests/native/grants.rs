//! Grants: who learns who is here, and who sees the numbers of another room.

use dormouse::feature;
use dormouse::feature::Call;
use dormouse::feature::metrics::Measures;
use dormouse::feature::metrics::MetricCall;
use dormouse::feature::metrics::MetricInput;
use dormouse::kernel::Request;
use dormouse::kernel::{Grant, Grants, Input};
use dormouse::limits::Limits;
use dormouse::message::Kind;
use dormouse::protocol::ProtocolId;
use serde_json::{Value, json};

use crate::editing::{count, heard, room as editors, says, sits};
use crate::support::session_id;
use crate::world::World;

fn unseeing() -> Grants {
    Grant::ALL.into_iter().map(|(_, it)| it).filter(|it| *it != Grant::Presence).collect()
}

fn types(world: &World, number: u64) -> Vec<Value> {
    world.sockets.frames(number).into_iter().map(|it| it["type"].clone()).collect()
}

#[test]
fn p13_typing_names_nobody_to_who_may_not_see_who_is_here() {
    let mut world = World::new(Limits::default());
    world.join(1, "ann", None);
    world.join(2, "bob", None);
    world.join_with(3, "eve", unseeing());
    let typing = json!({"type": "typing", "data": {"isTyping": true}});
    world.says(1, &typing.to_string());
    // It ends by itself, which is told the same way.
    world.wait(6_000);
    world.says(3, &typing.to_string());
    assert_eq!(types(&world, 3), Vec::<Value>::new());
    assert_eq!(types(&world, 2), ["user_joined", "typing", "typing", "typing"]);
}

#[test]
fn p5_who_is_here_comes_in_order_as_many_as_fit_into_a_frame() {
    let mut world = World::new(Limits { connections_per_room: 0, ..Limits::default() });
    // JSON takes six bytes for each of these letters, in the id and in the name.
    let user = |number: u64| format!("{number:03}{}", "\u{1}".repeat(125));
    for number in (1..=700).rev() {
        world.join_with(number, &user(number), unseeing());
    }
    world.join_with(701, "ann", Grants::all());
    world.says(701, r#"{"type":"presence"}"#);
    let answer = world.sockets.frames(701).pop().unwrap();
    let members = answer["data"]["members"].as_array().unwrap();
    let bytes = members.iter().map(|it| it.to_string().len() + 1).sum::<usize>();
    assert!((900 * 1024..=960 * 1024).contains(&bytes), "{bytes}");
    let first = (1..).map(user).take(members.len());
    assert!(members.iter().map(|it| it["userId"].as_str().unwrap()).eq(first));
}

#[test]
fn t17_cursors_go_to_those_who_may_see_who_is_here() {
    let mut world = editors(&["ann", "bob"]);
    world.join_with(3, "eve", unseeing());
    for number in 1..=3 {
        sits(&mut world, number, "d", "participant");
    }
    let (bobs, eves) = (count(&world, 2), count(&world, 3));
    let cursor = json!({"type": "cursor", "data": {"position": 1}});
    says(&mut world, 1, &cursor);
    // And what eve shows of herself, the others see.
    says(&mut world, 3, &cursor);
    let shown = |user: &str| json!(["cursor", {"userId": user, "position": 1, "selection": null}]);
    assert_eq!(heard(&world, 3, eves), Vec::<Value>::new());
    assert_eq!(heard(&world, 2, bobs), [shown("ann"), shown("eve")]);
}

fn measures(world: &World, engagement: u64) -> Measures {
    let text = json!({"at": world.now, "engagement": engagement, "activity": 1});
    serde_json::from_value(text).unwrap()
}

fn dashboard() -> World {
    let mut world = World::of(Kind::Analytics, Limits::default());
    world.join(1, "ann", None);
    world.join_with(2, "eve", Grants::all().without_measures());
    world
}

fn asks(world: &mut World, number: u64, kind: &str, metrics: &Value) -> Value {
    let frame = json!({"type": kind, "data": {"metrics": metrics}});
    world.says(number, &frame.to_string());
    world.sockets.frames(number).pop().unwrap()
}

#[test]
fn m6_the_numbers_of_a_chat_room_are_refused_to_who_has_no_presence_there() {
    let mut world = dashboard();
    for metric in ["engagement", "activity", "performance"] {
        let refused = asks(&mut world, 2, "subscribe", &json!(["score", metric]));
        assert_eq!(refused["code"], "PERMISSION_DENIED", "{metric}");
    }
    assert_eq!(world.calls, [], "nobody asks the chat room on her behalf");
    // None of a refused list was taken; other metrics are the analytics room's own.
    let mine = asks(&mut world, 2, "subscribe", &json!(["other"]));
    assert_eq!(mine["data"]["metrics"].as_array().unwrap().len(), 1, "{mine}");
    asks(&mut world, 1, "subscribe", &json!(["engagement"]));
    assert_eq!(world.calls, [Call::Metrics(MetricCall::Observe)]);
    let told = measures(&world, 3);
    world.happens(Input::Feature(feature::Input::Metrics(MetricInput::Measured(told))));
    let update = world.sockets.frames(1).pop().unwrap();
    assert_eq!((&update["type"], &update["data"]["value"]), (&json!("metric_update"), &json!(3)));
    assert!(!types(&world, 2).contains(&json!("metric_update")));
}

#[test]
fn m6_a_token_that_shows_less_ends_what_the_one_before_showed() {
    let mut world = World::of(Kind::Analytics, Limits::default());
    let expires_at = world.now.plus(60_000);
    world.join(1, "ann", Some(expires_at));
    asks(&mut world, 1, "subscribe", &json!(["activity", "score"]));
    let renewal = dormouse::kernel::Renewal {
        user: crate::support::member("ann").id,
        context: None,
        room: crate::support::room_name(),
        allowed: Grants::all().without_measures().into(),
        expires_at: None,
        issue: None,
    };
    let (connection, renewal) = (session_id(1), Ok(renewal));
    world.happens(Input::Renewed { connection, request_id: None, renewal, attach: None });
    let before = count(&world, 1);
    let told = measures(&world, 3);
    let answered = world.run(&dormouse::api::Task::from(MetricCall::Measures(told)));
    assert_eq!(count(&world, 1), before);
    let watched = format!("{answered:?}");
    assert!(watched.contains("Done") && watched.contains("false"), "nobody watches: {watched}");
    let left = asks(&mut world, 1, "unsubscribe", &json!(["score"]));
    assert_eq!(left["data"]["metrics"][0]["value"], Value::Null, "{left}");
}

#[test]
fn p13_events_of_typing_take_presence_too() {
    let mut world = World::of(Kind::Hub, Limits::default());
    world.join_on(ProtocolId::EVENTS, 1, "ann");
    world.join_on(ProtocolId::EVENTS, 2, "bob");
    world.says(2, r#"{"type":"subscribe","events":["*"]}"#);
    let typing = feature::typing::TypingCommand::Set(true).into();
    let request = Request { request_id: None, command: Ok(typing) };
    world.happens(Input::Received { connection: session_id(1), request, duplicate: None });
    let last = world.sockets.frames(2).pop().unwrap();
    assert_eq!((&last["type"], &last["event"]), (&json!("event"), &json!("typing")));
}

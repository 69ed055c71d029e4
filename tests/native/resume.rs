//! Whoever brings a position to a protocol that does not follow the log is told what is above it, in
//! the protocol's own words, and then hears what its protocol hears.

use dormouse::host::WINDOW_BYTES;
use dormouse::kernel::{Connection, Grant, Grants};
use dormouse::message::{Kind, Position, Topic};
use dormouse::protocol::{ProtocolId, Wire};
use serde_json::{Value, json};

use crate::behind::{at, backlog, cursor, hub, limits, publish};
use crate::support::{Seen, a_users, connection, member, session_id, speaking};
use crate::world::World;

fn goes_on(world: &mut World, protocol: ProtocolId, number: u64, asked: Position) {
    resumes(world, protocol, number, asked, None, a_users());
}

fn resumes(
    world: &mut World,
    protocol: ProtocolId,
    number: u64,
    asked: Position,
    topics: Option<&[&str]>,
    grants: Grants,
) {
    let joined_at = world.now;
    let connection = speaking(protocol, connection(number, "ann"));
    let topics = topics.map(|it| it.iter().map(|it| Topic::parse(*it).unwrap()).collect());
    let topics = topics.or(connection.topics);
    let asked = Some(asked);
    let connection = Connection { topics, grants, asked, heard_at: joined_at, ..connection };
    let connection = Connection { joined_at, ..connection };
    world.enter(connection, Wire { protocol, batched: false, packed: false }).unwrap();
    world.wait(1);
}

fn frames(world: &World, number: u64) -> Vec<Value> {
    world.sockets.frames(number)
}

/// What a frame is called, and where it is in the log.
fn called(frames: &[Value]) -> Vec<(String, u64)> {
    let offset = |it: &Value| it["data"]["offset"].as_u64().or(it["offset"].as_u64());
    let name = |it: &Value| it["type"].as_str().unwrap().to_owned();
    frames.iter().map(|it| (name(it), offset(it).unwrap_or_default())).collect()
}

fn chat() -> World {
    let mut world = World::of(Kind::Chat, limits());
    world.join(1, "bob", None);
    for number in 1..=5 {
        say(&mut world, number);
    }
    world
}

fn say(world: &mut World, number: u64) {
    let message = json!({"type": "message", "id": format!("m{number}"), "data": {"content": "x"}});
    world.says(1, &message.to_string());
    world.wait(2);
}

#[test]
fn i1_i2_a_chat_goes_on_after_its_position_in_its_own_words() {
    let mut world = chat();
    goes_on(&mut world, ProtocolId::CONTEXT, 2, at("e", 3));
    say(&mut world, 6);
    let own = frames(&world, 2);
    let told: Vec<_> = [("auth", 5), ("message", 4), ("message", 5), ("message", 6)]
        .map(|(name, offset)| (name.to_owned(), offset))
        .into();
    assert_eq!(called(&own), told);
    assert_eq!(own[0]["data"]["recovered"], true);
    assert_eq!((&own[0]["data"]["userId"], &own[0]["data"]["epoch"]), (&json!("ann"), &json!("e")));
    // As those had them who were there.
    let others = frames(&world, 1);
    let there: Vec<_> = others.iter().filter(|it| it["type"] == "message").skip(3).collect();
    assert_eq!(own[1..].iter().collect::<Vec<_>>(), there);
}

#[test]
fn i1_whoever_asks_for_nothing_is_told_what_it_always_was() {
    let mut world = chat();
    world.join(2, "ann", None);
    say(&mut world, 6);
    assert_eq!(called(&frames(&world, 2)), [("message".to_owned(), 6)]);
    let mut world = hub(limits());
    world.join_on(ProtocolId::CLIENT, 2, "ann");
    let hello = &frames(&world, 2)[0];
    for name in ["recovered", "reason", "epoch", "offset"] {
        assert!(hello.get(name).is_none(), "{hello}");
        assert!(name == "epoch" || name == "offset" || frames(&world, 1)[0].get(name).is_none());
    }
}

#[test]
fn i2_a_position_that_is_not_granted_says_why_and_leaves_it_live() {
    let blind: Grants = [Grant::Join, Grant::Send].into_iter().collect();
    for (asked, grants, reason) in [
        (at("other", 3), a_users(), "epoch"),
        (at("e", 9), a_users(), "ahead"),
        (at("e", 3), blind, "denied"),
        (Position::read("nonsense"), a_users(), "epoch"),
    ] {
        let mut world = chat();
        resumes(&mut world, ProtocolId::CONTEXT, 2, asked, None, grants);
        say(&mut world, 6);
        let own = frames(&world, 2);
        assert_eq!(called(&own), [("auth".to_owned(), 5), ("message".to_owned(), 6)], "{reason}");
        let data = &own[0]["data"];
        assert_eq!((&data["recovered"], &data["reason"]), (&json!(false), &json!(reason)));
    }
}

#[test]
fn i3_a_subscriber_brings_its_subscriptions_with_its_position() {
    let mut world = hub(limits());
    for name in ["agent.a", "other", "broadcast", "agent.b"] {
        publish(&mut world, name, None, 1);
    }
    let topics: &[&str] = &["agent.*"];
    resumes(&mut world, ProtocolId::EVENTS, 2, at("e", 1), Some(topics), a_users());
    resumes(&mut world, ProtocolId::EVENTS, 3, at("e", 1), None, a_users());
    for name in ["other", "agent.c"] {
        publish(&mut world, name, None, 1);
    }
    let told = |number| {
        let all = frames(&world, number);
        assert_eq!((&all[0]["recovered"], all[0].get("reason")), (&json!(true), None));
        called(&all).into_iter().skip(1).map(|(_, offset)| offset).collect::<Vec<_>>()
    };
    assert_eq!(told(2), [3, 4, 6]);
    assert_eq!(told(3), [3], "a broadcast, which everybody hears");
}

#[test]
fn i2_the_client_protocol_says_where_the_log_stands_to_who_asks() {
    let mut world = hub(limits());
    for name in ["a", "b"] {
        publish(&mut world, name, None, 1);
    }
    publish(&mut world, "c", Some("cid"), 1);
    goes_on(&mut world, ProtocolId::CLIENT, 2, at("e", 1));
    goes_on(&mut world, ProtocolId::CLIENT, 3, Position::read("none"));
    publish(&mut world, "d", None, 1);
    let types = |number| {
        let all = frames(&world, number);
        all.into_iter().map(|it| it["type"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(
        (types(2), types(3)),
        (vec!["hello".into(), "b".into(), "d".into()], vec!["hello".into(), "d".into()])
    );
    let hello = &frames(&world, 3)[0];
    assert_eq!((&hello["offset"], &hello["epoch"]), (&json!(3), &json!("e")));
    assert_eq!((&hello["recovered"], &hello["reason"]), (&json!(false), &json!("epoch")));
    assert_eq!(frames(&world, 2)[0]["recovered"], true);
}

#[test]
fn i1_what_is_told_again_waits_for_its_reader_and_survives_sleep() {
    let mut world = chat();
    backlog(&world, 2, WINDOW_BYTES);
    goes_on(&mut world, ProtocolId::CONTEXT, 2, at("e", 2));
    say(&mut world, 6);
    world.says(1, r#"{"type":"typing","data":{"isTyping":true}}"#);
    assert_eq!((called(&frames(&world, 2)).len(), cursor(&world, 2)), (1, Some(2)));
    world.sleep();
    backlog(&world, 2, 0);
    say(&mut world, 7);
    let offsets: Vec<u64> = called(&frames(&world, 2)).iter().map(|it| it.1).collect();
    assert_eq!((offsets, cursor(&world, 2)), (vec![5, 3, 4, 5, 6, 7], None));
    // Live again, it is let go like any other that does not keep up.
    world.sockets.slow.borrow_mut().push(session_id(2));
    say(&mut world, 8);
    assert!(matches!(world.sockets.seen(2).last(), Some(Seen::Closed(1013, _))));
}

#[test]
fn i1_p12_a_resend_of_what_is_told_again_is_answered_in_its_place_in_the_log() {
    let mut world = chat();
    world.join(3, "ann", None);
    let said =
        |id: &str| json!({"type": "message", "id": id, "data": {"content": "x"}}).to_string();
    for id in ["told", "missed"] {
        world.says(3, &said(id));
    }
    say(&mut world, 8);
    backlog(&world, 2, WINDOW_BYTES);
    goes_on(&mut world, ProtocolId::CONTEXT, 2, at("e", 6));
    for id in ["missed", "told"] {
        world.says(2, &said(id));
    }
    let named = |world: &World| {
        let all = frames(world, 2);
        let id = |it: &Value| it["id"].as_str().unwrap().to_owned();
        let own = all.iter().skip(1).map(|it| (id(it), it["data"]["offset"].as_u64().unwrap()));
        own.collect::<Vec<_>>()
    };
    // It would pass over what is below.
    assert_eq!(named(&world), [("told".into(), 6)]);
    backlog(&world, 2, 0);
    world.wait(1000);
    world.says(2, &said("missed"));
    let all = [("told", 6), ("missed", 7), ("m8", 8), ("missed", 7)];
    assert_eq!(named(&world), all.map(|(id, offset)| (id.to_owned(), offset)));
}

#[test]
fn i1_one_that_reads_nothing_of_it_is_let_go_after_half_a_minute() {
    let mut world = chat();
    backlog(&world, 2, WINDOW_BYTES);
    goes_on(&mut world, ProtocolId::CONTEXT, 2, at("e", 2));
    world.wait(29_000);
    assert!(world.sockets.is_open(session_id(2)));
    world.wait(10_000);
    assert!(matches!(world.sockets.seen(2).last(), Some(Seen::Closed(1013, _))));
}

#[test]
fn i4_where_what_is_heard_begins_with_a_subscription_nothing_is_told_again() {
    let mut world = World::of(Kind::Analytics, limits());
    let data = json!({"metric": "load", "value": 1});
    let metric = json!({"type": "metric_update", "data": data});
    world.call(crate::publications::called(Kind::Analytics, &metric));
    goes_on(&mut world, ProtocolId::CONTEXT, 2, at("e", 0));
    assert_eq!(called(&frames(&world, 2)), [("auth".to_owned(), 1)]);
    assert_eq!(frames(&world, 2)[0]["data"]["recovered"], true);
    assert_eq!(cursor(&world, 2), None);
    world.says(2, r#"{"type":"subscribe","id":"s","data":{"metrics":["load"]}}"#);
    let last = frames(&world, 2).pop().unwrap();
    assert_eq!(last["data"]["metrics"][0]["value"], 1, "{last} {:?}", member("ann"));
}

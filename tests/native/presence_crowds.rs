//! Who is here where they are many, and who is typing.

use dormouse::limits::Limits;
use dormouse::message::Kind;
use dormouse::protocol::ProtocolId;
use serde_json::{Value, json};

use crate::presence::{ask, command, hub, members, told};
use crate::world::World;

/// More than five are many, and fewer than three are few again.
fn limits() -> Limits {
    Limits { presence_members_max: 5, ..Limits::default() }
}

const USERS: [&str; 6] = ["ann", "bob", "cid", "dan", "eve", "flo"];

/// Of events: what they are called, and what they say.
fn events(frames: &[Value]) -> Vec<(&str, &Value)> {
    let all = frames.iter().filter(|it| it["type"] == "event");
    all.map(|it| (it["event"].as_str().unwrap(), &it["data"])).collect()
}

fn occupancy(connections: u64, users: u64) -> Value {
    json!({"mode": "occupancy", "connections": connections, "users": users})
}

#[test]
fn n36_of_many_the_number_is_told_every_five_seconds_and_nobody_by_name() {
    let mut world = hub(limits(), &USERS[..5]);
    assert_eq!(world.sockets.frames(1)[0]["limits"]["presence_members"], 5);
    let sixth = told(&mut world, 1, |it| it.join_on(ProtocolId::NATIVE, 6, "flo"));
    assert_eq!(events(&sixth)[1..], [("occupancy", &occupancy(6, 6))]);
    assert_eq!(world.sockets.frames(6)[0]["presence"], "occupancy");
    world.join_on(ProtocolId::EVENTS, 7, "ann");
    world.says(7, r#"{"type":"subscribe","events":["*"]}"#);
    world.sleep();
    let more = told(&mut world, 1, |it| {
        it.join_on(ProtocolId::NATIVE, 8, "gil");
        command(it, 2, "presence.update", &json!("busy"));
        it.join_on(ProtocolId::NATIVE, 9, "gil");
        it.wait(4_900);
    });
    assert!(more.is_empty(), "{more:?}");
    let others = world.sockets.frames(7);
    assert!(others.iter().any(|it| it["event"] == "user_joined"), "others are told as ever");
    world.sleep();
    let more = told(&mut world, 1, |it| it.wait(200));
    assert_eq!(events(&more), [("occupancy", &occupancy(9, 7))]);
    let still = told(&mut world, 1, |it| it.wait(60_000));
    assert!(still.is_empty(), "told when it changes: {still:?}");
    let fewer = told(&mut world, 1, |it| it.leave(9));
    assert_eq!(events(&fewer), [("occupancy", &occupancy(8, 7))]);
    // Neither who types nor who has read is told to those who follow the room.
    world.says(1, r#"{"type":"publish","event":"a"}"#);
    let quiet = told(&mut world, 1, |it| {
        let typing = json!({"type": "publish", "event": "typing", "data": {"on": true}});
        assert_eq!(ask(it, 2, typing), json!({"type": "ack", "id": "q"}));
        let read = json!({"type": "command", "command": "read", "params": {"offset": 1}});
        assert_eq!(ask(it, 2, read)["type"], "ack");
    });
    assert!(quiet.is_empty(), "{quiet:?}");
    let others = world.sockets.frames(7);
    for name in ["typing", "read"] {
        assert!(others.iter().any(|it| it["event"] == name), "{name} is told to others");
    }
}

#[test]
fn n36_n38_of_few_each_is_told_again_beginning_with_a_list() {
    let mut world = hub(limits(), &USERS);
    command(&mut world, 2, "presence.update", &json!("busy"));
    for number in 3..6 {
        world.leave(number);
    }
    world.wait(20_000);
    let (left, last) = {
        let frames = world.sockets.frames(1);
        let told = events(&frames);
        (told.len(), told.last().map(|(name, data)| ((*name).to_owned(), (*data).clone())))
    };
    assert_eq!(last, Some(("occupancy".into(), occupancy(3, 3))), "not below half of it: {left}");
    world.sleep();
    let back = told(&mut world, 1, |it| {
        it.leave(6);
        it.wait(5_100);
    });
    let all = json!([
        {"user": "ann", "name": "ANN", "connections": 1},
        {"user": "bob", "name": "BOB", "connections": 1, "data": "busy"},
    ]);
    let few = json!({"mode": "members", "connections": 2, "users": 2});
    let mut sync = few.clone();
    (sync["action"], sync["members"]) = (json!("sync"), all.clone());
    assert_eq!(events(&back), [("occupancy", &few), ("presence", &sync)]);
    world.sleep();
    assert_eq!(members(&mut world, 1), all);
    let next = told(&mut world, 1, |it| it.join_on(ProtocolId::NATIVE, 9, "gil"));
    assert_eq!(events(&next), [("presence", &json!({"action": "join", "connections": 1}))]);
}

#[test]
fn n36_a_list_of_many_comes_in_pages() {
    let users: Vec<String> = (0..450).map(|it| format!("user-{it:03}")).collect();
    let names: Vec<&str> = users.iter().map(String::as_str).collect();
    let mut world = hub(limits(), &names);
    let mut cursor = Value::Null;
    let mut sizes = Vec::new();
    let mut seen = Vec::new();
    loop {
        let page = ask(&mut world, 1, json!({"type": "presence", "limit": 1000, "cursor": cursor}));
        assert_eq!((&page["mode"], &page["users"]), (&json!("occupancy"), &json!(450)));
        let members = page["members"].as_array().unwrap();
        sizes.push(members.len());
        seen.extend(members.iter().map(|it| it["user"].as_str().unwrap().to_owned()));
        match page.get("cursor") {
            Some(next) => cursor = next.clone(),
            None => break,
        }
    }
    assert_eq!((sizes, &seen), (vec![200, 200, 50], &users));
    let few = ask(&mut world, 1, json!({"type": "presence", "limit": 2, "cursor": "user-447"}));
    let few: Vec<_> = few["members"].as_array().unwrap().iter().map(|it| &it["user"]).collect();
    assert_eq!(few, ["user-448", "user-449"]);
    let none = ask(&mut world, 1, json!({"type": "presence", "cursor": "zoe"}));
    assert_eq!((&none["members"], none.get("cursor")), (&json!([]), None));
}

#[test]
fn n36_a_room_without_a_bound_or_of_other_protocols_counts_nobody() {
    for (limits, protocol) in [
        (Limits { presence_members_max: 0, ..Limits::default() }, ProtocolId::NATIVE),
        (limits(), ProtocolId::EVENTS),
    ] {
        let mut world = World::of(Kind::Hub, limits);
        for (number, user) in (1..).zip(USERS) {
            world.join_on(protocol, number, user);
        }
        world.wait(10_000);
        let frames = world.sockets.frames(1);
        assert!(frames.iter().all(|it| it["event"] != "occupancy"), "{frames:?}");
        assert_eq!(world.database.tables(), Vec::<String>::new(), "nothing is written");
    }
}

/// [N36] Only changes are relayed, between all protocols that know of it.
#[test]
fn n36_typing_is_told_when_it_begins_and_ends() {
    let mut world = World::of(Kind::Chat, Limits::default());
    for (number, user) in [(1, "ann"), (2, "bob"), (3, "bob")] {
        world.join_on(ProtocolId::NATIVE, number, user);
    }
    world.join(4, "cid", None);
    let types = |world: &mut World, number, on: bool| {
        let data = json!({"on": on});
        ask(world, number, json!({"type": "publish", "event": "typing", "data": data}))
    };
    let heard = told(&mut world, 1, |it| {
        assert_eq!(types(it, 2, true), json!({"type": "ack", "id": "q"}));
    });
    assert_eq!(heard.len(), 1, "{heard:?}");
    let event = &heard[0];
    assert_eq!((&event["event"], &event["user"]), (&json!("typing"), &json!("bob")));
    assert_eq!((&event["name"], &event["data"]), (&json!("BOB"), &json!({"on": true})));
    assert!(event.get("offset").is_none());
    let again = told(&mut world, 1, |it| {
        it.wait(1_000);
        types(it, 2, true);
        types(it, 3, true);
        types(it, 3, false);
    });
    assert!(again.is_empty(), "bob types on: {again:?}");
    let over = told(&mut world, 1, |it| it.wait(5_300));
    assert_eq!(events(&over), [("typing", &json!({"on": false}))]);
    let over = told(&mut world, 1, |it| drop(types(it, 2, false)));
    assert!(over.is_empty(), "{over:?}");
    // To and from those who speak otherwise.
    let other = told(&mut world, 4, |it| drop(types(it, 2, true)));
    assert_eq!(other[0]["data"], json!({"userId": "bob", "isTyping": true}));
    let heard = told(&mut world, 1, |it| {
        it.says(4, r#"{"type":"typing","data":{"isTyping":true}}"#);
        it.sleep();
        it.leave(4);
    });
    let said: Vec<_> = heard.iter().filter(|it| it["event"] == "typing").collect();
    assert_eq!(
        (said.len(), &said[0]["user"], &said[0]["data"]["on"]),
        (2, &json!("cid"), &json!(true))
    );
    assert_eq!(said[1]["data"]["on"], false, "who goes no longer types");
    for wrong in [json!({}), json!({"on": 1}), json!({"isTyping": true}), json!(true), Value::Null]
    {
        let refused =
            ask(&mut world, 2, json!({"type": "publish", "event": "typing", "data": wrong}));
        assert_eq!(refused["code"], "INVALID_MESSAGE_FORMAT", "{wrong}");
    }
    let mut world = World::of(Kind::Analytics, Limits::default());
    world.join_on(ProtocolId::NATIVE, 1, "ann");
    assert_eq!(types(&mut world, 1, true)["code"], "UNKNOWN_MESSAGE_TYPE");
}

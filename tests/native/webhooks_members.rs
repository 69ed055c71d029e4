//! Webhooks: who comes and goes, and rooms that fill and empty.

use dormouse::api::Task;
use dormouse::feature::webhooks::Outcome;
use dormouse::kernel::Grants;
use dormouse::limits::Limits;
use dormouse::message::{Kind, Millis};
use dormouse::protocol::ProtocolId;
use serde_json::json;

use crate::support::{member, session_id};
use crate::webhooks::{call, comes_of, events, says, told_of};
use crate::world::World;

const ALL: &str = "room.*,member.*";

/// What is told from now on, until nothing is: the types, and of whom.
fn told(world: &mut World) -> Vec<String> {
    let mut all = Vec::new();
    if world.calls.is_empty() {
        world.wait(1_000);
    }
    while !world.calls.is_empty() {
        let delivery = call(world);
        for event in events(&delivery) {
            let user = event["user"].as_str().map_or(String::new(), |it| format!(" {it}"));
            all.push(format!("{}{user}", event["type"].as_str().unwrap()));
        }
        comes_of(world, &delivery, Outcome::Done);
    }
    all
}

/// The server dies: no connection says that it closed.
fn lose_all(world: &World) {
    (1..9).for_each(|it| world.sockets.drop_socket(session_id(it)));
}

#[test]
fn y12_a_member_comes_once_and_goes_when_their_grace_is_over() {
    let mut world = told_of(Kind::Chat, ALL);
    world.join(1, "ann", None);
    world.join(2, "ann", None);
    world.join(3, "bob", None);
    assert_eq!(told(&mut world), ["room.occupied", "member.joined ann", "member.joined bob"]);
    world.leave(1);
    world.leave(3);
    world.wait(4_000);
    world.join(4, "bob", None);
    assert_eq!(told(&mut world), [""; 0], "one has another connection, the other is back");
    world.leave(2);
    world.leave(4);
    world.wait(4_999);
    assert!(world.calls.is_empty());
    world.wait(1);
    assert_eq!(told(&mut world), ["member.left ann", "member.left bob", "room.vacated"]);
}

#[test]
fn y12_an_event_of_a_member_says_who_it_is_and_when() {
    let mut world = told_of(Kind::Hub, "member.joined");
    world.join_on(ProtocolId::EVENTS, 1, "ann");
    world.wait(1_000);
    let [mut event] = events(&call(&mut world)).try_into().unwrap();
    let id = event["id"].take();
    assert!(id.as_str().is_some_and(|it| it.starts_with("event_018cc")), "{id}");
    let expected = json!({
        "id": null, "type": "member.joined", "at": "2024-01-01T12:00:00.123Z", "user": "ann",
        "data": {"username": "ANN"},
    });
    assert_eq!(event, expected);
}

#[test]
fn y12_the_last_to_leave_is_told_of_also_by_a_room_that_slept() {
    let mut world = told_of(Kind::Chat, ALL);
    world.join(1, "ann", None);
    assert_eq!(told(&mut world).len(), 2);
    world.sleep();
    world.leave(1);
    world.sleep();
    world.wait(5_000);
    world.sleep();
    assert_eq!(told(&mut world), ["member.left ann", "room.vacated"]);
    assert!(world.database.tables().is_empty(), "nothing is left of it");
}

#[test]
fn y12_without_a_grace_members_go_at_once() {
    let limits = Limits { presence_grace_ms: 0, ..Limits::default() };
    let mut world = told_of(Kind::Chat, ALL).limited(limits);
    world.join(1, "ann", None);
    world.leave(1);
    let all = ["room.occupied", "member.joined ann", "member.left ann", "room.vacated"];
    assert_eq!(told(&mut world), all);
}

/// [Y12] After a crash no connection has closed: their users begin their grace when the room
/// wakes, and who comes back in it never left.
#[test]
fn y12_members_lost_without_a_word_are_told_to_have_left() {
    let mut world = told_of(Kind::Chat, ALL).limited(Limits::default());
    for (number, user) in [(1, "ann"), (2, "bob"), (3, "cid")] {
        world.join(number, user, None);
    }
    assert_eq!(told(&mut world).len(), 4);
    world.sleep();
    lose_all(&world);
    world.join(4, "bob", None);
    world.wait(3_000);
    world.join(5, "cid", None);
    world.wait(2_000);
    assert_eq!(told(&mut world), ["member.left ann"]);
    world.sleep();
    lose_all(&world);
    // The alarm wakes it.
    while world.calls.is_empty() {
        world.wait(1_000);
    }
    let mut last = told(&mut world);
    last.sort();
    assert_eq!(last, ["member.left bob", "member.left cid", "room.vacated"]);
}

#[test]
fn y9_whoever_was_in_a_room_that_is_erased_is_told_to_have_left() {
    for grace in [0, 5_000] {
        for sleeps in [false, true] {
            let limits = Limits { presence_grace_ms: grace, ..Limits::default() };
            let mut world = told_of(Kind::Chat, &format!("{ALL},message")).limited(limits);
            world.join(1, "ann", None);
            world.join(2, "bob", None);
            assert_eq!(told(&mut world).len(), 3);
            says(&mut world, "secret");
            world.run_as(&member("admin"), Grants::all(), &Task::Erase);
            if sleeps {
                world.sleep();
            }
            let all = ["member.left ann", "member.left bob", "room.vacated"];
            assert_eq!(told(&mut world), all, "{grace} {sleeps}");
            world.wait(10_000);
            assert_eq!(told(&mut world), [""; 0]);
            world.join(3, "ann", None);
            assert_eq!(told(&mut world), ["room.occupied", "member.joined ann"]);
        }
    }
}

#[test]
fn y2_only_what_is_asked_for_is_told() {
    let mut world = told_of(Kind::Chat, "room.vacated");
    world.join(1, "ann", None);
    assert_eq!(world.database.count("SELECT COUNT(*) FROM webhook_event WHERE 1 = ", 1), 0);
    world.leave(1);
    world.wait(5_000);
    assert_eq!(told(&mut world), ["room.vacated"]);
}

#[test]
fn y12_a_room_of_any_kind_tells_of_its_members() {
    for kind in [Kind::Chat, Kind::Hub, Kind::Analytics, Kind::Collaboration] {
        let mut world = told_of(kind, ALL);
        let protocol = if kind == Kind::Hub { ProtocolId::EVENTS } else { ProtocolId::CONTEXT };
        world.join_on(protocol, 1, "ann");
        assert_eq!(told(&mut world), ["room.occupied", "member.joined ann"], "{kind:?}");
    }
    let mut world = told_of(Kind::Conversation, &format!("{ALL},message,response"));
    world.join_conversation(1, "ann");
    let connect = json!({"type": "connect", "clientId": "c", "version": "1.0"});
    world.says(1, &connect.to_string());
    let message = json!({"type": "message", "clientId": "c", "messageId": "m", "content": "hi"});
    world.says(1, &message.to_string());
    let all = ["room.occupied", "member.joined ann", "message ann", "response responder"];
    assert_eq!(told(&mut world), all);
}

#[test]
fn y11_a_service_that_is_set_up_later_is_told_who_is_here() {
    let mut world = told_of(Kind::Chat, "message");
    world.join(1, "ann", None);
    world.sleep();
    let mut world = world.configured(&[
        ("WEBHOOK_URL", "https://hooks.example/"),
        ("WEBHOOK_SECRET", "a secret of the receiver, 32 bytes or more"),
        ("WEBHOOK_EVENTS", ALL),
    ]);
    world.says(1, r#"{"type":"ping"}"#);
    assert_eq!(told(&mut world), ["room.occupied", "member.joined ann"]);
    assert!(Millis(0) < world.now);
}

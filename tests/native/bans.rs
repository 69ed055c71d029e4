//! Users who are kept out of a room.

use dormouse::api::{Answer, Task};
use dormouse::feature::bans::{BANS_MAX, BanTask, Banning};
use dormouse::kernel::{Connection, Grant, Grants};
use dormouse::limits::Limits;
use dormouse::message::{Code, Details, Kind, ProtocolError, UserId};
use dormouse::protocol::{ProtocolId, Wire};
use serde_json::{Value, json};

use crate::native_words::{asks, command};
use crate::support::{connection, member, speaking};
use crate::world::World;

fn user(name: &str) -> UserId {
    UserId(name.into())
}

fn task(name: &str, seconds: Option<u64>) -> Task {
    BanTask::Ban(Banning { user: user(name), seconds, reason: Some("spam".into()) }).into()
}

fn lift(name: &str) -> Task {
    BanTask::Lift(user(name)).into()
}

/// What an administrator, who is no user here, is answered.
fn runs(world: &mut World, task: &Task) -> Result<Value, ProtocolError> {
    calls(world, "backend", task)
}

fn calls(world: &mut World, who: &str, task: &Task) -> Result<Value, ProtocolError> {
    match world.run_as(&member(who), Grants::all(), task).remove(0) {
        Answer::Done(json) => Ok(serde_json::from_str(json.as_str()).unwrap()),
        Answer::Refused(error) => Err(error),
    }
}

/// A user at the door, by each protocol that is spoken in this room.
fn comes(
    world: &mut World,
    number: u64,
    name: &str,
    protocol: ProtocolId,
) -> Result<(), ProtocolError> {
    let joined = Connection { heard_at: world.now, ..connection(number, name) };
    let wire = Wire { protocol, batched: false, packed: false };
    world.enter(speaking(protocol, joined), wire)
}

fn bans(world: &mut World, after: Option<&str>, limit: u32) -> Value {
    runs(world, &BanTask::List(after.map(user), limit).into()).unwrap()
}

const ALL: [ProtocolId; 5] = [
    ProtocolId::CONTEXT,
    ProtocolId::WORKFLOW,
    ProtocolId::EVENTS,
    ProtocolId::CLIENT,
    ProtocolId::NATIVE,
];

#[test]
fn z1_only_who_may_administer_bans_and_nobody_bans_themselves() {
    let mut world = World::of(Kind::Hub, Limits::default());
    let may_not: Grants = [Grant::Join, Grant::Send, Grant::Publish].into_iter().collect();
    for task in [task("bob", None), lift("bob"), BanTask::List(None, 5).into()] {
        let answer = world.run_as(&member("ann"), may_not, &task).remove(0);
        assert!(matches!(&answer, Answer::Refused(it) if it.code == Code::PermissionDenied));
    }
    let error = runs(&mut world, &task("backend", None)).unwrap_err();
    assert_eq!(error.code, Code::Conflict);
    assert_eq!(runs(&mut world, &lift("bob")).unwrap_err().code, Code::NotFound);
}

#[test]
fn z2_a_ban_ends_the_users_connections_whatever_they_speak_and_no_others() {
    let mut world = World::of(Kind::Hub, Limits::default());
    for (number, protocol) in (1..).zip(ALL) {
        world.join_on(protocol, number, "bob");
    }
    world.join_on(ProtocolId::EVENTS, 9, "ann");
    let banned = runs(&mut world, &task("bob", Some(60))).unwrap();
    assert_eq!(banned["kicked"], 5);
    for number in 1..=4 {
        let last = world.sockets.frames(number).pop().unwrap();
        assert!(last.to_string().contains("PERMISSION_DENIED"), "{last}");
        assert!(!world.sockets.is_open(crate::support::session_id(number)));
    }
    let detached = world.sockets.frames(5).pop().unwrap();
    assert_eq!(detached["type"], "detached");
    assert_eq!(detached["code"], "PERMISSION_DENIED");
    assert_eq!(detached["reattach"], false);
    let told = world.sockets.frames(3).pop().unwrap();
    assert_eq!(told["details"]["until"], banned["until"], "{told}");
    assert!(world.sockets.is_open(crate::support::session_id(9)));
}

#[test]
fn z3_who_is_banned_comes_in_by_no_protocol_and_calls_nothing_until_it_ends_awake_or_asleep() {
    for sleeps in [false, true] {
        let mut world = World::of(Kind::Hub, Limits::default());
        world.join_on(ProtocolId::NATIVE, 1, "bob");
        let until = runs(&mut world, &task("bob", Some(60))).unwrap()["until"].clone();
        if sleeps {
            world.sleep();
        }
        let refused = |error: ProtocolError| {
            let Details::Until(at) = error.details else { panic!("{error:?}") };
            assert_eq!(
                (error.code, json!(at.to_rfc3339())),
                (Code::PermissionDenied, until.clone())
            );
            error.retry_after
        };
        for (number, protocol) in (11..).zip(ALL) {
            let error = comes(&mut world, number, "bob", protocol).unwrap_err();
            assert_eq!(refused(error), Some(60));
        }
        for task in [Task::Presence, lift("bob"), Task::Erase] {
            refused(calls(&mut world, "bob", &task).unwrap_err());
        }
        // Its socket is still there, and leads nowhere.
        let again = asks(&mut world, 1, json!({"type": "attach"}));
        assert_eq!(again["code"], "PERMISSION_DENIED", "{again}");
        comes(&mut world, 20, "ann", ProtocolId::EVENTS).unwrap();
        world.wait(60_000);
        comes(&mut world, 21, "bob", ProtocolId::EVENTS).unwrap();
        let again = asks(&mut world, 1, json!({"type": "attach"}));
        assert_eq!(again["type"], "ack", "{again}");
        calls(&mut world, "bob", &Task::Presence).unwrap();
    }
}

#[test]
fn z4_a_ban_without_an_end_lasts_until_it_is_lifted_past_sleep_and_erasure() {
    let mut world = World::of(Kind::Hub, Limits::default());
    runs(&mut world, &task("bob", None)).unwrap();
    runs(&mut world, &Task::Erase).unwrap();
    assert!(comes(&mut world, 1, "bob", ProtocolId::EVENTS).is_err());
    world.sleep();
    world.wait(400 * 24 * 60 * 60 * 1000);
    let error = comes(&mut world, 1, "bob", ProtocolId::EVENTS).unwrap_err();
    assert_eq!((error.retry_after, error.details), (None, Details::None));
    assert_eq!(bans(&mut world, None, 5)["bans"][0]["user_id"], "bob");
    assert_eq!(runs(&mut world, &lift("bob")).unwrap(), Value::Null);
    world.sleep();
    comes(&mut world, 1, "bob", ProtocolId::EVENTS).unwrap();
    assert_eq!(bans(&mut world, None, 5), json!({"bans": []}));
}

#[test]
fn z4_a_ban_that_is_over_is_dropped_by_the_alarm_and_leaves_nothing() {
    let mut world = World::of(Kind::Hub, Limits::default());
    runs(&mut world, &task("bob", Some(5))).unwrap();
    runs(&mut world, &task("bob", Some(9))).unwrap();
    assert!(world.database.tables().contains(&"ban".to_owned()));
    world.sleep();
    world.wait(8_000);
    assert!(comes(&mut world, 1, "bob", ProtocolId::EVENTS).is_err(), "the later one counts");
    world.wait(2_000);
    assert!(world.database.tables().is_empty(), "nothing is left to keep");
}

#[test]
fn z5_bans_are_bounded_and_read_in_pages() {
    let mut world = World::of(Kind::Hub, Limits::default());
    for number in 0..BANS_MAX {
        let seconds = (number == 0).then_some(60);
        runs(&mut world, &task(&format!("u{number:04}"), seconds)).unwrap();
    }
    let error = runs(&mut world, &task("one more", None)).unwrap_err();
    assert_eq!(error.code, Code::Conflict);
    // One that is there may change.
    runs(&mut world, &task("u0000", Some(90))).unwrap();
    let page = bans(&mut world, None, 2);
    let first = json!({
        "user_id": "u0000", "since": page["bans"][0]["since"], "until": page["bans"][0]["until"],
        "reason": "spam", "by": "backend",
    });
    assert_eq!(page["bans"][0], first);
    assert_eq!((page["bans"].as_array().unwrap().len(), &page["cursor"]), (2, &json!("u0001")));
    let rest = bans(&mut world, Some("u0998"), 2);
    assert_eq!(rest["bans"][0]["user_id"], "u0999");
    assert!(rest["cursor"].is_null());
    world.wait(90_000);
    runs(&mut world, &task("one more", None)).unwrap();
}

#[test]
fn z1_the_events_and_native_protocols_have_commands_for_it() {
    let mut world = World::of(Kind::Hub, Limits::default());
    world.join_on(ProtocolId::NATIVE, 1, "ann");
    world.join_on(ProtocolId::EVENTS, 2, "eve");
    world.join_on(ProtocolId::EVENTS, 3, "bob");
    let ban = command("ban", &json!({"user_id": "bob", "seconds": 60, "reason": "spam"}));
    let answer = asks(&mut world, 1, ban.clone());
    assert_eq!((&answer["type"], &answer["result"]["kicked"]), (&json!("ack"), &json!(1)));
    let lift = command("unban", &json!({"user_id": "bob"}));
    assert_eq!(asks(&mut world, 2, lift.clone())["result"], json!({"user_id": "bob"}));
    assert_eq!(asks(&mut world, 2, ban)["result"]["kicked"], 0);
    assert_eq!(asks(&mut world, 1, lift.clone())["result"], json!({"user_id": "bob"}));
    assert_eq!(asks(&mut world, 1, lift)["code"], "NOT_FOUND");
    for params in [
        json!({}),
        json!({"user_id": ".."}),
        json!({"user_id": "bob", "seconds": 0}),
        json!({"user_id": "bob", "seconds": 31_536_001}),
        json!({"user_id": "bob", "seconds": "1"}),
        json!({"user_id": "bob", "reason": "r".repeat(257)}),
    ] {
        let answer = asks(&mut world, 1, command("ban", &params));
        assert_eq!(answer["code"], "INVALID_MESSAGE_FORMAT", "{params}");
    }
}

//! How an attachment ends, and a token, to those who follow the log.

use dormouse::host::WINDOW_BYTES;
use dormouse::kernel::{Command, Connection, Grant, Grants, Renewal, Request};
use dormouse::limits::Limits;
use dormouse::message::{Kind, ProtocolError, RoomName, UserId};
use dormouse::protocol::{Frame, ProtocolId, Wire};
use serde_json::{Value, json};

use crate::behind::{at, backlog, cursor, limits};
use crate::support::{Seen, a_users, connection, session_id, speaking};
use crate::world::World;

const WIRE: Wire = Wire { protocol: ProtocolId::NATIVE, batched: false, packed: false };

/// A hub in which the first connection follows the log, and may do everything.
pub(crate) fn hub(limits: Limits) -> World {
    let mut world = World::of(Kind::Hub, limits);
    enter(&mut world, 1, "backend", |it| Connection { grants: Grants::all(), ..it });
    world
}

pub(crate) fn enter(
    world: &mut World,
    number: u64,
    user: &str,
    how: impl FnOnce(Connection) -> Connection,
) {
    let now = world.now;
    let connection = speaking(ProtocolId::NATIVE, connection(number, user));
    let connection = Connection { grants: a_users(), heard_at: now, joined_at: now, ..connection };
    world.enter(how(connection), WIRE).unwrap();
    world.wait(1);
}

/// One whose token lives so long.
fn expires(world: &World, in_ms: u64) -> impl FnOnce(Connection) -> Connection + use<> {
    let at = world.now.plus(in_ms);
    move |it| Connection { expires_at: Some(at), ..it }
}

fn publish(world: &mut World, event: &str) {
    world.says(1, &json!({"type": "publish", "event": event}).to_string());
    world.wait(2);
}

/// What each frame of a connection is, and what is worth looking at in it.
pub(crate) fn heard(world: &World, number: u64) -> Vec<String> {
    let part = |it: &Value| {
        let parts = ["event", "offset", "code", "reason", "reattach", "recovered"];
        let parts = parts.iter().filter_map(|name| it.get(name)).map(ToString::to_string);
        let parts = [vec![it["type"].to_string()], parts.collect()].concat().join(" ");
        parts.replace('"', "")
    };
    // Who comes and goes is another story.
    let frames = world.sockets.frames(number);
    frames.iter().filter(|it| it["event"] != "presence").map(part).collect()
}

/// Shows a token: whose it is, when it expires, and what it grants.
fn shows(world: &mut World, number: u64, frame: &Value, user: &str, grants: Grants) {
    let expires_at = Some(world.now.plus(1_000_000));
    let room = RoomName::parse("demo").unwrap();
    let renewal = Renewal {
        user: UserId(user.into()),
        context: None,
        room,
        allowed: grants.into(),
        expires_at,
        issue: None,
    };
    let verify = |token: &str, _: Option<&str>| match token {
        "good" => Ok(renewal.clone()),
        _ => Err(ProtocolError::unauthenticated("nobody")),
    };
    world.receives(number, &Frame::Text(frame.to_string()), verify);
    world.wait(2);
}

fn auth(token: &str) -> Value {
    json!({"type": "auth", "id": "a", "token": token})
}

#[test]
fn n43_whose_token_expires_is_told_so_hears_nothing_and_is_caught_up_once_it_shows_another() {
    for sleeps in [false, true] {
        let mut world = hub(limits());
        let joins = expires(&world, 10_000);
        enter(&mut world, 2, "ann", joins);
        publish(&mut world, "before");
        world.wait(10_000);
        let sleep = |world: &mut World| {
            if sleeps {
                world.sleep();
            }
        };
        sleep(&mut world);
        publish(&mut world, "meanwhile");
        sleep(&mut world);
        world.says(2, r#"{"type":"publish","id":"p","event":"mine"}"#);
        world.says(2, r#"{"type":"attach","id":"t","resume":"e:0"}"#);
        world.wait(10_000);
        let before = ["hello 0 false", "event before 1", "reauth"];
        let refused = "error AUTHENTICATION_FAILED";
        assert_eq!(heard(&world, 2), [&before[..], &[refused, refused]].concat(), "{sleeps}");
        let told = world.sockets.frames(2);
        assert_eq!(told[2], json!({"type": "reauth", "within_ms": 30_000}));
        assert_eq!((&told[3]["id"], &told[4]["id"]), (&json!("p"), &json!("t")));
        sleep(&mut world);
        shows(&mut world, 2, &auth("good"), "ann", a_users());
        publish(&mut world, "after");
        let all = heard(&world, 2);
        assert_eq!(all[5..], ["ack", "event meanwhile 2", "position 2", "event after 3"]);
        let ack = &world.sockets.frames(2)[5];
        assert_eq!(ack["user_id"], "ann");
        assert_eq!(ack["grants"]["hub:"], json!(["join", "send", "history", "presence"]), "{ack}");
        assert!(ack["expires_at"].is_u64());
        // The time to show one is over, and was not used up.
        world.wait(40_000);
        assert!(world.sockets.is_open(session_id(2)));
    }
}

#[test]
fn n43_who_shows_no_other_token_is_closed_after_half_a_minute() {
    for (frame, user, code) in [
        (auth("bad"), "ann", "AUTHENTICATION_FAILED"),
        (auth("good"), "bob", "CONFLICT"),
        (json!({"type": "attach", "id": "a", "token": "good"}), "bob", "CONFLICT"),
    ] {
        let mut world = hub(limits());
        let joins = expires(&world, 10_000);
        enter(&mut world, 2, "ann", joins);
        world.wait(10_000);
        shows(&mut world, 2, &frame, user, a_users());
        assert_eq!(heard(&world, 2)[1..], ["reauth".to_owned(), format!("error {code}")]);
        world.wait(29_000);
        assert!(world.sockets.is_open(session_id(2)));
        world.wait(1_000);
        let last = world.sockets.frames(2).pop().unwrap();
        let closing =
            json!({"type": "closing", "code": 1008, "reason": "token", "reconnect": "auth"});
        assert_eq!(last, closing);
        assert!(matches!(world.sockets.seen(2).last(), Some(Seen::Closed(1008, _))));
    }
}

#[test]
fn n43_n14_a_token_replaces_the_old_one_whatever_it_grants() {
    let mut world = hub(limits());
    let joins = expires(&world, 10_000_000);
    enter(&mut world, 2, "ann", joins);
    // Also one that expires earlier.
    let reads: Grants = [Grant::Join].into_iter().collect();
    shows(&mut world, 2, &auth("good"), "ann", reads);
    world.says(2, r#"{"type":"publish","id":"p","event":"mine"}"#);
    assert_eq!(heard(&world, 2)[1..], ["ack", "error PERMISSION_DENIED"]);
    // One that does not lead here ends the attachment, and not the socket.
    shows(&mut world, 2, &auth("good"), "ann", Grants::default());
    publish(&mut world, "unheard");
    world.says(2, r#"{"type":"query","id":"q","query":"position"}"#);
    world.says(2, r#"{"type":"attach","id":"t"}"#);
    world.wait(2);
    let told = heard(&world, 2);
    let denied = "detached PERMISSION_DENIED false";
    assert_eq!(told[3..], ["ack", denied, "error NOT_FOUND", "error PERMISSION_DENIED"]);
    assert_eq!(world.sockets.frames(2)[3]["grants"], json!({"hub:": []}));
    // A better one, with the attachment itself.
    let attach = json!({"type": "attach", "id": "t2", "token": "good", "resume": "e:0"});
    shows(&mut world, 2, &attach, "ann", a_users());
    let told = heard(&world, 2);
    assert_eq!(told[7..], ["ack 1 true", "event unheard 1", "position 1"]);
}

#[test]
fn n14_whoever_is_kicked_hears_nothing_more_and_may_stay_connected() {
    let mut world = hub(limits());
    enter(&mut world, 2, "ann", |it| it);
    enter(&mut world, 3, "bob", |it| it);
    let kick = r#"{"type":"command","id":"k","command":"kick","params":{"user_id":"ann"}}"#;
    world.says(1, kick);
    world.sleep();
    publish(&mut world, "a");
    world.says(2, r#"{"type":"publish","id":"p","event":"mine"}"#);
    let denied = "detached PERMISSION_DENIED false";
    assert_eq!(heard(&world, 2), ["hello 0 false", denied, "error NOT_FOUND"]);
    assert_eq!(heard(&world, 3), ["hello 0 false", "event a 1"]);
    // Said once.
    world.says(1, kick);
    assert_eq!(heard(&world, 2).len(), 3);
}

#[test]
fn n14_whose_room_is_erased_attaches_again_and_learns_that_it_is_another_log() {
    for sleeps in [false, true] {
        let mut world = hub(limits());
        enter(&mut world, 2, "ann", |it| it);
        world.join_on(ProtocolId::EVENTS, 3, "bob");
        publish(&mut world, "a");
        world.call(Request { request_id: None, command: Ok(Command::Erase) });
        if sleeps {
            world.sleep();
        }
        let erased = json!({"type": "detached", "code": "NOT_FOUND", "message": "this room was erased",
            "reattach": true, "after_ms": 1000});
        assert_eq!(world.sockets.frames(2).pop(), Some(erased));
        assert!(world.sockets.is_open(session_id(2)));
        assert!(!world.sockets.is_open(session_id(3)), "others are closed as before");
        world.says(2, r#"{"type":"publish","id":"p","event":"mine"}"#);
        for number in [1, 2] {
            world.says(number, r#"{"type":"attach","id":"t","resume":"e:1"}"#);
        }
        publish(&mut world, "b");
        let told = heard(&world, 2);
        assert_eq!(
            told[3..],
            ["error NOT_FOUND", "ack 0 epoch false", "event b 1"],
            "{sleeps} {told:?}"
        );
        let attached = world.sockets.frames(2)[4].clone();
        assert_ne!(attached["epoch"], "e");
        world.sleep();
        publish(&mut world, "c");
        assert_eq!(heard(&world, 2).last().unwrap(), "event c 2");
    }
}

#[test]
fn n14_n25_whoever_falls_below_what_is_kept_may_attach_again() {
    let mut world = hub(Limits { history_entries_max: 10, ..limits() });
    for _ in 0..10 {
        publish(&mut world, "a");
    }
    backlog(&world, 2, WINDOW_BYTES);
    enter(&mut world, 2, "ann", |it| Connection { asked: Some(at("e", 0)), ..it });
    for _ in 0..10 {
        publish(&mut world, "a");
    }
    world.wait(2_000);
    assert_eq!(heard(&world, 2), ["hello 10 true", "detached UNAVAILABLE true"]);
    assert!(world.sockets.is_open(session_id(2)));
    backlog(&world, 2, 0);
    world.says(2, r#"{"type":"attach","id":"t","resume":"e:0","rewind":3}"#);
    world.wait(2);
    let told = heard(&world, 2);
    assert_eq!(told[2], "ack 20 gone false");
    assert_eq!(told[3..], ["event a 18", "event a 19", "event a 20", "position 20"]);
    assert_eq!(cursor(&world, 2), None);
}

#[test]
fn n47_attaching_is_counted_by_itself_and_the_third_breach_ends_the_socket() {
    let mut world = hub(Limits { messages_per_minute: 5, ..limits() });
    enter(&mut world, 2, "ann", |it| it);
    for _ in 0..60 {
        world.says(2, r#"{"type":"detach"}"#);
        world.says(2, r#"{"type":"attach"}"#);
    }
    assert_eq!(heard(&world, 2).len(), 1, "nothing was refused");
    for _ in 0..5 {
        world.says(2, r#"{"type":"publish","event":"a","echo":false}"#);
    }
    world.sleep();
    world.says(2, r#"{"type":"attach","id":"t1"}"#);
    shows(&mut world, 2, &auth("good"), "ann", a_users());
    let refused: Vec<_> = heard(&world, 2).split_off(6);
    assert_eq!(refused, ["error RATE_LIMIT_EXCEEDED", "error RATE_LIMIT_EXCEEDED"]);
    world.says(2, r#"{"type":"publish","id":"p","event":"a"}"#);
    let last = world.sockets.frames(2).pop().unwrap();
    assert_eq!((&last["type"], &last["reason"]), (&json!("closing"), &json!("rate")));
    assert_eq!((&last["code"], &last["reconnect"]), (&json!(1008), &json!("after")));
    assert!(last["after_ms"].is_u64());
}

#[test]
fn n46_whoever_says_nothing_for_too_long_is_closed_and_may_come_back_at_once() {
    let mut world = hub(Limits { inactivity_ms: 300_000, ..limits() });
    enter(&mut world, 2, "ann", |it| it);
    world.wait(200_000);
    world.says(2, r#"{"type":"ping","id":"p"}"#);
    world.wait(299_000);
    assert!(world.sockets.is_open(session_id(2)));
    world.wait(3_000);
    let closing = json!({"type": "closing", "code": 1001, "reason": "silent", "reconnect": "now"});
    assert_eq!(world.sockets.frames(2).pop(), Some(closing));
}

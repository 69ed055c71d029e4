//! Whose token has expired hears nothing of the room until another one is shown, in the documented
//! protocols: then what was missed comes from the log (R8, R17). What is in none is `renewal_apart`'s.

use dormouse::host::WINDOW_BYTES;
use dormouse::kernel::{Connection, Grants, Renewal};
use dormouse::limits::Limits;
use dormouse::message::{Kind, Position, Topic, UserId};
use dormouse::protocol::{Frame, ProtocolId, Wire};
use serde_json::{Value, json};

use crate::behind::{at, backlog, cursor, limits};
use crate::support::{Seen, a_users, connection, room_name, session_id, speaking};
use crate::world::World;

pub(crate) const LIVES_MS: u64 = 10_000;

/// A room of this kind in which the first connection, a backend's, has a token for ever.
pub(crate) fn room(kind: Kind, protocol: ProtocolId, limits: Limits) -> World {
    let mut world = World::of(kind, limits).answered_over_http();
    enter(&mut world, protocol, 1, "backend", |it| Connection { grants: Grants::all(), ..it });
    world
}

pub(crate) fn enter(
    world: &mut World,
    protocol: ProtocolId,
    number: u64,
    user: &str,
    how: impl FnOnce(Connection) -> Connection,
) {
    let now = world.now;
    let it = speaking(protocol, connection(number, user));
    let it = Connection { grants: a_users(), heard_at: now, joined_at: now, ..it };
    world.enter(how(it), Wire { protocol, batched: false, packed: false }).unwrap();
    world.wait(1);
}

/// One whose token is over in ten seconds.
pub(crate) fn expires(world: &World) -> impl FnOnce(Connection) -> Connection + use<> {
    let at = world.now.plus(LIVES_MS);
    move |it| Connection { expires_at: Some(at), ..it }
}

pub(crate) fn renews(world: &mut World, number: u64, user: &str) {
    renews_with(world, number, user, a_users());
}

pub(crate) fn renews_with(world: &mut World, number: u64, user: &str, grants: Grants) {
    let (user, expires_at) = (UserId(user.into()), Some(world.now.plus(1_000_000)));
    let (room, allowed) = (room_name(), grants.into());
    let renewal = Renewal { user, context: None, room, allowed, expires_at, issue: None };
    let frame = Frame::Text(json!({"type": "auth", "id": "a", "token": "t"}).to_string());
    world.receives(number, &frame, |_, _| Ok(renewal.clone()));
    world.wait(2);
}

pub(crate) fn says(world: &mut World, number: u64, frame: &Value) {
    world.says(number, &frame.to_string());
    world.wait(2);
}

/// What the backend does for everyone to hear.
type Speak = fn(&mut World, &str);

fn message(world: &mut World, text: &str) {
    says(world, 1, &json!({"type": "message", "data": {"content": text}}));
}

fn publish(world: &mut World, text: &str) {
    let params = json!({"event": "a.said", "data": {"said": text}});
    says(world, 1, &json!({"type": "command", "command": "publish", "params": params}));
}

/// What a connection was told, without who comes and goes: of what was said the text, of an error its
/// code, else what the frame is.
pub(crate) fn told(world: &World, number: u64) -> Vec<String> {
    let text = |it: &Value| {
        let places = ["/data/content", "/data/said", "/said", "/code", "/data/error_code", "/type"];
        let texts = places.iter().filter_map(|at| it.pointer(at)?.as_str());
        let mut texts = texts;
        let found = texts.find(|it| !it.is_empty());
        found.unwrap_or_default().to_owned()
    };
    let frames = world.sockets.frames(number);
    let is_said = |it: &&Value| it["type"] != "user_joined" && it["type"] != "user_left";
    frames.iter().filter(is_said).map(text).collect()
}

/// The protocols of rooms in which events are served: how the backend speaks there, what comes before.
fn dialects() -> [(Kind, ProtocolId, ProtocolId, Speak, &'static [&'static str]); 4] {
    let (context, events) = (ProtocolId::CONTEXT, ProtocolId::EVENTS);
    [
        (Kind::Chat, context, context, message, &[]),
        (Kind::Hub, events, events, publish, &["connection_established"]),
        (Kind::Hub, events, ProtocolId::WORKFLOW, publish, &[]),
        (Kind::Hub, events, ProtocolId::CLIENT, publish, &["hello"]),
    ]
}

fn filtered(connection: Connection) -> Connection {
    let topics = connection.topics.map(|_| vec![Topic::parse("a.*").unwrap()]);
    Connection { topics, ..connection }
}

pub(crate) const REFUSED: &str = "AUTHENTICATION_FAILED";

fn auth(protocol: ProtocolId) -> &'static str {
    if protocol == ProtocolId::EVENTS { "response" } else { "auth" }
}

#[test]
fn r17_what_an_expired_connection_misses_comes_from_the_log_in_order_and_once() {
    for (kind, speaker, protocol, speak, first) in dialects() {
        for sleeps in [false, true] {
            let mut world = room(kind, speaker, limits());
            let (name, sleep) = (protocol.descriptor().name, |world: &mut World| {
                if sleeps {
                    world.sleep();
                }
            });
            let lives = expires(&world);
            enter(&mut world, protocol, 2, "ann", |it| filtered(lives(it)));
            speak(&mut world, "before");
            sleep(&mut world);
            world.wait(LIVES_MS);
            sleep(&mut world);
            speak(&mut world, "one");
            says(&mut world, 2, &json!({"type": "ping", "id": "p", "because": "it is refused"}));
            sleep(&mut world);
            speak(&mut world, "two");
            enter(&mut world, speaker, 3, "bob", |it| it);
            let held = [first, &["before", REFUSED, REFUSED]].concat();
            assert_eq!(told(&world, 2), held, "{name}, {sleeps}");
            sleep(&mut world);
            renews(&mut world, 2, "ann");
            speak(&mut world, "after");
            let rest = [auth(protocol), "one", "two", "after"];
            assert_eq!(told(&world, 2)[held.len()..], rest, "{name}, {sleeps}");
            assert_eq!(cursor(&world, 2), None);
            // The time to show one is over, and was not used up.
            world.wait(40_000);
            assert!(world.sockets.is_open(session_id(2)), "{name}");
        }
    }
}

#[test]
fn r17_whoever_missed_nothing_goes_on_as_ever() {
    for (kind, speaker, protocol, speak, first) in dialects() {
        let mut world = room(kind, speaker, limits());
        let lives = expires(&world);
        enter(&mut world, protocol, 2, "ann", |it| filtered(lives(it)));
        world.wait(LIVES_MS);
        world.sleep();
        renews(&mut world, 2, "ann");
        speak(&mut world, "after");
        let all = [first, &[REFUSED, auth(protocol), "after"]].concat();
        assert_eq!(told(&world, 2), all, "{}", protocol.descriptor().name);
    }
}

#[test]
fn r8_r17_without_another_token_it_is_closed_after_half_a_minute_having_heard_nothing() {
    for (kind, speaker, protocol, speak, first) in dialects() {
        let mut world = room(kind, speaker, limits());
        let lives = expires(&world);
        enter(&mut world, protocol, 2, "ann", |it| filtered(lives(it)));
        world.wait(LIVES_MS);
        speak(&mut world, "unheard");
        world.wait(29_000);
        assert!(world.sockets.is_open(session_id(2)));
        world.sleep();
        world.wait(1_000);
        let all = [first, &[REFUSED, REFUSED]].concat();
        let heard: Vec<String> = told(&world, 2).into_iter().filter(|it| it != "ping").collect();
        assert_eq!(heard, all, "{}", protocol.descriptor().name);
        let seen = world.sockets.seen(2);
        assert!(matches!(seen.last(), Some(Seen::Closed(1008, _))), "{seen:?}");
    }
}

#[test]
fn r17_what_is_said_before_the_alarm_rings_is_not_for_it_either() {
    for (kind, speaker, protocol, speak, first) in dialects() {
        let mut world = room(kind, speaker, limits());
        let lives = expires(&world);
        enter(&mut world, protocol, 2, "ann", |it| filtered(lives(it)));
        let lives = expires(&world);
        enter(&mut world, protocol, 3, "bob", |it| filtered(lives(it)));
        // Time passes, and the alarm is late.
        world.now = world.now.plus(LIVES_MS);
        let frame = match speaker {
            ProtocolId::CONTEXT => json!({"type": "message", "data": {"content": "late"}}),
            _ => json!({"type": "command", "command": "publish", "params": {
                "event": "a.said", "data": {"said": "late"}}}),
        };
        world.says(1, &frame.to_string());
        // And what who speaks up is told is said in answer to that.
        world.says(3, r#"{"type":"ping","id":"p","because":"it is refused"}"#);
        assert_eq!(told(&world, 2), [first, &[REFUSED]].concat());
        assert_eq!(told(&world, 3), [first, &[REFUSED, REFUSED]].concat());
        renews(&mut world, 2, "ann");
        assert_eq!(told(&world, 2), [first, &[REFUSED, auth(protocol), "late"]].concat());
        speak(&mut world, "after");
        assert_eq!(told(&world, 2).last().unwrap(), "after");
    }
}

#[test]
fn r17_a_token_that_is_shown_before_anything_is_said_is_in_time() {
    let mut world = room(Kind::Chat, ProtocolId::CONTEXT, limits());
    let lives = expires(&world);
    enter(&mut world, ProtocolId::CONTEXT, 2, "ann", lives);
    world.now = world.now.plus(LIVES_MS);
    renews(&mut world, 2, "ann");
    message(&mut world, "after");
    assert_eq!(told(&world, 2), ["auth", "after"]);
}

#[test]
fn r17_what_the_log_no_longer_has_closes_it() {
    let mut world =
        room(Kind::Chat, ProtocolId::CONTEXT, Limits { history_entries_max: 10, ..limits() });
    for expired in [2, 3] {
        let lives = expires(&world);
        enter(&mut world, ProtocolId::CONTEXT, expired, "ann", lives);
    }
    world.wait(LIVES_MS);
    message(&mut world, "one");
    renews(&mut world, 3, "ann");
    for _ in 0..20 {
        message(&mut world, "more");
    }
    world.wait(5_000);
    renews(&mut world, 2, "ann");
    assert_eq!(told(&world, 2), [REFUSED, "auth"]);
    let gone = "the log no longer has what comes next".to_owned();
    assert_eq!(world.sockets.seen(2).last(), Some(&Seen::Closed(1013, gone)));
    assert_eq!(told(&world, 3).len(), 2 + 21);
}

#[test]
fn r17_i1_what_is_told_again_stops_with_the_token_and_goes_on_with_the_next() {
    let mut world = room(Kind::Chat, ProtocolId::CONTEXT, limits());
    for text in ["one", "two", "three"] {
        message(&mut world, text);
    }
    let (lives, asked): (_, Position) = (expires(&world), at("e", 1));
    backlog(&world, 2, WINDOW_BYTES);
    let how = |it| Connection { asked: Some(asked), ..lives(it) };
    enter(&mut world, ProtocolId::CONTEXT, 2, "ann", how);
    // It reads again when its token is over, and nobody has said so yet.
    world.now = world.now.plus(LIVES_MS);
    backlog(&world, 2, 0);
    message(&mut world, "four");
    world.wait(5_000);
    world.sleep();
    world.wait(5_000);
    assert_eq!(told(&world, 2), ["auth", REFUSED]);
    renews(&mut world, 2, "ann");
    message(&mut world, "five");
    let all = ["auth", REFUSED, "auth", "two", "three", "four", "five"];
    assert_eq!(told(&world, 2), all);
}

//! Whoever goes on in the log from a place is handed what it may see of it: once, in order, and
//! however slowly it reads, and whatever becomes of the room meanwhile.

use dormouse::host::{WINDOW_BYTES, read_attachment, write_attachment};
use dormouse::kernel::{Connection, Flag, Flags, Grant, Grants};
use dormouse::limits::{FETCH_MS, Limits};
use dormouse::message::{Epoch, Kind, NotResumed, Offset, Position, ProtocolError, Topic};
use dormouse::protocol::{ProtocolId, Wire};
use serde_json::{Value, json};

use crate::publications::called;
use crate::support::{Seen, a_users, connection, session_id, speaking};
use crate::world::World;

const WIRE: Wire = Wire { protocol: ProtocolId::EVENTS, batched: false, packed: false };

pub(crate) fn limits() -> Limits {
    Limits {
        messages_per_minute: 0,
        broadcasts_per_minute: 0,
        connections_per_user: 0,
        inactivity_ms: 0,
        ..Limits::default()
    }
}

pub(crate) fn at(epoch: &str, offset: u64) -> Position {
    Position { epoch: Epoch(epoch.into()), offset: Offset(offset) }
}

/// A hub in which the first connection is a backend's.
pub(crate) fn hub(limits: Limits) -> World {
    let mut world = World::of(Kind::Hub, limits);
    world.join_on(ProtocolId::EVENTS, 1, "backend");
    world
}

pub(crate) fn publish(world: &mut World, event: &str, user: Option<&str>, bytes: usize) {
    let params = json!({"event": event, "data": "x".repeat(bytes), "user_id": user});
    let params =
        if user.is_some() { params } else { json!({"event": event, "data": params["data"]}) };
    world.says(1, &json!({"type": "command", "command": "publish", "params": params}).to_string());
    world.wait(2);
}

pub(crate) fn following(
    number: u64,
    user: &str,
    events: Option<&[&str]>,
    asked: Option<Position>,
) -> Connection {
    let connection = speaking(ProtocolId::EVENTS, connection(number, user));
    let flags = connection.flags.union(Flags::of(&[Flag::Following]));
    let topics = events.map(|it| it.iter().map(|it| Topic::parse(*it).unwrap()).collect());
    Connection { flags, topics, asked, grants: a_users(), ..connection }
}

/// The same by a stream, on which nothing is said.
pub(crate) fn streaming(connection: Connection) -> Connection {
    Connection { flags: connection.flags.union(Flags::of(&[Flag::Mute])), ..connection }
}

pub(crate) fn follow(world: &mut World, connection: Connection) -> Result<(), ProtocolError> {
    let joined_at = world.now;
    let done = world.enter(Connection { heard_at: joined_at, joined_at, ..connection }, WIRE);
    world.wait(1);
    done
}

pub(crate) fn backlog(world: &World, number: u64, bytes: usize) {
    world.sockets.backlogs.borrow_mut().insert(session_id(number), bytes);
}

/// The offsets of the log that a connection was handed.
pub(crate) fn offsets(world: &World, number: u64) -> Vec<u64> {
    let frames = world.sockets.frames(number);
    let handed = frames.iter().filter(|it| it["type"] == "event" || it["type"] == "broadcast");
    handed.filter_map(|it| it["offset"].as_u64()).collect()
}

pub(crate) fn cursor(world: &World, number: u64) -> Option<u64> {
    let stored = world.sockets.attachments();
    let connection = stored.iter().find(|it| it.id == session_id(number)).unwrap();
    connection.behind.map(|it| it.0)
}

#[test]
fn where_a_connection_goes_on_is_decided_when_it_comes() {
    let mut stored = crate::support::blank();
    (stored.head, stored.first) = (Offset(20), Offset(5));
    let mut room = dormouse::kernel::Room::restore(Kind::Hub, limits(), stored, []);
    let mut admit = |asked, grants| {
        let connection = Connection { grants, ..following(2, "ann", None, Some(asked)) };
        let connection = room.admit(connection, None, crate::support::NOON).unwrap();
        (connection.behind.map(|it| it.0), connection.not_resumed)
    };
    let blind: Grants = [Grant::Join].into_iter().collect();
    for (asked, expected) in [
        (at("e", 10), (Some(10), None)),
        (at("e", 4), (Some(4), None)),
        (at("e", 3), (None, Some(NotResumed::Gone))),
        (at("e", 20), (None, None)),
        (at("e", 21), (None, Some(NotResumed::Ahead))),
        (at("f", 10), (None, Some(NotResumed::Epoch))),
        (at("f", 0), (None, Some(NotResumed::Gone))),
        (Position::read("garbage"), (None, Some(NotResumed::Epoch))),
    ] {
        assert_eq!(admit(asked.clone(), a_users()), expected, "{asked}");
    }
    assert_eq!(admit(at("e", 10), blind), (None, Some(NotResumed::Denied)));
    assert_eq!(admit(at("e", 3), blind), (None, Some(NotResumed::Denied)));
    assert_eq!(admit(at("e", 20), blind), (None, None), "nothing is read for it");
}

#[test]
fn before_its_first_entry_every_log_is_the_same() {
    let mut world = hub(limits());
    follow(&mut world, following(2, "ann", None, Some(at("another", 0)))).unwrap();
    publish(&mut world, "a", None, 1);
    world.leave(2);
    publish(&mut world, "b", None, 1);
    follow(&mut world, following(3, "ann", None, Some(at("another", 0)))).unwrap();
    assert_eq!((offsets(&world, 2), offsets(&world, 3)), (vec![1], vec![1, 2]));
}

#[test]
fn a_cursor_is_stored_under_this_name() {
    let wire = WIRE;
    let connection = Connection { behind: Some(Offset(41)), ..connection(1, "ann") };
    let written = write_attachment(wire, &connection).unwrap();
    assert!(written.contains(r#","bh":41"#), "{written}");
    assert_eq!(read_attachment(&written), Some((wire, connection)));
    let live = write_attachment(wire, &crate::support::connection(1, "ann")).unwrap();
    assert!(!live.contains("bh"), "one that is live takes nothing");
}

#[test]
fn a_slow_one_is_fed_as_it_reads_and_the_others_do_not_wait() {
    let mut world = hub(limits());
    for _ in 0..60 {
        publish(&mut world, "a", None, 10_000);
    }
    backlog(&world, 2, WINDOW_BYTES);
    follow(&mut world, following(2, "ann", None, Some(at("e", 0)))).unwrap();
    follow(&mut world, following(3, "bob", None, None)).unwrap();
    publish(&mut world, "live", None, 1);
    publish(&mut world, "broadcast", None, 1);
    assert_eq!(offsets(&world, 3), [61, 62]);
    assert_eq!((offsets(&world, 2), cursor(&world, 2)), (vec![], Some(0)));
    // One window of it is read at a time while nobody says anything.
    world.wait(200);
    backlog(&world, 2, WINDOW_BYTES - 1);
    world.says(1, r#"{"type":"ping","id":"p"}"#);
    let first = offsets(&world, 2).len();
    assert!((20..=26).contains(&first), "{first}");
    assert_eq!(cursor(&world, 2), Some(first as u64));
    world.sleep();
    backlog(&world, 2, 0);
    publish(&mut world, "after", None, 1);
    world.wait(2 * FETCH_MS);
    assert_eq!(offsets(&world, 2), (1..=63).collect::<Vec<_>>());
    assert_eq!(cursor(&world, 2), None);
    publish(&mut world, "live", None, 1);
    assert_eq!(offsets(&world, 2).last(), Some(&64));
}

#[test]
fn a_sleeping_room_goes_on_by_its_alarm() {
    let mut world = hub(limits());
    for _ in 0..5 {
        publish(&mut world, "a", None, 1);
    }
    backlog(&world, 2, WINDOW_BYTES);
    follow(&mut world, following(2, "ann", None, Some(at("e", 2)))).unwrap();
    world.wait(10_000);
    world.sleep();
    backlog(&world, 2, 0);
    world.wait(FETCH_MS);
    assert_eq!(offsets(&world, 2), [3, 4, 5]);
    // And rests when nobody is behind.
    world.wait(FETCH_MS);
    assert!(world.alarm.is_none_or(|it| 60_000 < it.since(world.now)), "{:?}", world.alarm);
}

#[test]
fn a_stream_that_falls_off_the_log_is_let_go_and_told_when_it_comes_back() {
    let mut world = hub(Limits { history_entries_max: 10, ..limits() });
    for _ in 0..10 {
        publish(&mut world, "a", None, 1);
    }
    backlog(&world, 2, WINDOW_BYTES);
    follow(&mut world, streaming(following(2, "ann", None, Some(at("e", 0))))).unwrap();
    for _ in 0..10 {
        publish(&mut world, "a", None, 1);
    }
    world.wait(2_000);
    let seen = world.sockets.seen(2);
    assert!(matches!(seen.last(), Some(Seen::Closed(1013, _))), "{seen:?}");
    backlog(&world, 3, 0);
    follow(&mut world, following(3, "ann", None, Some(at("e", 0)))).unwrap();
    publish(&mut world, "a", None, 1);
    assert_eq!(offsets(&world, 3), [21]);
}

#[test]
fn ephemeral_events_do_not_reach_one_that_is_behind() {
    let mut world = hub(limits());
    publish(&mut world, "a", None, 1);
    backlog(&world, 2, WINDOW_BYTES);
    follow(&mut world, following(2, "ann", None, Some(at("e", 0)))).unwrap();
    follow(&mut world, following(3, "bob", None, None)).unwrap();
    let heard = |world: &World| {
        let frames = world.sockets.frames(2);
        frames.iter().filter(|it| it["type"] == "event").cloned().collect::<Vec<Value>>()
    };
    assert!(heard(&world).is_empty());
    backlog(&world, 2, 0);
    world.says(1, r#"{"type":"ping","id":"p"}"#);
    follow(&mut world, following(4, "cid", None, None)).unwrap();
    let events: Vec<_> = heard(&world).iter().map(|it| it["event"].clone()).collect();
    assert_eq!(events, [json!("a"), json!("user_joined")]);
}

#[test]
fn a_metric_reaches_whoever_follows_the_log() {
    let mut world = World::of(Kind::Analytics, limits());
    let metric = |value: u64| {
        let data = json!({"metric": "load", "value": value});
        called(Kind::Analytics, &json!({"type": "metric_update", "data": data}))
    };
    world.call(metric(1));
    follow(&mut world, following(2, "ann", None, Some(at("e", 0)))).unwrap();
    follow(&mut world, following(3, "bob", Some(&["other"]), None)).unwrap();
    world.call(metric(2));
    world.wait(10);
    assert_eq!((offsets(&world, 2), offsets(&world, 3)), (vec![1, 2], vec![]));
}

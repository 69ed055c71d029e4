//! The room's own pings (E9): to whom, when, and who is let go.

use dormouse::kernel::{Command, Connection, Effect, Event, Flag, Flags, Input, Recipients, Room};
use dormouse::limits::Limits;
use dormouse::message::{Code, ConnectionId, Kind, Millis};

use crate::support::{NOON, clock, connection, room, says, session_id};

/// A pinged socket, number 1, and one that is not, number 2.
fn scene(limits: Limits) -> Room {
    let mut room = room(limits);
    let flags = Flags::of(&[Flag::Pinged]);
    let pinged = Connection { flags, ..connection(1, "ann") };
    let _ = room.handle(Input::Joined(Box::new(pinged)), clock(NOON));
    let _ = room.handle(Input::Joined(Box::new(connection(2, "bob"))), clock(NOON));
    room
}

/// What happens when the room's own alarm rings: when, whom it pings, whom it lets go.
fn ring(room: &mut Room, heard: &[(u64, u64)]) -> (u64, Vec<ConnectionId>, Vec<ConnectionId>) {
    let now = room.next_wake().unwrap();
    let heard = heard.iter().map(|(number, at)| (session_id(*number), after(*at))).collect();
    let (mut pinged, mut closed) = (Vec::new(), Vec::new());
    for effect in room.handle(Input::Alarm { heard }, clock(now)) {
        match effect {
            Effect::Tell { to: Recipients::One(to), notice } => match notice.event {
                Event::Ping => pinged.push(to),
                Event::Refused(error) => assert_eq!(error.code, Code::ConnectionTimeout),
                other => panic!("nobody asked for {other:?}"),
            },
            Effect::Close { connection, .. } => closed.push(connection),
            _ => {}
        }
    }
    (now.since(NOON), pinged, closed)
}

fn after(millis: u64) -> Millis {
    NOON.plus(millis)
}

/// The multiples of 25 s after [`NOON`], which is 123 ms past one.
const BEATS: [u64; 4] = [24_877, 49_877, 74_877, 99_877];

#[test]
fn e9_k8_two_pings_go_unanswered_and_the_third_time_it_is_let_go() {
    let mut room = scene(Limits::default());
    let ann = session_id(1);
    assert_eq!(ring(&mut room, &[]), (BEATS[0], vec![ann], vec![]));
    assert_eq!(ring(&mut room, &[]), (BEATS[1], vec![ann], vec![]));
    assert_eq!(ring(&mut room, &[]), (BEATS[2], vec![], vec![ann]));
}

#[test]
fn e9_k8_whoever_says_anything_stays() {
    let ann = session_id(1);
    for command in [Command::Pong, Command::Ping, Command::Status] {
        let mut room = scene(Limits::default());
        let _ = ring(&mut room, &[]);
        let _ = room.handle(says(1, command), clock(after(25_000)));
        assert_eq!(ring(&mut room, &[]), (BEATS[1], vec![ann], vec![]));
        assert_eq!(ring(&mut room, &[]), (BEATS[2], vec![ann], vec![]));
        assert_eq!(ring(&mut room, &[]), (BEATS[3], vec![], vec![ann]));
    }
}

#[test]
fn e9_a_ping_that_the_platform_answered_counts_as_said() {
    let mut room = scene(Limits::default());
    let ann = session_id(1);
    for beat in BEATS {
        assert_eq!(ring(&mut room, &[(1, beat - 1)]), (beat, vec![ann], vec![]));
    }
}

#[test]
fn e9_when_the_last_pinged_socket_leaves_the_pings_end() {
    let mut room = scene(Limits::default());
    let _ = ring(&mut room, &[]);
    let _ = room.handle(Input::Left { connection: session_id(1) }, clock(after(25_000)));
    // The alarm may ring once more, for nothing, then for bob's silence.
    let mut rung = Vec::new();
    while rung.last().is_none_or(|at| *at < Limits::default().inactivity_ms) {
        let (at, pinged, _) = ring(&mut room, &[]);
        assert!(pinged.is_empty());
        rung.push(at);
    }
    assert!(rung.len() <= 3, "it rang at {rung:?}");
}

#[test]
fn e9_an_interval_of_zero_means_no_pings() {
    let mut room = scene(Limits { heartbeat_ms: 0, ..Limits::default() });
    let (at, pinged, _) = ring(&mut room, &[]);
    assert_eq!((at, pinged), (Limits::default().inactivity_ms, vec![]));
}

#[test]
fn e9_k8_sleep_moves_no_ping() {
    let mut awake = scene(Limits::default());
    let _ = ring(&mut awake, &[]);
    let connections: Vec<_> = awake.connections().cloned().collect();
    let mut woken =
        Room::restore(Kind::Chat, Limits::default(), crate::support::blank(), connections);
    for _ in 0..2 {
        assert_eq!(ring(&mut woken, &[]), ring(&mut awake, &[]));
    }
    assert!(woken.connection(session_id(1)).is_none(), "it missed two, one of them before");
}

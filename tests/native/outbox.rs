//! When effects are carried out.

use dormouse::host::{Flush, Outbox};
use dormouse::limits::Limits;
use dormouse::message::{Command, Millis};
use dormouse::room::{Effects, Input, Room};

use crate::support::{NOON, room, says, session, stamp};

fn busy_room() -> Room {
    let mut room = room(Limits::default());
    let _ = room.handle(Input::Joined(session(1, "ann")), stamp(NOON));
    room
}

fn effects(room: &mut Room, at: Millis) -> Effects {
    room.handle(says(1, Command::Ping), stamp(at))
}

#[test]
fn the_first_message_of_an_idle_room_does_not_wait() {
    let mut room = busy_room();
    assert_eq!(Outbox::default().push(effects(&mut room, NOON), NOON), Flush::Now);
}

#[test]
fn nothing_to_do_sets_no_timer() {
    assert_eq!(Outbox::default().push(Effects::default(), NOON), Flush::No);
}

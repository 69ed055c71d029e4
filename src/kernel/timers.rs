//! Timers: what a room does by itself when time passes. There is one alarm, and it is set to the
//! first of them.
//!
//! A timer is no entry that somebody sets and cancels: it is derived from state, each time anew.
//! What is due once is due as long as the state says so, so that nothing beside that state has to
//! be stored, and restored after a sleep.

use litemap::LiteMap;

use super::{Context, Room, behind, idle, members, presence, retention, vacancy};
use crate::message::{ConnectionId, Millis};

/// When each connection was last heard by the platform on the room's behalf.
type Heard = LiteMap<ConnectionId, Millis>;

/// A timer of the kernel's.
struct Timer {
    /// When it is due, if it is set.
    due_at: fn(&Room) -> Option<Millis>,
    /// What happens then.
    fire: fn(&mut Room, &mut Context, &Heard),
}

/// In the order in which they fire.
const TIMERS: &[Timer] = &[
    // Silence, tokens that expire, pings.
    Timer { due_at: |room| room.sweep_at, fire: idle::sweep },
    // Users whose grace is over.
    Timer { due_at: presence::due_at, fire: |room, cx, _| presence::expire(room, cx) },
    // How many are here, where that is told in place of who.
    Timer { due_at: members::due_at, fire: |room, cx, _| members::settle(room, cx) },
    // Entries that are past keeping.
    Timer { due_at: retention::due_at, fire: |room, cx, _| retention::trim(room, cx) },
    // Those that are fed from the log.
    Timer { due_at: behind::due_at, fire: |room, cx, _| behind::tick(room, cx) },
    // The features' own.
    Timer {
        due_at: |room| room.features.due_at(room),
        fire: |room, cx, _| room.features.tick(room, cx),
    },
    // Whether a room is vacant is looked at after every input, which the alarm is.
    Timer { due_at: vacancy::due_at, fire: |_, _, _| {} },
];

/// Whether this time has come.
pub(crate) fn is_due(at: Option<Millis>, now: Millis) -> bool {
    at.is_some_and(|at| at <= now)
}

/// Does what is due, and nothing else.
pub(crate) fn fire(room: &mut Room, cx: &mut Context, heard: &Heard) {
    for timer in TIMERS {
        if is_due((timer.due_at)(room), cx.clock.at) {
            (timer.fire)(room, cx, heard);
        }
    }
}

impl Room {
    /// When the room next has something to do by itself.
    #[must_use]
    pub fn next_wake(&self) -> Option<Millis> {
        TIMERS.iter().filter_map(|it| (it.due_at)(self)).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::{Departure, Effect, Input, StoredRoom, Write};
    use crate::limits::Limits;
    use crate::message::{Clock, Epoch, Kind, Member, Offset, UserId};

    const MONTH_MS: u64 = 30 * 24 * 60 * 60 * 1000;

    /// A room with an entry of time 1, and a user whose grace is over at 500.
    fn room() -> Room {
        let member = Member { id: UserId("ann".into()), name: "ann".into() };
        let stored = StoredRoom {
            head: Offset(1),
            head_at: Millis(1),
            first: Offset(1),
            first_at: Millis(1),
            departures: vec![Departure { member, until: Millis(500), data: None }],
            ..StoredRoom::blank(Epoch("e".into()))
        };
        Room::restore(Kind::Chat, Limits::default(), stored, [])
    }

    fn rings(room: &mut Room, at: u64) -> Vec<Effect> {
        let input = Input::Alarm { heard: LiteMap::new() };
        room.handle(input, Clock::new(Millis(at), [0; 10])).into_iter().collect()
    }

    #[test]
    fn an_alarm_fires_what_is_due_and_nothing_else() {
        let mut room = room();
        assert_eq!(room.next_wake(), Some(Millis(500)));
        assert_eq!(rings(&mut room, 499), []);
        let forget = Effect::Write(Write::Forget(UserId("ann".into())));
        assert_eq!(rings(&mut room, 500).first(), Some(&forget));
        assert_eq!(rings(&mut room, 500), []);
        let trim_at = 1 + MONTH_MS + 1000;
        assert_eq!(room.next_wake(), Some(Millis(trim_at)));
        assert_eq!(rings(&mut room, trim_at - 1), []);
        let trims = |it: &Effect| matches!(it, Effect::Write(Write::Trim { .. }));
        assert!(rings(&mut room, trim_at).iter().any(trims));
    }

    #[test]
    fn what_was_due_while_nobody_rang_is_due_still() {
        let mut room = room();
        let done = rings(&mut room, 2 * MONTH_MS);
        assert_eq!(done.iter().filter_map(Effect::write).count(), 3, "forget, trim, prune");
    }
}

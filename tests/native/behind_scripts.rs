//! Scripts of what may happen to a room whose log is followed: the union of what a follower was handed,
//! over all its connections, is what it may see of the log.

use std::collections::BTreeMap;

use dormouse::host::WINDOW_BYTES;
use dormouse::limits::{FETCH_MS, Limits};
use dormouse::message::Topic;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::behind::{
    at, backlog, cursor, follow, following, hub, limits, offsets, publish, streaming,
};
use crate::support::{Seen, epoch, session_id};
use crate::world::World;

/// Something that happens to a room that others follow.
#[derive(Clone, Debug)]
enum Happens {
    /// Events are published: how many, their name, for whom, how long.
    Publish(usize, usize, usize, usize),
    /// A follower comes back, to where it was, and reads, or not.
    Joins(usize, bool),
    Leaves(usize),
    /// It reads, or not.
    Reads(usize, bool),
    Waits(u64),
    Sleeps,
    /// The server is killed: nobody's connection survives it.
    IsKilled,
}

const NAMES: [&str; 4] = ["a.x", "a.y", "b", "broadcast"];
const USERS: [&str; 3] = ["ann", "bob", "cid"];
const FILTERS: [Option<&[&str]>; 3] = [None, Some(&["a.*"]), Some(&["a.x", "b"])];

fn happens() -> impl Strategy<Value = Happens> {
    let bytes = prop_oneof![9 => Just(9usize), 1 => Just(60_000)];
    prop_oneof![
        8 => (1..8usize, 0..NAMES.len(), 0..6usize, bytes)
            .prop_map(|(count, name, user, bytes)| Happens::Publish(count, name, user, bytes)),
        5 => (0..USERS.len(), any::<bool>()).prop_map(|(who, reads)| Happens::Joins(who, reads)),
        2 => (0..USERS.len()).prop_map(Happens::Leaves),
        4 => (0..USERS.len(), any::<bool>()).prop_map(|(who, reads)| Happens::Reads(who, reads)),
        3 => prop_oneof![0u64..5, 1_000u64..12_000].prop_map(Happens::Waits),
        3 => Just(Happens::Sleeps),
        1 => Just(Happens::IsKilled),
    ]
}

/// Who follows: its connection, while it has one, where it is, and what it was handed since it last
/// began anew.
#[derive(Default)]
struct Follower {
    number: Option<u64>,
    base: u64,
    handed: Vec<u64>,
    read: usize,
    resumed: u32,
}

struct Play {
    world: World,
    /// The log: names, and for whom.
    log: Vec<(&'static str, Option<&'static str>)>,
    followers: Vec<Follower>,
    next: u64,
}

impl Play {
    fn new() -> Self {
        let world = hub(Limits { history_entries_max: 20, ..limits() });
        let followers = USERS.map(|_| Follower::default()).into();
        Self { world, log: Vec::new(), followers, next: 10 }
    }

    fn head(&self) -> u64 {
        self.log.len() as u64
    }

    /// Takes note of what each was handed.
    fn note(&mut self) {
        for follower in &mut self.followers {
            let Some(number) = follower.number else { continue };
            let handed = offsets(&self.world, number);
            follower.handed.extend(&handed[follower.read..]);
            follower.read = handed.len();
            if !self.world.sockets.is_open(session_id(number)) {
                follower.number = None;
            }
        }
    }

    fn join(&mut self, who: usize, reads: bool) {
        self.note();
        if self.followers[who].number.is_some() {
            return;
        }
        let number = self.next;
        self.next += 1;
        let follower = &self.followers[who];
        let position = follower.handed.last().copied().unwrap_or(follower.base);
        let asked = at(&epoch().0, position);
        let (head, connection) =
            (self.head(), streaming(following(number, USERS[who], FILTERS[who], Some(asked))));
        // Slow from its first moment.
        backlog(&self.world, number, WINDOW_BYTES);
        follow(&mut self.world, connection).unwrap();
        let from = cursor(&self.world, number).unwrap_or(head);
        let follower = &mut self.followers[who];
        if from == position {
            follower.resumed += 1;
        } else {
            (follower.base, follower.handed) = (from, Vec::new());
        }
        (follower.number, follower.read) = (Some(number), 0);
        if reads {
            backlog(&self.world, number, 0);
        }
    }

    fn happens(&mut self, it: &Happens, may_sleep: bool) {
        match it {
            Happens::Publish(count, name, user, bytes) => {
                let (name, user) = (NAMES[*name], USERS.get(*user).copied());
                let user = user.filter(|_| name != "broadcast");
                for _ in 0..*count {
                    publish(&mut self.world, name, user, *bytes);
                    self.log.push((name, user));
                }
            }
            Happens::Joins(who, reads) => self.join(*who, *reads),
            Happens::Leaves(who) => {
                self.note();
                if let Some(number) = self.followers[*who].number.take() {
                    self.world.leave(number);
                }
            }
            Happens::Reads(who, reads) => {
                if let Some(number) = self.followers[*who].number {
                    backlog(&self.world, number, if *reads { 0 } else { WINDOW_BYTES });
                }
            }
            Happens::Waits(millis) => self.world.wait(*millis),
            Happens::Sleeps if may_sleep => self.world.sleep(),
            Happens::Sleeps => {}
            Happens::IsKilled => {
                self.note();
                self.world.sleep();
                for follower in &mut self.followers {
                    if let Some(number) = follower.number.take() {
                        self.world.sockets.drop_socket(session_id(number));
                    }
                }
            }
        }
        self.note();
    }

    fn end(&mut self) {
        for who in 0..USERS.len() {
            if let Some(number) = self.followers[who].number {
                backlog(&self.world, number, 0);
            }
        }
        // Whoever falls off the log before it is served comes back.
        self.world.wait(4 * FETCH_MS);
        for who in 0..USERS.len() {
            self.join(who, true);
        }
        self.world.wait(4 * FETCH_MS);
        publish(&mut self.world, "a.x", None, 1);
        self.log.push(("a.x", None));
        self.note();
    }

    /// What this one is to have been handed.
    fn owed(&self, who: usize) -> Vec<u64> {
        let topics: Option<Vec<Topic>> =
            FILTERS[who].map(|it| it.iter().map(|it| Topic::parse(*it).unwrap()).collect());
        let wanted = |name: &str| {
            let all = topics.as_ref().is_none_or(|it| it.iter().any(|it| it.matches(name)));
            all || name == "broadcast"
        };
        let log = (1..).zip(&self.log);
        let own = log.filter(|(offset, _)| self.followers[who].base < *offset);
        own.filter(|(_, (name, user))| wanted(name) && user.is_none_or(|it| it == USERS[who]))
            .map(|(offset, _)| offset)
            .collect()
    }
}

fn play(script: &[Happens], may_sleep: bool) -> Play {
    let mut play = Play::new();
    for it in script {
        play.happens(it, may_sleep);
    }
    play.end();
    play
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// What a follower was handed, over all its connections, is what it may see of the log above
    /// where it began: once, in order.
    #[test]
    fn nothing_is_left_out_or_told_twice(script in prop::collection::vec(happens(), 0..60)) {
        for may_sleep in [false, true] {
            let play = play(&script, may_sleep);
            for (who, user) in USERS.iter().enumerate() {
                prop_assert_eq!(&play.followers[who].handed, &play.owed(who), "{}", user);
            }
        }
    }
}

#[test]
fn scripts_reach_what_they_are_for() {
    let mut runner = TestRunner::deterministic();
    let mut reached: BTreeMap<&str, bool> = BTreeMap::new();
    for _ in 0..30 {
        let script = prop::collection::vec(happens(), 60).new_tree(&mut runner).unwrap().current();
        let play = play(&script, true);
        let mut note = |what, is| *reached.entry(what).or_default() |= is;
        note("somebody went on where it was", play.followers.iter().any(|it| 1 < it.resumed));
        note("somebody began anew", play.followers.iter().any(|it| it.base != 0));
        let seen = play.world.seen();
        let closed = |it: &Seen| matches!(it, Seen::Closed(1013, _));
        note("somebody fell off the log", seen.values().flatten().any(closed));
        note("somebody was handed much", play.followers.iter().any(|it| 40 < it.handed.len()));
    }
    assert!(reached.values().all(|it| *it), "{reached:?}");
}

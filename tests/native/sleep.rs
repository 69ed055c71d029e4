//! Sleep is invisible (invariant 6 of docs/ARCHITECTURE.md), and so is gathering.

use std::fmt::Write;

use dormouse::limits::{Limits, Responder};
use dormouse::room::Grants;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use serde_json::json;

use crate::support::a_users;
use crate::world::World;

/// Small enough that scripts reach every limit.
const LIMITS: Limits = Limits {
    edits_per_second: 20,
    chunks_per_second: 20,
    chunk_bytes_max: 64,
    chunks_max: 8,
    transfer_quota_bytes: 4096,
    message_bytes_max: 300,
    connections_per_room: 1000,
    connections_per_user: 10,
    connects_per_minute: 0,
    messages_per_minute: 9,
    broadcasts_per_minute: 14,
    room_edits_per_second: 400,
    user_share_percent: 40,
    inactivity_ms: 90_000,
    auth_ms: 10_000,
    echoes_per_address: 20,
    pending_per_address: 20,
    pending_max: 1000,
    typing_ms: 5_000,
    presence_grace_ms: 5_000,
    history_entries_max: 6,
    heartbeat_ms: 25_000,
    report_ms: 10_000,
    budget_bytes: 0,
    history_age_days_max: 1,
    is_demo: false,
    anonymous_per_address: 10,
    http_calls_per_minute: 0,
    http_publishes_per_minute: 0,
    http_failures_per_minute: 0,
    conversation_timeout_ms: 10_000,
    conversation_retry_ms: 1_000,
    responder: Responder::Echo,
};

#[derive(Clone, Debug)]
enum Step {
    Join { number: u64, user: &'static str, lives_ms: Option<u64> },
    Leave { number: u64 },
    Says { number: u64, frame: String },
    Wait { millis: u64 },
    Sleep,
}

fn frame() -> impl Strategy<Value = String> {
    let id = prop_oneof![Just(json!(null)), Just(json!("m1")), Just(json!("m2"))];
    let before = prop_oneof![Just(json!(null)), (0u64..20).prop_map(|it| json!(it))];
    prop_oneof![
        4 => (id, "[a-z]{0,8}")
            .prop_map(|(id, content)| json!({"type": "message", "id": id, "data": {"content": content}})),
        2 => any::<bool>().prop_map(|it| json!({"type": "typing", "data": {"isTyping": it}})),
        2 => (1u32..9, before)
            .prop_map(|(limit, before)| json!({"type": "history", "data": {"limit": limit, "before": before}})),
        1 => Just(json!({"type": "presence"})),
        1 => Just(json!({"type": "ping", "id": "p"})),
        1 => Just(json!({"type": "auth", "token": "t"})),
        1 => Just(json!({"type": "message", "data": {"content": "x".repeat(400)}})),
        1 => Just(json!({"type": "nonsense"})),
    ]
    .prop_map(|it| it.to_string())
}

fn step() -> impl Strategy<Value = Step> {
    let number = || 0u64..5;
    let user = prop_oneof![Just("ann"), Just("bob"), Just("cid")];
    let lives_ms = prop_oneof![3 => Just(None), 1 => (1u64..30_000).prop_map(Some)];
    prop_oneof![
        3 => (number(), user, lives_ms)
            .prop_map(|(number, user, lives_ms)| Step::Join { number, user, lives_ms }),
        1 => number().prop_map(|number| Step::Leave { number }),
        8 => (number(), frame()).prop_map(|(number, frame)| Step::Says { number, frame }),
        2 => prop_oneof![1u64..3_000, 3_000u64..8_000, 30_000u64..100_000, Just(90_000_000)]
            .prop_map(|millis| Step::Wait { millis }),
        3 => Just(Step::Sleep),
    ]
}

/// Plays a script. Socket numbers are reused only for sockets that closed, under a
/// new number, as the platform would.
fn play(steps: &[Step], may_sleep: bool) -> World {
    let mut world = World::new(LIMITS);
    world.grants = |user| if user == "ann" { Grants::all() } else { a_users() };
    let mut current = [None; 5];
    let mut next = 10;
    for step in steps {
        if !matches!(step, Step::Sleep) {
            world.wait(1);
        }
        match step {
            Step::Join { number, user, lives_ms } => {
                let slot = &mut current[usize::try_from(*number).unwrap()];
                if slot.is_none_or(|it| !world.sockets.is_open(crate::support::session_id(it))) {
                    let expires_at = lives_ms.map(|it| world.now.plus(it));
                    world.join(next, user, expires_at);
                    *slot = Some(next);
                    next += 1;
                }
            }
            Step::Leave { number } => {
                if let Some(number) = current[usize::try_from(*number).unwrap()].take() {
                    world.leave(number);
                }
            }
            Step::Says { number, frame } => {
                if let Some(number) = current[usize::try_from(*number).unwrap()] {
                    world.says(number, frame);
                }
            }
            Step::Wait { millis } => world.wait(*millis),
            Step::Sleep if may_sleep => world.sleep(),
            Step::Sleep => {}
        }
    }
    world.wait(20_000);
    world
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Whatever happens, no client can tell whether the room slept.
    #[test]
    fn sleep_is_invisible(steps in prop::collection::vec(step(), 0..60)) {
        let (asleep, awake) = (play(&steps, true), play(&steps, false));
        prop_assert_eq!(asleep.seen(), awake.seen());
    }

    /// Not even if it sleeps between any two steps.
    #[test]
    fn sleep_between_any_two_steps_is_invisible(steps in prop::collection::vec(step(), 0..40)) {
        let drowsy: Vec<Step> = steps.iter().flat_map(|it| [it.clone(), Step::Sleep]).collect();
        prop_assert_eq!(play(&drowsy, true).seen(), play(&steps, false).seen());
    }

    /// Frames that are gathered are the frames that would have been sent one by one.
    #[test]
    fn gathering_changes_no_frame(
        frames in prop::collection::vec((10u64..13, frame()), 1..9),
    ) {
        let start = || {
            let mut world = World::new(LIMITS);
            for (number, user) in [(10, "ann"), (11, "bob"), (12, "bob")] {
                world.join(number, user, None);
            }
            world.wait(1);
            world
        };
        let (mut gathered, mut single) = (start(), start());
        gathered.says_at_once(&frames);
        for (number, text) in &frames {
            single.says(*number, text);
        }
        prop_assert_eq!(gathered.seen(), single.seen());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// A client that takes batches sees what it would have seen in single frames.
    #[test]
    fn batching_changes_no_frame(frames in prop::collection::vec((10u64..13, frame()), 1..20)) {
        let play = |batched: bool| {
            let mut world = World::new(LIMITS);
            for (number, user) in [(10, "ann"), (11, "bob"), (12, "bob")] {
                if batched {
                    world.join_batched(number, user);
                } else {
                    world.join(number, user, None);
                }
            }
            world.wait(1);
            world.says_at_once(&frames);
            let unpacked = |number| {
                let frames = world.sockets.frames(number).into_iter();
                let inner = |it: serde_json::Value| match it["type"].as_str() {
                    Some("batch") => it["data"].as_array().unwrap().clone(),
                    _ => vec![it],
                };
                frames.flat_map(inner).collect::<Vec<_>>()
            };
            [10, 11, 12].map(unpacked)
        };
        prop_assert_eq!(play(true), play(false));
    }
}

/// The scripts above are worth something only if they get that far.
#[test]
fn scripts_reach_the_limits_they_are_made_for() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut all = String::new();
    for _ in 0..200 {
        let steps = prop::collection::vec(step(), 60).new_tree(&mut runner).unwrap().current();
        write!(all, "{:?}", play(&steps, true).seen()).unwrap();
    }
    for reached in [
        "RATE_LIMIT_EXCEEDED",
        "AUTHENTICATION_FAILED",
        "CONNECTION_TIMEOUT",
        "MESSAGE_TOO_LARGE",
        "UNKNOWN_MESSAGE_TYPE",
        "user_joined",
        "user_left",
        "typing",
        "hasMore\\\":true",
        "Closed(1008",
        "Closed(1001",
        "Closed(1009",
    ] {
        assert!(all.contains(reached), "{reached}");
    }
}

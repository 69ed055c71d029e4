//! Sleep is invisible to those who edit together, whenever it comes (invariant 6).

use std::fmt::Write;

use dormouse::limits::Limits;
use dormouse::message::Kind;
use dormouse::room::{Grant, Grants};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use serde_json::{Value, json};

use crate::support::session_id;
use crate::world::World;

/// Small enough that scripts reach every limit.
fn limits() -> Limits {
    Limits {
        message_bytes_max: 600,
        messages_per_minute: 10,
        edits_per_second: 4,
        room_edits_per_second: 4,
        user_share_percent: 50,
        inactivity_ms: 90_000,
        presence_grace_ms: 5_000,
        ..Limits::default()
    }
}

#[derive(Clone, Debug)]
enum Step {
    Join { number: u64, user: &'static str, may: u8 },
    Leave { number: u64 },
    Says { number: u64, frame: String },
    Wait { millis: u64 },
    Sleep,
}

fn id() -> impl Strategy<Value = Value> {
    prop_oneof![3 => Just(json!(null)), 1 => (0u8..3).prop_map(|it| json!(format!("m{it}")))]
}

fn document() -> impl Strategy<Value = &'static str> {
    prop_oneof![5 => Just("one"), 1 => Just("two")]
}

fn edit() -> impl Strategy<Value = Value> {
    let content = prop_oneof![
        4 => Just(String::new()),
        20 => "[a-c😀]{1,4}",
        1 => Just("x".repeat(600)),
    ];
    let operation = prop_oneof![4 => Just("insert"), 2 => Just("delete"), 2 => Just("replace")];
    let position = prop_oneof![4 => Just(0u64), 1 => 1u64..4];
    let version = prop_oneof![3 => 0u64..3, 1 => 3u64..12];
    (operation, position, content, 1u64..3, version).prop_map(
        |(operation, position, content, length, version)| {
            let mut data =
                json!({"operation": operation, "position": position, "version": version});
            if operation != "delete" {
                data["content"] = json!(content);
            }
            if operation != "insert" {
                data["length"] = json!(length);
            }
            json!({"type": "edit", "data": data})
        },
    )
}

fn frame() -> impl Strategy<Value = String> {
    let role = prop_oneof![3 => Just("participant"), 1 => Just("viewer")];
    let frame = prop_oneof![
        4 => (document(), role)
            .prop_map(|(it, role)| json!({"type": "join_session", "data": {"sessionId": it, "role": role}})),
        1 => document().prop_map(|it| json!({"type": "leave_session", "data": {"sessionId": it}})),
        20 => edit(),
        2 => Just(json!({"type": "command", "data": {"command": "undo"}})),
        1 => (0u64..9, 0u64..9)
            .prop_map(|(it, to)| json!({"type": "cursor", "data": {"position": it, "selection": [it, to]}})),
        2 => Just(json!({"type": "presence"})),
        1 => Just(json!({"type": "edit"})),
    ];
    (frame, id()).prop_map(|(mut frame, id)| {
        frame["id"] = id;
        frame.to_string()
    })
}

fn step() -> impl Strategy<Value = Step> {
    let number = || 0u64..4;
    let user = prop_oneof![Just("ann"), Just("bob")];
    prop_oneof![
        3 => (number(), user, 0u8..6).prop_map(|(number, user, may)| Step::Join { number, user, may }),
        1 => number().prop_map(|number| Step::Leave { number }),
        12 => (number(), frame()).prop_map(|(number, frame)| Step::Says { number, frame }),
        2 => prop_oneof![3 => 1u64..3_000, 1 => 30_000u64..100_000]
            .prop_map(|millis| Step::Wait { millis }),
        3 => Just(Step::Sleep),
    ]
}

/// Most may do everything.
fn grants(may: u8) -> Grants {
    match may {
        0 => [Grant::Join, Grant::History].into_iter().collect(),
        1 => [Grant::Join, Grant::History, Grant::Send].into_iter().collect(),
        _ => Grants::all(),
    }
}

fn play(steps: &[Step], may_sleep: bool) -> World {
    let mut world = World::of(Kind::Collaboration, limits());
    let (mut current, mut next) = ([Some(6), Some(7), Some(8), None], 10);
    for (number, user) in [(6, "ann"), (7, "bob"), (8, "bob")] {
        world.join(number, user, None);
        let sits = json!({"type": "join_session", "data": {"sessionId": "one"}});
        world.says(number, &sits.to_string());
    }
    for step in steps {
        if !matches!(step, Step::Sleep) {
            world.wait(1);
        }
        match step {
            Step::Join { number, user, may } => {
                let slot = &mut current[usize::try_from(*number).unwrap()];
                if slot.is_none_or(|it| !world.sockets.is_open(session_id(it))) {
                    world.join_with(next, user, grants(*may));
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

    /// Whatever happens, no editor can tell whether the room slept.
    #[test]
    fn sleep_is_invisible_to_editors(steps in prop::collection::vec(step(), 0..60)) {
        let (asleep, awake) = (play(&steps, true), play(&steps, false));
        prop_assert_eq!(asleep.seen(), awake.seen());
    }

    /// Not even if it sleeps between any two steps.
    #[test]
    fn sleep_between_any_two_steps_is_invisible_to_editors(
        steps in prop::collection::vec(step(), 0..40),
    ) {
        let drowsy: Vec<Step> = steps.iter().flat_map(|it| [it.clone(), Step::Sleep]).collect();
        prop_assert_eq!(play(&drowsy, true).seen(), play(&steps, false).seen());
    }

    /// Nor whether what they said was gathered.
    #[test]
    fn gathering_changes_no_edit(frames in prop::collection::vec((10u64..13, frame()), 1..9)) {
        let start = || {
            let mut world = World::of(Kind::Collaboration, limits());
            for (number, user) in [(10, "ann"), (11, "bob"), (12, "bob")] {
                world.join(number, user, None);
            }
            world.wait(100);
            world
        };
        let (mut gathered, mut single) = (start(), start());
        gathered.says_at_once(&frames);
        for (number, frame) in &frames {
            single.says(*number, frame);
        }
        prop_assert_eq!(gathered.seen(), single.seen());
    }
}

/// The scripts above are worth something only if they get that far.
#[test]
fn scripts_reach_what_they_are_made_for() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut all = String::new();
    for _ in 0..200 {
        let steps = prop::collection::vec(step(), 60).new_tree(&mut runner).unwrap().current();
        write!(all, "{:?}", play(&steps, true).seen()).unwrap();
    }
    for reached in [
        "session_state",
        "edit_ack",
        "\\\"operation\\\":\\\"replace",
        "\\\"type\\\":\\\"cursor",
        "\\\"type\\\":\\\"join_session",
        "\\\"type\\\":\\\"leave_session",
        "\\\"version\\\":9",
        "\\\"role\\\":\\\"viewer",
        "CONFLICT",
        "NOT_FOUND",
        "PERMISSION_DENIED",
        "INVALID_MESSAGE_FORMAT",
        "RATE_LIMIT_EXCEEDED",
        "user_left",
    ] {
        assert!(all.contains(reached), "{reached}");
    }
}

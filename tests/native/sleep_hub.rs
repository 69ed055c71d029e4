//! Sleep is invisible in a hub too, to every dialect and to callers over HTTP.

use std::fmt::Write;

use dormouse::api::EventIn;
use dormouse::dialect::DialectId;
use dormouse::limits::Limits;
use dormouse::message::Kind;
use dormouse::room::Grants;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use serde_json::{Value, json};

use crate::support::a_users;
use crate::world::World;

/// Small enough that scripts reach every limit.
fn limits() -> Limits {
    Limits {
        messages_per_minute: 8,
        broadcasts_per_minute: 6,
        user_share_percent: 50,
        inactivity_ms: 90_000,
        history_entries_max: 8,
        history_age_days_max: 1,
        ..Limits::default()
    }
}

#[derive(Clone, Debug)]
enum Step {
    Join { dialect: DialectId, number: u64, user: &'static str },
    Leave { number: u64 },
    Says { number: u64, frame: String },
    Call { event: String },
    Wait { millis: u64 },
    Sleep,
}

fn topic() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just("*"), Just("agent.*"), Just("agent.x"), Just("state.*"), Just("user_*")]
}

fn id() -> impl Strategy<Value = Value> {
    prop_oneof![2 => Just(json!(null)), 1 => Just(json!("m1")), 1 => Just(json!("m2"))]
}

/// Frames of all three dialects; each takes the others' for nonsense.
fn frame() -> impl Strategy<Value = String> {
    let name = || prop_oneof![Just("agent.x"), Just("other")];
    prop_oneof![
        3 => topic().prop_map(|it| json!({"type": "subscribe", "id": "s", "events": [it]})),
        1 => topic().prop_map(|it| json!({"type": "unsubscribe", "id": "u", "events": [it]})),
        3 => (id(), name(), 0u32..9).prop_map(|(id, name, data)| {
            let params = json!({"event": name, "data": data});
            json!({"type": "command", "id": id, "command": "publish", "params": params})
        }),
        2 => (id(), 0u32..3, 0u32..3).prop_map(|(id, key, value)| {
            let value = if value == 0 { json!(null) } else { json!(value) };
            let params = json!({"key": format!("k{key}"), "value": value});
            json!({"type": "command", "id": id, "command": "set_state", "params": params})
        }),
        1 => prop_oneof![Just("state"), Just("presence"), Just("subscriptions"), Just("stats")]
            .prop_map(|it| json!({"type": "query", "id": "q", "query": it})),
        1 => (0u64..20).prop_map(|it| {
            json!({"type": "query", "id": "h", "query": "history", "params": {"after": it, "limit": 3}})
        }),
        1 => Just(json!({"type": "command", "id": "k", "command": "kick", "params": {"user_id": "bob"}})),
        1 => Just(json!({"type": "status"})),
        1 => Just(json!({"type": "pong"})),
        1 => (id(), 0u32..9).prop_map(|(id, x)| json!({"type": "custom", "id": id, "x": x})),
        1 => Just(json!({"type": "ping", "id": "p"})),
    ]
    .prop_map(|it| it.to_string())
}

fn event() -> impl Strategy<Value = String> {
    let notification = json!({
        "notification_id": "n", "user_id": "ann", "title": "t", "message": "m",
        "category": "system_alert", "priority": "critical",
    });
    prop_oneof![
        (id(), 0u32..9).prop_map(|(id, it)| json!({"type": "agent.x", "id": id, "data": it})),
        Just(json!({"type": "notification", "data": notification})),
        Just(json!({"type": "broadcast", "data": {}})),
        Just(json!({"type": "workflow_update", "data": {}})),
    ]
    .prop_map(|it| it.to_string())
}

fn step() -> impl Strategy<Value = Step> {
    let dialect =
        prop_oneof![Just(DialectId::WORKFLOW), Just(DialectId::EVENTS), Just(DialectId::CLIENT)];
    let number = || 0u64..5;
    let user = prop_oneof![Just("ann"), Just("bob")];
    prop_oneof![
        3 => (dialect, number(), user)
            .prop_map(|(dialect, number, user)| Step::Join { dialect, number, user }),
        1 => number().prop_map(|number| Step::Leave { number }),
        8 => (number(), frame()).prop_map(|(number, frame)| Step::Says { number, frame }),
        3 => event().prop_map(|event| Step::Call { event }),
        2 => prop_oneof![1u64..3_000, 20_000u64..30_000, 30_000u64..100_000, Just(90_000_000)]
            .prop_map(|millis| Step::Wait { millis }),
        3 => Just(Step::Sleep),
    ]
}

/// Plays a script; gives what every socket saw, and what every call was answered.
fn play(steps: &[Step], may_sleep: bool) -> (World, String) {
    let mut world = World::of(Kind::Hub, limits());
    world.grants = |user| if user == "ann" { Grants::all() } else { a_users() };
    let (mut current, mut next, mut answers) = ([None; 5], 10, String::new());
    for step in steps {
        if !matches!(step, Step::Sleep) {
            world.wait(1);
        }
        match step {
            Step::Join { dialect, number, user } => {
                let slot = &mut current[usize::try_from(*number).unwrap()];
                if slot.is_none_or(|it| !world.sockets.is_open(crate::support::session_id(it))) {
                    world.join_on(*dialect, next, user);
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
            Step::Call { event } => {
                let event: EventIn = serde_json::from_str(event).unwrap();
                let answer = world.call(event.request(Kind::Hub));
                writeln!(answers, "{answer}").unwrap();
            }
            Step::Wait { millis } => world.wait(*millis),
            Step::Sleep if may_sleep => world.sleep(),
            Step::Sleep => {}
        }
    }
    world.wait(60_000);
    (world, answers)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Whatever happens, neither clients nor callers can tell whether the hub slept.
    #[test]
    fn sleep_is_invisible_in_a_hub(steps in prop::collection::vec(step(), 0..60)) {
        let ((asleep, told), (awake, expected)) = (play(&steps, true), play(&steps, false));
        prop_assert_eq!(asleep.seen(), awake.seen());
        prop_assert_eq!(told, expected);
    }

    /// Not even if it sleeps between any two steps.
    #[test]
    fn sleep_between_any_two_steps_is_invisible_in_a_hub(
        steps in prop::collection::vec(step(), 0..40),
    ) {
        let drowsy: Vec<Step> = steps.iter().flat_map(|it| [it.clone(), Step::Sleep]).collect();
        let ((asleep, told), (awake, expected)) = (play(&drowsy, true), play(&steps, false));
        prop_assert_eq!(asleep.seen(), awake.seen());
        prop_assert_eq!(told, expected);
    }
}

/// The scripts above are worth something only if they get that far.
#[test]
fn scripts_reach_what_they_are_made_for() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut all = String::new();
    for _ in 0..200 {
        let steps = prop::collection::vec(step(), 60).new_tree(&mut runner).unwrap().current();
        let (world, answers) = play(&steps, true);
        write!(all, "{:?}{answers}", world.seen()).unwrap();
    }
    for reached in [
        "connection_established",
        "hello",
        "\\\"type\\\":\\\"ping",
        "agent.x",
        "state.k1",
        "notification",
        "broadcast",
        "duplicate: true",
        "duplicate: false",
        "InvalidMessageFormat",
        "RateLimitExceeded",
        "RATE_LIMIT_EXCEEDED",
        "CONNECTION_TIMEOUT",
        "closed by an administrator",
        "next_after",
        "Closed(1008",
        "Closed(1001",
    ] {
        assert!(all.contains(reached), "{reached}");
    }
}

//! Sleep is invisible in an analytics room too, to dashboards, to backends and to the chat
//! room of its name.

use std::fmt::Write;

use dormouse::api::{EventIn, Task};
use dormouse::feature::metrics::Measures;
use dormouse::limits::Limits;
use dormouse::message::Kind;
use dormouse::room::{Command, Request};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::session_id;
use crate::world::World;

#[derive(Clone, Debug)]
enum Step {
    Join(u64),
    Leave(u64),
    Says(u64, Value),
    Publish(Value),
    Measures(u64, u64, Option<u64>),
    Erase,
    Wait(u64),
    Sleep,
}

fn metric() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just("engagement"), Just("activity"), Just("a"), Just("b"), Just("no name")]
}

fn step() -> impl Strategy<Value = Step> {
    let number = || 1u64..4;
    let kind = prop_oneof![2 => Just("subscribe"), 1 => Just("unsubscribe")];
    let metrics = prop::collection::vec(metric(), 0..3);
    let id = prop_oneof![2 => Just(json!(null)), 1 => Just(json!("m1"))];
    prop_oneof![
        3 => number().prop_map(Step::Join),
        1 => number().prop_map(Step::Leave),
        6 => (number(), kind, metrics).prop_map(|(number, kind, metrics)| {
            Step::Says(number, json!({"type": kind, "id": "s", "data": {"metrics": metrics}}))
        }),
        6 => (metric(), 0u32..3, id).prop_map(|(metric, value, id)| {
            let data = json!({"metric": metric, "value": value});
            Step::Publish(json!({"type": "metric_update", "id": id, "data": data}))
        }),
        4 => (0u64..3, 0u64..3, proptest::option::of(0u64..3))
            .prop_map(|(engagement, activity, performance)| {
                Step::Measures(engagement, activity, performance)
            }),
        1 => Just(Step::Erase),
        2 => prop_oneof![1u64..2_000, Just(100_000)].prop_map(Step::Wait),
        4 => Just(Step::Sleep),
    ]
}

/// Plays a script; gives the world, what every caller was answered, and whom the room called.
fn play(steps: &[Step], may_sleep: bool) -> (World, String) {
    let mut world = World::of(Kind::Analytics, limits());
    let mut answers = String::new();
    for step in steps {
        world.wait(1);
        match step {
            Step::Join(number) if !world.sockets.is_open(session_id(*number)) => {
                world.join(*number, &format!("user-{number}"), None);
            }
            Step::Leave(number) => world.leave(*number),
            Step::Says(number, frame) => {
                if world.sockets.is_open(session_id(*number)) {
                    world.says(*number, &frame.to_string());
                }
            }
            Step::Publish(event) => {
                let event: EventIn = serde_json::from_value(event.clone()).unwrap();
                let answer = world.call(event.request(Kind::Analytics));
                writeln!(answers, "{answer}").unwrap();
            }
            Step::Measures(engagement, activity, performance) => {
                let (at, performance) = (world.now, *performance);
                let (engagement, activity) = (*engagement, *activity);
                let measures = Measures { at, engagement, activity, performance };
                writeln!(answers, "{:?}", world.run(&Task::Measures(measures))).unwrap();
            }
            Step::Erase => {
                let request = Request { client_ref: None, command: Ok(Command::Erase) };
                writeln!(answers, "{}", world.call(request)).unwrap();
            }
            Step::Wait(millis) => world.wait(*millis),
            Step::Sleep if may_sleep => world.sleep(),
            Step::Join(_) | Step::Sleep => {}
        }
    }
    writeln!(answers, "{:?}", world.calls).unwrap();
    (world, answers)
}

fn limits() -> Limits {
    Limits { inactivity_ms: 0, messages_per_minute: 20, ..Limits::default() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn nobody_can_tell_whether_an_analytics_room_slept(
        steps in prop::collection::vec(step(), 1..50),
    ) {
        let (awake, told) = play(&steps, false);
        let (slept, also_told) = play(&steps, true);
        prop_assert_eq!(awake.seen(), slept.seen());
        prop_assert_eq!(told, also_told);
    }
}

//! Sleep is invisible in a conversation too, though it may lose calls that are under way.

use std::collections::BTreeMap;
use std::fmt::Write;

use dormouse::feature::conversations::{Outcome, Question, Responded};
use dormouse::limits::{Limits, Responder};
use dormouse::message::Kind;
use dormouse::room::Outbound;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use serde_json::{Value, json};

use crate::support::session_id;
use crate::world::World;

#[derive(Clone, Debug)]
enum Step {
    Join {
        number: u64,
    },
    Leave {
        number: u64,
    },
    Says {
        number: u64,
        frame: String,
    },
    Wait {
        millis: u64,
    },
    /// The oldest call under way comes to its end.
    Respond,
    Sleep,
}

/// What the responder makes of a message depends on what it says, and on how often it was
/// asked.
fn outcome(question: &Question) -> Outcome {
    match question.content.as_str() {
        "flaky" if question.pending.attempt < 3 => Outcome::Failed,
        "down" => Outcome::Failed,
        "odd" => Outcome::Unusable,
        "held" => Outcome::Held { wait_s: 9 },
        content => Outcome::Answered(content.to_uppercase()),
    }
}

fn frame() -> impl Strategy<Value = String> {
    let id = prop_oneof![Just("m1"), Just("m2"), Just("m3"), Just("m4")];
    let content = prop_oneof![
        3 => Just("hi"), 1 => Just("flaky"), 1 => Just("down"), 1 => Just("odd"), 1 => Just("held")
    ];
    prop_oneof![
        2 => Just(json!({"type": "connect", "clientId": "c", "version": "1"})),
        6 => (id, content).prop_map(|(id, content)| {
            json!({"type": "message", "clientId": "c", "messageId": id, "content": content})
        }),
        1 => Just(json!({"type": "message", "clientId": "d", "messageId": "m9", "content": "x"})),
        1 => Just(json!({"type": "history", "limit": 3})),
        1 => Just(json!({"type": "ping", "n": 1})),
        1 => Just(json!({"type": "nonsense"})),
    ]
    .prop_map(|it| it.to_string())
}

fn step() -> impl Strategy<Value = Step> {
    let number = || 0u64..3;
    prop_oneof![
        3 => number().prop_map(|number| Step::Join { number }),
        1 => number().prop_map(|number| Step::Leave { number }),
        8 => (number(), frame()).prop_map(|(number, frame)| Step::Says { number, frame }),
        2 => prop_oneof![1u64..3_000, Just(13_000), 30_000u64..100_000]
            .prop_map(|millis| Step::Wait { millis }),
        4 => Just(Step::Respond),
        3 => Just(Step::Sleep),
    ]
}

fn respond(world: &mut World) {
    if world.calls.is_empty() {
        return;
    }
    let Outbound::Respond(question) = world.calls.remove(0) else { panic!("another call") };
    let outcome = outcome(&question);
    let Question { pending, epoch, .. } = *question;
    let (question, attempt) = (pending.offset, pending.attempt);
    world.responded(Responded { question, epoch, attempt, outcome });
}

/// How a script treats calls.
#[derive(Clone, Copy, PartialEq)]
enum Calls {
    /// As long as they last, the room is awake: so it is on the platform while it hibernates.
    KeepAwake,
    /// They are lost with the room's memory: so it is when it is evicted, or killed.
    AreLost,
}

fn play(steps: &[Step], may_sleep: bool, calls: Calls) -> World {
    let limits = Limits {
        responder: Responder::Http,
        messages_per_minute: 0,
        inactivity_ms: 0,
        ..Limits::default()
    };
    let mut world = World::of(Kind::Conversation, limits);
    world.join_conversation(9, "ann"); // Who never says a word.
    let (mut current, mut next) = ([None; 3], 10);
    for step in steps {
        if !matches!(step, Step::Sleep) {
            world.wait(1);
        }
        match step {
            Step::Join { number } => {
                let slot = &mut current[usize::try_from(*number).unwrap()];
                if slot.is_none_or(|it| !world.sockets.is_open(session_id(it))) {
                    world.join_conversation(next, "ann");
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
            Step::Wait { millis } if calls == Calls::AreLost => {
                // A call that nobody hears of for long has failed, which is another story.
                let until = world.now.plus(*millis);
                while world.now < until {
                    while !world.calls.is_empty() {
                        respond(&mut world);
                    }
                    world.wait(until.since(world.now).min(5_000));
                }
            }
            Step::Wait { millis } => world.wait(*millis),
            Step::Respond => respond(&mut world),
            Step::Sleep if may_sleep && (calls == Calls::AreLost || world.calls.is_empty()) => {
                world.sleep();
                world.calls.clear();
            }
            Step::Sleep => {}
        }
    }
    // Until nothing is under way any more.
    for _ in 0..20 {
        world.wait(1);
        while !world.calls.is_empty() {
            respond(&mut world);
        }
        world.wait(13_000);
    }
    world
}

fn count(world: &World, sql: &str) -> u64 {
    world.database.count(sql, 1)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(384))]

    /// Whatever happens, no client can tell whether the room slept between calls.
    #[test]
    fn sleep_is_invisible_in_a_conversation(steps in prop::collection::vec(step(), 0..60)) {
        let asleep = play(&steps, true, Calls::KeepAwake);
        prop_assert_eq!(asleep.seen(), play(&steps, false, Calls::KeepAwake).seen());
    }

    /// Nor between any two steps.
    #[test]
    fn sleep_between_any_two_steps_is_invisible_in_a_conversation(
        steps in prop::collection::vec(step(), 0..40),
    ) {
        let drowsy: Vec<Step> = steps.iter().flat_map(|it| [it.clone(), Step::Sleep]).collect();
        let asleep = play(&drowsy, true, Calls::KeepAwake);
        prop_assert_eq!(asleep.seen(), play(&steps, false, Calls::KeepAwake).seen());
    }

    /// Even if calls are lost, every message comes to its end, and to no two responses.
    #[test]
    fn no_message_is_lost_with_a_call(steps in prop::collection::vec(step(), 0..60)) {
        let world = play(&steps, true, Calls::AreLost);
        prop_assert_eq!(count(&world, "SELECT COUNT(*) FROM question WHERE 1 = "), 0);
        let twice = "SELECT COUNT(*) FROM (SELECT 1 FROM entry WHERE kind = 'response'
            GROUP BY json_extract(data, '$.messageId') HAVING 1 < COUNT(*)) WHERE 1 = ";
        prop_assert_eq!(count(&world, twice), 0);
        // Whatever a message says that can be answered has been: all of them are.
        let unanswered = "SELECT COUNT(*) FROM entry WHERE kind = 'message'
            AND json_extract(data, '$.content') IN ('hi', 'flaky')
            AND NOT EXISTS (SELECT 1 FROM response WHERE message = entry.offset) AND 1 = ";
        prop_assert_eq!(count(&world, unanswered), 0);
        for number in world.seen().keys() {
            prop_assert!(one_answer_each(&world.sockets.frames(number_of(*number))));
        }
    }
}

fn number_of(session: dormouse::message::SessionId) -> u64 {
    (0..1000).find(|it| session_id(*it) == session).unwrap()
}

/// Whether all responses of one id say the same, at the same time.
fn one_answer_each(frames: &[Value]) -> bool {
    let mut answers = BTreeMap::new();
    let responses = frames.iter().filter(|it| it["type"] == "response");
    responses.into_iter().all(|it| {
        let id = it["messageId"].as_str().unwrap().to_owned();
        answers.entry(id).or_insert_with(|| it.clone()) == it
    })
}

/// The scripts above are worth something only if they get that far.
#[test]
fn conversations_reach_what_they_are_made_for() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut all = String::new();
    for _ in 0..200 {
        let steps = prop::collection::vec(step(), 60).new_tree(&mut runner).unwrap().current();
        write!(all, "{:?}", play(&steps, true, Calls::AreLost).seen()).unwrap();
    }
    for reached in [
        "connect_confirm",
        "HI",
        "FLAKY",
        "did not answer",
        "could be used",
        "retry_after\\\":9",
        "connect first",
        "not the one of connect",
        "assistant",
        "pong",
        "UNKNOWN_MESSAGE_TYPE",
    ] {
        assert!(all.contains(reached), "{reached}");
    }
}

//! Webhooks: what is told, in what order, how often, and what is given up.

use dormouse::feature::webhooks::{Delivered, Delivery, Outcome};
use dormouse::feature::{Call, Input as FeatureInput};
use dormouse::kernel::{Input, Loss};
use dormouse::limits::Limits;
use dormouse::message::Kind;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::annotations::{delete, edit};
use crate::publications::called;
use crate::world::World;

pub(crate) fn told_of(kind: Kind, events: &str) -> World {
    let limits = Limits {
        messages_per_minute: 0,
        broadcasts_per_minute: 0,
        user_share_percent: 0,
        inactivity_ms: 0,
        ..Limits::default()
    };
    World::of(kind, limits).configured(&[
        ("WEBHOOK_URL", "https://hooks.example/"),
        ("WEBHOOK_SECRET", "a secret of the receiver, 32 bytes or more"),
        ("WEBHOOK_EVENTS", events),
    ])
}

/// A chat room whose messages are told, with one member.
fn chat() -> World {
    let mut world = told_of(Kind::Chat, "message");
    world.join(1, "ann", None);
    world
}

pub(crate) fn says(world: &mut World, content: &str) {
    world.says(1, &json!({"type": "message", "data": {"content": content}}).to_string());
}

/// The call that the room wants made; there is no other.
pub(crate) fn call(world: &mut World) -> Delivery {
    let calls = std::mem::take(&mut world.calls);
    let [Call::Webhooks(delivery)] = calls.as_slice() else { panic!("{calls:?}") };
    delivery.clone()
}

pub(crate) fn comes_of(world: &mut World, delivery: &Delivery, outcome: Outcome) {
    let delivered = Delivered { batch: delivery.batch.clone(), outcome };
    world.happens(Input::Feature(FeatureInput::Webhooks(delivered)));
}

pub(crate) fn events(delivery: &Delivery) -> Vec<Value> {
    delivery.events.iter().map(|it| serde_json::from_str(it).unwrap()).collect()
}

fn said(delivery: &Delivery) -> Vec<String> {
    let content = |it: Value| it["data"]["content"].as_str().unwrap().to_owned();
    events(delivery).into_iter().map(content).collect()
}

fn waiting(world: &World) -> u64 {
    world.database.count("SELECT COUNT(*) FROM webhook_event WHERE 1 = ", 1)
}

#[test]
fn y3_a_published_event_is_told_as_it_is_in_the_log() {
    let mut world = chat();
    says(&mut world, "hi");
    assert_eq!(waiting(&world), 1, "with the message, in one transaction");
    world.wait(1_000);
    let [event] = events(&call(&mut world)).try_into().unwrap();
    let id = world.database.names("SELECT id FROM entry").remove(0);
    let expected = json!({
        "id": format!("event_{id}"), "type": "message", "at": "2024-01-01T12:00:00.123Z",
        "offset": 1, "user": "ann", "data": {"content": "hi", "messageType": "text"},
    });
    assert_eq!(event, expected);
}

#[test]
fn y4_events_of_a_second_are_one_call_and_a_hundred_are_one_at_once() {
    let mut world = chat();
    says(&mut world, "1");
    world.wait(999);
    says(&mut world, "2");
    assert!(world.calls.is_empty());
    world.wait(1);
    let delivery = call(&mut world);
    assert_eq!(said(&delivery), ["1", "2"]);
    comes_of(&mut world, &delivery, Outcome::Done);
    assert_eq!(waiting(&world), 0);
    let burst: Vec<_> = (0..250).map(|it| it.to_string()).collect();
    let frame = |it| json!({"type": "message", "data": {"content": it}}).to_string();
    world.says_at_once(&burst.iter().map(|it| (1, frame(it))).collect::<Vec<_>>());
    let mut all = Vec::new();
    for count in [100, 100] {
        let delivery = call(&mut world);
        assert_eq!(delivery.events.len(), count, "one after the other, without a wait");
        all.extend(said(&delivery));
        comes_of(&mut world, &delivery, Outcome::Done);
    }
    assert!(world.calls.is_empty());
    world.wait(1_000);
    all.extend(said(&call(&mut world)));
    assert_eq!(all, burst);
}

#[test]
fn y4_a_large_event_goes_alone_and_what_is_before_it_first() {
    let mut world = chat();
    let large = "x".repeat(1_000_000);
    for content in ["small", &large, "last"] {
        says(&mut world, content);
    }
    for expected in ["small", &large] {
        let delivery = call(&mut world);
        assert_eq!(said(&delivery), [expected]);
        comes_of(&mut world, &delivery, Outcome::Done);
    }
    world.wait(1_000);
    assert_eq!(said(&call(&mut world)), ["last"]);
}

#[test]
fn y6_what_fails_is_told_again_with_the_same_events_ever_later() {
    let mut world = chat();
    says(&mut world, "1");
    world.wait(1_000);
    let first = call(&mut world);
    let mut waits = Vec::new();
    let mut last = first.clone();
    for _ in 0..11 {
        comes_of(&mut world, &last, Outcome::Failed);
        says(&mut world, "another");
        assert!(world.calls.is_empty(), "all others wait");
        let since = world.now;
        while world.calls.is_empty() {
            world.wait(1_000);
        }
        waits.push(world.now.since(since) / 1_000);
        last = call(&mut world);
        assert_eq!(last.events, first.events);
    }
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
    comes_of(&mut world, &last, Outcome::Done);
    assert_eq!(call(&mut world).events.len(), 11);
}

#[test]
fn y6_a_service_that_is_left_alone_costs_no_attempt() {
    let mut world = chat();
    says(&mut world, "1");
    world.wait(1_000);
    let delivery = call(&mut world);
    comes_of(&mut world, &delivery, Outcome::Held { wait_ms: 30_000 });
    world.wait(29_999);
    assert!(world.calls.is_empty());
    world.wait(1);
    assert_eq!(call(&mut world).batch.progress.attempt, delivery.batch.progress.attempt);
}

#[test]
fn y6_a_call_of_which_nothing_is_heard_has_failed() {
    let mut world = chat();
    says(&mut world, "1");
    world.wait(1_000);
    let silent = call(&mut world);
    world.wait(13_000);
    let again = call(&mut world);
    assert_eq!(again.batch.progress.attempt, 2);
    // Word of the first comes late: it is the same events.
    comes_of(&mut world, &silent, Outcome::Failed);
    assert_eq!(waiting(&world), 1);
    comes_of(&mut world, &silent, Outcome::Done);
    comes_of(&mut world, &again, Outcome::Done);
    assert_eq!(waiting(&world), 0);
}

#[test]
fn y7_after_a_day_it_is_given_up_and_the_log_says_so() {
    for held in [false, true] {
        let mut world = chat();
        says(&mut world, "1");
        world.wait(10_000);
        says(&mut world, "2");
        let outcome = if held { Outcome::Held { wait_ms: 60_000 } } else { Outcome::Failed };
        let begun = world.now;
        while waiting(&world) == 2 {
            assert!(world.losses.is_empty());
            let delivery = call(&mut world);
            comes_of(&mut world, &delivery, outcome);
            while waiting(&world) == 2 && world.calls.is_empty() {
                world.wait(1_000);
            }
        }
        let day = 24 * 60 * 60 * 1000;
        assert!((day - 10_000..day + 300_000).contains(&world.now.since(begun)));
        let what = "webhook events were given up: nobody took them for a day";
        assert_eq!(world.losses, [Loss { what, count: 1 }]);
        assert_eq!(said(&call(&mut world)), ["2"], "which is called about once at least");
    }
}

#[test]
fn y8_of_more_than_a_room_keeps_the_oldest_are_given_up() {
    let mut world = chat();
    says(&mut world, "first");
    world.wait(1_000);
    let under_way = call(&mut world);
    for number in 0..10_000 {
        says(&mut world, &number.to_string());
    }
    let what = "webhook events were given up: more wait than a room keeps";
    assert_eq!(world.losses, [Loss { what, count: 100 }]);
    assert_eq!(waiting(&world), 9_901);
    // What is under way is perhaps through, and is not given up.
    comes_of(&mut world, &under_way, Outcome::Done);
    assert_eq!(said(&call(&mut world))[0], "100");
    // By their bytes too.
    let mut world = chat();
    for _ in 0..20 {
        says(&mut world, &"x".repeat(1_000_000));
    }
    let lost: u64 = world.losses.iter().map(|it| it.count).sum();
    assert_eq!((waiting(&world), lost), (16, 4));
}

#[test]
fn y3_of_what_is_deleted_nothing_waits_and_its_place_is_told_in_order() {
    for sleeps in [false, true] {
        let mut world = told_of(Kind::Chat, "*");
        world.join(1, "ann", None);
        for text in ["secret é", "x", "kept"] {
            says(&mut world, text);
        }
        for frame in [edit(1, "secret too"), edit(3, "kept still"), delete(1), delete(2)] {
            world.says(1, &frame.to_string());
        }
        if sleeps {
            world.sleep();
        }
        let stored = world.database.dump();
        assert!(!stored.contains("secret") && stored.contains("kept"), "{stored}");
        world.wait(1_000);
        let told = events(&call(&mut world));
        let shown = told.iter().filter(|it| it["offset"] != Value::Null).map(|it| {
            let data = &it["data"];
            let text = data["content"].as_str().or(data["data"]["content"].as_str());
            (it["offset"].as_u64().unwrap(), it["type"].as_str().unwrap(), text)
        });
        assert_eq!(
            shown.collect::<Vec<_>>(),
            [
                (1, "message", None),
                (2, "message", None),
                (3, "message", Some("kept")),
                (4, "edit", None),
                (5, "edit", Some("kept still")),
                (6, "delete", None),
                (7, "delete", None),
            ]
        );
        assert_eq!((&told[2]["user"], told[2].get("data")), (&json!("ann"), None));
    }
}

#[test]
fn y9_erasing_a_room_erases_what_waits() {
    let mut world = chat();
    says(&mut world, "secret");
    world.wait(1_000);
    let delivery = call(&mut world);
    world.run_as(
        &crate::support::member("admin"),
        dormouse::kernel::Grants::all(),
        &dormouse::api::Task::Erase,
    );
    assert_eq!(waiting(&world), 0);
    comes_of(&mut world, &delivery, Outcome::Failed);
    world.wait(10_000);
    assert!(world.calls.is_empty());
}

#[test]
fn y10_a_room_sleeps_until_it_is_time_to_tell_and_is_kept_until_it_was() {
    let mut world = told_of(Kind::Hub, "other");
    world.call(called(Kind::Hub, &json!({"type": "other"})));
    world.sleep();
    world.wait(1_000);
    let delivery = call(&mut world);
    world.sleep();
    // The call died with the room's memory: it is made again.
    world.wait(12_000);
    let again = call(&mut world);
    assert_eq!((again.events.clone(), again.batch.progress.attempt), (delivery.events, 1));
    comes_of(&mut world, &again, Outcome::Failed);
    world.sleep();
    world.wait(1_000);
    assert_eq!(call(&mut world).batch.progress.attempt, 2);
}

#[test]
fn y11_without_a_service_what_waits_is_kept_for_a_day_and_nothing_is_added() {
    let mut world = chat();
    says(&mut world, "1");
    world.sleep();
    let mut world = world.configured(&[]);
    says(&mut world, "2");
    world.wait(60_000);
    assert!(world.calls.is_empty() && waiting(&world) == 1);
    world.sleep();
    world.wait(24 * 60 * 60 * 1000);
    assert_eq!((waiting(&world), world.losses.len()), (0, 1));
    assert!(world.calls.is_empty());
}

#[test]
fn the_receiver_in_the_documents_is_the_one_that_is_tested() {
    let receiver = include_str!("../../examples/webhook-receiver.mjs");
    let documents = include_str!("../../docs/OPERATIONS.md");
    assert!(documents.contains(&format!("```js\n{}\n```\n", receiver.trim_end())));
}

/// What happens to a room, and to the service that is told of it.
#[derive(Clone, Debug)]
enum Step {
    Says(u8),
    Waits(u64),
    Sleeps,
    /// A call comes to its end: whether it reached the service, and what the room hears of it.
    Ends {
        reached: bool,
        outcome: Outcome,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let fails = prop_oneof![
        (any::<bool>(), Just(Outcome::Failed)),
        (Just(false), (1u64..60_000).prop_map(|wait_ms| Outcome::Held { wait_ms })),
        (Just(true), Just(Outcome::Done)),
        (Just(true), Just(Outcome::Done)),
    ];
    prop_oneof![
        4 => (1u8..120).prop_map(Step::Says),
        3 => (0u64..3_000).prop_map(Step::Waits),
        1 => (3_000u64..400_000).prop_map(Step::Waits),
        2 => Just(Step::Sleeps),
        4 => fails.prop_map(|(reached, outcome)| Step::Ends { reached, outcome }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// [Y3, Y10] Whatever fails and whenever the room's memory is lost, every event arrives, and
    /// for the first time in the order of the log.
    #[test]
    fn events_arrive_in_order_and_none_is_lost(steps in prop::collection::vec(step(), 1..40)) {
        let mut world = chat();
        let (mut sent, mut arrived, mut under_way) = (0u64, Vec::new(), None);
        let end = std::iter::repeat_n([
            Step::Waits(400_000), Step::Ends { reached: true, outcome: Outcome::Done },
        ], 60).flatten();
        for step in steps.into_iter().chain(end) {
            match step {
                Step::Says(count) => for _ in 0..count {
                    sent += 1;
                    world.wait(1);
                    says(&mut world, &sent.to_string());
                },
                Step::Waits(millis) => world.wait(millis),
                Step::Sleeps => {
                    world.sleep();
                    under_way = None;
                }
                Step::Ends { reached, outcome } => {
                    let Some(delivery) = under_way.take() else { continue };
                    if reached {
                        arrived.extend(events(&delivery));
                    }
                    comes_of(&mut world, &delivery, outcome);
                }
            }
            for call in world.calls.drain(..) {
                let Call::Webhooks(delivery) = call else { continue };
                // One that nobody heard of for long was given up for lost.
                under_way = Some(delivery);
            }
        }
        let mut seen = std::collections::BTreeSet::new();
        let first: Vec<u64> = arrived.iter().filter(|it| seen.insert(it["id"].to_string()))
            .map(|it| it["offset"].as_u64().unwrap()).collect();
        prop_assert_eq!(first, (1..=sent).collect::<Vec<_>>());
        prop_assert_eq!(waiting(&world), 0);
        prop_assert!(world.losses.is_empty());
    }
}

//! Scripts that once showed something, each by the name of what it showed.

use std::rc::Rc;

use dormouse::api::Task;
use dormouse::protocol::Frame;
use serde_json::{Value, json};

use super::is_invisible;
use super::measures::{LooksAway, Observes};
use super::place::{self, Place};
use super::stage::{DedupeWindow, play};
use super::step::{Bound, Bounds, Script, Step};
use super::told::{Moment, Told};
use super::vacancy::AllLeave;

/// All as the same user.
fn script(place: &'static Place, user: &'static str, steps: Vec<Step>) -> Script {
    let guests = vec![Some(user); place.seats.len()];
    Script { bounds: Bounds::HIGH, drowsy: false, is_told: false, polite: true, guests, steps }
}

fn says(seat: usize, frame: &Value) -> Step {
    Step::Says(seat, Frame::Text(frame.to_string()))
}

/// What it says of itself within a second of the last time is put off, and nobody waits for it.
#[test]
fn m6_a_room_learns_that_nobody_watches_it_however_long_it_is_left_alone() {
    let event = json!({"type": "other"});
    // A minute ends at any of these, for what is measured in steps.
    for waits in (0..1_200).step_by(100) {
        let steps = vec![
            Step::Waits(waits),
            says(0, &json!({"type": "message", "data": {"content": ""}})),
            Step::Acts(Rc::new(Observes)),
            Step::Acts(Rc::new(LooksAway)),
            Step::Sleeps,
            Step::Publishes("ann", vec![event.clone()]),
            Step::Acts(Rc::new(AllLeave)),
        ];
        let bounds = Bounds { messages: Bound::None, silence: Bound::None, ..Bounds::LOW };
        let script = Script { bounds, polite: false, ..script(&place::CHAT, "ann", steps) };
        is_invisible(&place::CHAT, &script).unwrap();
    }
}

#[test]
fn a_room_that_is_erased_while_an_object_is_fetched_is_vacant_at_once() {
    let chunk = crate::transfer::chunk("d1", 0, 1, b"x");
    let fetches = json!({"type": "large_data_request", "data": {"data_id": "d1"}});
    let steps = vec![
        says(0, &chunk),
        Step::Sleeps,
        says(0, &fetches),
        Step::Calls("backend", Task::Erase),
        Step::WaitsAndReturns(1),
    ];
    is_invisible(&place::HUB, &script(&place::HUB, "ann", steps)).unwrap();
}

#[test]
fn p12_a_resend_of_what_the_log_no_longer_keeps_is_answered_also_after_sleep() {
    let message = |id: Value| json!({"type": "message", "id": id, "data": {"content": "x"}});
    let mut steps = vec![says(0, &message(json!("m1")))];
    steps.extend((0..9).map(|_| says(1, &message(Value::Null))));
    steps.extend([Step::Waits(2_000), Step::Sleeps, says(0, &message(json!("m1")))]);
    let script = script(&place::CHAT, "bob", steps);
    is_invisible(&place::CHAT, &script).unwrap();
    // Of its steps, the last is the one after which five more look around.
    let moments = play(&place::CHAT, &script, DedupeWindow::IsDropped);
    let asked = |it: &&Moment| it.said.len() == 1 && it.woke;
    let told = Told::of(moments.iter().find(asked).unwrap());
    let [answer] = told.own.as_slice() else { panic!("one answer: {told:?}") };
    assert_eq!(answer["data"]["offset"], 1);
    assert!(told.others.is_empty());
}

//! Gathering is invisible as well: what is flushed together says what it would have said alone.

use dormouse::protocol::Frame;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use serde_json::{Value, json};

use super::editing;
use super::place::{self, Place};
use super::step::{Bounds, Step};
use crate::world::World;

/// Connections, and what they say.
type Said = Vec<(u64, String)>;

/// What three connections say of all that is said in such a room.
fn said(place: &'static Place, most: usize) -> impl Strategy<Value = Said> {
    let text = |step| match step {
        Step::Says(seat, Frame::Text(text)) => Some((seat, text)),
        _ => None,
    };
    let says = place.step().prop_filter_map("a frame", text);
    let frame = says.prop_map(|(seat, text)| (10 + seat as u64 % 3, text));
    prop::collection::vec(frame, 1..most)
}

fn edits(most: usize) -> impl Strategy<Value = Said> {
    let edit = (10u64..13, editing::edit(), 0u64..3).prop_map(|(number, mut edit, version)| {
        edit["data"]["version"] = json!(version);
        (number, edit.to_string())
    });
    // What is written and deleted in one flush is told though nothing of it is there to be seen.
    let other = said(&place::COLLABORATION, 2)
        .prop_filter_map("a deletion", |it| it.into_iter().find(|it| !it.1.contains("delete_")));
    prop::collection::vec(prop_oneof![3 => edit, 1 => other], 1..most)
}

fn start(place: &'static Place, batched: bool) -> World {
    let mut world = World::of(place.kind, place.limits(Bounds::LOW)).answered_over_http();
    for (number, user) in [(10, "ann"), (11, "bob"), (12, "bob")] {
        if batched {
            world.join_batched(number, user);
        } else {
            world.join(number, user, None);
        }
        world.wait(1);
        if let Some(frame) = place.opening {
            world.says(number, frame);
        }
    }
    world.wait(100);
    world
}

fn gathers(place: &'static Place, frames: &Said) -> Result<(), TestCaseError> {
    let (mut gathered, mut single) = (start(place, false), start(place, false));
    gathered.says_at_once(frames);
    for (number, frame) in frames {
        single.says(*number, frame);
    }
    prop_assert_eq!(gathered.seen(), single.seen());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn gathering_changes_no_frame_in_a_chat(frames in said(&place::CHAT, 12)) {
        gathers(&place::CHAT, &frames)?;
    }

    #[test]
    fn gathering_changes_no_frame_in_analytics(frames in said(&place::ANALYTICS, 12)) {
        gathers(&place::ANALYTICS, &frames)?;
    }

    #[test]
    fn gathering_changes_no_edit(frames in edits(12)) {
        gathers(&place::COLLABORATION, &frames)?;
    }

    /// [P14] A client that takes batches sees what it would have seen in single frames.
    #[test]
    fn batching_changes_no_frame(frames in said(&place::CHAT, 20)) {
        let play = |batched| {
            let mut world = start(&place::CHAT, batched);
            world.says_at_once(&frames);
            [10, 11, 12].map(|number| unpacked(&world, number))
        };
        prop_assert_eq!(play(true), play(false));
    }
}

fn unpacked(world: &World, number: u64) -> Vec<Value> {
    let inner = |it: Value| match &it["data"] {
        Value::Array(frames) if it["type"] == "batch" => frames.clone(),
        _ => vec![it],
    };
    world.sockets.frames(number).into_iter().flat_map(inner).collect()
}

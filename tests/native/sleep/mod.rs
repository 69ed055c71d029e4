//! Sleep is invisible (invariant 6): in a room of any kind, with all that it serves at once,
//! nobody can tell whether its memory was dropped, and when.
//!
//! A feature joins by a [`Feature`](step::Feature) of its own file, which stands in the list of
//! each [`Place`](place::Place) that serves it.

mod admin;
mod annotations;
mod bans;
mod chat;
mod connection;
mod conversation;
mod demo;
mod editing;
mod found;
mod gathering;
mod heartbeat;
mod http;
mod large_data;
mod lost_calls;
mod measures;
mod metrics;
mod native;
mod place;
mod presence;
mod publishing;
mod search;
mod stage;
mod state;
mod step;
mod token;
mod told;
mod topics;
mod vacancy;
mod webhooks;

use std::collections::BTreeSet;

use place::Place;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{TestCaseError, TestRunner};
use stage::{DedupeWindow, play};
use step::{Reached, Script, Step};
use told::Told;

use crate::fuzzed::scripts::drawn;

/// Plays a script awake and asleep, and compares what could be seen, step by step.
fn is_invisible(place: &'static Place, script: &Script) -> Result<(), TestCaseError> {
    let (awake, asleep) =
        (play(place, script, DedupeWindow::Lasts), play(place, script, DedupeWindow::IsDropped));
    prop_assert_eq!(awake.len(), asleep.len());
    for (at, (awake, asleep)) in awake.iter().zip(&asleep).enumerate() {
        prop_assert!(
            awake.is_like(asleep),
            "step {at} of the script shows that the {} slept\nawake: {awake:#?}\nasleep: {asleep:#?}",
            place.name,
        );
    }
    Ok(())
}

/// Scripts are worth something only if they get where they are to: each feature says where.
fn scripts_reach(place: &'static Place, scripts: u32) {
    let mut runner = TestRunner::deterministic();
    let all = || place.features.iter().flat_map(|it| it.reached);
    let mut left: Vec<&Reached> = all().collect();
    for _ in 0..scripts {
        let script = place.script(80).new_tree(&mut runner).unwrap().current();
        for moment in play(place, &script, DedupeWindow::IsDropped) {
            let told = Told::of(&moment);
            left.retain(|Reached(_, is_reached)| !is_reached(&told));
        }
        if left.is_empty() {
            break;
        }
    }
    let left: BTreeSet<&str> = left.into_iter().map(|Reached(name, _)| *name).collect();
    assert!(left.is_empty(), "in {scripts} scripts of the {}, never: {left:#?}", place.name);
}

/// Plays a script in this place: the first runner draws how it begins, each other one a step.
pub(crate) fn chosen(place: usize, runners: &mut impl Iterator<Item = TestRunner>) {
    thread_local! {
        static PLAYS: Vec<(BoxedStrategy<Script>, BoxedStrategy<Step>)> =
            PLACES.iter().map(|it| (it.script(1).boxed(), it.step().boxed())).collect();
    }
    let at = place % PLACES.len();
    let script = PLAYS.with(|it| {
        let (script, step) = &it[at];
        let script = drawn(script, &mut runners.next()?)?;
        Some(Script {
            steps: runners.filter_map(|mut it| drawn(step, &mut it)).collect(),
            ..script
        })
    });
    if let Some(script) = script {
        is_invisible(PLACES[at], &script).unwrap();
    }
}

macro_rules! everywhere {
    ($($module:ident: $place:ident, $cases:literal;)*) => {
        static PLACES: &[&Place] = &[$(&place::$place),*];
    $(
        mod $module {
            use super::*;

            proptest! {
                #![proptest_config(ProptestConfig::with_cases($cases))]

                /// [invariant 6]
                #[test]
                fn sleep_is_invisible(script in place::$place.script(60)) {
                    is_invisible(&place::$place, &script)?;
                }
            }

            #[test]
            fn scripts_reach_what_they_are_for() {
                scripts_reach(&place::$place, 400);
            }
        }
    )*};
}

everywhere! {
    in_a_chat: CHAT, 256;
    in_a_hub: HUB, 384;
    in_a_native_hub: NATIVE_HUB, 256;
    in_a_followed_hub: FOLLOWED_HUB, 256;
    in_a_lobby: LOBBY, 128;
    in_a_demo: DEMO, 192;
    in_analytics: ANALYTICS, 256;
    in_collaboration: COLLABORATION, 256;
    in_a_conversation: TALK, 256;
}

//! How a chat room is, for the analytics room of its name (M6).
//!
//! When it tells is its own affair: what it told last dies with its memory, and once more does no
//! harm. How long things took dies too. What else it measures is the same, and so is what it told
//! last when all is quiet.

use proptest::prelude::*;

use super::stage::Stage;
use super::step::{Act, Feature, Reached, acts};

pub(super) static MEASURES: Feature = Feature {
    steps: |_| vec![(3, acts(Just(Observes))), (1, acts(Just(LooksAway)))],
    reached: &[Reached("a room said how it is", |it| {
        let mut told = it.answers.iter().map(|it| &it["done"]);
        told.any(|it| it["engagement"].as_u64() > Some(1) && it["activity"].as_u64() > Some(1))
    })],
};

#[derive(Clone, Debug)]
pub(super) struct Observes;

impl Act for Observes {
    fn play(&self, stage: &mut Stage) {
        stage.observe();
    }
}

#[derive(Clone, Debug)]
pub(super) struct LooksAway;

impl Act for LooksAway {
    fn play(&self, stage: &mut Stage) {
        // It learns so with its next report. By now none is put off in either world.
        stage.wait(62_000);
        stage.is_watched = false;
    }
}

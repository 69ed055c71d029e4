//! Scripts of events against whole rooms: each step is drawn by some bytes of its own, so that one more
//! byte changes one step.

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::native_happens::happens;
use crate::native_scripts::holds;

/// Bytes for each step, and for what is decided before all.
const STEP_BYTES: usize = 4;

/// As many steps as the tests' own scripts have, so that one is played in a fraction of a second.
const STEPS_MAX: usize = 60;

/// Nobody can tell whether and when a room of any kind slept, and nothing is revealed before it is
/// durable. The first byte is the place.
pub(crate) fn sleep(input: &[u8]) {
    if let Some((place, choices)) = input.split_first() {
        crate::sleep::chosen(usize::from(*place), &mut runners(choices));
    }
}

/// Clients of the native protocol that are cut off, come back and say again what was not answered miss
/// nothing and hear nothing twice.
pub(crate) fn native(input: &[u8]) {
    let happens = happens();
    let script: Vec<_> = runners(input).filter_map(|mut it| drawn(&happens, &mut it)).collect();
    holds(&script).unwrap();
}

/// What a strategy draws.
pub(crate) fn drawn<S: Strategy>(strategy: &S, runner: &mut TestRunner) -> Option<S::Value> {
    strategy.new_tree(runner).ok().map(|it| it.current())
}

fn runners(choices: &[u8]) -> impl Iterator<Item = TestRunner> {
    choices.chunks(STEP_BYTES).take(1 + STEPS_MAX).map(|it| {
        let mut seed = [0; 32];
        seed[..it.len()].copy_from_slice(it);
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
        TestRunner::new_with_rng(Config { failure_persistence: None, ..Config::default() }, rng)
    })
}

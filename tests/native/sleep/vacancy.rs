//! Rooms in which nobody is and nothing is kept: deleted whole (O2, O4).

use proptest::prelude::*;

use super::stage::Stage;
use super::step::{Act, Feature, Reached, Step, acts};

pub(super) static VACANCY: Feature = Feature {
    steps: |_| {
        let day = 86_400_000u64;
        let waits = prop_oneof![day + 1_000..day + 2_000, Just(day + 3_600_000)];
        vec![(1, waits.prop_map(Step::WaitsAndReturns).boxed()), (1, acts(Just(AllLeave)))]
    },
    reached: &[Reached("a room was deleted whole, and is another one", |it| {
        // The epoch of the first is `e`, of one that comes after a wipe `e` and a time.
        it.all().any(|it| {
            let places =
                [&it["epoch"], &it["data"]["epoch"], &it["done"]["epoch"], &it["result"]["epoch"]];
            let mut epochs = places.into_iter().filter_map(serde_json::Value::as_str);
            epochs.any(|it| it.starts_with("e1"))
        })
    })],
};

/// All leave, for longer than anything is kept, and come back.
#[derive(Clone, Debug)]
pub(super) struct AllLeave;

impl Act for AllLeave {
    fn play(&self, stage: &mut Stage) {
        stage.all_leave();
        stage.wait(3 * 86_400_000);
        stage.come_back();
    }
}

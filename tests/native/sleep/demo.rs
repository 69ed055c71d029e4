//! Those who bring no token (C3, E5, O3).

use super::step::{Feature, Reached};

pub(super) static STRANGERS: Feature = Feature {
    steps: |_| Vec::new(),
    reached: &[Reached("one stranger too many came from an address", |it| {
        let of_address = |it: &serde_json::Value| {
            it["refused"]["message"].as_str().is_some_and(|it| it.contains("from this address"))
        };
        it.answers.iter().any(of_address)
    })],
};

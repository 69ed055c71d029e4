//! Metrics, by backends and by the chat room of the same name (B15, B16, M1 to M7).

use dormouse::api::Task;
use dormouse::feature;
use dormouse::feature::Call;
use dormouse::feature::metrics::Measures;
use dormouse::feature::metrics::MetricCall;
use dormouse::feature::metrics::MetricInput;
use dormouse::kernel::Input;
use dormouse::protocol::ProtocolId;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::http::{id, publishes};
use super::stage::Stage;
use super::step::{Act, Feature, Reached, acts};

pub(super) static METRICS: Feature = Feature {
    steps: |place| {
        let metric = || select(vec!["engagement", "activity", "performance", "a", "b", "no name"]);
        let kind = select(vec!["subscribe", "subscribe", "unsubscribe"]);
        let watch = (kind, prop::collection::vec(metric(), 0..3))
            .prop_map(|(kind, it)| json!({"type": kind, "id": "s", "data": {"metrics": it}}));
        let update = (metric(), 0u32..3, id()).prop_map(|(metric, value, id)| {
            let data = json!({"metric": metric, "value": value});
            json!({"type": "metric_update", "id": id, "data": data})
        });
        let told = (0u64..3, 0u64..3, proptest::option::of(0u64..3), any::<bool>());
        let told = told.prop_map(|(engagement, activity, performance, answers)| Measured {
            engagement,
            activity,
            performance,
            answers,
        });
        vec![(8, place.says(ProtocolId::CONTEXT, watch)), (6, publishes(update)), (5, acts(told))]
    },
    reached: &[
        Reached("a metric was subscribed to", |it| {
            it.own.iter().any(|it| it["data"]["metrics"][0]["value"].is_u64())
        }),
        Reached("a metric was unsubscribed from", |it| it.got("unsubscribe")),
        Reached("a backend's metric was told", |it| {
            it.asks("publish") && it.heard("metric_update")
        }),
        Reached("a measure of the chat room was told", |it| {
            let own = |it: &Value| it["data"]["metric"] == "engagement";
            it.asked.is_null() && it.others.iter().any(own)
        }),
        Reached("the chat room was asked", |it| {
            it.calls.contains(&Call::Metrics(MetricCall::Observe))
        }),
        Reached("a chat room was told that nobody watches", |it| {
            it.answers.iter().any(|it| it["done"] == false)
        }),
        Reached("who may not see the measures was refused", |it| {
            it.asks("subscribe") && it.refused("PERMISSION_DENIED")
        }),
    ],
};

/// The chat room of the same name says how it is: of its own, or because it was asked.
#[derive(Clone, Debug)]
struct Measured {
    engagement: u64,
    activity: u64,
    performance: Option<u64>,
    answers: bool,
}

impl Act for Measured {
    fn play(&self, stage: &mut Stage) {
        let Self { engagement, activity, performance, answers } = *self;
        let measures = Measures { at: stage.world.now, engagement, activity, performance };
        if answers {
            stage
                .world
                .happens(Input::Feature(feature::Input::Metrics(MetricInput::Measured(measures))));
        } else {
            stage.call("dormouse", &Task::from(MetricCall::Measures(measures)));
        }
    }
}

//! Metrics, as the native protocol spells them.

use serde::Serialize;

use super::context;
use super::{MetricEvent, Reading};
use crate::feature::Spelled;
use crate::message::{Json, Millis};

/// What is told of one is spelled as what a backend publishes is.
pub(super) fn spell(event: &MetricEvent) -> Option<Spelled> {
    match event {
        MetricEvent::Watched(readings) | MetricEvent::Unwatched(readings) => {
            Some(Spelled::new("", &Watched::of(readings)))
        }
        MetricEvent::Updated { .. } | MetricEvent::Measured(_) | MetricEvent::IsWatched(_) => {
            context::spell(event)
        }
    }
}

/// All that this connection watches from now on.
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "WatchedMetrics"))]
pub(super) struct Watched<'a> {
    /// In the order of their names.
    metrics: Vec<Last<'a>>,
}

/// A metric, and the last that is known of it.
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "WatchedMetric"))]
struct Last<'a> {
    metric: &'a str,
    /// `null` where none is known.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Option<f64>"))]
    value: Option<&'a Json>,
    /// When it was measured, in milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Option<u64>"))]
    at: Option<Millis>,
}

impl<'a> Watched<'a> {
    fn of(readings: &'a [Reading]) -> Self {
        let last = |Reading { metric, last }: &'a Reading| {
            let (value, at) = last.as_ref().map(|(value, at)| (value, *at)).unzip();
            Last { metric: metric.as_str(), value, at }
        };
        Self { metrics: readings.iter().map(last).collect() }
    }
}

//! Metrics, as the context protocol spells them (B15, B16).

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Metric, MetricCommand, MetricEvent, Reading};
use crate::feature::Spelled;
use crate::message::{Json, Millis, Name, ProtocolError, json};

pub(crate) fn read(
    word: &str,
    data: Option<&RawValue>,
) -> Option<Result<MetricCommand, ProtocolError>> {
    let command = match word {
        "subscribe" => MetricCommand::Watch,
        "unsubscribe" => MetricCommand::Unwatch,
        _ => return None,
    };
    let wrong = "this needs data with metrics, a list of names, 1 to 128 of A-Z a-z 0-9 . _ : ~ -";
    Some(json::data(data, wrong).map(|MetricsIn { metrics }| command(metrics)))
}

pub(crate) fn spell(event: &MetricEvent) -> Option<Spelled> {
    Some(match event {
        MetricEvent::Watched(metrics) => Spelled::new("subscribe", &Metrics::of(metrics)),
        MetricEvent::Unwatched(metrics) => Spelled::new("unsubscribe", &Metrics::of(metrics)),
        MetricEvent::Updated { metric, value, at } => {
            Spelled::new(Metric::EVENT, &Update::of(metric, value, *at))
        }
        // What rooms tell each other.
        MetricEvent::Measured(_) | MetricEvent::IsWatched(_) => return None,
    })
}

#[derive(Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct MetricsIn {
    /// Their names, at most 100.
    metrics: Vec<Name>,
}

/// All that this connection hears of from now on.
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct Metrics<'a> {
    /// In the order of their names.
    metrics: Vec<Last<'a>>,
}

impl<'a> Metrics<'a> {
    fn of(metrics: &'a [Reading]) -> Self {
        let last = |Reading { metric, last }: &'a Reading| Last {
            metric: metric.as_str(),
            value: last.as_ref().map(|(value, _)| value),
            timestamp: last.as_ref().map(|(_, at)| at.to_rfc3339()),
        };
        Self { metrics: metrics.iter().map(last).collect() }
    }
}

/// A metric and the last that is known of it.
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
struct Last<'a> {
    /// Its name.
    metric: &'a str,
    /// Its value; `null` where none is known.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Option<f64>"))]
    value: Option<&'a Json>,
    /// When it was measured: RFC 3339; `null` where no value is known.
    timestamp: Option<String>,
}

/// A metric has a new value.
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct Update<'a> {
    /// Its name.
    metric: &'a str,
    /// Its value.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "f64"))]
    value: &'a Json,
    /// When it was measured: RFC 3339.
    timestamp: String,
}

impl<'a> Update<'a> {
    pub(crate) fn of(metric: &'a Name, value: &'a Json, at: Millis) -> Self {
        Self { metric: metric.as_str(), value, timestamp: at.to_rfc3339() }
    }
}

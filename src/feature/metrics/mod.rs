//! Metrics: their last values, who hears of them, and what a chat room measures of itself.

pub(crate) mod context;
pub(crate) mod measure;
pub(crate) mod rules;
#[cfg(not(target_arch = "wasm32"))]
mod schema;
mod stored;
pub(crate) mod tables;
mod words;

use super::Feature;
use crate::message::EntryKind;

pub use measure::Measuring;
pub(crate) use measure::WINDOW_MS;
pub use stored::{
    Lately, MetricCall, MetricInput, MetricMemory, MetricWrite, Metrics, Observed, OnConnection,
    StoredReading,
};
pub use words::{METRIC, Measure, Measures, Metric, MetricCommand, MetricEvent, Reading};

impl Feature for Metrics {
    type Command = MetricCommand;
    type Event = MetricEvent;
    type Write = MetricWrite;
    type Call = MetricCall;
    type Input = MetricInput;
    type OnConnection = OnConnection;
    const KINDS: &'static [EntryKind] = &[METRIC];
    fn words(protocol: &str) -> &'static [&'static str] {
        match protocol {
            "context" => &["subscribe", "unsubscribe"],
            _ => &[],
        }
    }
}

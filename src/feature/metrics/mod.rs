//! Metrics: their last values, who hears of them, and what a chat room measures of itself.

pub(crate) mod context;
pub(crate) mod measure;
pub(crate) mod rules;
mod stored;
pub(crate) mod tables;
mod words;

pub use measure::Measuring;
pub(crate) use measure::WINDOW_MS;
pub use stored::{
    Lately, MetricInput, MetricMemory, MetricWrite, Metrics, Observed, StoredReading,
};
pub use words::{METRIC, Measure, Measures, Metric, MetricCommand, MetricEvent, Reading};

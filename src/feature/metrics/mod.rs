//! Metrics: their last values, who hears of them, and what a chat room measures of itself.

pub(crate) mod context;
mod words;

pub use words::{METRIC, Measure, Measures, Metric, MetricCommand, MetricEvent, Reading};

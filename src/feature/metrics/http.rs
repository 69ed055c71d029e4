//! What rooms ask each other of metrics. Nobody does over HTTP.

use super::{MetricCall, Metrics};
use crate::api::Task;
use crate::feature::{self, http::HttpCalls};

impl HttpCalls for Metrics {}

impl From<MetricCall> for Task {
    fn from(task: MetricCall) -> Self {
        Self::Feature(feature::Task::Metrics(task))
    }
}

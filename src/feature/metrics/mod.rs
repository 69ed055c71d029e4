//! Metrics: their last values, who hears of them, and what a chat room measures of itself.

pub(crate) mod context;
mod http;
pub(crate) mod measure;
mod native;
mod outside;
pub(crate) mod rules;
#[cfg(not(target_arch = "wasm32"))]
mod schema;
mod stored;
pub(crate) mod tables;
mod words;

use super::{Feature, Publishing};
use crate::message::{Body, EntryKind, Kind, ProtocolError};

pub use stored::{
    Lately, Measuring, MetricCall, MetricInput, MetricMemory, MetricWrite, Metrics, Observed,
    OnConnection, StoredReading,
};
pub use words::{METRIC, Measure, Measures, Metric, MetricCommand, MetricEvent, Reading};

impl Feature for Metrics {
    type Command = MetricCommand;
    type Event = MetricEvent;
    type Write = MetricWrite;
    type Query = Measuring;
    type Found = Lately;
    type Call = MetricCall;
    type Input = MetricInput;
    type OnConnection = OnConnection;
    type Config = ();
    type Task = MetricCall;
    const KINDS: &'static [EntryKind] = &[METRIC];
    const PROTECTED: &'static [&'static str] = &[Metric::EVENT];
    fn publication(it: &mut Publishing) -> Option<Result<Body, ProtocolError>> {
        let is_metric = it.kind == Kind::Analytics && it.name.as_str() == Metric::EVENT;
        is_metric.then(|| Metric::read(&it.data, it.user.is_some()).map(Body::from))
    }
    fn words(protocol: &str) -> &'static [&'static str] {
        match protocol {
            "context" => &["subscribe", "unsubscribe"],
            _ => &[],
        }
    }
}

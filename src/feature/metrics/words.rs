//! Metrics: what is said of them (B15, B16).

use serde::{Deserialize, Serialize};
use serde_json::Number;
use serde_json::value::RawValue;

use super::{MetricCall, context, native};
use crate::feature::{Ask, Spelled, Tell};
use crate::message::fields::Fields;
use crate::message::{Body, EntryKind, Kind, Space};
use crate::message::{EventName, Json, Millis, Name, ProtocolError};

/// A backend measured something (B16). It is stored without the time where that is when it was
/// accepted, and told with it.
pub const METRIC: EntryKind = EntryKind {
    name: "metric",
    accept: |body, at| match Metric::of(&body) {
        Some(metric) => metric.told(at),
        None => body,
    },
    store: |body, accepted_at| {
        let metric = Metric::of(body).map(|Metric { metric, value, at }| {
            let timestamp = at.filter(|it| *it != accepted_at);
            Stored { metric, value, timestamp }
        });
        metric.and_then(|it| serde_json::to_string(&it).ok()).unwrap_or_default().into()
    },
    relates: None,
    load: |data, at, _| {
        let Stored { metric, value, timestamp } = serde_json::from_str(data).ok()?;
        Some(Metric { metric, value, at: timestamp }.told(at))
    },
    leaves_more: |_| true,
    text: EntryKind::NO_TEXT,
    is_folded: false,
    blank: EntryKind::STAYS,
    word: EntryKind::BY_NAME,
    spell: EntryKind::AS_IT_IS,
};

#[derive(Serialize, Deserialize)]
struct Stored {
    metric: Name,
    value: Json,
    /// When it was measured, if that is not when it was accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    timestamp: Option<Millis>,
}

#[derive(Serialize, Deserialize)]
struct Told {
    metric: Name,
    value: Json,
    /// RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    timestamp: Option<String>,
}

impl Space {
    /// Metrics, by their names.
    pub const METRICS: Self = Self("metric");
}

/// The value of something, as a backend measured it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metric {
    /// Of what.
    pub metric: Name,
    /// A finite number, in its shortest spelling.
    pub value: Json,
    /// When it was measured, if that is not when the room accepted it.
    pub at: Option<Millis>,
}

impl Metric {
    /// The event that carries one.
    pub const EVENT: &str = "metric_update";

    /// Reads the data of a `metric_update`, with every fault named. It is never for one user:
    /// `is_addressed` is one more fault.
    pub fn read(data: &Json, is_addressed: bool) -> Result<Self, ProtocolError> {
        let mut it = Fields::of(data.as_str())?;
        if is_addressed {
            it.fault("user_id", "missing: who hears of a metric is who watches it");
        }
        let name = "a string of 1 to 128 of A-Z a-z 0-9 . _ : ~ -";
        let metric = it.need::<Name>("metric", name, |_| true);
        let value = it.need::<Number>("value", "a finite number", |_| true);
        let is_kept = |it: &String| Millis::parse_kept(it).is_some();
        let at = it.may("timestamp", "an RFC 3339 time from 1970 on", is_kept);
        let at = at.and_then(|it| Millis::parse_kept(&it));
        it.end()?;
        let read = || {
            // In its shortest spelling: a thousand zeros are kept for nobody.
            Some(Self { metric: metric?, value: Json::of(&value?), at })
        };
        read().ok_or(ProtocolError::system()) // Which it is not: all that is missing was named.
    }

    /// The metric that a body tells of, if it does.
    #[must_use]
    pub fn of(body: &Body) -> Option<Self> {
        if body.kind != METRIC {
            return None;
        }
        let Told { metric, value, timestamp } = serde_json::from_str(body.data.as_str()).ok()?;
        let at = timestamp.and_then(|it| Millis::parse_kept(&it));
        Some(Self { metric, value, at })
    }

    /// What tells of it, accepted at this time.
    fn told(self, at: Millis) -> Body {
        Self { at: Some(self.at.unwrap_or(at)), ..self }.into()
    }

    /// One of the platform's own numbers.
    #[must_use]
    pub fn whole(number: u64) -> Json {
        Json::of(&number)
    }
}

impl From<Metric> for Body {
    fn from(Metric { metric, value, at }: Metric) -> Self {
        let channel = Some((Space::METRICS, metric.as_str().to_owned()));
        let told = Told { metric, value, timestamp: at.map(Millis::to_rfc3339) };
        Self { channel, ..Self::new(METRIC, EventName::known(Metric::EVENT), Json::of(&told)) }
    }
}

/// What a room's own numbers are called. Metrics of other names come from backends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Distinct users who said or published something in the last minute.
    Engagement,
    /// Messages of the last minute.
    Activity,
    /// Median time from arrival until carried out, in milliseconds.
    Performance,
}

impl Measure {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Engagement, Self::Activity, Self::Performance];

    /// Its name on the wire (B15).
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Engagement => "engagement",
            Self::Activity => "activity",
            Self::Performance => "performance",
        }
    }

    /// Whether a metric of this name is one of these.
    #[must_use]
    pub fn is_one(metric: &Name) -> bool {
        Self::ALL.iter().any(|it| it.name() == metric.as_str())
    }
}

/// What a chat room measured of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measures {
    /// When, by its clock.
    pub at: Millis,
    /// See [`Measure::Engagement`].
    pub engagement: u64,
    /// See [`Measure::Activity`].
    pub activity: u64,
    /// See [`Measure::Performance`]; `None` where nothing was handled since it woke.
    pub performance: Option<u64>,
}

impl Measures {
    /// Each number that is known.
    pub fn known(&self) -> impl Iterator<Item = (Measure, u64)> {
        let value = |it| match it {
            Measure::Engagement => Some(self.engagement),
            Measure::Activity => Some(self.activity),
            Measure::Performance => self.performance,
        };
        Measure::ALL.into_iter().filter_map(move |it| Some((it, value(it)?)))
    }
}

/// What may be asked of a room about metrics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MetricCommand {
    /// I want to hear of these (B15).
    Watch(Vec<Name>),
    /// I no longer want to hear of these.
    Unwatch(Vec<Name>),
    /// Another room's: tell me how you are, now and whenever it changes.
    Observe,
    /// Another room's: this is how I am.
    Measures(Measures),
}

impl From<MetricCall> for MetricCommand {
    fn from(call: MetricCall) -> Self {
        match call {
            MetricCall::Observe => Self::Observe,
            MetricCall::Measures(it) => Self::Measures(it),
        }
    }
}

/// A metric and the last that is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The metric's name.
    pub metric: Name,
    /// Its value and when it was measured; `None` where none is known.
    pub last: Option<(Json, Millis)>,
}

/// What a room says about metrics.
#[derive(Clone, Debug, PartialEq)]
pub enum MetricEvent {
    /// All that this connection hears of from now on, after it asked for more.
    Watched(Vec<Reading>),
    /// The same, after it asked for less.
    Unwatched(Vec<Reading>),
    /// One of the platform's own numbers changed (B16).
    Updated {
        /// Its name.
        metric: Name,
        /// Its value now, a number.
        value: Json,
        /// When it was measured, in milliseconds since 1970.
        at: Millis,
    },
    /// To another room: this is how I am.
    Measured(Measures),
    /// To another room: whether anybody wants to know how you are.
    IsWatched(bool),
}

impl Ask for MetricCommand {
    fn read(
        protocol: &str,
        word: &str,
        data: Option<&RawValue>,
    ) -> Option<Result<Self, ProtocolError>> {
        match (protocol, word) {
            ("context", _) => context::read(word, data),
            ("native", "metrics.watch") => context::read("subscribe", data),
            ("native", "metrics.unwatch") => context::read("unsubscribe", data),
            _ => None,
        }
    }
    fn is_served_in(&self, kind: Kind) -> bool {
        match self {
            Self::Watch(_) | Self::Unwatch(_) => kind == Kind::Analytics,
            // Only rooms ask each other this.
            Self::Observe | Self::Measures(_) => false,
        }
    }
    fn is_measured(&self) -> bool {
        false
    }
}

impl Tell for MetricEvent {
    fn spell(&self, protocol: &str) -> Option<Spelled> {
        match protocol {
            "context" => context::spell(self),
            "native" => native::spell(self),
            _ => None,
        }
    }
    fn answer(&self) -> Option<Json> {
        match self {
            Self::Measured(measures) => Some(Json::of(measures)),
            Self::IsWatched(is_watched) => Some(Json::of(is_watched)),
            Self::Watched(_) | Self::Unwatched(_) | Self::Updated { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Details;

    fn read(data: &str) -> Result<(String, String, Option<u64>), Vec<String>> {
        match Metric::read(&Json::stored(data.to_owned()).unwrap(), false) {
            Ok(Metric { metric, value, at }) => {
                Ok((metric.as_str().into(), value.as_str().into(), at.map(|it| it.0)))
            }
            Err(ProtocolError { details: Details::Faults(faults), .. }) => {
                Err(faults.into_iter().map(|it| it.field.into_owned()).collect())
            }
            Err(error) => panic!("every fault is named: {error}"),
        }
    }

    #[test]
    fn b16_a_metric_is_a_name_a_number_and_maybe_a_time() {
        let good = |data: &str| read(data).unwrap();
        assert_eq!(good(r#"{"metric":"a","value":1}"#), ("a".into(), "1".into(), None));
        let data = r#"{"metric":"a.b","value":-0.50,"timestamp":"1970-01-01T00:00:01Z","x":[]}"#;
        assert_eq!(good(data), ("a.b".into(), "-0.5".into(), Some(1000)));
        let data = r#"{"metric":"a","value":18446744073709551615,"timestamp":null}"#;
        assert_eq!(good(data), ("a".into(), "18446744073709551615".into(), None));
        let zeros = format!(r#"{{"metric":"a","value":0.{}1}}"#, "0".repeat(200));
        assert!(good(&zeros).1.len() < 30, "in its shortest spelling");
    }

    #[test]
    fn b16_what_is_none_is_refused_with_every_fault_named() {
        for value in ["1e999", "-1e999", "\"1\"", "null", "true", "{}", "[1]"] {
            assert_eq!(
                read(&format!(r#"{{"metric":"a","value":{value}}}"#)),
                Err(vec!["value".into()])
            );
        }
        for metric in ["\"\"", "\"a b\"", "1", "null", "[\"a\"]"] {
            let data = format!(r#"{{"metric":{metric},"value":1}}"#);
            assert_eq!(read(&data), Err(vec!["metric".into()]), "{metric}");
        }
        for timestamp in ["1", "\"\"", "\"yesterday\"", "{}", "\"1969-12-31T23:59:59Z\""] {
            let data = format!(r#"{{"metric":"a","value":1,"timestamp":{timestamp}}}"#);
            assert_eq!(read(&data), Err(vec!["timestamp".into()]), "{timestamp}");
        }
        let all = vec!["metric".into(), "value".into(), "timestamp".into()];
        assert_eq!(read(r#"{"timestamp":"x"}"#), Err(all));
        for data in ["null", "[]", "1", r#"{"metric":"a","metric":"a","value":1}"#] {
            assert_eq!(read(data), Err(vec!["data".into()]), "{data}");
        }
    }

    #[test]
    fn published_names_do_not_change() {
        assert_eq!(Measure::ALL.map(Measure::name), ["engagement", "activity", "performance"]);
    }
}

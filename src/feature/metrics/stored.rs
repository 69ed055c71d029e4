//! What is stored of metrics, and what a room knows of them while it is awake.

use litemap::LiteMap;
use serde::{Deserialize, Serialize};

use super::Measures;
use crate::feature::{ConnectionPart, Find, Keep, Known};
use crate::message::{Json, Millis, Name, Offset, Space, UserId, stored_names};

/// Over how long it is measured, in milliseconds: "messages a minute".
pub(crate) const WINDOW_MS: u64 = 60_000;

/// The last that is known of a metric.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredReading {
    /// Its value, a number.
    pub value: Json,
    /// When it was measured.
    pub at: Millis,
    /// Whether the platform measured it, not a backend.
    pub own: bool,
}

/// What a room's log knows of metrics.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MetricMemory {
    /// The last values.
    pub last: Vec<(Name, StoredReading)>,
    /// Whether another room wants to know how this one is.
    pub observed: Observed,
}

/// Something to make durable. The values that backends publish are kept with their entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MetricWrite {
    /// The platform measured this.
    Keep(Name, StoredReading),
    /// Whether another room wants to know how this one is.
    Observed(Observed),
}

/// What is asked of another room, or told it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MetricCall {
    /// The chat room of the same name: how are you?
    Observe,
    /// The analytics room of the same name: this is how I am.
    Measures(Measures),
}

/// What another room answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MetricInput {
    /// A chat room says how it is.
    Measured(Measures),
    /// An analytics room says whether anybody wants to know.
    IsWatched(bool),
}

/// What a room knows for a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnConnection {
    /// The metrics it hears of (B15).
    #[serde(
        rename = "l",
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "stored_names"
    )]
    pub heard: Vec<Name>,
    /// When it last said anything but a ping, where that is measured.
    #[serde(rename = "y", default, skip_serializing_if = "Option::is_none")]
    pub said_at: Option<Millis>,
}

impl ConnectionPart for OnConnection {
    fn channels(&self, each: &mut dyn FnMut(Space, &str)) {
        for name in &self.heard {
            each(Space::METRICS, name.as_str());
        }
    }
}

/// What a room knows of metrics.
#[derive(Clone, Debug, PartialEq)]
pub struct Metrics {
    pub(crate) last: LiteMap<Name, StoredReading>,
    pub(crate) own: Own,
}

impl Known for Metrics {
    type Stored = MetricMemory;
    type Shared = ();

    fn wake(stored: MetricMemory, head_at: Millis) -> Self {
        let own = Own::restore(stored.observed, head_at);
        Self { last: stored.last.into_iter().collect(), own }
    }

    /// What is left is whether another room wants to know how this one is.
    fn erased(mut self) -> Self {
        self.last.clear();
        self.own.erased();
        self
    }

    /// The values that the platform measures itself come again when somebody asks.
    fn keeps_nothing(&self) -> bool {
        self.last.values().all(|it| it.own)
    }

    fn is_empty(&self) -> bool {
        self.last.is_empty()
    }

    fn is_busy(&self) -> bool {
        self.own.observed != Observed::No
    }
}

/// Whether an analytics room wants to know how this one is. Stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Observed {
    /// Nobody wants to know.
    #[default]
    No,
    /// It knows that nothing happens.
    Quiet,
    /// Something happened of late, so that it is still to be told when that is over.
    Busy,
}

impl Observed {
    /// As it is stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Quiet => "quiet",
            Self::Busy => "busy",
        }
    }

    /// Reads what was stored.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        [Self::Quiet, Self::Busy].into_iter().find(|it| it.as_str() == text).unwrap_or_default()
    }
}

/// What a room knows of its own measures.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Own {
    pub(crate) observed: Observed,
    /// When somebody last said or published something.
    pub(crate) said_at: Millis,
    /// Whether something happened that was not reported.
    pub(crate) changed: bool,
    pub(crate) reported_at: Option<Millis>,
    /// Whether it was asked how it is since its last report.
    pub(crate) asked: bool,
}

impl Own {
    /// Whether all was reported died with the memory: once more does no harm.
    pub(crate) fn restore(observed: Observed, head_at: Millis) -> Self {
        let changed = observed == Observed::Busy;
        Self { observed, said_at: head_at, changed, reported_at: None, asked: false }
    }

    pub(crate) fn said(&mut self, at: Millis) {
        self.said_at = self.said_at.max(at);
    }

    pub(crate) fn erased(&mut self) {
        self.said_at = Millis(0);
        self.changed = self.observed != Observed::No;
    }

    pub(crate) fn quiet_at(&self) -> Millis {
        self.said_at.plus(WINDOW_MS)
    }
}

impl Keep for MetricWrite {}

/// What is to be measured once all before is durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measuring {
    /// When it was asked.
    pub at: Millis,
    /// The oldest time that counts.
    pub since: Millis,
    /// The oldest offset there is.
    pub first: Offset,
    /// The newest offset that counts.
    pub head: Offset,
    /// Users who are here and said something since, in their order, each once.
    pub users: Vec<UserId>,
    /// Whether it is a report of the room's own, that nobody asked for.
    pub is_report: bool,
}

impl Find for Measuring {}

/// What was added to a log since some time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lately {
    /// How many messages.
    pub messages: u64,
    /// The authors of all that was added, in their order, each once.
    pub authors: Vec<UserId>,
}

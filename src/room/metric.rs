//! Metrics: their last values, and who hears of them (B15, B16). What a chat room measures
//! of itself is `measure`'s.

use std::collections::BTreeMap;

use super::asker::Asker;
use super::measure::{self, Observed, Own};
use super::{Effect, Outbound, Room, Session, Turn, Write, kinds};
use crate::feature::metrics::{Measure, Measures, Metric, MetricCommand, MetricEvent, Reading};
use crate::limits::{METRICS_MAX, TOPICS_BYTES_MAX, TOPICS_MAX};
use crate::message::{Code, Entry, Json, Kind, Millis, Name, Refusal, SessionId, Space};
use crate::room::Event;

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

/// What another room answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MetricInput {
    /// A chat room says how it is.
    Measured(Measures),
    /// An analytics room says whether anybody wants to know.
    IsWatched(bool),
}

/// What a room knows of metrics.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Metrics {
    last: BTreeMap<Name, StoredReading>,
    pub(super) own: Own,
}

impl Metrics {
    pub(super) fn restore(memory: MetricMemory, head_at: Millis) -> Self {
        let own = Own::restore(memory.observed, head_at);
        Self { last: memory.last.into_iter().collect(), own }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.last.is_empty()
    }

    /// What is left when the room is erased: whether another one wants to know how it is.
    pub(super) fn erased(mut self) -> Self {
        self.last.clear();
        self.own.erased();
        self
    }

    /// Whether no value of a backend's is kept: those that the platform measures itself come
    /// again when somebody asks.
    pub(super) fn keeps_nothing(&self) -> bool {
        self.last.values().all(|it| it.own)
    }

    /// Whether another room wants to know how this one is.
    pub(super) fn is_observed(&self) -> bool {
        self.own.is_observed()
    }

    /// A session came in, or was found on waking.
    pub(super) fn entered(&mut self, session: &Session) {
        self.own.said(session.said_at.unwrap_or_default());
    }
}

pub(super) fn handle(room: &mut Room, turn: &mut Turn, asker: &Asker, command: MetricCommand) {
    match (command, room.kind) {
        (MetricCommand::Watch(names), Kind::Analytics) => watch(room, turn, asker, names),
        (MetricCommand::Unwatch(names), Kind::Analytics) => unwatch(room, turn, asker, &names),
        (MetricCommand::Measures(measures), Kind::Analytics) => {
            take(room, turn, &measures);
            let is_watched = Measure::ALL.iter().any(|it| !watchers(room, it.name()).is_empty());
            turn.answer(asker, Event::from(MetricEvent::IsWatched(is_watched)));
        }
        (MetricCommand::Observe, Kind::Chat) => measure::observe(room, turn, asker),
        (
            MetricCommand::Watch(_)
            | MetricCommand::Unwatch(_)
            | MetricCommand::Measures(_)
            | MetricCommand::Observe,
            _,
        ) => turn.refuse_asker(asker, kinds::UNKNOWN),
    }
}

fn watch(room: &mut Room, turn: &mut Turn, asker: &Asker, names: Vec<Name>) {
    let Some(session) = asker.session.and_then(|id| room.session(id)) else {
        return turn.refuse_asker(asker, NO_SOCKET);
    };
    let asks_measures = names.iter().any(Measure::is_one);
    if asks_measures && !session.grants.shows_measures() {
        return turn.refuse_asker(asker, UNSEEN);
    }
    let count = names.len();
    let mut all = session.metrics.clone();
    all.extend(names);
    all.sort_unstable();
    all.dedup();
    // They ride in the attachment, which has 16 KiB.
    let bytes: usize = all.iter().map(|it| it.as_str().len()).sum();
    if TOPICS_MAX < count.max(all.len()) || TOPICS_BYTES_MAX < bytes {
        return turn.refuse_asker(asker, TOO_MANY);
    }
    if session.metrics != all {
        let id = session.id;
        let fits = room.resubscribe(id, |it| {
            let before = std::mem::replace(&mut it.metrics, all.clone());
            let fits = it.fits_attachment();
            if !fits {
                it.metrics = before;
            }
            fits
        });
        if fits != Some(true) {
            return turn.refuse_asker(asker, TOO_LONG);
        }
        turn.effects.remember(id);
    }
    turn.answer(asker, Event::from(MetricEvent::Watched(readings(room, asker, all))));
    if asks_measures {
        turn.effects.push(Effect::Call(Outbound::Observe));
    }
}

fn unwatch(room: &mut Room, turn: &mut Turn, asker: &Asker, names: &[Name]) {
    let Some(id) = asker.session else { return turn.refuse_asker(asker, NO_SOCKET) };
    if TOPICS_MAX < names.len() {
        return turn.refuse_asker(asker, TOO_MANY);
    }
    let left = room.resubscribe(id, |it| {
        let before = it.metrics.len();
        it.metrics.retain(|it| !names.contains(it));
        (it.metrics.clone(), it.metrics.len() != before)
    });
    let (left, is_changed) = left.unwrap_or_default();
    if is_changed {
        turn.effects.remember(id);
    }
    turn.answer(asker, Event::from(MetricEvent::Unwatched(readings(room, asker, left))));
}

fn readings(room: &Room, asker: &Asker, names: Vec<Name>) -> Vec<Reading> {
    let sees_own = asker.grants.shows_measures();
    let reading = |metric: Name| {
        let last = room.metrics.last.get(&metric).filter(|it| sees_own || !it.own);
        let last = last.map(|it| (it.value.clone(), it.at));
        Reading { metric, last }
    };
    names.into_iter().map(reading).collect()
}

const NO_SOCKET: Refusal = Refusal::invalid("subscriptions need a connection");
const TOO_LONG: Refusal =
    Refusal::new(Code::Conflict, "this connection has no room for so many metrics");
const TOO_MANY: Refusal =
    Refusal::new(Code::Conflict, "a connection has at most 100 metrics, of 8 KiB together");
const UNSEEN: Refusal = Refusal::denied(
    "the numbers of a chat room take the grant presence in the chat room of this name",
);
const FULL: Refusal = Refusal::new(Code::Conflict, "a room keeps at most 1,000 metrics");

/// Who hears of one of the platform's own numbers: a token that replaced another one may allow
/// less.
fn watchers(room: &Room, measure: &str) -> Vec<SessionId> {
    let watchers = room.subscribers(Space::METRICS, measure);
    watchers.filter(|it| it.grants.shows_measures()).map(|it| it.id).collect()
}

/// Whether there is room for its last value.
pub(super) fn fits(room: &Room, Metric { metric, .. }: &Metric) -> Result<(), Refusal> {
    let last = &room.metrics.last;
    if last.contains_key(metric) || Measure::is_one(metric) {
        return Ok(());
    }
    let others = last.keys().filter(|it| !Measure::is_one(it)).count();
    if others < METRICS_MAX { Ok(()) } else { Err(FULL) }
}

/// Something was added to the log.
pub(super) fn noticed(room: &mut Room, turn: &mut Turn, entry: &Entry) {
    match Metric::of(&entry.body) {
        Some(Metric { metric, value, at }) => {
            let reading = StoredReading { value, at: at.unwrap_or(entry.at), own: false };
            room.metrics.last.insert(metric, reading);
        }
        None => measure::touched(room, turn, entry.at),
    }
}

/// Another room answered.
pub(super) fn answered(room: &mut Room, turn: &mut Turn, input: MetricInput) {
    match (input, room.kind) {
        (MetricInput::Measured(measures), Kind::Analytics) => take(room, turn, &measures),
        (MetricInput::IsWatched(is_watched), Kind::Chat) => {
            measure::is_watched(room, turn, is_watched);
        }
        // Which nobody asked for.
        (MetricInput::Measured(_) | MetricInput::IsWatched(_), _) => {}
    }
}

/// Keeps what a chat room measured, and tells of what changed.
fn take(room: &mut Room, turn: &mut Turn, measures: &Measures) {
    for (measure, number) in measures.known() {
        let Ok(metric) = Name::parse(measure.name()) else { continue };
        let (value, at) = (Metric::whole(number), measures.at);
        if !is_news(room.metrics.last.get(&metric), measure, number, &value, at) {
            continue;
        }
        let reading = StoredReading { value: value.clone(), at, own: true };
        room.metrics.last.insert(metric.clone(), reading.clone());
        turn.effects.push(Effect::Write(Write::Metric(MetricWrite::Keep(metric.clone(), reading))));
        let to = room.audience(watchers(room, metric.as_str()), None);
        turn.tell_all(to, Event::from(MetricEvent::Updated { metric, value, at }));
    }
}

/// Whether a measure changes what is known.
fn is_news(
    last: Option<&StoredReading>,
    measure: Measure,
    number: u64,
    value: &Json,
    at: Millis,
) -> bool {
    match last {
        // Reports may overtake each other.
        Some(last) if last.own => last.at <= at && last.value != *value,
        // That nothing happens in a chat room is no news, and does not replace what a
        // backend measured by other means.
        Some(_) | None => match measure {
            Measure::Engagement | Measure::Activity => number != 0,
            Measure::Performance => true,
        },
    }
}

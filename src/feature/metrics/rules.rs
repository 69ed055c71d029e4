//! Metrics: their last values, and who hears of them (B15, B16). What a chat room measures
//! of itself is `measure`'s.

use super::Metrics;
use super::measure;
use super::stored::{Lately, Measuring, MetricInput, MetricWrite, StoredReading};
use crate::feature::Call;
use crate::feature::door::{Door, Thing};
use crate::feature::metrics::MetricCall;
use crate::feature::metrics::{Measure, Measures, Metric, MetricCommand, MetricEvent, Reading};
use crate::kernel::Duplicate;
use crate::kernel::Event;
use crate::kernel::features::Rules;
use crate::kernel::principal::Principal;
use crate::kernel::{
    Act, Answer, Connection, Context, Effect, HostStats, Publication, Room, Write, kinds,
};
use crate::limits::{METRICS_MAX, TOPICS_BYTES_MAX, TOPICS_MAX};
use crate::message::{Code, ConnectionId, Entry, Json, Kind, Millis, Name, ProtocolError, Space};

impl Door for Metrics {
    const THING: Option<Thing> = Some(Thing {
        space: Space::METRICS.0,
        kinds: &[Kind::Analytics],
        acts: &[Act::Hear, Act::Publish],
    });
}

impl Rules for Metrics {
    fn handle(
        room: &mut Room,
        cx: &mut Context,
        principal: &Principal,
        command: MetricCommand,
        _: Option<Duplicate>,
    ) {
        handle(room, cx, principal, command);
    }

    fn heard(room: &mut Room, cx: &mut Context, input: MetricInput) {
        answered(room, cx, input);
    }

    fn entered(room: &mut Room, connection: &Connection) {
        room.own.metrics.own.said(connection.own.metrics.said_at.unwrap_or_default());
    }

    fn spoke(room: &mut Room, cx: &mut Context, id: ConnectionId) {
        measure::spoke(room, cx, id);
    }

    fn judge(
        room: &Room,
        _: &Principal,
        publication: &mut Publication,
    ) -> Result<Option<Duplicate>, ProtocolError> {
        Metric::of(&publication.body).map_or(Ok(()), |it| fits(room, &it)).map(|()| None)
    }

    fn appended(room: &mut Room, cx: &mut Context, entry: &Entry) {
        noticed(room, cx, entry);
    }

    fn left(room: &mut Room, cx: &mut Context, connection: &Connection) {
        measure::left(room, cx, connection);
    }

    fn found(_: &mut Room, query: Measuring, found: Lately, host: HostStats) -> Option<Answer> {
        Some(measure::measured(&query, &found, host))
    }

    fn due_at(room: &Room) -> Option<Millis> {
        measure::due_at(room)
    }

    /// A room that is observed tells what became of it.
    fn settle(room: &mut Room, cx: &mut Context) {
        measure::tick(room, cx);
    }
}

fn handle(room: &mut Room, cx: &mut Context, principal: &Principal, command: MetricCommand) {
    match (command, room.kind) {
        (MetricCommand::Watch(names), Kind::Analytics) => watch(room, cx, principal, names),
        (MetricCommand::Unwatch(names), Kind::Analytics) => unwatch(room, cx, principal, &names),
        (MetricCommand::Measures(measures), Kind::Analytics) => {
            take(room, cx, &measures);
            // Whoever is told nothing for now will be again.
            let will_hear =
                |it: &Connection| it.is_held() && it.own.metrics.heard.iter().any(Measure::is_one);
            let is_watched = Measure::ALL.iter().any(|it| !watchers(room, it.name()).is_empty())
                || room.connections.values().any(will_hear);
            cx.answer(principal, Event::from(MetricEvent::IsWatched(is_watched)));
        }
        (MetricCommand::Observe, Kind::Chat) => measure::observe(room, cx, principal),
        (
            MetricCommand::Watch(_)
            | MetricCommand::Unwatch(_)
            | MetricCommand::Measures(_)
            | MetricCommand::Observe,
            _,
        ) => cx.refuse_principal(principal, kinds::UNKNOWN),
    }
}

fn watch(room: &mut Room, cx: &mut Context, principal: &Principal, names: Vec<Name>) {
    let Some(connection) = principal.connection.and_then(|id| room.connection(id)) else {
        return cx.refuse_principal(principal, NO_SOCKET);
    };
    let asks_measures = names.iter().any(Measure::is_one);
    if asks_measures && !connection.grants.shows_measures() {
        return cx.refuse_principal(principal, UNSEEN);
    }
    if !names.iter().all(|it| principal.may(Act::Hear, Space::METRICS, it.as_str())) {
        return cx.refuse_principal(principal, UNHEARD);
    }
    let count = names.len();
    let mut all = connection.own.metrics.heard.clone();
    all.extend(names);
    all.sort_unstable();
    all.dedup();
    // They ride in the attachment, which has 16 KiB.
    let bytes: usize = all.iter().map(|it| it.as_str().len()).sum();
    if TOPICS_MAX < count.max(all.len()) || TOPICS_BYTES_MAX < bytes {
        return cx.refuse_principal(principal, TOO_MANY);
    }
    if connection.own.metrics.heard != all {
        let id = connection.id;
        let fits = room.resubscribe(id, |it| {
            let before = std::mem::replace(&mut it.own.metrics.heard, all.clone());
            let fits = it.fits_attachment();
            if !fits {
                it.own.metrics.heard = before;
            }
            fits
        });
        if fits != Some(true) {
            return cx.refuse_principal(principal, TOO_LONG);
        }
        cx.effects.save(id);
    }
    cx.answer(principal, Event::from(MetricEvent::Watched(readings(room, principal, all))));
    if asks_measures {
        cx.effects.push(Effect::Call(Call::Metrics(MetricCall::Observe)));
    }
}

fn unwatch(room: &mut Room, cx: &mut Context, principal: &Principal, names: &[Name]) {
    let Some(id) = principal.connection else { return cx.refuse_principal(principal, NO_SOCKET) };
    if TOPICS_MAX < names.len() {
        return cx.refuse_principal(principal, TOO_MANY);
    }
    let left = room.resubscribe(id, |it| {
        let before = it.own.metrics.heard.len();
        it.own.metrics.heard.retain(|it| !names.contains(it));
        (it.own.metrics.heard.clone(), it.own.metrics.heard.len() != before)
    });
    let (left, is_changed) = left.unwrap_or_default();
    if is_changed {
        cx.effects.save(id);
    }
    cx.answer(principal, Event::from(MetricEvent::Unwatched(readings(room, principal, left))));
}

fn readings(room: &Room, principal: &Principal, names: Vec<Name>) -> Vec<Reading> {
    let sees_own = principal.grants.shows_measures();
    let reading = |metric: Name| {
        let is_seen = principal.may(Act::Hear, Space::METRICS, metric.as_str());
        let last = room.own.metrics.last.get(&metric).filter(|it| is_seen && (sees_own || !it.own));
        let last = last.map(|it| (it.value.clone(), it.at));
        Reading { metric, last }
    };
    names.into_iter().map(reading).collect()
}

const NO_SOCKET: ProtocolError = ProtocolError::invalid("subscriptions need a connection");
const TOO_LONG: ProtocolError =
    ProtocolError::new(Code::Conflict, "this connection has no room for so many metrics");
const TOO_MANY: ProtocolError =
    ProtocolError::new(Code::Conflict, "a connection has at most 100 metrics, of 8 KiB together");
const UNSEEN: ProtocolError = ProtocolError::denied(
    "the numbers of a chat room take the grant presence in the chat room of this name",
);
const UNHEARD: ProtocolError =
    ProtocolError::denied("this token does not allow hearing one of these metrics");
const FULL: ProtocolError =
    ProtocolError::new(Code::Conflict, "a room keeps at most 1,000 metrics");

/// Who hears of one of the platform's own numbers: a token that replaced another one may allow
/// less.
fn watchers(room: &Room, measure: &str) -> Vec<ConnectionId> {
    let watchers = room.subscribers(Space::METRICS, measure);
    let may_hear =
        |it: &&Connection| it.grants.shows_measures() && it.may(Act::Hear, Space::METRICS, measure);
    watchers.filter(may_hear).map(|it| it.id).collect()
}

/// Whether there is room for its last value.
fn fits(room: &Room, Metric { metric, .. }: &Metric) -> Result<(), ProtocolError> {
    let last = &room.own.metrics.last;
    if last.contains_key(metric) || Measure::is_one(metric) {
        return Ok(());
    }
    let others = last.keys().filter(|it| !Measure::is_one(it)).count();
    if others < METRICS_MAX { Ok(()) } else { Err(FULL) }
}

/// Something was added to the log.
fn noticed(room: &mut Room, cx: &mut Context, entry: &Entry) {
    match Metric::of(&entry.body) {
        Some(Metric { metric, value, at }) => {
            let reading = StoredReading { value, at: at.unwrap_or(entry.at), own: false };
            room.own.metrics.last.insert(metric, reading);
        }
        None => measure::touched(room, cx, entry.at),
    }
}

/// Another room answered.
fn answered(room: &mut Room, cx: &mut Context, input: MetricInput) {
    match (input, room.kind) {
        (MetricInput::Measured(measures), Kind::Analytics) => take(room, cx, &measures),
        (MetricInput::IsWatched(is_watched), Kind::Chat) => {
            measure::is_watched(room, cx, is_watched);
        }
        // Which nobody asked for.
        (MetricInput::Measured(_) | MetricInput::IsWatched(_), _) => {}
    }
}

/// Keeps what a chat room measured, and tells of what changed.
fn take(room: &mut Room, cx: &mut Context, measures: &Measures) {
    for (measure, number) in measures.known() {
        let Ok(metric) = Name::parse(measure.name()) else { continue };
        let (value, at) = (Metric::whole(number), measures.at);
        if !is_news(room.own.metrics.last.get(&metric), measure, number, &value, at) {
            continue;
        }
        let reading = StoredReading { value: value.clone(), at, own: true };
        room.own.metrics.last.insert(metric.clone(), reading.clone());
        cx.effects.push(Effect::Write(Write::from(MetricWrite::Keep(metric.clone(), reading))));
        let to = room.recipients(watchers(room, metric.as_str()), None);
        cx.tell_all(to, Event::from(MetricEvent::Updated { metric, value, at }));
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

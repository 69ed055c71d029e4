//! How the last values of metrics are stored: see [`crate::room::MetricWrite`].

use super::schema::write_meta;
use super::{Database, Lately, Value};
use crate::feature::metrics::Metric;
use crate::message::{Json, Millis, Name, Offset, UserId};
use crate::room::{MetricWrite, StoredReading};

/// The tables of it, as of their introduction.
pub(super) const TABLES: &[&str] = &[
    // The last value of each metric, a number in its JSON spelling, and whether the platform
    // measured it.
    "CREATE TABLE metric (
        name TEXT PRIMARY KEY,
        value TEXT NOT NULL,
        at INTEGER NOT NULL,
        own INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID",
];

/// Which tables an erased room's are.
pub(super) const OWN: &[&str] = &["metric"];

/// Whether another room wants to know how this one is, in `meta`. Erasing leaves it: those
/// who watch are to see that nothing is left.
pub(super) const OBSERVED: &str = "observed";

pub(super) fn write<D: Database>(database: &D, write: &MetricWrite) -> Result<(), D::Error> {
    match write {
        MetricWrite::Keep(name, reading) => keep(database, name, reading),
        MetricWrite::Observed(observed) => write_meta(database, OBSERVED, observed.as_str()),
    }
}

/// Keeps what a backend published at this time.
pub(super) fn publish<D: Database>(
    database: &D,
    Metric { metric, value, at }: &Metric,
    accepted_at: Millis,
) -> Result<(), D::Error> {
    let reading = StoredReading { value: value.clone(), at: at.unwrap_or(accepted_at), own: false };
    keep(database, metric, &reading)
}

fn keep<D: Database>(
    database: &D,
    name: &Name,
    StoredReading { value, at, own }: &StoredReading,
) -> Result<(), D::Error> {
    let sql = "INSERT OR REPLACE INTO metric (name, value, at, own) VALUES (?, ?, ?, ?)";
    let bindings =
        [name.as_str().into(), value.as_str().into(), at.0.into(), u64::from(*own).into()];
    database.run(sql, &bindings).map(drop)
}

/// A stored reading.
pub(super) fn reading(
    name: String,
    value: String,
    at: u64,
    own: u64,
) -> Option<(Name, StoredReading)> {
    let (name, value) = (Name::stored(name).ok()?, Json::stored(value)?);
    Some((name, StoredReading { value, at: Millis(at), own: own != 0 }))
}

/// What happened from one offset to another.
pub(super) fn lately<D: Database>(
    database: &D,
    from: u64,
    head: Offset,
) -> Result<Lately, D::Error> {
    let sql = "SELECT author, SUM(kind = 'message') FROM entry
               WHERE offset BETWEEN ? AND ? GROUP BY author ORDER BY author";
    let mut lately = Lately::default();
    for row in database.run(sql, &[from.into(), head.0.into()])? {
        if let Ok([author, messages]) = <[Value<'static>; 2]>::try_from(row) {
            lately.messages += messages.integer().unwrap_or_default();
            lately.authors.extend(author.text().map(UserId));
        }
    }
    Ok(lately)
}

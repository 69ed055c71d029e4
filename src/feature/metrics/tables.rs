//! How the last values of metrics are stored: see [`crate::feature::metrics::MetricWrite`].

use crate::feature::metrics::Metric;
use crate::feature::metrics::{MetricWrite, StoredReading};
use std::collections::BTreeMap;
use std::convert::Infallible;

use super::{Lately, Measuring};
use super::{MetricMemory, Metrics, Observed};
use crate::database::{Database, Step};
use crate::database::{find, write_meta};
use crate::feature::messages::MESSAGE;
use crate::feature::tables::{Log, Tables, Twin, Woken};
use crate::message::{Entry, Json, Millis, Name};

/// The tables of it, as of their introduction.
const MIGRATION: &[&str] = &[
    // The last value of each metric, a number in its JSON spelling, and whether the platform
    // measured it.
    "CREATE TABLE metric (
        name TEXT PRIMARY KEY,
        value TEXT NOT NULL,
        at INTEGER NOT NULL,
        own INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID",
];

/// Whether another room wants to know how this one is, in `meta`. Erasing leaves it: those
/// who watch are to see that nothing is left.
pub(crate) const OBSERVED: &str = "observed";

impl Tables for Metrics {
    type Memory = Memory;

    const MIGRATIONS: &'static [Step] = &[(3, MIGRATION)];
    const TABLES: &'static [&'static str] = &["metric"];
    const WAKE: Option<&'static str> = Some("SELECT 'metric', name, value, at, own FROM metric");
    const TAG: &'static str = "metric";

    fn write<D: Database>(database: &D, writes: &[&MetricWrite]) -> Result<(), D::Error> {
        writes.iter().try_for_each(|it| write(database, it))
    }

    fn find<D: Database>(
        _: &D,
        log: &impl Log<Error = D::Error>,
        query: &Measuring,
    ) -> Result<Lately, D::Error> {
        lately(log, query)
    }

    fn appended<D: Database>(database: &D, entry: &Entry) -> Result<(), D::Error> {
        let Some((name, reading)) = published(entry) else { return Ok(()) };
        keep(database, &name, &reading)
    }

    fn wake(stored: &mut MetricMemory, row: Woken) -> Option<()> {
        stored.last.push(reading(row.key, row.value, row.number, row.at)?);
        Some(())
    }

    fn wake_meta(stored: &mut MetricMemory, meta: &[(String, String)]) {
        stored.observed = Observed::parse(find(meta, OBSERVED).unwrap_or_default());
    }
}

/// What a backend published, if an entry says that.
fn published(entry: &Entry) -> Option<(Name, StoredReading)> {
    let Metric { metric, value, at } = Metric::of(&entry.body)?;
    Some((metric, StoredReading { value, at: at.unwrap_or(entry.at), own: false }))
}

fn write<D: Database>(database: &D, write: &MetricWrite) -> Result<(), D::Error> {
    match write {
        MetricWrite::Keep(name, reading) => keep(database, name, reading),
        MetricWrite::Observed(observed) => write_meta(database, OBSERVED, observed.as_str()),
    }
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
fn reading(name: String, value: String, at: u64, own: u64) -> Option<(Name, StoredReading)> {
    let (name, value) = (Name::stored(name).ok()?, Json::stored(value)?);
    Some((name, StoredReading { value, at: Millis(at), own: own != 0 }))
}

fn lately<L: Log>(log: &L, it: &Measuring) -> Result<Lately, L::Error> {
    let authors = log.authors(it.since, it.first, it.head, MESSAGE)?;
    let messages = authors.iter().map(|(_, messages)| messages).sum();
    Ok(Lately { messages, authors: authors.into_iter().map(|(author, _)| author).collect() })
}

/// Its tables in memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory {
    last: BTreeMap<Name, StoredReading>,
    observed: Observed,
}

impl Twin for Memory {
    type Write = MetricWrite;
    type Stored = MetricMemory;
    type Query = Measuring;
    type Found = Lately;

    fn find(&self, log: &impl Log<Error = Infallible>, query: &Measuring) -> Lately {
        let Ok(lately) = lately(log, query);
        lately
    }

    fn write(&mut self, write: &MetricWrite) {
        match write {
            MetricWrite::Observed(observed) => self.observed = *observed,
            MetricWrite::Keep(name, reading) => {
                self.last.insert(name.clone(), reading.clone());
            }
        }
    }

    fn appended(&mut self, entry: &Entry) {
        self.last.extend(published(entry));
    }

    fn erased(self) -> Self {
        Self { observed: self.observed, ..Self::default() }
    }

    fn stored(&self) -> MetricMemory {
        let last = self.last.iter().map(|(name, it)| (name.clone(), it.clone())).collect();
        MetricMemory { last, observed: self.observed }
    }
}

//! What is found: by the index, and in the twin by looking at everything.

use std::convert::Infallible;

use super::index::{self, Span};
use super::snippet::snippet;
use super::stored::{Found, Hit, Lookup, Order};
use super::{Search, index::catch_up};
use crate::database::{Database, Value};
use crate::feature::Never;
use crate::feature::tables::{Log, Tables, Twin};
use crate::message::{Before, Body, Epoch, Millis, Offset};

/// What the entries say in which it was found is read one by one, up to so many bytes, to show some
/// of each.
const HITS_BYTES_MAX: usize = 4 << 20;

/// Greater than any number that is bound: those survive JavaScript.
const NUMBER_MAX: u64 = (1 << 53) - 1;

impl Tables for Search {
    type Memory = Memory;

    fn find<D: Database>(
        database: &D,
        log: &impl Log<Error = D::Error>,
        lookup: &Lookup,
    ) -> Result<Found, D::Error> {
        let wanted = Span { from: lookup.first.0.max(1), to: lookup.head.next().0 };
        // What was asked before the room was erased would make an index of what is not there.
        if wanted.to <= wanted.from || !is_of(database, &lookup.epoch)? {
            return Ok(Found::default());
        }
        let searched = catch_up(database, log, wanted)?;
        let is_partial = wanted.from < searched.from;
        let found = hits(log, lookup, offsets(database, lookup)?)?;
        Ok(Found { searched_from: is_partial.then_some(Offset(searched.from)), ..found })
    }

    fn amended<D: Database>(
        database: &D,
        offset: Offset,
        body: Option<&Body>,
    ) -> Result<(), D::Error> {
        index::amended(database, offset, body)
    }

    fn trimmed<D: Database>(database: &D, first: Offset) -> Result<(), D::Error> {
        index::trimmed(database, first)
    }

    fn erased<D: Database>(database: &D) -> Result<(), D::Error> {
        index::forget(database)
    }
}

/// Whether this is the log that is there.
fn is_of<D: Database>(database: &D, epoch: &Epoch) -> Result<bool, D::Error> {
    let sql = "SELECT 1 FROM meta WHERE key = 'epoch' AND value = ?";
    database.run(sql, &[epoch.0.as_str().into()]).map(|it| !it.is_empty())
}

/// Matches of which the best are shown, the newest: ranking one takes about a microsecond.
const RANKED_MAX: &str = "10000";

/// Where it is found, and one place more than is asked for.
fn offsets<D: Database>(database: &D, lookup: &Lookup) -> Result<Vec<Offset>, D::Error> {
    // The index is looked at first, whatever is thought to be fast.
    let newest = |columns, limit| {
        format!(
            "SELECT {columns} FROM search CROSS JOIN entry ON entry.offset = search.rowid
             WHERE search MATCH ? AND search.rowid >= ? AND search.rowid < ?
                 AND at >= ? AND at < ? AND (user IS NULL OR user = ?)
             ORDER BY search.rowid DESC LIMIT {limit}"
        )
    };
    let sql = match lookup.order {
        Order::Newest => newest("search.rowid", "?"),
        Order::Best => {
            let ranked = newest("search.rowid AS place, search.rank AS score", RANKED_MAX);
            format!("SELECT place FROM ({ranked}) ORDER BY score, place DESC LIMIT ?")
        }
    };
    let (before, before_time) = bounds(lookup);
    let bindings = [
        lookup.terms.expression().into(),
        lookup.first.0.into(),
        before.0.into(),
        lookup.since.0.into(),
        before_time.0.into(),
        lookup.viewer.0.as_str().into(),
        (u64::from(lookup.limit) + 1).into(),
    ];
    let rows = database.run(&sql, &bindings)?;
    Ok(rows.iter().flatten().filter_map(Value::integer).map(Offset).collect())
}

/// Before which place and which time it is looked for.
fn bounds(lookup: &Lookup) -> (Offset, Millis) {
    let newest = lookup.head.next();
    match lookup.before {
        Before::Newest => (newest, Millis(NUMBER_MAX)),
        Before::Offset(offset) => (offset.min(newest), Millis(NUMBER_MAX)),
        Before::Time(at) => (newest, Millis(at.0.min(NUMBER_MAX))),
    }
}

/// What is shown of the entries at these places.
fn hits<L: Log>(
    log: &L,
    lookup: &Lookup,
    offsets: impl IntoIterator<Item = Offset>,
) -> Result<Found, L::Error> {
    let mut found = Found::default();
    let mut bytes = 0;
    for offset in offsets {
        if found.hits.len() == lookup.limit as usize || HITS_BYTES_MAX < bytes {
            found.has_more = true;
            break;
        }
        let Some(entry) = log.entry(offset)? else { continue };
        bytes += entry.body.data.as_str().len();
        let text = entry.body.text().unwrap_or_default();
        let Some(snippet) = snippet(&text, &lookup.terms) else { continue };
        let (author, name, user) =
            (entry.author.clone(), entry.body.name.clone(), entry.body.user.clone());
        found.hits.push(Hit { offset, at: entry.at, id: entry.id, author, name, user, snippet });
    }
    Ok(found)
}

/// There is no index in memory: everything is looked at, the newest first, whatever is best.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory;

impl Twin for Memory {
    type Write = Never<Search>;
    type Stored = ();
    type Query = Lookup;
    type Found = Found;

    fn write(&mut self, write: &Never<Search>) {
        write.never()
    }

    fn find(&self, log: &impl Log<Error = Infallible>, lookup: &Lookup) -> Found {
        let (before, before_time) = bounds(lookup);
        let is_shown = |offset: &Offset| {
            let Ok(entry) = log.entry(*offset);
            entry.is_some_and(|it| {
                let user = it.body.user.as_ref();
                (lookup.since..before_time).contains(&it.at)
                    && user.is_none_or(|it| *it == lookup.viewer)
                    && it.body.text().is_some_and(|it| snippet(&it, &lookup.terms).is_some())
            })
        };
        let places = (lookup.first.0..before.0).rev().map(Offset).filter(is_shown);
        let Ok(found) = hits(log, lookup, places);
        found
    }

    fn stored(&self) {}
}

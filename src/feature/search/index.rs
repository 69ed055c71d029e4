//! The index: words of entries, by their offsets. It is made of the log when somebody searches, a
//! step at a time, so that nobody pays for it in a room that is not searched.
//!
//! What is in it is told by `meta`: a stretch of the log without a gap. Entries in it are followed
//! when they are amended and when they are trimmed, in the transaction that does it.

use std::rc::Rc;

use super::text::indexed;
use crate::database::{Database, Value, write_meta};
use crate::feature::tables::{End, Log};
use crate::message::{Body, Entry, Offset};

/// How the index is made: another number, and it is made anew.
const FORM: u64 = 1;

/// Where `meta` says what is in it: the form, the first offset and the one after the last.
const META: &str = "search";

/// Entries that are indexed for one search, at most: some hundred milliseconds.
pub(super) const STEP_ENTRIES: u64 = 2_000;

/// And the bytes of what they say: where all are large, these take as long.
const STEP_BYTES: usize = 4 << 20;

/// Without the texts, which are in the log. What the tokenizer takes apart are words already.
const MAKE: &str = "CREATE VIRTUAL TABLE search USING fts5
    (text, content='', contentless_delete=1, tokenize='ascii')";

/// A stretch of the log: from the first of these offsets to before the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) from: u64,
    pub(super) to: u64,
}

/// What is in the index, if there is one.
fn span<D: Database>(database: &D) -> Result<Option<Span>, D::Error> {
    let rows = database.run("SELECT value FROM meta WHERE key = ?", &[META.into()])?;
    let value = rows.into_iter().flatten().next().and_then(Value::text).unwrap_or_default();
    let numbers: Option<Vec<u64>> = value.split(' ').map(|it| it.parse().ok()).collect();
    Ok(match numbers.as_deref() {
        Some([FORM, from, to]) => Some(Span { from: *from, to: *to }),
        _ => None,
    })
}

/// Indexes what is missing of this stretch, or as much of it as a step is, the newest first; says
/// what is in the index then.
pub(super) fn catch_up<D: Database>(
    database: &D,
    log: &impl Log<Error = D::Error>,
    wanted: Span,
) -> Result<Span, D::Error> {
    // One that is too far behind is made anew: what is looked for is new, mostly.
    let is_near = |it: &Span| wanted.from <= it.to && wanted.to <= it.to + STEP_ENTRIES;
    let known = span(database)?.filter(is_near);
    if let Some(all) = known.filter(|it| it.from <= wanted.from && wanted.to <= it.to) {
        return Ok(all);
    }
    let mut span = known.unwrap_or(Span { from: wanted.to, to: wanted.to });
    database.atomically(&mut || {
        if known.is_none() {
            forget(database)?;
            database.run(MAKE, &[])?;
        }
        let (mut entries_left, mut bytes_left) = (STEP_ENTRIES, STEP_BYTES);
        while entries_left != 0 && bytes_left != 0 {
            let is_upwards = span.to < wanted.to;
            let (from, to, end) = if is_upwards {
                (span.to, wanted.to, End::Lower)
            } else {
                (wanted.from, span.from, End::Upper)
            };
            if to <= from {
                break;
            }
            let entries = log.some((Offset(from), Offset(to - 1)), end)?;
            insert(database, &entries)?;
            // Where nothing is left, all of it is in the index.
            if is_upwards {
                span.to = entries.last().map_or(to, |it| it.offset.0 + 1);
            } else {
                span.from = entries.first().map_or(from, |it| it.offset.0);
            }
            let bytes = entries.iter().map(|it| it.body.data.as_str().len()).sum();
            entries_left = entries_left.saturating_sub(entries.len() as u64);
            bytes_left = bytes_left.saturating_sub(bytes);
        }
        write_meta(database, META, &format!("{FORM} {} {}", span.from, span.to))
    })?;
    Ok(span)
}

fn insert<D: Database>(database: &D, entries: &[Rc<Entry>]) -> Result<(), D::Error> {
    let words = |it: &Rc<Entry>| Some((it.offset.0, it.body.text()?));
    let bindings: Vec<Value<'_>> = entries
        .iter()
        .filter_map(words)
        .flat_map(|(offset, text)| [offset.into(), indexed(&text).into()])
        .collect();
    if bindings.is_empty() {
        return Ok(());
    }
    let places = vec!["(?, ?)"; bindings.len() / 2].join(", ");
    let sql = format!("INSERT INTO search (rowid, text) VALUES {places}");
    database.run(&sql, &bindings).map(drop)
}

/// Follows an entry that says something else, or nothing.
pub(super) fn amended<D: Database>(
    database: &D,
    Offset(offset): Offset,
    body: Option<&Body>,
) -> Result<(), D::Error> {
    if span(database)?.is_none_or(|it| !(it.from..it.to).contains(&offset)) {
        return Ok(());
    }
    database.run("DELETE FROM search WHERE rowid = ?", &[offset.into()])?;
    let Some(text) = body.and_then(Body::text) else { return Ok(()) };
    let sql = "INSERT INTO search (rowid, text) VALUES (?, ?)";
    database.run(sql, &[offset.into(), indexed(&text).into()]).map(drop)
}

/// Forgets entries before this one.
pub(super) fn trimmed<D: Database>(database: &D, first: Offset) -> Result<(), D::Error> {
    if span(database)?.is_none() {
        return Ok(());
    }
    database.run("DELETE FROM search WHERE rowid < ?", &[first.0.into()]).map(drop)
}

/// Forgets all of it, with the words of what was amended or trimmed: those stay in the index until
/// it puts parts of itself together.
pub(super) fn forget<D: Database>(database: &D) -> Result<(), D::Error> {
    database.run("DROP TABLE IF EXISTS search", &[])?;
    database.run("DELETE FROM meta WHERE key = ?", &[META.into()]).map(drop)
}

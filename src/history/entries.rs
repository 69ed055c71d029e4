//! The rows of the log in SQL.

use std::rc::Rc;

use super::{
    NAMED_ENTRIES_MAX, SOME, SOME_MAX, added_bytes_max, completed, fitting, how_many_fit, record,
    weight,
};
use crate::database::{Database, Value};
use crate::feature;
use crate::feature::tables::{self, End, Log, Shown};
use crate::kernel::PageQuery;
use crate::message::{
    Added, Before, Entry, EntryKind, Millis, Offset, Page, Relation, Target, UserId, minted_at,
};

/// Rows in one statement: the platform binds at most 100 parameters.
const ROWS_MAX: usize = 100 / record::COLUMNS_COUNT;

const PLACES: &str = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

/// The entries of a database that has tables.
pub(super) struct Entries<'a, D>(pub(super) &'a D);

impl<D: Database> Entries<'_, D> {
    /// Adds entries, in as few statements as may be: a statement costs as much as several rows.
    pub(super) fn append(&self, entries: &[&Rc<Entry>]) -> Result<(), D::Error> {
        for rows in entries.chunks(ROWS_MAX) {
            let places = vec![PLACES; rows.len()].join(", ");
            let sql = format!("INSERT INTO entry ({}) VALUES {places}", record::COLUMNS);
            let bindings: Vec<Value<'_>> = rows.iter().flat_map(|it| record::row(it)).collect();
            self.0.run(&sql, &bindings)?;
        }
        Ok(())
    }

    /// Stores an entry in place of what stands at its offset, over which it writes first.
    ///
    /// The platform leaves the bytes of a row that becomes shorter or moves where they are, and
    /// refuses `PRAGMA secure_delete`. A value of the same length is written over the old one.
    pub(super) fn amend(&self, Entry { offset, at, body, .. }: &Entry) -> Result<(), D::Error> {
        let place = Value::from(offset.0);
        let sql = "UPDATE entry SET data = CAST(zeroblob(octet_length(data)) AS TEXT)
                   WHERE offset = ?";
        self.0.run(sql, std::slice::from_ref(&place))?;
        let data = Value::Text(body.to_stored(*at));
        let sql = "UPDATE entry SET data = ? WHERE offset = ?";
        self.0.run(sql, &[data, place]).map(drop)
    }

    /// Blanks what was said in place of this entry, and says where that was.
    pub(super) fn blank_replacements(&self, of: Offset) -> Result<Vec<Offset>, D::Error> {
        let mut blank = Vec::new();
        let replaces = |it: &EntryKind| it.relates == Some(Relation::Replaces);
        for kind in feature::entry_kinds().filter(replaces) {
            let sql =
                format!("SELECT {} FROM entry WHERE target = ? AND kind = ?", record::COLUMNS);
            let rows = self.0.run(&sql, &[of.0.into(), kind.name.into()])?;
            for entry in rows.into_iter().filter_map(record::entry) {
                let Some(body) = entry.body.blank() else { continue };
                let entry = Entry { body, ..entry };
                self.amend(&entry)?;
                blank.push(entry.offset);
            }
        }
        Ok(blank)
    }

    /// One end of the log: its offset and time.
    pub(super) fn end(&self, order: &str) -> Result<Option<(Offset, Millis)>, D::Error> {
        let sql = format!("SELECT offset, at FROM entry ORDER BY offset {order} LIMIT 1");
        let rows = self.0.run(&sql, &[])?;
        let end = rows.first().and_then(|row| pair(row));
        Ok(end.map(|(offset, at)| (Offset(offset), Millis(at))))
    }

    /// The smallest offset in `from..to` whose time is `at` or later, else `to`.
    /// Bisection over the primary key: twenty look-ups in a million entries.
    pub(super) fn first_since(&self, at: Millis, from: u64, to: u64) -> Result<u64, D::Error> {
        let (mut low, mut high) = (from, to);
        while low < high {
            let middle = low.midpoint(high);
            let sql = "SELECT at FROM entry WHERE offset = ?";
            let rows = self.0.run(sql, &[middle.into()])?;
            let time = rows.first().and_then(|row| row.first()).and_then(Value::integer);
            if time.is_some_and(|time| at.0 <= time) { high = middle } else { low = middle + 1 }
        }
        Ok(low)
    }

    /// The entry at this place, while it is kept.
    pub(super) fn entry(&self, offset: Offset) -> Result<Option<Rc<Entry>>, D::Error> {
        let sql = format!("SELECT {} FROM entry WHERE offset = ?", record::COLUMNS);
        let rows = self.0.run(&sql, &[offset.0.into()])?;
        Ok(rows.into_iter().next().and_then(record::entry).map(Rc::new))
    }

    /// See [`super::History::entry_of`].
    pub(super) fn named(
        &self,
        target: Target,
        head: Offset,
    ) -> Result<Option<Rc<Entry>>, D::Error> {
        let id = match target {
            Target::Offset(offset) if head < offset => return Ok(None),
            Target::Offset(offset) => return self.entry(offset),
            Target::Id(id) => id,
        };
        let Some((first, _)) = self.end("ASC")? else { return Ok(None) };
        let from = self.first_since(minted_at(id), first.0, head.next().0)?;
        let sql = format!(
            "SELECT {} FROM entry WHERE offset >= ? AND offset < ? AND id = ? LIMIT 1",
            record::COLUMNS
        );
        let to = from.saturating_add(NAMED_ENTRIES_MAX);
        let rows = self.0.run(&sql, &[from.into(), to.into(), id.to_string().into()])?;
        Ok(rows.into_iter().next().and_then(record::entry).map(Rc::new))
    }

    /// The entries from one offset to another: all, or those that this user may see, of kinds that
    /// are shown.
    fn read(
        &self,
        from: u64,
        to: u64,
        viewer: Option<(&str, &str)>,
    ) -> Result<Vec<Rc<Entry>>, D::Error> {
        let columns = record::COLUMNS;
        let mut sql = format!("SELECT {columns} FROM entry WHERE offset BETWEEN ? AND ?");
        let mut bindings: Vec<Value<'_>> = vec![from.into(), to.into()];
        if let Some((viewer, shown)) = viewer {
            sql += " AND (user IS NULL OR user = ?) ";
            sql += shown;
            bindings.push(viewer.into());
        }
        let rows = self.0.run(&(sql + " ORDER BY offset"), &bindings)?;
        Ok(rows.into_iter().filter_map(record::entry).map(Rc::new).collect())
    }

    /// A stretch of the log: see [`super::History::page`].
    pub(super) fn page(&self, query: &PageQuery) -> Result<Page, D::Error> {
        let newest = query.head.0.saturating_add(1);
        let before = match query.before {
            Before::Newest => newest,
            Before::Offset(offset) => offset.0.min(newest),
            Before::Time(at) => self.first_since(at, query.first.0, newest)?,
        };
        let upwards = query.after.is_some();
        let mut first = query.after.map_or(query.first, |it| query.first.max(it.next()));
        if let Some(at) = query.within.later_than {
            first = Offset(self.first_since(at.plus(1), first.0, newest)?);
        }
        let order = if upwards { "ASC" } else { "DESC" };
        let mut shown = if query.raw { String::new() } else { unfolded() };
        if let Some(Offset(of)) = query.within.of {
            // An index leads to them, and what is folded answers nothing.
            shown = format!("AND target = {of} {}", unfolded());
        }
        // First what it would weigh, so that only what fits is read.
        let sql = format!(
            "SELECT offset, octet_length(data),
                octet_length(author) + octet_length(name)
                    + ifnull(octet_length(ref), 0) + ifnull(octet_length(user), 0)
             FROM entry
             WHERE offset < ? AND offset >= ? AND at >= ? AND (user IS NULL OR user = ?) {shown}
             ORDER BY offset {order} LIMIT ?"
        );
        let viewer = query.viewer.0.as_str();
        let bindings = [
            before.into(),
            first.0.into(),
            query.since.0.into(),
            viewer.into(),
            // One more than asked for, to know whether there are more.
            (u64::from(query.limit) + 1).into(),
        ];
        let rows = self.0.run(&sql, &bindings)?;
        let weights: Vec<(u64, u64)> =
            rows.iter().filter_map(|row| offset_and_weight(row)).collect();
        let fits = how_many_fit(query, weights.iter().map(|(_, weight)| *weight));
        let has_more = fits < weights.len();
        let page = weights.get(..fits).unwrap_or_default();
        let ends = page.first().zip(page.last()).map(|((one, _), (other, _))| (*one, *other));
        let entries = match ends {
            None => Vec::new(),
            Some((one, other)) => {
                self.read(one.min(other), one.max(other), Some((viewer, &shown)))?
            }
        };
        let (head, epoch, added) = (query.head, query.epoch.clone(), Added::new());
        let reverse = query.within.reverse;
        let page = Page { entries, has_more, upwards, reverse, head, epoch, added };
        if (query.raw && !query.within.exact) || page.entries.is_empty() {
            return Ok(page);
        }
        let (raw, exact) = (query.raw, query.within.exact);
        let (entries, viewer, bytes_max) = (&*page.entries, &query.viewer, added_bytes_max);
        let added = tables::complete(self.0, &Shown { entries, viewer, raw, exact, bytes_max })?;
        Ok(completed(page, added, query))
    }
}

impl<D: Database> Log for Entries<'_, D> {
    type Error = D::Error;

    fn entry(&self, offset: Offset) -> Result<Option<Rc<Entry>>, D::Error> {
        Entries::entry(self, offset)
    }

    fn some(&self, between: (Offset, Offset), end: End) -> Result<Vec<Rc<Entry>>, D::Error> {
        let order = if end == End::Lower { "ASC" } else { "DESC" };
        // First what it would weigh, so that only what fits is read.
        let sql = format!(
            "SELECT offset, octet_length(data) FROM entry WHERE offset BETWEEN ? AND ?
             ORDER BY offset {order} LIMIT {SOME_MAX}"
        );
        let (Offset(from), Offset(to)) = between;
        let rows = self.0.run(&sql, &[from.into(), to.into()])?;
        let rows: Vec<(u64, u64)> = rows.iter().filter_map(|row| pair(row)).collect();
        let fits = fitting(SOME, rows.iter().map(|(_, bytes)| *bytes));
        let offsets = rows.iter().take(fits).map(|(offset, _)| *offset);
        let ends = offsets.clone().min().zip(offsets.max());
        ends.map_or(Ok(Vec::new()), |(from, to)| self.read(from, to, None))
    }

    fn authors(
        &self,
        since: Millis,
        first: Offset,
        head: Offset,
        kind: EntryKind,
    ) -> Result<Vec<(UserId, u64)>, D::Error> {
        let from = self.first_since(since, first.0.max(1), head.next().0)?;
        let sql = "SELECT author, SUM(kind = ?) FROM entry
                   WHERE offset BETWEEN ? AND ? GROUP BY author ORDER BY author";
        let rows = self.0.run(sql, &[kind.name.into(), from.into(), head.0.into()])?;
        let author = |row| {
            let [author, count] = <[Value<'static>; 2]>::try_from(row).ok()?;
            Some((UserId(author.text()?), count.integer().unwrap_or_default()))
        };
        Ok(rows.into_iter().filter_map(author).collect())
    }
}

/// What leaves out entries that are shown with others.
fn unfolded() -> String {
    let folded = feature::entry_kinds().filter(|it| it.is_folded);
    let names: Vec<String> = folded.map(|it| format!("'{}'", it.name)).collect();
    format!("AND kind NOT IN ({})", names.join(", "))
}

/// An offset and a weight, from an offset and two lengths.
fn offset_and_weight(row: &[Value<'_>]) -> Option<(u64, u64)> {
    match row {
        [Value::Integer(offset), Value::Integer(data), Value::Integer(names)] => {
            Some((*offset, weight(*data, *names)))
        }
        _ => None,
    }
}

/// A row of two integers.
fn pair(row: &[Value<'_>]) -> Option<(u64, u64)> {
    match row {
        [Value::Integer(one), Value::Integer(other)] => Some((*one, *other)),
        _ => None,
    }
}

use std::rc::Rc;

use super::{Database, History, Row, TRIM_ENTRIES_MAX, Value, how_many_fit, record, schema};
use crate::message::{
    Before, Body, ClientRef, Entry, Epoch, EventName, Json, Member, Millis, Offset, Page,
    StateItem, UserId,
};
use crate::room::{Departure, Memory, PageQuery, Receipt, Remembered, Window, Write};

/// Rows in one statement: the platform binds at most 100 parameters.
const ROWS_MAX: usize = 100 / record::COLUMNS_COUNT;

/// All that a room knew, in one statement: a wake waits for it.
const REMEMBERED: &str = "
    SELECT 'meta', key, value, 0, 0 FROM meta
    UNION ALL
    SELECT 'end', '', '', offset, at FROM entry
        WHERE offset IN ((SELECT MIN(offset) FROM entry), (SELECT MAX(offset) FROM entry))
    UNION ALL
    SELECT 'departure', user, name, until, 0 FROM departure
    UNION ALL
    SELECT 'state', key, '', length(value), 0 FROM state";

/// A row of [`REMEMBERED`].
enum Memo {
    Meta(String, String),
    End(Offset, Millis),
    Departure(Departure),
    State(String, usize),
}

impl Memo {
    fn read(row: Row) -> Option<Self> {
        let [kind, key, value, number, at] = <[Value<'static>; 5]>::try_from(row).ok()?;
        let (key, value, number) = (key.text()?, value.text()?, number.integer()?);
        Some(match kind.text()?.as_str() {
            "meta" => Self::Meta(key, value),
            "end" => Self::End(Offset(number), Millis(at.integer()?)),
            "departure" => {
                let member = Member { id: UserId(key), name: value };
                Self::Departure(Departure { member, until: Millis(number) })
            }
            "state" => Self::State(key, usize::try_from(number).ok()?),
            _ => return None,
        })
    }
}

const PLACES: &str = "(?, ?, ?, ?, ?, ?, ?, ?, ?)";

/// A history in SQLite.
#[derive(Debug)]
pub struct SqlHistory<D> {
    database: D,
}

impl<D: Database> SqlHistory<D> {
    /// Opens the history, creating or migrating its tables. `epoch` names a new log.
    pub fn open(database: D, epoch: &Epoch) -> Result<Self, D::Error> {
        schema::open(&database, schema::MIGRATIONS, ("epoch", &epoch.0))?;
        Ok(Self { database })
    }

    /// One end of the log: its offset and time.
    fn end(&self, order: &str) -> Result<Option<(Offset, Millis)>, D::Error> {
        let sql = format!("SELECT offset, at FROM entry ORDER BY offset {order} LIMIT 1");
        let rows = self.database.run(&sql, &[])?;
        let end = rows.first().and_then(|row| pair(row));
        Ok(end.map(|(offset, at)| (Offset(offset), Millis(at))))
    }

    /// The smallest offset in `from..to` whose time is `at` or later, else `to`.
    /// Bisection over the primary key: twenty look-ups in a million entries.
    fn first_since(&self, at: Millis, from: u64, to: u64) -> Result<u64, D::Error> {
        let (mut low, mut high) = (from, to);
        while low < high {
            let middle = low.midpoint(high);
            let sql = "SELECT at FROM entry WHERE offset = ?";
            let rows = self.database.run(sql, &[middle.into()])?;
            let time = rows.first().and_then(|row| row.first()).and_then(Value::integer);
            if time.is_some_and(|time| at.0 <= time) { high = middle } else { low = middle + 1 }
        }
        Ok(low)
    }

    fn write(&self, write: &Write) -> Result<(), D::Error> {
        match write {
            Write::Append(entry) => self.append(&[entry]),
            Write::Depart(Departure { member, until }) => {
                let sql = "INSERT OR REPLACE INTO departure (user, name, until) VALUES (?, ?, ?)";
                let (user, name) = (member.id.0.as_str(), member.name.as_str());
                self.database.run(sql, &[user.into(), name.into(), until.0.into()]).map(drop)
            }
            Write::Forget(user) => {
                let sql = "DELETE FROM departure WHERE user = ?";
                self.database.run(sql, &[user.0.as_str().into()]).map(drop)
            }
            Write::Broadcasts(window) => {
                let window = serde_json::to_string(window).unwrap_or_default();
                schema::write_meta(&self.database, "broadcasts", &window)
            }
            Write::Trim { from, since } => self.trim(*from, *since),
            Write::Erase(epoch) => self.erase(epoch),
            Write::ForgetRefs(Memory { from, since }) => {
                let sql = "DELETE FROM recent WHERE offset < ? OR at < ?";
                self.database.run(sql, &[from.0.into(), since.0.into()]).map(drop)
            }
        }
    }

    /// Writes in order, entries that follow each other in as few statements as may be:
    /// a statement costs as much as several rows.
    fn write_all(&self, writes: &[Write]) -> Result<(), D::Error> {
        let mut entries: Vec<&Rc<Entry>> = Vec::new();
        for write in writes {
            match write {
                Write::Append(entry) => entries.push(entry),
                Write::Depart(_)
                | Write::Forget(_)
                | Write::Trim { .. }
                | Write::ForgetRefs(_)
                | Write::Broadcasts(_)
                | Write::Erase(_) => {
                    self.append(&std::mem::take(&mut entries))?;
                    self.write(write)?;
                }
            }
        }
        self.append(&entries)
    }

    fn append(&self, entries: &[&Rc<Entry>]) -> Result<(), D::Error> {
        for rows in entries.chunks(ROWS_MAX) {
            let places = vec![PLACES; rows.len()].join(", ");
            let sql = format!("INSERT INTO entry ({}) VALUES {places}", record::COLUMNS);
            let bindings: Vec<Value<'_>> = rows.iter().flat_map(|it| record::row(it)).collect();
            self.database.run(&sql, &bindings)?;
        }
        for entry in entries {
            self.keep(entry)?;
            let Some(client_ref) = &entry.client_ref else { continue };
            // Replaces an id that is past remembering and not yet deleted.
            let sql = "INSERT OR REPLACE INTO recent (author, ref, offset, at) VALUES (?, ?, ?, ?)";
            let (author, client_ref) = (entry.author.id.0.as_str(), client_ref.as_str());
            let bindings =
                [author.into(), client_ref.into(), entry.offset.0.into(), entry.at.0.into()];
            self.database.run(sql, &bindings)?;
        }
        Ok(())
    }

    /// Keeps the value an entry sets, or drops it.
    fn keep(&self, entry: &Entry) -> Result<(), D::Error> {
        let Body::Event(published) = &entry.body else { return Ok(()) };
        let Some(key) = published.state_key() else { return Ok(()) };
        if published.data.is_null() {
            return self.database.run("DELETE FROM state WHERE key = ?", &[key.into()]).map(drop);
        }
        let sql = "INSERT OR REPLACE INTO state (key, value, offset) VALUES (?, ?, ?)";
        let value = published.data.as_str();
        self.database.run(sql, &[key.into(), value.into(), entry.offset.0.into()]).map(drop)
    }

    fn erase(&self, epoch: &Epoch) -> Result<(), D::Error> {
        for table in ["entry", "recent", "departure", "state"] {
            self.database.run(&format!("DELETE FROM {table}"), &[])?;
        }
        let sql = "DELETE FROM meta WHERE key IN ('head', 'head_at', 'broadcasts')";
        self.database.run(sql, &[])?;
        schema::write_meta(&self.database, "epoch", &epoch.0)
    }

    fn trim(&self, from: Offset, since: Millis) -> Result<(), D::Error> {
        let (Some((first, _)), Some((head, head_at))) = (self.end("ASC")?, self.end("DESC")?)
        else {
            return Ok(());
        };
        // The log goes on from here even when nothing is left in it.
        schema::write_meta(&self.database, "head", &head.0.to_string())?;
        schema::write_meta(&self.database, "head_at", &head_at.0.to_string())?;
        let by_age = self.first_since(since, first.0, head.0 + 1)?;
        let end = from.0.max(by_age).min(first.0.saturating_add(TRIM_ENTRIES_MAX));
        self.database.run("DELETE FROM entry WHERE offset < ?", &[end.into()]).map(drop)
    }

    /// The entries from one offset to another that this user may see.
    fn read(&self, from: u64, to: u64, viewer: &str) -> Result<Vec<Rc<Entry>>, D::Error> {
        let columns = record::COLUMNS;
        let sql = format!(
            "SELECT {columns} FROM entry
             WHERE offset BETWEEN ? AND ? AND (user IS NULL OR user = ?) ORDER BY offset"
        );
        let rows = self.database.run(&sql, &[from.into(), to.into(), viewer.into()])?;
        Ok(rows.into_iter().filter_map(record::entry).map(Rc::new).collect())
    }
}

impl<D: Database> History for SqlHistory<D> {
    type Error = D::Error;

    fn remembered(&self) -> Result<Remembered, D::Error> {
        let (mut meta, mut ends) = (Vec::new(), Vec::new());
        let (mut departures, mut states) = (Vec::new(), Vec::new());
        for row in self.database.run(REMEMBERED, &[])? {
            match Memo::read(row) {
                Some(Memo::Meta(key, value)) => meta.push((key, value)),
                Some(Memo::End(offset, at)) => ends.push((offset, at)),
                Some(Memo::Departure(departure)) => departures.push(departure),
                Some(Memo::State(key, length)) => states.push((key, length)),
                None => {}
            }
        }
        let number = |key| schema::find(&meta, key)?.parse().ok();
        let trimmed = number("head").map(Offset).zip(number("head_at").map(Millis));
        let (head, head_at) = ends.iter().copied().max().max(trimmed).unwrap_or_default();
        let (first, first_at) = ends.iter().copied().min().unwrap_or_default();
        let broadcasts: Option<Window> =
            schema::find(&meta, "broadcasts").and_then(|it| serde_json::from_str(it).ok());
        let epoch = Epoch(schema::find(&meta, "epoch").unwrap_or_default().to_owned());
        let broadcasts = broadcasts.unwrap_or_default();
        Ok(Remembered { epoch, head, head_at, first, first_at, departures, broadcasts, states })
    }

    fn commit(&mut self, writes: &[Write]) -> Result<(), D::Error> {
        match writes {
            // One statement takes effect or does not, without a transaction around it.
            [Write::Append(entry)] if is_one_row(entry) => self.append(&[entry]),
            _ => self.database.atomically(&mut || self.write_all(writes)),
        }
    }

    fn page(&self, query: &PageQuery) -> Result<Page, D::Error> {
        let newest = query.head.0.saturating_add(1);
        let before = match query.before {
            Before::Newest => newest,
            Before::Offset(offset) => offset.0.min(newest),
            Before::Time(at) => self.first_since(at, query.first.0, newest)?,
        };
        let upwards = query.after.is_some();
        let first = query.after.map_or(query.first, |it| query.first.max(it.next()));
        let order = if upwards { "ASC" } else { "DESC" };
        // First what it would weigh, so that only what fits is read.
        let sql = format!(
            "SELECT offset, length(data) FROM entry
             WHERE offset < ? AND offset >= ? AND at >= ? AND (user IS NULL OR user = ?)
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
        let rows = self.database.run(&sql, &bindings)?;
        let sizes: Vec<(u64, u64)> = rows.iter().filter_map(|row| pair(row)).collect();
        let fits = how_many_fit(query.limit, sizes.iter().map(|(_, length)| *length));
        let has_more = fits < sizes.len();
        let page = sizes.get(..fits).unwrap_or_default();
        let ends = page.first().zip(page.last()).map(|((one, _), (other, _))| (*one, *other));
        let entries = match ends {
            None => Vec::new(),
            Some((one, other)) => self.read(one.min(other), one.max(other), viewer)?,
        };
        Ok(Page { entries, has_more, upwards, head: query.head, epoch: query.epoch.clone() })
    }

    fn snapshot(&self) -> Result<Vec<StateItem>, D::Error> {
        let rows = self.database.run("SELECT key, value, offset FROM state ORDER BY key", &[])?;
        let item = |row: Row| {
            let [key, value, offset] = <[Value<'static>; 3]>::try_from(row).ok()?;
            let key = EventName::parse(key.text()?).ok()?;
            let value = Json::parse(value.text()?).ok()?;
            Some(StateItem { key, value, offset: Offset(offset.integer()?) })
        };
        Ok(rows.into_iter().filter_map(item).collect())
    }

    fn recall(
        &self,
        user: &UserId,
        client_ref: &ClientRef,
        memory: Memory,
    ) -> Result<Option<Receipt>, D::Error> {
        let sql = "SELECT offset FROM recent
                   WHERE author = ? AND ref = ? AND offset >= ? AND at >= ?";
        let bindings = [
            user.0.as_str().into(),
            client_ref.as_str().into(),
            memory.from.0.into(),
            memory.since.0.into(),
        ];
        let rows = self.database.run(sql, &bindings)?;
        let Some(offset) = rows.first().and_then(|row| row.first()).and_then(Value::integer) else {
            return Ok(None);
        };
        let sql = format!("SELECT {} FROM entry WHERE offset = ?", record::COLUMNS);
        let rows = self.database.run(&sql, &[offset.into()])?;
        let entry = rows.into_iter().next().and_then(record::entry).map(Rc::new);
        Ok(Some(Receipt { offset: Offset(offset), entry }))
    }
}

/// Whether an entry leaves no trace beside its own row.
fn is_one_row(entry: &Entry) -> bool {
    let sets_state = match &entry.body {
        Body::Message { .. } => false,
        Body::Event(published) => published.state_key().is_some(),
    };
    entry.client_ref.is_none() && !sets_state
}

/// A row of two integers.
fn pair(row: &[Value<'_>]) -> Option<(u64, u64)> {
    match row {
        [Value::Integer(one), Value::Integer(other)] => Some((*one, *other)),
        _ => None,
    }
}

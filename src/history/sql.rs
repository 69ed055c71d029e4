use std::rc::Rc;

use super::{Database, History, Row, TRIM_ENTRIES_MAX, Value, how_many_fit, record, schema};
use crate::message::{Before, ClientRef, Entry, Epoch, Member, Millis, Offset, Page, UserId};
use crate::room::{Departure, Memory, PageQuery, Receipt, Remembered, Window, Write};

/// A history in SQLite.
#[derive(Debug)]
pub struct SqlHistory<D> {
    database: D,
}

impl<D: Database> SqlHistory<D> {
    /// Opens the history, creating or migrating its tables. `epoch` names a new log.
    pub fn open(database: D, epoch: &Epoch) -> Result<Self, D::Error> {
        schema::open(&database, &epoch.0)?;
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
            Write::Append(entry) => self.append(entry),
            Write::Depart(Departure { member, until }) => {
                let sql = "INSERT OR REPLACE INTO departure (user, name, until) VALUES (?, ?, ?)";
                let bindings =
                    [member.id.0.as_str().into(), member.name.as_str().into(), until.0.into()];
                self.database.run(sql, &bindings).map(drop)
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
            Write::ForgetRefs(Memory { from, since }) => {
                let sql = "DELETE FROM recent WHERE offset < ? OR at < ?";
                self.database.run(sql, &[from.0.into(), since.0.into()]).map(drop)
            }
        }
    }

    fn append(&self, entry: &Entry) -> Result<(), D::Error> {
        let Entry { offset, at, id, author, client_ref, body } = entry;
        let (kind, data) = record::store(body);
        let mut id_text = uuid::Uuid::encode_buffer();
        let client_ref = client_ref.as_ref().map(ClientRef::as_str);
        let bindings: [Value<'_>; 8] = [
            offset.0.into(),
            at.0.into(),
            (&*id.hyphenated().encode_lower(&mut id_text)).into(),
            author.id.0.as_str().into(),
            author.name.as_str().into(),
            client_ref.into(),
            kind.into(),
            data.into(),
        ];
        let sql = "INSERT INTO entry (offset, at, id, author, name, ref, kind, data)
                   VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
        self.database.run(sql, &bindings)?;
        let Some(client_ref) = client_ref else { return Ok(()) };
        // Replaces an id that is past remembering and not yet deleted.
        let sql = "INSERT OR REPLACE INTO recent (author, ref, offset, at) VALUES (?, ?, ?, ?)";
        let bindings =
            [author.id.0.as_str().into(), client_ref.into(), offset.0.into(), at.0.into()];
        self.database.run(sql, &bindings).map(drop)
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

    fn departures(&self) -> Result<Vec<Departure>, D::Error> {
        let departure = |row: Row| {
            let [user, name, until] = <[Value<'static>; 3]>::try_from(row).ok()?;
            let member = Member { id: UserId(user.text()?), name: name.text()? };
            Some(Departure { member, until: Millis(until.integer()?) })
        };
        let rows = self.database.run("SELECT user, name, until FROM departure", &[])?;
        Ok(rows.into_iter().filter_map(departure).collect())
    }
}

impl<D: Database> History for SqlHistory<D> {
    type Error = D::Error;

    fn remembered(&self) -> Result<Remembered, D::Error> {
        let meta = schema::read_meta(&self.database)?;
        let number = |key| schema::find(&meta, key)?.parse().ok();
        let newest = self.end("DESC")?;
        let trimmed = number("head").map(Offset).zip(number("head_at").map(Millis));
        let (head, head_at) = newest.max(trimmed).unwrap_or_default();
        let (first, first_at) = self.end("ASC")?.unwrap_or_default();
        let broadcasts: Option<Window> =
            schema::find(&meta, "broadcasts").and_then(|it| serde_json::from_str(it).ok());
        Ok(Remembered {
            epoch: Epoch(schema::find(&meta, "epoch").unwrap_or_default().to_owned()),
            head,
            head_at,
            first,
            first_at,
            departures: self.departures()?,
            broadcasts: broadcasts.unwrap_or_default(),
        })
    }

    fn commit(&mut self, writes: &[Write]) -> Result<(), D::Error> {
        self.database.atomically(&mut || writes.iter().try_for_each(|it| self.write(it)))
    }

    fn page(&self, query: &PageQuery) -> Result<Page, D::Error> {
        let newest = query.head.0.saturating_add(1);
        let before = match query.before {
            Before::Newest => newest,
            Before::Offset(offset) => offset.0.min(newest),
            Before::Time(at) => self.first_since(at, query.first.0, newest)?,
        };
        // First what it would weigh, so that only what fits is read.
        let sql = "SELECT offset, length(data) FROM entry
                   WHERE offset < ? AND offset >= ? AND at >= ?
                   ORDER BY offset DESC LIMIT ?";
        let bindings = [
            before.into(),
            query.first.0.into(),
            query.since.0.into(),
            // One more than asked for, to know whether there are more.
            (u64::from(query.limit) + 1).into(),
        ];
        let rows = self.database.run(sql, &bindings)?;
        let sizes: Vec<(u64, u64)> = rows.iter().filter_map(|row| pair(row)).collect();
        let fits = how_many_fit(query.limit, sizes.iter().map(|(_, length)| *length));
        let has_more = fits < sizes.len();
        let page = sizes.get(..fits).unwrap_or_default();
        let (Some((newest, _)), Some((oldest, _))) = (page.first(), page.last()) else {
            return Ok(Page {
                entries: vec![],
                has_more,
                head: query.head,
                epoch: query.epoch.clone(),
            });
        };
        let columns = record::COLUMNS;
        let sql =
            format!("SELECT {columns} FROM entry WHERE offset BETWEEN ? AND ? ORDER BY offset");
        let rows = self.database.run(&sql, &[(*oldest).into(), (*newest).into()])?;
        let entries = rows.into_iter().filter_map(record::entry).map(Rc::new).collect();
        Ok(Page { entries, has_more, head: query.head, epoch: query.epoch.clone() })
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

/// A row of two integers.
fn pair(row: &[Value<'_>]) -> Option<(u64, u64)> {
    match row {
        [Value::Integer(one), Value::Integer(other)] => Some((*one, *other)),
        _ => None,
    }
}

use std::rc::Rc;

use super::entries::Entries;
use super::{History, TRIM_ENTRIES_MAX, schema, share, stored_room};
use crate::database::write_meta;
use crate::database::{Database, Value};
use crate::feature::{self, Keep, tables};
use crate::kernel::{DedupeWindow, Departure, Duplicate, PageQuery, StoredRoom, Told, Write};
use crate::message::{Added, Entry, Epoch, Json, Millis, Offset, Page, RequestId, Target, UserId};

/// A history in SQLite.
#[derive(Debug)]
pub struct SqlHistory<D> {
    database: D,
    /// What a new log is called.
    epoch: Epoch,
    /// Whether there are tables: the first write makes them, so that a name which somebody
    /// only asks about leaves nothing.
    is_made: bool,
}

impl<D: Database> SqlHistory<D> {
    /// Opens the history, migrating its tables where there are any. `epoch` names a new log.
    pub fn open(database: D, epoch: &Epoch) -> Result<Self, D::Error> {
        let is_made = schema::is_made(&database)?;
        if is_made {
            schema::open(&database, &schema::migrations(), ("epoch", &epoch.0))?;
        }
        Ok(Self { database, epoch: epoch.clone(), is_made })
    }

    fn entries(&self) -> Entries<'_, D> {
        Entries(&self.database)
    }

    fn write(&self, write: &Write) -> Result<(), D::Error> {
        match write {
            Write::Append(entry) => self.append(&[entry]),
            Write::Amend { entry, is_blank } => self.amend(entry, *is_blank),
            Write::Depart(Departure { member, until, data }) => {
                let sql = "INSERT OR REPLACE INTO departure (user, name, until, data)
                           VALUES (?, ?, ?, ?)";
                let (user, name) = (member.id.0.as_str(), member.name.as_str());
                let data = data.as_ref().map(Json::as_str);
                let bindings = [user.into(), name.into(), until.0.into(), data.into()];
                self.database.run(sql, &bindings).map(drop)
            }
            Write::Occupancy(Some(Told { connections, users, at })) => {
                let told = format!("[{connections},{users},{}]", at.0);
                write_meta(&self.database, "occupancy", &told)
            }
            Write::Occupancy(None) => {
                self.database.run("DELETE FROM meta WHERE key = 'occupancy'", &[]).map(drop)
            }
            Write::Forget(user) => {
                let sql = "DELETE FROM departure WHERE user = ?";
                self.database.run(sql, &[user.0.as_str().into()]).map(drop)
            }
            Write::Broadcasts(counts) => {
                let counts = serde_json::to_string(counts).unwrap_or_default();
                write_meta(&self.database, "broadcasts", &counts)
            }
            Write::Share(user, counts, at) => share::write(&self.database, user, counts, *at),
            Write::Trim { from, since } => self.trim(*from, *since),
            Write::Erase(epoch) => self.erase(epoch),
            Write::Feature(it) => tables::write(&self.database, &[it]),
            Write::Prune(DedupeWindow { from, since }) => {
                let sql = "DELETE FROM recent WHERE offset < ? OR at < ?";
                self.database.run(sql, &[from.0.into(), since.0.into()])?;
                tables::prune(&self.database, *from, *since)
            }
        }
    }

    /// Writes in order, entries that follow each other in as few statements as may be:
    /// a statement costs as much as several rows.
    fn write_all(&self, writes: &[Write]) -> Result<(), D::Error> {
        let (mut entries, mut features): (Vec<&Rc<Entry>>, Vec<&feature::Write>) =
            Default::default();
        let mut apart: Vec<&feature::Write> = Vec::new();
        for write in writes {
            if let Write::Feature(it) = write
                && it.is_apart()
            {
                apart.push(it);
                continue;
            }
            if matches!(write, Write::Erase(_)) {
                tables::write(&self.database, &std::mem::take(&mut apart))?;
            }
            if !matches!(write, Write::Append(_)) {
                self.append(&std::mem::take(&mut entries))?;
            }
            if !matches!(write, Write::Feature(_)) {
                tables::write(&self.database, &std::mem::take(&mut features))?;
            }
            match write {
                Write::Append(entry) => entries.push(entry),
                Write::Feature(it) => features.push(it),
                Write::Amend { .. }
                | Write::Depart(_)
                | Write::Occupancy(_)
                | Write::Forget(_)
                | Write::Trim { .. }
                | Write::Prune(_)
                | Write::Broadcasts(_)
                | Write::Share(..)
                | Write::Erase(_) => self.write(write)?,
            }
        }
        self.append(&entries)?;
        tables::write(&self.database, &features)?;
        tables::write(&self.database, &apart)
    }

    fn append(&self, entries: &[&Rc<Entry>]) -> Result<(), D::Error> {
        self.entries().append(entries)?;
        for entry in entries {
            tables::appended(&self.database, entry)?;
            let Some(request_id) = &entry.request_id else { continue };
            // Replaces an id that is past remembering and not yet deleted.
            let sql = "INSERT OR REPLACE INTO recent (author, ref, offset, at) VALUES (?, ?, ?, ?)";
            let (author, request_id) = (entry.author.id.0.as_str(), request_id.as_str());
            let bindings =
                [author.into(), request_id.into(), entry.offset.0.into(), entry.at.0.into()];
            self.database.run(sql, &bindings)?;
        }
        Ok(())
    }

    fn amend(&self, entry: &Entry, is_blank: bool) -> Result<(), D::Error> {
        self.entries().amend(entry)?;
        if is_blank {
            for offset in self.entries().blank_replacements(entry.offset)? {
                tables::amended(&self.database, offset, None)?;
            }
        }
        tables::amended(&self.database, entry.offset, (!is_blank).then_some(&entry.body))
    }

    fn erase(&self, epoch: &Epoch) -> Result<(), D::Error> {
        for table in ["entry", "recent", "departure", "share"] {
            self.database.run(&format!("DELETE FROM {table}"), &[])?;
        }
        for key in ["head", "head_at", "broadcasts", "occupancy"] {
            self.database.run("DELETE FROM meta WHERE key = ?", &[key.into()])?;
        }
        tables::erased(&self.database)?;
        write_meta(&self.database, "epoch", &epoch.0)
    }

    fn trim(&self, from: Offset, since: Millis) -> Result<(), D::Error> {
        let entries = self.entries();
        let (Some((first, _)), Some((head, head_at))) = (entries.end("ASC")?, entries.end("DESC")?)
        else {
            return Ok(());
        };
        // The log goes on from here even when nothing is left in it.
        write_meta(&self.database, "head", &head.0.to_string())?;
        write_meta(&self.database, "head_at", &head_at.0.to_string())?;
        let by_age = entries.first_since(since, first.0, head.0 + 1)?;
        let end = from.0.max(by_age).min(first.0.saturating_add(TRIM_ENTRIES_MAX));
        self.database.run("DELETE FROM entry WHERE offset < ?", &[end.into()])?;
        tables::trimmed(&self.database, Offset(end))
    }
}

impl<D: Database> History for SqlHistory<D> {
    type Error = D::Error;

    fn adopt(&mut self, epoch: &Epoch) {
        self.epoch = epoch.clone();
    }

    fn stored_room(&self) -> Result<StoredRoom, D::Error> {
        if !self.is_made {
            return Ok(StoredRoom::blank(self.epoch.clone()));
        }
        stored_room::read(&self.database)
    }

    fn oldest(&self) -> Result<(Offset, Millis), D::Error> {
        if self.is_made {
            self.entries().end("ASC").map(Option::unwrap_or_default)
        } else {
            Ok(Default::default())
        }
    }

    fn commit(&mut self, writes: &[Write]) -> Result<(), D::Error> {
        match writes {
            // One statement takes effect or does not, without a transaction around it.
            [] => Ok(()),
            _ if !self.is_made => {
                self.database.atomically(&mut || {
                    let birth = ("epoch", self.epoch.0.as_str());
                    schema::make(&self.database, &schema::migrations(), birth)?;
                    self.write_all(writes)
                })?;
                self.is_made = true;
                Ok(())
            }
            [Write::Append(entry)] if is_one_row(entry) => self.append(&[entry]),
            _ => self.database.atomically(&mut || self.write_all(writes)),
        }
    }

    fn page(&self, query: &PageQuery) -> Result<Page, D::Error> {
        if !self.is_made {
            let upwards = query.after.is_some();
            let (head, epoch, added) = (query.head, query.epoch.clone(), Added::new());
            return Ok(Page {
                entries: vec![],
                has_more: false,
                upwards,
                reverse: false,
                head,
                epoch,
                added,
            });
        }
        self.entries().page(query)
    }

    fn entry_of(&self, target: Target, head: Offset) -> Result<Option<Rc<Entry>>, D::Error> {
        if self.is_made { self.entries().named(target, head) } else { Ok(None) }
    }

    fn find(&self, query: &feature::Query) -> Result<feature::Found, D::Error> {
        if !self.is_made {
            return Ok(feature::Found::nothing(query));
        }
        tables::find(&self.database, &self.entries(), query)
    }

    fn find_duplicate(
        &self,
        user: &UserId,
        request_id: &RequestId,
        memory: DedupeWindow,
    ) -> Result<Option<Duplicate>, D::Error> {
        if !self.is_made {
            return Ok(None);
        }
        let sql = "SELECT offset FROM recent
                   WHERE author = ? AND ref = ? AND offset >= ? AND at >= ?";
        let bindings = [
            user.0.as_str().into(),
            request_id.as_str().into(),
            memory.from.0.into(),
            memory.since.0.into(),
        ];
        let rows = self.database.run(sql, &bindings)?;
        let Some(offset) = rows.first().and_then(|row| row.first()).and_then(Value::integer) else {
            return Ok(None);
        };
        let offset = Offset(offset);
        Ok(Some(Duplicate { offset, entry: self.entries().entry(offset)? }))
    }
}

/// Whether an entry leaves no trace beside its own row.
fn is_one_row(entry: &Entry) -> bool {
    let body = &entry.body;
    entry.request_id.is_none() && body.relates_to.is_none() && !(body.kind.leaves_more)(body)
}

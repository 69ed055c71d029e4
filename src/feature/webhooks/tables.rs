//! How webhooks are stored: see [`crate::feature::webhooks::WebhookWrite`].

use std::collections::BTreeMap;
use std::convert::Infallible;

use super::Webhooks;
use super::stored::{Batch, Told, WebhookStored, WebhookWrite, blank, offset_of};
use crate::database::{Database, Row, Step, Value};
use crate::feature::tables::{Log, Tables, Twin, Woken};
use crate::message::{Body, Member, Offset, UserId};

/// The tables of it, as of their introduction.
const MIGRATION: &[&str] = &[
    // Events that wait to be told, each with the number of the first of its batch. The text comes
    // last, so that what is before it is read without it.
    "CREATE TABLE webhook_event (
        number INTEGER PRIMARY KEY,
        batch INTEGER NOT NULL,
        data TEXT NOT NULL
    ) STRICT",
    // How it stands with a batch that was called about.
    "CREATE TABLE webhook_batch (
        first INTEGER PRIMARY KEY,
        state TEXT NOT NULL
    ) STRICT",
    // Members that were told to have joined, and not to have left.
    "CREATE TABLE webhook_member (
        user TEXT PRIMARY KEY,
        name TEXT NOT NULL
    ) STRICT, WITHOUT ROWID",
];

/// Events in one statement: the platform binds at most 100 parameters.
const ROWS_MAX: usize = 33;

impl Tables for Webhooks {
    type Memory = Memory;

    const MIGRATIONS: &'static [Step] = &[(9, MIGRATION)];
    const TABLES: &'static [&'static str] = &["webhook_event", "webhook_batch", "webhook_member"];
    const WAKE: Option<&'static str> = Some(
        "SELECT * FROM (SELECT 'webhook',
                ifnull((SELECT state FROM webhook_batch WHERE first = batch), ''),
                CAST(COUNT(*) AS TEXT), batch, SUM(octet_length(data))
            FROM webhook_event GROUP BY batch
            UNION ALL SELECT 'webhook', user, name, 0, 0 FROM webhook_member)",
    );
    const TAG: &'static str = "webhook";

    fn write<D: Database>(database: &D, writes: &[&WebhookWrite]) -> Result<(), D::Error> {
        let mut events: Vec<Value<'_>> = Vec::new();
        for write in writes {
            if let WebhookWrite::Add { number, batch, event } = write {
                events.extend([(*number).into(), (*batch).into(), event.as_str().into()]);
                continue;
            }
            add(database, &std::mem::take(&mut events))?;
            write_one(database, write)?;
        }
        add(database, &events)
    }

    fn find<D: Database>(
        database: &D,
        _: &impl Log<Error = D::Error>,
        Told(batch): &Told,
    ) -> Result<Vec<String>, D::Error> {
        let sql = "SELECT data FROM webhook_event WHERE number >= ? AND number < ? ORDER BY number";
        let rows = database.run(sql, &range(batch))?;
        let data = |row: Row| row.into_iter().next().and_then(Value::text);
        Ok(rows.into_iter().filter_map(data).collect())
    }

    fn amended<D: Database>(
        database: &D,
        offset: Offset,
        body: Option<&Body>,
    ) -> Result<(), D::Error> {
        if body.is_some() {
            return Ok(()); // An edit is told by itself.
        }
        let sql = "SELECT number, data FROM webhook_event WHERE json_extract(data, '$.offset') = ?";
        for row in database.run(sql, &[offset.0.into()])? {
            let Ok([number, data]) = <[Value<'static>; 2]>::try_from(row) else { continue };
            let Some(blank) = data.text().and_then(|it| blank(&it)) else { continue };
            let sql = "UPDATE webhook_event SET data = ? WHERE number = ?";
            database.run(sql, &[blank.into(), number])?;
        }
        Ok(())
    }

    fn wake(stored: &mut WebhookStored, row: Woken) -> Option<()> {
        if row.number == 0 {
            stored.members.push(Member { id: UserId(row.key), name: row.value });
        } else {
            let count = row.value.parse().ok()?;
            stored.batches.push(Batch::stored(row.number, count, row.at, &row.key)?);
        }
        Some(())
    }
}

/// Adds events, in as few statements as may be.
fn add<D: Database>(database: &D, events: &[Value<'_>]) -> Result<(), D::Error> {
    for rows in events.chunks(3 * ROWS_MAX) {
        let places = vec!["(?, ?, ?)"; rows.len() / 3].join(", ");
        let sql = format!("INSERT INTO webhook_event (number, batch, data) VALUES {places}");
        database.run(&sql, rows)?;
    }
    Ok(())
}

fn write_one<D: Database>(database: &D, write: &WebhookWrite) -> Result<(), D::Error> {
    let done = match write {
        WebhookWrite::Add { .. } => return Ok(()), // Above.
        WebhookWrite::Update(batch) => {
            let sql = "INSERT OR REPLACE INTO webhook_batch (first, state) VALUES (?, ?)";
            database.run(sql, &[batch.first.into(), batch.row().into()])
        }
        WebhookWrite::Remove(batch) => {
            // The platform leaves the bytes of a row where they were, and what they tell of may be
            // deleted later, when no row leads to them any more.
            let sql = "UPDATE webhook_event SET data = CAST(zeroblob(octet_length(data)) AS TEXT)
                       WHERE number >= ? AND number < ?";
            database.run(sql, &range(batch))?;
            let sql = "DELETE FROM webhook_event WHERE number >= ? AND number < ?";
            database.run(sql, &range(batch))?;
            let sql = "DELETE FROM webhook_batch WHERE first = ?";
            database.run(sql, &[batch.first.into()])
        }
        WebhookWrite::Enter(Member { id, name }) => {
            let sql = "INSERT OR REPLACE INTO webhook_member (user, name) VALUES (?, ?)";
            database.run(sql, &[id.0.as_str().into(), name.as_str().into()])
        }
        WebhookWrite::Leave(user) => {
            let sql = "DELETE FROM webhook_member WHERE user = ?";
            database.run(sql, &[user.0.as_str().into()])
        }
    };
    done.map(drop)
}

fn range(batch: &Batch) -> [Value<'static>; 2] {
    [batch.first.into(), batch.end().into()]
}

/// Its tables in memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory {
    /// By number: the batch it is in, and what is told.
    events: BTreeMap<u64, (u64, String)>,
    states: BTreeMap<u64, String>,
    members: BTreeMap<UserId, String>,
}

impl Twin for Memory {
    type Write = WebhookWrite;
    type Stored = WebhookStored;
    type Query = Told;
    type Found = Vec<String>;

    fn write(&mut self, write: &WebhookWrite) {
        match write {
            WebhookWrite::Add { number, batch, event } => {
                self.events.insert(*number, (*batch, event.clone()));
            }
            WebhookWrite::Update(batch) => {
                self.states.insert(batch.first, batch.row());
            }
            WebhookWrite::Remove(batch) => {
                self.events.retain(|number, _| !(batch.first..batch.end()).contains(number));
                self.states.remove(&batch.first);
            }
            WebhookWrite::Enter(Member { id, name }) => {
                self.members.insert(id.clone(), name.clone());
            }
            WebhookWrite::Leave(user) => {
                self.members.remove(user);
            }
        }
    }

    fn amended(&mut self, offset: Offset, body: Option<&Body>) {
        for (_, event) in self.events.values_mut() {
            if body.is_none()
                && offset_of(event) == Some(offset)
                && let Some(blank) = blank(event)
            {
                *event = blank;
            }
        }
    }

    fn find(&self, _: &impl Log<Error = Infallible>, Told(batch): &Told) -> Vec<String> {
        let told = self.events.range(batch.first..batch.end());
        told.map(|(_, (_, event))| event.clone()).collect()
    }

    fn stored(&self) -> WebhookStored {
        let mut sums: BTreeMap<u64, (u64, u64)> = BTreeMap::new();
        for (batch, event) in self.events.values() {
            let (count, bytes) = sums.entry(*batch).or_default();
            (*count, *bytes) = (*count + 1, *bytes + event.len() as u64);
        }
        let state = |first| self.states.get(&first).map(String::as_str).unwrap_or_default();
        let batches = sums.into_iter();
        let batches = batches
            .filter_map(|(first, (count, bytes))| Batch::stored(first, count, bytes, state(first)));
        let members = self.members.iter();
        let members = members.map(|(id, name)| Member { id: id.clone(), name: name.clone() });
        WebhookStored { batches: batches.collect(), members: members.collect() }
    }
}

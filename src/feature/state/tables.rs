//! How it is stored: a row for each key, written with the entry that sets it.

use std::collections::BTreeMap;
use std::convert::Infallible;

use super::{AllState, KeptKey, OwnState, State, StateItem};
use crate::database::{Database, Row, Step, Value};
use crate::feature::tables::{Log, Tables, Twin, Woken};
use crate::message::{Entry, Json, Offset, StateKey, UserId};

/// The table, as of its introduction.
const TABLE: &[&str] = &[
    // What the room keeps under keys, and the entry that set it.
    "CREATE TABLE state (
        key TEXT PRIMARY KEY,
        value TEXT NOT NULL,
        offset INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID",
];

const OWNED: &[&str] = &[
    // Who set a key first, and whether only callers with `publish` change it.
    "ALTER TABLE state ADD COLUMN owner TEXT",
    "ALTER TABLE state ADD COLUMN protected INTEGER NOT NULL DEFAULT 0",
];

impl Tables for State {
    type Memory = Memory;

    const MIGRATIONS: &'static [Step] = &[(1, TABLE), (7, OWNED)];

    const TABLES: &'static [&'static str] = &["state"];
    const WAKE: Option<&'static str> = Some(
        "SELECT 'state', key, COALESCE(owner, ''), octet_length(value), 2 * offset + protected FROM state",
    );
    const TAG: &'static str = "state";

    fn write<D: Database>(database: &D, writes: &[&OwnState]) -> Result<(), D::Error> {
        writes.iter().try_for_each(|OwnState { key, owner, is_protected }| {
            let sql = "UPDATE state SET owner = ?, protected = ? WHERE key = ?";
            let owner = owner.0.as_str().into();
            let bindings = [owner, u64::from(*is_protected).into(), key.as_str().into()];
            database.run(sql, &bindings).map(drop)
        })
    }

    fn find<D: Database>(
        database: &D,
        _: &impl Log<Error = D::Error>,
        _: &AllState,
    ) -> Result<Vec<StateItem>, D::Error> {
        let rows = database.run("SELECT key, value, offset FROM state ORDER BY key", &[])?;
        Ok(rows.into_iter().filter_map(item).collect())
    }

    fn appended<D: Database>(database: &D, entry: &Entry) -> Result<(), D::Error> {
        let Some(key) = entry.body.state_key() else { return Ok(()) };
        if entry.body.data.is_null() {
            return database.run("DELETE FROM state WHERE key = ?", &[key.into()]).map(drop);
        }
        let sql = "INSERT INTO state (key, value, offset) VALUES (?, ?, ?)
                   ON CONFLICT (key) DO UPDATE SET value = excluded.value, offset = excluded.offset";
        let value = entry.body.data.as_str();
        database.run(sql, &[key.into(), value.into(), entry.offset.0.into()]).map(drop)
    }

    fn wake(stored: &mut Self::Stored, row: Woken) -> Option<()> {
        let owner = (!row.value.is_empty()).then_some(UserId(row.value));
        let (version, is_protected) = (Offset(row.at / 2), !row.at.is_multiple_of(2));
        let bytes = usize::try_from(row.number).ok()?;
        stored.push((row.key, KeptKey { version, bytes, owner, is_protected }));
        Some(())
    }
}

fn item(row: Row) -> Option<StateItem> {
    let [key, value, offset] = <[Value<'static>; 3]>::try_from(row).ok()?;
    let key = StateKey::stored(key.text()?).ok()?;
    let value = Json::stored(value.text()?)?;
    Some(StateItem { key, value, offset: Offset(offset.integer()?) })
}

/// The table in memory: items, and whose they are, and whether they are protected.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory(BTreeMap<String, (StateItem, Option<(UserId, bool)>)>);

impl Twin for Memory {
    type Write = OwnState;
    type Stored = Vec<(String, KeptKey)>;
    type Query = AllState;
    type Found = Vec<StateItem>;

    fn write(&mut self, OwnState { key, owner, is_protected }: &OwnState) {
        if let Some((_, whose)) = self.0.get_mut(key.as_str()) {
            *whose = Some((owner.clone(), *is_protected));
        }
    }

    fn find(&self, _: &impl Log<Error = Infallible>, _: &AllState) -> Vec<StateItem> {
        self.0.values().map(|(item, _)| item.clone()).collect()
    }

    fn appended(&mut self, entry: &Entry) {
        let Some(key) = entry.body.state_key() else { return };
        if entry.body.data.is_null() {
            self.0.remove(key);
        } else if let Ok(name) = StateKey::stored(key) {
            let item =
                StateItem { key: name, value: entry.body.data.clone(), offset: entry.offset };
            let whose = self.0.remove(key).and_then(|(_, whose)| whose);
            self.0.insert(key.to_owned(), (item, whose));
        }
    }

    fn stored(&self) -> Vec<(String, KeptKey)> {
        self.0
            .iter()
            .map(|(key, (item, whose))| {
                let bytes = item.value.as_str().len();
                let is_protected = whose.as_ref().is_some_and(|it| it.1);
                let owner = whose.as_ref().map(|it| it.0.clone());
                (key.clone(), KeptKey { version: item.offset, bytes, owner, is_protected })
            })
            .collect()
    }
}

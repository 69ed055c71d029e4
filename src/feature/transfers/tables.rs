//! How large data is stored: see [`crate::feature::transfers::TransferWrite`].

use crate::feature::transfers::{Chunk, Digest};
use crate::feature::transfers::{Marks, Transfer, TransferState, TransferWrite};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::rc::Rc;

use super::{FoundChunk, TransferQuery, Transfers};
use crate::database::{Database, Row, Step, Value};
use crate::feature::tables::{Log, Tables, Twin, Woken};
use crate::message::{ConnectionId, Millis, Name, UserId};

/// The tables of it, as of their introduction.
const MIGRATION: &[&str] = &[
    // Objects of large data. `there`: which indexes are here, as hex digits, the lowest
    // bits first; `state`: 0 open, 1 finished, 2 expired.
    "CREATE TABLE transfer (
        id INTEGER PRIMARY KEY,
        data TEXT NOT NULL,
        owner TEXT NOT NULL,
        total INTEGER NOT NULL,
        first INTEGER NOT NULL,
        there TEXT NOT NULL,
        bytes INTEGER NOT NULL,
        at INTEGER NOT NULL,
        session TEXT NOT NULL,
        state INTEGER NOT NULL
    ) STRICT",
    // With rows of its own kind: a chunk is far larger than its key. The text comes last, so
    // that what is before it is read without it.
    "CREATE TABLE chunk (
        transfer INTEGER NOT NULL,
        number INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        digest TEXT NOT NULL,
        text TEXT NOT NULL,
        UNIQUE (transfer, number)
    ) STRICT",
];

impl Tables for Transfers {
    type Memory = Memory;

    const MIGRATIONS: &'static [Step] = &[(2, MIGRATION)];
    const TABLES: &'static [&'static str] = &["chunk", "transfer"];
    const WAKE: Option<&'static str> = Some(
        "SELECT 'transfer', data,
        json_array(owner, total, first, there, bytes, session, state), id, at FROM transfer",
    );
    const TAG: &'static str = "transfer";

    fn write<D: Database>(database: &D, writes: &[&TransferWrite]) -> Result<(), D::Error> {
        writes.iter().try_for_each(|it| write(database, it))
    }

    fn find<D: Database>(
        database: &D,
        _: &impl Log<Error = D::Error>,
        query: &TransferQuery,
    ) -> Result<Option<FoundChunk>, D::Error> {
        let (sql, transfer, index) = match query {
            TransferQuery::Compare(it) => (DIGEST, it.transfer, it.index),
            TransferQuery::Next(_, Some(it)) => (CHUNK, it.transfer, it.index),
            TransferQuery::Next(_, None) => return Ok(None),
        };
        let rows = database.run(sql, &[transfer.into(), index.into()])?;
        Ok(rows.into_iter().next().and_then(found))
    }

    fn wake(stored: &mut Vec<Transfer>, row: Woken) -> Option<()> {
        stored.push(read(row.key, &row.value, row.number, row.at)?);
        Some(())
    }
}

fn write<D: Database>(database: &D, write: &TransferWrite) -> Result<(), D::Error> {
    match write {
        TransferWrite::Keep(transfer, chunk) => {
            note(database, transfer)?;
            let Chunk { index, bytes, digest, text, .. } = &**chunk;
            let sql = "INSERT INTO chunk (transfer, number, bytes, digest, text)
                       VALUES (?, ?, ?, ?, ?)";
            let digest = digest.to_string();
            let bindings = [
                transfer.id.into(),
                (*index).into(),
                (*bytes).into(),
                digest.into(),
                text.as_str().into(),
            ];
            database.run(sql, &bindings).map(drop)
        }
        TransferWrite::Note(transfer) => note(database, transfer),
        TransferWrite::Drop { transfer, below } => {
            let sql = "DELETE FROM chunk WHERE transfer = ? AND number < ?";
            database.run(sql, &[transfer.id.into(), (*below).into()])?;
            if transfer.there.count() == 0 {
                let sql = "DELETE FROM transfer WHERE id = ?";
                return database.run(sql, &[transfer.id.into()]).map(drop);
            }
            note(database, transfer)
        }
    }
}

fn note<D: Database>(database: &D, transfer: &Transfer) -> Result<(), D::Error> {
    let sql =
        "INSERT INTO transfer (id, data, owner, total, first, there, bytes, at, session, state)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
               ON CONFLICT (id) DO UPDATE SET there = excluded.there, bytes = excluded.bytes,
                   at = excluded.at, session = excluded.session, state = excluded.state";
    let Transfer { id, data, owner, total, first, there, bytes, at, connection, state } = transfer;
    let bindings = [
        (*id).into(),
        data.as_str().into(),
        owner.0.as_str().into(),
        (*total).into(),
        (*first).into(),
        there.to_hex().into(),
        (*bytes).into(),
        at.0.into(),
        connection.to_string().into(),
        (*state as u64).into(),
    ];
    database.run(sql, &bindings).map(drop)
}

/// What a wake reads: the rest of the row is one JSON array.
fn read(data: String, rest: &str, id: u64, at: u64) -> Option<Transfer> {
    type Rest = (String, u64, u64, String, u64, String, u64);
    let (owner, total, first, there, bytes, connection, state): Rest =
        serde_json::from_str(rest).ok()?;
    Some(Transfer {
        id,
        data: Name::stored(data).ok()?,
        owner: UserId(owner),
        total,
        first,
        there: Marks::parse(&there)?,
        bytes,
        at: Millis(at),
        connection: ConnectionId::parse(&connection)?,
        state: TransferState::of(state)?,
    })
}

/// Of what one chunk is. Its text, which comes last in the row, is not read.
const DIGEST: &str = "SELECT digest, '' FROM chunk WHERE transfer = ? AND number = ?";
/// And its text.
const CHUNK: &str = "SELECT digest, text FROM chunk WHERE transfer = ? AND number = ?";

fn found(row: Row) -> Option<FoundChunk> {
    let [digest, text] = <[Value<'static>; 2]>::try_from(row).ok()?;
    Some(FoundChunk { digest: Digest::parse(&digest.text()?)?, text: text.text()? })
}

/// Its tables in memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory {
    transfers: BTreeMap<u64, Transfer>,
    chunks: BTreeMap<(u64, u64), Rc<Chunk>>,
}

impl Twin for Memory {
    type Write = TransferWrite;
    type Stored = Vec<Transfer>;
    type Query = TransferQuery;
    type Found = Option<FoundChunk>;

    fn find(&self, _: &impl Log<Error = Infallible>, query: &TransferQuery) -> Option<FoundChunk> {
        let (key, has_text) = match query {
            TransferQuery::Compare(it) => ((it.transfer, it.index), false),
            TransferQuery::Next(_, piece) => {
                let piece = piece.as_ref()?;
                ((piece.transfer, piece.index), true)
            }
        };
        let chunk = self.chunks.get(&key)?;
        let text = if has_text { chunk.text.clone() } else { String::new() };
        Some(FoundChunk { digest: chunk.digest, text })
    }

    fn write(&mut self, write: &TransferWrite) {
        match write {
            TransferWrite::Keep(transfer, chunk) => {
                self.transfers.insert(transfer.id, transfer.clone());
                self.chunks.insert((transfer.id, chunk.index), Rc::clone(chunk));
            }
            TransferWrite::Note(transfer) => {
                self.transfers.insert(transfer.id, transfer.clone());
            }
            TransferWrite::Drop { transfer, below } => {
                self.chunks.retain(|(id, index), _| *id != transfer.id || *below <= *index);
                if transfer.there.count() == 0 {
                    self.transfers.remove(&transfer.id);
                } else {
                    self.transfers.insert(transfer.id, transfer.clone());
                }
            }
        }
    }

    fn stored(&self) -> Vec<Transfer> {
        self.transfers.values().cloned().collect()
    }
}

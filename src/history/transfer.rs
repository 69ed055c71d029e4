//! How large data is stored: see [`crate::room::TransferWrite`].

use super::{Database, Row, Value};
use crate::feature::transfers::{Chunk, Digest};
use crate::message::{Millis, Name, SessionId, UserId};
use crate::room::{Marks, Transfer, TransferState, TransferWrite};

/// The tables of it, as of their introduction.
pub(super) const TABLES: &[&str] = &[
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

/// Which tables an erased room's are.
pub(super) const OWN: &[&str] = &["chunk", "transfer"];

pub(super) fn write<D: Database>(database: &D, write: &TransferWrite) -> Result<(), D::Error> {
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
    let Transfer { id, data, owner, total, first, there, bytes, at, session, state } = transfer;
    let bindings = [
        (*id).into(),
        data.as_str().into(),
        owner.0.as_str().into(),
        (*total).into(),
        (*first).into(),
        there.to_hex().into(),
        (*bytes).into(),
        at.0.into(),
        session.to_string().into(),
        (*state as u64).into(),
    ];
    database.run(sql, &bindings).map(drop)
}

/// What a wake reads: the rest of the row is one JSON array.
pub(super) fn read(data: String, rest: &str, id: u64, at: u64) -> Option<Transfer> {
    type Rest = (String, u64, u64, String, u64, String, u64);
    let (owner, total, first, there, bytes, session, state): Rest =
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
        session: SessionId::parse(&session)?,
        state: TransferState::of(state)?,
    })
}

/// The text of one chunk, and of what it is.
pub(super) fn chunk<D: Database>(
    database: &D,
    transfer: u64,
    index: u64,
) -> Result<Option<(String, Digest)>, D::Error> {
    let sql = "SELECT text, digest FROM chunk WHERE transfer = ? AND number = ?";
    let rows = database.run(sql, &[transfer.into(), index.into()])?;
    let read = |row: Row| {
        let [text, digest] = <[Value<'static>; 2]>::try_from(row).ok()?;
        Some((text.text()?, Digest::parse(&digest.text()?)?))
    };
    Ok(rows.into_iter().next().and_then(read))
}

/// Of what one chunk is.
pub(super) fn digest<D: Database>(
    database: &D,
    transfer: u64,
    index: u64,
) -> Result<Option<Digest>, D::Error> {
    let sql = "SELECT digest FROM chunk WHERE transfer = ? AND number = ?";
    let rows = database.run(sql, &[transfer.into(), index.into()])?;
    let text = rows.into_iter().flatten().next().and_then(Value::text);
    Ok(text.and_then(|it| Digest::parse(&it)))
}

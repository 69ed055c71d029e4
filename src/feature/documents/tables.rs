//! See [`EditingWrite`]. An edit is stored as what it does, in JSON, and what it puts in, as
//! text: escaped, a mebibyte could outgrow what a row may hold.

use std::collections::BTreeMap;
use std::convert::Infallible;

use serde::{Deserialize, Serialize};

use super::{DocumentQuery, Documents, StoredDocuments};
use crate::database::find;
use crate::database::{Database, Row, Step, Value};
use crate::feature::documents::Version;
use crate::feature::documents::document::{Edit, Operation, Snapshot};
use crate::feature::documents::{EditingWrite, OwnedDocument, StoredDocument};
use crate::feature::tables::{Log, Tables, Twin, Woken};
use crate::message::{Millis, Name, RequestId, UserId, is_default};

/// The tables of it, as of their introduction.
const MIGRATION: &[&str] = &[
    // Operations, as JSON, and after one another all that they put in.
    "CREATE TABLE document_edit (
        document TEXT NOT NULL,
        first INTEGER NOT NULL,
        author TEXT NOT NULL,
        ref TEXT,
        undoes INTEGER,
        operations TEXT NOT NULL,
        content TEXT NOT NULL,
        PRIMARY KEY (document, first)
    ) STRICT, WITHOUT ROWID",
    // Large rows, which a table without row ids would keep in its index.
    "CREATE TABLE document_snapshot (
        document TEXT NOT NULL,
        version INTEGER NOT NULL,
        content TEXT NOT NULL,
        PRIMARY KEY (document, version)
    ) STRICT",
];

/// Whose documents are, and since when they have no text. Those made before this table have no
/// row in it.
const OWNED: &str = "CREATE TABLE document (
        name TEXT PRIMARY KEY,
        owner TEXT NOT NULL,
        empty_since INTEGER
    ) STRICT, WITHOUT ROWID";

/// Where the number of documents stands in `meta`.
const COUNT: &str = "documents";

const COLUMNS: &str = "document, first, author, ref, undoes, operations, content";
const PLACES: &str = "(?, ?, ?, ?, ?, ?, ?)";
/// Rows in one statement: the platform binds at most 100 parameters.
const ROWS_MAX: usize = 100 / 7;

/// An operation, without what it puts in. Names are append-only.
#[derive(Serialize, Deserialize)]
struct Stored {
    position: u64,
    #[serde(default, skip_serializing_if = "is_default")]
    length: u64,
    /// How many bytes of the content are its own.
    #[serde(default, skip_serializing_if = "is_default")]
    bytes: u64,
}

fn store(operations: &[Operation]) -> (String, String) {
    let mut all = String::new();
    let stored: Vec<Stored> = operations
        .iter()
        .map(|operation| {
            let (position, length, content) = match operation {
                Operation::Insert { position, content } => (*position, 0, &**content),
                Operation::Delete { position, length } => (*position, *length, ""),
                Operation::Replace { position, length, content } => {
                    (*position, *length, &**content)
                }
            };
            all.push_str(content);
            Stored { position, length, bytes: content.len() as u64 }
        })
        .collect();
    (serde_json::to_string(&stored).unwrap_or_default(), all)
}

fn load(operations: &str, mut content: &str) -> Option<Vec<Operation>> {
    let stored: Vec<Stored> = serde_json::from_str(operations).ok()?;
    let operation = |Stored { position, length, bytes }| {
        let (own, rest) = content.split_at_checked(usize::try_from(bytes).ok()?)?;
        content = rest;
        Some(match (length, own.into()) {
            (0, content) => Operation::Insert { position, content },
            (length, _) if own.is_empty() => Operation::Delete { position, length },
            (length, content) => Operation::Replace { position, length, content },
        })
    };
    if stored.is_empty() { None } else { stored.into_iter().map(operation).collect() }
}

impl Tables for Documents {
    type Memory = Memory;

    const MIGRATIONS: &'static [Step] = &[(4, MIGRATION), (7, &[OWNED])];
    const TABLES: &'static [&'static str] = &["document_edit", "document_snapshot", "document"];
    const META: &'static [&'static str] = &[COUNT];
    const WAKE: Option<&'static str> =
        Some("SELECT 'document', name, owner, COALESCE(empty_since, 0), 0 FROM document");
    const TAG: &'static str = "document";

    fn write<D: Database>(database: &D, writes: &[&EditingWrite]) -> Result<(), D::Error> {
        write(database, writes)
    }

    fn find<D: Database>(
        database: &D,
        _: &impl Log<Error = D::Error>,
        DocumentQuery(name): &DocumentQuery,
    ) -> Result<StoredDocument, D::Error> {
        read(database, name)
    }

    fn wake(stored: &mut StoredDocuments, row: Woken) -> Option<()> {
        stored.owned.push(owned(row.key, row.value, row.number)?);
        Some(())
    }

    fn wake_meta(stored: &mut StoredDocuments, meta: &[(String, String)]) {
        stored.count = count(meta);
    }
}

/// Writes in order, edits in as few statements as may be.
fn write<D: Database>(database: &D, writes: &[&EditingWrite]) -> Result<(), D::Error> {
    let mut edits = Vec::new();
    for write in writes {
        match write {
            EditingWrite::Edit { document, edit, request_id } => {
                edits.push((document, &**edit, request_id.as_ref()));
            }
            EditingWrite::Own(document) => {
                append(database, &std::mem::take(&mut edits))?;
                own(database, document)?;
            }
            EditingWrite::Delete(document) => {
                append(database, &std::mem::take(&mut edits))?;
                delete(database, document)?;
            }
            EditingWrite::Mark { document, snapshot, since } => {
                append(database, &std::mem::take(&mut edits))?;
                mark(database, document, snapshot, *since)?;
            }
        }
    }
    append(database, &edits)
}

fn append<D: Database>(
    database: &D,
    edits: &[(&Name, &Edit, Option<&RequestId>)],
) -> Result<(), D::Error> {
    for rows in edits.chunks(ROWS_MAX) {
        let places = vec![PLACES; rows.len()].join(", ");
        let sql = format!("INSERT INTO document_edit ({COLUMNS}) VALUES {places}");
        let row = |(document, edit, request_id): &(&'_ Name, &'_ Edit, Option<&'_ RequestId>)| {
            let (operations, content) = store(&edit.operations);
            [
                document.as_str().to_owned().into(),
                edit.first.0.into(),
                edit.author.0.clone().into(),
                request_id.map(|it| it.as_str().to_owned()).into(),
                edit.undoes.map(|it| it.0).into(),
                operations.into(),
                content.into(),
            ]
        };
        let bindings: Vec<Value<'static>> = rows.iter().flat_map(row).collect();
        database.run(&sql, &bindings)?;
        for _ in rows.iter().filter(|(_, edit, _)| edit.first == Version(1)) {
            let sql = "INSERT INTO meta (key, value) VALUES (?, '1')
                       ON CONFLICT (key) DO UPDATE SET value = CAST(value AS INTEGER) + 1";
            database.run(sql, &[COUNT.into()])?;
        }
    }
    Ok(())
}

fn own<D: Database>(
    database: &D,
    OwnedDocument { name, owner, empty_since }: &OwnedDocument,
) -> Result<(), D::Error> {
    let sql = "INSERT OR REPLACE INTO document (name, owner, empty_since) VALUES (?, ?, ?)";
    let (name, owner) = (name.as_str().into(), owner.0.as_str().into());
    database.run(sql, &[name, owner, empty_since.map(|it| it.0).into()]).map(drop)
}

fn delete<D: Database>(database: &D, document: &Name) -> Result<(), D::Error> {
    for sql in [
        "DELETE FROM document_edit WHERE document = ?",
        "DELETE FROM document_snapshot WHERE document = ?",
        "DELETE FROM document WHERE name = ?",
    ] {
        database.run(sql, &[document.as_str().into()])?;
    }
    let sql = "UPDATE meta SET value = CAST(value AS INTEGER) - 1 WHERE key = ?";
    database.run(sql, &[COUNT.into()]).map(drop)
}

/// What a wake reads of [`OWNED`]; 0 is no time.
fn owned(name: String, owner: String, empty_since: u64) -> Option<OwnedDocument> {
    let empty_since = (empty_since != 0).then_some(Millis(empty_since));
    Some(OwnedDocument { name: Name::parse(name).ok()?, owner: UserId(owner), empty_since })
}

fn mark<D: Database>(
    database: &D,
    document: &Name,
    Snapshot { version, content }: &Snapshot,
    since: Version,
) -> Result<(), D::Error> {
    let name = document.as_str();
    let sql = "INSERT INTO document_snapshot (document, version, content) VALUES (?, ?, ?)";
    database.run(sql, &[name.into(), version.0.into(), content.as_str().into()])?;
    let sql = "DELETE FROM document_snapshot WHERE document = ? AND version < ?";
    database.run(sql, &[name.into(), since.0.into()])?;
    let sql = "DELETE FROM document_edit WHERE document = ? AND first <= ?";
    database.run(sql, &[name.into(), since.0.into()]).map(drop)
}

/// How many documents there are, by what `meta` says.
fn count(meta: &[(String, String)]) -> u64 {
    find(meta, COUNT).and_then(|it| it.parse().ok()).unwrap_or_default()
}

fn read<D: Database>(database: &D, name: &Name) -> Result<StoredDocument, D::Error> {
    let name = name.as_str();
    let sql = "SELECT first, author, ref, undoes, operations, content FROM document_edit
               WHERE document = ? ORDER BY first";
    let rows = database.run(sql, &[name.into()])?;
    let edits: Vec<_> = rows.into_iter().map(|row| edit(row).unwrap_or_else(unreadable)).collect();
    // The one that the oldest edit goes on from: younger ones are for later.
    let sql = "SELECT version, content FROM document_snapshot
               WHERE document = ? AND version < ? ORDER BY version DESC LIMIT 1";
    let end = edits.first().map_or(JS_MAX, |(edit, _)| edit.first.0);
    let rows = database.run(sql, &[name.into(), end.into()])?;
    let snapshot = rows.into_iter().next().and_then(|row| {
        let [version, content] = <[Value<'static>; 2]>::try_from(row).ok()?;
        Some(Snapshot { version: Version(version.integer()?), content: content.text()? })
    });
    Ok(StoredDocument { snapshot: snapshot.unwrap_or_default(), edits })
}

/// The largest number that survives JavaScript.
const JS_MAX: u64 = (1 << 53) - 1;

fn edit(row: Row) -> Option<(Edit, Option<RequestId>)> {
    let [first, author, request_id, undoes, operations, content] =
        <[Value<'static>; 6]>::try_from(row).ok()?;
    let edit = Edit {
        first: Version(first.integer()?),
        author: UserId(author.text()?),
        undoes: undoes.integer().map(Version),
        operations: load(&operations.text()?, &content.text()?)?,
    };
    Some((edit, request_id.text().and_then(|it| RequestId::parse(it).ok())))
}

/// What fits nowhere, so that a document is found damaged rather than read without it.
fn unreadable() -> (Edit, Option<RequestId>) {
    let (author, operations) = (UserId(String::new()), Vec::new());
    (Edit { first: Version(0), author, undoes: None, operations }, None)
}

/// Documents in memory: the model.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory(
    BTreeMap<Name, (Vec<Snapshot>, StoredDocument)>,
    BTreeMap<Name, OwnedDocument>,
);

impl Twin for Memory {
    type Write = EditingWrite;
    type Stored = StoredDocuments;
    type Query = DocumentQuery;
    type Found = StoredDocument;

    fn find(
        &self,
        _: &impl Log<Error = Infallible>,
        DocumentQuery(name): &DocumentQuery,
    ) -> StoredDocument {
        self.0.get(name).map(|(_, stored)| stored.clone()).unwrap_or_default()
    }

    fn write(&mut self, write: &EditingWrite) {
        match write {
            EditingWrite::Own(document) => {
                self.1.insert(document.name.clone(), document.clone());
            }
            EditingWrite::Delete(document) => {
                self.0.remove(document);
                self.1.remove(document);
            }
            EditingWrite::Edit { document, edit, request_id } => {
                let (_, stored) = self.0.entry(document.clone()).or_default();
                stored.edits.push(((**edit).clone(), request_id.clone()));
            }
            EditingWrite::Mark { document, snapshot, since } => {
                let (snapshots, stored) = self.0.entry(document.clone()).or_default();
                snapshots.push((**snapshot).clone());
                snapshots.retain(|it| *since <= it.version);
                stored.edits.retain(|(edit, _)| *since < edit.first);
                let base = snapshots.iter().find(|it| it.version == *since);
                stored.snapshot = base.cloned().unwrap_or_default();
            }
        }
    }

    fn stored(&self) -> StoredDocuments {
        StoredDocuments { count: self.0.len() as u64, owned: self.1.values().cloned().collect() }
    }
}

//! How the questions of a conversation are stored: see [`crate::room::ConversationWrite`].

use super::{Database, Value, record};
use crate::message::{Entry, Millis, Offset};
use crate::room::{ConversationWrite, Pending, Response};

/// The tables of it, as of their introduction.
pub(super) const TABLES: &[&str] = &[
    // Messages that wait for a response: how it stands with each, and what it says, which
    // the log may trim before.
    "CREATE TABLE question (
        offset INTEGER PRIMARY KEY,
        data TEXT NOT NULL,
        content TEXT NOT NULL
    ) STRICT",
    // Which entry is the response to which message; outlives trimmed entries.
    "CREATE TABLE response (
        message INTEGER PRIMARY KEY,
        offset INTEGER NOT NULL,
        at INTEGER NOT NULL
    ) STRICT",
];

/// Which tables an erased room's are.
pub(super) const OWN: &[&str] = &["question", "response"];

pub(super) fn write<D: Database>(database: &D, write: &ConversationWrite) -> Result<(), D::Error> {
    match write {
        ConversationWrite::Ask(pending, content) => {
            let sql = "INSERT OR REPLACE INTO question (offset, data, content) VALUES (?, ?, ?)";
            let (offset, content) = (pending.offset.0.into(), Value::from(&**content));
            database.run(sql, &[offset, data(pending).into(), content]).map(drop)
        }
        ConversationWrite::Update(pending) => {
            let sql = "UPDATE question SET data = ? WHERE offset = ?";
            database.run(sql, &[data(pending).into(), pending.offset.0.into()]).map(drop)
        }
        ConversationWrite::Settle(offset) => {
            let sql = "DELETE FROM question WHERE offset = ?";
            database.run(sql, &[offset.0.into()]).map(drop)
        }
    }
}

fn data(pending: &Pending) -> String {
    serde_json::to_string(pending).unwrap_or_default()
}

/// Notes which message an entry is the response to, if it is one.
pub(super) fn note<D: Database>(database: &D, entry: &Entry) -> Result<(), D::Error> {
    let Some(of) = entry.body.answers() else { return Ok(()) };
    let sql = "INSERT OR REPLACE INTO response (message, offset, at) VALUES (?, ?, ?)";
    database.run(sql, &[of.0.into(), entry.offset.0.into(), entry.at.0.into()]).map(drop)
}

/// Forgets the responses to messages whose ids are forgotten.
pub(super) fn forget<D: Database>(
    database: &D,
    from: Offset,
    since: Millis,
) -> Result<(), D::Error> {
    let sql = "DELETE FROM response WHERE message < ? OR at < ?";
    database.run(sql, &[from.0.into(), since.0.into()]).map(drop)
}

pub(super) fn question<D: Database>(
    database: &D,
    message: Offset,
) -> Result<Option<String>, D::Error> {
    let sql = "SELECT content FROM question WHERE offset = ?";
    let rows = database.run(sql, &[message.0.into()])?;
    Ok(rows.into_iter().flatten().next().and_then(Value::text))
}

pub(super) fn response<D: Database>(database: &D, message: Offset) -> Result<Response, D::Error> {
    let sql = "SELECT offset FROM response WHERE message = ?";
    let rows = database.run(sql, &[message.0.into()])?;
    let Some(offset) = rows.into_iter().flatten().next() else { return Ok(Response::None) };
    let sql = format!("SELECT {} FROM entry WHERE offset = ?", record::COLUMNS);
    let entry = database.run(&sql, &[offset])?.into_iter().next().and_then(record::entry);
    Ok(entry.map_or(Response::Gone, |it| Response::Kept(it.into())))
}

/// Reads what a wake finds of a question. What a later version wrote is not asked again.
pub(super) fn pending(data: &str) -> Option<Pending> {
    serde_json::from_str(data).ok()
}

/// The same of the model.
#[derive(Clone, Debug, Default)]
pub(super) struct Questions(Vec<(Pending, std::rc::Rc<str>)>);

impl Questions {
    pub(super) fn write(&mut self, write: &ConversationWrite) {
        match write {
            ConversationWrite::Ask(pending, content) => {
                self.0.retain(|(it, _)| it.offset != pending.offset);
                self.0.push((pending.clone(), content.clone()));
                self.0.sort_by_key(|(it, _)| it.offset);
            }
            ConversationWrite::Update(pending) => {
                let same = self.0.iter_mut().find(|(it, _)| it.offset == pending.offset);
                if let Some((it, _)) = same {
                    *it = pending.clone();
                }
            }
            ConversationWrite::Settle(offset) => self.0.retain(|(it, _)| it.offset != *offset),
        }
    }

    pub(super) fn content(&self, message: Offset) -> Option<String> {
        let question = self.0.iter().find(|(it, _)| it.offset == message);
        question.map(|(_, content)| content.to_string())
    }

    pub(super) fn pending(&self) -> Vec<Pending> {
        self.0.iter().map(|(it, _)| it.clone()).collect()
    }
}

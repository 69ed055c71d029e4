//! How the questions of a conversation are stored: see [`crate::feature::conversations::ConversationWrite`].

use crate::feature::conversations::{ConversationWrite, Pending};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::rc::Rc;

use super::{ConversationFound, ConversationQuery, Conversations};
use crate::database::{Database, Step, Value};
use crate::feature::tables::{Log, Tables, Twin, Woken};
use crate::message::{Entry, Millis, Offset};

/// The tables of it, as of their introduction.
const MIGRATION: &[&str] = &[
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

impl Tables for Conversations {
    type Memory = Memory;

    const MIGRATIONS: &'static [Step] = &[(5, MIGRATION)];
    const TABLES: &'static [&'static str] = &["question", "response"];
    const WAKE: Option<&'static str> = Some("SELECT 'question', data, '', offset, 0 FROM question");
    const TAG: &'static str = "question";

    fn write<D: Database>(database: &D, writes: &[&ConversationWrite]) -> Result<(), D::Error> {
        writes.iter().try_for_each(|it| write(database, it))
    }

    fn find<D: Database>(
        database: &D,
        log: &impl Log<Error = D::Error>,
        query: &ConversationQuery,
    ) -> Result<ConversationFound, D::Error> {
        let found = match query {
            ConversationQuery::Content(question) => {
                content(database, question.pending.offset)?.map(ConversationFound::Content)
            }
            ConversationQuery::Response(message) => match response(database, *message)? {
                Some(offset) => Some(ConversationFound::Response(log.entry(offset)?)),
                None => None,
            },
        };
        Ok(found.unwrap_or_default())
    }

    fn appended<D: Database>(database: &D, entry: &Entry) -> Result<(), D::Error> {
        note(database, entry)
    }

    fn prune<D: Database>(database: &D, from: Offset, since: Millis) -> Result<(), D::Error> {
        forget(database, from, since)
    }

    fn wake(stored: &mut Vec<Pending>, row: Woken) -> Option<()> {
        stored.push(pending(&row.key)?);
        Some(())
    }
}

fn write<D: Database>(database: &D, write: &ConversationWrite) -> Result<(), D::Error> {
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
fn note<D: Database>(database: &D, entry: &Entry) -> Result<(), D::Error> {
    let Some(of) = entry.body.answers() else { return Ok(()) };
    let sql = "INSERT OR REPLACE INTO response (message, offset, at) VALUES (?, ?, ?)";
    database.run(sql, &[of.0.into(), entry.offset.0.into(), entry.at.0.into()]).map(drop)
}

/// Forgets the responses to messages whose ids are forgotten.
fn forget<D: Database>(database: &D, from: Offset, since: Millis) -> Result<(), D::Error> {
    let sql = "DELETE FROM response WHERE message < ? OR at < ?";
    database.run(sql, &[from.0.into(), since.0.into()]).map(drop)
}

/// What the pending message at this position says.
fn content<D: Database>(database: &D, message: Offset) -> Result<Option<String>, D::Error> {
    let sql = "SELECT content FROM question WHERE offset = ?";
    let rows = database.run(sql, &[message.0.into()])?;
    Ok(rows.into_iter().flatten().next().and_then(Value::text))
}

/// Where the response to the message at this place stands, or stood.
fn response<D: Database>(database: &D, message: Offset) -> Result<Option<Offset>, D::Error> {
    let sql = "SELECT offset FROM response WHERE message = ?";
    let rows = database.run(sql, &[message.0.into()])?;
    Ok(rows.into_iter().flatten().next().and_then(|it| it.integer()).map(Offset))
}

/// Reads what a wake finds of a question. What a later version wrote is not asked again.
fn pending(data: &str) -> Option<Pending> {
    serde_json::from_str(data).ok()
}

/// Its tables in memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory {
    questions: Vec<(Pending, Rc<str>)>,
    /// By message: the response's own position and time.
    responses: BTreeMap<Offset, (Offset, Millis)>,
}

impl Twin for Memory {
    type Write = ConversationWrite;
    type Stored = Vec<Pending>;
    type Query = ConversationQuery;
    type Found = ConversationFound;

    fn find(
        &self,
        log: &impl Log<Error = Infallible>,
        query: &ConversationQuery,
    ) -> ConversationFound {
        let found = match query {
            ConversationQuery::Content(question) => {
                let message = question.pending.offset;
                let question = self.questions.iter().find(|(it, _)| it.offset == message);
                question.map(|(_, content)| ConversationFound::Content(content.to_string()))
            }
            ConversationQuery::Response(message) => self.responses.get(message).map(|it| {
                let Ok(entry) = log.entry(it.0);
                ConversationFound::Response(entry)
            }),
        };
        found.unwrap_or_default()
    }

    fn write(&mut self, write: &ConversationWrite) {
        match write {
            ConversationWrite::Ask(pending, content) => {
                self.questions.retain(|(it, _)| it.offset != pending.offset);
                self.questions.push((pending.clone(), content.clone()));
                self.questions.sort_by_key(|(it, _)| it.offset);
            }
            ConversationWrite::Update(pending) => {
                let same = self.questions.iter_mut().find(|(it, _)| it.offset == pending.offset);
                if let Some((it, _)) = same {
                    *it = pending.clone();
                }
            }
            ConversationWrite::Settle(offset) => {
                self.questions.retain(|(it, _)| it.offset != *offset);
            }
        }
    }

    fn appended(&mut self, entry: &Entry) {
        if let Some(of) = entry.body.answers() {
            self.responses.insert(of, (entry.offset, entry.at));
        }
    }

    fn prune(&mut self, from: Offset, since: Millis) {
        self.responses.retain(|message, (_, at)| from <= *message && since <= *at);
    }

    fn stored(&self) -> Vec<Pending> {
        self.questions.iter().map(|(it, _)| it.clone()).collect()
    }
}

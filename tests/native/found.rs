//! What features look up in a history, one function each.

use std::fmt::Debug;

use dormouse::feature::conversations::{ConversationFound, ConversationQuery, Pending, Question};
use dormouse::feature::documents::{DocumentQuery, StoredDocument};
use dormouse::feature::metrics::{Lately, Measuring};
use dormouse::feature::state::{AllState, StateItem};
use dormouse::feature::transfers::{
    Compare, Digest, FoundChunk, Piece, TransferEvent, TransferQuery,
};
use dormouse::feature::{Found, Query};
use dormouse::history::History;
use dormouse::message::{Millis, Name, Offset, RequestId};
use dormouse::outgoing::Progress;

use crate::support::{epoch, member, session_id};

fn find<H: History<Error: Debug>>(history: &H, query: impl Into<Query>) -> Found {
    history.find(&query.into()).unwrap()
}

pub(crate) fn document<H: History<Error: Debug>>(history: &H, name: &str) -> StoredDocument {
    let query = DocumentQuery(Name::parse(name).unwrap());
    let Found::Documents(found) = find(history, query) else { panic!("another feature's") };
    found
}

pub(crate) fn lately<H: History<Error: Debug>>(
    history: &H,
    since: Millis,
    first: Offset,
    head: Offset,
) -> Lately {
    let query = Measuring { at: since, since, first, head, users: vec![], is_report: false };
    let Found::Metrics(found) = find(history, query) else { panic!("another feature's") };
    found
}

pub(crate) fn state<H: History<Error: Debug>>(history: &H) -> Vec<StateItem> {
    let Found::State(found) = find(history, AllState { keys: None, head: Offset(0) }) else {
        panic!("another feature's")
    };
    found
}

fn name() -> Name {
    Name::parse("data").unwrap()
}

fn of_transfers<H: History<Error: Debug>>(history: &H, query: TransferQuery) -> Option<FoundChunk> {
    let Found::Transfers(found) = find(history, query) else { panic!("another feature's") };
    found
}

/// The text of a chunk, and of what it is.
pub(crate) fn chunk<H: History<Error: Debug>>(
    history: &H,
    transfer: u64,
    index: u64,
) -> Option<(String, Digest)> {
    let piece = Piece { transfer, data: name(), index, total: 1 };
    let found = of_transfers(history, TransferQuery::Next(session_id(1), Some(piece)));
    found.map(|it| (it.text, it.digest))
}

/// Of what a chunk is. Its text is not read for that.
pub(crate) fn digest<H: History<Error: Debug>>(
    history: &H,
    transfer: u64,
    index: u64,
) -> Option<Digest> {
    let same = TransferEvent::Deleted(name());
    let compare = Compare { transfer, index, digest: Digest::of(b""), same };
    let found = of_transfers(history, TransferQuery::Compare(compare))?;
    assert_eq!(found.text, "");
    Some(found.digest)
}

fn of_conversations<H: History<Error: Debug>>(
    history: &H,
    query: ConversationQuery,
) -> ConversationFound {
    let Found::Conversations(found) = find(history, query) else { panic!("another feature's") };
    found
}

/// What a pending message says.
pub(crate) fn content<H: History<Error: Debug>>(history: &H, message: Offset) -> Option<String> {
    let pending = Pending {
        offset: message,
        message: RequestId::parse("m").unwrap(),
        author: member("ann"),
        client: "c".into(),
        progress: Progress::new(Millis(0)),
    };
    let question = Question { pending, epoch: epoch(), content: String::new() };
    match of_conversations(history, ConversationQuery::Content(Box::new(question))) {
        ConversationFound::Nothing => None,
        ConversationFound::Content(content) => Some(content),
        ConversationFound::Response(_) => panic!("a message is no response"),
    }
}

/// What is known of the response to a message.
pub(crate) fn response<H: History<Error: Debug>>(
    history: &H,
    message: Offset,
) -> ConversationFound {
    of_conversations(history, ConversationQuery::Response(message))
}

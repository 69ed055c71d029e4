//! Documents that several people edit at once (B17 to B21).

mod cache;
pub(crate) mod context;
pub mod document;
mod http;
mod native;
pub(crate) mod owners;
pub(crate) mod participants;
mod rates;
pub(crate) mod rules;
#[cfg(not(target_arch = "wasm32"))]
mod schema;
mod stored;
pub(crate) mod tables;
mod words;

use super::Feature;
use crate::message::Kind;
use crate::rates::Pool;

pub use cache::{DocumentCache, StoredDocument};
pub use stored::{
    DocumentQuery, Documents, EditingWrite, OnConnection, OwnedDocument, Seat, StoredDocuments,
};
pub use words::{
    Cursor, EditingCommand, EditingEvent, EditingState, EditingTask, Operation, Role, Version,
};

impl Feature for Documents {
    type Command = EditingCommand;
    type Event = EditingEvent;
    type Write = EditingWrite;
    type Query = DocumentQuery;
    type Found = StoredDocument;
    type Call = std::convert::Infallible;
    type Input = std::convert::Infallible;
    type OnConnection = OnConnection;
    type Config = ();
    type Task = EditingTask;
    const POOLS: &'static [Pool] = &[rates::OPERATIONS, rates::MOVES];
    fn offers(kind: Kind, (): &()) -> Option<&'static str> {
        (kind == Kind::Collaboration).then_some("documents")
    }
    fn words(protocol: &str) -> &'static [&'static str] {
        match protocol {
            "context" => &[
                "command",
                "cursor",
                "delete_document",
                "edit",
                "edit_ack",
                "join_session",
                "leave_session",
                "session_state",
            ],
            _ => &[],
        }
    }
}

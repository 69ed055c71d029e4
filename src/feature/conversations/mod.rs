//! Conversations with a responder (D2 to D12).

mod http;
mod pending;
mod responder;
pub(crate) mod rules;
#[cfg(not(target_arch = "wasm32"))]
mod schema;
mod stored;
pub(crate) mod tables;
mod wire;
mod words;

use super::{Feature, Never};
use crate::message::EntryKind;

pub use pending::{Outcome, Pending, Question, Responded};
pub use responder::Responder;
pub use stored::{
    ConversationFound, ConversationQuery, ConversationWrite, Conversations, OnConnection,
};
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use wire::Said;
pub(super) use wire::asked;
pub use words::{
    ClientName, ConversationCommand, ConversationEvent, RESPONSE, ResponseText, ResumeToken,
};

impl Feature for Conversations {
    type Command = ConversationCommand;
    type Event = ConversationEvent;
    type Write = ConversationWrite;
    type Query = ConversationQuery;
    type Found = ConversationFound;
    type Call = Box<Question>;
    type Input = Responded;
    type OnConnection = OnConnection;
    type Config = Responder;
    type Task = Never<Self>;
    const KINDS: &'static [EntryKind] = &[RESPONSE];
    fn words(protocol: &str) -> &'static [&'static str] {
        match protocol {
            "conversation" => &["connect", "connect_confirm", "message", "response"],
            _ => &[],
        }
    }
}

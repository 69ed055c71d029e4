//! Conversations with a responder (D2 to D12).

mod door;
mod http;
mod pending;
mod responder;
mod response;
mod resume;
pub(crate) mod rules;
#[cfg(not(target_arch = "wasm32"))]
mod schema;
mod stored;
pub(crate) mod tables;
mod wire;
mod words;

use super::{Configured, Feature, Never};
use crate::message::EntryKind;

pub use pending::{Outcome, Pending, Question, Responded};
pub use responder::Responder;
pub use response::ResponseText;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use response::Said;
pub(super) use response::asked;
pub use resume::ResumeKey;
pub use stored::{
    ConversationFound, ConversationQuery, ConversationWrite, Conversations, OnConnection,
};
pub use words::{ClientName, ConversationCommand, ConversationEvent, RESPONSE, ResumeToken};

/// What an operator sets for conversations.
#[derive(Clone, Debug, Default)]
pub struct ConversationConfig {
    /// Who answers.
    pub responder: Responder,
    /// What resume tokens are signed with.
    pub resume: Option<ResumeKey>,
}

impl Configured for ConversationConfig {
    fn read(variable: &dyn Fn(&str) -> Option<String>, faults: &mut Vec<String>) -> Self {
        let resume = ResumeKey::read(variable, faults);
        Self { responder: Configured::read(variable, faults), resume }
    }
}

impl Feature for Conversations {
    type Command = ConversationCommand;
    type Event = ConversationEvent;
    type Write = ConversationWrite;
    type Query = ConversationQuery;
    type Found = ConversationFound;
    type Call = Box<Question>;
    type Input = Responded;
    type OnConnection = OnConnection;
    type Config = ConversationConfig;
    type Task = Never<Self>;
    const KINDS: &'static [EntryKind] = &[RESPONSE];
    fn words(protocol: &str) -> &'static [&'static str] {
        match protocol {
            "conversation" => &["connect", "connect_confirm", "message", "response"],
            _ => &[],
        }
    }
}

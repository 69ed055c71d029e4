//! Conversations with a responder (D2 to D12).

mod pending;
pub(crate) mod rules;
mod stored;
pub(crate) mod tables;
mod words;

pub use pending::{Outcome, Pending, Question, Responded};
pub use stored::{ConversationWrite, Conversations};
pub use words::{
    ClientName, ConversationCommand, ConversationEvent, RESPONSE, ResponseText, Ticket,
};

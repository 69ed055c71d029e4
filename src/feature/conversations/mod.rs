//! Conversations with a responder (D2 to D12).

mod words;

pub use words::{
    ClientName, ConversationCommand, ConversationEvent, RESPONSE, ResponseText, Ticket,
};

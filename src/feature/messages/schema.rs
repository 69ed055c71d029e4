//! Their frames, as the API document has them.

use super::Messages;
pub(crate) use super::context::Message as InContext;
use super::context::MessageIn;
use crate::feature::schema::{Described, Frames};
use crate::schema::frames::Envelope::{In, Out};
use crate::schema::frames::Field::{Is, Needs};
use crate::schema::frames::Message;
use crate::schema::shape::{input, output};

impl Described for Messages {
    fn frames(protocol: &str) -> Frames {
        if protocol == "context" { (RECEIVE, SEND) } else { (&[], &[]) }
    }
}

const RECEIVE: &[Message] = &[Message {
    name: "message",
    about: "Say this to everyone and remember it.",
    envelope: In,
    fields: &[Is("type", "message"), Needs("data", input::<MessageIn<'static>>)],
    example: r#"{"type":"message","id":"m1","data":{"content":"Hello, everyone!","messageType":"text"}}"#,
}];

const SEND: &[Message] = &[Message {
    name: "message",
    about: "Somebody spoke; the sender hears it too.",
    envelope: Out,
    fields: &[Is("type", "message"), Needs("data", output::<InContext<'static>>)],
    example: r#"{"type":"message","id":"message_018cc4e5-227b-7000-8000-000000000002","timestamp":"2024-01-01T12:00:00.123Z","data":{"id":"message_018cc4e5-227b-7000-8000-000000000000","content":"Hello, everyone!","messageType":"text","author":"Ann","authorId":"ann","timestamp":"2024-01-01T12:00:00.123Z","offset":42}}"#,
}];

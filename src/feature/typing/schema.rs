//! Its frames, as the API document has them.

use super::Typing;
use super::words::{InContext, InEvents, TypingIn};
use crate::feature::schema::{Described, Frames};
use crate::schema::frames::Envelope::{In, Out};
use crate::schema::frames::Field::{Is, Needs};
use crate::schema::frames::Message;
use crate::schema::shape::{input, output};

impl Described for Typing {
    fn frames(protocol: &str) -> Frames {
        match protocol {
            "context" => (IN_CONTEXT, TO_CONTEXT),
            "events" => (&[], TO_EVENTS),
            _ => (&[], &[]),
        }
    }
}

const IN_CONTEXT: &[Message] = &[Message {
    name: "typing",
    about: "I am, or am no longer, typing. It expires by itself.",
    envelope: In,
    fields: &[Is("type", "typing"), Needs("data", input::<TypingIn>)],
    example: r#"{"type":"typing","data":{"isTyping":true}}"#,
}];

const TO_CONTEXT: &[Message] = &[Message {
    name: "typing",
    about: "Somebody else started or stopped typing.",
    envelope: Out,
    fields: &[Is("type", "typing"), Needs("data", output::<InContext<'static>>)],
    example: r#"{"type":"typing","id":"typing_018cc4e5-227b-7000-8000-000000000004","timestamp":"2024-01-01T12:00:00.123Z","data":{"userId":"ann","isTyping":true}}"#,
}];

const TO_EVENTS: &[Message] = &[Message {
    name: "event.typing",
    about: "Somebody else started or stopped typing.",
    envelope: Out,
    fields: &[
        Is("type", "event"),
        Is("event", "typing"),
        Needs("data", output::<InEvents<'static>>),
    ],
    example: r#"{"type":"event","event":"typing","id":"event_018cc4e5-227b-7000-8000-000000000000","timestamp":"2024-01-01T12:00:00.123Z","data":{"user_id":"ann","is_typing":true}}"#,
}];

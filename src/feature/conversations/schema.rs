//! Its frames, as the API document has them.

use super::Conversations;
use super::response::Response;
use super::wire::{Asked, Confirmed};
use crate::feature::schema::{Described, Door, DoorParameter, Frames};
use crate::schema::frames::Envelope::{Of, OutWith};
use crate::schema::frames::Field::{Is, Own};
use crate::schema::frames::Message;
use crate::schema::shape::{Shape, input_here, output_here};

impl Described for Conversations {
    const DOOR: Option<&'static Door> = Some(&DOOR);
    fn frames(protocol: &str) -> Frames {
        if protocol == "conversation" { (RECEIVE, SEND) } else { (&[], &[]) }
    }
}

const IN: Shape = input_here::<Asked<'static>>;

const DOOR: Door = Door {
    about: "A token comes by query, header or sub-protocol, or in a first `auth`; any that verifies opens a conversation of its user's own.",
    parameters: &[
        DoorParameter {
            name: "conversationId",
            is_room: true,
            about: "One to come back to; a new one if it is missing.",
        },
        DoorParameter {
            name: "resumeToken",
            is_room: false,
            about: "What `connect_confirm` said with it.",
        },
    ],
};

const RECEIVE: &[Message] = &[
    Message {
        name: "connect",
        about: "This is who I am. Before it nothing else is taken but `auth`; again, it is confirmed again.",
        envelope: Of(IN),
        fields: &[Is("type", "connect"), Own("clientId"), Own("version")],
        example: r#"{"type":"connect","clientId":"client-1","timestamp":"2024-01-01T12:00:00.123Z","version":"1.0"}"#,
    },
    Message {
        name: "message",
        about: "Ask the responder this. The same messageId again is not asked again: its response is told again.",
        envelope: Of(IN),
        fields: &[Is("type", "message"), Own("clientId"), Own("content"), Own("messageId")],
        example: r#"{"type":"message","clientId":"client-1","content":"Hello!","timestamp":"2024-01-01T12:00:00.123Z","messageId":"m1"}"#,
    },
];

const SEND: &[Message] = &[
    Message {
        name: "connect_confirm",
        about: "You are in. Before it nothing is said but `error`.",
        envelope: OutWith(output_here::<Confirmed<'static>>),
        fields: &[Is("type", "connect_confirm"), Is("status", "confirmed")],
        example: r#"{"type":"connect_confirm","clientId":"client-1","conversationId":"conversation_018cc4e5-227b-7000-8000-000000000000","status":"confirmed","resumeToken":"OjwHNA7yqfVeb1Jt4-4X7BGbv2l8Fs8uXloaQApUiqo","timestamp":"2024-01-01T12:00:00.123Z"}"#,
    },
    Message {
        name: "response",
        about: "What the responder said to a message. Every connection of the conversation hears it.",
        envelope: OutWith(output_here::<Response<'static>>),
        fields: &[Is("type", "response")],
        example: r#"{"type":"response","messageId":"m1","content":"Hello, Ann.","timestamp":"2024-01-01T12:00:00.123Z"}"#,
    },
];

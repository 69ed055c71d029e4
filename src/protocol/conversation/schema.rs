use super as wire;
use crate::feature::schema::Calls;
use crate::protocol::schema::Description;
use crate::schema::frames::Envelope::{In, Of};
use crate::schema::frames::Field::{Is, MayOwn, Own};
use crate::schema::frames::Message;
use crate::schema::shape::{input_here, output_here};

pub(crate) const DESCRIPTION: Description = Description {
    from_clients: input_here::<wire::Envelope<'static>>,
    from_server: output_here::<wire::Pong>,
    entry: output_here::<wire::Pong>,
    answer: output_here::<wire::Pong>,
    receive: RECEIVE,
    send: SEND,
    close_codes: &[],
    calls: Calls::NONE,
};

const RECEIVE: &[Message] = &[
    Message {
        name: "history",
        about: "What was said before?",
        envelope: In,
        fields: &[Is("type", "history"), MayOwn("limit"), MayOwn("before")],
        example: r#"{"type":"history","limit":50,"before":42}"#,
    },
    Message {
        name: "ping",
        about: "Are you there? Exactly `{\"type\":\"ping\"}` is answered without waking the room.",
        envelope: In,
        fields: &[Is("type", "ping")],
        example: r#"{"type":"ping","timestamp":"2024-01-01T12:00:00.123Z"}"#,
    },
    Message {
        name: "auth",
        about: "Here is my token. The first message where the URL has none; later, a younger token.",
        envelope: In,
        fields: &[Is("type", "auth"), Own("token")],
        example: r#"{"type":"auth","token":"<jwt>"}"#,
    },
];

const SEND: &[Message] = &[
    Message {
        name: "history",
        about: "A stretch of the conversation, oldest first.",
        envelope: Of(output_here::<wire::History>),
        fields: &[Is("type", "history")],
        example: r#"{"type":"history","messages":[{"messageId":"m1","role":"user","content":"Hello!","timestamp":"2024-01-01T12:00:00.123Z"}],"hasMore":false,"nextBefore":null,"timestamp":"2024-01-01T12:00:00.123Z"}"#,
    },
    Message {
        name: "pong",
        about: "I am here.",
        envelope: Of(output_here::<wire::Pong>),
        fields: &[Is("type", "pong")],
        example: r#"{"type":"pong","timestamp":"2024-01-01T12:00:00.123Z"}"#,
    },
    Message {
        name: "auth",
        about: "The connection's token was replaced by a younger one.",
        envelope: Of(output_here::<wire::Auth<'static>>),
        fields: &[Is("type", "auth")],
        example: r#"{"type":"auth","userId":"ann","expiresAt":"2024-01-01T13:00:00.000Z","timestamp":"2024-01-01T12:00:00.123Z"}"#,
    },
    Message {
        name: "error",
        about: "No; or, with a `messageId`, no response to that message. What cannot go on is closed after it.",
        envelope: Of(output_here::<wire::Error<'static>>),
        fields: &[Is("type", "error")],
        example: r#"{"type":"error","error":"connect first","code":"CONFLICT","messageId":"m1","timestamp":"2024-01-01T12:00:00.123Z"}"#,
    },
];

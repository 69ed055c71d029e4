use serde_json::{Map, Value};

use super as wire;
use crate::message::EventName;
use crate::schema::frames::Field::{Is, MayOwn, Needs, Own};
use crate::schema::frames::Message;
use crate::schema::shape::{Shape, input_here, output, output_here};

const IN: Shape = input_here::<wire::Envelope<'static>>;
const OUT: Shape = output_here::<wire::Outgoing<'static, wire::Nothing>>;

pub(crate) const RECEIVE: &[Message] = &[
    Message {
        name: "ping",
        about: "Are you there? Exactly `{\"type\":\"ping\"}` is answered without waking the room.",
        envelope: IN,
        fields: &[Is("type", "ping")],
        example: r#"{"type":"ping","timestamp":"2024-01-01T12:00:00.123Z"}"#,
    },
    Message {
        name: "pong",
        about: "I am here: the answer to the server's own ping.",
        envelope: IN,
        fields: &[Is("type", "pong")],
        example: r#"{"type":"pong"}"#,
    },
    Message {
        name: "status",
        about: "How is this connection?",
        envelope: IN,
        fields: &[Is("type", "status")],
        example: r#"{"type":"status"}"#,
    },
    Message {
        name: "auth",
        about: "Here is a younger token.",
        envelope: IN,
        fields: &[Is("type", "auth"), Own("token"), MayOwn("contextId")],
        example: r#"{"type":"auth","token":"<jwt>"}"#,
    },
    Message {
        name: "event",
        about: "Any other type is published to the room, with all its fields, where the token allows it.",
        envelope: IN,
        fields: &[Needs("type", output::<EventName>)],
        example: r#"{"type":"agent.started","agent":"a1"}"#,
    },
];

pub(crate) const SEND: &[Message] = &[
    Message {
        name: "hello",
        about: "The first frame: you are in.",
        envelope: output_here::<wire::Hello<'static>>,
        fields: &[Is("type", "hello")],
        example: r#"{"type":"hello","server_time":"2024-01-01T12:00:00.123Z","accepted_version":1,"features":["heartbeat","structured_messages","error_codes","graceful_reconnect"],"request_id":"018cc4e5-227b-7000-8000-000000000000","client_id":"c1","heartbeat_interval_ms":25000}"#,
    },
    Message {
        name: "ping",
        about: "Are you there? Who misses two is closed.",
        envelope: OUT,
        fields: &[Is("type", "ping")],
        example: r#"{"type":"ping","timestamp":"2024-01-01T12:00:00.123Z"}"#,
    },
    Message {
        name: "pong",
        about: "I am here.",
        envelope: OUT,
        fields: &[Is("type", "pong")],
        example: r#"{"type":"pong","timestamp":"2024-01-01T12:00:00.123Z"}"#,
    },
    Message {
        name: "status",
        about: "How this connection is.",
        envelope: output_here::<wire::Outgoing<'static, wire::StatusOut<'static>>>,
        fields: &[Is("type", "status")],
        example: r#"{"type":"status","timestamp":"2024-01-01T12:00:00.123Z","session_id":"session_00000000000001","client_id":"c1","connected_at":"2024-01-01T11:00:00.123Z","uptime_ms":3600000,"messages_received":7,"messages_this_minute":1,"limit_per_minute":100}"#,
    },
    Message {
        name: "event",
        about: "Any other event that was published to the room: its name is the type, its data the fields; what is no object stands in `data`.",
        envelope: output_here::<wire::Outgoing<'static, Map<String, Value>>>,
        fields: &[Needs("type", output::<EventName>)],
        example: r#"{"type":"agent.started","timestamp":"2024-01-01T12:00:00.123Z","agent":"a1"}"#,
    },
    Message {
        name: "auth",
        about: "The connection's token was replaced by a younger one.",
        envelope: output_here::<wire::Outgoing<'static, wire::Auth<'static>>>,
        fields: &[Is("type", "auth")],
        example: r#"{"type":"auth","timestamp":"2024-01-01T12:00:00.123Z","user_id":"ann","expires_at":"2024-01-01T13:00:00.000Z"}"#,
    },
    Message {
        name: "error",
        about: "No. What cannot go on is closed after it.",
        envelope: output_here::<wire::Outgoing<'static, wire::Error<'static>>>,
        fields: &[Is("type", "error")],
        example: r#"{"type":"error","timestamp":"2024-01-01T12:00:00.123Z","code":"RATE_LIMIT_EXCEEDED","message":"Rate limit exceeded","retry_after":45}"#,
    },
];

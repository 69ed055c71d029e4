use serde_json::{Map, Value};

use super as wire;
use crate::close::CloseCode;
use crate::feature::schema::Calls;
use crate::message::EventName;
use crate::protocol::schema::Description;
use crate::schema::frames::Envelope::{In, Of, Out};
use crate::schema::frames::Field::{Is, MayOwn, Needs, Own};
use crate::schema::frames::Message;
use crate::schema::shape::{input_here, output, output_here};

pub(crate) const DESCRIPTION: Description = Description {
    from_clients: input_here::<wire::Envelope<'static>>,
    from_server: output_here::<wire::Outgoing<'static, wire::Nothing>>,
    entry: output_here::<wire::Outgoing<'static, wire::Nothing>>,
    answer: output_here::<wire::Outgoing<'static, wire::Nothing>>,
    receive: RECEIVE,
    send: SEND,
    close_codes: CLOSE_CODES,
    calls: Calls::NONE,
};

const CLOSE_CODES: &[(CloseCode, &str)] = &[
    (wire::UNSUPPORTED_VERSION, "A version or a client id that is none; only `/ws/client`."),
    (wire::INVALID_ROLE, "A role that is none, or not the client's; only `/ws/client`."),
    (wire::HANDSHAKE_FAILED, "The handshake failed on our side; only `/ws/client`."),
];

const RECEIVE: &[Message] = &[
    Message {
        name: "ping",
        about: "Are you there? Exactly `{\"type\":\"ping\"}` is answered without waking the room.",
        envelope: In,
        fields: &[Is("type", "ping")],
        example: r#"{"type":"ping","timestamp":"2024-01-01T12:00:00.123Z"}"#,
    },
    Message {
        name: "pong",
        about: "I am here: the answer to the server's own ping.",
        envelope: In,
        fields: &[Is("type", "pong")],
        example: r#"{"type":"pong"}"#,
    },
    Message {
        name: "status",
        about: "How is this connection?",
        envelope: In,
        fields: &[Is("type", "status")],
        example: r#"{"type":"status"}"#,
    },
    Message {
        name: "auth",
        about: "Here is a younger token.",
        envelope: In,
        fields: &[Is("type", "auth"), Own("token"), MayOwn("contextId")],
        example: r#"{"type":"auth","token":"<jwt>"}"#,
    },
    Message {
        name: "event",
        about: "Any other type is published to the room, with all its fields, where the token allows it.",
        envelope: In,
        fields: &[Needs("type", output::<EventName>)],
        example: r#"{"type":"agent.started","agent":"a1"}"#,
    },
];

const SEND: &[Message] = &[
    Message {
        name: "hello",
        about: "The first frame: you are in.",
        envelope: Of(output_here::<wire::Hello<'static>>),
        fields: &[Is("type", "hello")],
        example: r#"{"type":"hello","server_time":"2024-01-01T12:00:00.123Z","accepted_version":1,"features":["heartbeat","structured_messages","error_codes","graceful_reconnect"],"request_id":"018cc4e5-227b-7000-8000-000000000000","client_id":"c1","heartbeat_interval_ms":25000}"#,
    },
    Message {
        name: "ping",
        about: "Are you there? Who misses two is closed.",
        envelope: Out,
        fields: &[Is("type", "ping")],
        example: r#"{"type":"ping","timestamp":"2024-01-01T12:00:00.123Z"}"#,
    },
    Message {
        name: "pong",
        about: "I am here.",
        envelope: Out,
        fields: &[Is("type", "pong")],
        example: r#"{"type":"pong","timestamp":"2024-01-01T12:00:00.123Z"}"#,
    },
    Message {
        name: "status",
        about: "How this connection is.",
        envelope: Of(output_here::<wire::Outgoing<'static, wire::StatusOut<'static>>>),
        fields: &[Is("type", "status")],
        example: r#"{"type":"status","timestamp":"2024-01-01T12:00:00.123Z","session_id":"session_00000000000001","client_id":"c1","connected_at":"2024-01-01T11:00:00.123Z","uptime_ms":3600000,"messages_received":7,"messages_this_minute":1,"limit_per_minute":100}"#,
    },
    Message {
        name: "event",
        about: "Any other event that was published to the room: its name is the type, its data the fields; what is no object stands in `data`.",
        envelope: Of(output_here::<wire::Outgoing<'static, Map<String, Value>>>),
        fields: &[Needs("type", output::<EventName>)],
        example: r#"{"type":"agent.started","timestamp":"2024-01-01T12:00:00.123Z","agent":"a1"}"#,
    },
    Message {
        name: "auth",
        about: "The connection's token was replaced by a younger one.",
        envelope: Of(output_here::<wire::Outgoing<'static, wire::Auth<'static>>>),
        fields: &[Is("type", "auth")],
        example: r#"{"type":"auth","timestamp":"2024-01-01T12:00:00.123Z","user_id":"ann","expires_at":"2024-01-01T13:00:00.000Z"}"#,
    },
    Message {
        name: "error",
        about: "No. What cannot go on is closed after it.",
        envelope: Of(output_here::<wire::Outgoing<'static, wire::Error<'static>>>),
        fields: &[Is("type", "error")],
        example: r#"{"type":"error","timestamp":"2024-01-01T12:00:00.123Z","code":"RATE_LIMIT_EXCEEDED","message":"Rate limit exceeded","retry_after":45}"#,
    },
];

use serde_json::Value;

use super as wire;
use crate::feature::schema::Calls;
use crate::message::EventName;
use crate::protocol::schema::Description;
use crate::schema::frames::Envelope::{In, Out};
use crate::schema::frames::Field::{Is, MayOwn, Needs, Own};
use crate::schema::frames::Message;
use crate::schema::shape::{input, input_here, output, output_here};

pub(crate) const DESCRIPTION: Description = Description {
    from_clients: input_here::<wire::Envelope<'static>>,
    from_server: output_here::<wire::Outgoing<'static, ()>>,
    entry: output_here::<wire::Outgoing<'static, ()>>,
    answer: output_here::<wire::Outgoing<'static, ()>>,
    receive: RECEIVE,
    send: SEND,
    close_codes: &[],
    calls: Calls::NONE,
};

const RECEIVE: &[Message] = &[
    Message {
        name: "ping",
        about: "Are you there? Exactly `{\"type\":\"ping\"}` is answered without waking the room.",
        envelope: In,
        fields: &[Is("type", "ping")],
        example: r#"{"type":"ping","id":"ping_1","timestamp":"2024-01-01T12:00:00.123Z"}"#,
    },
    Message {
        name: "auth",
        about: "Here is my token. The first message where the URL has none; later, a younger token.",
        envelope: In,
        fields: &[Is("type", "auth"), Own("token"), MayOwn("contextId")],
        example: r#"{"type":"auth","token":"<jwt>","contextId":"project_1"}"#,
    },
    Message {
        name: "auth.data",
        about: "The same, with the token in `data`.",
        envelope: In,
        fields: &[Is("type", "auth"), Needs("data", input::<wire::AuthIn<'static>>)],
        example: r#"{"type":"auth","id":"auth_1","data":{"token":"<jwt>"}}"#,
    },
];

const SEND: &[Message] = &[
    Message {
        name: "event",
        about: "Any other event that was published to the room: its name is the type.",
        envelope: Out,
        fields: &[Needs("type", output::<EventName>), Needs("data", output::<Value>)],
        example: r#"{"type":"agent.started","id":"agent.started_018cc4e5-227b-7000-8000-000000000000","timestamp":"2024-01-01T12:00:00.123Z","data":{"agent":"a1"}}"#,
    },
    Message {
        name: "auth",
        about: "The connection's token was replaced by a younger one.",
        envelope: Out,
        fields: &[Is("type", "auth"), Needs("data", output::<wire::Auth<'static>>)],
        example: r#"{"type":"auth","id":"auth_018cc4e5-227b-7000-8000-000000000000","timestamp":"2024-01-01T12:00:00.123Z","data":{"user_id":"ann","expires_at":"2024-01-01T13:00:00.000Z"}}"#,
    },
    Message {
        name: "pong",
        about: "I am here.",
        envelope: Out,
        fields: &[Is("type", "pong")],
        example: r#"{"type":"pong","id":"pong_018cc4e5-227b-7000-8000-000000000000","timestamp":"2024-01-01T12:00:00.123Z"}"#,
    },
    Message {
        name: "error",
        about: "No. What cannot go on is closed after it.",
        envelope: Out,
        fields: &[Is("type", "error"), Needs("data", output::<wire::Error<'static>>)],
        example: r#"{"type":"error","id":"error_018cc4e5-227b-7000-8000-000000000000","timestamp":"2024-01-01T12:00:00.123Z","data":{"error_code":"RATE_LIMIT_EXCEEDED","error_message":"Rate limit exceeded","error_details":{"session_id":"session_00000000000001","retry_after":45,"request_id":"ping_1"}}}"#,
    },
];

use serde_json::Value;

use super as wire;
use crate::feature::schema::Calls;
use crate::message::EventName;
use crate::protocol::schema::Description;
use crate::schema::frames::Envelope::{In, Of, Out};
use crate::schema::frames::Field::{Is, May, MayOwn, Needs, Own};
use crate::schema::frames::Message;
use crate::schema::shape::{Shape, input, input_here, output, output_here};

/// A user who came or left.
const USER: Shape = output::<wire::User<'static>>;

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
        name: "auth",
        about: "Here is my token. The first message where the URL has none; later, a younger token.",
        envelope: In,
        fields: &[Is("type", "auth"), Own("token"), MayOwn("contextId")],
        example: r#"{"type":"auth","token":"<jwt>","contextId":"project_1"}"#,
    },
    Message {
        name: "history",
        about: "What was said before?",
        envelope: In,
        fields: &[Is("type", "history"), May("data", input::<Option<wire::HistoryIn<'static>>>)],
        example: r#"{"type":"history","id":"h1","data":{"limit":50,"before":"2024-01-01T12:00:00.123Z"}}"#,
    },
    Message {
        name: "presence",
        about: "Who is here?",
        envelope: In,
        fields: &[Is("type", "presence")],
        example: r#"{"type":"presence","id":"p1"}"#,
    },
    Message {
        name: "ping",
        about: "Are you there? Exactly `{\"type\":\"ping\"}` is answered without waking the room.",
        envelope: In,
        fields: &[Is("type", "ping")],
        example: r#"{"type":"ping"}"#,
    },
];

const SEND: &[Message] = &[
    Message {
        name: "user_joined",
        about: "A user came in: once per user, not per connection.",
        envelope: Out,
        fields: &[Is("type", "user_joined"), Needs("data", USER)],
        example: r#"{"type":"user_joined","id":"user_joined_018cc4e5-227b-7000-8000-000000000005","timestamp":"2024-01-01T12:00:00.123Z","data":{"userId":"ann","username":"Ann"}}"#,
    },
    Message {
        name: "user_left",
        about: "A user has been gone for some seconds.",
        envelope: Out,
        fields: &[Is("type", "user_left"), Needs("data", USER)],
        example: r#"{"type":"user_left","id":"user_left_018cc4e5-227b-7000-8000-000000000006","timestamp":"2024-01-01T12:00:00.123Z","data":{"userId":"ann","username":"Ann"}}"#,
    },
    Message {
        name: "presence",
        about: "Who is here.",
        envelope: Out,
        fields: &[Is("type", "presence"), Needs("data", output::<wire::Presence<'static>>)],
        example: r#"{"type":"presence","id":"p1","timestamp":"2024-01-01T12:00:00.123Z","data":{"members":[{"userId":"ann","username":"Ann"}]}}"#,
    },
    Message {
        name: "history",
        about: "A stretch of the log, oldest first.",
        envelope: Out,
        fields: &[Is("type", "history"), Needs("data", output::<wire::History<'static>>)],
        example: r#"{"type":"history","id":"h1","timestamp":"2024-01-01T12:00:00.123Z","data":{"messages":[],"hasMore":false,"nextBefore":null,"offset":42,"epoch":"018cc4e5227b7000800000000000000a"}}"#,
    },
    Message {
        name: "auth",
        about: "The connection's token was replaced by a younger one; or the first frame to who asked to go on from a position, which says whether it does.",
        envelope: Out,
        fields: &[Is("type", "auth"), Needs("data", output::<wire::Auth<'static>>)],
        example: r#"{"type":"auth","id":"a1","timestamp":"2024-01-01T12:00:00.123Z","data":{"userId":"ann","expiresAt":"2024-01-01T13:00:00.000Z"}}"#,
    },
    Message {
        name: "pong",
        about: "I am here.",
        envelope: Out,
        fields: &[Is("type", "pong")],
        example: r#"{"type":"pong","id":"p1","timestamp":"2024-01-01T12:00:00.123Z"}"#,
    },
    ERROR,
    Message {
        name: "event",
        about: "An event that was published to the room: its name is the type.",
        envelope: Out,
        fields: &[Needs("type", output::<EventName>), Needs("data", output::<Value>)],
        example: r#"{"type":"deployed","id":"deployed_018cc4e5-227b-7000-8000-000000000007","timestamp":"2024-01-01T12:00:00.123Z","data":{"version":"1.2.3"}}"#,
    },
];

const ERROR: Message = Message {
    name: "error",
    about: "No. What cannot go on is closed after it.",
    envelope: Of(output_here::<wire::Error<'static>>),
    fields: &[Is("type", "error")],
    example: r#"{"type":"error","id":"m1","timestamp":"2024-01-01T12:00:00.123Z","error":"Rate limit exceeded","code":"RATE_LIMIT_EXCEEDED","retry_after":45}"#,
};

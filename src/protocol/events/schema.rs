use super::{self as wire, out};
use crate::message::{EventName, Topic};
use crate::protocol::spell::User;
use crate::schema::frames::Field::{self, Is, May, MayOwn, Needs, Own};
use crate::schema::frames::Message;
use crate::schema::shape::{Shape, input, input_here, output, output_here};

const IN: Shape = input_here::<wire::Envelope<'static>>;
pub(crate) const TOLD: Shape = output_here::<out::Told<'static, ()>>;
const ANSWER: Shape = output_here::<out::Response<'static, ()>>;
const TOPICS: Shape = input::<Vec<Topic>>;
const USER: Shape = output::<User<'static>>;

/// A query of this name.
pub(crate) const fn query(
    name: &'static str,
    fields: &'static [Field],
    about: &'static str,
    example: &'static str,
) -> Message {
    Message { name, about, envelope: IN, fields, example }
}

/// A response whose result is of this shape.
pub(crate) const fn response(
    name: &'static str,
    fields: &'static [Field],
    about: &'static str,
    example: &'static str,
) -> Message {
    Message { name, about, envelope: ANSWER, fields, example }
}

/// An event.
pub(crate) const HAPPENED: Shape = output_here::<out::Happened<'static>>;

pub(crate) const RECEIVE: &[Message] = &[
    query("ping", &[Is("type", "ping")], "Are you there?", r#"{"type":"ping","id":"p1"}"#),
    query(
        "auth",
        &[Is("type", "auth"), Own("token"), MayOwn("contextId")],
        "Here is my token. The first message where the URL has none; later, a younger token.",
        r#"{"type":"auth","id":"a1","token":"<jwt>"}"#,
    ),
    query(
        "subscribe",
        &[Is("type", "subscribe"), Needs("events", TOPICS)],
        "I want to hear of these: names of events, or what they begin with and a star.",
        r#"{"type":"subscribe","id":"s1","events":["workflow_update","agent.*"]}"#,
    ),
    query(
        "unsubscribe",
        &[Is("type", "unsubscribe"), Needs("events", TOPICS)],
        "I no longer want to hear of these.",
        r#"{"type":"unsubscribe","id":"s2","events":["agent.*"]}"#,
    ),
    query(
        "query.presence",
        &[Is("type", "query"), Is("query", "presence")],
        "Who is here?",
        r#"{"type":"query","id":"q1","query":"presence"}"#,
    ),
    query(
        "query.history",
        &[
            Is("type", "query"),
            Is("query", "history"),
            May("params", input::<Option<wire::HistoryIn<'static>>>),
        ],
        "What happened before?",
        r#"{"type":"query","id":"q2","query":"history","params":{"limit":20,"before":42}}"#,
    ),
    query(
        "query.stats",
        &[Is("type", "query"), Is("query", "stats")],
        "How is the room?",
        r#"{"type":"query","id":"q3","query":"stats"}"#,
    ),
    query(
        "query.subscriptions",
        &[Is("type", "query"), Is("query", "subscriptions")],
        "What do I hear of?",
        r#"{"type":"query","id":"q4","query":"subscriptions"}"#,
    ),
    query(
        "command.publish",
        &[
            Is("type", "command"),
            Is("command", "publish"),
            Needs("params", input::<wire::PublishIn<'static>>),
        ],
        "Publish this. The same `id` again is not published again.",
        r#"{"type":"command","id":"c1","command":"publish","params":{"event":"agent.started","data":{"agent":"a1"}}}"#,
    ),
    query(
        "command.kick",
        &[Is("type", "command"), Is("command", "kick"), Needs("params", input::<wire::KickIn>)],
        "Close these connections. Takes the capability `admin`.",
        r#"{"type":"command","id":"c3","command":"kick","params":{"user_id":"bob"}}"#,
    ),
];

pub(crate) const SEND: &[Message] = &[
    Message {
        name: "connection_established",
        about: "The first frame: you are in.",
        envelope: output_here::<out::Established<'static>>,
        fields: &[Is("type", "connection_established")],
        example: r#"{"type":"connection_established","client_id":"c1","session_id":"session_00000000000001","user_id":"ann","offset":42,"epoch":"018cc4e5227b7000800000000000000a","timestamp":"2024-01-01T12:00:00.123Z"}"#,
    },
    Message {
        name: "pong",
        about: "I am here.",
        envelope: output_here::<out::Pong<'static>>,
        fields: &[Is("type", "pong")],
        example: r#"{"type":"pong","id":"p1","timestamp":"2024-01-01T12:00:00.123Z"}"#,
    },
    Message {
        name: "event",
        about: "An event of the log, for those who subscribed to it. `state.<key>` is a value that was set.",
        envelope: HAPPENED,
        fields: &[Is("type", "event"), Needs("event", output::<EventName>)],
        example: r#"{"type":"event","event":"agent.started","id":"event_018cc4e5-227b-7000-8000-000000000000","timestamp":"2024-01-01T12:00:00.123Z","offset":43,"data":{"agent":"a1"}}"#,
    },
    Message {
        name: "broadcast",
        about: "An event for everyone, whatever they subscribed to.",
        envelope: HAPPENED,
        fields: &[Is("type", "broadcast")],
        example: r#"{"type":"broadcast","id":"broadcast_018cc4e5-227b-7000-8000-000000000000","timestamp":"2024-01-01T12:00:00.123Z","offset":44,"data":"Maintenance at noon"}"#,
    },
    Message {
        name: "event.user_joined",
        about: "A user came in: once per user, not per connection.",
        envelope: TOLD,
        fields: &[Is("type", "event"), Is("event", "user_joined"), Needs("data", USER)],
        example: r#"{"type":"event","event":"user_joined","id":"event_018cc4e5-227b-7000-8000-000000000000","timestamp":"2024-01-01T12:00:00.123Z","data":{"user_id":"ann","username":"Ann"}}"#,
    },
    Message {
        name: "event.user_left",
        about: "A user has been gone for some seconds.",
        envelope: TOLD,
        fields: &[Is("type", "event"), Is("event", "user_left"), Needs("data", USER)],
        example: r#"{"type":"event","event":"user_left","id":"event_018cc4e5-227b-7000-8000-000000000000","timestamp":"2024-01-01T12:00:00.123Z","data":{"user_id":"ann","username":"Ann"}}"#,
    },
    response(
        "response.subscribed",
        &[Is("type", "response"), Needs("result", output::<out::Subscribed<'static>>)],
        "The answer to `subscribe`.",
        r#"{"type":"response","id":"s1","timestamp":"2024-01-01T12:00:00.123Z","result":{"subscribed":["agent.*","workflow_update"]}}"#,
    ),
    response(
        "response.unsubscribed",
        &[Is("type", "response"), Needs("result", output::<out::Unsubscribed<'static>>)],
        "The answer to `unsubscribe`.",
        r#"{"type":"response","id":"s2","timestamp":"2024-01-01T12:00:00.123Z","result":{"unsubscribed":["agent.*"]}}"#,
    ),
    response(
        "response.presence",
        &[Is("type", "response"), Needs("result", output::<out::Members<'static>>)],
        "The answer to the query `presence`.",
        r#"{"type":"response","id":"q1","timestamp":"2024-01-01T12:00:00.123Z","result":{"members":[{"user_id":"ann","username":"Ann"}]}}"#,
    ),
    response(
        "response.history",
        &[Is("type", "response"), Needs("result", output::<out::History<'static>>)],
        "The answer to the query `history`.",
        r#"{"type":"response","id":"q2","timestamp":"2024-01-01T12:00:00.123Z","result":{"events":[{"event":"agent.started","id":"event_018cc4e5-227b-7000-8000-000000000000","timestamp":"2024-01-01T12:00:00.123Z","offset":41,"author":"ann","data":{"agent":"a1"}}],"has_more":true,"next_before":41,"offset":44,"epoch":"018cc4e5227b7000800000000000000a"}}"#,
    ),
    response(
        "response.stats",
        &[Is("type", "response"), Needs("result", output::<out::StatsOut<'static>>)],
        "The answer to the query `stats`.",
        r#"{"type":"response","id":"q3","timestamp":"2024-01-01T12:00:00.123Z","result":{"connections":3,"users":2,"offset":44,"epoch":"018cc4e5227b7000800000000000000a"}}"#,
    ),
    response(
        "response.subscriptions",
        &[Is("type", "response"), Needs("result", output::<out::Subscriptions<'static>>)],
        "The answer to the query `subscriptions`.",
        r#"{"type":"response","id":"q4","timestamp":"2024-01-01T12:00:00.123Z","result":{"subscriptions":["workflow_update"]}}"#,
    ),
    response(
        "response.published",
        &[Is("type", "response"), Needs("result", output::<out::AcceptedOut<'static>>)],
        "The answer to the commands `publish` and `set_state`: it is durable, and here it is.",
        r#"{"type":"response","id":"c1","timestamp":"2024-01-01T12:00:00.123Z","result":{"id":"event_018cc4e5-227b-7000-8000-000000000000","offset":43,"epoch":"018cc4e5227b7000800000000000000a","duplicate":false}}"#,
    ),
    response(
        "response.kicked",
        &[Is("type", "response"), Needs("result", output::<out::KickedOut>)],
        "The answer to the command `kick`.",
        r#"{"type":"response","id":"c3","timestamp":"2024-01-01T12:00:00.123Z","result":{"kicked":2}}"#,
    ),
    response(
        "response.auth",
        &[Is("type", "response"), Needs("result", output::<out::Renewed<'static>>)],
        "The answer to `auth`: the connection's token was replaced by a younger one.",
        r#"{"type":"response","id":"a1","timestamp":"2024-01-01T12:00:00.123Z","result":{"user_id":"ann","expires_at":"2024-01-01T13:00:00.000Z"}}"#,
    ),
    Message {
        name: "error",
        about: "No. What cannot go on is closed after it.",
        envelope: output_here::<out::Error<'static>>,
        fields: &[Is("type", "error")],
        example: r#"{"type":"error","id":"c1","timestamp":"2024-01-01T12:00:00.123Z","code":"RATE_LIMIT_EXCEEDED","message":"Rate limit exceeded","details":{"limit":100,"window":"1m","retry_after":45}}"#,
    },
];

use super::{self as wire, out};
use crate::feature::schema::Calls;
use crate::message::{EventName, Topic};
use crate::protocol::schema::Description;
use crate::protocol::spell::User;
use crate::schema::frames::Envelope::{Entry, Of, Out};
use crate::schema::frames::Field::{Is, May, MayOwn, Needs, Own};
use crate::schema::frames::{Message, answer, request};
use crate::schema::shape::{Shape, input, input_here, output, output_here};

const TOPICS: Shape = input::<Vec<Topic>>;
const USER: Shape = output::<User<'static>>;

pub(crate) const DESCRIPTION: Description = Description {
    from_clients: input_here::<wire::Envelope<'static>>,
    from_server: output_here::<out::Told<'static, ()>>,
    entry: output_here::<out::Happened<'static>>,
    answer: output_here::<out::Response<'static, ()>>,
    receive: RECEIVE,
    send: SEND,
    close_codes: &[],
    calls: Calls::NONE,
};

const RECEIVE: &[Message] = &[
    request("ping", &[Is("type", "ping")], "Are you there?", r#"{"type":"ping","id":"p1"}"#),
    request(
        "auth",
        &[Is("type", "auth"), Own("token"), MayOwn("contextId")],
        "Here is my token. The first message where the URL has none; later, a younger token.",
        r#"{"type":"auth","id":"a1","token":"<jwt>"}"#,
    ),
    request(
        "subscribe",
        &[Is("type", "subscribe"), Needs("events", TOPICS)],
        "I want to hear of these: names of events, or what they begin with and a star.",
        r#"{"type":"subscribe","id":"s1","events":["workflow_update","agent.*"]}"#,
    ),
    request(
        "unsubscribe",
        &[Is("type", "unsubscribe"), Needs("events", TOPICS)],
        "I no longer want to hear of these.",
        r#"{"type":"unsubscribe","id":"s2","events":["agent.*"]}"#,
    ),
    request(
        "query.presence",
        &[Is("type", "query"), Is("query", "presence")],
        "Who is here?",
        r#"{"type":"query","id":"q1","query":"presence"}"#,
    ),
    request(
        "query.history",
        &[
            Is("type", "query"),
            Is("query", "history"),
            May("params", input::<Option<wire::HistoryIn<'static>>>),
        ],
        "What happened before?",
        r#"{"type":"query","id":"q2","query":"history","params":{"limit":20,"before":42}}"#,
    ),
    request(
        "query.stats",
        &[Is("type", "query"), Is("query", "stats")],
        "How is the room?",
        r#"{"type":"query","id":"q3","query":"stats"}"#,
    ),
    request(
        "query.subscriptions",
        &[Is("type", "query"), Is("query", "subscriptions")],
        "What do I hear of?",
        r#"{"type":"query","id":"q4","query":"subscriptions"}"#,
    ),
    request(
        "command.publish",
        &[
            Is("type", "command"),
            Is("command", "publish"),
            Needs("params", input::<wire::PublishIn<'static>>),
        ],
        "Publish this. The same `id` again is not published again.",
        r#"{"type":"command","id":"c1","command":"publish","params":{"event":"agent.started","data":{"agent":"a1"}}}"#,
    ),
    request(
        "command.kick",
        &[
            Is("type", "command"),
            Is("command", "kick"),
            Needs("params", input::<crate::protocol::json::KickIn>),
        ],
        "Close these connections. Takes the capability `admin`.",
        r#"{"type":"command","id":"c3","command":"kick","params":{"user_id":"bob"}}"#,
    ),
];

const SEND: &[Message] = &[
    Message {
        name: "connection_established",
        about: "The first frame: you are in.",
        envelope: Of(output_here::<out::Established<'static>>),
        fields: &[Is("type", "connection_established")],
        example: r#"{"type":"connection_established","client_id":"c1","session_id":"session_00000000000001","user_id":"ann","offset":42,"epoch":"018cc4e5227b7000800000000000000a","timestamp":"2024-01-01T12:00:00.123Z"}"#,
    },
    Message {
        name: "pong",
        about: "I am here.",
        envelope: Of(output_here::<out::Pong<'static>>),
        fields: &[Is("type", "pong")],
        example: r#"{"type":"pong","id":"p1","timestamp":"2024-01-01T12:00:00.123Z"}"#,
    },
    Message {
        name: "event",
        about: "An event of the log, for those who subscribed to it. `state.<key>` is a value that was set.",
        envelope: Entry,
        fields: &[Is("type", "event"), Needs("event", output::<EventName>)],
        example: r#"{"type":"event","event":"agent.started","id":"event_018cc4e5-227b-7000-8000-000000000000","timestamp":"2024-01-01T12:00:00.123Z","offset":43,"data":{"agent":"a1"}}"#,
    },
    Message {
        name: "broadcast",
        about: "An event for everyone, whatever they subscribed to.",
        envelope: Entry,
        fields: &[Is("type", "broadcast")],
        example: r#"{"type":"broadcast","id":"broadcast_018cc4e5-227b-7000-8000-000000000000","timestamp":"2024-01-01T12:00:00.123Z","offset":44,"data":"Maintenance at noon"}"#,
    },
    Message {
        name: "event.user_joined",
        about: "A user came in: once per user, not per connection.",
        envelope: Out,
        fields: &[Is("type", "event"), Is("event", "user_joined"), Needs("data", USER)],
        example: r#"{"type":"event","event":"user_joined","id":"event_018cc4e5-227b-7000-8000-000000000000","timestamp":"2024-01-01T12:00:00.123Z","data":{"user_id":"ann","username":"Ann"}}"#,
    },
    Message {
        name: "event.user_left",
        about: "A user has been gone for some seconds.",
        envelope: Out,
        fields: &[Is("type", "event"), Is("event", "user_left"), Needs("data", USER)],
        example: r#"{"type":"event","event":"user_left","id":"event_018cc4e5-227b-7000-8000-000000000000","timestamp":"2024-01-01T12:00:00.123Z","data":{"user_id":"ann","username":"Ann"}}"#,
    },
    answer(
        "response.subscribed",
        &[Is("type", "response"), Needs("result", output::<out::Subscribed<'static>>)],
        "The answer to `subscribe`.",
        r#"{"type":"response","id":"s1","timestamp":"2024-01-01T12:00:00.123Z","result":{"subscribed":["agent.*","workflow_update"]}}"#,
    ),
    answer(
        "response.unsubscribed",
        &[Is("type", "response"), Needs("result", output::<out::Unsubscribed<'static>>)],
        "The answer to `unsubscribe`.",
        r#"{"type":"response","id":"s2","timestamp":"2024-01-01T12:00:00.123Z","result":{"unsubscribed":["agent.*"]}}"#,
    ),
    answer(
        "response.presence",
        &[Is("type", "response"), Needs("result", output::<out::Members<'static>>)],
        "The answer to the query `presence`.",
        r#"{"type":"response","id":"q1","timestamp":"2024-01-01T12:00:00.123Z","result":{"members":[{"user_id":"ann","username":"Ann"}]}}"#,
    ),
    answer(
        "response.history",
        &[Is("type", "response"), Needs("result", output::<out::History<'static>>)],
        "The answer to the query `history`.",
        r#"{"type":"response","id":"q2","timestamp":"2024-01-01T12:00:00.123Z","result":{"events":[{"event":"agent.started","id":"event_018cc4e5-227b-7000-8000-000000000000","timestamp":"2024-01-01T12:00:00.123Z","offset":41,"author":"ann","data":{"agent":"a1"}}],"has_more":true,"next_before":41,"offset":44,"epoch":"018cc4e5227b7000800000000000000a"}}"#,
    ),
    answer(
        "response.stats",
        &[Is("type", "response"), Needs("result", output::<out::StatsOut<'static>>)],
        "The answer to the query `stats`.",
        r#"{"type":"response","id":"q3","timestamp":"2024-01-01T12:00:00.123Z","result":{"connections":3,"users":2,"offset":44,"epoch":"018cc4e5227b7000800000000000000a"}}"#,
    ),
    answer(
        "response.subscriptions",
        &[Is("type", "response"), Needs("result", output::<out::Subscriptions<'static>>)],
        "The answer to the query `subscriptions`.",
        r#"{"type":"response","id":"q4","timestamp":"2024-01-01T12:00:00.123Z","result":{"subscriptions":["workflow_update"]}}"#,
    ),
    answer(
        "response.published",
        &[Is("type", "response"), Needs("result", output::<out::AcceptedOut<'static>>)],
        "The answer to the commands `publish` and `set_state`: it is durable, and here it is.",
        r#"{"type":"response","id":"c1","timestamp":"2024-01-01T12:00:00.123Z","result":{"id":"event_018cc4e5-227b-7000-8000-000000000000","offset":43,"epoch":"018cc4e5227b7000800000000000000a","duplicate":false}}"#,
    ),
    answer(
        "response.kicked",
        &[Is("type", "response"), Needs("result", output::<out::KickedOut>)],
        "The answer to the command `kick`.",
        r#"{"type":"response","id":"c3","timestamp":"2024-01-01T12:00:00.123Z","result":{"kicked":2}}"#,
    ),
    answer(
        "response.auth",
        &[Is("type", "response"), Needs("result", output::<out::Renewed<'static>>)],
        "The answer to `auth`: the connection's token was replaced by a younger one.",
        r#"{"type":"response","id":"a1","timestamp":"2024-01-01T12:00:00.123Z","result":{"user_id":"ann","expires_at":"2024-01-01T13:00:00.000Z"}}"#,
    ),
    Message {
        name: "error",
        about: "No. What cannot go on is closed after it.",
        envelope: Of(output_here::<out::Error<'static>>),
        fields: &[Is("type", "error")],
        example: r#"{"type":"error","id":"c1","timestamp":"2024-01-01T12:00:00.123Z","code":"RATE_LIMIT_EXCEEDED","message":"Rate limit exceeded","details":{"limit":100,"window":"1m","retry_after":45}}"#,
    },
];

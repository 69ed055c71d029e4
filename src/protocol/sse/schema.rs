use super as wire;
use crate::feature::schema::Calls;
use crate::message::Topic;
use crate::protocol::json::Envelope;
use crate::protocol::schema::Description;
use crate::protocol::spell::Past;
use crate::schema::calls::{Answer, Call};
use crate::schema::openapi::{Parameter, parameter};
use crate::schema::shape::{input, input_here, output, output_here};

pub(crate) const DESCRIPTION: Description = Description {
    from_clients: input_here::<Envelope<'static>>,
    from_server: output_here::<wire::AttachedOut<'static>>,
    entry: output_here::<Past<'static>>,
    answer: output_here::<wire::Closing<'static>>,
    receive: &[],
    send: &[],
    close_codes: &[],
    calls: Calls { calls: CALLS, parameters: PARAMETERS },
};

const CALLS: &[Call] = &[Call {
    method: "get",
    path: "/api/v1/rooms/{kind}/{name}/stream",
    id: "streamEvents",
    tag: "events",
    summary: "Follow a room's log by Server-Sent Events",
    about: "Takes the capability `join`, and `history` to go on from a position. Rooms of kind `conversation` have none. First comes `dormouse.attached`, then every entry under its own name, and `dormouse.closing` where the room ends it. A page that cannot set headers shows its token in the query.",
    open: false,
    parameters: &["kind", "name", "events", "resume", "last_event_id", "token"],
    body: None,
    answer: Answer::Stream(
        "The stream, until either side ends it.",
        &[
            ("dormouse.attached", output::<wire::AttachedOut<'static>>),
            ("dormouse.closing", output::<wire::Closing<'static>>),
            ("*", output::<Past<'static>>),
        ],
        "retry: 2310\n\nid: 018cc4e5227b7000800000000000000a:41\nevent: dormouse.attached\ndata: {\"session_id\":\"session_00000000000001\",\"user_id\":\"ann\",\"epoch\":\"018cc4e5227b7000800000000000000a\",\"offset\":42,\"first\":1,\"from\":41,\"recovered\":true}\n\nid: 018cc4e5227b7000800000000000000a:42\nevent: agent.started\ndata: {\"id\":\"event_018cc4e5-227b-7000-8000-000000000000\",\"type\":\"agent.started\",\"offset\":42,\"timestamp\":\"2024-01-01T12:00:00.123Z\",\"author\":\"backend\",\"data\":{\"agent\":7}}\n\n",
    ),
    problems: &[400, 401, 403, 404, 429, 500, 503],
}];

const PARAMETERS: &[Parameter] = &[
    parameter(
        "events",
        "query",
        "Only these events: names, or their beginnings and a `*`, with commas between.",
        input::<Topic>,
        r#""agent.*""#,
    ),
    parameter(
        "resume",
        "query",
        "Go on from here, unless `Last-Event-ID` says more: `epoch:offset`, as an `id` of the stream.",
        input::<String>,
        r#""018cc4e5227b7000800000000000000a:41""#,
    ),
    parameter(
        "last_event_id",
        "header",
        "Go on from here. A page's `EventSource` sends it by itself.",
        input::<String>,
        r#""018cc4e5227b7000800000000000000a:41""#,
    )
    .called("Last-Event-ID"),
    parameter(
        "token",
        "query",
        "A JWT, where it does not come in a header.",
        input::<String>,
        r#""<jwt>""#,
    ),
];

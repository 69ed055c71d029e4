//! The calls of the HTTP API. A new one is an entry here, or of a feature's in its `schema.rs`.

use serde_json::{Value, json};

use super::shape::{Shape, Shapes, input, output};
use crate::api::{self, Problem};
use crate::directory::{Health, Metrics};
use crate::limits::BATCH_EVENTS_MAX;

/// A call.
pub(crate) struct Call {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    /// What generated clients call it.
    pub(crate) id: &'static str,
    pub(crate) tag: &'static str,
    pub(crate) summary: &'static str,
    pub(crate) about: &'static str,
    /// Whether it takes no token.
    pub(crate) open: bool,
    /// Names of parameters.
    pub(crate) parameters: &'static [&'static str],
    pub(crate) body: Option<(Shape, &'static str)>,
    pub(crate) answer: Answer,
    /// The statuses of its problems.
    pub(crate) problems: &'static [u16],
}

/// What comes back where nothing went wrong.
pub(crate) enum Answer {
    /// JSON of this shape, and an example of it.
    Json(&'static str, Shape, &'static str),
    /// Text for Prometheus.
    Text(&'static str, &'static str),
    /// Server-Sent Events: names, and shapes of their data. What has no shape of its own is `*`.
    Stream(&'static str, &'static [(&'static str, Shape)], &'static str),
    /// Status 204, without a body.
    Nothing(&'static str),
}

const EVENTS: &str = "/api/v1/rooms/{kind}/{name}/events";
const ROOM: &[&str] = &["kind", "name"];

pub(super) const CALLS: &[Call] = &[
    Call {
        method: "post",
        path: EVENTS,
        id: "publishEvent",
        tag: "events",
        summary: "Publish an event",
        about: "Takes the capability `publish`. Answered when the event is durable. In a chat room, `message` with `{content, messageType?}` is said as by a client.",
        open: false,
        parameters: ROOM,
        body: Some((input::<api::EventIn>, PUBLISHED)),
        answer: Answer::Json(
            "It is durable, and here it is.",
            output::<api::Outcome<'static>>,
            r#"{"id":"event_018cc4e5-227b-7000-8000-000000000000","offset":42,"epoch":"018cc4e5227b7000800000000000000a","duplicate":false}"#,
        ),
        problems: &[400, 401, 403, 404, 413, 422, 429, 500, 503],
    },
    Call {
        method: "post",
        path: "/api/v1/events",
        id: "publishBatch",
        tag: "events",
        summary: "Publish up to 100 events, each to a room it names",
        about: "Takes the capability `publish` in each room. What is wrong with one harms no other: results come in the order of the events.",
        open: false,
        parameters: &[],
        body: Some((
            batch_in,
            r#"{"events":[{"room":"hub:project_1","type":"broadcast","data":"Maintenance at noon"}]}"#,
        )),
        answer: Answer::Json(
            "What became of each.",
            batch_out,
            r#"{"results":[{"id":"event_018cc4e5-227b-7000-8000-000000000000","offset":42,"epoch":"018cc4e5227b7000800000000000000a","duplicate":false},{"error":{"type":"about:blank","title":"Forbidden","status":403,"detail":"this token does not allow publishing in this room","code":"PERMISSION_DENIED"}}]}"#,
        ),
        problems: &[400, 401, 413, 500],
    },
    Call {
        method: "get",
        path: EVENTS,
        id: "readHistory",
        tag: "events",
        summary: "What happened in a room",
        about: "Takes the capability `history`. The newest events, or those before or after a position; oldest first.",
        open: false,
        parameters: &["kind", "name", "before", "after", "limit", "raw"],
        body: None,
        answer: Answer::Json(
            "A stretch of the log.",
            output::<api::History<'static>>,
            r#"{"events":[{"id":"event_018cc4e5-227b-7000-8000-000000000000","type":"agent.started","offset":42,"timestamp":"2024-01-01T12:00:00.123Z","author":"backend","data":{"agent":"a1"}}],"has_more":true,"next_before":42,"offset":42,"epoch":"018cc4e5227b7000800000000000000a"}"#,
        ),
        problems: &[400, 401, 403, 404, 500, 503],
    },
    Call {
        method: "get",
        path: "/api/v1/rooms/{kind}/{name}/presence",
        id: "readPresence",
        tag: "rooms",
        summary: "Who is in a room",
        about: "Takes the capability `presence`.",
        open: false,
        parameters: ROOM,
        body: None,
        answer: Answer::Json(
            "Users, each once.",
            output::<api::Presence<'static>>,
            r#"{"members":[{"user_id":"ann","username":"Ann"}]}"#,
        ),
        problems: &[400, 401, 403, 404, 500, 503],
    },
    Call {
        method: "delete",
        path: "/api/v1/rooms/{kind}/{name}/connections/{session}",
        id: "closeConnection",
        tag: "rooms",
        summary: "Close a connection",
        about: "Takes the capability `admin`.",
        open: false,
        parameters: &["kind", "name", "session"],
        body: None,
        answer: KICKED,
        problems: &[400, 401, 403, 404, 500, 503],
    },
    Call {
        method: "delete",
        path: "/api/v1/rooms/{kind}/{name}/connections",
        id: "drainRoom",
        tag: "rooms",
        summary: "Have clients connect again, in waves",
        about: "Closes connections with 1012, those that came first, at most `limit` of them. Their clients come back within five seconds. Those that came after `joined_before` stay, so that calls with the same come to an end. Takes the capability `admin`.",
        open: false,
        parameters: &["kind", "name", "joined_before", "limit"],
        body: None,
        answer: Answer::Json(
            "So many are closed, and so many are left.",
            output::<api::Drained>,
            r#"{"kicked":50,"left":120}"#,
        ),
        problems: &[400, 401, 403, 404, 500, 503],
    },
    Call {
        method: "delete",
        path: "/api/v1/rooms/{kind}/{name}/users/{user}",
        id: "closeConnectionsOfUser",
        tag: "rooms",
        summary: "Close all connections of a user",
        about: "Takes the capability `admin`.",
        open: false,
        parameters: &["kind", "name", "user"],
        body: None,
        answer: KICKED,
        problems: &[400, 401, 403, 404, 500, 503],
    },
    Call {
        method: "delete",
        path: "/api/v1/rooms/{kind}/{name}",
        id: "eraseRoom",
        tag: "rooms",
        summary: "Close every connection and forget everything",
        about: "Takes the capability `admin`, and `confirm`, the room's own name again: a client that resolves `..` in a longer path must not erase a room.",
        open: false,
        parameters: &["kind", "name", "confirm"],
        body: None,
        answer: Answer::Nothing("The room is empty."),
        problems: &[400, 401, 403, 404, 500, 503],
    },
    Call {
        method: "get",
        path: "/api/v1/rooms",
        id: "listRooms",
        tag: "rooms",
        summary: "Which rooms there are",
        about: "Those in which the token has the capability `admin`; all, for the role `admin`. A token that administers no room gets 403. Only a missing `cursor` is the end.",
        open: false,
        parameters: &["kind_filter", "prefix", "cursor", "rooms_limit"],
        body: None,
        answer: Answer::Json(
            "A page, in the order of their addresses.",
            output::<api::Rooms>,
            r#"{"rooms":[{"room":"hub:project_1","connections":3,"reported_at":"2024-01-01T12:00:00.123Z"}],"cursor":"aHViOnByb2plY3RfMQ"}"#,
        ),
        problems: &[400, 401, 404, 500],
    },
    Call {
        method: "post",
        path: "/api/v1/revocations",
        id: "revoke",
        tag: "tokens",
        summary: "Take tokens back",
        about: "Takes the role `admin`. A user for good (`sub`), one token (`jti`), all that were issued before a moment (`issued_before`), or those of one user (both). Nobody comes in with them from then on, and connections end, within about a second. The same again is kept until the new time.",
        open: false,
        parameters: &[],
        body: Some((input::<api::RevokingIn>, r#"{"sub":"bob","issued_before":1704110400}"#)),
        answer: Answer::Json("It is in force.", output::<api::RevocationOut>, REVOKED),
        problems: &[400, 401, 403, 409, 413, 429, 500, 503],
    },
    Call {
        method: "get",
        path: "/api/v1/revocations",
        id: "listRevocations",
        tag: "tokens",
        summary: "Which tokens were taken back",
        about: "Takes the role `admin`.",
        open: false,
        parameters: &["cursor", "limit"],
        body: None,
        answer: Answer::Json(
            "A page, in the order of their ids.",
            output::<api::RevocationsOut>,
            r#"{"revocations":[{"id":"5e884898da280471","jti":"t-17","since":"2024-01-01T12:00:00.123Z","expires_at":"2024-01-31T12:00:00.123Z"}],"cursor":"5e884898da280471"}"#,
        ),
        problems: &[400, 401, 403, 429, 500, 503],
    },
    Call {
        method: "delete",
        path: "/api/v1/revocations/{revocation}",
        id: "liftRevocation",
        tag: "tokens",
        summary: "Have tokens be good again",
        about: "Takes the role `admin`.",
        open: false,
        parameters: &["revocation"],
        body: None,
        answer: Answer::Nothing("They are, within about a second."),
        problems: &[400, 401, 403, 404, 429, 500, 503],
    },
    Call {
        method: "delete",
        path: "/api/v1/users/{user}/connections",
        id: "logOut",
        tag: "tokens",
        summary: "Log a user out",
        about: "Closes their connections in all rooms, within about a second; their tokens stay good. Takes the role `admin`.",
        open: false,
        parameters: &["user"],
        body: None,
        answer: Answer::Nothing("Their connections are being closed."),
        problems: &[400, 401, 403, 429, 500, 503],
    },
    Call {
        method: "get",
        path: "/api/v1/websocket/health",
        id: "readHealth",
        tag: "monitoring",
        summary: "How the service is",
        about: "Across all rooms.",
        open: true,
        parameters: &[],
        body: None,
        answer: Answer::Json(
            "Numbers of the last minute.",
            output::<Health>,
            r#"{"status":"healthy","connections":{"total":3,"active":2,"idle":1},"performance":{"messages_per_second":1.5,"average_response_time":0.0004,"error_rate":0.0},"uptime":3600}"#,
        ),
        problems: &[500],
    },
    Call {
        method: "get",
        path: "/api/v1/websocket/metrics",
        id: "readMetrics",
        tag: "monitoring",
        summary: "The service in numbers",
        about: METRICS,
        open: false,
        parameters: &[],
        body: None,
        answer: Answer::Json(
            "Numbers across all rooms.",
            output::<Metrics>,
            r#"{"connections":{"total_connections":9,"active_connections":3,"connection_duration_avg":60,"connection_duration_max":300},"messages":{"total_sent":200,"total_received":100,"messages_per_second":1.5,"average_message_size":120},"errors":{"total_errors":1,"error_rate":0.01,"recovery_success_rate":1.0}}"#,
        ),
        problems: &[401, 403, 500],
    },
    Call {
        method: "get",
        path: "/metrics",
        id: "readPrometheus",
        tag: "monitoring",
        summary: "The service in numbers, for Prometheus",
        about: METRICS,
        open: false,
        parameters: &[],
        body: None,
        answer: Answer::Text("Prometheus' text format.", "dormouse_connections 3\n"),
        problems: &[401, 403, 500],
    },
    Call {
        method: "get",
        path: "/healthz",
        id: "readWorkerHealth",
        tag: "monitoring",
        summary: "Whether the Worker runs",
        about: "The Worker alone: no room is asked.",
        open: true,
        parameters: &[],
        body: None,
        answer: Answer::Json("It does.", running, r#"{"status":"ok"}"#),
        problems: &[],
    },
];

const METRICS: &str =
    "Takes a token of the role `admin`, or `METRICS_TOKEN` as the bearer; open in development.";

const REVOKED: &str = r#"{"id":"2c26b46b68ffc68f","sub":"bob","issued_before":1704110400,"since":"2024-01-01T12:00:00.123Z","expires_at":"2024-01-31T12:00:00.123Z"}"#;

const PUBLISHED: &str = r#"{"type":"workflow_update","id":"w1-7","data":{"workflow_id":"w1","status":"in_progress","stage":"validation","progress":62.5}}"#;

const KICKED: Answer = Answer::Json("They are closed.", output::<api::Kicked>, r#"{"kicked":1}"#);

/// Events, each with the room it goes to.
fn batch_in(shapes: &mut Shapes) -> Value {
    let items = [input::<api::Addressed>(shapes), input::<api::EventIn>(shapes)];
    let events = json!({
        "type": "array",
        "description": "Each with its room.",
        "minItems": 1,
        "maxItems": BATCH_EVENTS_MAX,
        "items": {"allOf": items},
    });
    json!({"type": "object", "required": ["events"], "properties": {"events": events}})
}

/// What became of each.
fn batch_out(shapes: &mut Shapes) -> Value {
    let error = output::<Problem>(shapes);
    let error = json!({"type": "object", "required": ["error"], "properties": {"error": error}});
    let items = [output::<api::Outcome<'static>>(shapes), error];
    let results = json!({
        "type": "array",
        "description": "In the order of the events: where it went, or why it did not.",
        "items": {"oneOf": items},
    });
    json!({"type": "object", "required": ["results"], "properties": {"results": results}})
}

fn running(_: &mut Shapes) -> Value {
    let status = json!({"type": "string", "const": "ok"});
    json!({"type": "object", "required": ["status"], "properties": {"status": status}})
}

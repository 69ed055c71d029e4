use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::calls::{Answer, CALLS, Call};
use super::shape::{Shape, Shapes, input, output};
use super::words::Limit;
use super::{object, parsed, reference};
use crate::api::{self, Problem};
use crate::directory::{Listing, PROMETHEUS_TYPE};
use crate::feature;
use crate::message::{
    Before, Code, ConnectionId, Fault, Kind, Offset, ProtocolError, RoomName, UserId,
};
use crate::protocol;

/// The HTTP API as an `OpenAPI` 3.1 document.
#[must_use]
pub fn openapi() -> Value {
    let settings = SchemaSettings::draft2020_12()
        .with(|it| it.definitions_path = "/components/schemas".into());
    let mut shapes = Shapes::new(settings);
    let problem = output::<Problem>(&mut shapes);
    let mut paths: Map<String, Value> = Map::new();
    let mut own = feature::schema::calls();
    own.extend(protocol::schema::calls());
    for call in CALLS.iter().chain(own.iter().flat_map(|it| it.calls)) {
        let path = paths.entry(call.path).or_insert_with(|| json!({}));
        let Value::Object(path) = path else { continue };
        match path.get_mut(call.method) {
            Some(known) => also(known, call, &mut shapes),
            None => drop(path.insert(call.method.into(), operation(call, &mut shapes))),
        }
    }
    let responses = errors().into_iter().map(|it| response(&it, &problem));
    let parameters: Vec<(&str, Value)> = PARAMETERS
        .iter()
        .chain(own.iter().flat_map(|it| it.parameters))
        .map(|it| (it.key, it.spelled(&mut shapes)))
        .collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Dormouse: HTTP",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "What backends and operators ask of real-time rooms. What goes wrong is told as `application/problem+json` (RFC 9457); `code` is the same word that the WebSocket protocols use.",
            "license": {"name": env!("CARGO_PKG_LICENSE"), "identifier": env!("CARGO_PKG_LICENSE")},
        },
        "servers": [{"url": "/", "description": "Where it is deployed; `http://localhost:8787` after `npm start`."}],
        "tags": [
            {"name": "events", "description": "What is said in rooms."},
            {"name": "rooms", "description": "Rooms, and who is there."},
            {"name": "tokens", "description": "Tokens that are taken back, and users who log out."},
            {"name": "monitoring", "description": "How the service is."},
        ],
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "schemas": shapes.take(),
            "parameters": object(parameters),
            "responses": object(responses),
            "securitySchemes": {"bearer": {
                "type": "http",
                "scheme": "bearer",
                "bearerFormat": "JWT",
                "description": "Claims: `sub`, `exp`, `role`, `contexts`, `caps`. What a call takes stands with it.",
            }},
        },
    })
}

fn operation(call: &Call, shapes: &mut Shapes) -> Value {
    let mut responses = Map::new();
    let (status, answer) = match &call.answer {
        Answer::Json(about, shape, example) => {
            ("200", content(about, "application/json", &of(*shape, shapes), &parsed(example)))
        }
        Answer::Text(about, example) => {
            let text = json!({"type": "string"});
            ("200", content(about, PROMETHEUS_TYPE, &text, &Value::from(*example)))
        }
        Answer::Stream(about, events, example) => {
            let text = json!({"type": "string"});
            let mut answer = content(about, "text/event-stream", &text, &Value::from(*example));
            let events = events.iter().map(|(name, shape)| (*name, of(*shape, shapes)));
            if let Some(answer) = answer.as_object_mut() {
                answer.insert("x-events".into(), object(events));
            }
            ("200", answer)
        }
        Answer::Nothing(about) => ("204", json!({"description": about})),
    };
    responses.insert(status.into(), answer);
    for status in call.problems {
        let path = format!("components/responses/{}", response_name(*status));
        responses.insert(status.to_string(), reference(&path));
    }
    let mut operation = Map::new();
    let mut add = |name: &str, value: Value| operation.insert(name.into(), value);
    add("operationId", call.id.into());
    add("tags", json!([call.tag]));
    add("summary", call.summary.into());
    add("description", call.about.into());
    if call.open {
        add("security", json!([]));
    }
    if !call.parameters.is_empty() {
        let at = |name: &&str| reference(&format!("components/parameters/{name}"));
        add("parameters", call.parameters.iter().map(at).collect());
    }
    if let Some((shape, example)) = &call.body {
        let (schema, example) = (of(*shape, shapes), parsed(example));
        let content = json!({"application/json": {"schema": schema, "example": example}});
        add("requestBody", json!({"required": true, "content": content}));
    }
    add("responses", responses.into());
    operation.into()
}

/// A call that shares its path and method with another one, and differs in its query, is described
/// with that.
fn also(known: &mut Value, call: &Call, shapes: &mut Shapes) {
    let more = operation(call, shapes);
    let pair = |it: &mut Value, path: &str| {
        Some((it.pointer_mut(path)?.take(), more.pointer(path)?.clone()))
    };
    if let Some((Value::Array(mut all), Value::Array(more))) = pair(known, "/parameters") {
        all.extend(more.into_iter().filter(|it| !all.contains(it)).collect::<Vec<_>>());
        put(known, "/parameters", all.into());
    }
    if let Some((Value::String(one), Value::String(other))) = pair(known, "/description") {
        put(known, "/description", format!("{one} {other}").into());
    }
    let schema = "/responses/200/content/application~1json/schema";
    if let Some((one, other)) = pair(known, schema) {
        put(known, schema, json!({"oneOf": [one, other]}));
    }
}

fn put(into: &mut Value, path: &str, value: Value) {
    if let Some(it) = into.pointer_mut(path) {
        *it = value;
    }
}

fn of(shape: Shape, shapes: &mut Shapes) -> Value {
    let mut schema = shape(shapes);
    shapes.finish(&mut schema);
    schema
}

fn content(about: &str, kind: &str, schema: &Value, example: &Value) -> Value {
    let content = object([(kind, json!({"schema": schema, "example": example}))]);
    json!({"description": about, "content": content})
}

// ---- problems

/// What the status means, as one word.
fn response_name(status: u16) -> String {
    api::title(status).replace(' ', "")
}

/// One of every status.
fn errors() -> [ProtocolError; 10] {
    let fault =
        Fault { field: "progress".into(), problem: "must be a number from 0 to 100".into() };
    [
        ProtocolError::invalid("the body must be JSON of the documented shape"),
        ProtocolError::unauthenticated("a token is needed: Authorization: Bearer <token>"),
        ProtocolError::denied("this token does not allow this in this room"),
        ProtocolError::new(Code::NotFound, "there is no such kind of room"),
        ProtocolError::new(Code::Conflict, "this key has another version"),
        ProtocolError::too_large(1 << 20),
        ProtocolError::faulty(vec![fault]),
        ProtocolError::too_fast(1000, 60_000, 44_001),
        ProtocolError::system(),
        ProtocolError::new(Code::Unavailable, "the room did not answer; try again"),
    ]
}

fn response(error: &ProtocolError, schema: &Value) -> (String, Value) {
    let problem = Problem::of(error);
    let example = serde_json::to_value(&problem).unwrap_or_default();
    let mut response = content(problem.title, "application/problem+json", schema, &example);
    let header = |name: &str, schema: Value, about: &str| {
        object([(name, json!({"description": about, "schema": schema}))])
    };
    let headers = match problem.status {
        401 => {
            let bearer = json!({"type": "string", "const": "Bearer"});
            Some(header("WWW-Authenticate", bearer, "What is needed."))
        }
        429 | 503 => {
            let seconds = json!({"type": "integer", "minimum": 0});
            Some(header("Retry-After", seconds, "Seconds after which it may work."))
        }
        _ => None,
    };
    if let (Some(headers), Value::Object(response)) = (headers, &mut response) {
        response.insert("headers".into(), headers);
    }
    (response_name(problem.status), response)
}

// ---- parameters

/// A parameter of calls.
pub(crate) struct Parameter {
    /// Its name among the components.
    key: &'static str,
    name: &'static str,
    place: &'static str,
    required: bool,
    about: &'static str,
    shape: Shape,
    example: &'static str,
}

/// One that is called so in the document too. Those of a path are required.
pub(crate) const fn parameter(
    key: &'static str,
    place: &'static str,
    about: &'static str,
    shape: Shape,
    example: &'static str,
) -> Parameter {
    let required = matches!(place.as_bytes(), b"path");
    Parameter { key, name: key, place, required, about, shape, example }
}

const PARAMETERS: &[Parameter] = &[
    parameter("kind", "path", "Which kind of room.", input::<Kind>, r#""hub""#),
    parameter("name", "path", "The room's name.", input::<RoomName>, r#""project_1""#),
    parameter(
        "session",
        "path",
        "A connection's name.",
        input::<ConnectionId>,
        r#""session_00000000000001""#,
    ),
    parameter("user", "path", "A token's `sub`.", input::<UserId>, r#""ann""#),
    Parameter {
        required: true,
        ..parameter(
            "confirm",
            "query",
            "The room's name again.",
            input::<RoomName>,
            r#""project_1""#,
        )
    },
    parameter("before", "query", "Only what came before this.", input::<Before>, "42"),
    parameter(
        "after",
        "query",
        "Only what came after this; the oldest of it.",
        input::<Offset>,
        "42",
    ),
    parameter("limit", "query", "At most so many.", input::<Limit>, "50"),
    parameter(
        "joined_before",
        "query",
        "Only those that came no later than this, an RFC 3339 time.",
        input::<String>,
        r#""2024-01-01T12:00:00.123Z""#,
    ),
    parameter(
        "raw",
        "query",
        "Whether edits, deletions and reactions stand by themselves, as in the log.",
        input::<bool>,
        "true",
    ),
    Parameter {
        name: "kind",
        ..parameter("kind_filter", "query", "Only rooms of this kind.", input::<Kind>, r#""hub""#)
    },
    parameter(
        "prefix",
        "query",
        "What their names begin with; without a kind, what their addresses begin with.",
        input::<String>,
        r#""project_""#,
    ),
    parameter(
        "cursor",
        "query",
        "Of the page before: to be brought back as it came.",
        input::<String>,
        r#""aHViOnByb2plY3RfMQ""#,
    ),
    parameter(
        "revocation",
        "path",
        "The id of what was taken back.",
        input::<String>,
        r#""5e884898da280471""#,
    ),
    Parameter {
        name: "limit",
        ..parameter("rooms_limit", "query", "At most so many.", rooms_limit, "100")
    },
];

impl Parameter {
    /// The same, under another name in the request than in the document.
    pub(crate) const fn called(self, name: &'static str) -> Self {
        Self { name, ..self }
    }

    fn spelled(&self, shapes: &mut Shapes) -> Value {
        json!({
            "name": self.name,
            "in": self.place,
            "description": self.about,
            "required": self.required,
            "schema": of(self.shape, shapes),
            "example": parsed(self.example),
        })
    }
}

// ---- shapes that are no type of ours

fn rooms_limit(_: &mut Shapes) -> Value {
    json!({"type": "integer", "minimum": 1, "default": 100,
        "description": format!("More than {0} is served as {0}.", Listing::LIMIT_MAX)})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_of_a_room_is_documented() {
        let document = openapi();
        for call in feature::http::CALLS.iter().copied().flatten() {
            let path = format!("/api/v1/rooms/{{kind}}/{{name}}/{}", call.path);
            let path = path.split('?').next().unwrap().trim_end_matches('/');
            let method = call.method.to_lowercase();
            assert!(document["paths"][path][method].is_object(), "{} {path}", call.method);
        }
    }

    #[test]
    fn the_calls_of_a_feature_are_described_by_it() {
        let rooms = "/api/v1/rooms/{kind}/{name}";
        let described = CALLS.iter().filter_map(|it| Some((it, it.path.strip_prefix(rooms)?)));
        for (call, path) in described {
            let path = path.trim_start_matches('/');
            let is_it =
                |it: &api::RoomCall| it.path == path && it.method.eq_ignore_ascii_case(call.method);
            assert!(api::KERNEL_CALLS.iter().any(is_it), "{} is a feature's", call.id);
        }
    }
}

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::frames::{self, Frames, of_echo};
use super::shape::{Shape, Shapes, input, walk};
use super::{object, reference};
use crate::admission::{Endpoint, endpoints};
use crate::close::CloseCode;
use crate::feature;
use crate::feature::schema::Door;
use crate::message::{Code, Fault, Offset};
use crate::protocol::{self, Access, Descriptor, Encoding, ProtocolId, Transport};

/// The WebSockets as an `AsyncAPI` 3 document.
#[must_use]
pub fn asyncapi() -> Value {
    let mut parts = Parts::default();
    for protocol in ProtocolId::all().filter(|it| is_socket(*it)) {
        parts.add(protocol.descriptor().name, &frames::of(protocol));
    }
    parts.add("echo", &of_echo());
    let mut channels = Map::new();
    let mut operations = Map::new();
    let echo = ("ws-client_id".to_owned(), echo(), "echo", of_echo(), None);
    let rooms = endpoints().filter(|it| is_socket(it.protocol)).map(|it| {
        let (name, frames) = (it.protocol.descriptor().name, frames::of(it.protocol));
        (channel_name(it.path), channel(&it), name, frames, security(it.access))
    });
    for (name, mut channel, protocol, frames, security) in rooms.chain([echo]) {
        let mut messages = Map::new();
        for (action, all) in [("receive", frames.receive), ("send", frames.send)] {
            let keys = all.iter().map(|it| it.name).chain(shared(action, protocol).iter().copied());
            let keys: Vec<String> = keys.map(|it| format!("{action}.{it}")).collect();
            let at = |key: &String| reference(&format!("channels/{name}/messages/{key}"));
            let mut operation = json!({
                "action": action,
                "summary": if action == "receive" { "What clients say." } else { "What the server says." },
                "channel": reference(&format!("channels/{name}")),
                "messages": keys.iter().map(at).collect::<Vec<_>>(),
            });
            if let (Some(security), Value::Object(operation)) = (&security, &mut operation) {
                operation.insert("security".into(), security.clone());
            }
            operations.insert(format!("{action}-{name}"), operation);
            let component = |key| {
                let path = format!("components/messages/{protocol}.{key}");
                (key, reference(&path))
            };
            messages.extend(keys.into_iter().map(component));
        }
        if let Value::Object(channel) = &mut channel {
            channel.insert("messages".into(), messages.into());
        }
        channels.insert(name, channel);
    }
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Dormouse: WebSockets",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": {"name": env!("CARGO_PKG_LICENSE")},
        },
        "defaultContentType": "application/json",
        "servers": {
            "development": {"host": "localhost:8787", "protocol": "ws", "description": "`npm start`"},
            "production": {
                "host": "{host}",
                "protocol": "wss",
                "description": "Where it is deployed.",
                "variables": {"host": {"default": "dormouse.example.workers.dev"}},
            },
        },
        "channels": channels,
        "operations": operations,
        "components": {
            "messages": parts.messages,
            "schemas": parts.schemas,
            "securitySchemes": {
                "query": {
                    "type": "httpApiKey", "in": "query", "name": "token",
                    "description": "A JWT in the query.",
                },
                "header": {
                    "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
                    "description": "A JWT in the header `Authorization`.",
                },
                "protocol": {
                    "type": "httpApiKey", "in": "header", "name": "Sec-WebSocket-Protocol",
                    "description": "A JWT in the sub-protocol `bearer.<jwt>`.",
                },
            },
        },
        "x-close-codes": close_codes(),
    })
}

/// What is spoken over HTTP is in the other document.
fn is_socket(protocol: ProtocolId) -> bool {
    protocol.descriptor().transport == Transport::WebSocket
}

const ABOUT: &str = "Every message is a JSON object in a text frame. Unknown fields are ignored; \
    an unknown `type` is an error, and the connection stays open. Times are RFC 3339, UTC, with \
    milliseconds. A refused connection is accepted, told why in an `error`, and closed with one \
    of the codes under `x-close-codes`.";

/// Those of every protocol, and those of one.
fn close_codes() -> Value {
    let own = ProtocolId::all().flat_map(|it| protocol::schema::of(it).close_codes);
    let all = CLOSE_CODES.iter().chain(own);
    object(all.map(|(code, about)| (code.number().to_string(), Value::from(*about))))
}

const CLOSE_CODES: &[(CloseCode, &str)] = &[
    (CloseCode::GoingAway, "Nothing was heard for too long."),
    (CloseCode::Policy, "Token, permission, rate, or a request that makes no sense."),
    (CloseCode::TooLarge, "Longer than allowed."),
    (CloseCode::Internal, "Our fault."),
    (CloseCode::TryLater, "Full, not answering, or too far behind: try later."),
];

/// What every protocol's server may say beside its own words.
fn shared(action: &str, protocol: &str) -> &'static [&'static str] {
    if action != "send" || protocol == "echo" {
        return &[];
    }
    // Where several messages come in a list, that is no message.
    let mut all = ProtocolId::all().map(ProtocolId::descriptor).filter(|it| it.name == protocol);
    let is_listed = all.any(|it| it.encodings.contains(&Encoding::JsonList));
    if is_listed { &["pong.bare"] } else { &["batch", "pong.bare"] }
}

/// Messages and the types in them.
#[derive(Default)]
struct Parts {
    messages: Map<String, Value>,
    schemas: Map<String, Value>,
}

impl Parts {
    /// Adds a protocol's. Types of its own get its name before theirs; those of the
    /// vocabulary are the same in all.
    fn add(&mut self, protocol: &str, frames: &Frames) {
        let mut shapes = Shapes::new(SchemaSettings::draft07());
        let vocabulary = vocabulary();
        let mut spelled = Map::new();
        for it in &frames.receive {
            let payload = frames.received(it, &mut shapes);
            spelled.insert(format!("{protocol}.receive.{}", it.name), it.spelled(&payload));
        }
        for it in &frames.send {
            let payload = frames.sent(it, &mut shapes);
            spelled.insert(format!("{protocol}.send.{}", it.name), it.spelled(&payload));
        }
        for name in shared("send", protocol) {
            spelled.insert(format!("{protocol}.send.{name}"), shared_message(name));
        }
        let mut messages = Value::Object(spelled);
        let mut schemas = shapes.take();
        let known = |name: &str| vocabulary.contains_key(name);
        let rename = |name: &str| {
            if known(name) { name.to_owned() } else { format!("{protocol}.{name}") }
        };
        let mut refer = |it: &mut Map<String, Value>| {
            let Some(Value::String(path)) = it.get_mut("$ref") else { return };
            if let Some(name) = path.strip_prefix("#/definitions/") {
                *path = format!("#/components/schemas/{}", rename(name));
            }
        };
        walk(&mut messages, &mut refer);
        schemas.values_mut().for_each(|it| walk(it, &mut refer));
        self.schemas.extend(schemas.into_iter().map(|(name, it)| (rename(&name), it)));
        if let Value::Object(messages) = messages {
            self.messages.extend(messages);
        }
    }
}

/// The types that mean the same in every protocol.
fn vocabulary() -> Map<String, Value> {
    let mut shapes = Shapes::new(SchemaSettings::draft07());
    let common: [Shape; 3] = [input::<Code>, input::<Fault>, input::<Offset>];
    for shape in feature::schema::vocabulary().chain(common) {
        shape(&mut shapes);
    }
    shapes.take()
}

fn shared_message(name: &str) -> Value {
    let is = |kind: &str| json!({"type": "string", "const": kind});
    let (about, payload, example) = if name == "batch" {
        (
            "Several of these frames in one, in their order, for clients that asked for `batch=1`.",
            json!({
                "type": "object",
                "required": ["type", "data"],
                "properties": {
                    "type": is("batch"),
                    "data": {"type": "array", "items": {"type": "object", "required": ["type"]}},
                },
            }),
            json!({"type": "batch", "data": [{"type": "pong"}]}),
        )
    } else {
        (
            "The platform's own answer to exactly `{\"type\":\"ping\"}`.",
            json!({"type": "object", "required": ["type"], "properties": {"type": is("pong")}}),
            json!({"type": "pong"}),
        )
    };
    json!({
        "name": name, "title": name, "summary": about, "payload": payload,
        "examples": [{"payload": example}],
    })
}

/// What a path's channel is called.
fn channel_name(path: &str) -> String {
    path.trim_start_matches('/').replace('/', "-")
}

fn channel(endpoint: &Endpoint) -> Value {
    let Endpoint { path, kind, protocol, access } = endpoint;
    let door = (*access == Access::Feature).then(|| feature::schema::door(*kind)).flatten();
    let access = door.map_or_else(|| about(*access), |it| it.about);
    let Descriptor { name: protocol, resumes, .. } = protocol.descriptor();
    let kinds: Vec<&str> = if let Access::Named(kinds) = endpoint.access {
        kinds.iter().map(|it| it.as_str()).collect()
    } else {
        vec![kind.as_str()]
    };
    let kind = kinds.join("`, `");
    json!({
        "address": path,
        "title": format!("{path}: the {protocol} protocol"),
        "description": format!("Rooms of the kind `{kind}`, in the {protocol} protocol. {access}"),
        "bindings": bindings(query(endpoint.access, door, *resumes)),
    })
}

fn echo() -> Value {
    json!({
        "address": "/ws/{client_id}",
        "title": "/ws/{client_id}: the legacy echo",
        "description": "Every frame, text or binary, comes back unchanged. No room, no token. Matched after every other path.",
        "parameters": {"client_id": {"description": "1 to 128 of `A-Z a-z 0-9 . _ : ~ -`."}},
        "bindings": bindings(Value::Null),
    })
}

fn bindings(query: Value) -> Value {
    let mut socket = json!({"method": "GET", "bindingVersion": "0.1.0"});
    if let (false, Value::Object(socket)) = (query.is_null(), &mut socket) {
        socket.insert("query".into(), query);
    }
    json!({"ws": socket})
}

fn about(access: Access) -> &'static str {
    match access {
        Access::Token | Access::Feature | Access::Named(_) => {
            "A token comes by query, header or sub-protocol, or in a first `auth`."
        }
        Access::Development => {
            "As with every token; only where `ENVIRONMENT` is `development`, elsewhere 404."
        }
        Access::Demo => "Open to all, without a token, in rooms of their own.",
        Access::Handshake(_) => {
            "A token is needed for the role `admin`; who brings none joins `hub:lobby`."
        }
    }
}

fn security(access: Access) -> Option<Value> {
    let scheme = |name| reference(&format!("components/securitySchemes/{name}"));
    match access {
        Access::Token | Access::Development | Access::Feature | Access::Named(_) => {
            Some(["query", "header", "protocol"].map(scheme).into_iter().collect())
        }
        Access::Demo | Access::Handshake(_) => None,
    }
}

/// The parameters of an endpoint's URL.
fn query(access: Access, door: Option<&Door>, resumes: bool) -> Value {
    let is_handshake = matches!(access, Access::Handshake(_));
    let name = json!({"type": "string", "pattern": "^[A-Za-z0-9._:~-]{1,128}$",
        "not": {"enum": [".", ".."]}});
    let with = |schema: &Value, about: &str| {
        let mut schema = schema.clone();
        if let Value::Object(schema) = &mut schema {
            schema.insert("description".into(), about.into());
        }
        schema
    };
    let text = json!({"type": "string"});
    let client = json!({"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"});
    let one_of = |all: &[&str]| json!({"type": "string", "enum": all});
    let mut fields = vec![
        ("contextId", with(&name, "The name of the room, where it is not the token's first.")),
        ("client_id", with(&client, "What the client calls itself.")),
        ("batch", with(&one_of(&["1"]), "Several frames may come in one.")),
    ];
    if resumes {
        fields.push(("resume", with(&text, "Go on from here: `epoch:offset`.")));
    }
    if access != Access::Demo {
        fields.push(("token", with(&text, "A JWT.")));
    }
    if matches!(access, Access::Named(_)) {
        fields.retain(|(name, _)| !["contextId", "batch"].contains(name));
        fields.extend([
            ("room", with(&text, "The room: `kind:name`.")),
            ("resume", with(&text, "Go on from here: `epoch:offset`.")),
            (
                "rewind",
                with(
                    &text,
                    "Else from 1 to 1000 entries before the newest, or `30s`, `10m`, `24h` ago.",
                ),
            ),
            (
                "events",
                with(&text, "Names of events, or their beginnings and a `*`, with commas between."),
            ),
            ("format", with(&one_of(&["json", "msgpack"]), "Unless a sub-protocol says it.")),
            ("batch", with(&one_of(&["0", "1"]), "`0`: one message a frame.")),
        ]);
    }
    if let Some(Door { parameters, .. }) = door {
        fields.retain(|(name, _)| !["contextId", "client_id"].contains(name));
        fields.extend(parameters.iter().map(|it| {
            let schema = if it.is_room { &name } else { &text };
            (it.name, with(schema, it.about))
        }));
    }
    if is_handshake {
        let roles = one_of(&["frontend", "admin", "test"]);
        fields.push(("version", with(&one_of(&["1"]), "Of the handshake; 1 if it is missing.")));
        fields.push(("role", with(&roles, "`frontend` if it is missing.")));
    }
    let mut query = json!({"type": "object", "properties": object(fields)});
    if let (true, Value::Object(query)) = (is_handshake, &mut query) {
        query.insert("required".into(), json!(["client_id"]));
    }
    query
}

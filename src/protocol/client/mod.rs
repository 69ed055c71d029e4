//! The client protocol (`/ws/client`, K1 and on): `{type, timestamp, …fields}`.
//!
//! In: `ping`, `pong`, `status`, `auth`; any other type is published to the room.
//! Out: `hello`, `ping`, `pong`, `status`, `auth`, `error`, and every event by its own name.

#[cfg(not(target_arch = "wasm32"))]
pub(crate) mod schema;

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::RawValue;

use super::json;
pub(crate) use super::json::Envelope;
use super::spell::ErrorDetails;
use super::{
    Access, Channel, Decoded, Descriptor, Encoding, Frame, HandshakeCodes, Peer, Protocol,
    Subprotocols, TokenPlace, Transport, publication,
};
use crate::close::CloseCode;
use crate::feature::{self, Ask, Publishing, Spelled, Tell};
use crate::kernel::{Command, Event, Notice, Publication};
use crate::kernel::{Flag, Flags};
use crate::message::{
    Acknowledgement, Body, Code, EVENT, EventName, Json, Kind, Millis, NotResumed, Offset,
    ProtocolError, Reply, RequestId, Status, Welcome,
};

pub(super) struct Client;

pub(super) static DESCRIPTOR: Descriptor = Descriptor {
    name: "client",
    number: 3,
    transport: Transport::WebSocket,
    entrances: &[Access::Handshake(HandshakeCodes {
        version: UNSUPPORTED_VERSION,
        role: INVALID_ROLE,
    })
    .at("/ws/client", Kind::Hub)],
    subprotocols: Subprotocols::Any,
    tokens: TokenPlace::REQUEST,
    ping_pair: Some(json::PING_PAIR),
    acknowledgement: Acknowledgement::None,
    encodings: &[Encoding::Json, Encoding::JsonBatch],
    flags: Flags::of(&[Flag::Pinged, Flag::Patient, Flag::Greeted]),
    close_code,
    words: &["auth", "batch", "error", "hello", "ping", "pong", "status"],
    shows_offsets: false,
    resumes: true,
};

/// 4400: a version, or a client id, that is none (E26, X20). Published, as those below.
const UNSUPPORTED_VERSION: CloseCode = CloseCode::Own(4400);
/// 4401: a role that is none, or not the client's (E26).
const INVALID_ROLE: CloseCode = CloseCode::Own(4401);
/// 4500: a handshake that failed on our side (E26).
const HANDSHAKE_FAILED: CloseCode = CloseCode::Own(4500);

fn close_code(error: &ProtocolError) -> CloseCode {
    // A fault of ours has a code of its own here (E26).
    if matches!(error.code, Code::Unavailable | Code::SystemError) {
        HANDSHAKE_FAILED
    } else {
        CloseCode::of(error)
    }
}

impl Protocol for Client {
    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    fn decode(&self, frame: &Frame, _: &Peer<'_>) -> Decoded {
        let mut request = json::request(frame, |it: &Envelope<'_>| it.id.as_deref(), command);
        if let (Ok(Command::Publish(Publication { body, .. })), Frame::Text(text)) =
            (&request.command, frame)
        {
            // The rest of the frame is the data of what is asked, or of the event.
            request.command = fields(text).and_then(|data| asked(body.name.clone(), data));
        }
        request.into()
    }

    fn encode(&self, notice: &Notice, _: &Channel<'_>) -> Option<Frame> {
        Some(match &notice.event {
            Event::Welcome(welcome) => json::frame(&Hello::of(notice, welcome)),
            Event::Ping => frame(notice, "ping", Nothing {}),
            Event::Pong => frame(notice, "pong", Nothing {}),
            Event::Entry(entry) => {
                frame(notice, entry.body.name.as_str(), fields_of(&entry.body.data))
            }
            Event::Feature(it) => {
                let Spelled { word, data, .. } = it.spell("client")?;
                frame(notice, word, fields_of(&data))
            }
            Event::Renewed { user, expires_at, .. } => {
                let expires_at = expires_at.map(Millis::to_rfc3339);
                frame(notice, "auth", Auth { user_id: &user.0, expires_at })
            }
            Event::Reply(Reply::Status(status)) => {
                frame(notice, "status", StatusOut::of(notice, status))
            }
            Event::Refused(error) => frame(notice, "error", Error::of(notice, error)),
            // Every other type goes to the listeners of its clients (E19): only what was
            // published; and nothing it can say asks for the rest.
            Event::Position(_)
            | Event::Said(_)
            | Event::Closing(_)
            | Event::Reauth(_)
            | Event::Detached(_)
            | Event::Joined(_)
            | Event::Left(_)
            | Event::Presence(_)
            | Event::Seen(_)
            | Event::History(_)
            | Event::Reply(_) => return None,
        })
    }
}

// ---- in

/// What this word asks of a feature; else an event of this name.
fn asked(name: EventName, data: Json) -> Result<Command, ProtocolError> {
    if let Some(read) = feature::Command::read(DESCRIPTOR.name, name.as_str(), Some(data.as_raw()))
    {
        return read.map(Command::Feature);
    }
    let (protocol, kind) = (DESCRIPTOR.name, Kind::Hub);
    publication(Publishing::new(protocol, kind, name, data)).map(publish)
}

fn command(envelope: &Envelope<'_>) -> Result<Command, ProtocolError> {
    Ok(match &*envelope.kind {
        "ping" => Command::Ping,
        "pong" => Command::Pong,
        "status" => Command::Status,
        "auth" => json::authenticate(envelope.token, envelope.context_id)?,
        kind => {
            let wrong = |_| {
                ProtocolError::new(
                    Code::UnknownMessageType,
                    "a type is 1 to 128 of A-Z a-z 0-9 . _ : ~ -",
                )
            };
            let name = EventName::parse(kind).map_err(wrong)?;
            let body = Body::new(EVENT, name, Json::null());
            publish(body)
        }
    })
}

fn publish(body: Body) -> Command {
    Command::Publish(Publication::new(body, DESCRIPTOR.acknowledgement))
}

/// What is not the envelope's own.
const ENVELOPE: [&str; 3] = ["type", "id", "timestamp"];

fn fields(text: &str) -> Result<Json, ProtocolError> {
    let wrong = |_| ProtocolError::invalid("a message is a JSON object");
    let mut fields: Fields = serde_json::from_str(text).map_err(wrong)?;
    for name in ENVELOPE {
        fields.remove(name);
    }
    Json::parse(serde_json::to_string(&fields).unwrap_or_default())
}

/// The fields of an object, whose values nobody looks into.
type Fields = BTreeMap<String, Box<RawValue>>;

// ---- out

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct Outgoing<'a, F> {
    #[serde(rename = "type")]
    kind: &'a str,
    /// When it was said: RFC 3339.
    timestamp: String,
    #[serde(flatten)]
    fields: F,
}

fn frame(notice: &Notice, kind: &str, fields: impl Serialize) -> Frame {
    json::frame(&Outgoing { kind, timestamp: notice.at.to_rfc3339(), fields })
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct Nothing {}

/// An event's data as fields of the frame; whatever would stand for the envelope's own
/// is left out. What is no object becomes one.
fn fields_of(data: &Json) -> Fields {
    let text = data.as_str();
    if let Ok(mut fields) = serde_json::from_str::<Fields>(text) {
        fields.remove("type");
        fields.remove("timestamp");
        return fields;
    }
    RawValue::from_string(text.to_owned())
        .map_or_else(|_| Fields::new(), |it| [("data".to_owned(), it)].into())
}

/// The only version of the handshake there is (E4).
const VERSION: u8 = 1;

/// What the server can do (E8).
const FEATURES: [&str; 4] =
    ["heartbeat", "structured_messages", "error_codes", "graceful_reconnect"];

/// The fields of E7 (K7), and where it goes on, if it asked to (I2).
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct Hello<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    /// RFC 3339.
    server_time: String,
    /// The version of the handshake.
    accepted_version: u8,
    /// What the server can do.
    features: [&'static str; 4],
    /// This connect's own name: a UUID.
    request_id: String,
    /// The query's `client_id`.
    client_id: Option<&'a str>,
    /// How often the server pings; 0 for never.
    heartbeat_interval_ms: u64,
    /// Where the log stands, if it asked to go on in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<Offset>,
    /// Which incarnation of the log that is.
    #[serde(skip_serializing_if = "Option::is_none")]
    epoch: Option<&'a str>,
    /// Whether it goes on from the position that it asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    recovered: Option<bool>,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<NotResumed>,
}

impl<'a> Hello<'a> {
    fn of(notice: &Notice, welcome: &'a Welcome) -> Self {
        let recovered = welcome.attached.recovered();
        Self {
            kind: "hello",
            server_time: notice.at.to_rfc3339(),
            accepted_version: VERSION,
            features: FEATURES,
            request_id: notice.id.to_string(),
            client_id: welcome.client.as_deref(),
            heartbeat_interval_ms: welcome.heartbeat_ms,
            offset: recovered.map(|_| welcome.offset),
            epoch: recovered.map(|_| welcome.epoch.0.as_str()),
            recovered,
            reason: welcome.attached.reason,
        }
    }
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct Auth<'a> {
    /// Whose token it is.
    user_id: &'a str,
    /// When it expires: RFC 3339; `null` for one that does not.
    expires_at: Option<String>,
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct StatusOut<'a> {
    /// This connection's name.
    session_id: String,
    /// The query's `client_id`.
    client_id: Option<&'a str>,
    /// RFC 3339.
    connected_at: String,
    /// Since then.
    uptime_ms: u64,
    /// Messages of this connection that reached the room.
    messages_received: u64,
    /// Those counted against the current minute.
    messages_this_minute: u64,
    /// How many may be; 0 for any number.
    limit_per_minute: u64,
}

impl<'a> StatusOut<'a> {
    fn of(notice: &Notice, status: &'a Status) -> Self {
        Self {
            session_id: status.connection.to_string(),
            client_id: status.client.as_deref(),
            connected_at: status.connected_at.to_rfc3339(),
            uptime_ms: notice.at.since(status.connected_at),
            messages_received: status.received,
            messages_this_minute: status.received_this_minute,
            limit_per_minute: status.limit_per_minute,
        }
    }
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct Error<'a> {
    /// The client's own id of what was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    /// For programs.
    code: Code,
    /// For people.
    message: &'a str,
    /// Seconds after which it may work.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<ErrorDetails<'a>>,
}

impl<'a> Error<'a> {
    fn of(notice: &'a Notice, error: &'a ProtocolError) -> Self {
        Self {
            id: notice.reply_to.as_ref().map(RequestId::as_str),
            code: error.code,
            message: &error.message,
            retry_after: error.retry_after,
            details: ErrorDetails::of(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_close_codes_do_not_change() {
        let sent = [UNSUPPORTED_VERSION, INVALID_ROLE, HANDSHAKE_FAILED];
        assert_eq!(sent.map(CloseCode::number), [4400, 4401, 4500]);
    }
}

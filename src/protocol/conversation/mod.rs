//! The conversation protocol (`/ws/conversation`, Q1 and on): `{type, …fields, timestamp}`.
//!
//! In: `history`, `ping`, `auth`, and the words of features.
//! Out: the same, `pong` and `error`.

#[cfg(not(target_arch = "wasm32"))]
pub(crate) mod schema;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::json::{self, Text};
use super::{
    Access, Channel, Decoded, Descriptor, Encoding, Frame, Peer, Protocol, Subprotocols,
    TokenPlace, Transport,
};
use crate::close::CloseCode;
use crate::feature::{Spelled, Tell};
use crate::kernel::{Command, Event, Notice, Request};
use crate::kernel::{Flag, Flags};
use crate::message::{
    Acknowledgement, Before, Code, Entry, Json, Kind, Millis, Offset, Page, PageRequest,
    ProtocolError, RequestId, Within,
};

pub(super) struct Talk;

pub(super) static DESCRIPTOR: Descriptor = Descriptor {
    name: "conversation",
    number: 4,
    transport: Transport::WebSocket,
    entrances: &[Access::Feature.at("/ws/conversation", Kind::Conversation)],
    subprotocols: Subprotocols::Any,
    tokens: TokenPlace::ANYWHERE,
    ping_pair: Some(json::PING_PAIR),
    acknowledgement: Acknowledgement::ByEvent,
    encodings: &[Encoding::Json, Encoding::JsonBatch],
    flags: Flags::of(&[Flag::Patient, Flag::Introduced]),
    close_code: CloseCode::of,
    words: &["auth", "batch", "error", "history", "ping", "pong"],
    shows_offsets: false,
    resumes: false,
};

impl Protocol for Talk {
    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    fn decode(&self, frame: &Frame, _: &Peer<'_>) -> Decoded {
        let text = match json::object_text(frame) {
            Ok(text) => text,
            Err(error) => return Request { request_id: None, command: Err(error) }.into(),
        };
        let wrong = ProtocolError::invalid("a message is a JSON object with a string as type");
        let envelope = serde_json::from_str::<Envelope<'_>>(text).map_err(|_| wrong);
        let message_id = match &envelope {
            Ok(envelope) => string(envelope.message_id),
            // So that its author learns which it was.
            Err(_) => serde_json::from_str(text).ok().map(|Lone { message_id }| message_id),
        };
        let request_id = message_id.and_then(|it| RequestId::parse(it).ok());
        let command = envelope.and_then(|it| command(&it, text));
        Request { request_id, command }.into()
    }

    fn encode(&self, notice: &Notice, _: &Channel<'_>) -> Option<Frame> {
        Some(match &notice.event {
            Event::Feature(it) => {
                let Spelled { word, data, .. } = it.spell(DESCRIPTOR.name)?;
                spelled(word, &data, notice.at)
            }
            // Its author knows what it said; the same each time it is told.
            Event::Entry(entry) => {
                let data = (entry.body.kind.spell)(entry, DESCRIPTOR.name)?;
                spelled(entry.body.name.as_str(), &data, entry.at)
            }
            Event::History(page) => json::frame(&History::of(notice, page)),
            Event::Pong => json::frame(&Pong { kind: "pong", timestamp: notice.at.to_rfc3339() }),
            Event::Renewed { user, expires_at, .. } => {
                let expires_at = expires_at.map(Millis::to_rfc3339);
                let (kind, timestamp) = ("auth", notice.at.to_rfc3339());
                json::frame(&Auth { kind, user_id: &user.0, expires_at, timestamp })
            }
            Event::Refused(error) => json::frame(&Error::of(notice, error)),
            // Nobody but its user is in a conversation, and nothing it can say asks for these.
            Event::Welcome(_)
            | Event::Position(_)
            | Event::Said(_)
            | Event::Closing(_)
            | Event::Reauth(_)
            | Event::Detached(_)
            | Event::Ping
            | Event::Joined(_)
            | Event::Left(_)
            | Event::Presence(_)
            | Event::Seen(_)
            | Event::Reply(_) => return None,
        })
    }
}

// ---- in

/// Unknown fields are ignored; so is `timestamp`, which is ours to give (X3).
#[derive(Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Envelope<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    /// The client's own name for the message, 1 to 128 bytes, which the response repeats.
    #[serde(borrow, default)]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "String", length(min = 1, max = 128)))]
    message_id: Option<&'a RawValue>,
    /// At most so many, 1 to 200; more is served with 200.
    #[serde(borrow, default)]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Option<u64>", range(min = 1)))]
    limit: Option<&'a RawValue>,
    /// Only older ones than this: an RFC 3339 time, or a `nextBefore`.
    #[serde(borrow, default)]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Option<Before>"))]
    before: Option<&'a RawValue>,
    /// A JWT.
    #[serde(borrow, default)]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "String"))]
    token: Option<&'a RawValue>,
}

/// The one field of a frame that cannot be read otherwise.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Lone {
    message_id: String,
}

fn command(envelope: &Envelope<'_>, frame: &str) -> Result<Command, ProtocolError> {
    match &*envelope.kind {
        "history" => history(envelope),
        "ping" => Ok(Command::Ping),
        "auth" => json::authenticate(envelope.token, None),
        // The frame as a whole is the data of what is asked.
        word => json::feature(DESCRIPTOR.name, word, serde_json::from_str(frame).ok()),
    }
}

fn string(raw: Option<&RawValue>) -> Option<String> {
    serde_json::from_str(raw?.get()).ok()
}

fn history(envelope: &Envelope<'_>) -> Result<Command, ProtocolError> {
    let wrong = ProtocolError::invalid(
        "history takes limit, a whole number, and before, a time or an offset",
    );
    let limit = envelope.limit.map_or(Ok(None), |it| serde_json::from_str(it.get()));
    let limit = json::limit(limit.map_err(|_| wrong)?)?;
    let before = envelope.before.map(RawValue::get).filter(|it| *it != "null");
    let before = before.map_or(Ok(Before::Newest), Before::read)?;
    Ok(Command::History(PageRequest {
        before,
        after: None,
        limit,
        raw: false,
        within: Within::default(),
    }))
}

// ---- out

/// I am here (D8).
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct Pong {
    #[serde(rename = "type")]
    kind: &'static str,
    /// When it was said: RFC 3339.
    timestamp: String,
}

/// What a feature says: its fields, an object of which none is called as one of the frame's own.
fn spelled(kind: &str, fields: &Json, at: Millis) -> Frame {
    let fields = fields.as_str();
    let inside = fields.strip_prefix('{').and_then(|it| it.strip_suffix('}')).unwrap_or_default();
    let comma = if inside.is_empty() { "" } else { "," };
    let timestamp = at.to_rfc3339();
    Frame::Text(format!(r#"{{"type":"{kind}"{comma}{inside},"timestamp":"{timestamp}"}}"#))
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct History {
    #[serde(rename = "type")]
    kind: &'static str,
    /// Oldest first.
    #[cfg_attr(
        not(target_arch = "wasm32"),
        schemars(with = "Vec<crate::feature::schema::InConversation<'static>>")
    )]
    messages: Vec<Json>,
    /// Whether there is more before.
    has_more: bool,
    /// The `before` of the next older page; `null` when there is none.
    next_before: Option<Offset>,
    /// When it was said: RFC 3339.
    timestamp: String,
}

/// How history shows an entry; `None` for what is no part of a conversation.
fn past(entry: &Entry) -> Option<Json> {
    (entry.body.kind.spell)(entry, "conversation history")
}

impl History {
    fn of(notice: &Notice, page: &Page) -> Self {
        Self {
            kind: "history",
            messages: page.entries.iter().filter_map(|it| past(it)).collect(),
            has_more: page.has_more,
            next_before: page.next_before(),
            timestamp: notice.at.to_rfc3339(),
        }
    }
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Auth<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    /// Whose token it is.
    user_id: &'a str,
    /// When it expires: RFC 3339; `null` for one that does not.
    expires_at: Option<String>,
    /// When it was said: RFC 3339.
    timestamp: String,
}

/// `{type:"error", error, timestamp}` (D12), with a code, and more where there is more.
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[expect(clippy::struct_field_names, reason = "the names are the wire's")]
pub(crate) struct Error<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    /// For people.
    error: &'a str,
    /// For programs.
    code: Code,
    /// The message that was refused, or will have no response.
    #[serde(rename = "messageId", skip_serializing_if = "Option::is_none")]
    message_id: Option<&'a str>,
    /// Seconds after which it may work.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
    /// When it was said: RFC 3339.
    timestamp: String,
}

impl<'a> Error<'a> {
    fn of(notice: &'a Notice, error: &'a ProtocolError) -> Self {
        Self {
            kind: "error",
            error: &error.message,
            code: error.code,
            message_id: notice.reply_to.as_ref().map(RequestId::as_str),
            retry_after: error.retry_after,
            timestamp: notice.at.to_rfc3339(),
        }
    }
}

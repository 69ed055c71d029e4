//! The conversation dialect (`/ws/conversation`, Q1 and on): `{type, …fields, timestamp}`.
//!
//! In: `connect`, `message`, `history`, `ping`, `auth`.
//! Out: `connect_confirm`, `response`, `history`, `pong`, `auth` and `error`.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::json::{self, Text};
use super::{
    Access, Channel, Decoded, Descriptor, Encoding, Frame, Peer, Protocol, Subprotocols, TokenPlace,
};
use crate::close::CloseCode;
use crate::feature;
use crate::feature::conversations::{
    ClientName, ConversationCommand, ConversationEvent, ResponseText, ResumeToken,
};
use crate::feature::messages::MessageText;
use crate::kernel::{Command, Event, Notice, Request};
use crate::kernel::{Flag, Flags};
use crate::message::{
    Acknowledgement, Before, Code, Entry, Kind, Millis, Offset, Page, PageRequest, ProtocolError,
    RequestId, text_fits,
};

pub(super) struct Talk;

static DESCRIPTOR: Descriptor = Descriptor {
    name: "conversation",
    number: 4,
    entrances: &[Access::Conversation.at("/ws/conversation", Kind::Conversation)],
    subprotocols: Subprotocols::Any,
    tokens: TokenPlace::ANYWHERE,
    ping_pair: Some(json::PING_PAIR),
    acknowledgement: Acknowledgement::ByEvent,
    encodings: &[Encoding::Json, Encoding::JsonBatch],
    flags: Flags::of(&[Flag::Patient, Flag::Introduced]),
    close_code: CloseCode::of,
    words: &[
        "auth",
        "batch",
        "connect",
        "connect_confirm",
        "error",
        "history",
        "message",
        "ping",
        "pong",
        "response",
    ],
    shows_offsets: false,
};

impl Protocol for Talk {
    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    fn decode(&self, frame: &Frame, _: &Peer<'_>) -> Decoded {
        let text = match json::object_text(frame) {
            Ok(text) => text,
            Err(refusal) => return Request { request_id: None, command: Err(refusal) }.into(),
        };
        let wrong = ProtocolError::invalid("a message is a JSON object with a string as type");
        let envelope = serde_json::from_str::<Envelope<'_>>(text).map_err(|_| wrong);
        let message_id = match &envelope {
            Ok(envelope) => string(envelope.message_id),
            // So that its author learns which it was.
            Err(_) => serde_json::from_str(text).ok().map(|Lone { message_id }| message_id),
        };
        let request_id = message_id.and_then(|it| RequestId::parse(it).ok());
        let command = envelope.and_then(|it| command(&it, request_id.is_some()));
        Request { request_id, command }.into()
    }

    fn encode(&self, notice: &Notice, _: &Channel<'_>) -> Option<Frame> {
        Some(match &notice.event {
            Event::Feature(feature::Event::Conversations(ConversationEvent::Confirmed {
                client,
                resume,
            })) => json::frame(&Confirmed::of(notice, client, resume)),
            Event::Entry(entry) => json::frame(&Response::of(entry)?),
            Event::History(page) => json::frame(&History::of(notice, page)),
            Event::Pong => json::frame(&Pong { kind: "pong", timestamp: notice.at.to_rfc3339() }),
            Event::Renewed { user, expires_at } => {
                let expires_at = expires_at.map(Millis::to_rfc3339);
                let (kind, timestamp) = ("auth", notice.at.to_rfc3339());
                json::frame(&Auth { kind, user_id: &user.0, expires_at, timestamp })
            }
            Event::Refused(refusal) => json::frame(&Error::of(notice, refusal)),
            // Nobody but its user is in a conversation, and nothing it can say asks for these.
            Event::Welcome(_)
            | Event::Ping
            | Event::Joined(_)
            | Event::Left(_)
            | Event::Presence(_)
            | Event::Feature(_)
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
    /// What the client calls itself: 1 to 128 bytes without control characters.
    #[serde(borrow, default)]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "String", length(min = 1, max = 128)))]
    client_id: Option<&'a RawValue>,
    /// Of the protocol: 1, with or without lesser numbers.
    #[serde(borrow, default)]
    #[cfg_attr(
        not(target_arch = "wasm32"),
        schemars(with = "String", regex(pattern = r"^1(\.[0-9]+){0,2}$"))
    )]
    version: Option<&'a RawValue>,
    /// Text; never interpreted.
    #[serde(borrow, default)]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "String"))]
    content: Option<&'a RawValue>,
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

fn command(envelope: &Envelope<'_>, has_id: bool) -> Result<Command, ProtocolError> {
    let conversation = match &*envelope.kind {
        "connect" => {
            let wrong = "connect needs clientId and version, which are strings";
            let version = string(envelope.version).ok_or(ProtocolError::invalid(wrong))?;
            let client = string(envelope.client_id).ok_or(ProtocolError::invalid(wrong))?;
            if !is_spoken(&version) {
                let wrong = "this version of the protocol is not spoken here; 1 is";
                return Err(ProtocolError::invalid(wrong));
            }
            ConversationCommand::Connect { client: ClientName::parse(client)? }
        }
        "message" => {
            let wrong = "message needs clientId, content and messageId, which are strings, the last of 1 to 128 bytes";
            let content = string(envelope.content).filter(|_| has_id);
            let content = content.ok_or(ProtocolError::invalid(wrong))?;
            text_fits(&content)?;
            let client = string(envelope.client_id).ok_or(ProtocolError::invalid(wrong))?;
            ConversationCommand::Ask { client: ClientName::parse(client)?, content }
        }
        "history" => return history(envelope),
        "ping" => return Ok(Command::Ping),
        "auth" => return json::authenticate(envelope.token, None),
        _ => {
            return Err(ProtocolError::new(
                Code::UnknownMessageType,
                "this endpoint knows no such type",
            ));
        }
    };
    Ok(conversation.into())
}

fn string(raw: Option<&RawValue>) -> Option<String> {
    serde_json::from_str(raw?.get()).ok()
}

/// Whether this is a version 1: `1`, `1.0`, `1.0.0`.
fn is_spoken(version: &str) -> bool {
    let mut parts = version.split('.');
    let is_number = |it: &str| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit());
    parts.next() == Some("1") && parts.clone().count() <= 2 && parts.all(is_number)
}

fn history(envelope: &Envelope<'_>) -> Result<Command, ProtocolError> {
    let wrong = ProtocolError::invalid(
        "history takes limit, a whole number, and before, a time or an offset",
    );
    let limit = envelope.limit.map_or(Ok(None), |it| serde_json::from_str(it.get()));
    let limit = json::limit(limit.map_err(|_| wrong)?)?;
    let before = envelope.before.map(RawValue::get).filter(|it| *it != "null");
    let before = before.map_or(Ok(Before::Newest), json::before)?;
    Ok(Command::History(PageRequest { before, after: None, limit }))
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

/// You are in (D3).
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Confirmed<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    /// As the client said.
    client_id: &'a str,
    /// Which conversation this is.
    conversation_id: &'a str,
    /// Always `confirmed`.
    status: &'static str,
    /// With the `conversationId` in a later URL, it leads back here. Whoever has it and a
    /// token of this user can come back: keep it as you keep the token.
    resume_token: &'a str,
    /// When it was said: RFC 3339.
    timestamp: String,
}

impl<'a> Confirmed<'a> {
    fn of(notice: &Notice, client: &'a str, resume: &'a ResumeToken) -> Self {
        Self {
            kind: "connect_confirm",
            client_id: client,
            conversation_id: resume.conversation.as_str(),
            status: "confirmed",
            resume_token: &resume.token,
            timestamp: notice.at.to_rfc3339(),
        }
    }
}

/// What the responder said (D11). The same each time it is told.
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Response<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    /// Of the message it answers.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "String"))]
    message_id: &'a RawValue,
    /// Text; never interpreted.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "String"))]
    content: &'a RawValue,
    /// When it came: RFC 3339.
    timestamp: String,
}

impl<'a> Response<'a> {
    /// `None` for what is no response.
    fn of(entry: &'a Entry) -> Option<Self> {
        let ResponseText { message_id, content } = ResponseText::of(&entry.body)?;
        Some(Self { kind: "response", message_id, content, timestamp: entry.at.to_rfc3339() })
    }
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct History<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    /// Oldest first.
    messages: Vec<Said<'a>>,
    /// Whether there is more before.
    has_more: bool,
    /// The `before` of the next older page; `null` when there is none.
    next_before: Option<Offset>,
    /// When it was said: RFC 3339.
    timestamp: String,
}

impl<'a> History<'a> {
    fn of(notice: &Notice, page: &'a Page) -> Self {
        Self {
            kind: "history",
            messages: page.entries.iter().filter_map(|it| Said::of(it)).collect(),
            has_more: page.has_more,
            next_before: page.next_before(),
            timestamp: notice.at.to_rfc3339(),
        }
    }
}

/// Who spoke.
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
enum Role {
    User,
    Assistant,
}

/// What a message is called: as its author did, or as the response to it says.
#[derive(Serialize)]
#[serde(untagged)]
enum MessageId<'a> {
    Own(&'a str),
    Answered(&'a RawValue),
}

/// A message, or the response to one.
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct Said<'a> {
    /// The message's own id, or that of the one it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Option<String>"))]
    message_id: Option<MessageId<'a>>,
    /// Who spoke: the user, or the responder.
    role: Role,
    /// Text; never interpreted.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "String"))]
    content: &'a RawValue,
    /// When: RFC 3339.
    timestamp: String,
}

impl<'a> Said<'a> {
    fn of(entry: &'a Entry) -> Option<Self> {
        let timestamp = entry.at.to_rfc3339();
        if let Some(ResponseText { message_id, content }) = ResponseText::of(&entry.body) {
            let message_id = Some(MessageId::Answered(message_id));
            return Some(Self { message_id, role: Role::Assistant, content, timestamp });
        }
        let MessageText { content, .. } = MessageText::of(&entry.body)?;
        let message_id = entry.request_id.as_ref().map(|it| MessageId::Own(it.as_str()));
        Some(Self { message_id, role: Role::User, content, timestamp })
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
    fn of(notice: &'a Notice, refusal: &'a ProtocolError) -> Self {
        Self {
            kind: "error",
            error: &refusal.message,
            code: refusal.code,
            message_id: notice.reply_to.as_ref().map(RequestId::as_str),
            retry_after: refusal.retry_after,
            timestamp: notice.at.to_rfc3339(),
        }
    }
}

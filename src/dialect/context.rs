//! The context dialect (seed 001, B1–B40): `{type, id?, timestamp, data, error?}`.
//!
//! In: `auth`, `message`, `typing`, `history`, `presence`, `ping`.
//! Out: the same names, `user_joined`, `user_left`, `pong` and `error`.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::json::{self, Text};
use super::{Dialect, Frame};
use crate::message::{
    Before, Body, ClientRef, Code, Command, Entry, Event, Member, Millis, Notice, Offset, Page,
    PageRequest, Refusal, Request,
};

pub(super) struct Context;

impl Dialect for Context {
    fn name(&self) -> &'static str {
        "context"
    }

    fn decode(&self, frame: &Frame) -> Request {
        match json::object_text(frame).and_then(envelope) {
            Err(refusal) => Request { client_ref: None, command: Err(refusal) },
            Ok(envelope) => {
                match envelope.id.as_ref().map(|it| ClientRef::parse(&*it.0)).transpose() {
                    Err(refusal) => Request { client_ref: None, command: Err(refusal) },
                    Ok(client_ref) => Request { client_ref, command: command(&envelope) },
                }
            }
        }
    }

    fn encode(&self, notice: &Notice) -> Frame {
        match &notice.event {
            Event::Pong => frame(notice, "pong", None::<()>),
            Event::Entry(entry) => match &entry.body {
                Body::Message { .. } => frame(notice, "message", Some(Message::of(entry))),
            },
            Event::Typing { user, typing } => {
                let data = Typing { user_id: &user.0, is_typing: *typing };
                frame(notice, "typing", Some(data))
            }
            Event::Joined(member) => frame(notice, "user_joined", Some(User::of(member))),
            Event::Left(member) => frame(notice, "user_left", Some(User::of(member))),
            Event::Presence(members) => {
                let members = members.iter().map(User::of).collect();
                frame(notice, "presence", Some(Presence { members }))
            }
            Event::History(page) => frame(notice, "history", Some(History::of(page))),
            Event::Renewed { user, expires_at } => {
                let expires_at = expires_at.map(Millis::to_rfc3339);
                frame(notice, "auth", Some(Auth { user_id: &user.0, expires_at }))
            }
            Event::Refused(refusal) => json::frame(&Error::of(notice, refusal)),
        }
    }

    fn batch(&self, frames: &[&Frame]) -> Frame {
        json::batch(frames)
    }
}

// ---- in

/// Unknown fields are ignored; so is `timestamp`, which is ours to give (X3).
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow, default)]
    id: Option<Text<'a>>,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
    // `auth` alone stands at the top level (B3).
    #[serde(borrow, default)]
    token: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "contextId")]
    context_id: Option<&'a RawValue>,
}

fn envelope(text: &str) -> Result<Envelope<'_>, Refusal> {
    let wrong = "a message is a JSON object with a string as type";
    serde_json::from_str(text).map_err(|_| Refusal::invalid(wrong))
}

fn command(envelope: &Envelope<'_>) -> Result<Command, Refusal> {
    let data = envelope.data;
    match &*envelope.kind.0 {
        "ping" => Ok(Command::Ping),
        "auth" => authenticate(envelope),
        "message" => json::data::<MessageIn>(
            data,
            "message needs data with content, a string, and messageType, a string of up to 64 bytes, or none",
        )?
        .say(),
        "typing" => {
            let TypingIn { is_typing } =
                json::data(data, "typing needs data with isTyping, true or false")?;
            Ok(Command::Typing(is_typing))
        }
        "history" => json::data_or_default::<HistoryIn>(
            data,
            "history takes data with limit, a whole number, and before, a time or an offset",
        )?
        .request(),
        "presence" => Ok(Command::Presence),
        _ => Err(Refusal::new(Code::UnknownMessageType, "this endpoint knows no such type")),
    }
}

fn authenticate(envelope: &Envelope<'_>) -> Result<Command, Refusal> {
    let wrong = Refusal::invalid("auth needs token, a string, and contextId, a string or none");
    let text = |raw: &RawValue| serde_json::from_str::<String>(raw.get()).ok();
    let token = envelope.token.and_then(text).ok_or_else(|| wrong.clone())?;
    let context = match envelope.context_id.map(RawValue::get) {
        None | Some("null") => None,
        Some(_) => Some(envelope.context_id.and_then(text).ok_or(wrong)?),
    };
    Ok(Command::Authenticate { token, context })
}

#[derive(Deserialize)]
struct MessageIn {
    content: String,
    #[serde(default, rename = "messageType")]
    message_type: Option<String>,
}

impl MessageIn {
    /// Longest `messageType`, in bytes: a name, not a payload.
    const TYPE_BYTES_MAX: usize = 64;

    fn say(self) -> Result<Command, Refusal> {
        let message_type = self.message_type.unwrap_or_else(|| "text".into());
        if (1..=Self::TYPE_BYTES_MAX).contains(&message_type.len()) {
            Ok(Command::Say(Body::Message { content: self.content, message_type }))
        } else {
            Err(Refusal::invalid("messageType must have 1 to 64 bytes"))
        }
    }
}

#[derive(Deserialize)]
struct TypingIn {
    #[serde(rename = "isTyping")]
    is_typing: bool,
}

#[derive(Default, Deserialize)]
struct HistoryIn<'a> {
    #[serde(default)]
    limit: Option<u64>,
    #[serde(borrow, default)]
    before: Option<&'a RawValue>,
}

impl HistoryIn<'_> {
    fn request(&self) -> Result<Command, Refusal> {
        let limit = match self.limit {
            None => PageRequest::LIMIT_DEFAULT,
            Some(0) => return Err(Refusal::invalid("limit must be 1 to 200")),
            Some(limit) => u32::try_from(limit).unwrap_or(u32::MAX).min(PageRequest::LIMIT_MAX),
        };
        let before = self.before.map_or(Ok(Before::Newest), |it| before(it.get()))?;
        Ok(Command::History(PageRequest { before, limit }))
    }
}

/// `before` is an offset, or a time; an offset in quotes is an offset.
fn before(json: &str) -> Result<Before, Refusal> {
    let text: Option<String> = serde_json::from_str(json).ok();
    let text = text.as_deref().unwrap_or(json);
    let offset = text.parse().ok().map(|it| Before::Offset(Offset(it)));
    offset
        .or_else(|| Millis::parse(text).map(Before::Time))
        .ok_or(Refusal::invalid("before must be an RFC 3339 time or an offset"))
}

// ---- out

#[derive(Serialize)]
struct Outgoing<'a, D> {
    #[serde(rename = "type")]
    kind: &'static str,
    id: Id<'a>,
    timestamp: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<D>,
}

fn frame(notice: &Notice, kind: &'static str, data: Option<impl Serialize>) -> Frame {
    let timestamp = notice.at.to_rfc3339();
    json::frame(&Outgoing { kind, id: Id::of(notice, kind), timestamp, data })
}

/// The client's own id where this answers a request, so that it can correlate;
/// else one of ours, `<type>_<UUID v7>`.
enum Id<'a> {
    Theirs(&'a str),
    Ours(&'static str, Uuid),
}

impl<'a> Id<'a> {
    fn of(notice: &'a Notice, kind: &'static str) -> Self {
        match &notice.reply_to {
            Some(client_ref) => Self::Theirs(client_ref.as_str()),
            None => Self::Ours(kind, notice.id),
        }
    }
}

impl Serialize for Id<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Theirs(id) => serializer.serialize_str(id),
            Self::Ours(kind, id) => serializer.collect_str(&format_args!("{kind}_{id}")),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the names are the wire's")]
struct Message<'a> {
    id: Id<'a>,
    content: &'a str,
    message_type: &'a str,
    author: &'a str,
    author_id: &'a str,
    timestamp: String,
    offset: Offset,
}

impl<'a> Message<'a> {
    fn of(entry: &'a Entry) -> Self {
        let Body::Message { content, message_type } = &entry.body;
        Self {
            id: Id::Ours("message", entry.id),
            content,
            message_type,
            author: &entry.author.name,
            author_id: &entry.author.id.0,
            timestamp: entry.at.to_rfc3339(),
            offset: entry.offset,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Typing<'a> {
    user_id: &'a str,
    is_typing: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct User<'a> {
    user_id: &'a str,
    username: &'a str,
}

impl<'a> User<'a> {
    fn of(member: &'a Member) -> Self {
        Self { user_id: &member.id.0, username: &member.name }
    }
}

#[derive(Serialize)]
struct Presence<'a> {
    members: Vec<User<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct History<'a> {
    messages: Vec<Message<'a>>,
    has_more: bool,
    /// The `before` of the next older page; `null` when there is none.
    next_before: Option<Offset>,
    offset: Offset,
    epoch: &'a str,
}

impl<'a> History<'a> {
    fn of(page: &'a Page) -> Self {
        let oldest = page.entries.first().map(|it| it.offset);
        Self {
            messages: page.entries.iter().map(|it| Message::of(it)).collect(),
            has_more: page.has_more,
            next_before: oldest.filter(|_| page.has_more),
            offset: page.head,
            epoch: &page.epoch.0,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Auth<'a> {
    user_id: &'a str,
    expires_at: Option<String>,
}

/// `{type:"error", error, code}` (B29), with the wait where there is one.
#[derive(Serialize)]
#[expect(clippy::struct_field_names, reason = "the names are the wire's")]
struct Error<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    id: Id<'a>,
    timestamp: String,
    error: &'a str,
    code: Code,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
}

impl<'a> Error<'a> {
    fn of(notice: &'a Notice, refusal: &'a Refusal) -> Self {
        Self {
            kind: "error",
            id: Id::of(notice, "error"),
            timestamp: notice.at.to_rfc3339(),
            error: &refusal.message,
            code: refusal.code,
            retry_after: refusal.retry_after,
        }
    }
}

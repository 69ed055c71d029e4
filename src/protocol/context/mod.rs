//! The context protocol (`/api/chat/ws` and its like, P1 and on): `{type, id?, timestamp, data, error?}`.
//!
//! In: `auth`, `message`, `history`, `presence`, `ping`, and the words of features.
//! Out: the same, `user_joined`, `user_left`, `pong`, `error`, and every event by its own name.

#[cfg(not(target_arch = "wasm32"))]
pub(crate) mod schema;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::json;
pub(crate) use super::json::Envelope;
use super::spell::Id;
use super::{
    Access, Channel, Decoded, Descriptor, Encoding, Frame, Peer, Protocol, Subprotocols,
    TokenPlace, Transport, publication,
};
use crate::close::CloseCode;
use crate::feature::{self, Publishing, Spelled, Tell};
use crate::kernel::Flags;
use crate::kernel::{Command, Event, Notice, Publication};
use crate::message::{
    Acknowledgement, Before, Code, Completed, Entry, EventName, Json, Kind, Member, Millis,
    NotResumed, Offset, Page, PageRequest, ProtocolError, UserId, Welcome, Within,
};

pub(super) struct Context;

pub(super) static DESCRIPTOR: Descriptor = Descriptor {
    name: "context",
    number: 0,
    transport: Transport::WebSocket,
    entrances: &[
        Access::Token.at("/api/chat/ws", Kind::Chat),
        Access::Token.at("/api/analytics/ws", Kind::Analytics),
        Access::Token.at("/api/collaboration/ws", Kind::Collaboration),
    ],
    subprotocols: Subprotocols::Any,
    tokens: TokenPlace::ANYWHERE,
    ping_pair: Some(json::PING_PAIR),
    acknowledgement: Acknowledgement::ByEvent,
    encodings: &[Encoding::Json, Encoding::JsonBatch],
    flags: Flags::of(&[]),
    close_code: CloseCode::of,
    words: &[
        "auth",
        "batch",
        "error",
        "history",
        "message",
        "ping",
        "pong",
        "presence",
        "user_joined",
        "user_left",
    ],
    shows_offsets: true,
    resumes: true,
};

impl Protocol for Context {
    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    fn decode(&self, frame: &Frame, peer: &Peer<'_>) -> Decoded {
        // Before it is in a room, whatever it says is refused.
        let kind = peer.channel.room.map_or(Kind::Chat, |it| it.kind);
        let command = |it: &Envelope<'_>| command(it, kind);
        json::request(frame, |it: &Envelope<'_>| it.id.as_deref(), command).into()
    }

    fn encode(&self, notice: &Notice, _: &Channel<'_>) -> Option<Frame> {
        Some(match &notice.event {
            Event::Pong => frame(notice, "pong", None::<()>),
            // No room in which this is spoken answers anything.
            Event::Entry(entry) if entry.body.answers().is_some() => return None,
            Event::Entry(entry) => {
                let (word, own) = ((entry.body.kind.word)(DESCRIPTOR.name), spelled(entry));
                let word = word.unwrap_or(entry.body.name.as_str());
                frame(notice, word, Some(own.as_ref().unwrap_or(&entry.body.data)))
            }
            Event::Joined(member) => frame(notice, "user_joined", Some(User::of(member))),
            Event::Left(member) => frame(notice, "user_left", Some(User::of(member))),
            Event::Presence(members) => {
                let members = members.iter().map(User::of).collect();
                frame(notice, "presence", Some(Presence { members }))
            }
            Event::History(page) => frame(notice, "history", Some(History::of(page))),
            Event::Renewed { user, expires_at, .. } => {
                frame(notice, "auth", Some(Auth::of(user, *expires_at, None)))
            }
            // Said only to who asked to go on.
            Event::Welcome(it) => {
                it.attached.recovered()?;
                frame(notice, "auth", Some(Auth::of(&it.user, it.expires_at, Some(it))))
            }
            Event::Feature(it) => {
                let Spelled { word, data, .. } = it.spell("context")?;
                frame(notice, word, Some(data))
            }
            Event::Refused(error) => json::frame(&Error::of(notice, error)),
            Event::Position(_)
            | Event::Seen(_)
            | Event::Said(_)
            | Event::Closing(_)
            | Event::Reauth(_)
            | Event::Detached(_)
            | Event::Ping
            | Event::Reply(_) => return None,
        })
    }
}

/// How the document spells what is in the log, where that is not as it was published.
fn spelled(entry: &Entry) -> Option<Json> {
    (entry.body.kind.spell)(entry, DESCRIPTOR.name)
}

// ---- in

fn command(envelope: &Envelope<'_>, kind: Kind) -> Result<Command, ProtocolError> {
    let data = envelope.data;
    match &*envelope.kind {
        "ping" => Ok(Command::Ping),
        "auth" => authenticate(envelope),
        "history" => json::data_or_default::<HistoryIn>(
            data,
            "history takes data with limit, a whole number, and before, a time or an offset",
        )?
        .request(),
        "presence" => Ok(Command::Presence),
        word => match feature::event_of(DESCRIPTOR.name, word) {
            Some(name) => publish(kind, name, data),
            None => json::feature(DESCRIPTOR.name, word, data),
        },
    }
}

/// What publishes this event.
fn publish(
    kind: Kind,
    name: &'static str,
    data: Option<&RawValue>,
) -> Result<Command, ProtocolError> {
    let data = data.map_or_else(Json::null, Json::unchecked);
    let (protocol, name) = (DESCRIPTOR.name, EventName::known(name));
    let body = publication(Publishing::new(protocol, kind, name, data))?;
    Ok(Command::Publish(Publication::new(body, DESCRIPTOR.acknowledgement)))
}

fn authenticate(envelope: &Envelope<'_>) -> Result<Command, ProtocolError> {
    json::authenticate(envelope.token, envelope.context_id)
}

#[derive(Default, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct HistoryIn<'a> {
    /// At most so many, 1 to 200; 50 if it is missing.
    #[serde(default)]
    limit: Option<u64>,
    /// Older than this: an offset, or a time.
    #[serde(borrow, default)]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Option<Before>"))]
    before: Option<&'a RawValue>,
}

impl HistoryIn<'_> {
    fn request(&self) -> Result<Command, ProtocolError> {
        let limit = json::limit(self.limit)?;
        let before = self.before.map_or(Ok(Before::Newest), |it| Before::read(it.get()))?;
        Ok(Command::History(PageRequest {
            before,
            after: None,
            limit,
            raw: false,
            within: Within::default(),
        }))
    }
}

// ---- out

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct Outgoing<'a, D> {
    #[serde(rename = "type")]
    kind: &'a str,
    /// The client's own where this answers a request, else `<type>_<UUID v7>`.
    id: Id<'a>,
    /// When it was said: RFC 3339.
    timestamp: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<D>,
}

fn frame(notice: &Notice, kind: &str, data: Option<impl Serialize>) -> Frame {
    let timestamp = notice.at.to_rfc3339();
    json::frame(&Outgoing { kind, id: Id::of(notice, kind), timestamp, data })
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct User<'a> {
    /// The token's `sub`.
    user_id: &'a str,
    /// For showing.
    username: &'a str,
}

impl<'a> User<'a> {
    fn of(member: &'a Member) -> Self {
        Self { user_id: &member.id.0, username: &member.name }
    }
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct Presence<'a> {
    /// Users, each once.
    members: Vec<User<'a>>,
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct History<'a> {
    /// Oldest first.
    #[cfg_attr(
        not(target_arch = "wasm32"),
        schemars(with = "Vec<Completed<'static, crate::feature::MessageInContext<'static>>>")
    )]
    messages: Vec<Completed<'a, Json>>,
    /// Whether the log goes on.
    has_more: bool,
    /// The `before` of the next older page; `null` when there is none.
    next_before: Option<Offset>,
    /// Where the log stands.
    offset: Offset,
    /// Which incarnation of the log this is.
    epoch: &'a str,
}

impl<'a> History<'a> {
    fn of(page: &'a Page) -> Self {
        Self {
            messages: page.completed(spelled),
            has_more: page.has_more,
            next_before: page.next_before(),
            offset: page.head,
            epoch: &page.epoch.0,
        }
    }
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Auth<'a> {
    /// Whose token it is.
    user_id: &'a str,
    /// When it expires: RFC 3339; `null` for one that does not.
    expires_at: Option<String>,
    /// Where the log stands, for who asked to go on in it.
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

impl<'a> Auth<'a> {
    fn of(user: &'a UserId, expires_at: Option<Millis>, welcome: Option<&'a Welcome>) -> Self {
        Self {
            user_id: &user.0,
            expires_at: expires_at.map(Millis::to_rfc3339),
            offset: welcome.map(|it| it.offset),
            epoch: welcome.map(|it| it.epoch.0.as_str()),
            recovered: welcome.and_then(|it| it.attached.recovered()),
            reason: welcome.and_then(|it| it.attached.reason),
        }
    }
}

/// `{type:"error", error, code}` (B29), with the wait where there is one.
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[expect(clippy::struct_field_names, reason = "the names are the wire's")]
pub(crate) struct Error<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    /// The client's own where this answers a request, else `error_<UUID v7>`.
    id: Id<'a>,
    /// When it was said: RFC 3339.
    timestamp: String,
    /// For people.
    error: &'a str,
    /// For programs.
    code: Code,
    /// Seconds after which it may work.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
}

impl<'a> Error<'a> {
    fn of(notice: &'a Notice, error: &'a ProtocolError) -> Self {
        Self {
            kind: "error",
            id: Id::of(notice, "error"),
            timestamp: notice.at.to_rfc3339(),
            error: &error.message,
            code: error.code,
            retry_after: error.retry_after,
        }
    }
}

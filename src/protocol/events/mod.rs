//! The events protocol (`/api/v1/ws`, V1 and on): `{type, id?, timestamp, …}`.
//!
//! In: `ping`, `auth`, `subscribe`, `unsubscribe`, `query`, `command`.
//! Out: `connection_established`, `pong`, `event`, `broadcast`, `response`, `error`.

pub(crate) mod out;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) mod schema;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::json::{self, Text};
use super::{
    Access, Channel, Decoded, Descriptor, Encoding, Frame, Peer, Protocol, Subprotocols,
    TokenPlace, Transport, publication,
};
use crate::close::CloseCode;
use crate::feature::{self, Ask, Publishing};
use crate::kernel::{Command, Notice, Publication};
use crate::kernel::{Flag, Flags};
use crate::limits::TOPICS_MAX;
use crate::message::{
    Acknowledgement, Before, Code, EventName, Json, Kind, Offset, PageRequest, ProtocolError,
    Target, Topic, UserId, Within,
};

pub(super) struct Events;

pub(super) static DESCRIPTOR: Descriptor = Descriptor {
    name: "events",
    number: 2,
    transport: Transport::WebSocket,
    entrances: &[
        Access::Token.at("/api/v1/ws", Kind::Hub),
        Access::Development.at("/api/v1/ws/dev", Kind::Hub),
        Access::Demo.at("/ws/demo", Kind::Hub),
        Access::Demo.at("/api/v1/ws/demo", Kind::Hub),
    ],
    subprotocols: Subprotocols::Any,
    tokens: TokenPlace::ANYWHERE,
    ping_pair: Some(json::PING_PAIR),
    acknowledgement: Acknowledgement::ByReply,
    encodings: &[Encoding::Json, Encoding::JsonBatch],
    flags: Flags::of(&[Flag::Filtered, Flag::Patient, Flag::Greeted]),
    close_code: CloseCode::of,
    words: &[
        "auth",
        "batch",
        "command",
        "connection_established",
        "error",
        "event",
        "ping",
        "pong",
        "query",
        "response",
        "subscribe",
        "unsubscribe",
        "user_joined",
        "user_left",
    ],
    shows_offsets: true,
    resumes: true,
};

impl Protocol for Events {
    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    fn decode(&self, frame: &Frame, _: &Peer<'_>) -> Decoded {
        json::request(frame, |it: &Envelope<'_>| it.id.as_deref(), command).into()
    }

    fn encode(&self, notice: &Notice, _: &Channel<'_>) -> Option<Frame> {
        out::encode(notice)
    }
}

#[derive(Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct Envelope<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    /// The client's own, echoed by what answers it.
    #[serde(borrow, default)]
    id: Option<Text<'a>>,
    #[serde(borrow, default)]
    events: Option<&'a RawValue>,
    #[serde(borrow, default)]
    query: Option<Text<'a>>,
    #[serde(borrow, default)]
    command: Option<Text<'a>>,
    #[serde(borrow, default)]
    params: Option<&'a RawValue>,
    /// A JWT.
    #[serde(borrow, default)]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "String"))]
    token: Option<&'a RawValue>,
    /// The room it is for, where the URL does not say.
    #[serde(borrow, default, rename = "contextId")]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Option<String>"))]
    context_id: Option<&'a RawValue>,
}

fn command(envelope: &Envelope<'_>) -> Result<Command, ProtocolError> {
    match &*envelope.kind {
        "ping" => Ok(Command::Ping),
        "auth" => json::authenticate(envelope.token, envelope.context_id),
        "subscribe" => topics(envelope.events).map(Command::Subscribe),
        "unsubscribe" => topics(envelope.events).map(Command::Unsubscribe),
        "query" => query(envelope.query.as_deref(), envelope.params),
        "command" => order(envelope.command.as_deref(), envelope.params),
        _ => Err(ProtocolError::new(Code::UnknownMessageType, "this endpoint knows no such type")),
    }
}

fn topics(events: Option<&RawValue>) -> Result<Vec<Topic>, ProtocolError> {
    let wrong = ProtocolError::invalid("events must be a list of topics");
    let texts: Vec<String> =
        events.and_then(|it| serde_json::from_str(it.get()).ok()).ok_or(wrong)?;
    if TOPICS_MAX < texts.len() {
        return Err(ProtocolError::invalid("a connection has at most 100 topics"));
    }
    texts.into_iter().map(Topic::parse).collect()
}

fn query(name: Option<&str>, params: Option<&RawValue>) -> Result<Command, ProtocolError> {
    match name {
        Some("presence") => Ok(Command::Presence),
        Some("stats") => Ok(Command::Stats),
        Some("subscriptions") => Ok(Command::Subscriptions),
        Some("history") => json::data_or_default::<HistoryIn<'_>>(
            params,
            "history takes params with limit, before, after and raw",
        )?
        .request(),
        Some(word) => feature::Command::read(DESCRIPTOR.name, &format!("query {word}"), params)
            .unwrap_or(Err(ProtocolError::new(Code::NotFound, "there is no such query")))
            .map(Command::Feature),
        None => Err(ProtocolError::invalid("a query needs query, a string")),
    }
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
    /// Read upwards from this offset.
    #[serde(default)]
    after: Option<Offset>,
    /// Whether edits, deletions and reactions stand by themselves, as in the log.
    #[serde(default)]
    raw: bool,
}

impl HistoryIn<'_> {
    fn request(&self) -> Result<Command, ProtocolError> {
        let limit = json::limit(self.limit)?;
        let before = self.before.map_or(Ok(Before::Newest), |it| Before::read(it.get()))?;
        Ok(Command::History(PageRequest {
            before,
            after: self.after,
            limit,
            raw: self.raw,
            within: Within::default(),
        }))
    }
}

fn order(name: Option<&str>, params: Option<&RawValue>) -> Result<Command, ProtocolError> {
    match name {
        Some("publish") => {
            let PublishIn { event, data, user_id, of } =
                json::data(params, "publish needs params with event, a string, and data")?;
            // Some are asked of a feature, and not published.
            let asked = feature::Command::read("events publish", &event, data);
            if let Some(asked) = asked {
                return asked.map(Command::Feature);
            }
            let name = EventName::parse(event)?;
            let data = data.map_or_else(Json::null, Json::unchecked);
            let user = user_id.map(UserId::parse).transpose()?;
            let of = of.map(Target::read).transpose()?;
            let asked = Publishing::new(DESCRIPTOR.name, Kind::Hub, name, data);
            let body = publication(Publishing { user, of, ..asked })?;
            Ok(Command::Publish(Publication::new(body, DESCRIPTOR.acknowledgement)))
        }
        Some("kick") => json::kicked(params).map(Command::Kick),
        Some(word) => feature::Command::read("events", word, params)
            .unwrap_or(Err(ProtocolError::new(Code::NotFound, "there is no such command")))
            .map(Command::Feature),
        None => Err(ProtocolError::invalid("a command needs command, a string")),
    }
}

#[derive(Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct PublishIn<'a> {
    /// What it is called.
    event: String,
    /// What it says; any JSON, but what `workflow_update` and `notification` promise.
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
    /// Only this user's connections get it.
    #[serde(default)]
    user_id: Option<String>,
    /// The entry in whose thread it is said.
    #[serde(borrow, default)]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Option<Target>"))]
    of: Option<&'a RawValue>,
}

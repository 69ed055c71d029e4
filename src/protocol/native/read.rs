//! What clients say.

use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::DESCRIPTOR;
use crate::feature::{self, Ask, Publishing};
use crate::kernel::{Command, Publication, Request};
use crate::limits::{JSON_DEPTH_MAX, TOPICS_MAX};
use crate::message::{
    BYTES, Before, Change, Code, EVENT, EventName, Following, Json, Kind, Millis, Offset,
    PRESENCE_DATA_BYTES_MAX, PageRequest, Position, ProtocolError, Rewind, Target, Topic, UserId,
    Within, is_bearable, read_absent,
};
use crate::protocol::json::{self, Text};
use crate::protocol::{Frame, Peer, publication};

/// Most messages in one frame.
const MESSAGES_MAX: usize = 100;

pub(super) const NO_MESSAGEPACK: ProtocolError =
    ProtocolError::invalid("a binary frame is MessagePack that JSON could say, 32 deep at most");
const NO_LIST: ProtocolError =
    ProtocolError::invalid("a frame is one message, or a list of 1 to 100");
const UNKNOWN: ProtocolError =
    ProtocolError::new(Code::UnknownMessageType, "this endpoint knows no such type");
const OTHER_ROOM: ProtocolError =
    ProtocolError::new(Code::NotFound, "this connection is not attached to this room");
const ONE_ROOM: ProtocolError =
    ProtocolError::new(Code::Conflict, "this connection can be attached to no other room");

/// What a frame asks: each message by itself, in their order.
pub(super) fn requests(frame: &Frame, peer: &Peer<'_>) -> Vec<Request> {
    let Frame::Text(text) = frame else { return vec![refused(NO_LIST)] };
    if !text.trim_start_matches([' ', '\t', '\r', '\n']).starts_with('[') {
        return vec![request(frame, peer)];
    }
    let messages: Option<Vec<&RawValue>> = is_bearable(text.as_bytes(), JSON_DEPTH_MAX + 1)
        .then(|| serde_json::from_str(text).ok())
        .flatten();
    match messages {
        Some(all) if (1..=MESSAGES_MAX).contains(&all.len()) => {
            all.into_iter().map(|it| request(&Frame::Text(it.get().to_owned()), peer)).collect()
        }
        Some(_) | None => vec![refused(NO_LIST)],
    }
}

/// A frame of which nothing can be read.
pub(super) fn refused(error: ProtocolError) -> Request {
    Request { request_id: None, command: Err(error) }
}

fn request(frame: &Frame, peer: &Peer<'_>) -> Request {
    json::request(frame, |it: &Envelope<'_>| it.id.as_deref(), |it| command(it, peer))
}

#[derive(Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct Envelope<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    /// The client's own: it gets exactly one answer.
    #[serde(borrow, default)]
    id: Option<Text<'a>>,
    /// Which room, as `kind:name`; the connection's own room if it is missing.
    #[serde(borrow, default)]
    room: Option<Text<'a>>,
    /// What it is called.
    #[serde(borrow, default)]
    event: Option<Text<'a>>,
    /// What it says; any JSON.
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
    /// `base64`: the data is bytes, which are a string in JSON.
    #[serde(borrow, default)]
    encoding: Option<Text<'a>>,
    /// The offset of the entry that it is about.
    #[serde(borrow, default)]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Option<Offset>"))]
    of: Option<&'a RawValue>,
    /// Only this user's connections get it.
    #[serde(borrow, default)]
    to: Option<Text<'a>>,
    /// Whether it is told to those who hear it now, and not kept.
    #[serde(default)]
    ephemeral: Option<bool>,
    /// `false`: this connection does not get it.
    #[serde(default)]
    echo: Option<bool>,
    /// Names of events, or what they begin with and a star.
    #[serde(borrow, default)]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Option<Vec<Topic>>"))]
    events: Option<&'a RawValue>,
    /// Older than this: an offset, or milliseconds since 1970.
    #[serde(default)]
    before: Option<u64>,
    /// Read upwards from this offset, or these milliseconds since 1970.
    #[serde(default)]
    after: Option<u64>,
    /// Whether the newest comes first.
    #[serde(default)]
    reverse: Option<bool>,
    /// At most so many, 1 to 200; 50 if it is missing.
    #[serde(default)]
    limit: Option<u64>,
    /// Whether what is about others stands by itself, as in the log.
    #[serde(default)]
    raw: Option<bool>,
    #[serde(borrow, default)]
    query: Option<Text<'a>>,
    #[serde(borrow, default)]
    command: Option<Text<'a>>,
    #[serde(borrow, default)]
    params: Option<&'a RawValue>,
    /// `epoch:offset`: go on from here.
    #[serde(borrow, default)]
    resume: Option<Text<'a>>,
    /// Else from so many entries before the newest, or `30s`, `10m`, `24h` ago.
    #[serde(borrow, default)]
    rewind: Option<&'a RawValue>,
    /// `false`: the user is not here by this connection.
    #[serde(borrow, default)]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Option<bool>"))]
    present: Option<&'a RawValue>,
    /// Where the page begins: what the one before ended with.
    #[serde(borrow, default)]
    cursor: Option<Text<'a>>,
    /// A JWT.
    #[serde(borrow, default)]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Option<String>"))]
    token: Option<&'a RawValue>,
}

fn command(it: &Envelope<'_>, peer: &Peer<'_>) -> Result<Command, ProtocolError> {
    let kind = &*it.kind;
    match kind {
        "ping" => return Ok(Command::Ping),
        "auth" => return json::authenticate(it.token, None),
        "publish" | "subscribe" | "unsubscribe" | "history" | "presence" | "query" | "command"
        | "attach" | "detach" => {}
        _ => return Err(UNKNOWN),
    }
    let own = peer.channel.room.filter(|_| it.room.is_some()).map(|own| {
        let name = own.name.as_ref().map_or("", |it| it.as_str());
        it.room.as_deref().and_then(|it| it.split_once(':')) == Some((own.kind.as_str(), name))
    });
    if own == Some(false) {
        return Err(if kind == "attach" { ONE_ROOM } else { OTHER_ROOM });
    }
    match kind {
        "publish" => publish(it, peer),
        "subscribe" => topics(it.events).map(Command::Subscribe),
        "unsubscribe" => topics(it.events).map(Command::Unsubscribe),
        "history" => history(it),
        "presence" => members(it),
        "query" => query(it.query.as_deref(), it.params, peer),
        "command" => order(it.command.as_deref(), it.params, peer),
        "attach" => attach(it),
        _ => Ok(Command::Detach),
    }
}

fn topics(events: Option<&RawValue>) -> Result<Vec<Topic>, ProtocolError> {
    let wrong = ProtocolError::invalid("events must be a list of 1 to 100 filters");
    let texts: Option<Vec<String>> = events.and_then(|it| serde_json::from_str(it.get()).ok());
    let texts = texts.filter(|it| (1..=TOPICS_MAX).contains(&it.len())).ok_or(wrong)?;
    texts.into_iter().map(Topic::parse).collect()
}

fn attach(it: &Envelope<'_>) -> Result<Command, ProtocolError> {
    let mut topics = it.events.map(|_| topics(it.events)).transpose()?;
    if let Some(topics) = &mut topics {
        topics.sort_unstable();
        topics.dedup();
    }
    let text = |raw: &RawValue| serde_json::from_str(raw.get()).unwrap_or(raw.get().to_owned());
    let rewind = it.rewind.map(|raw| Rewind::read(&text(raw))).transpose()?;
    let position = it.resume.as_deref().map(Position::read);
    let token = it.token.map(|it| serde_json::from_str(it.get())).transpose();
    let token = token.map_err(|_| ProtocolError::invalid("a token is a string"))?;
    let is_absent = it.present.map_or(Ok(false), |raw| read_absent(&text(raw)))?;
    Ok(Command::Attach(Box::new(Following { topics, position, rewind, token, is_absent })))
}

fn history(it: &Envelope<'_>) -> Result<Command, ProtocolError> {
    let of = it.of.map(|it| it.get().parse().map(Offset)).transpose();
    let of = of.map_err(|_| ProtocolError::invalid("of is an offset"))?;
    // Exclusive, as offsets are.
    let later_than = it.after.filter(|it| Before::TIME_MIN <= *it).map(Millis);
    let after = it.after.filter(|it| *it < Before::TIME_MIN).map(Offset);
    let within = Within { of, later_than, reverse: it.reverse.unwrap_or_default(), exact: true };
    let before = it.before.map_or(Before::Newest, Before::of);
    let limit = json::limit(it.limit)?;
    let raw = it.raw.unwrap_or_default();
    Ok(Command::History(PageRequest { before, after, limit, raw, within }))
}

fn query(
    name: Option<&str>,
    params: Option<&RawValue>,
    peer: &Peer<'_>,
) -> Result<Command, ProtocolError> {
    match name {
        Some("presence") => Ok(Command::Members(None, None)),
        Some("position") => Ok(Command::Position),
        Some("stats") => Ok(Command::Stats),
        Some("subscriptions") => Ok(Command::Subscriptions),
        Some(word) => asked(&format!("query {word}"), params, peer)
            .unwrap_or(Err(ProtocolError::new(Code::NotFound, "there is no such query here"))),
        None => Err(ProtocolError::invalid("a query needs query, a string")),
    }
}

/// Asks a feature, where rooms of this kind have it.
fn asked(
    word: &str,
    params: Option<&RawValue>,
    peer: &Peer<'_>,
) -> Option<Result<Command, ProtocolError>> {
    let asked = feature::Command::read(DESCRIPTOR.name, word, params)?;
    let is_served =
        |it: &feature::Command| peer.channel.room.is_none_or(|room| it.is_served_in(room.kind));
    match asked {
        Ok(it) if !is_served(&it) => None,
        asked => Some(asked.map(Command::Feature)),
    }
}

fn order(
    name: Option<&str>,
    params: Option<&RawValue>,
    peer: &Peer<'_>,
) -> Result<Command, ProtocolError> {
    match name {
        Some("kick") => json::kicked(params).map(Command::Kick),
        Some("presence.enter") => show(Change::Join, params),
        Some("presence.update") => show(Change::Update, params),
        Some("presence.leave") => show(Change::Leave, params),
        Some(word) => asked(word, params, peer)
            .unwrap_or(Err(ProtocolError::new(Code::NotFound, "there is no such command here"))),
        None => Err(ProtocolError::invalid("a command needs command, a string")),
    }
}

fn members(it: &Envelope<'_>) -> Result<Command, ProtocolError> {
    if it.limit == Some(0) {
        return Err(ProtocolError::invalid("limit must be 1 or more"));
    }
    Ok(Command::Members(it.limit, it.cursor.as_deref().map(str::to_owned)))
}

#[derive(Default, Deserialize)]
struct ShowIn<'a> {
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
}

fn show(change: Change, params: Option<&RawValue>) -> Result<Command, ProtocolError> {
    let wrong = "params must be an object with data, any JSON, or nothing";
    let ShowIn { data } = crate::message::json::data_or_default(params, wrong)?;
    if data.is_some_and(|it| PRESENCE_DATA_BYTES_MAX < it.get().len()) {
        return Err(ProtocolError::data_too_large(PRESENCE_DATA_BYTES_MAX));
    }
    data.map(Json::read).transpose().map(|data| Command::Show(change, data))
}

fn publish(it: &Envelope<'_>, peer: &Peer<'_>) -> Result<Command, ProtocolError> {
    let event =
        it.event.as_deref().ok_or(ProtocolError::invalid("publish needs event, a string"))?;
    // Some are asked of a feature, and not published.
    if let Some(asked) = feature::Command::read("native publish", event, it.data) {
        return asked.map(Command::Feature);
    }
    let kind = peer.channel.room.map_or(Kind::Hub, |it| it.kind);
    let name = EventName::parse(event)?;
    let bytes = it.encoding.as_deref().map(|encoding| bytes(encoding, it.data)).transpose()?;
    let is_bytes = bytes.is_some();
    let data = bytes.unwrap_or_else(|| it.data.map_or_else(Json::null, Json::unchecked));
    let user = it.to.as_deref().map(UserId::parse).transpose()?;
    let is_privileged = user.is_some();
    let of = it.of.map(Target::read).transpose()?;
    let asked = Publishing::new(DESCRIPTOR.name, kind, name, data);
    let mut body = publication(Publishing { user, of, ..asked })?;
    if is_bytes && body.kind != EVENT {
        return Err(ProtocolError::invalid("what this event says is no bytes"));
    }
    if is_bytes {
        body.kind = BYTES;
    }
    Ok(Command::Publish(Publication {
        exclude: peer.connection.filter(|_| it.echo == Some(false)),
        is_ephemeral: it.ephemeral.unwrap_or_default(),
        is_privileged,
        ..Publication::new(body, DESCRIPTOR.acknowledgement)
    }))
}

/// Bytes as they are stored: base64 with its padding, however it came.
fn bytes(encoding: &str, data: Option<&RawValue>) -> Result<Json, ProtocolError> {
    const WRONG: ProtocolError =
        ProtocolError::invalid("encoding is base64, and data a string of that");
    let config = GeneralPurposeConfig::new();
    let config = config.with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let engine = GeneralPurpose::new(&alphabet::STANDARD, config);
    let text: Option<String> = data.and_then(|it| serde_json::from_str(it.get()).ok());
    let read = text.filter(|_| encoding == "base64").and_then(|it| engine.decode(it).ok());
    Ok(Json::of(&STANDARD.encode(read.ok_or(WRONG)?)))
}

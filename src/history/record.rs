//! How an entry is stored: a kind and its JSON. Kinds and their fields are
//! append-only; the names are the wire's, so that a log can be read by eye.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Row, Value};
use crate::message::{
    Body, ClientRef, Entry, EventName, Json, Lane, Member, Metric, Millis, Name, Offset, Published,
    UserId,
};

#[derive(Serialize, Deserialize)]
struct Message<'a> {
    content: std::borrow::Cow<'a, str>,
    #[serde(rename = "messageType")]
    message_type: std::borrow::Cow<'a, str>,
}

#[derive(Serialize, Deserialize)]
struct Event<'a> {
    name: std::borrow::Cow<'a, str>,
    data: std::borrow::Cow<'a, Json>,
}

#[derive(Serialize, Deserialize)]
struct Measured<'a> {
    metric: std::borrow::Cow<'a, Name>,
    value: std::borrow::Cow<'a, Json>,
    /// When it was measured, if that is not when it was accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    timestamp: Option<Millis>,
}

#[derive(Serialize, Deserialize)]
struct Response<'a> {
    #[serde(rename = "messageId")]
    to: std::borrow::Cow<'a, str>,
    of: Offset,
    content: std::borrow::Cow<'a, str>,
}

/// The stored kind and data of a body.
pub(super) fn store(body: &Body) -> (&'static str, String) {
    match body {
        Body::Message { content, message_type } => {
            let message = Message { content: content.into(), message_type: message_type.into() };
            ("message", serde_json::to_string(&message).unwrap_or_default())
        }
        Body::Event(Published { name, data, .. }) => {
            let event =
                Event { name: name.as_str().into(), data: std::borrow::Cow::Borrowed(data) };
            ("event", serde_json::to_string(&event).unwrap_or_default())
        }
        Body::Metric(Metric { metric, value, at }) => {
            let (metric, value) =
                (std::borrow::Cow::Borrowed(metric), std::borrow::Cow::Borrowed(value));
            let measured = Measured { metric, value, timestamp: *at };
            ("metric", serde_json::to_string(&measured).unwrap_or_default())
        }
        Body::Response { to, of, content } => {
            let response = Response { to: to.as_str().into(), of: *of, content: content.into() };
            ("response", serde_json::to_string(&response).unwrap_or_default())
        }
    }
}

/// A row of [`COLUMNS`].
pub(super) fn row(entry: &Entry) -> [Value<'_>; COLUMNS_COUNT] {
    let Entry { offset, at, id, author, client_ref, body } = entry;
    let (kind, data) = store(body);
    [
        offset.0.into(),
        at.0.into(),
        id.to_string().into(),
        author.id.0.as_str().into(),
        author.name.as_str().into(),
        client_ref.as_ref().map(ClientRef::as_str).into(),
        kind.into(),
        data.into(),
        body.user().map(|it| it.0.as_str()).into(),
    ]
}

fn load(kind: &str, data: &str, user: Option<String>) -> Option<Body> {
    match kind {
        "message" => {
            let Message { content, message_type } = serde_json::from_str(data).ok()?;
            Some(Body::Message {
                content: content.into_owned(),
                message_type: message_type.into_owned(),
            })
        }
        "event" => {
            let Event { name, data } = serde_json::from_str(data).ok()?;
            let (name, data) = (EventName::stored(name).ok()?, data.into_owned());
            let user = user.map(UserId);
            Some(Body::Event(Published { name, data, user, lane: Lane::Normal }))
        }
        "metric" => {
            let Measured { metric, value, timestamp: at } = serde_json::from_str(data).ok()?;
            let (metric, value) = (metric.into_owned(), value.into_owned());
            Some(Body::Metric(Metric { metric, value, at }))
        }
        "response" => {
            let Response { to, of, content } = serde_json::from_str(data).ok()?;
            let to = ClientRef::parse(to).ok()?;
            Some(Body::Response { to, of, content: content.into_owned() })
        }
        // Written by a later version, before a roll-back: not ours to show.
        _ => None,
    }
}

/// The columns of [`row`] and [`entry`], in their order.
pub(super) const COLUMNS: &str = "offset, at, id, author, name, ref, kind, data, user";
/// How many they are.
pub(super) const COLUMNS_COUNT: usize = 9;

/// Reads a row of [`COLUMNS`].
pub(super) fn entry(row: Row) -> Option<Entry> {
    let [offset, at, id, author, name, client_ref, kind, data, user] =
        <[Value<'static>; COLUMNS_COUNT]>::try_from(row).ok()?;
    Some(Entry {
        offset: Offset(offset.integer()?),
        at: Millis(at.integer()?),
        id: Uuid::parse_str(&id.text()?).ok()?,
        author: Member { id: UserId(author.text()?), name: name.text()? },
        client_ref: client_ref.text().and_then(|it| ClientRef::parse(it).ok()),
        body: load(&kind.text()?, &data.text()?, user.text())?,
    })
}

//! How the context protocol spells what is about a message.

use serde::Serialize;
use serde_json::value::RawValue;

use super::about::About;
use crate::feature::messages::MessageText;
use crate::message::{Entry, Json, Offset, Relation, starts_object};

/// The native protocol says in its own words which entry it is about.
fn native(about: &About<'_>) -> Json {
    #[derive(Serialize)]
    struct Reaction<'a> {
        key: &'a str,
        on: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        count: Option<u64>,
    }
    match (&about.key, about.on) {
        (Some(key), Some(on)) => Json::of(&Reaction { key, on, count: about.count }),
        _ => about.data.map_or_else(Json::null, Json::unchecked),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InContext<'a> {
    message_id: String,
    of: Offset,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_type: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    on: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u64>,
    author: &'a str,
    author_id: &'a str,
    timestamp: String,
    offset: Offset,
}

/// What is left of the text of a message that was deleted.
const NOTHING: &str = r#"{"content":"","messageType":"text"}"#;

/// Its data. An edit of what is no message has that as `data`.
pub(super) fn spell(entry: &Entry, protocol: &str) -> Option<Json> {
    let about = About::of(&entry.body.data)?;
    if protocol == "native" {
        return Some(native(&about));
    }
    if protocol != "context" {
        return None;
    }
    let data = about.data.map_or(NOTHING, RawValue::get);
    let is_text = entry.body.target(Relation::Replaces).is_some() && starts_object(data);
    let text: Option<MessageText<'_>> = serde_json::from_str(data).ok().filter(|_| is_text);
    let (content, message_type) = text.map(|it| (it.content, it.message_type)).unzip();
    Some(Json::of(&InContext {
        message_id: about.id.replacen("event_", "message_", 1),
        of: about.of,
        content,
        message_type,
        data: about.data.filter(|_| content.is_none()),
        key: about.key.as_deref(),
        on: about.on,
        count: about.count,
        author: &entry.author.name,
        author_id: &entry.author.id.0,
        timestamp: entry.at.to_rfc3339(),
        offset: entry.offset,
    }))
}

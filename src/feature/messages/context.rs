//! How the context protocol spells messages.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::MessageText;
use crate::feature::Publishing;
use crate::message::{Body, Entry, Offset, ProtocolError, Relation, Target, json};

/// Reads what somebody says.
pub(super) fn read(it: &Publishing) -> Result<Body, ProtocolError> {
    let wrong = "message needs data with content, a string, and messageType, a string of up to 64 bytes, or none";
    let MessageIn { content, message_type, reply_to } = json::data(Some(it.data.as_raw()), wrong)?;
    let target = reply_to.map(Target::read).transpose()?;
    let relates_to = target.map(|it| (Relation::Replies, it));
    Ok(Body { relates_to, ..Body::message(&content, message_type.as_deref())? })
}

#[derive(Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct MessageIn<'a> {
    /// Text; never interpreted.
    content: String,
    /// What the content is, 1 to 64 bytes; `text` if it is missing.
    #[serde(default, rename = "messageType")]
    message_type: Option<String>,
    /// The message that it answers: its offset, or its id.
    #[serde(borrow, default, rename = "replyTo")]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Option<Target>"))]
    reply_to: Option<&'a RawValue>,
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the names are the wire's")]
pub(crate) struct Message<'a> {
    /// Its name, minted by the room.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(length(min = 1)))]
    id: String,
    /// Text; never interpreted.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "String"))]
    content: &'a RawValue,
    /// What the content is.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "String"))]
    message_type: &'a RawValue,
    /// Who said it, for showing.
    author: &'a str,
    /// Who said it: a `sub`.
    author_id: &'a str,
    /// When the room accepted it: RFC 3339.
    timestamp: String,
    /// Its position in the room's log.
    offset: Offset,
    /// The message that it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_to: Option<Offset>,
}

impl<'a> Message<'a> {
    /// `None` for what is no message.
    pub(super) fn of(entry: &'a Entry) -> Option<Self> {
        let MessageText { content, message_type } = MessageText::of(&entry.body)?;
        Some(Self {
            id: format!("message_{}", entry.id),
            content,
            message_type,
            author: &entry.author.name,
            author_id: &entry.author.id.0,
            timestamp: entry.at.to_rfc3339(),
            offset: entry.offset,
            reply_to: entry.body.target(Relation::Replies),
        })
    }
}

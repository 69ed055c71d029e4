//! How responses, and what they answer, are spelled.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::message::{Entry, Json};

/// The data of a response, read without unescaping it.
#[derive(Serialize, Deserialize)]
pub struct ResponseText<'a> {
    /// What the message was called that it answers, a JSON string.
    #[serde(borrow, rename = "messageId")]
    pub message_id: &'a RawValue,
    /// What was said, a JSON string.
    #[serde(borrow)]
    pub content: &'a RawValue,
}

/// How an entry is spelled: as it is told, or as history shows it.
pub(super) fn spell(entry: &Entry, protocol: &str) -> Option<Json> {
    let ResponseText { message_id, content } =
        serde_json::from_str(entry.body.data.as_str()).ok()?;
    match protocol {
        "conversation" => Some(Json::of(&Response { message_id, content })),
        "conversation history" => {
            let message_id = Some(MessageId::Answered(message_id));
            Some(Json::of(&Said::new(entry, message_id, Role::Assistant, content)))
        }
        _ => None,
    }
}

/// What the responder said (D11). The same each time it is told.
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct Response<'a> {
    /// Of the message it answers.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "String"))]
    message_id: &'a RawValue,
    /// Text; never interpreted.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "String"))]
    content: &'a RawValue,
}

/// How the history of a conversation shows what its user said.
pub(in crate::feature) fn asked(entry: &Entry, content: &RawValue) -> Json {
    let message_id = entry.request_id.as_ref().map(|it| MessageId::Own(it.as_str()));
    Json::of(&Said::new(entry, message_id, Role::User, content))
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
pub(crate) struct Said<'a> {
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
    fn new(
        entry: &Entry,
        message_id: Option<MessageId<'a>>,
        role: Role,
        content: &'a RawValue,
    ) -> Self {
        Self { message_id, role, content, timestamp: entry.at.to_rfc3339() }
    }
}

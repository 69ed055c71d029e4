//! How the conversation protocol spells what is asked and said here.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::words::{ClientName, ConversationCommand, ResponseText, ResumeToken};
use crate::message::{Entry, Json, ProtocolError, RequestId, text_fits};

/// The fields of a frame that asks something of a conversation. Unknown ones are ignored; so is
/// `timestamp`, which is ours to give (X3).
#[derive(Default, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct Asked<'a> {
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
}

impl<'a> Asked<'a> {
    pub(super) fn read(frame: Option<&'a RawValue>) -> Self {
        frame.and_then(|it| serde_json::from_str(it.get()).ok()).unwrap_or_default()
    }

    pub(super) fn connect(&self) -> Result<ConversationCommand, ProtocolError> {
        let wrong = "connect needs clientId and version, which are strings";
        let version = string(self.version).ok_or(ProtocolError::invalid(wrong))?;
        let client = string(self.client_id).ok_or(ProtocolError::invalid(wrong))?;
        if !is_spoken(&version) {
            let wrong = "this version of the protocol is not spoken here; 1 is";
            return Err(ProtocolError::invalid(wrong));
        }
        Ok(ConversationCommand::Connect { client: ClientName::parse(client)? })
    }

    pub(super) fn message(&self) -> Result<ConversationCommand, ProtocolError> {
        let wrong = "message needs clientId, content and messageId, which are strings, the last of 1 to 128 bytes";
        let has_id = string(self.message_id).is_some_and(|it| RequestId::parse(it).is_ok());
        let content = string(self.content).filter(|_| has_id);
        let content = content.ok_or(ProtocolError::invalid(wrong))?;
        text_fits(&content)?;
        let client = string(self.client_id).ok_or(ProtocolError::invalid(wrong))?;
        Ok(ConversationCommand::Ask { client: ClientName::parse(client)?, content })
    }
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

/// You are in (D3).
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct Confirmed<'a> {
    /// As the client said.
    client_id: &'a str,
    /// Which conversation this is.
    conversation_id: &'a str,
    /// Always `confirmed`.
    status: &'static str,
    /// With the `conversationId` in a later URL, it leads back here. Whoever has it and a
    /// token of this user can come back: keep it as you keep the token.
    resume_token: &'a str,
}

impl<'a> Confirmed<'a> {
    pub(super) fn of(client: &'a str, resume: &'a ResumeToken) -> Self {
        Self {
            client_id: client,
            conversation_id: resume.conversation.as_str(),
            status: "confirmed",
            resume_token: &resume.token,
        }
    }
}

/// How an entry is spelled: as it is told, or as history shows it.
pub(super) fn response(entry: &Entry, protocol: &str) -> Option<Json> {
    let ResponseText { message_id, content } = ResponseText::of(&entry.body)?;
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

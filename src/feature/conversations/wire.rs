//! How the conversation protocol spells what is asked and said here.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::words::{ClientName, ConversationCommand, ConversationEvent, ResumeToken};
use crate::feature::{Ask, Spelled, Tell};
use crate::message::{Dedupe, Kind, ProtocolError, RequestId, text_fits};

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

impl Ask for ConversationCommand {
    fn read(
        protocol: &str,
        word: &str,
        frame: Option<&RawValue>,
    ) -> Option<Result<Self, ProtocolError>> {
        match (protocol, word) {
            ("conversation", "connect") => Some(Asked::read(frame).connect()),
            ("conversation", "message") => Some(Asked::read(frame).message()),
            _ => None,
        }
    }
    fn is_served_in(&self, kind: Kind) -> bool {
        kind == Kind::Conversation
    }
    fn dedupe(&self) -> Dedupe {
        Dedupe::Entry
    }
    fn introduces(&self) -> bool {
        matches!(self, Self::Connect { .. })
    }
}

impl Tell for ConversationEvent {
    fn spell(&self, protocol: &str) -> Option<Spelled> {
        let Self::Confirmed { client, resume } = self;
        let spelled = || Spelled::new("connect_confirm", &Confirmed::of(client, resume));
        (protocol == "conversation").then(spelled)
    }
}

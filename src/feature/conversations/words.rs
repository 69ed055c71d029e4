//! Conversations with a backend: what is said in them (D2 to D12).

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::Conversations;
use super::response::{self, ResponseText};
use crate::feature::Never;
use crate::message::is_dots;
use crate::message::{Body, EntryKind, Relation, Target};
use crate::message::{EventName, Json, Offset, ProtocolError, RequestId, RoomName};

/// A responder answered a message (D11). It is stored with the place of that message.
pub const RESPONSE: EntryKind = EntryKind {
    name: "response",
    accept: |body, _| body,
    store: |body, _| {
        let response = ResponseText::of(body).zip(body.answers());
        let response = response.map(|(ResponseText { message_id, content }, of)| Stored {
            message_id,
            of,
            content,
        });
        response.and_then(|it| serde_json::to_string(&it).ok()).unwrap_or_default().into()
    },
    relates: None,
    load: |data, _, _| {
        let Stored { message_id, of, content } = serde_json::from_str(data).ok()?;
        Some(answer(of, &ResponseText { message_id, content }))
    },
    leaves_more: |_| true,
    text: |body| serde_json::from_str(ResponseText::of(body)?.content.get()).ok(),
    is_folded: false,
    blank: EntryKind::STAYS,
    word: EntryKind::BY_NAME,
    spell: response::spell,
};

#[derive(Serialize, Deserialize)]
struct Stored<'a> {
    #[serde(borrow, rename = "messageId")]
    message_id: &'a RawValue,
    of: Offset,
    #[serde(borrow)]
    content: &'a RawValue,
}

impl<'a> ResponseText<'a> {
    /// The data of a body that is a response.
    #[must_use]
    pub fn of(body: &'a Body) -> Option<Self> {
        if body.kind == RESPONSE { serde_json::from_str(body.data.as_str()).ok() } else { None }
    }
}

fn answer(of: Offset, data: &impl Serialize) -> Body {
    let body = Body::new(RESPONSE, EventName::known("response"), Json::of(data));
    Body { relates_to: Some((Relation::Answers, Target::Offset(of))), ..body }
}

impl Body {
    /// What a responder said to the message at this place, which its author calls so. The content
    /// is never interpreted.
    #[must_use]
    pub fn response(to: &RequestId, of: Offset, content: &str) -> Self {
        #[derive(Serialize)]
        struct Data<'a> {
            #[serde(rename = "messageId")]
            to: &'a str,
            content: &'a str,
        }
        answer(of, &Data { to: to.as_str(), content })
    }

    /// The place of the message that it answers, if it is a response.
    #[must_use]
    pub fn answers(&self) -> Option<Offset> {
        self.target(Relation::Answers)
    }
}

/// What a client calls itself (D2, D27): its own word, which proves nothing (X9).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientName(String);

impl ClientName {
    /// Longest name, in bytes: it rides in the attachment.
    const BYTES_MAX: usize = 128;

    /// Refuses what is no name: nothing, too much, control characters.
    pub fn parse(name: impl Into<String>) -> Result<Self, ProtocolError> {
        let name = name.into();
        let is_plain = !name.chars().any(char::is_control) && !is_dots(&name);
        if is_plain && (1..=Self::BYTES_MAX).contains(&name.len()) {
            Ok(Self(name))
        } else {
            Err(ProtocolError::invalid(
                "clientId is 1 to 128 bytes without control characters, and neither . nor ..",
            ))
        }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What leads back into a conversation (X17): its name, and the proof that it is this
/// user's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResumeToken {
    /// Which conversation.
    #[serde(rename = "c")]
    pub conversation: RoomName,
    /// The `resumeToken`.
    #[serde(rename = "t")]
    pub token: String,
}

/// What a client may say in a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConversationCommand {
    /// This is who I am (D2).
    Connect {
        /// What it calls itself.
        client: ClientName,
    },
    /// Ask the responder this (D10). Its `messageId` is the request's own id.
    Ask {
        /// Who says it is asking: whoever said `connect`.
        client: ClientName,
        /// Text; never interpreted.
        content: String,
    },
}

impl From<Never<Conversations>> for ConversationCommand {
    fn from(task: Never<Conversations>) -> Self {
        task.never()
    }
}

/// What a conversation says.
#[derive(Clone, Debug, PartialEq)]
pub enum ConversationEvent {
    /// You are in (D3).
    Confirmed {
        /// What the client calls itself.
        client: String,
        /// Where it is, and how it comes back.
        resume: ResumeToken,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d27_a_client_id_is_short_and_plain() {
        for good in ["a", "client 1", "für-ünïcode", &"x".repeat(128)] {
            assert!(ClientName::parse(good).is_ok(), "{good}");
        }
        for bad in ["", ".", "..", "a\nb", "a\0", "\u{85}", &"x".repeat(129)] {
            assert!(ClientName::parse(bad).is_err(), "{bad:?}");
        }
    }
}

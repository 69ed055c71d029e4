//! What is said of typing.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::feature::{Ask, Spelled, Tell};
use crate::message::{Body, EVENT, EventName, Json, Kind, ProtocolError, UserId, json};

/// What a client says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TypingCommand {
    /// I am, or am no longer, typing (B9).
    Set(bool),
}

/// What a room says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TypingEvent {
    /// Somebody started or stopped typing (B12).
    Changed {
        /// The user who types or stopped.
        user: UserId,
        /// Whether they are typing now.
        is_typing: bool,
    },
}

impl Ask for TypingCommand {
    fn read(
        protocol: &str,
        word: &str,
        data: Option<&RawValue>,
    ) -> Option<Result<Self, ProtocolError>> {
        match (protocol, word) {
            ("context", "typing") => {
                let wrong = "typing needs data with isTyping, true or false";
                Some(json::data(data, wrong).map(|TypingIn { is_typing }| Self::Set(is_typing)))
            }
            ("native publish", "typing") => {
                let wrong = "typing needs data with on, true or false";
                Some(json::data(data, wrong).map(|Turned { on }| Self::Set(on)))
            }
            _ => None,
        }
    }
    fn is_served_in(&self, kind: Kind) -> bool {
        matches!(kind, Kind::Chat | Kind::Hub)
    }
}

impl Tell for TypingEvent {
    fn spell(&self, protocol: &str) -> Option<Spelled> {
        let Self::Changed { user, is_typing } = self;
        let (user_id, is_typing) = (user.0.as_str(), *is_typing);
        match protocol {
            "context" => Some(Spelled::new("typing", &InContext { user_id, is_typing })),
            "events" => Some(Spelled::new("typing", &InEvents { user_id, is_typing })),
            _ => None,
        }
    }
    fn topic(&self) -> Option<&'static str> {
        Some("typing")
    }
    fn is_ephemeral(&self) -> bool {
        true
    }
}

/// What those are told who follow the room, when a user begins or stops: an event like others.
pub(super) fn turned(on: bool) -> Body {
    Body::new(EVENT, EventName::known("typing"), Json::of(&Turned { on }))
}

#[derive(Serialize, Deserialize)]
pub(super) struct Turned {
    /// Whether they are typing now.
    on: bool,
}

#[derive(Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(super) struct TypingIn {
    /// Whether they are typing now.
    #[serde(rename = "isTyping")]
    is_typing: bool,
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "Typing"))]
#[serde(rename_all = "camelCase")]
pub(super) struct InContext<'a> {
    /// Who: a `sub`.
    user_id: &'a str,
    /// Whether they are typing now.
    is_typing: bool,
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "Typing"))]
pub(super) struct InEvents<'a> {
    user_id: &'a str,
    is_typing: bool,
}

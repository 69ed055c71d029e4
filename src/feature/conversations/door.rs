//! Who is let into which conversation (D3, X9, X17): whoever has a token opens one, and comes back
//! to it with the resume token of that.

use super::{ConversationConfig, Conversations, OnConnection, ResumeKey, ResumeToken};
use crate::feature::door::{Door, Joining};
use crate::kernel::{Grant, Grants};
use crate::message::{Kind, ProtocolError, RoomName};

/// One that there is.
const CONVERSATION: &str = "conversationId";
/// The proof that it is this user's.
const TOKEN: &str = "resumeToken";

const NOT_YOURS: ProtocolError =
    ProtocolError::denied("this conversationId needs the resumeToken that this user got with it");

impl Door for Conversations {
    const PARAMETERS: &'static [&'static str] = &[CONVERSATION, TOKEN];

    fn grants(kind: Kind) -> Option<Grants> {
        let all = [Grant::Join, Grant::Send, Grant::History, Grant::Presence];
        (kind == Kind::Conversation).then(|| all.into_iter().collect())
    }

    fn room(
        config: &ConversationConfig,
        joining: &Joining<'_>,
        id: String,
    ) -> Result<RoomName, ProtocolError> {
        let Some(name) = (joining.parameter)(CONVERSATION) else {
            return RoomName::parse(format!("conversation_{id}"));
        };
        let (room, token) = (RoomName::parse(name)?, (joining.parameter)(TOKEN));
        if key(config)?.verifies(&room, joining.user, token.unwrap_or_default()) {
            Ok(room)
        } else {
            Err(NOT_YOURS)
        }
    }

    fn part(
        config: &ConversationConfig,
        joining: &Joining<'_>,
        room: &RoomName,
    ) -> Result<OnConnection, ProtocolError> {
        // A capability for the conversation of another expires; a resume token does not.
        if !joining.is_assigned || Self::grants(joining.kind).is_none() {
            return Ok(OnConnection::default());
        }
        let token = key(config)?.sign(room, joining.user);
        Ok(OnConnection { resume: Some(ResumeToken { conversation: room.clone(), token }) })
    }
}

/// There is one wherever a token can be good.
fn key(config: &ConversationConfig) -> Result<&ResumeKey, ProtocolError> {
    config.resume.as_ref().ok_or(ProtocolError::system())
}

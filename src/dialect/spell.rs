//! Parts of frames that several dialects spell alike.

use serde::{Serialize, Serializer};
use uuid::Uuid;

use crate::message::{Body, Entry, Json, Member, Notice};

/// The client's own id where this answers a request, so that it can correlate;
/// else one of ours, `<type>_<UUID v7>`.
pub(super) enum Id<'a> {
    Theirs(&'a str),
    Ours(&'a str, Uuid),
}

impl<'a> Id<'a> {
    pub(super) fn of(notice: &'a Notice, kind: &'a str) -> Self {
        match &notice.reply_to {
            Some(client_ref) => Self::Theirs(client_ref.as_str()),
            None => Self::Ours(kind, notice.id),
        }
    }
}

impl Serialize for Id<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Theirs(id) => serializer.serialize_str(id),
            Self::Ours(kind, id) => serializer.collect_str(&format_args!("{kind}_{id}")),
        }
    }
}

/// A user, as others see them.
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(super) struct User<'a> {
    /// The token's `sub`.
    user_id: &'a str,
    /// For showing.
    username: &'a str,
}

impl<'a> User<'a> {
    pub(super) fn of(member: &'a Member) -> Self {
        Self { user_id: &member.id.0, username: &member.name }
    }
}

/// What an entry says.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Data<'a> {
    Event(&'a Json),
    Message {
        content: &'a str,
        #[serde(rename = "messageType")]
        message_type: &'a str,
    },
}

impl<'a> Data<'a> {
    pub(super) fn of(entry: &'a Entry) -> Self {
        match &entry.body {
            Body::Event(published) => Self::Event(&published.data),
            Body::Message { content, message_type } => Self::Message { content, message_type },
        }
    }
}

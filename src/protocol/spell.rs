//! Parts of frames that several protocols spell alike.

use serde::{Serialize, Serializer};
use uuid::Uuid;

use crate::message::{Details, Entry, Fault, Json, Member, Offset, ProtocolError, Relation};

use crate::kernel::Notice;

/// The client's own id where this answers a request, so that it can correlate;
/// else one of ours, `<type>_<UUID v7>`.
pub(crate) enum Id<'a> {
    Theirs(&'a str),
    Ours(&'a str, Uuid),
}

impl<'a> Id<'a> {
    pub(super) fn of(notice: &'a Notice, kind: &'a str) -> Self {
        match &notice.reply_to {
            Some(request_id) => Self::Theirs(request_id.as_str()),
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
pub(crate) struct User<'a> {
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

/// An event that happened.
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct Past<'a> {
    /// Its name, minted by the room.
    id: String,
    /// What it is called.
    #[serde(rename = "type")]
    kind: &'a str,
    /// Its position.
    offset: Offset,
    /// RFC 3339.
    timestamp: String,
    /// Who published it: a `sub`.
    author: &'a str,
    /// Only this user's connections got it.
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<&'a str>,
    /// The entry in whose thread it was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    of: Option<Offset>,
    /// What it says.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "serde_json::Value"))]
    data: &'a Json,
}

impl<'a> Past<'a> {
    pub(crate) fn of(entry: &'a Entry) -> Self {
        Self {
            id: format!("event_{}", entry.id),
            kind: entry.body.name.as_str(),
            offset: entry.offset,
            timestamp: entry.at.to_rfc3339(),
            author: &entry.author.id.0,
            user_id: entry.body.user.as_ref().map(|it| it.0.as_str()),
            of: entry.body.target(Relation::Replies),
            data: &entry.body.data,
        }
    }
}

/// What a refusal says beside its code and its text (C18).
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(untagged)]
pub(crate) enum ErrorDetails<'a> {
    Rate { limit: u64, window: String, retry_after: u64 },
    Faults { faults: &'a [Fault] },
    Version { version: Offset },
    Until { until: String, retry_after: u64 },
    Wait { retry_after: u64 },
}

impl<'a> ErrorDetails<'a> {
    pub(super) fn of(error: &'a ProtocolError) -> Option<Self> {
        match &error.details {
            Details::None => error.retry_after.map(|retry_after| Self::Wait { retry_after }),
            Details::Rate { limit, window_s } => Some(Self::Rate {
                limit: *limit,
                window: window(*window_s),
                retry_after: error.retry_after.unwrap_or_default(),
            }),
            Details::Version(version) => Some(Self::Version { version: *version }),
            Details::Faults(faults) => Some(Self::Faults { faults }),
            Details::Until(until) => Some(Self::Until {
                until: until.to_rfc3339(),
                retry_after: error.retry_after.unwrap_or_default(),
            }),
        }
    }
}

/// A time as C18 writes it: `1m`.
fn window(seconds: u64) -> String {
    if seconds.is_multiple_of(60) { format!("{}m", seconds / 60) } else { format!("{seconds}s") }
}

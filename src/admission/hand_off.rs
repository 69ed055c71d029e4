use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::feature::ConnectionParts;
use crate::feature::conversations::{self, ResumeToken};
use crate::kernel::{Connection, Flag, Flags, Grants};
use crate::message::{ConnectionId, Member, Millis, RoomName};
use crate::protocol::Wire;

/// The header in which the Worker tells an object whom it let in. An object is
/// reached only through the Worker, which builds the inner request from nothing:
/// whatever a client puts into this header stays outside.
pub const HAND_OFF_HEADER: &str = "x-dormouse-hand-off";

/// Whom the Worker let in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandOff {
    /// The room, which the object compares with its own name.
    pub room: RoomName,
    /// What goes over the socket.
    pub wire: Wire,
    /// Who it is.
    pub member: Member,
    /// What they may do.
    pub grants: Grants,
    /// When their token expires.
    pub expires_at: Option<Millis>,
    /// How the room is to treat them.
    pub flags: Flags,
    /// What the client calls itself.
    pub client: Option<String>,
    /// Where they connect from, if the room is to count that.
    pub address: Option<String>,
    /// Where they connect from, if they brought no token: seats are shared out by it. Empty
    /// where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
    /// What leads back to the conversation that it opens.
    #[serde(default)]
    pub resume: Option<ResumeToken>,
    /// Whether the Worker holds the client's socket and passes on what is said on either side.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub piped: bool,
}

impl HandOff {
    /// Of somebody who may do this in a room, treated as the dialect promises.
    pub(super) fn new(room: RoomName, wire: Wire, member: Member, grants: Grants) -> Self {
        Self {
            room,
            wire,
            member,
            grants,
            expires_at: None,
            flags: wire.dialect.descriptor().flags,
            client: None,
            address: None,
            network: None,
            resume: None,
            piped: false,
        }
    }

    /// The connection that this lets in.
    #[must_use]
    pub fn connection(self, id: ConnectionId, now: Millis) -> Connection {
        let Self { member, grants, expires_at, flags, client, network, resume, .. } = self;
        // Who hears only what it subscribed to begins with nothing.
        let topics = flags.has(Flag::Filtered).then(Vec::new);
        let connection = Connection::new(id, member, grants, expires_at, now);
        let own = ConnectionParts {
            conversations: conversations::OnConnection { resume },
            ..ConnectionParts::default()
        };
        Connection { flags, topics, client, network, own, ..connection }
    }

    /// As a header value: headers are Latin-1, names are not.
    #[must_use]
    pub fn to_header(&self) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    /// Reads a header value.
    #[must_use]
    pub fn from_header(value: &str) -> Option<Self> {
        let json = String::from_utf8(URL_SAFE_NO_PAD.decode(value).ok()?).ok()?;
        serde_json::from_str(&json).ok()
    }
}

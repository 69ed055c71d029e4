use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::feature::ConnectionParts;
use crate::kernel::{Allowed, Connection, Flag, Flags, Grants, Things};
use crate::message::{ConnectionId, Issue, Member, Millis, Position, Rewind, RoomName, Topic};
use crate::protocol::Wire;

/// The header in which the Worker tells an object whom it let in. An object is
/// reached only through the Worker, which builds the inner request from nothing:
/// whatever a client puts into this header stays outside.
pub const HAND_OFF_HEADER: &str = "x-dormouse-hand-off";

/// Whom the Worker let in. Its field names are handed from one version to another: append, never
/// change one's meaning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self")]
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
    /// Whether the Worker holds the client's socket and passes on what is said on either side.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub piped: bool,
    /// What it subscribes to from the start, if it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topics: Option<Vec<Topic>>,
    /// From where on it wants to be told the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
    /// Else from where on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rewind: Option<Rewind>,
    /// Whether its user is not to be here by it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_absent: bool,
    /// Which token it came with, if it did with one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issue: Option<Issue>,
    /// What they may do with single things, and what not, beside their grants.
    #[serde(default, skip_serializing_if = "Things::is_empty")]
    pub things: Things,
    /// What features hand over with the connection. It stands beside the other fields.
    #[serde(skip)]
    pub own: Box<ConnectionParts>,
}

impl HandOff {
    /// Of somebody who may do this in a room, treated as the protocol promises.
    pub(super) fn new(
        room: RoomName,
        wire: Wire,
        member: Member,
        allowed: impl Into<Allowed>,
    ) -> Self {
        let Allowed { grants, things } = allowed.into();
        Self {
            room,
            wire,
            member,
            grants,
            things,
            expires_at: None,
            flags: wire.protocol.descriptor().flags,
            client: None,
            address: None,
            network: None,
            piped: false,
            topics: None,
            position: None,
            rewind: None,
            is_absent: false,
            issue: None,
            own: Box::default(),
        }
    }

    /// The connection that this lets in.
    #[must_use]
    pub fn connection(self, id: ConnectionId, now: Millis) -> Connection {
        let Self {
            member,
            grants,
            things,
            expires_at,
            flags,
            client,
            network,
            topics,
            rewind,
            is_absent,
            issue,
            own,
            ..
        } = self;
        let asked = self.position;
        // Who hears only what it subscribed to begins with nothing.
        let topics = topics.or(flags.has(Flag::Filtered).then(Vec::new));
        let connection = Connection::new(id, member, grants, expires_at, now);
        Connection {
            things,
            flags,
            topics,
            client,
            network,
            rewind,
            is_absent,
            issue,
            asked,
            own: *own,
            ..connection
        }
    }

    /// As a header value: headers are Latin-1, names are not.
    #[must_use]
    pub fn to_header(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.to_json().unwrap_or_default())
    }

    fn to_json(&self) -> Option<String> {
        let mut json = Vec::new();
        Self::serialize(self, &mut serde_json::Serializer::new(&mut json)).ok()?;
        let mut json = String::from_utf8(json).ok()?;
        self.own.hand_over(&mut json).ok()?;
        Some(json)
    }

    /// Reads a header value.
    #[must_use]
    pub fn from_header(value: &str) -> Option<Self> {
        let json = String::from_utf8(URL_SAFE_NO_PAD.decode(value).ok()?).ok()?;
        let own = Box::new(ConnectionParts::read(&json).ok()?);
        let hand_off = Self::deserialize(&mut serde_json::Deserializer::from_str(&json)).ok()?;
        Some(Self { own, ..hand_off })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feature::stored_fields;

    #[test]
    fn what_is_handed_over_has_one_name_for_each_field() {
        let mut names = stored_fields(|it| drop(HandOff::deserialize(it)));
        names.extend(ConnectionParts::stored_fields());
        assert!(["room", "resume"].iter().all(|it| names.contains(it)), "{names:?}");
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all, "{names:?}");
    }
}

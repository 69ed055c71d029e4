use serde::de::Error;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use super::{Act, Counts, Flag, Flags, Grant, Grants, Things};
use crate::feature::ConnectionParts;
use crate::limits::{CONNECTION_BYTES_MAX, Limits};
use crate::message::{
    BROADCAST, Body, ConnectionId, Epoch, EventName, Issue, Json, Member, Millis, NotResumed,
    Offset, Position, Rewind, Space, Topic, ascii_len, is_default,
};
use crate::rates::Window;

/// How finely silence is measured: a 256th of what is allowed, about a second of 300.
const HEARD_STEPS: u64 = 256;
/// And a 16th of the time between two pings.
const HEARD_STEPS_A_BEAT: u64 = 16;

/// One connected client, as the room knows it. Small: it rides in the socket's
/// attachment while the room sleeps. Its field names are stored: append, never
/// change one's meaning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub struct Connection {
    /// Its name.
    #[serde(rename = "i")]
    pub id: ConnectionId,
    /// Whose it is.
    #[serde(rename = "w")]
    pub member: Member,
    /// What it may do.
    #[serde(rename = "g")]
    pub grants: Grants,
    /// What else it may do with single things, and what not.
    #[serde(rename = "th", default, skip_serializing_if = "Things::is_empty")]
    pub things: Things,
    /// When its token expires; `None` for one that does not.
    #[serde(rename = "e", default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Millis>,
    /// When it will be closed unless it shows a younger token.
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    pub renew_by: Option<Millis>,
    /// When it last said anything that reached the room.
    #[serde(rename = "h")]
    pub heard_at: Millis,
    /// Its frames (B27).
    #[serde(rename = "m", default)]
    pub messages: Window,
    /// What was counted against the room, as of what this connection said last (B28).
    #[serde(rename = "b", default)]
    pub counts: Counts,
    /// How the room treats it.
    #[serde(rename = "f", default, skip_serializing_if = "is_default")]
    pub flags: Flags,
    /// What it subscribed to; `None` hears everything.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub topics: Option<Vec<Topic>>,
    /// What the client calls itself.
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// When it came in.
    #[serde(rename = "j", default)]
    pub joined_at: Millis,
    /// When it was last pinged.
    #[serde(rename = "k", default, skip_serializing_if = "is_default")]
    pub pinged_at: Millis,
    /// How often it was too fast, where that is forgiven (X7).
    #[serde(rename = "x", default, skip_serializing_if = "is_default")]
    pub strikes: Window,
    /// Frames that reached the room, counted where somebody can ask (E18).
    #[serde(rename = "r", default, skip_serializing_if = "is_default")]
    pub received: u64,
    /// Where it connects from, if it brought no token.
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
    /// Which log it came to, while nothing is written there: only its sockets know then.
    #[serde(rename = "o", default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<Epoch>,
    /// What was counted against its user, as of what this connection said last (L11).
    #[serde(rename = "us", default, skip_serializing_if = "is_default")]
    pub share: Counts,
    /// Up to where it has been handed the log, while it is fed from there: see [`super::behind`].
    #[serde(rename = "bh", default, skip_serializing_if = "Option::is_none")]
    pub behind: Option<Offset>,
    /// Whether it hears nothing, and is to hear nothing.
    #[serde(rename = "dt", default, skip_serializing_if = "is_default")]
    pub is_detached: bool,
    /// How often it began to be told the log anew, or showed a token (N47).
    #[serde(rename = "an", default, skip_serializing_if = "is_default")]
    pub attachments: Window,
    /// Whether its user is not here by it, though it is.
    #[serde(rename = "ab", default, skip_serializing_if = "is_default")]
    pub is_absent: bool,
    /// What its user says of themselves: kept with one of their connections.
    #[serde(rename = "pd", default, skip_serializing_if = "Option::is_none")]
    pub shows: Option<Json>,
    /// Whether it missed who came and went while it was behind.
    #[serde(rename = "ps", default, skip_serializing_if = "is_default")]
    pub is_stale: bool,
    /// Which token it shows; `None` of one that has none, or was stored when nobody took that down.
    #[serde(rename = "tk", default, skip_serializing_if = "Option::is_none")]
    pub issue: Option<Issue>,
    /// From where on, if not from there.
    #[serde(skip)]
    pub rewind: Option<Rewind>,
    /// The position that it asked for when it came.
    #[serde(skip)]
    pub asked: Option<Position>,
    /// Why it does not go on from there.
    #[serde(skip)]
    pub not_resumed: Option<NotResumed>,
    /// What the room knows of its features for it.
    #[serde(skip)]
    pub own: ConnectionParts,
}

/// The fields of a connection and those of its features stand in one object.
impl Serialize for Connection {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut json = Vec::new();
        Self::serialize(self, &mut serde_json::Serializer::new(&mut json))
            .map_err(S::Error::custom)?;
        let mut json = String::from_utf8(json).map_err(S::Error::custom)?;
        self.own.append_to(&mut json).map_err(S::Error::custom)?;
        RawValue::from_string(json).map_err(S::Error::custom)?.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Connection {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Box::<RawValue>::deserialize(deserializer)?;
        let own = ConnectionParts::read(json.get()).map_err(D::Error::custom)?;
        let kernel = Self::deserialize(&mut serde_json::Deserializer::from_str(json.get()));
        Ok(Self { own, ..kernel.map_err(D::Error::custom)? })
    }
}

impl Connection {
    /// A connection that has said nothing yet.
    #[must_use]
    pub fn new(
        id: ConnectionId,
        member: Member,
        grants: Grants,
        expires_at: Option<Millis>,
        now: Millis,
    ) -> Self {
        Self {
            id,
            member,
            grants,
            things: Things::default(),
            expires_at,
            renew_by: None,
            heard_at: now,
            messages: Window::default(),
            counts: Counts::default(),
            flags: Flags::default(),
            topics: None,
            client: None,
            joined_at: now,
            pinged_at: Millis(0),
            strikes: Window::default(),
            received: 0,
            network: None,
            epoch: None,
            share: Counts::default(),
            behind: None,
            is_detached: false,
            attachments: Window::default(),
            is_absent: false,
            shows: None,
            is_stale: false,
            issue: None,
            rewind: None,
            asked: None,
            not_resumed: None,
            own: ConnectionParts::default(),
        }
    }

    /// Whether it has said who it is, where it must (D2).
    pub(crate) fn is_introduced(&self) -> bool {
        self.client.is_some() || !self.flags.has(Flag::Introduced)
    }

    /// Whether it may learn who is here.
    pub(crate) fn may_see(&self) -> bool {
        self.grants.has(Grant::Presence)
    }

    /// Whether it may do this with the thing of this name.
    pub(crate) fn may(&self, act: Act, space: Space, name: &str) -> bool {
        self.things.allow(self.grants, act, space, name)
    }

    /// Whether it hears an event of this name when it is said.
    pub(crate) fn hears(&self, topic: &str) -> bool {
        self.is_live() && self.wants(topic)
    }

    /// Whether it hears what is said when it is said.
    pub(crate) fn is_live(&self) -> bool {
        self.behind.is_none() && !self.is_detached && !self.is_held()
    }

    /// Whether it subscribed to this.
    pub(crate) fn wants(&self, topic: &str) -> bool {
        topic == BROADCAST
            || self.topics.as_ref().is_none_or(|it| it.iter().any(|it| it.matches(topic)))
    }

    /// Whether filters of its own are held against channels (N20).
    pub(crate) fn goes_by_channels(&self) -> bool {
        self.topics.is_some() && self.can_fall_behind()
    }

    /// Whether it subscribed to this entry, which goes by this channel if that is not its name. Who
    /// follows the log hears what is for its user alone, whatever it subscribed to.
    pub(crate) fn wants_entry(&self, body: &Body, channel: Option<&EventName>) -> bool {
        if self.goes_by_channels() {
            body.user.is_some() || self.wants(channel.unwrap_or(&body.name).as_str())
        } else {
            self.wants(body.name.as_str())
        }
    }

    /// Notes that it said something. In steps, rounded up, so that a socket that speaks all
    /// the time is not stored anew with each word, and is never cut off early.
    pub(crate) fn hear(&mut self, now: Millis, limits: &Limits) {
        let steps = [limits.inactivity_ms / HEARD_STEPS, limits.heartbeat_ms / HEARD_STEPS_A_BEAT];
        let step = steps.into_iter().filter(|it| *it != 0).min();
        self.heard_at = now.round_up(step.unwrap_or(1));
    }

    /// Whether it can be stored: the attachment it rides in is bounded by the platform.
    pub(crate) fn fits_attachment(&self) -> bool {
        let json = serde_json::to_string(self);
        json.is_ok_and(|it| ascii_len(&it) <= CONNECTION_BYTES_MAX)
    }

    /// Which token it shows, if it shows one. Of one that was stored when nobody took that down it is
    /// not known: such a token counts as the oldest there is.
    pub(crate) fn shown(&self) -> Option<Issue> {
        self.issue.or(self.expires_at.map(|_| Issue::default()))
    }

    /// Whether its token has expired.
    #[must_use]
    pub fn has_expired(&self, now: Millis) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }

    /// When the room must look at it: silence, the end of its token or of its
    /// time to renew it, the next ping.
    pub(crate) fn due_at(&self, limits: &Limits) -> Option<Millis> {
        let inactivity_ms = limits.inactivity_ms;
        let silent = (inactivity_ms != 0).then(|| self.heard_at.plus(inactivity_ms));
        let token = self.renew_by.or(self.expires_at);
        let beat = self.next_ping(limits.heartbeat_ms);
        [silent, token, beat].into_iter().flatten().min()
    }

    /// When to ping it: at multiples of the interval, so that a room with many such
    /// sockets wakes once for all of them.
    pub(crate) fn next_ping(&self, heartbeat_ms: u64) -> Option<Millis> {
        let is_pinged = self.flags.has(Flag::Pinged) && heartbeat_ms != 0;
        let last = self.pinged_at.max(self.joined_at);
        is_pinged.then(|| last.plus(1).round_up(heartbeat_ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feature::stored_fields;
    use crate::message::{Member, UserId};

    #[test]
    fn what_is_stored_of_a_connection_has_one_name_for_each_field() {
        let mut names = stored_fields(|it| drop(Connection::deserialize(it)));
        names.extend(ConnectionParts::stored_fields());
        assert!(["i", "us", "ft", "es"].iter().all(|it| names.contains(it)), "{names:?}");
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all, "{names:?}");
    }

    #[test]
    fn what_features_and_later_versions_store_stands_beside_it() {
        let member = Member { id: UserId("ann".into()), name: "Ann".into() };
        let id = ConnectionId::from_bits(7);
        let mut connection = Connection::new(id, member, Grants::all(), None, Millis(5));
        connection.own.metrics.said_at = Some(Millis(6));
        let stored = serde_json::to_string(&connection).unwrap();
        assert!(stored.ends_with(r#","y":6}"#), "{stored}");
        assert_eq!(serde_json::from_str::<Connection>(&stored).unwrap(), connection);
        let later = stored.replace(r#""y":6"#, r#""later":{"y":7},"y":6"#);
        assert_eq!(serde_json::from_str::<Connection>(&later).unwrap(), connection);
        let wrong = stored.replace(r#""y":6"#, r#""y":"6""#);
        assert!(serde_json::from_str::<Connection>(&wrong).is_err());
    }
}

use std::rc::Rc;

use uuid::Uuid;

use crate::close::{Closing, Detached};
use crate::feature::{self, Tell};
use crate::message::{
    ConnectionId, Entry, Member, Millis, Offset, Page, Presence, Priority, ProtocolError, Reply,
    RequestId, UserId, Welcome,
};

/// Something a room says, addressed by the effect that carries it.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// Its name, minted by the room.
    pub id: Uuid,
    /// The request it answers, in the client's own words.
    pub reply_to: Option<RequestId>,
    /// The connection it is for, where it is for one.
    pub connection: Option<ConnectionId>,
    /// When it was said.
    pub at: Millis,
    /// What is said.
    pub event: Event,
}

impl<T: Into<feature::Event>> From<T> for Event {
    fn from(event: T) -> Self {
        Self::Feature(event.into())
    }
}

/// What a room may say.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// You are in (C2, E7). Said in protocols that greet.
    Welcome(Box<Welcome>),
    /// Up to here the log has been told, to a connection that follows it.
    Position(Offset),
    /// Are you there? (E9)
    Ping,
    /// I am here (A13).
    Pong,
    /// An entry of the log: live, or again to the author of a resend.
    Entry(Rc<Entry>),
    /// A user came in (B13): once per user, not per socket.
    Joined(Member),
    /// A user's last socket has been gone for the grace period (B14).
    Left(Member),
    /// Who is here.
    Presence(Vec<Member>),
    /// The same, to those who keep a list of it.
    Seen(Box<Presence>),
    /// A stretch of the log (B10).
    History(Page),
    /// The socket's token was replaced by a younger one.
    Renewed {
        /// The token's `sub`, which has not changed.
        user: UserId,
        /// When the new one expires; `None` for one that does not.
        expires_at: Option<Millis>,
        /// What it allows here, by the names that tokens have for it.
        grants: Vec<&'static str>,
    },
    /// Its token has expired: until it shows another one, within so many milliseconds, it asks and is
    /// told nothing. Said to who follows the log.
    Reauth(u64),
    /// It hears nothing of this room any more, by no wish of its own. Said to who follows the log.
    Detached(Detached),
    /// The answer to a request that only who asked gets.
    Reply(Reply),
    /// Something that a feature says.
    Feature(feature::Event),
    /// A request was refused, or a socket is about to be closed: why.
    Refused(ProtocolError),
    /// Something that is not in the log, in the shape of an entry without a place there.
    Said(Rc<Entry>),
    /// The socket is closed next: what its client is to do.
    Closing(Closing),
}

impl Event {
    /// Whether it is worth nothing later: a socket that does not keep up goes without.
    #[must_use]
    pub fn is_ephemeral(&self) -> bool {
        match self {
            Self::Said(_) => true,
            Self::Feature(it) => it.is_ephemeral(),
            Self::Welcome(_)
            | Self::Position(_)
            | Self::Ping
            | Self::Pong
            | Self::Entry(_)
            | Self::Joined(_)
            | Self::Left(_)
            | Self::Presence(_)
            | Self::Seen(_)
            | Self::History(_)
            | Self::Renewed { .. }
            | Self::Reauth(_)
            | Self::Detached(_)
            | Self::Reply(_)
            | Self::Refused(_)
            | Self::Closing(_) => false,
        }
    }

    /// Which queue it waits in.
    #[must_use]
    pub fn priority(&self) -> Priority {
        match self {
            Self::Entry(entry) | Self::Said(entry) => entry.body.priority,
            Self::Welcome(_)
            | Self::Position(_)
            | Self::Ping
            | Self::Pong
            | Self::Joined(_)
            | Self::Left(_)
            | Self::Presence(_)
            | Self::Seen(_)
            | Self::History(_)
            | Self::Renewed { .. }
            | Self::Reauth(_)
            | Self::Detached(_)
            | Self::Reply(_)
            | Self::Feature(_)
            | Self::Closing(_)
            | Self::Refused(_) => Priority::Normal,
        }
    }

    /// What subscriptions go by; `None` for what is said to those who asked.
    #[must_use]
    pub fn topic(&self) -> Option<&str> {
        match self {
            Self::Entry(entry) | Self::Said(entry) => Some(entry.body.name.as_str()),
            Self::Joined(_) => Some("user_joined"),
            Self::Left(_) => Some("user_left"),
            Self::Seen(it) => {
                Some(if matches!(**it, Presence::Many(_)) { "occupancy" } else { "presence" })
            }
            Self::Welcome(_)
            | Self::Position(_)
            | Self::Ping
            | Self::Pong
            | Self::Presence(_)
            | Self::History(_)
            | Self::Renewed { .. }
            | Self::Reauth(_)
            | Self::Detached(_)
            | Self::Reply(_)
            | Self::Closing(_)
            | Self::Refused(_) => None,
            Self::Feature(it) => it.topic(),
        }
    }
}

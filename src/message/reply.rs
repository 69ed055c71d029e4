use crate::limits::Limits;

use super::{Attached, ConnectionId, Epoch, Millis, Mode, Offset, Roster, Topic, UserId};

/// What a newcomer is told of its connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Welcome {
    /// Its name.
    pub connection: ConnectionId,
    /// Whose it is.
    pub user: UserId,
    /// What the client calls itself, if it said so.
    pub client: Option<String>,
    /// How often the room pings it, in milliseconds; 0 for never.
    pub heartbeat_ms: u64,
    /// Where the log stands.
    pub offset: Offset,
    /// Which incarnation of the log that is.
    pub epoch: Epoch,
    /// From where on it is told.
    pub attached: Attached,
    /// When its token expires; `None` for one that does not.
    pub expires_at: Option<Millis>,
    /// What it may do, by the names that tokens have for it.
    pub grants: Vec<&'static str>,
    /// What is served in the room beside what every room serves.
    pub features: Vec<&'static str>,
    /// What holds in the room.
    pub limits: Limits,
    /// How it is told who is here.
    pub presence: Mode,
}

/// The answer to a request that only who asked gets.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// It is durable, and here it is.
    Accepted(Accepted),
    /// What is subscribed to from now on.
    Subscribed(Vec<Topic>),
    /// What is no longer subscribed to, and what still is; `None` for everything.
    Unsubscribed(Vec<Topic>, Option<Vec<Topic>>),
    /// What is subscribed to; `None` for everything.
    Subscriptions(Option<Vec<Topic>>),
    /// How the room is.
    Stats(Stats),
    /// Who is here, and how.
    Members(Box<Roster>),
    /// How this connection is.
    Status(Box<Status>),
    /// So many connections were closed.
    Kicked(u64),
    /// So many connections were closed, and so many of those that were meant are left.
    Drained {
        /// So many were closed.
        kicked: u64,
        /// So many are left.
        left: u64,
    },
    /// The room is empty.
    Erased,
    /// It is told the log from here on.
    Attached(Box<Welcome>),
    /// It hears nothing any more.
    Detached,
    /// It was handed to those who hear it, and is not kept.
    Said,
    /// Up to here everything has been told that is for everyone.
    Position(Epoch, Offset),
}

/// Where a publication went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Its name, minted by the room, while the log keeps it.
    pub id: Option<uuid::Uuid>,
    /// Its position.
    pub offset: Offset,
    /// In which incarnation of the log.
    pub epoch: Epoch,
    /// Whether it was accepted before, and so not said again.
    pub duplicate: bool,
}

/// How a room is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stats {
    /// Open sockets.
    pub connections: u64,
    /// Users, each once.
    pub users: u64,
    /// Where the log stands.
    pub offset: Offset,
    /// Which incarnation of the log that is.
    pub epoch: Epoch,
}

/// How a connection is (E18).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Its name.
    pub connection: ConnectionId,
    /// What the client calls itself.
    pub client: Option<String>,
    /// Since when.
    pub connected_at: Millis,
    /// Frames that reached the room.
    pub received: u64,
    /// Frames counted against the current minute.
    pub received_this_minute: u64,
    /// How many may be.
    pub limit_per_minute: u64,
}

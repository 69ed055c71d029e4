use std::rc::Rc;

use litemap::LiteMap;

use super::{Allowed, Connection};
use crate::feature;
use crate::kernel::Request;
use crate::message::{
    ConnectionId, Entry, Following, Issue, Member, Millis, Offset, ProtocolError, RequestId,
    RoomName, UserId,
};

/// Something that happened to the room.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// A client was let in.
    Joined(Box<Connection>),
    /// A socket said something.
    Received {
        /// Which socket.
        connection: ConnectionId,
        /// What it said.
        request: Request,
        /// What the log knows of this user's request of the same id.
        duplicate: Option<Duplicate>,
    },
    /// Somebody asks over HTTP.
    Called {
        /// Who, as the token says.
        member: Member,
        /// What the token allows here.
        allowed: Allowed,
        /// What is asked.
        request: Request,
        /// What the log knows of this user's request of the same id.
        duplicate: Option<Duplicate>,
    },
    /// A socket showed another token; the edge has verified it.
    Renewed {
        /// Which socket.
        connection: ConnectionId,
        /// The client's id for the request.
        request_id: Option<RequestId>,
        /// What the token says.
        renewal: Result<Renewal, ProtocolError>,
        /// How it is to be told the log from then on, if it showed the token with that.
        attach: Option<Box<Following>>,
    },
    /// A socket sent a frame past the limit, which nobody has read.
    Oversized {
        /// Which socket.
        connection: ConnectionId,
    },
    /// A socket does not keep up with what is said.
    SlowConsumer {
        /// Which socket.
        connection: ConnectionId,
    },
    /// What is known of a socket could not be stored where sleep does not reach.
    Unstored {
        /// Which socket.
        connection: ConnectionId,
    },
    /// A socket closed, whoever closed it.
    Left {
        /// Which socket.
        connection: ConnectionId,
    },
    /// Something came from outside, for a feature.
    Feature(feature::Input),
    /// The one alarm rang.
    Alarm {
        /// When each socket was last heard by the platform on the room's behalf
        /// (auto-answered pings); needed only when [`super::Room::sweep_is_due`].
        heard: LiteMap<ConnectionId, Millis>,
    },
}

impl Input {
    /// The connection that this is about, and is answered by itself.
    pub(crate) fn speaker(&self) -> Option<ConnectionId> {
        match self {
            Self::Received { connection, .. }
            | Self::Renewed { connection, .. }
            | Self::Oversized { connection }
            | Self::SlowConsumer { connection }
            | Self::Unstored { connection }
            | Self::Left { connection } => Some(*connection),
            Self::Joined(_) | Self::Called { .. } | Self::Feature(_) | Self::Alarm { .. } => None,
        }
    }
}

/// Proof that a request was accepted before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duplicate {
    /// The offset it got then.
    pub offset: Offset,
    /// The entry itself, while the log keeps it.
    pub entry: Option<Rc<Entry>>,
}

/// What a younger token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renewal {
    /// Whose it is.
    pub user: UserId,
    /// The room the client named, if it did.
    pub context: Option<RoomName>,
    /// The room this socket is in.
    pub room: RoomName,
    /// What it allows here.
    pub allowed: Allowed,
    /// When it expires; `None` for one that does not.
    pub expires_at: Option<Millis>,
    /// Which token it is.
    pub issue: Option<Issue>,
}

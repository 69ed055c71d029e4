//! What a protocol is told beside a frame: whose it is, and on which channel of which room it is
//! said. A protocol that carries several channels on one connection names them in its frames.

use super::Frame;
use crate::kernel::Request;
use crate::message::{ConnectionId, Epoch, Kind, RoomName};

/// The address of a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomAddress {
    /// Its kind.
    pub kind: Kind,
    /// Its name; `None` where the platform does not tell an object its own.
    pub name: Option<RoomName>,
    /// Which incarnation of its log what is said is of.
    pub epoch: Epoch,
}

impl RoomAddress {
    /// The room as a whole.
    #[must_use]
    pub fn channel(&self) -> Channel<'_> {
        Channel { room: Some(self), name: None }
    }
}

/// Where something is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Channel<'a> {
    /// The room; `None` before a connection is in one.
    pub room: Option<&'a RoomAddress>,
    /// What subscriptions go by; `None` for what is said to a connection by itself.
    pub name: Option<&'a str>,
}

/// Whose frame it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Peer<'a> {
    /// The connection; `None` before it is in a room.
    pub connection: Option<ConnectionId>,
    /// Its room.
    pub channel: Channel<'a>,
}

/// What is in a frame. It may be nothing at all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decoded {
    /// What is asked of the room, in its order.
    pub requests: Vec<Request>,
    /// What the protocol answers by itself, at once, before what is asked: a heartbeat of its
    /// own, an acknowledgement that needs no room.
    pub answers: Vec<Frame>,
}

impl From<Request> for Decoded {
    fn from(request: Request) -> Self {
        Self { requests: vec![request], answers: vec![] }
    }
}

use std::rc::Rc;

use crate::feature::{self, Ask, Found, Rate};
use crate::message::{
    Acknowledgement, Body, ConnectionId, Dedupe, Entry, Kicked, PageRequest, ProtocolError,
    RequestId, Topic,
};

/// A frame from a client, decoded. Decoding cannot fail as a whole: what could
/// not be read is a [`ProtocolError`] that still knows which request it answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// The client's own id for it, echoed in replies and used to recognise a resend.
    pub request_id: Option<RequestId>,
    /// What is asked.
    pub command: Result<Command, ProtocolError>,
}

/// What a client may ask of a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Are you there? (B30)
    Ping,
    /// I am here: the answer to the server's own ping (E9).
    Pong,
    /// Here is my token (B3). Answered by the edge, which holds the keys.
    Authenticate {
        /// A JWT, or `test` in development.
        token: String,
        /// The room it is for, where the URL does not say.
        context: Option<String>,
    },
    /// Add this to the log, and tell everyone whom it concerns.
    Publish(Publication),
    /// I want to hear of these (C6).
    Subscribe(Vec<Topic>),
    /// I no longer want to hear of these (C7).
    Unsubscribe(Vec<Topic>),
    /// What was said before? (B10)
    History(PageRequest),
    /// Who is here?
    Presence,
    /// What do I hear of?
    Subscriptions,
    /// How is the room?
    Stats,
    /// How is this connection? (E18)
    Status,
    /// Close these connections.
    Kick(Kicked),
    /// Close every connection and forget everything.
    Erase,
    /// Something that a feature serves.
    Feature(feature::Command),
}

/// Something to add to the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publication {
    /// What is published.
    pub body: Body,
    /// A connection that does not hear it.
    pub exclude: Option<ConnectionId>,
    /// How its author learns that it is in the log.
    pub acknowledgement: Acknowledgement,
    /// What is known of the entry that it is about: looked up before it is handled.
    pub related: Option<Box<Related>>,
}

/// An entry that something is to be published about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Related {
    /// The entry, as it is.
    pub entry: Rc<Entry>,
    /// What a feature knows of it beside.
    pub found: Option<Found>,
    /// What it says from then on, if that changes.
    pub amended: Option<Body>,
}

impl Publication {
    /// For everyone whom it concerns.
    #[must_use]
    pub fn new(body: Body, acknowledgement: Acknowledgement) -> Self {
        Self { body, exclude: None, acknowledgement, related: None }
    }
}

impl<T: Into<feature::Command>> From<T> for Command {
    fn from(command: T) -> Self {
        Self::Feature(command.into())
    }
}

impl Command {
    /// How it is recognised when it comes again.
    #[must_use]
    pub fn dedupe(&self) -> Dedupe {
        match self {
            Self::Publish(_) => Dedupe::Entry,
            Self::Feature(it) => it.dedupe(),
            Self::Ping
            | Self::Pong
            | Self::Authenticate { .. }
            | Self::Subscribe(_)
            | Self::Unsubscribe(_)
            | Self::History(_)
            | Self::Presence
            | Self::Subscriptions
            | Self::Stats
            | Self::Status
            | Self::Kick(_)
            | Self::Erase => Dedupe::No,
        }
    }
}

impl Request {
    /// The rate of its connection that it counts against; `None` for that of messages, which is
    /// also what could not be read.
    #[must_use]
    pub fn rate(&self) -> Option<&'static Rate> {
        match &self.command {
            Ok(Command::Feature(it)) => it.rate(),
            Ok(_) | Err(_) => None,
        }
    }
}

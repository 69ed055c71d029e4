use std::rc::Rc;

use crate::feature::{self, Ask, Found, Rate};
use crate::message::{
    Acknowledgement, Body, Change, ConnectionId, Dedupe, Drain, Entry, EventName, Following, Json,
    Kicked, PageRequest, ProtocolError, RequestId, Revocation, Topic,
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
#[cfg_attr(
    not(target_arch = "wasm32"),
    expect(clippy::large_enum_variant, reason = "what is asked is mostly the largest")
)]
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
    /// Who is here, and how: so many at most, after this one?
    Members(Option<u64>, Option<String>),
    /// I am here, or no longer, or say this of myself.
    Show(Change, Option<Json>),
    /// What do I hear of?
    Subscriptions,
    /// Up to where has everything been told that is for everyone?
    Position,
    /// From now on, tell it the log like this.
    Attach(Box<Following>),
    /// It wants to hear nothing any more, for now.
    Detach,
    /// How is the room?
    Stats,
    /// How is this connection? (E18)
    Status,
    /// Close these connections.
    Kick(Kicked),
    /// Close some of those that are there, for them to come back.
    Drain(Drain),
    /// Close the connections that these mean. Asked by the Worker and the object of revocations alone.
    Revoke(Vec<Revocation>),
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
    /// What filters of those who follow the log are held against, where that is not its name: see
    /// [`Room::goes_by_channels`]. Looked up before it is handled.
    pub channel: Option<EventName>,
    /// Whether it is told to those who hear it now, and not kept.
    pub is_ephemeral: bool,
    /// Whether it takes the grant `publish`, whatever it is.
    pub is_privileged: bool,
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
        Self {
            body,
            exclude: None,
            acknowledgement,
            related: None,
            channel: None,
            is_ephemeral: false,
            is_privileged: false,
        }
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
            Self::Publish(it) if it.is_ephemeral => Dedupe::No,
            Self::Publish(_) => Dedupe::Entry,
            Self::Feature(it) => it.dedupe(),
            Self::Ping
            | Self::Pong
            | Self::Authenticate { .. }
            | Self::Subscribe(_)
            | Self::Unsubscribe(_)
            | Self::History(_)
            | Self::Presence
            | Self::Members(..)
            | Self::Show(..)
            | Self::Subscriptions
            | Self::Position
            | Self::Attach(_)
            | Self::Detach
            | Self::Stats
            | Self::Status
            | Self::Kick(_)
            | Self::Drain(_)
            | Self::Revoke(_)
            | Self::Erase => Dedupe::No,
        }
    }
}

/// Against which rate of its connection something counts.
#[derive(Clone, Copy)]
pub(crate) enum Counted {
    /// That of messages, which is also what could not be read.
    Message,
    /// That of beginning and ending, for who follows the log; for others that of messages.
    Attachment,
    /// One of a feature's.
    Of(&'static Rate),
}

impl Request {
    /// The rate of its connection that it counts against.
    pub(crate) fn counted(&self) -> Counted {
        match &self.command {
            Ok(Command::Feature(it)) => it.rate().map_or(Counted::Message, Counted::Of),
            Ok(Command::Attach(_) | Command::Detach) => Counted::Attachment,
            Ok(_) | Err(_) => Counted::Message,
        }
    }
}

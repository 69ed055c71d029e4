//! What the server knows of a protocol beside its frames. A new protocol is its folder and a
//! line in the list of protocols: paths, tokens, pings and sub-protocols are read from here.

use super::ProtocolId;
use crate::close::CloseCode;
use crate::feature;
use crate::kernel::Flags;
use crate::message::{Acknowledgement, Kind, ProtocolError};

/// A protocol, described.
#[derive(Debug)]
pub struct Descriptor {
    /// Its name in docs and logs.
    pub name: &'static str,
    /// Its place in the list of protocols. It is stored in attachments, and never changes.
    pub number: u8,
    /// What carries it.
    pub transport: Transport,
    /// Where it is spoken.
    pub entrances: &'static [Entrance],
    /// The WebSocket sub-protocols that it is offered as.
    pub subprotocols: Subprotocols,
    /// Where a token may stand: the first of these that holds one counts.
    pub tokens: &'static [TokenPlace],
    /// A text that the platform answers by itself, without waking the room, and the answer. An
    /// object has one such pair, so the protocols of one kind of room have the same or none.
    pub ping_pair: Option<(&'static str, &'static str)>,
    /// How what its clients publish is acknowledged.
    pub acknowledgement: Acknowledgement,
    /// How its frames may be encoded. The first is what a client gets that asks for nothing.
    pub encodings: &'static [Encoding],
    /// How a room treats the connections that speak it.
    pub flags: Flags,
    /// With which code a handshake ends that the room refuses.
    pub close_code: fn(&ProtocolError) -> CloseCode,
    /// Every `type` that it gives a meaning to, in and out, but those of features and of published
    /// events; and names of events that only the server says.
    pub words: &'static [&'static str],
    /// Whether its frames say where they stand in the log, and so must stay in its order;
    /// in others critical messages have priority.
    pub shows_offsets: bool,
    /// Whether its clients may go on from a position in the log that they bring, though they do not
    /// follow it (I1).
    pub resumes: bool,
}

impl Descriptor {
    /// Its own words and those of features. Nobody publishes an event of such a name in rooms
    /// where it is spoken.
    pub fn all_words(&self) -> impl Iterator<Item = &'static str> {
        self.words.iter().copied().chain(feature::words(self.name))
    }

    /// The protocol of this description.
    #[must_use]
    pub fn id(&self) -> ProtocolId {
        ProtocolId(self.number)
    }

    /// Whether it is spoken in rooms of this kind.
    #[must_use]
    pub fn is_spoken_in(&self, kind: Kind) -> bool {
        self.entrances.iter().any(|it| it.kinds().contains(&kind))
    }
}

/// What carries a protocol between a client and the Worker. To the room it is a WebSocket always.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// A WebSocket, both ways.
    WebSocket,
    /// The body of a response to a `GET`: what the server says, and nothing comes in.
    EventStream,
}

/// A path at which a protocol is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entrance {
    /// The path. A segment `{name}` stands for any one segment, which is read like the query's
    /// parameter of that name.
    pub path: &'static str,
    /// The kind of room that it leads to, where it leads to one.
    pub kind: Kind,
    /// Who gets in.
    pub access: Access,
}

impl Entrance {
    /// The kinds of rooms that it leads to.
    #[must_use]
    pub fn kinds(&self) -> &[Kind] {
        if let Access::Named(kinds) = self.access {
            kinds
        } else {
            std::slice::from_ref(&self.kind)
        }
    }
}

/// Who gets in at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Whoever has a token that leads there.
    Token,
    /// The same, but only where `ENVIRONMENT` is `development` (C12).
    Development,
    /// Everybody, in rooms of their own (C3).
    Demo,
    /// By a handshake in the query, which needs no token (E2 to E6).
    Handshake(HandshakeCodes),
    /// Whoever has a token, in the room that a feature assigns to them (`feature::door`).
    Feature,
    /// Whoever has a token that leads to the room which the query's parameter `room` names with its
    /// kind: one of these.
    Named(&'static [Kind]),
}

impl Access {
    /// At this path, in rooms of this kind.
    #[must_use]
    pub const fn at(self, path: &'static str, kind: Kind) -> Entrance {
        Entrance { path, kind, access: self }
    }
}

/// The close codes of a handshake that is refused for what stands in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HandshakeCodes {
    /// A version, or a client id, that is none.
    pub version: CloseCode,
    /// A role that is none, or not the client's.
    pub role: CloseCode,
}

/// Which of the sub-protocols that a client offers is chosen. One that carries a token is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subprotocols {
    /// The first, whatever it is.
    Any,
    /// The first that is one of these.
    Of(&'static [&'static str]),
}

/// Where a token may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenPlace {
    /// The query's parameter `token`.
    Query,
    /// The header `Authorization`.
    Header,
    /// A sub-protocol `bearer.<token>`.
    Subprotocol,
    /// The first message. Until then the Worker holds the connection (B3).
    FirstMessage,
}

impl TokenPlace {
    /// Anywhere in the request.
    pub const REQUEST: &[Self] = &[Self::Query, Self::Header, Self::Subprotocol];
    /// There, or in the first message.
    pub const ANYWHERE: &[Self] =
        &[Self::Query, Self::Header, Self::Subprotocol, Self::FirstMessage];
}

/// How frames are encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// JSON in text frames, one message each.
    Json,
    /// The same, and several messages may come in one frame, for clients that ask for `batch=1`.
    JsonBatch,
    /// JSON in text frames, a message or a list of some each, unless clients ask for `batch=0`.
    JsonList,
    /// The same as MessagePack in binary frames, for clients that choose a sub-protocol which ends
    /// in `.msgpack`, or none, and ask for `format=msgpack`.
    MessagePack,
    /// Text of which any part may come in one frame.
    EventStream,
}

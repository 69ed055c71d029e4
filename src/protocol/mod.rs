//! Protocols: how the vocabulary is spelled on the wire. A folder each, no behaviour.

mod client;
mod context;
mod conversation;
mod descriptor;
mod events;
pub mod json;
pub mod msgpack;
mod native;
mod peer;
mod relay;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) mod schema;
pub(crate) mod spell;
mod sse;
mod wire;
mod workflow;

pub use descriptor::{
    Access, Descriptor, Encoding, Entrance, HandshakeCodes, Subprotocols, TokenPlace, Transport,
};
pub use peer::{Channel, Decoded, Peer, RoomAddress};
pub use relay::Relay;
use serde::{Deserialize, Serialize};
pub use wire::Wire;

use crate::feature::{self, Publishing};
use crate::kernel::Notice;
use crate::message::{Body, EVENT, Kind, ProtocolError, Relation};

/// Every protocol, by number: what it is called here, its module and its type. Numbers are stored in
/// attachments: append, never reorder. A new one is its folder, its module above, and a line here.
macro_rules! protocols {
    ($then:ident) => {
        $then! {
            /// Spoken at `/api/{chat,analytics,collaboration}/ws`.
            CONTEXT: context::Context;
            /// Spoken at `/ws`.
            WORKFLOW: workflow::Workflow;
            /// Spoken at `/api/v1/ws`.
            EVENTS: events::Events;
            /// Spoken at `/ws/client`.
            CLIENT: client::Client;
            /// Spoken at `/ws/conversation`.
            CONVERSATION: conversation::Talk;
            /// Spoken at `/api/v1/rooms/{kind}/{name}/stream`.
            SSE: sse::Sse;
            /// Spoken at `/ws/v2/connect`.
            NATIVE: native::Native;
        }
    };
}

#[cfg(not(target_arch = "wasm32"))]
use protocols;

macro_rules! listed {
    ($($(#[$about:meta])* $id:ident: $module:ident::$name:ident;)*) => {
        /// How many protocols there are.
        pub const PROTOCOLS_COUNT: usize = [$(stringify!($id)),*].len();

        const PROTOCOLS: [&dyn Protocol; PROTOCOLS_COUNT] = [$(&$module::$name),*];

        impl ProtocolId {
            $($(#[$about])* pub const $id: Self = Self($module::DESCRIPTOR.number);)*
        }
    };
}

protocols!(listed);

/// Words that have no meaning in a protocol of today, and are refused as names of events in rooms
/// of every kind, so that one to come may give them one.
const KEPT_BACK: &[&str] = &["ack", "connect", "connect_confirm", "history", "presence", "publish"];

/// Whether this is a word of a protocol that is spoken in rooms of this kind: an event of such a
/// name could be taken for what the server or a client says.
#[must_use]
pub fn is_word(kind: Kind, name: &str) -> bool {
    spoken_in(kind)
        .flat_map(Descriptor::all_words)
        .chain(KEPT_BACK.iter().copied())
        .any(|it| it == name)
}

/// What the platform is to answer by itself in rooms of this kind, and the answer.
#[must_use]
pub fn ping_pair(kind: Kind) -> Option<(&'static str, &'static str)> {
    spoken_in(kind).find_map(|it| it.ping_pair)
}

fn spoken_in(kind: Kind) -> impl Iterator<Item = &'static Descriptor> {
    PROTOCOLS.iter().map(|it| it.descriptor()).filter(move |it| it.is_spoken_in(kind))
}

/// What somebody outside wants to publish. A name that a feature gives a meaning to is read by it;
/// all others but words of protocols are events that are passed on as they came.
pub fn publication(mut it: Publishing) -> Result<Body, ProtocolError> {
    let (kind, of) = (it.kind, it.of);
    let body = match feature::publication(&mut it) {
        Some(read) => read?,
        None if is_word(kind, it.name.as_str()) => return Err(ProtocolError::RESERVED),
        None => {
            let Publishing { name, data, user, .. } = it;
            Body { user, ..Body::new(EVENT, name, data.checked()?) }
        }
    };
    match of {
        Some(_) if !kind.properties().serves_events => Err(NO_THREADS),
        // What it says of that entry no feature knows: it belongs to its thread.
        Some(of) if body.relates_to.is_none() => {
            Ok(Body { relates_to: Some((Relation::Replies, of)), ..body })
        }
        _ => Ok(body),
    }
}

const NO_THREADS: ProtocolError =
    ProtocolError::invalid("only in rooms of the kinds chat and hub is anything about an entry");

/// One spelling of the vocabulary. Stateless: what must be remembered about a
/// socket is the room's to remember.
pub trait Protocol: Sync {
    /// What there is to know of it beside its frames.
    fn descriptor(&self) -> &'static Descriptor;

    /// Reads one frame: what it asks, and what answers it at once. Total: what cannot be read
    /// is a request that is a refusal.
    fn decode(&self, frame: &Frame, peer: &Peer<'_>) -> Decoded;

    /// Writes one frame, or none where this protocol has no word for it. Told where it is said
    /// but not who will receive it, so that a broadcast is encoded once.
    fn encode(&self, notice: &Notice, channel: &Channel<'_>) -> Option<Frame>;

    /// Puts frames of its own into one, for clients that negotiated it.
    fn batch(&self, frames: &[&Frame]) -> Frame {
        json::batch(frames)
    }
}

/// One WebSocket message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// A text message.
    Text(String),
    /// A binary message.
    Binary(Vec<u8>),
}

impl Frame {
    /// Its length on the wire, in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
        }
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A protocol's stable number, always in range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct ProtocolId(u8);

impl ProtocolId {
    /// The first of the list, in whose words is refused what has none of its own: the echo.
    pub const FIRST: Self = Self(0);

    /// Every protocol there is.
    pub fn all() -> impl Iterator<Item = Self> {
        (0u8..).map_while(|number| Self::try_from(number).ok())
    }

    /// Its index, below [`PROTOCOLS_COUNT`].
    #[must_use]
    pub fn index(self) -> usize {
        usize::from(self.0)
    }

    /// What there is to know of it.
    #[must_use]
    pub fn descriptor(self) -> &'static Descriptor {
        self.get().descriptor()
    }

    /// The protocol itself.
    #[must_use]
    pub fn get(self) -> &'static dyn Protocol {
        let [first, ..] = PROTOCOLS;
        PROTOCOLS.get(self.index()).copied().unwrap_or(first)
    }
}

impl TryFrom<u8> for ProtocolId {
    type Error = UnknownProtocol;

    fn try_from(number: u8) -> Result<Self, UnknownProtocol> {
        if usize::from(number) < PROTOCOLS_COUNT {
            Ok(Self(number))
        } else {
            Err(UnknownProtocol(number))
        }
    }
}

impl From<ProtocolId> for u8 {
    fn from(id: ProtocolId) -> Self {
        id.0
    }
}

/// No protocol has this number.
#[derive(Debug, thiserror::Error)]
#[error("no protocol has number {0}")]
pub struct UnknownProtocol(u8);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_protocol_numbers_do_not_change() {
        let described = ProtocolId::all().map(|it| (it, it.descriptor()));
        let names: Vec<_> = described.map(|(id, it)| (u8::from(id), it.number, it.name)).collect();
        let known = ["context", "workflow", "events", "client", "conversation", "sse", "native"];
        let known = (0u8..).zip(known).map(|(number, name)| (number, number, name));
        assert_eq!(names, known.collect::<Vec<_>>());
        assert!(ProtocolId::try_from(u8::MAX).is_err());
    }

    #[test]
    fn the_protocols_of_a_kind_of_room_have_one_ping_pair() {
        for kind in Kind::ALL {
            let pairs: Vec<_> = spoken_in(kind).filter_map(|it| it.ping_pair).collect();
            assert!(pairs.iter().all(|it| Some(*it) == ping_pair(kind)), "{kind:?} {pairs:?}");
        }
    }
}

use serde::{Deserialize, Serialize};

use super::{Frame, PROTOCOLS_COUNT, ProtocolId, msgpack};

/// What goes over a socket: a protocol, whether several frames may come in one, and how they are
/// encoded.
/// Sockets of the same wire get identical frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Wire {
    /// What is spoken.
    #[serde(rename = "d")]
    pub protocol: ProtocolId,
    /// Whether the client negotiated batches.
    #[serde(rename = "b", default, skip_serializing_if = "std::ops::Not::not")]
    pub batched: bool,
    /// Whether frames are MessagePack.
    #[serde(rename = "m", default, skip_serializing_if = "std::ops::Not::not")]
    pub packed: bool,
}

impl Wire {
    /// How many wires there are.
    pub const COUNT: usize = 4 * PROTOCOLS_COUNT;

    /// A frame as it goes over it. What a protocol always says in text, and what cannot be packed,
    /// stays text.
    #[must_use]
    pub fn packs(self, frame: &Frame) -> Option<Frame> {
        let Frame::Text(text) = frame else { return None };
        let is_fixed = Some(text.as_str()) == self.protocol.descriptor().ping_pair.map(|it| it.1);
        let packed = (self.packed && !is_fixed).then(|| msgpack::from_json(text))?;
        packed.map(Frame::Binary)
    }

    /// Its index, below [`Wire::COUNT`].
    #[must_use]
    pub fn index(self) -> usize {
        4 * self.protocol.index() + 2 * usize::from(self.packed) + usize::from(self.batched)
    }
}

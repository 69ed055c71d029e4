use serde::{Deserialize, Serialize};

use super::{PROTOCOLS_COUNT, ProtocolId};

/// What goes over a socket: a protocol, and whether several frames may come in one.
/// Sockets of the same wire get identical frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Wire {
    /// What is spoken.
    #[serde(rename = "d")]
    pub protocol: ProtocolId,
    /// Whether the client negotiated batches.
    #[serde(rename = "b", default, skip_serializing_if = "std::ops::Not::not")]
    pub batched: bool,
}

impl Wire {
    /// How many wires there are.
    pub const COUNT: usize = 2 * PROTOCOLS_COUNT;

    /// Its index, below [`Wire::COUNT`].
    #[must_use]
    pub fn index(self) -> usize {
        2 * self.protocol.index() + usize::from(self.batched)
    }
}

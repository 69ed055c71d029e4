//! What survives hibernation, per socket: one compact JSON string. An object may wake under
//! newer code than it fell asleep under, so the version is stored: append-only.

use serde::{Deserialize, Serialize};

use crate::kernel::Connection;
use crate::message::to_ascii;
use crate::protocol::Wire;

#[derive(Serialize, Deserialize)]
struct Attachment<S> {
    #[serde(rename = "v")]
    version: u8,
    #[serde(rename = "w")]
    wire: Wire,
    #[serde(rename = "s")]
    connection: S,
}

const VERSION: u8 = 1;

/// The attachment of a socket, in ASCII: one byte a character. `None` if it cannot be stored.
#[must_use]
pub fn write_attachment(wire: Wire, connection: &Connection) -> Option<String> {
    let attachment = Attachment { version: VERSION, wire, connection };
    serde_json::to_string(&attachment).ok().map(to_ascii)
}

/// Reads an attachment. `None` if it is none, or one of another version.
#[must_use]
pub fn read_attachment(text: &str) -> Option<(Wire, Connection)> {
    let Attachment { version, wire, connection } = serde_json::from_str(text).ok()?;
    (version == VERSION).then_some((wire, connection))
}

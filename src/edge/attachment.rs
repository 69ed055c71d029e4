use serde::{Deserialize, Serialize};
use worker::{Error, Result, WebSocket};

use crate::dialect::Wire;
use crate::room::Session;

/// What survives hibernation, per socket: one compact JSON string. An object may wake
/// under newer code than it fell asleep under, so the version is stored: append-only.
#[derive(Serialize, Deserialize)]
struct Attachment<S> {
    #[serde(rename = "v")]
    version: u8,
    #[serde(rename = "w")]
    wire: Wire,
    #[serde(rename = "s")]
    session: S,
}

const VERSION: u8 = 1;

pub(super) fn store(socket: &WebSocket, wire: Wire, session: &Session) -> Result<()> {
    let attachment = Attachment { version: VERSION, wire, session };
    socket.serialize_attachment(serde_json::to_string(&attachment)?)
}

/// Marks a socket as nobody's: it is closing, and no wake brings its session back.
pub(super) fn forget(socket: &WebSocket) -> Result<()> {
    socket.serialize_attachment(None::<String>)
}

/// `None` for a socket that is nobody's any more.
pub(super) fn load(socket: &WebSocket) -> Result<Option<(Wire, Session)>> {
    let Some(text) = socket.deserialize_attachment::<String>()? else { return Ok(None) };
    let attachment: Attachment<Session> = serde_json::from_str(&text)?;
    if attachment.version == VERSION {
        Ok(Some((attachment.wire, attachment.session)))
    } else {
        Err(Error::RustError("an attachment of another version".into()))
    }
}

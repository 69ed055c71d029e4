use worker::{Error, Result, WebSocket};

use crate::host::{read_attachment, write_attachment};
use crate::kernel::Connection;
use crate::protocol::Wire;

pub(super) fn store(socket: &WebSocket, wire: Wire, connection: &Connection) -> Result<()> {
    let attachment =
        write_attachment(wire, connection).ok_or(Error::RustError(NOT_STORED.into()))?;
    socket.serialize_attachment(attachment)
}

/// Marks a socket as nobody's: it is closing, and no wake brings its connection back.
pub(super) fn forget(socket: &WebSocket) -> Result<()> {
    socket.serialize_attachment(None::<String>)
}

/// `None` for a socket that is nobody's any more.
pub(super) fn load(socket: &WebSocket) -> Result<Option<(Wire, Connection)>> {
    let Some(text) = socket.deserialize_attachment::<String>()? else { return Ok(None) };
    read_attachment(&text).map(Some).ok_or(Error::RustError(UNREADABLE.into()))
}

const NOT_STORED: &str = "an attachment could not be written";
const UNREADABLE: &str = "an attachment could not be read, or is of another version";

//! Which kind of room serves what. A protocol that several kinds speak does not know.

use crate::feature::Ask;

use crate::message::{Code, Kind, ProtocolError};

use crate::kernel::Command;

/// What everyone says who speaks of something that this room does not serve.
pub(crate) const UNKNOWN: ProtocolError =
    ProtocolError::new(Code::UnknownMessageType, "this endpoint knows no such type");

/// Whether rooms of this kind serve this to their sockets.
pub(crate) fn serves(kind: Kind, command: &Command) -> bool {
    match command {
        Command::Ping
        | Command::Pong
        | Command::Authenticate { .. }
        | Command::History(_)
        | Command::Presence
        | Command::Members(..)
        | Command::Show(..)
        | Command::Subscriptions
        | Command::Position
        | Command::Attach(_)
        | Command::Detach
        | Command::Stats
        | Command::Status
        | Command::Kick(_)
        | Command::Drain(_)
        // A protocol that has a word for these is spoken where there is something to hear.
        | Command::Subscribe(_)
        | Command::Unsubscribe(_)
        | Command::Erase => true,
        // No client asks for it.
        Command::Revoke(_) => false,
        Command::Publish(_) => kind.properties().serves_events,
        Command::Feature(it) => it.is_served_in(kind),
    }
}

//! How features take part in letting somebody in. They know neither tokens nor what is handed to
//! the room: admission asks them, and hands over what they answer.

use super::{Config, ConnectionParts, Feature, features};
use crate::kernel::{Act, Grants};
use crate::message::{Kind, ProtocolError, RoomName};

/// Somebody who is let in, as features see it.
pub(crate) struct Joining<'a> {
    /// In a room of which kind.
    pub(crate) kind: Kind,
    /// Who it is.
    pub(crate) user: &'a str,
    /// Whether a feature assigns the room ([`Door::room`]), rather than a token allowing it.
    pub(crate) is_assigned: bool,
    /// The parameters of the URL.
    pub(crate) parameter: &'a dyn Fn(&str) -> Option<&'a str>,
}

/// Things of a feature that a token may allow or deny one by one (R10).
pub(crate) struct Thing {
    /// What stands before their names, and a colon.
    pub(crate) space: &'static str,
    /// In which kinds of room there are any.
    pub(crate) kinds: &'static [Kind],
    /// What can be done with one. Where one can be heard by itself, who may hear it comes in by that.
    pub(crate) acts: &'static [Act],
}

/// What a feature adds to letting somebody in; by default nothing.
pub(crate) trait Door: Feature {
    /// Its things, if it has any.
    const THING: Option<Thing> = None;

    /// The parameters of the URL that it reads. No others are kept while a connection that has not
    /// said yet who it is is held.
    const PARAMETERS: &'static [&'static str] = &[];

    /// What users may do in rooms of this kind, if this feature assigns those, to whoever has a
    /// token, where a protocol says so (`Access::Feature`). At most one feature does for a kind.
    fn grants(_: Kind) -> Option<Grants> {
        None
    }

    /// Assigns a room of a kind for which there are such grants. The id is a new one, for a new
    /// room.
    fn room(_: &Self::Config, _: &Joining<'_>, _id: String) -> Result<RoomName, ProtocolError> {
        Err(ProtocolError::system())
    }

    /// What the room is to know of it for the connection, however that was let in.
    fn part(
        _: &Self::Config,
        _: &Joining<'_>,
        _: &RoomName,
    ) -> Result<Self::OnConnection, ProtocolError> {
        Ok(Self::OnConnection::default())
    }
}

macro_rules! doors {
    ($($(#[$about:meta])* $module:ident: $name:ident;)*) => {
        /// See [`Door::PARAMETERS`].
        pub(crate) const PARAMETERS: &[&[&str]] =
            &[$(<super::$module::$name as Door>::PARAMETERS,)*];

        /// See [`Door::THING`].
        pub(crate) const THINGS: &[Option<Thing>] = &[$(<super::$module::$name as Door>::THING,)*];

        /// See [`Door::grants`].
        pub(crate) fn grants(kind: Kind) -> Option<Grants> {
            $(if let Some(grants) = <super::$module::$name as Door>::grants(kind) {
                return Some(grants);
            })*
            None
        }

        /// See [`Door::room`]. No path leads to a kind of room that no feature assigns.
        pub(crate) fn room(
            config: &Config,
            joining: &Joining<'_>,
            id: String,
        ) -> Result<RoomName, ProtocolError> {
            $(if <super::$module::$name as Door>::grants(joining.kind).is_some() {
                return <super::$module::$name as Door>::room(&config.$module, joining, id);
            })*
            Err(ProtocolError::system())
        }

        /// See [`Door::part`].
        pub(crate) fn parts(
            config: &Config,
            joining: &Joining<'_>,
            room: &RoomName,
        ) -> Result<ConnectionParts, ProtocolError> {
            Ok(ConnectionParts {
                $($module: <super::$module::$name as Door>::part(&config.$module, joining, room)?,)*
            })
        }
    };
}

features!(doors);

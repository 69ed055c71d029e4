//! The rules of all features, as the kernel calls them.

use super::{Command, Input, features};
use crate::kernel::features::{Features, Rules};
use crate::kernel::principal::Principal;
use crate::kernel::timers::is_due;
use crate::kernel::{Connection, Context, Duplicate, Room, StoredRoom};
use crate::limits::Limits;
use crate::message::{Body, ConnectionId, Entry, Kind, Millis, ProtocolError};

/// All of them, in the order of the list.
#[derive(Debug)]
pub(crate) struct All;

macro_rules! dispatch {
    ($($(#[$about:meta])* $module:ident: $name:ident;)*) => {
        impl Features for All {
            fn handle(
                &self,
                room: &mut Room,
                cx: &mut Context,
                principal: &Principal,
                command: Command,
                duplicate: Option<Duplicate>,
            ) {
                match command {
                    $(Command::$name(it) => {
                        <super::$module::$name as Rules>::handle(room, cx, principal, it, duplicate);
                    })*
                }
            }
            fn heard(&self, room: &mut Room, cx: &mut Context, input: Input) {
                match input {
                    $(Input::$name(it) => <super::$module::$name as Rules>::heard(room, cx, it),)*
                }
            }
            fn entered(&self, room: &mut Room, session: &Connection) {
                $(<super::$module::$name as Rules>::entered(room, session);)*
            }
            fn spoke(&self, room: &mut Room, cx: &mut Context, id: ConnectionId) {
                $(<super::$module::$name as Rules>::spoke(room, cx, id);)*
            }
            fn may_publish(&self, room: &Room, body: &Body) -> Result<(), ProtocolError> {
                $(<super::$module::$name as Rules>::may_publish(room, body)?;)*
                Ok(())
            }
            fn appended(&self, room: &mut Room, cx: &mut Context, entry: &Entry) {
                $(<super::$module::$name as Rules>::appended(room, cx, entry);)*
            }
            fn left(&self, room: &mut Room, cx: &mut Context, session: &Connection) {
                $(<super::$module::$name as Rules>::left(room, cx, session);)*
            }
            fn due_at(&self, room: &Room) -> Option<Millis> {
                [$(<super::$module::$name as Rules>::due_at(room),)*].into_iter().flatten().min()
            }
            fn tick(&self, room: &mut Room, cx: &mut Context) {
                $(if is_due(<super::$module::$name as Rules>::due_at(room), cx.stamp.at) {
                    <super::$module::$name as Rules>::tick(room, cx);
                })*
            }
            fn settle(&self, room: &mut Room, cx: &mut Context) {
                $(<super::$module::$name as Rules>::settle(room, cx);)*
            }
        }
    };
}

features!(dispatch);

impl Room {
    /// Rebuilds a room that slept, with all features, from its log and the sessions of its open
    /// connections.
    pub fn restore(
        kind: Kind,
        limits: Limits,
        stored: StoredRoom,
        sessions: impl IntoIterator<Item = Connection>,
    ) -> Self {
        Self::with_features(kind, limits, stored, sessions, &All)
    }
}

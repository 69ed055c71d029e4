//! The rules of all features, as the kernel calls them.

use super::{Command, Found, Input, Query, features};
use crate::kernel::features::{Features, Rules};
use crate::kernel::principal::Principal;
use crate::kernel::timers::is_due;
use crate::kernel::{
    Answer, Connection, Context, Duplicate, HostStats, Publication, Room, StoredRoom,
};
use crate::limits::Limits;
use crate::message::{Body, ConnectionId, Entry, Kind, Member, Millis, ProtocolError, UserId};

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
            fn wants(
                &self,
                room: &Room,
                author: &UserId,
                id: Option<ConnectionId>,
                command: &Command,
                duplicate: Option<&Duplicate>,
            ) -> Option<Query> {
                match command {
                    $(Command::$name(it) => {
                        <super::$module::$name as Rules>::wants(room, author, id, it, duplicate)
                            .map(Query::$name)
                    })*
                }
            }
            fn streaming(&self, room: &Room) -> Vec<ConnectionId> {
                let mut all = Vec::new();
                $(all.extend(<super::$module::$name as Rules>::streaming(room));)*
                all.sort_unstable();
                all.dedup();
                all
            }
            fn next(&self, room: &Room, id: ConnectionId) -> Option<Query> {
                $(if let Some(query) = <super::$module::$name as Rules>::next(room, id) {
                    return Some(Query::$name(query));
                })*
                None
            }
            fn found(
                &self,
                room: &mut Room,
                query: Query,
                found: Found,
                host: HostStats,
            ) -> Option<Answer> {
                match (query, found) {
                    $((Query::$name(query), Found::$name(found)) => {
                        <super::$module::$name as Rules>::found(room, query, found, host)
                    })*
                    // What another feature looked up is none of its business.
                    _ => None,
                }
            }
            fn lets_in(
                &self,
                room: &Room,
                user: &UserId,
                now: Millis,
            ) -> Result<(), ProtocolError> {
                $(<super::$module::$name as Rules>::lets_in(room, user, now)?;)*
                Ok(())
            }
            fn entered(&self, room: &mut Room, connection: &Connection) {
                $(<super::$module::$name as Rules>::entered(room, connection);)*
            }
            fn spoke(&self, room: &mut Room, cx: &mut Context, id: ConnectionId) {
                $(<super::$module::$name as Rules>::spoke(room, cx, id);)*
            }
            fn wants_about(&self, author: &UserId, body: &Body, entry: &Entry) -> Option<Query> {
                $(if let Some(it) = <super::$module::$name as Rules>::wants_about(author, body, entry) {
                    return Some(Query::$name(it));
                })*
                None
            }
            fn judge(
                &self,
                room: &Room,
                principal: &Principal,
                publication: &mut Publication,
            ) -> Result<Option<Duplicate>, ProtocolError> {
                $(let known = <super::$module::$name as Rules>::judge(room, principal, publication)?;
                if known.is_some() {
                    return Ok(known);
                })*
                Ok(None)
            }
            fn appended(&self, room: &mut Room, cx: &mut Context, entry: &Entry) {
                $(<super::$module::$name as Rules>::appended(room, cx, entry);)*
            }
            fn left(&self, room: &mut Room, cx: &mut Context, connection: &Connection) {
                $(<super::$module::$name as Rules>::left(room, cx, connection);)*
            }
            fn detached(&self, room: &mut Room, cx: &mut Context, id: ConnectionId) {
                $(<super::$module::$name as Rules>::detached(room, cx, id);)*
            }
            fn wants_again(&self, room: &Room, id: ConnectionId) -> Option<Query> {
                $(if let Some(query) = <super::$module::$name as Rules>::wants_again(room, id) {
                    return Some(Query::$name(query));
                })*
                None
            }
            fn released(&self, room: &mut Room, cx: &mut Context, id: ConnectionId) {
                $(<super::$module::$name as Rules>::released(room, cx, id);)*
            }
            fn watches_members(&self, room: &Room) -> bool {
                $(<super::$module::$name as Rules>::watches_members(room) ||)* false
            }
            fn member_joined(&self, room: &mut Room, cx: &mut Context, member: &Member) {
                $(<super::$module::$name as Rules>::member_joined(room, cx, member);)*
            }
            fn member_left(&self, room: &mut Room, cx: &mut Context, member: &Member) {
                $(<super::$module::$name as Rules>::member_left(room, cx, member);)*
            }
            fn erasing(&self, room: &mut Room) {
                $(<super::$module::$name as Rules>::erasing(room);)*
            }
            fn due_at(&self, room: &Room) -> Option<Millis> {
                [$(<super::$module::$name as Rules>::due_at(room),)*].into_iter().flatten().min()
            }
            fn tick(&self, room: &mut Room, cx: &mut Context) {
                $(if is_due(<super::$module::$name as Rules>::due_at(room), cx.clock.at) {
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
    /// Rebuilds a room that slept, with all features, from its log and the connections of its open
    /// connections.
    pub fn restore(
        kind: Kind,
        limits: Limits,
        stored: StoredRoom,
        connections: impl IntoIterator<Item = Connection>,
    ) -> Self {
        Self::with_features(kind, limits, stored, connections, &All)
    }
}

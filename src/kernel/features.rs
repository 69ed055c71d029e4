//! What the kernel calls of features, without knowing any.

use super::principal::Principal;
use super::{Answer, Connection, Context, Duplicate, HostStats, Publication, Room};
use crate::feature::{Command, Feature, Found, Input, Query};
use crate::message::{Body, ConnectionId, Entry, Member, Millis, ProtocolError, UserId};

/// The rules of one feature: what it does when something happens in a room.
pub(crate) trait Rules: Feature {
    /// Serves a request.
    fn handle(
        room: &mut Room,
        cx: &mut Context,
        principal: &Principal,
        command: Self::Command,
        duplicate: Option<Duplicate>,
    );

    /// Something came from outside of the room.
    fn heard(_: &mut Room, _: &mut Context, _: Self::Input) {}

    /// What must be looked up before this is handled; this user asks, on a connection or over HTTP.
    fn wants(
        _: &Room,
        _: &UserId,
        _: Option<ConnectionId>,
        _: &Self::Command,
        _: Option<&Duplicate>,
    ) -> Option<Self::Query> {
        None
    }

    /// Connections that are sent something large, piece by piece, as fast as they take it.
    /// Asked after every step, so it is kept at hand rather than looked for among connections.
    fn streaming(_: &Room) -> Vec<ConnectionId> {
        Vec::new()
    }

    /// What is to be looked up for the next piece of it.
    fn next(_: &Room, _: ConnectionId) -> Option<Self::Query> {
        None
    }

    /// What it looked up is found, or is not.
    fn found(_: &mut Room, _: Self::Query, _: Self::Found, _: HostStats) -> Option<Answer> {
        None
    }

    /// Whether this user may be in the room, or ask something of it over HTTP, whatever their token
    /// allows.
    fn lets_in(_: &Room, _: &UserId, _now: Millis) -> Result<(), ProtocolError> {
        Ok(())
    }

    /// A connection came in, or was found on waking.
    fn entered(_: &mut Room, _: &Connection) {}

    /// A connection said something that is no ping.
    fn spoke(_: &mut Room, _: &mut Context, _: ConnectionId) {}

    /// What must be looked up for something of this author's that is about this entry.
    fn wants_about(_: &UserId, _: &Body, _: &Entry) -> Option<Self::Query> {
        None
    }

    /// Whether this may be published, beside what the kernel looks at, and what becomes of it and of
    /// what it is about. If it holds already, where that was said.
    fn judge(
        _: &Room,
        _: &Principal,
        _: &mut Publication,
    ) -> Result<Option<Duplicate>, ProtocolError> {
        Ok(None)
    }

    /// Something was added to the log.
    fn appended(_: &mut Room, _: &mut Context, _: &Entry) {}

    /// A connection is gone, and no longer among those of the room.
    fn left(_: &mut Room, _: &mut Context, _: &Connection) {}

    /// A connection wants to hear nothing any more, and stays.
    fn detached(_: &mut Room, _: &mut Context, _: ConnectionId) {}

    /// What must be looked up before a connection shows another token that was told nothing without one.
    fn wants_again(_: &Room, _: ConnectionId) -> Option<Self::Query> {
        None
    }

    /// A connection that was told nothing until it showed another token may be told again what is said.
    fn released(_: &mut Room, _: &mut Context, _: ConnectionId) {}

    /// Whether it is to hear of every user who comes and goes, also where nobody is left to tell.
    fn watches_members(_: &Room) -> bool {
        false
    }

    /// A user came in: once per user, as others hear of it (B13).
    fn member_joined(_: &mut Room, _: &mut Context, _: &Member) {}

    /// A user is gone, and their grace over (B14). Where nobody is left to tell, this is called
    /// only while some feature [watches](Rules::watches_members).
    fn member_left(_: &mut Room, _: &mut Context, _: &Member) {}

    /// The room is about to be erased: all who are in it will be disconnected.
    fn erasing(_: &mut Room) {}

    /// When it has something to do by itself. Derived from its state: see [`super::timers`].
    fn due_at(_: &Room) -> Option<Millis> {
        None
    }

    /// Does what is due; called when something is.
    fn tick(_: &mut Room, _: &mut Context) {}

    /// After every input.
    fn settle(_: &mut Room, _: &mut Context) {}
}

/// The rules of all features; see [`Rules`].
pub(crate) trait Features: std::fmt::Debug + Sync {
    /// See [`Rules::handle`].
    fn handle(
        &self,
        room: &mut Room,
        cx: &mut Context,
        principal: &Principal,
        command: Command,
        duplicate: Option<Duplicate>,
    );
    /// See [`Rules::heard`].
    fn heard(&self, room: &mut Room, cx: &mut Context, input: Input);
    /// See [`Rules::wants`].
    fn wants(
        &self,
        room: &Room,
        author: &UserId,
        id: Option<ConnectionId>,
        command: &Command,
        duplicate: Option<&Duplicate>,
    ) -> Option<Query>;
    /// See [`Rules::streaming`].
    fn streaming(&self, room: &Room) -> Vec<ConnectionId>;
    /// See [`Rules::next`].
    fn next(&self, room: &Room, id: ConnectionId) -> Option<Query>;
    /// See [`Rules::found`].
    fn found(&self, room: &mut Room, query: Query, found: Found, host: HostStats)
    -> Option<Answer>;
    /// See [`Rules::lets_in`].
    fn lets_in(&self, room: &Room, user: &UserId, now: Millis) -> Result<(), ProtocolError>;
    /// See [`Rules::entered`].
    fn entered(&self, room: &mut Room, connection: &Connection);
    /// See [`Rules::spoke`].
    fn spoke(&self, room: &mut Room, cx: &mut Context, id: ConnectionId);
    /// See [`Rules::wants_about`].
    fn wants_about(&self, author: &UserId, body: &Body, entry: &Entry) -> Option<Query>;
    /// See [`Rules::judge`].
    fn judge(
        &self,
        room: &Room,
        principal: &Principal,
        publication: &mut Publication,
    ) -> Result<Option<Duplicate>, ProtocolError>;
    /// See [`Rules::appended`].
    fn appended(&self, room: &mut Room, cx: &mut Context, entry: &Entry);
    /// See [`Rules::left`].
    fn left(&self, room: &mut Room, cx: &mut Context, connection: &Connection);
    /// See [`Rules::detached`].
    fn detached(&self, room: &mut Room, cx: &mut Context, id: ConnectionId);
    /// See [`Rules::wants_again`].
    fn wants_again(&self, room: &Room, id: ConnectionId) -> Option<Query>;
    /// See [`Rules::released`].
    fn released(&self, room: &mut Room, cx: &mut Context, id: ConnectionId);
    /// See [`Rules::watches_members`].
    fn watches_members(&self, room: &Room) -> bool;
    /// See [`Rules::member_joined`].
    fn member_joined(&self, room: &mut Room, cx: &mut Context, member: &Member);
    /// See [`Rules::member_left`].
    fn member_left(&self, room: &mut Room, cx: &mut Context, member: &Member);
    /// See [`Rules::erasing`].
    fn erasing(&self, room: &mut Room);
    /// See [`Rules::due_at`].
    fn due_at(&self, room: &Room) -> Option<Millis>;
    /// See [`Rules::tick`].
    fn tick(&self, room: &mut Room, cx: &mut Context);
    /// See [`Rules::settle`].
    fn settle(&self, room: &mut Room, cx: &mut Context);
}

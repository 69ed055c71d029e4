//! Who asks: a socket's connection, or a caller over HTTP, who has none.

use super::{
    Act, Allowed, Connection, Context, Flag, Grant, Grants, PendingReply, Recipients, Things,
};
use crate::kernel::Event;
use crate::message::{ConnectionId, Member, Millis, ProtocolError, RequestId, Space, UserId};

/// Whom to answer, and what they may ask.
pub(crate) struct Principal {
    pub(crate) connection: Option<ConnectionId>,
    pub(crate) member: Member,
    pub(crate) grants: Grants,
    pub(crate) things: Things,
    pub(crate) request_id: Option<RequestId>,
    pub(crate) is_demo: bool,
    /// Whether the token it came with is over.
    pub(crate) has_expired: bool,
    /// Whether it has said who it is, where it must.
    pub(crate) is_introduced: bool,
}

impl Principal {
    /// A connection.
    pub(crate) fn of(connection: &Connection, request_id: Option<RequestId>, now: Millis) -> Self {
        Self {
            connection: Some(connection.id),
            member: connection.member.clone(),
            grants: connection.grants,
            things: connection.things.clone(),
            request_id,
            is_demo: connection.flags.has(Flag::Demo),
            has_expired: connection.has_expired(now),
            is_introduced: connection.is_introduced(),
        }
    }

    /// Whoever reaches the room over HTTP.
    pub(crate) fn caller(
        member: Member,
        Allowed { grants, things }: Allowed,
        request_id: Option<RequestId>,
    ) -> Self {
        let (connection, is_demo, has_expired, is_introduced) = (None, false, false, true);
        Self { connection, member, grants, things, request_id, is_demo, has_expired, is_introduced }
    }

    /// Whether they may do this with the thing of this name.
    pub(crate) fn may(&self, act: Act, space: Space, name: &str) -> bool {
        self.things.allow(self.grants, act, space, name)
    }

    /// Refuses what the token does not allow with the thing of this name.
    pub(crate) fn needs_on(
        &self,
        act: Act,
        (space, name): (Space, &str),
        error: &'static str,
    ) -> Result<(), ProtocolError> {
        if self.may(act, space, name) { Ok(()) } else { Err(ProtocolError::denied(error)) }
    }

    /// Refuses what the token does not allow.
    pub(crate) fn needs(&self, grant: Grant, error: &'static str) -> Result<(), ProtocolError> {
        if self.grants.has(grant) { Ok(()) } else { Err(ProtocolError::denied(error)) }
    }

    /// Whether it speaks for the service rather than as one user of many. Nobody knows who a
    /// demo socket is, whatever it may do there.
    pub(crate) fn is_publisher(&self) -> bool {
        (self.grants.has(Grant::Publish) || self.grants.has(Grant::Admin)) && !self.is_demo
    }

    /// The same, where it changes this thing.
    pub(crate) fn publishes(&self, space: Space, name: &str) -> bool {
        let may = |act| self.may(act, space, name);
        (may(Act::Publish) || may(Act::Administer)) && !self.is_demo
    }

    /// Refuses what is not this caller's own, unless they have the grant `admin`.
    pub(crate) fn owns(
        &self,
        owner: Option<&UserId>,
        error: &'static str,
    ) -> Result<(), ProtocolError> {
        let is_own = self.grants.has(Grant::Send) && owner == Some(&self.member.id);
        if is_own { Ok(()) } else { self.needs(Grant::Admin, error) }
    }

    fn recipients(&self) -> Recipients {
        self.connection.map_or(Recipients::Caller, Recipients::One)
    }
}

impl Context {
    pub(crate) fn answer(&mut self, principal: &Principal, event: Event) {
        let pending = self.pending(principal);
        self.tell_notice(principal.recipients(), pending.notice(event));
    }

    pub(crate) fn refuse_principal(&mut self, principal: &Principal, error: ProtocolError) {
        self.tally.refused += 1;
        self.answer(principal, Event::Refused(error));
    }

    /// What an answer needs that only the log can give.
    pub(crate) fn pending(&mut self, principal: &Principal) -> PendingReply {
        PendingReply {
            to: principal.recipients(),
            connection: principal.connection,
            id: self.clock.new_id(),
            reply_to: principal.request_id.clone(),
            at: self.clock.at,
        }
    }
}

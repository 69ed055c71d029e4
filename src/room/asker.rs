//! Who asks: a socket's session, or a caller over HTTP, who has none.

use super::{Audience, Grant, Grants, Manner, Reveal, Session, Turn};
use crate::message::{ClientRef, Member, Millis, Refusal, SessionId, UserId};
use crate::room::Event;

/// Whom to answer, and what they may ask.
pub(super) struct Asker {
    pub(super) session: Option<SessionId>,
    pub(super) member: Member,
    pub(super) grants: Grants,
    pub(super) client_ref: Option<ClientRef>,
    pub(super) is_demo: bool,
    /// Whether the token it came with is over.
    pub(super) has_expired: bool,
    /// Whether it has said who it is, where it must.
    pub(super) is_introduced: bool,
}

impl Asker {
    /// A connection.
    pub(super) fn of(session: &Session, client_ref: Option<ClientRef>, now: Millis) -> Self {
        Self {
            session: Some(session.id),
            member: session.member.clone(),
            grants: session.grants,
            client_ref,
            is_demo: session.manners.has(Manner::Demo),
            has_expired: session.has_expired(now),
            is_introduced: session.is_introduced(),
        }
    }

    /// Whoever reaches the room over HTTP.
    pub(super) fn caller(member: Member, grants: Grants, client_ref: Option<ClientRef>) -> Self {
        let (session, is_demo, has_expired, is_introduced) = (None, false, false, true);
        Self { session, member, grants, client_ref, is_demo, has_expired, is_introduced }
    }

    /// Refuses what the token does not allow.
    pub(super) fn needs(&self, grant: Grant, refusal: &'static str) -> Result<(), Refusal> {
        if self.grants.has(grant) { Ok(()) } else { Err(Refusal::denied(refusal)) }
    }

    /// Whether it speaks for the service rather than as one user of many. Nobody knows who a
    /// demo socket is, whatever it may do there.
    pub(super) fn is_publisher(&self) -> bool {
        (self.grants.has(Grant::Publish) || self.grants.has(Grant::Admin)) && !self.is_demo
    }

    /// Refuses what is not this caller's own, unless they have the grant `admin`.
    pub(super) fn owns(
        &self,
        owner: Option<&UserId>,
        refusal: &'static str,
    ) -> Result<(), Refusal> {
        let is_own = self.grants.has(Grant::Send) && owner == Some(&self.member.id);
        if is_own { Ok(()) } else { self.needs(Grant::Admin, refusal) }
    }

    fn audience(&self) -> Audience {
        self.session.map_or(Audience::Caller, Audience::One)
    }
}

impl Turn {
    pub(super) fn answer(&mut self, asker: &Asker, event: Event) {
        let reveal = self.reveal(asker);
        self.tell_notice(asker.audience(), reveal.notice(event));
    }

    pub(super) fn refuse_asker(&mut self, asker: &Asker, refusal: Refusal) {
        self.tally.refused += 1;
        self.answer(asker, Event::Refused(refusal));
    }

    /// What an answer needs that only the log can give.
    pub(super) fn reveal(&mut self, asker: &Asker) -> Reveal {
        Reveal {
            to: asker.audience(),
            session: asker.session,
            id: self.stamp.mint(),
            reply_to: asker.client_ref.clone(),
            at: self.stamp.at,
        }
    }
}

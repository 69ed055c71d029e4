//! Who asks: a socket's session, or a caller over HTTP, who has none.

use super::{Audience, Grant, Grants, Manner, Reveal, Room, Turn};
use crate::message::{ClientRef, Event, Member, Refusal, SessionId, UserId};

/// Whom to answer, and what they may ask.
pub(super) struct Asker {
    pub(super) session: Option<SessionId>,
    pub(super) member: Member,
    pub(super) grants: Grants,
    pub(super) client_ref: Option<ClientRef>,
    pub(super) is_demo: bool,
}

impl Asker {
    /// The session of this id, while it is open.
    pub(super) fn session(
        room: &Room,
        id: SessionId,
        client_ref: Option<ClientRef>,
    ) -> Option<Self> {
        let session = room.session(id)?;
        let (member, grants) = (session.member.clone(), session.grants);
        let is_demo = session.manners.has(Manner::Demo);
        Some(Self { session: Some(id), member, grants, client_ref, is_demo })
    }

    /// Whoever reaches the room over HTTP.
    pub(super) fn caller(member: Member, grants: Grants, client_ref: Option<ClientRef>) -> Self {
        Self { session: None, member, grants, client_ref, is_demo: false }
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

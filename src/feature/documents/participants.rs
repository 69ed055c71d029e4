//! Who is in which session. A socket is in one at most; a user may be with several sockets.

use super::EditingEvent;
use super::rules::ELSEWHERE;
use super::stored::Seat;
use crate::feature::documents::Role;
use crate::kernel::Event;
use crate::kernel::presence::as_many_as_fit;
use crate::kernel::principal::Principal;
use crate::kernel::{Act, Connection, Context, Grant, Room};
use crate::limits::PARTICIPANTS_BYTES_MAX;
use crate::message::{ConnectionId, Member, Name, ProtocolError, Space, UserId};

impl Connection {
    pub(crate) fn sits_at(&self, document: &Name) -> bool {
        self.own.documents.seat.as_ref().is_some_and(|it| it.document == *document)
    }
}

impl Room {
    /// Tells those in a session, all but one, if they are such.
    pub(crate) fn tell_session(
        &self,
        cx: &mut Context,
        document: &Name,
        except: Option<ConnectionId>,
        is_such: impl Fn(&Connection) -> bool,
        event: EditingEvent,
    ) {
        // A token that replaced another one may allow less.
        let may = |it: &&Connection| it.may(Act::Read, Space::DOCUMENTS, document.as_str());
        let such = self.subscribers(Space::DOCUMENTS, document.as_str());
        let such = such.filter(may).filter(|it| is_such(it) && !it.is_held());
        let to = self.recipients(such.map(|it| it.id), except);
        if self.connections.len() == 1 && except.is_some() {
            return;
        }
        cx.tell_all(to, Event::from(event));
    }

    /// Who is in a session, each user once; nobody, for who may not see who is here.
    pub(crate) fn participants(
        &self,
        document: &Name,
        principal: &Principal,
    ) -> Vec<(Member, Role)> {
        if !principal.grants.has(Grant::Presence) {
            return Vec::new();
        }
        let seated = self.subscribers(Space::DOCUMENTS, document.as_str());
        let mut all: Vec<(Member, Role)> = seated
            .filter_map(|it| Some((it.member.clone(), it.own.documents.seat.as_ref()?.role)))
            .collect();
        // Who edits in one tab and looks on in another is a participant.
        all.sort_by(|(a, a_role), (b, b_role)| (&a.id, *a_role as u8).cmp(&(&b.id, *b_role as u8)));
        all.dedup_by(|(a, _), (b, _)| a.id == b.id);
        as_many_as_fit(all, PARTICIPANTS_BYTES_MAX, |(member, _)| member)
    }

    fn is_in_session(&self, user: &UserId, document: &Name) -> bool {
        self.subscribers(Space::DOCUMENTS, document.as_str()).any(|it| it.member.id == *user)
    }
}

/// Takes a seat, after leaving another one.
pub(crate) fn take(room: &mut Room, cx: &mut Context, id: ConnectionId, seat: Seat) {
    let Some(connection) = room.connection(id) else { return };
    if connection.own.documents.seat.as_ref() == Some(&seat) {
        return;
    }
    let member = connection.member.clone();
    if !connection.sits_at(&seat.document) {
        stand_up(room, cx, id);
    }
    let was_in = room.is_in_session(&member.id, &seat.document);
    room.resubscribe(id, |it| it.own.documents.seat = Some(seat.clone()));
    cx.effects.save(id);
    if !was_in {
        let Seat { document, role } = seat;
        let joined = EditingEvent::Joined { document: document.clone(), member, role };
        room.tell_session(cx, &document, Some(id), Connection::may_see, joined);
    }
}

/// Leaves on request.
pub(crate) fn leave(
    room: &mut Room,
    cx: &mut Context,
    principal: &Principal,
    id: ConnectionId,
    document: &Name,
) -> Result<(), ProtocolError> {
    room.connection(id).filter(|it| it.sits_at(document)).ok_or(ELSEWHERE)?;
    stand_up(room, cx, id);
    let (document, member) = (document.clone(), principal.member.clone());
    cx.answer(principal, Event::from(EditingEvent::Left { document, member }));
    Ok(())
}

pub(super) fn stand_up(room: &mut Room, cx: &mut Context, id: ConnectionId) {
    let stood_up =
        room.resubscribe(id, |it| Some((it.own.documents.seat.take()?, it.member.clone())));
    let Some((Seat { document, .. }, member)) = stood_up.flatten() else { return };
    cx.effects.save(id);
    gone(room, cx, &document, member);
}

/// A socket is gone, and its seat with it.
pub(crate) fn went(room: &Room, cx: &mut Context, connection: &Connection) {
    if let Some(Seat { document, .. }) = &connection.own.documents.seat {
        gone(room, cx, document, connection.member.clone());
    }
}

/// Tells the others, if this was the user's last socket in the session.
fn gone(room: &Room, cx: &mut Context, document: &Name, member: Member) {
    if !room.is_in_session(&member.id, document) {
        let left = EditingEvent::Left { document: document.clone(), member };
        room.tell_session(cx, document, None, Connection::may_see, left);
    }
}

//! Tokens that expire while a connection is open, and younger ones that replace them.

use super::attach::{self, NOT_HERE};
use super::principal::Principal;
use super::{Allowed, Connection, Context, Grant, Renewal, Room, behind, members};
use crate::kernel::Event;
use crate::limits::RENEWAL_MS;
use crate::message::{Code, ConnectionId, Following, Millis, ProtocolError, RequestId};

/// What an expired token is good for: asking for another one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Prompted {
    /// By its time.
    ByTime,
    /// By what its owner asked.
    ByRequest,
}

/// Asks each connection whose token has expired for a younger one, before anything else happens: nothing
/// that is said from then on is for it (R17). The alarm may ring late. Who says something now is asked in
/// answer to that.
pub(crate) fn hold_expired(room: &mut Room, cx: &mut Context, says: Option<ConnectionId>) {
    let now = cx.clock.at;
    if room.expiry_at.is_none_or(|at| now < at) {
        return;
    }
    let unasked = |room: &Room| -> Vec<(ConnectionId, Millis)> {
        let all = room.connections.values().filter(|it| it.renew_by.is_none());
        all.filter_map(|it| Some((it.id, it.expires_at?))).collect()
    };
    for (id, expires_at) in unasked(room) {
        if expires_at <= now && Some(id) != says {
            prompt(room, cx, id, None, Prompted::ByTime);
        }
    }
    room.expiry_at = unasked(room).into_iter().map(|it| it.1).min();
}

/// Asks an expired connection for a younger token, once, and refuses until it comes (A4, B37). It is told
/// nothing else meanwhile (R17, N43).
pub(crate) fn prompt(
    room: &mut Room,
    cx: &mut Context,
    id: ConnectionId,
    to: Option<RequestId>,
    prompted: Prompted,
) {
    let Some(connection) = room.connections.get_mut(&id) else { return };
    let now = cx.clock.at;
    let is_first = connection.renew_by.is_none();
    let renew_by = *connection.renew_by.get_or_insert(now.plus(RENEWAL_MS));
    let follows = connection.can_fall_behind();
    if renew_by <= now || connection.is_mute() {
        let error = ProtocolError::unauthenticated("the token has expired");
        return room.disconnect(cx, id, to, error);
    }
    cx.effects.save(id);
    room.sweep_no_later_than(Some(renew_by));
    if is_first {
        if follows {
            room.features.detached(room, cx, id);
            cx.tell(id, None, Event::Reauth(RENEWAL_MS));
        }
        behind::hold(room, id);
    }
    if !follows || prompted == Prompted::ByRequest {
        let error =
            ProtocolError::unauthenticated("the token has expired: send auth with a new one");
        cx.refuse(id, to, error);
    }
}

/// Takes another token in place of the old one; and `attach`es, if it came with that.
pub(crate) fn renewed(
    room: &mut Room,
    cx: &mut Context,
    id: ConnectionId,
    request_id: Option<RequestId>,
    renewal: Result<Renewal, ProtocolError>,
    attach: Option<Box<Following>>,
) {
    let limits = room.limits;
    let Some(connection) = room.connections.get(&id) else { return };
    let renewal = renewal.and_then(|it| fits(connection, &it).map(|()| it));
    let Renewal { user, allowed: Allowed { grants, things }, expires_at, issue, .. } = match renewal
    {
        Ok(renewal) => renewal,
        Err(error) => return cx.refuse(id, request_id, error),
    };
    let was_held = connection.is_held();
    let due = room.resubscribe(id, |it| {
        (it.grants, it.things) = (grants, things);
        (it.expires_at, it.renew_by, it.issue) = (expires_at, None, issue);
        it.due_at(&limits)
    });
    room.sweep_no_later_than(due.flatten());
    room.expiry_at = room.expiry_at.into_iter().chain(expires_at).min();
    cx.effects.save(id);
    behind::release(room, id, cx.clock.at);
    members::catch_up(room, cx, id);
    let connection = room.connection(id);
    let principal = connection.map(|it| Principal::of(it, request_id.clone(), cx.clock.at));
    match (attach, principal) {
        (Some(following), Some(principal)) if grants.has(Grant::Join) => {
            attach::attach(room, cx, &principal, *following);
        }
        (Some(_), _) => cx.refuse(id, request_id, NOT_HERE),
        (None, _) => {
            let grants = grants.names();
            cx.tell(id, request_id, Event::Renewed { user, expires_at, grants });
        }
    }
    if was_held {
        room.features.released(room, cx, id);
    }
    if !grants.has(Grant::Join) {
        attach::end(room, cx, id, NOT_HERE, None);
    }
}

const CONFLICT: ProtocolError = ProtocolError::new(
    Code::Conflict,
    "this socket is already authenticated; only a token of the same user and room that expires later replaces the old one",
);

const OTHER_USER: ProtocolError =
    ProtocolError::new(Code::Conflict, "only a token of the same user replaces the old one");

/// A renewal lengthens a connection; it does not turn it into another one. To who follows the log it
/// may also give less than before (N43).
fn fits(connection: &Connection, renewal: &Renewal) -> Result<(), ProtocolError> {
    let is_own = connection.member.id == renewal.user;
    if connection.can_fall_behind() {
        return if is_own { Ok(()) } else { Err(OTHER_USER) };
    }
    if !renewal.allowed.grants.has(Grant::Join) {
        return Err(NOT_HERE);
    }
    let later = match (connection.expires_at, renewal.expires_at) {
        (None, _) => false,
        (Some(_), None) => true,
        (Some(old), Some(new)) => old < new,
    };
    let here = renewal.context.as_ref().is_none_or(|it| *it == renewal.room);
    if later && here && is_own { Ok(()) } else { Err(CONFLICT) }
}

//! How far each user has read. What a client says of it is told to others at once, and written at
//! most every two seconds: until then it rides with the connection that said it.

use std::collections::BTreeMap;

use super::{AnnotationEvent, AnnotationFound, AnnotationQuery, MarkRead, READS};
use crate::feature::Query;
use crate::kernel::principal::Principal;
use crate::kernel::timers::is_due;
use crate::kernel::{Answer, Connection, Context, Effect, Event, Grant, Room, Write};
use crate::limits::READERS_MAX;
use crate::message::{Code, Millis, Offset, ProtocolError, UserId};

/// Between two writes of a user's marker, in milliseconds.
const WRITE_MS: u64 = 2_000;

const NOT_HERE: ProtocolError =
    ProtocolError::new(Code::NotFound, "there is no entry at this offset to have read");
const FULL: ProtocolError =
    ProtocolError::new(Code::Conflict, "a room keeps how far 1,000 users have read");

/// How far a user has read, as far as that is kept.
fn marker(room: &Room, user: &UserId) -> Option<(Offset, Millis)> {
    room.own.annotations.markers.get(user).copied().filter(|(it, _)| room.first <= *it)
}

/// Whether it is at hand.
pub(super) fn is_known(room: &Room, user: &UserId) -> bool {
    marker(room, user).is_some()
}

/// Somebody has read up to there.
pub(super) fn read(room: &mut Room, cx: &mut Context, principal: &Principal, offset: Offset) {
    // Callers over HTTP say it with what they publish by.
    let publishes = principal.connection.is_none() && principal.grants.has(Grant::Publish);
    let may_say = principal.grants.has(Grant::Send) || publishes;
    if !may_say {
        let error = ProtocolError::denied("this token does not allow sending here");
        return cx.refuse_principal(principal, error);
    }
    if room.first.0 == 0 || !(room.first..=room.head).contains(&offset) {
        return cx.refuse_principal(principal, NOT_HERE);
    }
    let (user, now) = (&principal.member.id, cx.clock.at);
    let known = marker(room, user);
    if known.is_none() && READERS_MAX <= room.own.annotations.count {
        return cx.refuse_principal(principal, FULL);
    }
    let (before, written_at) = known.unwrap_or_default();
    if offset <= before {
        return answer(cx, principal, before);
    }
    if !room.admits(cx, principal, &READS) {
        return;
    }
    // A clock that was set back must not keep it from being written.
    let due_at = written_at.plus(WRITE_MS).min(now.plus(WRITE_MS));
    let waits = principal.connection.filter(|_| known.is_some() && now < due_at);
    remember(room, user, offset, if waits.is_some() { written_at } else { now });
    match waits.and_then(|id| room.connections.get_mut(&id)) {
        Some(connection) => {
            connection.own.annotations.read = Some((offset, due_at));
            cx.effects.save(connection.id);
            room.own.annotations.unwritten.insert(user.clone(), due_at);
        }
        None => settle(room, cx, user),
    }
    // It says who is here.
    let event = Event::from(AnnotationEvent::Read(user.clone(), offset));
    room.announce(cx, principal.connection, event);
    answer(cx, principal, offset);
}

/// Who gave no id asks for no answer.
fn answer(cx: &mut Context, principal: &Principal, offset: Offset) {
    if principal.request_id.is_some() || principal.connection.is_none() {
        let event = AnnotationEvent::Marked(principal.member.id.clone(), offset);
        cx.answer(principal, Event::from(event));
    }
}

fn remember(room: &mut Room, user: &UserId, offset: Offset, written_at: Millis) {
    let own = &mut room.own.annotations;
    if READERS_MAX <= own.markers.len() as u64 {
        // What is written can be looked up again.
        own.markers.retain(|it, _| own.unwritten.contains_key(it));
    }
    own.markers.insert(user.clone(), (offset, written_at));
}

/// Writes a user's marker, and takes it off the connections that carry it.
pub(super) fn settle(room: &mut Room, cx: &mut Context, user: &UserId) {
    room.own.annotations.unwritten.remove(user);
    if let Some((offset, written_at)) = room.own.annotations.markers.get_mut(user) {
        *written_at = cx.clock.at;
        let write = MarkRead { user: user.clone(), offset: *offset };
        cx.effects.push(Effect::Write(Write::from(write)));
    }
    for id in room.users.get(user).into_iter().flatten() {
        let connection = room.connections.get_mut(id);
        if let Some(connection) = connection.filter(|it| it.own.annotations.read.is_some()) {
            connection.own.annotations.read = None;
            cx.effects.save(*id);
        }
    }
}

/// A connection came in, or was found on waking with what it carries.
pub(super) fn entered(room: &mut Room, connection: &Connection) {
    let Some((offset, due_at)) = connection.own.annotations.read else { return };
    let user = &connection.member.id;
    let before = room.own.annotations.markers.get(user).map_or(Offset(0), |it| it.0);
    let written_at = Millis(due_at.0.saturating_sub(WRITE_MS));
    remember(room, user, offset.max(before), written_at);
    let due = room.own.annotations.unwritten.entry(user.clone()).or_insert(due_at);
    *due = due_at.min(*due);
}

/// Writes those whose time has come.
pub(super) fn tick(room: &mut Room, cx: &mut Context) {
    let due = room.own.annotations.unwritten.iter();
    let due = due.filter(|(_, at)| is_due(Some(**at), cx.clock.at)).map(|it| it.0.clone());
    for user in due.collect::<Vec<_>>() {
        settle(room, cx, &user);
    }
}

/// How far has everyone read?
pub(super) fn all(cx: &mut Context, principal: &Principal) {
    let allowed = principal.needs(Grant::Presence, "this token does not allow seeing who is here");
    if let Err(error) = allowed {
        return cx.refuse_principal(principal, error);
    }
    let pending = Some(cx.pending(principal));
    cx.effects.push(Effect::Find { query: Query::from(AnnotationQuery::Reads), pending });
}

/// Takes what was looked up.
pub(super) fn found(
    room: &mut Room,
    query: AnnotationQuery,
    found: AnnotationFound,
) -> Option<Answer> {
    match (query, found) {
        (AnnotationQuery::Marker(user), AnnotationFound::Marker(offset, count)) => {
            room.own.annotations.count = count;
            if let Some(offset) = offset {
                remember(room, &user, offset, Millis(0));
            }
            None
        }
        (AnnotationQuery::Reads, found) => {
            let mut all = BTreeMap::new();
            if let AnnotationFound::Reads(stored) = found {
                all.extend(stored);
            }
            for user in room.own.annotations.unwritten.keys() {
                if let Some((offset, _)) = room.own.annotations.markers.get(user) {
                    all.insert(user.clone(), *offset);
                }
            }
            Some(Answer::Event(Event::from(AnnotationEvent::Reads(all))))
        }
        _ => None,
    }
}

//! Speaking, and reading what was said.

use std::rc::Rc;

use super::principal::Principal;
use super::{
    Act, Context, Duplicate, Effect, Grant, PageQuery, Publication, Recipients, Room, Write, about,
    behind, retention,
};
use crate::feature;
use crate::kernel::{Event, Notice};
use crate::limits::PAGE_BYTES_MAX;
use crate::message::{
    Accepted, Acknowledgement, Body, ConnectionId, Entry, EventName, Member, Millis, Offset,
    PageRequest, ProtocolError, Reply, RequestId,
};

/// Adds to the log what somebody publishes, and tells everyone whom it concerns, its author too
/// (X11).
pub(crate) fn publish(
    room: &mut Room,
    cx: &mut Context,
    principal: &Principal,
    mut publication: Publication,
    duplicate: Option<Duplicate>,
) {
    let known = match duplicate {
        Some(_) => may_publish(principal, &publication).map(|()| duplicate),
        None => about::admit(principal, &mut publication)
            .and_then(|()| may_publish(principal, &publication))
            .and_then(|()| room.features.judge(room, principal, &mut publication)),
    };
    match known {
        Err(error) => cx.refuse_principal(principal, error),
        Ok(known) if !publication.is_ephemeral => post(room, cx, principal, publication, known),
        Ok(_) => say(room, cx, principal, publication),
    }
}

const DENIED: &str = "this token does not allow publishing this here";

fn may_publish(principal: &Principal, publication: &Publication) -> Result<(), ProtocolError> {
    let Publication { body, is_privileged, .. } = publication;
    // Callers over HTTP are backends: all they do is publishing.
    let is_protected = feature::is_protected(body.name.as_str())
        || principal.connection.is_none()
        || *is_privileged;
    // A body gets its channel when the room accepts it. Mostly nobody has to know it before.
    let rules_single = is_protected && !principal.things.is_empty();
    let thing = rules_single.then(|| body.clone().accepted(Millis(0)).channel).flatten();
    if let Some((space, name)) = thing {
        principal.needs_on(Act::Publish, (space, &name), DENIED)
    } else if is_protected {
        principal.needs(Grant::Publish, DENIED)
    } else if about::changes(body) {
        // Whose that is decides, which the feature knows that changes it.
        Ok(())
    } else {
        principal.needs(Grant::Send, "this token does not allow sending here")
    }
}

/// What publishing comes down to, once it is allowed. A resend is only acknowledged.
pub(crate) fn post(
    room: &mut Room,
    cx: &mut Context,
    principal: &Principal,
    Publication { body, exclude, acknowledgement, related, channel, .. }: Publication,
    duplicate: Option<Duplicate>,
) {
    let is_resend = duplicate.is_some();
    let (offset, entry) = match duplicate {
        Some(Duplicate { offset, entry: None, .. })
            if acknowledgement == Acknowledgement::ByEvent =>
        {
            // The log no longer keeps it, but remembers that it was said.
            let (at, id) = (cx.clock.at, cx.clock.new_id());
            let (author, request_id) = (principal.member.clone(), principal.request_id.clone());
            (offset, Some(Rc::new(Entry { offset, at, id, author, request_id, body })))
        }
        Some(Duplicate { offset, entry, .. }) => (offset, entry),
        None if room.admits_broadcast(cx, principal) => {
            let entry = append(room, cx, principal, body, exclude, channel.as_ref());
            about::amend(cx, &entry, related);
            (entry.offset, Some(entry))
        }
        None => return,
    };
    match acknowledgement {
        Acknowledgement::ByReply => {
            let id = entry.map(|it| it.id);
            let epoch = room.epoch.clone();
            let accepted = Accepted { id, offset, epoch, duplicate: is_resend };
            cx.answer(principal, Event::Reply(Reply::Accepted(accepted)));
        }
        // Its author has heard it with all others, unless it was said before, or is for somebody else.
        // Who is still to be told it from the log hears it there, in its place: ahead of that, what is
        // below would be taken for told.
        Acknowledgement::ByEvent => {
            let is_own = |it: &Body| it.user.as_ref().is_none_or(|it| *it == principal.member.id);
            let comes = |it: &Body| is_own(it) && behind::is_to_be_told(room, principal, offset);
            let is_answered = |it: &Body| if is_resend { !comes(it) } else { !is_own(it) };
            if let Some(entry) = entry.filter(|it| is_answered(&it.body)) {
                cx.answer(principal, Event::Entry(entry));
            }
        }
        Acknowledgement::None => {}
    }
}

/// Tells those who hear it now, and keeps nothing.
fn say(room: &mut Room, cx: &mut Context, principal: &Principal, publication: Publication) {
    let Publication { body, exclude, channel, .. } = publication;
    if body.kind.is_folded || (body.kind.leaves_more)(&body) {
        return cx.refuse_principal(principal, NOT_EPHEMERAL);
    }
    if !room.admits_broadcast(cx, principal) {
        return;
    }
    let to = hearers(room, &body, exclude, channel.as_ref());
    let (at, id, author) = (cx.clock.at, cx.clock.new_id(), principal.member.clone());
    let entry = Entry { offset: Offset(0), at, id, author, request_id: None, body };
    cx.tell_all(to, Event::Said(Rc::new(entry)));
    cx.answer(principal, Event::Reply(Reply::Said));
}

const NOT_EPHEMERAL: ProtocolError =
    ProtocolError::invalid("what changes what the room keeps is kept itself");

/// Whom it concerns.
fn hearers(
    room: &Room,
    body: &Body,
    exclude: Option<ConnectionId>,
    about: Option<&EventName>,
) -> Recipients {
    let name = body.name.as_str();
    match (&body.channel, &body.user, about) {
        (Some((space, channel)), _, _) => room.hearers_on((*space, channel), name, exclude),
        (None, Some(user), _) => room.hearers_of(user, body, exclude),
        (None, None, Some(channel)) => room.hearers_about(body, channel, exclude),
        (None, None, None) => room.hearers(name, exclude),
    }
}

/// Adds an entry to the log, and tells whom it concerns.
fn append(
    room: &mut Room,
    cx: &mut Context,
    principal: &Principal,
    body: Body,
    exclude: Option<ConnectionId>,
    channel: Option<&EventName>,
) -> Rc<Entry> {
    let (author, request_id) = (principal.member.clone(), principal.request_id.clone());
    let entry = record(room, cx, author, request_id, body);
    let to = hearers(room, &entry.body, exclude, channel);
    if to != Recipients::Only(Vec::new()) {
        // A notice of an entry has the entry's own id.
        let (id, event) = (entry.id, Event::Entry(Rc::clone(&entry)));
        let reply_to = entry.request_id.clone();
        cx.tell_notice(to, Notice { id, reply_to, connection: None, at: cx.clock.at, event });
    }
    behind::place(room, cx, exclude, &entry);
    behind::mark(room, cx, &entry, channel);
    entry
}

/// Adds an entry to the log, and tells nobody.
pub(crate) fn record(
    room: &mut Room,
    cx: &mut Context,
    author: Member,
    request_id: Option<RequestId>,
    body: Body,
) -> Rc<Entry> {
    // Offsets order the log; its times only follow, even where the clock was set back.
    let at = cx.clock.at.max(room.head_at);
    let offset = room.head.next();
    let mut body = body.accepted(at);
    if body.user.is_none() {
        body.follows = Some(room.newest_for_all()).filter(|it| *it != room.head);
        room.chained = offset;
    }
    let entry = Rc::new(Entry { offset, at, id: cx.clock.new_id(), author, request_id, body });
    (room.head, room.head_at) = (offset, at);
    if room.first.0 == 0 {
        (room.first, room.first_at) = (offset, at);
    }
    cx.effects.push(Effect::Write(Write::Append(Rc::clone(&entry))));
    if entry.request_id.is_some() {
        retention::prune(room, cx);
    }
    room.features.appended(room, cx, &entry);
    entry
}

pub(crate) fn history(
    room: &Room,
    cx: &mut Context,
    principal: &Principal,
    PageRequest { before, after, limit, raw, within }: PageRequest,
) {
    let allowed = principal.needs(Grant::History, "this token does not allow reading history here");
    if let Err(error) = allowed {
        return cx.refuse_principal(principal, error);
    }
    let query = PageQuery {
        before,
        // What is bounded by a time below is read upwards too.
        after: after.or(within.later_than.map(|_| Offset(0))),
        viewer: principal.member.id.clone(),
        limit: limit.clamp(1, PageRequest::LIMIT_MAX),
        bytes_max: PAGE_BYTES_MAX,
        first: retention::first_visible(room),
        since: retention::oldest_visible(room, cx.clock.at),
        head: room.head,
        epoch: room.epoch.clone(),
        raw,
        within,
    };
    let pending = cx.pending(principal);
    cx.effects.push(Effect::Page { pending, query });
}

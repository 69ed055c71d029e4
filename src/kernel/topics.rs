//! What each connection wants to hear of (C6, C7, C28).

use super::principal::Principal;
use super::{Context, Room};
use crate::kernel::Event;
use crate::limits::{TOPICS_BYTES_MAX, TOPICS_MAX};
use crate::message::{Code, ProtocolError, Reply, Topic};

pub(crate) fn subscribe(
    room: &mut Room,
    cx: &mut Context,
    principal: &Principal,
    topics: Vec<Topic>,
) {
    let Some(connection) = principal.connection.and_then(|id| room.connection(id)) else {
        return cx.refuse_principal(principal, NO_SOCKET);
    };
    let mut all = connection.topics.clone().unwrap_or_default();
    all.extend(topics);
    all.sort_unstable();
    all.dedup();
    if let Err(error) = bounded(&all) {
        return cx.refuse_principal(principal, error);
    }
    let id = connection.id;
    let fits = room.resubscribe(id, |it| {
        let before = it.topics.replace(all.clone());
        let fits = it.fits_attachment();
        if !fits {
            it.topics = before;
        }
        fits
    });
    if fits != Some(true) {
        return cx.refuse_principal(principal, TOO_LONG);
    }
    cx.effects.save(id);
    cx.answer(principal, Event::Reply(Reply::Subscribed(all)));
}

/// Whether a connection may hear of so many. They ride in the attachment, which has 16 KiB.
pub(super) fn bounded(all: &[Topic]) -> Result<(), ProtocolError> {
    let bytes: usize = all.iter().map(|it| it.as_str().len()).sum();
    if TOPICS_MAX < all.len() || TOPICS_BYTES_MAX < bytes {
        return Err(TOO_MANY);
    }
    Ok(())
}

pub(crate) fn unsubscribe(
    room: &mut Room,
    cx: &mut Context,
    principal: &Principal,
    topics: Vec<Topic>,
) {
    let Some(id) = principal.connection else { return cx.refuse_principal(principal, NO_SOCKET) };
    let left = room.resubscribe(id, |it| {
        if let Some(all) = &mut it.topics {
            all.retain(|it| !topics.contains(it));
        }
        it.topics.clone()
    });
    let left = left.flatten();
    if left.is_some() {
        cx.effects.save(id);
    }
    cx.answer(principal, Event::Reply(Reply::Unsubscribed(topics, left)));
}

pub(crate) fn list(room: &Room, cx: &mut Context, principal: &Principal) {
    let connection = principal.connection.and_then(|id| room.connection(id));
    let topics = connection.and_then(|it| it.topics.clone());
    cx.answer(principal, Event::Reply(Reply::Subscriptions(topics)));
}

const NO_SOCKET: ProtocolError = ProtocolError::invalid("subscriptions need a connection");
pub(super) const TOO_LONG: ProtocolError =
    ProtocolError::new(Code::Conflict, "this connection has no room for so many topics");
const TOO_MANY: ProtocolError =
    ProtocolError::new(Code::Conflict, "a connection has at most 100 topics, of 8 KiB together");

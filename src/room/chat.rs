//! Speaking, and reading what was said.

use std::rc::Rc;

use super::{Audience, Effect, Grant, PageQuery, Receipt, Room, Turn, Write, retention};
use crate::message::{Body, ClientRef, Entry, Event, Notice, PageRequest, Refusal, SessionId};

pub(super) fn say(
    room: &mut Room,
    turn: &mut Turn,
    id: SessionId,
    client_ref: Option<ClientRef>,
    body: Body,
    receipt: Option<Receipt>,
) {
    if !room.grants(id).has(Grant::Send) {
        let refusal = Refusal::denied("this token does not allow sending here");
        return turn.refuse(id, client_ref, refusal);
    }
    let Some(author) = room.session(id).map(|it| it.member.clone()) else { return };
    if let Some(receipt) = receipt {
        let entry = receipt.entry.unwrap_or_else(|| {
            // The log no longer keeps it, but remembers that it was said.
            let (offset, at, minted) = (receipt.offset, turn.stamp.at, turn.stamp.mint());
            Rc::new(Entry { offset, at, id: minted, author, client_ref: client_ref.clone(), body })
        });
        let notice = spoken(turn, client_ref, entry);
        return turn.effects.push(Effect::Tell { to: Audience::One(id), notice });
    }
    if !room.admits_broadcast(turn, id, client_ref.as_ref()) {
        return;
    }
    // Offsets order the log; its times only follow, even where the clock was set back.
    let at = turn.stamp.at.max(room.head_at);
    let offset = room.head.next();
    let entry = Entry { offset, at, id: turn.stamp.mint(), author, client_ref, body };
    let entry = Rc::new(entry);
    (room.head, room.head_at) = (offset, at);
    if room.first.0 == 0 {
        (room.first, room.first_at) = (offset, at);
    }
    turn.effects.push(Effect::Write(Write::Append(Rc::clone(&entry))));
    if entry.client_ref.is_some() {
        retention::forget_refs(room, turn);
    }
    let notice = spoken(turn, entry.client_ref.clone(), entry);
    turn.effects.push(Effect::Tell { to: Audience::Everyone, notice });
}

/// A notice of an entry has the entry's own id.
fn spoken(turn: &Turn, reply_to: Option<ClientRef>, entry: Rc<Entry>) -> Notice {
    Notice { id: entry.id, reply_to, at: turn.stamp.at, event: Event::Entry(entry) }
}

pub(super) fn history(
    room: &Room,
    turn: &mut Turn,
    id: SessionId,
    client_ref: Option<ClientRef>,
    PageRequest { before, limit }: PageRequest,
) {
    if !room.grants(id).has(Grant::History) {
        let refusal = Refusal::denied("this token does not allow reading history here");
        return turn.refuse(id, client_ref, refusal);
    }
    let now = turn.stamp.at;
    let query = PageQuery {
        before,
        limit: limit.clamp(1, PageRequest::LIMIT_MAX),
        first: retention::first_visible(room),
        since: retention::oldest_visible(room, now),
        head: room.head,
        epoch: room.epoch.clone(),
    };
    let (minted, reply_to) = (turn.stamp.mint(), client_ref);
    turn.effects.push(Effect::Page { to: id, id: minted, reply_to, at: now, query });
}

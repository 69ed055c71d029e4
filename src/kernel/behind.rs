//! Going on in the log. A connection is *live*, and hears what is said, or *behind*, and is fed what
//! the log has above its cursor, a page at a time and as fast as it reads. At the newest entry it is
//! live again: nothing is left out on the way, and nothing is said twice.
//!
//! Where it was when it is put behind, its cursor, is stored with it. Whoever puts one there (today
//! only its own wish, when it comes) says up to where it has been told the log, or will be by what
//! waits to be carried out.

use std::collections::BTreeSet;
use std::rc::Rc;

use litemap::LiteMap;

use super::principal::Principal;
use super::{
    Act, Connection, Context, Flag, Grant, PageQuery, Recipients, Room, members, retention,
};
use crate::kernel::Event;
use crate::limits::FETCH_MS;
use crate::message::{
    Attached, Before, Body, ConnectionId, Entry, EventName, Millis, NotResumed, Offset, Page,
    Position, Reply, Rewind, Space, Within,
};

/// What an entry counts at least, in bytes, where it is told again: reading and writing the shortest
/// takes as long as so many bytes of long ones.
pub const REPLAY_ENTRY_BYTES: usize = 328;

/// Among how many of the newest entries a wake looks for one that is for everyone
/// (`history::stored_room`).
pub const CHAINED_WITHIN: usize = 256;

/// How far the log may go on without a word to those who follow it and hear none of it. Whoever
/// comes back is then read no more than so many entries that are not for them.
const MARK_ENTRIES: u64 = 256;

/// Those that are behind: mostly nobody.
#[derive(Debug, Default)]
pub(crate) struct Behind {
    connections: BTreeSet<ConnectionId>,
    /// By when somebody must look after them: each step does, this makes sure that there is one.
    by: Option<Millis>,
}

impl Behind {
    pub(crate) fn is_empty(&self) -> bool {
        self.connections.is_empty()
    }

    /// A connection came in, or was found on waking.
    pub(crate) fn enter(&mut self, connection: &Connection, by: Millis) {
        if connection.behind.is_some() && !connection.is_held() {
            self.connections.insert(connection.id);
            self.by.get_or_insert(by);
        }
    }

    /// It is live, or gone.
    pub(crate) fn remove(&mut self, id: ConnectionId) {
        self.connections.remove(&id);
        if self.connections.is_empty() {
            self.by = None;
        }
    }
}

/// Decides where somebody who comes in begins. Nothing is added to the log until they are in.
pub(crate) fn begin(room: &Room, connection: Connection) -> Connection {
    let not_resumed = connection.asked.as_ref().and_then(|it| refused(room, &connection, it));
    let resumed = connection.asked.as_ref().filter(|_| not_resumed.is_none()).map(|it| it.offset);
    // Where no events are served, all that the log has is for those who subscribed to it, and who goes
    // on there without following it does that anew.
    let is_told = room.kind.properties().serves_events || connection.flags.has(Flag::Following);
    let from = resumed.or_else(|| rewound(room, &connection)).filter(|_| is_told);
    Connection { behind: from.filter(|it| *it < room.head), not_resumed, ..connection }
}

/// From where on it is told what it asked for, if it asked for the last of it.
fn rewound(room: &Room, connection: &Connection) -> Option<Offset> {
    let Rewind::Entries(count) = connection.rewind? else { return None };
    let is_there = connection.grants.has(Grant::History) && room.first.0 != 0;
    let before_first = Offset(retention::first_visible(room).0.saturating_sub(1));
    is_there.then(|| Offset(room.head.0.saturating_sub(count)).max(before_first))
}

fn refused(
    room: &Room,
    connection: &Connection,
    Position { epoch, offset }: &Position,
) -> Option<NotResumed> {
    // Before its first entry every log is the same.
    if offset.0 != 0 && *epoch != room.epoch {
        Some(NotResumed::Epoch)
    } else if room.head < *offset {
        Some(NotResumed::Ahead)
    } else if *offset == room.head {
        None
    } else if !connection.grants.has(Grant::History) {
        Some(NotResumed::Denied)
    } else if room.first.0 == 0 || offset.next() < retention::first_visible(room) {
        Some(NotResumed::Gone)
    } else {
        None
    }
}

/// What it is told of that.
pub(crate) fn attached(room: &Room, connection: &Connection) -> Attached {
    Attached {
        first: retention::first_visible(room),
        from: connection.behind.unwrap_or(room.head),
        is_resumed: connection.asked.is_some() && connection.not_resumed.is_none(),
        reason: connection.not_resumed,
    }
}

/// It comes in.
pub(crate) fn enter(room: &mut Room, connection: Connection, now: Millis) {
    room.behind.enter(&connection, now.plus(FETCH_MS));
    room.enter(Connection { asked: None, not_resumed: None, rewind: None, ..connection });
}

/// It does not read as fast as is said. It has been told everything up to the newest entry, or will
/// be by what waits to be carried out.
pub(crate) fn fall(room: &mut Room, cx: &mut Context, id: ConnectionId) {
    let head = room.head;
    room.resubscribe(id, |it| it.behind = Some(head));
    let Some(connection) = room.connections.get(&id) else { return };
    room.behind.enter(connection, cx.clock.at.plus(FETCH_MS));
    cx.effects.save(id);
}

/// It is told nothing until it shows another token. It has been told everything up to the newest entry,
/// or will be by what waits to be carried out.
pub(crate) fn hold(room: &mut Room, id: ConnectionId) {
    let (head, serves_events) = (room.head, room.kind.properties().serves_events);
    room.behind.remove(id);
    room.resubscribe(id, |it| {
        // Elsewhere what the log has is for those who subscribed to it, or wait for an answer.
        let is_told = serves_events
            || it.flags.has(Flag::Following)
            || (it.flags.has(Flag::Introduced) && it.is_introduced());
        if it.behind.is_none() && !it.is_detached && is_told {
            it.behind = Some(head);
        }
    });
}

/// It may be told again what is said; if anything was said meanwhile, that comes from the log.
pub(crate) fn release(room: &mut Room, id: ConnectionId, now: Millis) {
    let head = room.head;
    room.resubscribe(id, |it| it.behind.take_if(|it| *it == head));
    if let Some(connection) = room.connections.get(&id) {
        room.behind.enter(connection, now.plus(FETCH_MS));
    }
}

/// Tells those who follow the log and hear none of it how far it has got, from time to time.
pub(crate) fn mark(room: &Room, cx: &mut Context, entry: &Entry, channel: Option<&EventName>) {
    if !entry.offset.0.is_multiple_of(MARK_ENTRIES) {
        return;
    }
    let deaf = room.followers().filter(|it| !it.is_told(entry, channel)).map(|it| it.id);
    cx.tell_all(Recipients::Only(deaf.collect()), Event::Position(entry.offset));
}

impl Connection {
    /// Whether it is told from the log what it does not read in time. Where nothing can be said, the
    /// client is told by the end of the connection.
    pub(crate) fn can_fall_behind(&self) -> bool {
        self.flags.has(Flag::Following) && !self.flags.has(Flag::Mute)
    }

    /// Whether nothing is said on it by its client.
    pub(crate) fn is_mute(&self) -> bool {
        self.flags.has(Flag::Mute)
    }

    /// Whether it is told nothing until it shows another token (R17, N43).
    pub(crate) fn is_held(&self) -> bool {
        self.renew_by.is_some() && !self.is_mute()
    }

    /// Whether it is told an entry, live or from the log.
    fn is_told(&self, entry: &Entry, channel: Option<&EventName>) -> bool {
        let is_meant = entry.body.user.as_ref().is_none_or(|it| *it == self.member.id);
        let may_hear = |(space, name): &(Space, String)| self.may(Act::Hear, *space, name);
        is_meant
            && entry.body.channel.as_ref().is_none_or(may_hear)
            && self.wants_entry(&entry.body, channel)
    }
}

/// Says up to where it has been told everything that is for everyone.
pub(crate) fn position(room: &Room, cx: &mut Context, principal: &Principal) {
    let cursor = principal.connection.and_then(|id| room.connection(id)).and_then(|it| it.behind);
    let reply = Reply::Position(room.epoch.clone(), cursor.unwrap_or(room.newest_for_all()));
    cx.answer(principal, Event::Reply(reply));
}

/// Whether it is behind, and what is at this offset comes to it from the log.
pub(crate) fn is_to_be_told(room: &Room, principal: &Principal, offset: Offset) -> bool {
    let cursor = principal.connection.and_then(|id| room.connection(id)).and_then(|it| it.behind);
    room.first <= offset && cursor.is_some_and(|it| it < offset)
}

/// Whoever said it and does not hear it learns its place all the same.
pub(crate) fn place(room: &Room, cx: &mut Context, author: Option<ConnectionId>, entry: &Entry) {
    let author = author.and_then(|id| room.connection(id));
    if let Some(it) = author.filter(|it| it.is_live() && it.flags.has(Flag::Following)) {
        cx.tell(it.id, None, Event::Position(entry.offset));
    }
}

/// When somebody must look after those that are behind.
pub(crate) fn due_at(room: &Room) -> Option<Millis> {
    room.behind.by
}

/// The alarm that rings for it makes the step in which they are served.
pub(crate) fn tick(room: &mut Room, cx: &mut Context) {
    room.behind.by = (!room.behind.is_empty()).then(|| cx.clock.at.plus(FETCH_MS));
}

/// An entry of a page, with the one before it that is for everyone, where it is to be named.
fn following(entry: &Rc<Entry>, chained: Offset, is_deleted: bool) -> Rc<Entry> {
    let is_next = entry.body.user.is_some() || chained.next() == entry.offset;
    if is_next && !is_deleted {
        return Rc::clone(entry);
    }
    let follows = Some(chained).filter(|_| !is_next);
    let body = Body { follows, is_deleted, ..entry.body.clone() };
    Rc::new(Entry { body, ..Entry::clone(entry) })
}

impl Room {
    /// The newest entry for everyone; 0 if it is not among those that a wake looks at, so that whether
    /// the room slept does not show.
    pub(crate) fn newest_for_all(&self) -> Offset {
        let is_kept = self.first.0 != 0 && self.first <= self.chained;
        let is_near = self.head.0.saturating_sub(self.chained.0) < CHAINED_WITHIN as u64;
        if is_kept && is_near { self.chained } else { Offset(0) }
    }

    /// Those that are behind, in their order.
    #[must_use]
    pub fn behind(&self) -> Vec<ConnectionId> {
        self.behind.connections.iter().copied().collect()
    }

    /// Whether anybody is behind.
    #[must_use]
    pub fn feeds(&self) -> bool {
        !self.behind.is_empty()
    }

    /// Whether it is fed from the log, and waits to be read for a while.
    #[must_use]
    pub fn is_fed(&self, id: ConnectionId) -> bool {
        self.connection(id).is_some_and(|it| it.behind.is_some() && !it.is_mute())
    }

    /// Those of which the log has forgotten what they are still to be told.
    #[must_use]
    pub fn left_behind(&self) -> Vec<ConnectionId> {
        let is_lost = |it: &ConnectionId| {
            let cursor = self.connection(*it).and_then(|it| it.behind);
            cursor.is_some_and(|it| it.next() < self.first || self.first.0 == 0)
        };
        self.behind.connections.iter().copied().filter(is_lost).collect()
    }

    /// What is to be read of the log for a connection that is behind, at most so many bytes: in memory
    /// they are about three times as much, as rows, entries and text. What it was promised when it
    /// came it gets, also what is past keeping meanwhile and not deleted yet.
    #[must_use]
    pub fn next_page(&self, id: ConnectionId, bytes_max: usize) -> Option<PageQuery> {
        let connection = self.connection(id).filter(|it| !it.is_held())?;
        Some(PageQuery {
            before: Before::Newest,
            after: Some(connection.behind?),
            viewer: connection.member.id.clone(),
            limit: u32::try_from(bytes_max / REPLAY_ENTRY_BYTES).unwrap_or(u32::MAX),
            bytes_max: bytes_max as u64,
            first: self.first,
            since: Millis(0),
            head: self.head,
            epoch: self.epoch.clone(),
            raw: true,
            within: Within { exact: true, ..Within::default() },
        })
    }

    /// Takes a page that was read for it, when all that was decided before is durable, and what some of
    /// its entries go by, where that is not their name: what it is told of it.
    pub fn read_page(
        &mut self,
        id: ConnectionId,
        page: &Page,
        channels: &LiteMap<Offset, EventName>,
    ) -> Vec<Event> {
        let Some(connection) = self.connections.get_mut(&id) else { return Vec::new() };
        let mut chained = connection.behind.unwrap_or_default();
        let (mut told, mut is_last_told) = (Vec::new(), true);
        for entry in &page.entries {
            is_last_told = connection.is_told(entry, channels.get(&entry.offset));
            if is_last_told {
                told.push(Event::Entry(following(entry, chained, page.is_deleted(entry))));
            }
            if entry.body.user.is_none() {
                chained = entry.offset;
            }
        }
        if let Some(cursor) = page.next_after() {
            connection.behind = Some(cursor);
            if !is_last_told {
                told.push(Event::Position(cursor));
            }
        } else {
            let is_stale = self.resubscribe(id, |it| {
                it.behind = None;
                std::mem::take(&mut it.is_stale) && it.may_see()
            });
            self.behind.remove(id);
            told.push(Event::Position(page.head));
            if is_stale == Some(true) {
                told.push(Event::Seen(Box::new(members::whole(self))));
            }
        }
        told
    }
}

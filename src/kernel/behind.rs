//! Going on in the log. A connection is *live*, and hears what is said, or *behind*, and is fed what
//! the log has above its cursor, a page at a time and as fast as it reads. At the newest entry it is
//! live again: nothing is left out on the way, and nothing is said twice.
//!
//! Where it was when it is put behind, its cursor, is stored with it. Whoever puts one there (today
//! only its own wish, when it comes) says up to where it has been told the log, or will be by what
//! waits to be carried out.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::{Connection, Context, Grant, PageQuery, Recipients, Room, retention};
use crate::kernel::Event;
use crate::limits::FETCH_MS;
use crate::message::{Attached, Before, ConnectionId, Entry, Millis, NotResumed, Page, Position};

/// Bytes of the entries that are read at once for a connection: as much may wait for it when the
/// next ones are sent. In memory they are about three times as much: rows, entries and text.
const REPLAY_BYTES_MAX: u64 = 256 * 1024;

/// How many entries those are, at most: as many of the shortest as have that many bytes.
const REPLAY_ENTRIES_MAX: u32 = 800;

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
        if connection.behind.is_some() {
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
    let Some(asked) = &connection.asked else { return connection };
    let not_resumed = refused(room, &connection, asked);
    let behind = not_resumed.is_none().then_some(asked.offset).filter(|it| *it < room.head);
    Connection { behind, not_resumed, ..connection }
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
    room.enter(Connection { asked: None, not_resumed: None, ..connection });
}

/// Tells those who follow the log and hear none of it how far it has got, from time to time.
pub(crate) fn mark(room: &Room, cx: &mut Context, entry: &Entry) {
    if !entry.offset.0.is_multiple_of(MARK_ENTRIES) {
        return;
    }
    let deaf = room.followers().filter(|it| !it.is_told(entry)).map(|it| it.id);
    cx.tell_all(Recipients::Only(deaf.collect()), Event::Position(entry.offset));
}

impl Connection {
    /// Whether it is told an entry, live or from the log.
    fn is_told(&self, entry: &Entry) -> bool {
        let is_meant = entry.body.user.as_ref().is_none_or(|it| *it == self.member.id);
        is_meant && self.wants(entry.body.name.as_str())
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

impl Room {
    /// Those that are behind, in their order.
    #[must_use]
    pub fn behind(&self) -> Vec<ConnectionId> {
        self.behind.connections.iter().copied().collect()
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

    /// What is to be read of the log for a connection that is behind. What it was promised when it
    /// came it gets, also what is past keeping meanwhile and not deleted yet.
    #[must_use]
    pub fn next_page(&self, id: ConnectionId) -> Option<PageQuery> {
        let connection = self.connection(id)?;
        Some(PageQuery {
            before: Before::Newest,
            after: Some(connection.behind?),
            viewer: connection.member.id.clone(),
            limit: REPLAY_ENTRIES_MAX,
            bytes_max: REPLAY_BYTES_MAX,
            first: self.first,
            since: Millis(0),
            head: self.head,
            epoch: self.epoch.clone(),
            raw: true,
        })
    }

    /// Takes a page that was read for it, when all that was decided before is durable: what it is
    /// told of it.
    pub fn read_page(&mut self, id: ConnectionId, page: &Page) -> Vec<Event> {
        let Some(connection) = self.connections.get_mut(&id) else { return Vec::new() };
        let told = page.entries.iter().filter(|it| connection.is_told(it));
        let mut told: Vec<Event> = told.map(|it| Event::Entry(Rc::clone(it))).collect();
        if let Some(cursor) = page.next_after() {
            connection.behind = Some(cursor);
        } else {
            self.resubscribe(id, |it| it.behind = None);
            self.behind.remove(id);
            told.push(Event::Position(page.head));
        }
        told
    }
}

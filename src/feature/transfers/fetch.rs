//! Fetching large data: who does, what is read for them next, and what they are told.

use std::rc::Rc;

use super::errors::{GONE, UNKNOWN, conflict, fault};
use super::native::CALLED;
use super::stored::{Fetching, FoundChunk, Piece};
use super::upload::{Transfer, TransferState};
use crate::feature::transfers::{Chunk, TransferEvent};
use crate::kernel::principal::Principal;
use crate::kernel::{Context, Event, Grant, Room};
use crate::limits::{FETCH_MS, FETCHERS_MAX};
use crate::message::{Code, ConnectionId, Name, ProtocolError};

const UNFINISHED: ProtocolError = conflict("not all of this data is here yet");
const BUSY: ProtocolError = conflict("this connection fetches something already: one at a time");

/// Begins to send an object to a connection.
pub(super) fn fetch(
    room: &mut Room,
    cx: &mut Context,
    principal: &Principal,
    id: ConnectionId,
    data: Name,
    from: Option<u64>,
) -> Result<(), ProtocolError> {
    principal.needs(Grant::History, "this token does not allow reading history here")?;
    let known = find(room, &data).ok_or(UNKNOWN)?;
    if known.state != TransferState::Finished {
        return Err(UNFINISHED);
    }
    let (indexes, total, bytes) = (known.indexes(), known.total, known.bytes);
    let next = from.unwrap_or(indexes.start);
    if !indexes.contains(&next) {
        return Err(fault("from", "must be the index of one of its chunks"));
    }
    if room.own.transfers.fetchers.contains(&id) {
        return Err(BUSY);
    }
    if FETCHERS_MAX <= room.own.transfers.fetchers.len() {
        let busy =
            ProtocolError::new(Code::Unavailable, "too many fetch large data here; try later");
        return Err(ProtocolError { retry_after: Some(FETCH_MS.div_ceil(1000)), ..busy });
    }
    let Some(connection) = room.connections.get_mut(&id) else { return Ok(()) };
    connection.own.transfers.fetching = Some(Fetching { data, next });
    room.own.transfers.fetchers.insert(id);
    room.own.transfers.fetch_by.get_or_insert(cx.clock.at.plus(FETCH_MS));
    cx.effects.save(id);
    if principal.request_id.is_some() {
        cx.answer(principal, Event::from(TransferEvent::Found { total, bytes }));
    }
    Ok(())
}

/// What is to be read next of what is fetched, while it is here.
pub(super) fn piece(room: &Room, Fetching { data, next }: &Fetching) -> Option<Piece> {
    let Transfer { id, data, total, .. } = find(room, data)?;
    Some(Piece { transfer: *id, data: data.clone(), index: *next, total: *total })
}

/// What a connection that fetches is sent, given what was read for it.
pub(super) fn fetched(
    room: &mut Room,
    connection: ConnectionId,
    piece: Option<Piece>,
    found: Option<FoundChunk>,
) -> Option<Event> {
    let gone = room.piece_sent(connection, found.is_some());
    let said = piece.zip(found).map(|(piece, FoundChunk { digest, text })| {
        let Piece { data, index, total, .. } = piece;
        // Nobody asks how long it is when decoded.
        let chunk = Chunk { data, index, total, text, bytes: 0, digest, called: &CALLED };
        Event::from(TransferEvent::Piece(Rc::new(chunk)))
    });
    said.or(gone)
}

impl Room {
    /// A connection was sent what came next; or there was nothing, and what it is told then.
    fn piece_sent(&mut self, connection: ConnectionId, was_there: bool) -> Option<Event> {
        let fetching = self.connections.get(&connection)?.own.transfers.fetching.as_ref()?;
        let end = find(self, &fetching.data).map(|it| it.indexes().end).filter(|_| was_there);
        let next = fetching.next.saturating_add(1);
        if end.is_some_and(|end| next < end) {
            if let Some(it) = self
                .connections
                .get_mut(&connection)
                .and_then(|it| it.own.transfers.fetching.as_mut())
            {
                it.next = next;
            }
            return None;
        }
        self.fetched(connection);
        (!was_there).then_some(Event::Refused(GONE))
    }

    pub(super) fn fetched(&mut self, id: ConnectionId) {
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.own.transfers.fetching = None;
        }
        self.not_fetching(id);
    }

    /// It no longer fetches, or is gone.
    pub(crate) fn not_fetching(&mut self, id: ConnectionId) {
        self.own.transfers.fetchers.remove(&id);
        if self.own.transfers.fetchers.is_empty() {
            self.own.transfers.fetch_by = None;
        }
    }
}

pub(super) fn find<'a>(room: &'a Room, data: &Name) -> Option<&'a Transfer> {
    let live = room.own.transfers.objects.values().filter(|it| it.state != TransferState::Expired);
    live.into_iter().find(|it| it.data == *data)
}

//! Large data: chunks in any order, stored one by one, and streamed back (A22, A23).

use std::borrow::Cow;
use std::rc::Rc;

use super::Transfers;
use super::errors::{GONE, UNKNOWN, conflict, fault};
use super::fetch::{fetch, fetched, find, piece};
use super::stored::{Compare, FoundChunk, TransferQuery, TransferWrite};
use super::upload::{Transfer, TransferState};
use crate::feature::Query;
use crate::feature::door::Door;
use crate::feature::transfers::{Chunk, TransferCommand, TransferEvent};
use crate::kernel::Duplicate;
use crate::kernel::Event;
use crate::kernel::features::Rules;
use crate::kernel::principal::Principal;
use crate::kernel::{Answer, Connection, Context, Effect, Grant, HostStats, Room, Write, kinds};
use crate::limits::{FETCH_MS, TRANSFERS_MAX};
use crate::message::{Code, ConnectionId, Millis, Name, ProtocolError, UserId};

/// Chunks of an expired object deleted at once: some 9 MB of the largest.
const PORTION: u64 = 100;

const DIFFERENT: ProtocolError = conflict("another chunk of this index is here already");
const OTHERS: ProtocolError = conflict("this data_id is somebody else's");
const OTHER_TOTAL: ProtocolError = conflict("this data_id was begun with another total_chunks");
const FULL: ProtocolError = conflict("this room takes no more large data until some of it expires");
const SHARE: ProtocolError = conflict("this user has as much large data here as one may");
impl Door for Transfers {}

impl Rules for Transfers {
    fn handle(
        room: &mut Room,
        cx: &mut Context,
        principal: &Principal,
        command: TransferCommand,
        _: Option<Duplicate>,
    ) {
        handle(room, cx, principal, command);
    }

    /// Whoever was fetching when the room fell asleep goes on, at once.
    fn entered(room: &mut Room, connection: &Connection) {
        if connection.own.transfers.fetching.is_some() {
            room.own.transfers.fetchers.insert(connection.id);
            room.own.transfers.fetch_by.get_or_insert(Millis(0));
        }
    }

    fn left(room: &mut Room, _: &mut Context, connection: &Connection) {
        room.not_fetching(connection.id);
    }

    fn detached(room: &mut Room, _: &mut Context, id: ConnectionId) {
        room.fetched(id);
    }

    fn streaming(room: &Room) -> Vec<ConnectionId> {
        room.own.transfers.fetchers.iter().copied().collect()
    }

    fn next(room: &Room, id: ConnectionId) -> Option<TransferQuery> {
        let fetching = room.connections.get(&id)?.own.transfers.fetching.as_ref()?;
        Some(TransferQuery::Next(id, piece(room, fetching)))
    }

    fn found(
        room: &mut Room,
        query: TransferQuery,
        found: Option<FoundChunk>,
        _: HostStats,
    ) -> Option<Answer> {
        match query {
            TransferQuery::Compare(compare) => Some(Answer::Event(compared(room, compare, found))),
            TransferQuery::Next(connection, piece) => {
                fetched(room, connection, piece, found).map(Answer::Event)
            }
        }
    }

    fn due_at(room: &Room) -> Option<Millis> {
        due_at(room)
    }

    fn tick(room: &mut Room, cx: &mut Context) {
        tick(room, cx);
    }
}

fn handle(room: &mut Room, cx: &mut Context, principal: &Principal, command: TransferCommand) {
    if let TransferCommand::Delete(data) = &command {
        return match delete_object(room, cx, principal, data) {
            Ok(()) => cx.answer(principal, Event::from(TransferEvent::Deleted(data.clone()))),
            Err(error) => cx.refuse_principal(principal, error),
        };
    }
    // A stream needs a socket.
    let Some(connection) = principal.connection else {
        return cx.refuse_principal(principal, kinds::UNKNOWN);
    };
    let done = match command {
        TransferCommand::Keep(chunk) => keep(room, cx, principal, connection, chunk),
        TransferCommand::Fetch { data, from } => fetch(room, cx, principal, connection, data, from),
        TransferCommand::Delete(_) => Ok(()), // Above.
    };
    if let Err(error) = done {
        cx.refuse_principal(principal, error);
    }
}

fn keep(
    room: &mut Room,
    cx: &mut Context,
    principal: &Principal,
    connection: ConnectionId,
    chunk: Rc<Chunk>,
) -> Result<(), ProtocolError> {
    principal.needs(Grant::Send, "this token does not allow sending here")?;
    let (chunks_max, bytes_max) = (room.limits.chunks(), room.limits.chunk_bytes());
    if chunks_max < chunk.total {
        return Err(fault(chunk.called.total, format!("must be at most {chunks_max}")));
    }
    if bytes_max < chunk.bytes {
        let message = format!("a chunk has at most {bytes_max} bytes when decoded");
        let too_large = ProtocolError::new(Code::MessageTooLarge, "");
        return Err(ProtocolError { message: Cow::Owned(message), ..too_large });
    }
    let now = cx.clock.at;
    let known = find(room, &chunk.data).cloned();
    if let Some(known) = &known {
        if known.owner != principal.member.id {
            return Err(OTHERS);
        }
        if known.total != chunk.total {
            return Err(OTHER_TOTAL);
        }
        if known.there.has(chunk.index) {
            again(room, cx, principal, connection, known, &chunk);
            return Ok(());
        }
        if !known.fits(chunk.index) {
            return Err(fault(
                chunk.called.index,
                "must be counted from 0 or from 1, not from both",
            ));
        }
    } else if TRANSFERS_MAX <= room.own.transfers.objects.len() {
        return Err(FULL);
    }
    let (objects, bytes) = owned(room, &principal.member.id);
    if known.is_none() && !room.may_own(principal, objects, TRANSFERS_MAX as u64) {
        return Err(SHARE);
    }
    let quota = room.limits.transfer_quota_bytes;
    if quota != 0 && quota < stored(room).saturating_add(chunk.bytes) {
        return Err(FULL);
    }
    // Up to the share, not one byte short of it.
    if quota != 0
        && !room.may_own(principal, bytes.saturating_add(chunk.bytes).saturating_sub(1), quota)
    {
        return Err(SHARE);
    }
    let is_resumed = known.as_ref().is_some_and(|it| it.connection != connection);
    let mut transfer = known.unwrap_or_else(|| {
        let id = room.own.transfers.objects.keys().next_back().map_or(1, |last| last + 1);
        Transfer::begin(id, principal.member.id.clone(), connection, &chunk, now)
    });
    transfer.take(&chunk);
    (transfer.at, transfer.connection) = (now, connection);
    let write = TransferWrite::Keep(transfer.clone(), chunk);
    cx.effects.push(Effect::Write(Write::from(write)));
    if is_resumed || transfer.state == TransferState::Finished {
        cx.answer(principal, Event::from(transfer.standing()));
    } else if principal.request_id.is_some() {
        cx.answer(principal, Event::from(TransferEvent::Kept { bytes: transfer.bytes }));
    }
    room.own.transfers.objects.insert(transfer.id, transfer);
    Ok(())
}

/// A chunk that is here: harmless if it is the same, and a sign of life of its sender.
fn again(
    room: &mut Room,
    cx: &mut Context,
    principal: &Principal,
    connection: ConnectionId,
    known: &Transfer,
    chunk: &Chunk,
) {
    if known.state == TransferState::Open {
        let transfer = Transfer { at: cx.clock.at, connection, ..known.clone() };
        let write = TransferWrite::Note(transfer.clone());
        cx.effects.push(Effect::Write(Write::from(write)));
        room.own.transfers.objects.insert(transfer.id, transfer);
    }
    let (transfer, index, digest) = (known.id, chunk.index, chunk.digest);
    let compare = Compare { transfer, index, digest, same: known.standing() };
    let query = Query::from(TransferQuery::Compare(compare));
    let pending = Some(cx.pending(principal));
    cx.effects.push(Effect::Find { query, pending });
}

/// What is said of a chunk that came again, given what is here.
fn compared(room: &mut Room, compare: Compare, found: Option<FoundChunk>) -> Event {
    if found.is_some_and(|it| it.digest == compare.digest) {
        return Event::from(compare.same);
    }
    room.tally.refused += 1;
    Event::Refused(DIFFERENT)
}

/// Forgets an object: nobody sees it from now on.
fn delete_object(
    room: &mut Room,
    cx: &mut Context,
    principal: &Principal,
    data: &Name,
) -> Result<(), ProtocolError> {
    let known = find(room, data).cloned().ok_or(UNKNOWN)?;
    principal.owns(Some(&known.owner), "only its sender deletes this data")?;
    expire(room, cx, known);
    Ok(())
}

/// How many objects a user has here, and how much that is, decoded.
fn owned(room: &Room, user: &UserId) -> (u64, u64) {
    let live = room.own.transfers.objects.values().filter(|it| it.state != TransferState::Expired);
    live.filter(|it| it.owner == *user)
        .fold((0, 0), |(count, bytes), it| (count + 1, bytes.saturating_add(it.bytes)))
}

/// How much the room holds, decoded.
fn stored(room: &Room) -> u64 {
    let live = room.own.transfers.objects.values().filter(|it| it.state != TransferState::Expired);
    live.fold(0, |sum, it| sum.saturating_add(it.bytes))
}

/// When there is something to do.
fn due_at(room: &Room) -> Option<Millis> {
    let age_ms = room.limits.history_ms();
    let transfers = room.own.transfers.objects.values().filter_map(|it| it.due_at(age_ms));
    transfers.chain(room.own.transfers.fetch_by).min()
}

/// Does what is due.
fn tick(room: &mut Room, cx: &mut Context) {
    let now = cx.clock.at;
    let age_ms = room.limits.history_ms();
    let is_due = |it: &&Transfer| it.due_at(age_ms).is_some_and(|at| at <= now);
    let due: Vec<Transfer> = room.own.transfers.objects.values().filter(is_due).cloned().collect();
    for transfer in due {
        if transfer.state == TransferState::Expired {
            delete(room, cx, transfer);
        } else {
            expire(room, cx, transfer);
        }
    }
    // Whoever fetches is served after every step; this one only makes sure that there is one.
    if room.own.transfers.fetch_by.is_some_and(|at| at <= now) {
        room.own.transfers.fetch_by =
            (!room.own.transfers.fetchers.is_empty()).then(|| now.plus(FETCH_MS));
    }
}

/// From now on nobody sees it.
fn expire(room: &mut Room, cx: &mut Context, mut transfer: Transfer) {
    (transfer.at, transfer.state) = (cx.clock.at, TransferState::Expired);
    cx.effects.push(Effect::Write(Write::from(TransferWrite::Note(transfer.clone()))));
    let wants = |it: &ConnectionId| {
        let fetching = room.connections.get(it).and_then(|it| it.own.transfers.fetching.as_ref());
        fetching.is_some_and(|it| it.data == transfer.data)
    };
    let fetchers: Vec<ConnectionId> =
        room.own.transfers.fetchers.iter().copied().filter(wants).collect();
    for id in fetchers {
        room.fetched(id);
        cx.effects.save(id);
        cx.refuse(id, None, GONE);
    }
    room.own.transfers.objects.insert(transfer.id, transfer);
}

/// Deletes a portion of it, and at last what is known of it.
fn delete(room: &mut Room, cx: &mut Context, mut transfer: Transfer) {
    transfer.at = cx.clock.at;
    let below = transfer.there.drop_first(PORTION);
    if transfer.there.count() == 0 {
        room.own.transfers.objects.remove(&transfer.id);
    } else {
        room.own.transfers.objects.insert(transfer.id, transfer.clone());
    }
    let write = TransferWrite::Drop { transfer, below };
    cx.effects.push(Effect::Write(Write::from(write)));
}

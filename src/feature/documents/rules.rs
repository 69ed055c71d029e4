//! Editing together: who edits which document, in which role (B17 to B21, T1 and on).

use std::rc::Rc;

use super::Documents;
use super::StoredDocument;
use super::owners::LOST;
use super::rates::{MOVES, OPERATIONS};
use super::stored::{DocumentQuery, EditingWrite, Seat};
use super::{owners, participants as seats};
use crate::feature::documents::document::{Applied, Edit, Rejection, Snapshot};
use crate::feature::documents::{
    Cursor, EditingCommand, EditingEvent, EditingState, Operation, Role, Version,
};
use crate::feature::door::{Door, Thing};
use crate::kernel::Duplicate;
use crate::kernel::Event;
use crate::kernel::features::Rules;
use crate::kernel::principal::Principal;
use crate::kernel::{Act, Answer, Connection, Context, Counted, Effect, HostStats, Room, Write};
use crate::message::{
    Acknowledgement, Code, ConnectionId, Kind, Millis, Name, ProtocolError, Reply, Space, UserId,
};

pub(crate) const SEATLESS: ProtocolError =
    ProtocolError::new(Code::Conflict, "this needs a document to be joined first");

pub(crate) const ELSEWHERE: ProtocolError =
    ProtocolError::new(Code::Conflict, "this connection has not joined this document");

impl Door for Documents {
    const THING: Option<Thing> = Some(Thing {
        space: Space::DOCUMENTS.0,
        kinds: &[Kind::Collaboration],
        acts: &[Act::Read, Act::Change, Act::Make, Act::Administer],
    });
}

impl Rules for Documents {
    fn handle(
        room: &mut Room,
        cx: &mut Context,
        principal: &Principal,
        command: EditingCommand,
        _: Option<Duplicate>,
    ) {
        handle(room, cx, principal, command);
    }

    fn wants(
        room: &Room,
        _: &UserId,
        id: Option<ConnectionId>,
        command: &EditingCommand,
        _: Option<&Duplicate>,
    ) -> Option<DocumentQuery> {
        wants(room, id, command)
    }

    /// One that is damaged is not kept, and requests for it are refused.
    fn found(
        room: &mut Room,
        DocumentQuery(name): DocumentQuery,
        stored: StoredDocument,
        _: HostStats,
    ) -> Option<Answer> {
        if room.own.documents.keep(name, stored).is_err() {
            room.tally.failed += 1;
        }
        None
    }

    fn left(room: &mut Room, cx: &mut Context, connection: &Connection) {
        seats::went(room, cx, connection);
    }

    fn detached(room: &mut Room, cx: &mut Context, id: ConnectionId) {
        seats::stand_up(room, cx, id);
    }

    fn wants_again(room: &Room, id: ConnectionId) -> Option<DocumentQuery> {
        let seat = room.connection(id)?.own.documents.seat.as_ref()?;
        Some(&seat.document).filter(|it| !room.own.documents.has(it)).cloned().map(DocumentQuery)
    }

    fn released(room: &mut Room, cx: &mut Context, id: ConnectionId) {
        seen_again(room, cx, id);
    }

    fn due_at(room: &Room) -> Option<Millis> {
        owners::due_at(room)
    }

    fn tick(room: &mut Room, cx: &mut Context) {
        owners::tick(room, cx);
    }
}

fn handle(room: &mut Room, cx: &mut Context, principal: &Principal, command: EditingCommand) {
    if let EditingCommand::Delete { document } = &command {
        return match owners::delete(room, cx, principal, document) {
            Ok(()) => {}
            Err(error) => cx.refuse_principal(principal, error),
        };
    }
    let Some(id) = principal.connection else {
        return cx
            .refuse_principal(principal, ProtocolError::invalid("editing needs a connection"));
    };
    let done = match command {
        EditingCommand::Join { document, role } => {
            join(room, cx, principal, id, Seat { document, role })
        }
        EditingCommand::Leave { document } => seats::leave(room, cx, principal, id, &document),
        EditingCommand::Edit { operation, version, document } => {
            edit(room, cx, principal, id, document.as_ref(), &operation, version)
        }
        EditingCommand::Delete { .. } => Ok(()), // Above.
        EditingCommand::Undo { document, acknowledgement } => {
            undo(room, cx, principal, id, document.as_ref(), acknowledgement)
        }
        EditingCommand::Cursor(cursor, document) => {
            moved(room, cx, principal, id, document.as_ref(), cursor)
        }
    };
    if let Err(error) = done {
        cx.refuse_principal(principal, error);
    }
}

/// The document that this cannot do without, if it is not at hand.
fn wants(room: &Room, id: Option<ConnectionId>, command: &EditingCommand) -> Option<DocumentQuery> {
    let document = match command {
        EditingCommand::Delete { document } => Some(document),
        EditingCommand::Join { document, .. } => room.connection(id?).map(|_| document),
        EditingCommand::Edit { .. } | EditingCommand::Undo { .. } => {
            room.connection(id?)?.own.documents.seat.as_ref().map(|it| &it.document)
        }
        EditingCommand::Leave { .. } | EditingCommand::Cursor(..) => None,
    };
    document.filter(|it| !room.own.documents.has(it)).cloned().map(DocumentQuery)
}

/// Where this connection sits, if that is where it is meant to.
fn seat(room: &Room, id: ConnectionId, meant: Option<&Name>) -> Result<Seat, ProtocolError> {
    let seat = room.connection(id).and_then(|it| it.own.documents.seat.clone()).ok_or(SEATLESS)?;
    if meant.is_some_and(|it| *it != seat.document) { Err(ELSEWHERE) } else { Ok(seat) }
}

/// Where this connection edits, if it may.
fn desk(
    room: &Room,
    principal: &Principal,
    id: ConnectionId,
    meant: Option<&Name>,
) -> Result<Name, ProtocolError> {
    let Seat { document, role } = seat(room, id, meant)?;
    let it = (Space::DOCUMENTS, document.as_str());
    principal.needs_on(Act::Change, it, NO_EDITING)?;
    // Whoever edits a version that is over is told the text; a younger token may not allow that.
    principal.needs_on(Act::Read, it, NO_READING)?;
    match role {
        Role::Participant => Ok(document),
        Role::Viewer => Err(ProtocolError::denied("a viewer does not edit")),
    }
}

const NO_READING: &str = "this token does not allow reading this document";
const NO_EDITING: &str = "this token does not allow editing this document";

fn join(
    room: &mut Room,
    cx: &mut Context,
    principal: &Principal,
    id: ConnectionId,
    seat: Seat,
) -> Result<(), ProtocolError> {
    let it = (Space::DOCUMENTS, seat.document.as_str());
    principal.needs_on(Act::Read, it, NO_READING)?;
    if seat.role == Role::Participant {
        principal.needs_on(Act::Change, it, NO_EDITING)?;
        owners::may_make(room, principal, &seat.document)?;
    }
    let name = seat.document.clone();
    owners::may_begin(room, principal, &name)?;
    seats::take(room, cx, id, seat);
    let state = state(room, principal, name)?;
    cx.answer(principal, state);
    Ok(())
}

/// The whole of a document, and who is there.
fn state(room: &mut Room, principal: &Principal, document: Name) -> Result<Event, ProtocolError> {
    let stored = room.own.documents.get(&document).ok_or(LOST)?;
    let Snapshot { version, content } = stored.borrow().snapshot();
    let participants = room.participants(&document, principal);
    let state = EditingState { document, version, content, participants };
    Ok(Event::from(EditingEvent::State(Box::new(state))))
}

/// Whoever was told nothing of its session is told how that is now, or is in it no longer.
fn seen_again(room: &mut Room, cx: &mut Context, id: ConnectionId) {
    let Some(connection) = room.connection(id) else { return };
    let Some(Seat { document, .. }) = connection.own.documents.seat.clone() else { return };
    let principal = Principal::of(connection, None, cx.clock.at);
    let may_read = principal.may(Act::Read, Space::DOCUMENTS, document.as_str());
    match may_read.then(|| state(room, &principal, document)).and_then(Result::ok) {
        Some(state) => cx.answer(&principal, state),
        None => seats::stand_up(room, cx, id),
    }
}

fn edit(
    room: &mut Room,
    cx: &mut Context,
    principal: &Principal,
    id: ConnectionId,
    meant: Option<&Name>,
    operation: &Operation,
    version: Version,
) -> Result<(), ProtocolError> {
    let name = desk(room, principal, id, meant)?;
    if acknowledged_again(room, cx, principal, &name) {
        return Ok(());
    }
    owners::may_make(room, principal, &name)?;
    owners::may_begin(room, principal, &name)?;
    if !room.admits(cx, principal, &OPERATIONS) {
        return Ok(()); // Which has been said.
    }
    let document = room.own.documents.get(&name).ok_or(LOST)?;
    let submitted = document.borrow_mut().submit(operation, version, &principal.member.id);
    match submitted {
        Ok(applied) => {
            cx.answer(principal, Event::from(EditingEvent::Taken(applied.edit.version())));
            let edit = take(room, cx, principal, &name, applied);
            for event in edited(&name, &edit) {
                room.tell_session(cx, &name, Some(id), |_| true, event);
            }
            Ok(())
        }
        Err(Rejection::Invalid(error)) => Err(error),
        Err(rejection @ (Rejection::Stale | Rejection::Future)) => {
            cx.refuse_principal(principal, rejection.into());
            // A short frame that is answered with a mebibyte is no keystroke.
            if room.charges(cx, id, Counted::Message) {
                let state = state(room, principal, name)?;
                cx.tell(id, None, state);
            }
            Ok(())
        }
    }
}

fn undo(
    room: &mut Room,
    cx: &mut Context,
    principal: &Principal,
    id: ConnectionId,
    meant: Option<&Name>,
    acknowledgement: Acknowledgement,
) -> Result<(), ProtocolError> {
    let name = desk(room, principal, id, meant)?;
    if acknowledged_again(room, cx, principal, &name) {
        return Ok(());
    }
    if !room.admits(cx, principal, &OPERATIONS) {
        return Ok(());
    }
    let document = room.own.documents.get(&name).ok_or(LOST)?;
    let nothing = ProtocolError::new(Code::NotFound, "there is nothing to take back");
    let undone = document.borrow_mut().undo(&principal.member.id);
    let applied = undone?.ok_or(nothing)?;
    let edit = take(room, cx, principal, &name, applied);
    let is_answer = acknowledgement == Acknowledgement::ByEvent;
    let reply_to = principal.request_id.clone().filter(|_| is_answer);
    for event in edited(&name, &edit) {
        cx.tell(id, reply_to.clone(), Event::from(event.clone()));
        room.tell_session(cx, &name, Some(id), |_| true, event);
    }
    if !is_answer {
        cx.answer(principal, Event::from(EditingEvent::Taken(edit.version())));
    }
    Ok(())
}

fn moved(
    room: &mut Room,
    cx: &mut Context,
    principal: &Principal,
    id: ConnectionId,
    meant: Option<&Name>,
    cursor: Cursor,
) -> Result<(), ProtocolError> {
    let Seat { document, .. } = seat(room, id, meant)?;
    if room.admits(cx, principal, &MOVES) {
        let event = EditingEvent::Cursor(document.clone(), principal.member.id.clone(), cursor);
        room.tell_session(cx, &document, Some(id), Connection::may_see, event);
        cx.answer(principal, Event::Reply(Reply::Said));
    }
    Ok(())
}

/// A request that was taken before is acknowledged and not carried out again.
fn acknowledged_again(
    room: &mut Room,
    cx: &mut Context,
    principal: &Principal,
    name: &Name,
) -> bool {
    let Some(request_id) = &principal.request_id else { return false };
    let taken = room.own.documents.find_duplicate(name, &principal.member.id, request_id);
    if let Some(version) = taken {
        cx.answer(principal, Event::from(EditingEvent::Taken(version)));
    }
    taken.is_some()
}

/// Makes durable what was taken.
fn take(
    room: &mut Room,
    cx: &mut Context,
    principal: &Principal,
    name: &Name,
    Applied { edit, is_mark }: Applied,
) -> Rc<Edit> {
    let edit = Rc::new(edit);
    if edit.operations.is_empty() {
        return edit;
    }
    let (document, request_id) = (name.clone(), principal.request_id.clone());
    let write = EditingWrite::Edit { document, edit: Rc::clone(&edit), request_id };
    cx.effects.push(Effect::Write(Write::from(write)));
    owners::took(room, cx, principal, name, &edit);
    room.owes(cx, principal, &OPERATIONS, edit.operations.len().saturating_sub(1) as u64);
    room.own.documents.took(name, &edit, principal.request_id.clone(), is_mark);
    if is_mark && let Some(document) = room.own.documents.get(name) {
        let document = document.borrow();
        let (snapshot, since) = (Rc::new(document.snapshot()), document.kept_since());
        let write = EditingWrite::Mark { document: name.clone(), snapshot, since };
        cx.effects.push(Effect::Write(Write::from(write)));
    }
    edit
}

fn edited(document: &Name, edit: &Edit) -> impl Iterator<Item = EditingEvent> {
    edit.numbered().map(|(version, operation)| EditingEvent::Edited {
        document: document.clone(),
        operation: operation.clone(),
        version,
        author: edit.author.clone(),
    })
}

//! Whose documents are: a share of them for each user, deletion, and the end of empty ones.

use super::EditingEvent;
use super::stored::{EditingWrite, OwnedDocument};
use crate::feature::documents::Version;
use crate::feature::documents::document::Edit;
use crate::kernel::Event;
use crate::kernel::principal::Principal;
use crate::kernel::{Act, Context, Effect, Recipients, Room, Write};
use crate::limits::{DOCUMENTS_MAX, EMPTY_DOCUMENT_MS};
use crate::message::{Code, ConnectionId, Millis, Name, ProtocolError, Space};

const CROWDED: ProtocolError =
    ProtocolError::new(Code::Conflict, "a room keeps at most 1,000 documents");

const SHARE: ProtocolError =
    ProtocolError::new(Code::Conflict, "this user has as many documents here as one may");

const NO_MAKING: ProtocolError =
    ProtocolError::denied("this document is not there, and this token does not allow making it");

const NOTHING: ProtocolError = ProtocolError::new(Code::NotFound, "there is no such document");

/// The document cannot be restored. Whoever operates this finds it in the log.
pub(crate) const LOST: ProtocolError =
    ProtocolError::new(Code::SystemError, "what was stored of this document does not fit together");

fn is_there(room: &Room, name: &Name) -> Result<bool, ProtocolError> {
    let document = room.own.documents.get(name).ok_or(LOST)?;
    Ok(document.borrow().version() != Version::default())
}

/// Whether this one is there, or the token allows making it.
pub(crate) fn may_make(
    room: &Room,
    principal: &Principal,
    name: &Name,
) -> Result<(), ProtocolError> {
    let may = principal.may(Act::Make, Space::DOCUMENTS, name.as_str());
    if may || is_there(room, name)? { Ok(()) } else { Err(NO_MAKING) }
}

/// Whether this one is there, or there is room for it.
pub(crate) fn may_begin(
    room: &Room,
    principal: &Principal,
    name: &Name,
) -> Result<(), ProtocolError> {
    if is_there(room, name)? {
        return Ok(());
    }
    if DOCUMENTS_MAX <= room.own.documents.count() {
        return Err(CROWDED);
    }
    let is_own = |it: &&OwnedDocument| it.owner == principal.member.id;
    let owned = room.own.documents.all_owned().filter(is_own).count() as u64;
    if room.may_own(principal, owned, DOCUMENTS_MAX) { Ok(()) } else { Err(SHARE) }
}

/// Notes whose a new document is, and when one loses its last word or gets one again.
pub(crate) fn took(
    room: &mut Room,
    cx: &mut Context,
    principal: &Principal,
    name: &Name,
    edit: &Edit,
) {
    let is_empty = room.own.documents.get(name).is_some_and(|it| it.borrow().length() == 0);
    let empty_since = is_empty.then_some(cx.clock.at);
    let document = match room.own.documents.owned(name) {
        Some(known) if known.empty_since.is_some() == is_empty => return,
        Some(known) => OwnedDocument { empty_since, ..known.clone() },
        None if edit.first == Version(1) => {
            OwnedDocument { name: name.clone(), owner: principal.member.id.clone(), empty_since }
        }
        None => return,
    };
    own(room, cx, document);
}

fn own(room: &mut Room, cx: &mut Context, document: OwnedDocument) {
    let write = EditingWrite::Own(document.clone());
    cx.effects.push(Effect::Write(Write::from(write)));
    room.own.documents.own(document);
}

/// Forgets a document, and tells whoever is in its session that this is over.
pub(crate) fn delete(
    room: &mut Room,
    cx: &mut Context,
    principal: &Principal,
    name: &Name,
) -> Result<(), ProtocolError> {
    if !is_there(room, name).is_ok_and(|it| it) {
        return Err(NOTHING);
    }
    let owner = room.own.documents.owned(name).map(|it| it.owner.clone());
    let may = |act| principal.may(act, Space::DOCUMENTS, name.as_str());
    let is_own = owner.as_ref() == Some(&principal.member.id) && may(Act::Change);
    if !is_own && !may(Act::Administer) {
        return Err(ProtocolError::denied("only who made this document deletes it"));
    }
    // Who is told nothing now is told later how it is then.
    let seated = room.subscribers(Space::DOCUMENTS, name.as_str()).filter(|it| !it.is_held());
    let seated: Vec<ConnectionId> = seated.map(|it| it.id).collect();
    for id in &seated {
        room.resubscribe(*id, |it| it.own.documents.seat = None);
        cx.effects.save(*id);
    }
    forget(room, cx, name);
    let (document, member) = (name.clone(), principal.member.clone());
    let event = Event::from(EditingEvent::Deleted { document, member });
    let others: Vec<ConnectionId> =
        seated.into_iter().filter(|it| Some(*it) != principal.connection).collect();
    cx.tell_all(Recipients::Only(others), event.clone());
    cx.answer(principal, event);
    Ok(())
}

fn forget(room: &mut Room, cx: &mut Context, name: &Name) {
    room.own.documents.delete(name);
    let write = EditingWrite::Delete(name.clone());
    cx.effects.push(Effect::Write(Write::from(write)));
}

/// When the first empty document may end.
pub(crate) fn due_at(room: &Room) -> Option<Millis> {
    room.own.documents.all_owned().filter_map(OwnedDocument::ends_at).min()
}

/// Forgets empty documents that nobody is in the session of; of others the time begins anew.
pub(crate) fn tick(room: &mut Room, cx: &mut Context) {
    let now = cx.clock.at;
    let is_due = |it: &&OwnedDocument| it.ends_at().is_some_and(|at| at <= now);
    let due: Vec<OwnedDocument> = room.own.documents.all_owned().filter(is_due).cloned().collect();
    for document in due {
        if room.subscribers(Space::DOCUMENTS, document.name.as_str()).next().is_some() {
            own(room, cx, OwnedDocument { empty_since: Some(now), ..document });
        } else {
            forget(room, cx, &document.name);
        }
    }
}

impl OwnedDocument {
    fn ends_at(&self) -> Option<Millis> {
        self.empty_since.map(|since| since.plus(EMPTY_DOCUMENT_MS))
    }
}

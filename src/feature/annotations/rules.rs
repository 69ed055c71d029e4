//! Who may say what about an entry, and what becomes of that.

use super::about::About;
use super::entries::{DELETE, EDIT, REACTION};
use super::words::Reaction;
use super::{AnnotationCommand, AnnotationFound, AnnotationQuery, Annotations, Standing, reads};
use crate::feature::door::Door;
use crate::feature::{self, Found, Publishing};
use crate::kernel::features::Rules;
use crate::kernel::principal::Principal;
use crate::kernel::{
    Answer, Connection, Context, Duplicate, Grant, HostStats, Publication, Related, Room,
};
use crate::limits::{REACTIONS_MAX, REACTIONS_OF_USER_MAX};
use crate::message::{Body, Code, ConnectionId, EVENT, Entry, Json, Millis, ProtocolError, UserId};

impl Door for Annotations {}

impl Rules for Annotations {
    fn handle(
        room: &mut Room,
        cx: &mut Context,
        principal: &Principal,
        command: AnnotationCommand,
        _: Option<Duplicate>,
    ) {
        match command {
            AnnotationCommand::Read(offset) => reads::read(room, cx, principal, offset),
            AnnotationCommand::Reads => reads::all(cx, principal),
        }
    }

    fn wants(
        room: &Room,
        author: &UserId,
        _: Option<ConnectionId>,
        command: &AnnotationCommand,
        _: Option<&Duplicate>,
    ) -> Option<AnnotationQuery> {
        let asks = matches!(command, AnnotationCommand::Read(_));
        (asks && !reads::is_known(room, author)).then(|| AnnotationQuery::Marker(author.clone()))
    }

    fn wants_about(author: &UserId, body: &Body, entry: &Entry) -> Option<AnnotationQuery> {
        let key = reaction(body).map(|it| it.key).unwrap_or_default();
        Some(AnnotationQuery::Standing { target: entry.offset, key, user: author.clone() })
    }

    fn judge(
        room: &Room,
        principal: &Principal,
        Publication { body, related, .. }: &mut Publication,
    ) -> Result<Option<Duplicate>, ProtocolError> {
        let Some(Related { entry, found: Some(Found::Annotations(found)), amended }) =
            related.as_deref_mut()
        else {
            return Ok(None);
        };
        let AnnotationFound::Standing(standing) = found else { return Ok(None) };
        if standing.is_deleted {
            return Err(DELETED);
        }
        if body.kind == EDIT {
            may_change(principal, entry)?;
            let said = replacement(room, entry, &body.data)?;
            body.data = Json::of(&About { data: Some(said.data.as_raw()), ..About::entry(entry) });
            *amended = Some(said);
        } else if body.kind == DELETE {
            may_change(principal, entry)?;
            body.data = Json::of(&About::entry(entry));
            *amended = entry.body.blank();
        } else if let Some(reaction) = reaction(body) {
            return reacts(body, entry, standing, &reaction);
        }
        Ok(None)
    }

    fn found(
        room: &mut Room,
        query: AnnotationQuery,
        found: AnnotationFound,
        _: HostStats,
    ) -> Option<Answer> {
        reads::found(room, query, found)
    }

    fn entered(room: &mut Room, connection: &Connection) {
        reads::entered(room, connection);
    }

    fn left(room: &mut Room, cx: &mut Context, connection: &Connection) {
        if connection.own.annotations.read.is_some() {
            reads::settle(room, cx, &connection.member.id);
        }
    }

    fn due_at(room: &Room) -> Option<Millis> {
        room.own.annotations.unwritten.values().min().copied()
    }

    fn tick(room: &mut Room, cx: &mut Context) {
        reads::tick(room, cx);
    }
}

const DELETED: ProtocolError = ProtocolError::new(Code::NotFound, "this entry was deleted");
const NOT_YOURS: &str = "only who said this, and who has the grant admin, changes it";
const PROTECTED: ProtocolError =
    ProtocolError::denied("only callers with publish change what takes publish to say");
const NOBODY: ProtocolError =
    ProtocolError::denied("nobody has proved here who they are: nothing can be changed");
const ANOTHERS: ProtocolError = ProtocolError::invalid("an edit is for whoever the entry is for");
const TOO_MANY: ProtocolError =
    ProtocolError::new(Code::Conflict, "a message has at most 20 different reactions");
const TOO_MANY_OWN: ProtocolError =
    ProtocolError::new(Code::Conflict, "a user has at most 10 different reactions to a message");

fn reaction(body: &Body) -> Option<Reaction> {
    if body.kind == REACTION { serde_json::from_str(body.data.as_str()).ok() } else { None }
}

/// Who said it, and who administers the room. What takes `publish` to say takes it to change, too.
/// A client that proved nothing may call itself like another one.
fn may_change(principal: &Principal, entry: &Entry) -> Result<(), ProtocolError> {
    if principal.is_demo {
        return Err(NOBODY);
    }
    let is_protected = feature::is_protected(entry.body.name.as_str());
    let may_say = principal.grants.has(Grant::Send) || principal.grants.has(Grant::Publish);
    if entry.author.id != principal.member.id || !may_say {
        return principal.needs(Grant::Admin, NOT_YOURS);
    }
    if is_protected && !principal.is_publisher() { Err(PROTECTED) } else { Ok(()) }
}

/// What is to stand in an entry's place: it must be what its name promises.
fn replacement(room: &Room, entry: &Entry, data: &Json) -> Result<Body, ProtocolError> {
    let name = entry.body.name.clone();
    let asked = Publishing::new(Publishing::HTTP, room.kind, name.clone(), data.clone());
    let mut asked = Publishing { replaces: Some(entry.body.clone()), ..asked };
    let read = if entry.body.kind == EVENT && EDIT.name == name.as_str() {
        None // It was published when that was a name like others.
    } else {
        feature::publication(&mut asked)
    };
    let said = match read {
        Some(read) => read?,
        None => Body::new(entry.body.kind, name, asked.take_data()?),
    };
    if said.user.is_some() && said.user != entry.body.user {
        return Err(ANOTHERS);
    }
    Ok(Body { data: said.data, ..entry.body.clone() })
}

/// Somebody reacts. What holds already is not said again.
fn reacts(
    body: &mut Body,
    entry: &Entry,
    standing: &Standing,
    Reaction { key, on }: &Reaction,
) -> Result<Option<Duplicate>, ProtocolError> {
    let Standing { keys, own_keys, count, own, .. } = *standing;
    let holds = own.is_some() == *on;
    if *on && !holds {
        let is_new = count == 0;
        if is_new && REACTIONS_MAX <= keys {
            return Err(TOO_MANY);
        }
        if REACTIONS_OF_USER_MAX <= own_keys {
            return Err(TOO_MANY_OWN);
        }
    }
    let count = match (holds, on) {
        (true, _) => count,
        (false, true) => count + 1,
        (false, false) => count.saturating_sub(1),
    };
    let about = About::entry(entry);
    let (key, on) = (Some(key.as_str().into()), Some(*on));
    body.data = Json::of(&About { key, on, count: Some(count), ..about });
    // Where it was said; that it does not hold, nobody need have said.
    let offset = own.unwrap_or(entry.offset);
    Ok(holds.then_some(Duplicate { offset, entry: None }))
}

//! Who sets which key, and what of it is kept.

use super::{AllState, KeptKey, OwnState, State, StateCommand, StateEvent, StateItem};
use crate::feature::Query;
use crate::feature::door::{Door, Thing};
use crate::kernel::features::Rules;
use crate::kernel::principal::Principal;
use crate::kernel::{
    Act, Answer, Context, Duplicate, Effect, Event, Grant, HostStats, Publication, Room, Write,
    chat,
};
use crate::limits::{STATE_BYTES_MAX, STATE_KEYS_MAX};
use crate::message::{
    Acknowledgement, Body, Code, Details, Json, Kind, Offset, ProtocolError, Space, StateKey, Topic,
};

/// Its keys.
const KEYS: Space = Space("state");

/// They cannot be read one by one: each change is in the log, which is told to all.
impl Door for State {
    const THING: Option<Thing> = Some(Thing {
        space: KEYS.0,
        kinds: &[Kind::Chat, Kind::Hub],
        acts: &[Act::Change, Act::Publish, Act::Administer],
    });
}

impl Rules for State {
    fn handle(
        room: &mut Room,
        cx: &mut Context,
        principal: &Principal,
        command: StateCommand,
        duplicate: Option<Duplicate>,
    ) {
        match command {
            StateCommand::Set { key, value, if_version } => {
                set(room, cx, principal, &key, value, if_version, duplicate);
            }
            StateCommand::All(keys) => all(room, cx, principal, keys),
        }
    }

    fn found(
        _: &mut Room,
        AllState { keys, head }: AllState,
        mut found: Vec<StateItem>,
        _: HostStats,
    ) -> Option<Answer> {
        if let Some(keys) = keys {
            found.retain(|item| keys.iter().any(|it| it.matches(item.key.as_str())));
        }
        Some(Answer::Event(Event::from(StateEvent::All(found, head))))
    }
}

fn set(
    room: &mut Room,
    cx: &mut Context,
    principal: &Principal,
    key: &StateKey,
    value: Json,
    if_version: Option<Offset>,
    duplicate: Option<Duplicate>,
) {
    let set =
        may_send(principal, key).map(|()| Body::state(key, value)).and_then(
            |event| match duplicate {
                // A resend changes nothing, however full the room is by now.
                Some(_) => Ok(event),
                None => is_version(room, key, if_version)
                    .and_then(|()| may_set(room, principal, key, &event.data))
                    .and_then(|()| fits(room, key, &event.data))
                    .map(|()| event),
            },
        );
    match set {
        Err(error) => cx.refuse_principal(principal, error),
        Ok(event) => {
            let head = room.head;
            let bytes = event.data.as_str().len();
            let is_null = event.data.is_null();
            let publication = Publication::new(event, Acknowledgement::ByReply);
            chat::post(room, cx, principal, publication, duplicate);
            if room.head == head {
                return; // A resend, or too fast.
            }
            if is_null {
                room.own.state.keys.remove(key.as_str());
            } else {
                keep(room, cx, principal, key, bytes);
            }
        }
    }
}

/// Whether the key is as whoever sets it believes.
fn is_version(
    room: &Room,
    key: &StateKey,
    if_version: Option<Offset>,
) -> Result<(), ProtocolError> {
    let version = room.own.state.keys.get(key.as_str()).map_or(Offset(0), |it| it.version);
    if if_version.is_none_or(|it| it == version) {
        return Ok(());
    }
    let other = ProtocolError::new(Code::Conflict, "this key has another version");
    Err(ProtocolError { details: Details::Version(version), ..other })
}

fn may_send(principal: &Principal, key: &StateKey) -> Result<(), ProtocolError> {
    let may = |act| principal.may(act, KEYS, key.as_str());
    let may = may(Act::Change) || may(Act::Publish) || may(Act::Administer);
    if may {
        Ok(())
    } else {
        Err(ProtocolError::denied("this token does not allow setting this key"))
    }
}

/// Everyone who may send changes a key, unless a caller with `publish` has set it; who set it
/// first drops it.
fn may_set(
    room: &Room,
    principal: &Principal,
    key: &StateKey,
    value: &Json,
) -> Result<(), ProtocolError> {
    if principal.publishes(KEYS, key.as_str()) {
        return Ok(());
    }
    match room.own.state.keys.get(key.as_str()) {
        Some(KeptKey { is_protected: true, .. }) => Err(PROTECTED),
        Some(KeptKey { owner: Some(owner), .. })
            if value.is_null() && *owner != principal.member.id =>
        {
            Err(NOT_YOURS)
        }
        Some(_) => Ok(()),
        None if value.is_null() => Ok(()),
        None => {
            let is_own = |it: &&KeptKey| it.owner.as_ref() == Some(&principal.member.id);
            let owned = room.own.state.keys.values().filter(is_own).count() as u64;
            let may = room.may_own(principal, owned, STATE_KEYS_MAX as u64);
            if may { Ok(()) } else { Err(SHARE) }
        }
    }
}

/// Notes whose it is, if that is new.
fn keep(room: &mut Room, cx: &mut Context, principal: &Principal, key: &StateKey, bytes: usize) {
    let version = room.head;
    let known = room.own.state.keys.get(key.as_str());
    let is_protected = principal.publishes(KEYS, key.as_str());
    if let Some(known) = known.filter(|it| it.is_protected || !is_protected) {
        let state = KeptKey { version, bytes, ..known.clone() };
        room.own.state.keys.insert(key.as_str().to_owned(), state);
        return;
    }
    let owner = principal.member.id.clone();
    let write = OwnState { key: key.clone(), owner: owner.clone(), is_protected };
    cx.effects.push(Effect::Write(Write::from(write)));
    let state = KeptKey { version, bytes, owner: Some(owner), is_protected };
    room.own.state.keys.insert(key.as_str().to_owned(), state);
}

const PROTECTED: ProtocolError = ProtocolError::denied("only callers with publish change this key");
const NOT_YOURS: ProtocolError = ProtocolError::denied("only who set this key first drops it");
const SHARE: ProtocolError =
    ProtocolError::new(Code::Conflict, "this user has as many keys here as one may");

/// The state is told whole, in one frame, to whoever asks.
fn fits(room: &Room, key: &StateKey, value: &Json) -> Result<(), ProtocolError> {
    if value.is_null() {
        return Ok(());
    }
    let others = room.own.state.keys.iter().filter(|(it, _)| *it != key.as_str());
    let (count, bytes) = others
        .fold((1, 0), |(count, bytes), (it, state)| (count + 1, bytes + it.len() + state.bytes));
    let bytes = bytes + key.as_str().len() + value.as_str().len();
    if count <= STATE_KEYS_MAX && bytes <= STATE_BYTES_MAX { Ok(()) } else { Err(FULL) }
}

const FULL: ProtocolError =
    ProtocolError::new(Code::Conflict, "a room keeps at most 1,000 keys, of 512 KiB together");

fn all(room: &Room, cx: &mut Context, principal: &Principal, keys: Option<Vec<Topic>>) {
    let allowed = principal.needs(Grant::History, "this token does not allow reading history here");
    if let Err(error) = allowed {
        return cx.refuse_principal(principal, error);
    }
    let pending = Some(cx.pending(principal));
    let query = Query::from(AllState { keys, head: room.head });
    cx.effects.push(Effect::Find { query, pending });
}

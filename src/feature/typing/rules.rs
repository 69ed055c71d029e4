//! Who is typing.

use std::rc::Rc;

use uuid::Uuid;

use super::words::turned;
use super::{NOTICES, Typing, TypingCommand, TypingEvent};
use crate::feature::door::Door;
use crate::kernel::features::Rules;
use crate::kernel::principal::Principal;
use crate::kernel::{Connection, Context, Duplicate, Event, Grant, Room};
use crate::message::{ConnectionId, Entry, Member, Millis, Offset, ProtocolError, Reply, UserId};

/// How finely the end of typing is measured: a 20th of it, so that one who types is not
/// stored anew with each key.
const UNTIL_STEPS: u64 = 20;

impl Door for Typing {}

impl Rules for Typing {
    fn handle(
        room: &mut Room,
        cx: &mut Context,
        principal: &Principal,
        TypingCommand::Set(is_typing): TypingCommand,
        _: Option<Duplicate>,
    ) {
        set(room, cx, principal, is_typing);
    }

    fn entered(room: &mut Room, connection: &Connection) {
        room.own.typing.due_no_later_than(connection.own.typing.until);
    }

    fn left(room: &mut Room, cx: &mut Context, connection: &Connection) {
        if connection.own.typing.until.is_some() {
            tell_others(room, cx, connection.id, &connection.member, true, false);
        }
    }

    fn due_at(room: &Room) -> Option<Millis> {
        room.own.typing.due_at
    }

    fn tick(room: &mut Room, cx: &mut Context) {
        let now = cx.clock.at;
        if room.own.typing.due_at.is_none_or(|at| now < at) {
            return;
        }
        let over = room.connections.iter_mut().filter_map(|(_, it)| {
            it.own.typing.until.take_if(|until| *until <= now)?;
            Some((it.id, it.member.clone()))
        });
        for (id, member) in over.collect::<Vec<_>>() {
            cx.effects.save(id);
            tell_others(room, cx, id, &member, true, false);
        }
        room.own.typing.due_at =
            room.connections.values().filter_map(|it| it.own.typing.until).min();
    }
}

impl Typing {
    fn due_no_later_than(&mut self, at: Option<Millis>) {
        self.due_at = self.due_at.into_iter().chain(at).min();
    }
}

fn set(room: &mut Room, cx: &mut Context, principal: &Principal, typing: bool) {
    let allowed = principal.needs(Grant::Send, "this token does not allow sending here");
    if let Err(error) = allowed {
        return cx.refuse_principal(principal, error);
    }
    // A caller over HTTP has no socket whose end would end its typing.
    let Some(id) = principal.connection else {
        return cx.refuse_principal(principal, ProtocolError::invalid("typing needs a connection"));
    };
    if !room.admits(cx, principal, &NOTICES) {
        return;
    }
    let (now, typing_ms) = (cx.clock.at, room.limits.typing_ms);
    let was_typing = is_typing(room, &principal.member.id);
    let until = typing.then(|| now.plus(typing_ms).round_up(typing_ms / UNTIL_STEPS));
    let Some(connection) = room.connections.get_mut(&id) else { return };
    if connection.own.typing.until != until {
        connection.own.typing.until = until;
        cx.effects.save(id);
    }
    room.own.typing.due_no_later_than(until);
    tell_others(room, cx, id, &principal.member, was_typing, typing);
    if room.connection(id).is_some_and(Connection::can_fall_behind) {
        cx.answer(principal, Event::Reply(Reply::Said));
    }
}

/// Whether a user types, on whichever of their connections.
fn is_typing(room: &Room, user: &UserId) -> bool {
    let own = room.users.get(user).into_iter().flatten();
    own.filter_map(|it| room.connection(*it)).any(|it| it.own.typing.until.is_some())
}

/// Who follows the room is told of changes alone.
fn tell_others(
    room: &Room,
    cx: &mut Context,
    id: ConnectionId,
    member: &Member,
    was_typing: bool,
    is_typing: bool,
) {
    let user = member.id.clone();
    let types = self::is_typing(room, &user);
    // It says who is here.
    room.announce(cx, Some(id), Event::from(TypingEvent::Changed { user, is_typing }));
    if was_typing != types && room.occupancy.is_none() {
        let (offset, at, author) = (Offset(0), cx.clock.at, member.clone());
        let (body, request_id) = (turned(types), None);
        let entry = Entry { offset, at, id: Uuid::nil(), author, request_id, body };
        room.tell_followers(cx, Some(id), Event::Said(Rc::new(entry)));
    }
}

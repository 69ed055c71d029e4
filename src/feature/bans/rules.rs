//! Who bans whom, and what follows.

use super::{BANS_MAX, Ban, BanCommand, BanEvent, BanWrite, Banning, Bans, BansAfter};
use crate::feature::Query;
use crate::feature::door::Door;
use crate::kernel::features::Rules;
use crate::kernel::principal::Principal;
use crate::kernel::timers::is_due;
use crate::kernel::{
    Answer, Context, Duplicate, Effect, Event, Grant, HostStats, Room, Write, admin,
};
use crate::message::{Code, Details, Millis, ProtocolError, UserId};

const BANNED: ProtocolError = ProtocolError::denied("this user is banned from this room");
const ONESELF: ProtocolError = ProtocolError::new(Code::Conflict, "nobody bans themselves");
const FULL: ProtocolError = ProtocolError::new(
    Code::Conflict,
    "a room keeps at most 1,000 bans: lift one, or take the user's token back",
);
const NOT_BANNED: ProtocolError = ProtocolError::new(Code::NotFound, "this user is not banned");

impl Door for Bans {}

impl Rules for Bans {
    fn handle(
        room: &mut Room,
        cx: &mut Context,
        principal: &Principal,
        command: BanCommand,
        _: Option<Duplicate>,
    ) {
        let allowed = principal.needs(Grant::Admin, "this token does not allow bans here");
        let done = allowed.and_then(|()| match command {
            BanCommand::Ban(it) => ban(room, cx, principal, it),
            BanCommand::Lift(user) => lift(room, cx, principal, user),
            BanCommand::List(after, limit) => {
                let after = after.unwrap_or(UserId(String::new()));
                let query = Query::from(BansAfter { after, limit, now: cx.clock.at });
                let pending = Some(cx.pending(principal));
                cx.effects.push(Effect::Find { query, pending });
                Ok(())
            }
        });
        if let Err(error) = done {
            cx.refuse_principal(principal, error);
        }
    }

    fn found(
        _: &mut Room,
        BansAfter { limit, .. }: BansAfter,
        mut found: Vec<Ban>,
        _: HostStats,
    ) -> Option<Answer> {
        let has_more = (limit as usize) < found.len();
        found.truncate(limit as usize);
        Some(Answer::Event(Event::from(BanEvent::Page(found, has_more))))
    }

    fn lets_in(room: &Room, user: &UserId, now: Millis) -> Result<(), ProtocolError> {
        match room.own.bans.until.get(user) {
            Some(until) if until.is_none_or(|it| now < it) => Err(banned(*until, now)),
            Some(_) | None => Ok(()),
        }
    }

    fn due_at(room: &Room) -> Option<Millis> {
        room.own.bans.until.values().flatten().min().copied()
    }

    fn tick(room: &mut Room, cx: &mut Context) {
        let now = cx.clock.at;
        let bans = room.own.bans.until.iter();
        let over = bans.filter(|(_, until)| is_due(**until, now)).map(|(user, _)| user.clone());
        for user in over.collect::<Vec<_>>() {
            forget(room, cx, user);
        }
    }
}

/// What a banned user is told: when to come back, if ever.
fn banned(until: Option<Millis>, now: Millis) -> ProtocolError {
    let retry_after = until.map(|it| it.since(now).div_ceil(1000));
    ProtocolError { retry_after, details: until.map_or(Details::None, Details::Until), ..BANNED }
}

fn ban(
    room: &mut Room,
    cx: &mut Context,
    principal: &Principal,
    Banning { user, seconds, reason }: Banning,
) -> Result<(), ProtocolError> {
    // It would take somebody else to undo that.
    if user == principal.member.id {
        return Err(ONESELF);
    }
    let bans = &room.own.bans.until;
    if !bans.contains_key(&user) && BANS_MAX <= bans.len() {
        return Err(FULL);
    }
    let now = cx.clock.at;
    let until = seconds.map(|it| now.plus(it.saturating_mul(1000)));
    let by = principal.member.id.clone();
    let ban = Ban { user: user.clone(), until, reason, by, at: now };
    cx.effects.push(Effect::Write(Write::from(BanWrite::Keep(ban))));
    room.own.bans.until.insert(user.clone(), until);
    let theirs: Vec<_> = room.users.get(&user).into_iter().flatten().copied().collect();
    for id in &theirs {
        admin::put_out(room, cx, *id, banned(until, now));
    }
    cx.answer(principal, Event::from(BanEvent::Banned(user, until, theirs.len() as u64)));
    Ok(())
}

fn lift(
    room: &mut Room,
    cx: &mut Context,
    principal: &Principal,
    user: UserId,
) -> Result<(), ProtocolError> {
    if Bans::lets_in(room, &user, cx.clock.at).is_ok() {
        return Err(NOT_BANNED);
    }
    forget(room, cx, user.clone());
    cx.answer(principal, Event::from(BanEvent::Lifted(user)));
    Ok(())
}

fn forget(room: &mut Room, cx: &mut Context, user: UserId) {
    room.own.bans.until.remove(&user);
    cx.effects.push(Effect::Write(Write::from(BanWrite::Lift(user))));
}

//! Who is here: per user, not per socket, with a grace for those who come back.

use std::collections::BTreeSet;

use super::principal::Principal;
use super::{
    Connection, Context, Effect, Flag, Grant, Room, Write, anonymous, behind, members, topics,
};
use crate::feature;
use crate::kernel::Event;
use crate::limits::MEMBERS_BYTES_MAX;
use crate::message::{
    Change, Code, ConnectionId, Json, Member, Millis, Mode, Presence, ProtocolError, Seen, UserId,
    Welcome, json_len,
};
use crate::rates::Quota;

/// A user who is here no longer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Departure {
    /// The user, as they were last called.
    pub member: Member,
    /// Until when they may return without having left.
    pub until: Millis,
    /// What they said of themselves.
    pub data: Option<Json>,
}

/// Addresses remembered at most; past that, those whose minute is over are forgotten, and
/// if none is, newcomers are not counted: the platform's binding is the real guard.
const ADDRESSES_MAX: usize = 1000;

/// Whether there is room for one more connection.
pub(crate) fn admits(
    room: &mut Room,
    connection: &Connection,
    address: Option<&str>,
    now: Millis,
) -> Result<(), ProtocolError> {
    room.lets_in(&connection.member.id, now)?;
    if let Some(network) = &connection.network {
        anonymous::capacity_for(room, network)?;
    }
    capacity_for(room, &connection.member.id)?;
    // What it subscribes to from the start rides in its attachment, as what it adds later.
    if connection.topics.as_ref().is_some_and(|it| !it.is_empty()) && !connection.fits_attachment()
    {
        return Err(topics::TOO_LONG);
    }
    address.map_or(Ok(()), |it| admits_address(room, it, now))
}

/// Counts a connect against its address, where the platform does not (C22).
fn admits_address(room: &mut Room, address: &str, now: Millis) -> Result<(), ProtocolError> {
    let quota = Quota::per_minute(room.limits.connects_per_minute);
    if ADDRESSES_MAX <= room.addresses.len() {
        room.addresses.retain(|_, it| it.is_open(quota, now));
    }
    if ADDRESSES_MAX <= room.addresses.len() && !room.addresses.contains_key(address) {
        return Ok(());
    }
    let window = room.addresses.entry(address.to_owned()).or_default();
    window.charge(quota, now).map_err(|wait_ms| quota.error(wait_ms))
}

fn capacity_for(room: &Room, user: &UserId) -> Result<(), ProtocolError> {
    let full = |count: u64, max: u64| max != 0 && max <= count;
    if full(room.connections.len() as u64, room.limits.connections_per_room) {
        return Err(ProtocolError::new(Code::ConnectionLimit, "this room is full"));
    }
    let count = room.users.get(user).map_or(0, BTreeSet::len);
    if full(count as u64, room.limits.connections_per_user) {
        return Err(ProtocolError::new(Code::ConnectionLimit, "too many connections of this user"));
    }
    Ok(())
}

pub(crate) fn joined(room: &mut Room, cx: &mut Context, connection: Connection) {
    let (id, is_present) = (connection.id, connection.is_present());
    let welcome = (connection.flags.has(Flag::Greeted) || connection.asked.is_some())
        .then(|| welcome(room, &connection));
    cx.tally.opened += 1;
    // Its socket brings its attachment along, so there is nothing to remember yet.
    behind::enter(room, connection, cx.clock.at);
    if let Some(welcome) = welcome {
        let welcome = Welcome { presence: members::mode(room), ..welcome };
        cx.tell(id, None, Event::Welcome(Box::new(welcome)));
    }
    if is_present {
        appeared(room, cx, id, false);
    } else {
        members::settle(room, cx);
    }
}

/// A user is here by one connection more. Whether the client said so: then it hears of it, too.
pub(crate) fn appeared(room: &mut Room, cx: &mut Context, id: ConnectionId, is_said: bool) {
    let Some(member) = room.connection(id).map(|it| it.member.clone()) else { return };
    let (user, except) = (&member.id, (!is_said).then_some(id));
    if let Some(Departure { data, .. }) = room.departures.remove(user) {
        cx.tally.recovered += 1;
        cx.effects.push(Effect::Write(Write::Forget(user.clone())));
        let is_kept = data.is_none_or(|it| members::hand_on(room, cx, user, &it));
        if is_said || !is_kept {
            members::changed(room, cx, except, Change::Update, user);
        }
    } else if room.present(user).nth(1).is_none() {
        room.announce(cx, Some(id), Event::Joined(member.clone()));
        members::changed(room, cx, except, Change::Join, user);
        room.features.member_joined(room, cx, &member);
    } else {
        members::changed(room, cx, except, Change::Update, user);
    }
    members::settle(room, cx);
}

/// A user is here by one connection less, which kept what they say of themselves.
pub(crate) fn vanished(room: &mut Room, cx: &mut Context, member: Member, data: Option<Json>) {
    if room.present(&member.id).next().is_some() {
        if let Some(data) = data {
            members::hand_on(room, cx, &member.id, &data);
        }
        members::changed(room, cx, None, Change::Update, &member.id);
    } else if !room.connections.is_empty() || data.is_some() || room.features.watches_members(room)
    {
        // With nobody left to tell, and nothing to tell of them, there is nothing to remember either.
        depart(room, cx, member, data);
    }
    members::settle(room, cx);
}

pub(crate) fn welcome(room: &Room, connection: &Connection) -> Welcome {
    let heartbeat_ms =
        if connection.flags.has(Flag::Pinged) { room.limits.heartbeat_ms } else { 0 };
    Welcome {
        connection: connection.id,
        user: connection.member.id.clone(),
        client: connection.client.clone(),
        heartbeat_ms,
        offset: room.head,
        epoch: room.epoch.clone(),
        attached: behind::attached(room, connection),
        expires_at: connection.expires_at,
        grants: connection.grants.names(),
        features: feature::offers(room.kind, &room.config),
        limits: room.limits,
        presence: Mode::Members,
    }
}

pub(crate) fn left(room: &mut Room, cx: &mut Context, id: ConnectionId) {
    let Some(connection) = room.connections.remove(&id) else { return };
    room.subscriptions.leave(&connection);
    room.behind.remove(id);
    let now = cx.clock.at;
    cx.tally.closed += 1;
    let open_ms = now.since(connection.joined_at);
    cx.tally.open_ms += open_ms;
    cx.tally.open_ms_max = cx.tally.open_ms_max.max(open_ms);
    room.keep_counts(cx, &connection);
    room.features.left(room, cx, &connection);
    let (is_present, user) = (connection.is_present(), &connection.member.id);
    let others = room.users.get_mut(user);
    if others.is_none_or(|it| it.remove(&id) && it.is_empty()) {
        room.users.remove(user);
    }
    if is_present {
        vanished(room, cx, connection.member, connection.shows);
    } else {
        members::settle(room, cx);
    }
}

/// A user is here by no connection any more: their grace begins.
pub(crate) fn depart(room: &mut Room, cx: &mut Context, member: Member, data: Option<Json>) {
    cx.tally.lost += 1;
    let until = cx.clock.at.plus(room.limits.presence_grace_ms);
    if until <= cx.clock.at {
        return gone(room, cx, &member, data);
    }
    let departure = Departure { member, until, data };
    cx.effects.push(Effect::Write(Write::Depart(departure.clone())));
    room.departures.insert(departure.member.id.clone(), departure);
}

/// When the first grace ends.
pub(crate) fn due_at(room: &Room) -> Option<Millis> {
    room.departures.values().map(|it| it.until).min()
}

/// Announces those whose grace is over.
pub(crate) fn expire(room: &mut Room, cx: &mut Context) {
    let now = cx.clock.at;
    while let Some(user) = first_over(room, now) {
        if let Some(Departure { member, data, .. }) = room.departures.remove(&user) {
            cx.effects.push(Effect::Write(Write::Forget(user)));
            gone(room, cx, &member, data);
        }
    }
}

/// A user left, and all hear of it.
fn gone(room: &mut Room, cx: &mut Context, member: &Member, data: Option<Json>) {
    room.announce(cx, None, Event::Left(member.clone()));
    let seen = Seen { member: member.clone(), connections: 0, data };
    members::tell(room, cx, None, Presence::One(Change::Leave, seen));
    room.features.member_left(room, cx, member);
    members::settle(room, cx);
}

/// The user whose grace ended first.
fn first_over(room: &Room, now: Millis) -> Option<UserId> {
    let over = room.departures.values().filter(|it| it.until <= now);
    over.min_by_key(|it| it.until).map(|it| it.member.id.clone())
}

pub(crate) fn list(room: &Room, cx: &mut Context, principal: &Principal) {
    if let Err(error) = principal.needs(Grant::Presence, members::MAY_NOT_SEE) {
        return cx.refuse_principal(principal, error);
    }
    let present = room.connections.values().filter(|it| it.is_present());
    let mut members: Vec<Member> = present.map(|it| it.member.clone()).collect();
    // Those within their grace never left.
    members.extend(room.departures.values().map(|it| it.member.clone()));
    members.sort_by(|a, b| a.id.cmp(&b.id));
    members.dedup_by(|a, b| a.id == b.id);
    let members = as_many_as_fit(members, MEMBERS_BYTES_MAX, |it| it);
    cx.answer(principal, Event::Presence(members));
}

/// What a user takes in a list, in bytes of JSON, beside what they are called.
const MEMBER_BYTES: usize = 64;

/// The first of these users, as many as so many bytes of JSON hold.
pub(crate) fn as_many_as_fit<T>(
    mut users: Vec<T>,
    bytes_max: usize,
    member: impl Fn(&T) -> &Member,
) -> Vec<T> {
    let mut bytes = 0;
    let fit = users.iter().map(member).take_while(|Member { id, name }| {
        bytes += json_len(&id.0) + json_len(name) + MEMBER_BYTES;
        bytes <= bytes_max
    });
    let count = fit.count();
    users.truncate(count);
    users
}

//! Who is here, for those who keep a list of it: each as they are, while there are few; else how
//! many they are (N34 to N38).
//!
//! What a member says of themselves rides with one of their connections, and goes on to another
//! one, or into their grace, when that is present no longer.

use super::principal::Principal;
use super::{Connection, Context, Effect, Grant, Room, Write};
use crate::kernel::Event;
use crate::limits::MEMBERS_BYTES_MAX;
use crate::message::{
    Change, ConnectionId, Json, Millis, Mode, Occupancy, Presence, Reply, Roster, Seen, UserId,
    json_len,
};

pub(crate) const MAY_NOT_SEE: &str = "this token does not allow seeing who is here";

/// How often it is told how many are here, in milliseconds, while that changes.
const OCCUPANCY_MS: u64 = 5_000;

/// Members of one page, at most, where they are too many to be told of each.
const PAGE_MAX: u64 = 200;

/// What a member takes in a list, in bytes, beside what they are called and say.
const MEMBER_BYTES: usize = 64;

/// How many were last told to be here, in place of who.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// On how many connections.
    pub connections: u64,
    /// How many users.
    pub users: u64,
    /// When that was told.
    pub at: Millis,
}

impl Connection {
    /// Whether its user is here by it.
    pub(crate) fn is_present(&self) -> bool {
        !self.is_absent && !self.is_detached
    }
}

impl Room {
    /// The connections by which a user is here.
    pub(crate) fn present(&self, user: &UserId) -> impl Iterator<Item = &Connection> {
        let own = self.users.get(user).into_iter().flatten();
        own.filter_map(|it| self.connection(*it)).filter(|it| it.is_present())
    }

    /// Whether a user is here, or may come back as if they were.
    pub(crate) fn is_here(&self, user: &UserId) -> bool {
        self.departures.contains_key(user) || self.present(user).next().is_some()
    }

    /// A user as they are seen, if they are here.
    pub(crate) fn seen(&self, user: &UserId) -> Option<Seen> {
        let mut present = self.present(user).peekable();
        let Some(first) = present.peek() else {
            let it = self.departures.get(user)?;
            return Some(Seen { member: it.member.clone(), connections: 1, data: it.data.clone() });
        };
        let (member, mut connections, mut data) = (first.member.clone(), 0, None);
        for it in present {
            connections += 1;
            data = data.or_else(|| it.shows.clone());
        }
        Some(Seen { member, connections, data })
    }
}

/// How many are here. Who may come back counts as if they were.
fn count(room: &Room) -> (u64, u64) {
    let mut users = room.departures.len() as u64;
    let mut connections = users;
    for user in room.users.keys() {
        let present = room.present(user).count() as u64;
        connections += present;
        users += u64::from(present != 0);
    }
    (connections, users)
}

/// How that is told from now on.
pub(crate) fn mode(room: &Room) -> Mode {
    let most = room.limits.presence_members_max;
    let is_crowded = most != 0
        && match room.occupancy {
            None => {
                most < (room.users.len() + room.departures.len()) as u64
                    && most < count(room).1
                    && room.connections.values().any(Connection::can_fall_behind)
            }
            // Else a room in which one comes and goes would change with each.
            Some(_) => most.div_ceil(2) <= count(room).1,
        };
    if is_crowded { Mode::Occupancy } else { Mode::Members }
}

/// Tells those who keep a list. Those who are behind are told all when they no longer are.
pub(crate) fn tell(
    room: &mut Room,
    cx: &mut Context,
    except: Option<ConnectionId>,
    presence: Presence,
) {
    if room.occupancy.is_some() && matches!(presence, Presence::One(..)) {
        return;
    }
    let event = Event::Seen(Box::new(presence));
    let name = event.topic().unwrap_or_default();
    for id in room.deaf() {
        if let Some(it) = room.connections.get_mut(&id)
            && it.behind.is_some()
            && it.can_fall_behind()
            && it.may_see()
            && it.wants(name)
            && !std::mem::replace(&mut it.is_stale, true)
        {
            cx.effects.save(id);
        }
    }
    room.tell_followers(cx, except, event);
}

/// A user is like this.
pub(crate) fn changed(
    room: &mut Room,
    cx: &mut Context,
    except: Option<ConnectionId>,
    change: Change,
    user: &UserId,
) {
    // Who counts a user's connections looks at all of them.
    if room.occupancy.is_none()
        && room.keeps_lists()
        && let Some(seen) = room.seen(user)
    {
        tell(room, cx, except, Presence::One(change, seen));
    }
}

/// Somebody came or went: tells how many are here, where that is told, and who, where that is told
/// from now on.
pub(crate) fn settle(room: &mut Room, cx: &mut Context) {
    let (mode, now) = (mode(room), cx.clock.at);
    if mode == Mode::Members && room.occupancy.is_none() {
        return;
    }
    let (connections, users) = count(room);
    let told = (mode == Mode::Occupancy).then_some(Told { connections, users, at: now });
    if told.is_some() && due_at(room).map_or(room.occupancy.is_some(), |at| now < at) {
        return;
    }
    room.occupancy = told;
    cx.effects.push(Effect::Write(Write::Occupancy(told)));
    tell(room, cx, None, Presence::Many(Occupancy { connections, users, mode }));
    if told.is_none() {
        let all = roster(room, None, None);
        tell(room, cx, None, Presence::All(all));
    }
}

/// When to tell how many are here: some time after it was last told, if they are more or fewer now.
pub(crate) fn due_at(room: &Room) -> Option<Millis> {
    let told = room.occupancy?;
    let is_true = count(room) == (told.connections, told.users);
    (!is_true).then(|| told.at.plus(OCCUPANCY_MS))
}

/// What a connection is told that has missed some of it.
pub(crate) fn whole(room: &Room) -> Presence {
    match room.occupancy {
        Some(Told { connections, users, .. }) => {
            Presence::Many(Occupancy { connections, users, mode: Mode::Occupancy })
        }
        None => Presence::All(roster(room, None, None)),
    }
}

/// A connection may be live again: if it missed some of it, it is told all.
pub(crate) fn catch_up(room: &mut Room, cx: &mut Context, id: ConnectionId) {
    let connection = room.connections.get_mut(&id).filter(|it| it.is_live() && it.may_see());
    if connection.is_some_and(|it| std::mem::take(&mut it.is_stale)) {
        cx.tell(id, None, Event::Seen(Box::new(whole(room))));
    }
}

/// Who is here, after this user: as many as are wanted, and may be told at once.
fn roster(room: &Room, limit: Option<u64>, after: Option<&str>) -> Roster {
    let (connections, users) = count(room);
    let mode = mode(room);
    let most = if mode == Mode::Members { u64::MAX } else { PAGE_MAX };
    let most = limit.unwrap_or(most).min(most);
    let mut ids: Vec<&UserId> = room.users.keys().chain(room.departures.keys()).collect();
    ids.sort_unstable();
    // Who left may still be connected, or be again.
    ids.dedup();
    let (mut members, mut cursor, mut bytes) = (Vec::<Seen>::new(), None, 0);
    for id in ids.into_iter().filter(|it| after.is_none_or(|after| after < it.0.as_str())) {
        let Some(seen) = room.seen(id) else { continue };
        bytes += json_len(&id.0) + json_len(&seen.member.name) + MEMBER_BYTES;
        bytes += seen.data.as_ref().map_or(0, |it| it.as_str().len());
        if most <= members.len() as u64 || MEMBERS_BYTES_MAX < bytes {
            cursor = members.last().map(|it| it.member.id.0.clone());
            break;
        }
        members.push(seen);
    }
    Roster { occupancy: Occupancy { connections, users, mode }, members, cursor }
}

/// Answers who asks for it.
pub(crate) fn list(
    room: &Room,
    cx: &mut Context,
    principal: &Principal,
    limit: Option<u64>,
    cursor: Option<&str>,
) {
    if let Err(error) = principal.needs(Grant::Presence, MAY_NOT_SEE) {
        return cx.refuse_principal(principal, error);
    }
    let roster = roster(room, limit, cursor);
    cx.answer(principal, Event::Reply(Reply::Members(Box::new(roster))));
}

/// Keeps what a user says of themselves with this connection, and with no other of theirs; says
/// whether there is room for it.
pub(crate) fn keep(
    room: &mut Room,
    cx: &mut Context,
    id: ConnectionId,
    data: Option<Json>,
) -> bool {
    let Some(it) = room.connections.get_mut(&id) else { return false };
    let before = std::mem::replace(&mut it.shows, data);
    if it.shows.is_some() && !it.fits_attachment() {
        it.shows = before;
        return false;
    }
    cx.effects.save(id);
    let user = it.member.id.clone();
    if let Some(it) = room.departures.get_mut(&user) {
        it.data = None;
    }
    for other in room.users.get(&user).into_iter().flatten().filter(|it| **it != id) {
        let other = room.connections.get_mut(other);
        if let Some(it) = other.filter(|it| it.shows.is_some()) {
            it.shows = None;
            cx.effects.save(it.id);
        }
    }
    true
}

/// Leaves what a user says of themselves to one of the connections by which they are here; says
/// whether one has room for it.
pub(crate) fn hand_on(room: &mut Room, cx: &mut Context, user: &UserId, data: &Json) -> bool {
    let present: Vec<ConnectionId> = room.present(user).map(|it| it.id).collect();
    present.into_iter().any(|id| keep(room, cx, id, Some(data.clone())))
}

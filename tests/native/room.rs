//! The room alone: inputs in, effects out.

use dormouse::feature::typing::{TypingCommand, TypingEvent};
use dormouse::kernel::{Command, Event, Request};
use dormouse::kernel::{
    Connection, Duplicate, Effect, Effects, Grant, Grants, Input, Recipients, Renewal, Room,
    StoredRoom, Write,
};
use dormouse::limits::{DEDUPE_ENTRIES_MAX, Limits, RENEWAL_MS};
use dormouse::message::{
    Before, Code, Kind, Millis, Offset, PageRequest, ProtocolError, RequestId,
};
use insta::assert_debug_snapshot;
use litemap::LiteMap;

use crate::support::{
    NOON, blank, body, clock, connection, entry, member, room, room_name, said, says, session_id,
};

/// A room whose clock a test turns.
struct Scene {
    room: Room,
    now: Millis,
}

impl Scene {
    fn new(limits: Limits) -> Self {
        Self { room: room(limits), now: NOON }
    }

    fn with(limits: Limits, users: &[&str]) -> Self {
        let mut scene = Self::new(limits);
        for (number, user) in (1..).zip(users) {
            let _ = scene.does(Input::Joined(Box::new(connection(number, user))));
        }
        scene
    }

    fn does(&mut self, input: Input) -> Vec<Effect> {
        self.room.handle(input, clock(self.now)).into_iter().collect()
    }

    fn says(&mut self, number: u64, command: Command) -> Vec<Effect> {
        self.does(says(number, command))
    }

    fn after(&mut self, millis: u64) -> &mut Self {
        self.now = self.now.plus(millis);
        self
    }

    fn alarm(&mut self) -> Vec<Effect> {
        self.does(Input::Alarm { heard: LiteMap::new() })
    }
}

fn told(effects: &[Effect]) -> Vec<(&Recipients, &Event)> {
    effects
        .iter()
        .filter_map(|it| match it {
            Effect::Tell { to, notice } => Some((to, &notice.event)),
            _ => None,
        })
        .collect()
}

fn errors(effects: &[Effect]) -> Vec<(Code, Option<u64>)> {
    told(effects)
        .into_iter()
        .filter_map(|(_, event)| match event {
            Event::Refused(error) => Some((error.code, error.retry_after)),
            _ => None,
        })
        .collect()
}

fn closes(effects: &[Effect]) -> Vec<(u16, &str)> {
    effects
        .iter()
        .filter_map(|it| match it {
            Effect::Close { code, reason, .. } => Some((code.number(), &**reason)),
            _ => None,
        })
        .collect()
}

fn say() -> Command {
    said(body("hi"))
}

/// [P2, P11]
#[test]
fn a_message_is_written_before_it_is_revealed_and_goes_to_its_sender_too() {
    let mut scene = Scene::with(Limits::default(), &["ann", "bob"]);
    assert_debug_snapshot!(scene.says(1, say()));
}

/// [P3, P10]
#[test]
fn typing_goes_to_the_others_and_is_not_written() {
    let mut scene = Scene::with(Limits::default(), &["ann", "bob"]);
    assert_debug_snapshot!(scene.says(1, TypingCommand::Set(true).into()));
}

#[test]
fn p3_typing_expires_by_itself() {
    let mut scene = Scene::with(Limits::default(), &["ann", "bob"]);
    let _ = scene.says(1, TypingCommand::Set(true).into());
    let wait = scene.room.next_wake().unwrap().since(NOON);
    assert!((5_000..5_250).contains(&wait), "{wait}");
    assert_eq!(told(&scene.after(wait - 1).alarm()), []);
    let effects = scene.after(1).alarm();
    let stopped = Event::from(TypingEvent::Changed { user: member("ann").id, is_typing: false });
    assert_eq!(told(&effects), [(&Recipients::Except(session_id(1)), &stopped)]);
    assert_eq!(told(&scene.after(1).alarm()), []);
}

#[test]
fn who_speaks_and_types_all_the_time_is_not_stored_with_each_word() {
    let no_rates = Limits { messages_per_minute: 0, broadcasts_per_minute: 0, ..Limits::default() };
    let mut scene = Scene::with(no_rates, &["ann", "bob"]);
    let mut stored = 0;
    for _ in 0..1000 {
        let effects = scene.after(1).says(1, TypingCommand::Set(true).into());
        stored += effects.iter().filter(|it| matches!(it, Effect::Save(_))).count();
    }
    assert!((1..=6).contains(&stored), "{stored} times in a second");
}

#[test]
fn a_socket_that_closes_no_longer_types() {
    let mut scene = Scene::with(Limits::default(), &["ann", "bob"]);
    let _ = scene.says(1, TypingCommand::Set(true).into());
    let effects = scene.does(Input::Left { connection: session_id(1) });
    let stopped = Event::from(TypingEvent::Changed { user: member("ann").id, is_typing: false });
    assert_eq!(told(&effects), [(&Recipients::Except(session_id(1)), &stopped)]);
}

#[test]
fn p9_users_come_and_go_once_however_many_tabs_they_have() {
    let mut scene = Scene::with(Limits::default(), &["ann"]);
    let came = scene.does(Input::Joined(Box::new(connection(2, "bob"))));
    assert_eq!(told(&came), [(&Recipients::Except(session_id(2)), &Event::Joined(member("bob")))]);
    assert_eq!(told(&scene.does(Input::Joined(Box::new(connection(3, "bob"))))), []);
    assert_eq!(told(&scene.does(Input::Left { connection: session_id(2) })), []);
    assert_eq!(scene.room.next_wake(), Some(NOON.plus(300_000)), "nobody is leaving");
    assert_eq!(told(&scene.does(Input::Left { connection: session_id(3) })), []);
    assert_eq!(told(&scene.after(4_999).alarm()), []);
    let left = scene.after(1).alarm();
    assert_eq!(told(&left), [(&Recipients::Everyone, &Event::Left(member("bob")))]);
}

#[test]
fn p9_a_user_who_returns_within_the_grace_never_left() {
    let mut scene = Scene::with(Limits::default(), &["ann", "bob"]);
    let _ = scene.does(Input::Left { connection: session_id(2) });
    let here = scene.after(4_000).says(1, Command::Presence);
    let both = Event::Presence(vec![member("ann"), member("bob")]);
    assert_eq!(told(&here), [(&Recipients::One(session_id(1)), &both)]);
    assert_eq!(told(&scene.does(Input::Joined(Box::new(connection(3, "bob"))))), []);
    assert_eq!(told(&scene.after(9_000).alarm()), []);
}

#[test]
fn p13_who_may_not_see_presence_is_not_told_of_it() {
    let mut scene = Scene::with(Limits::default(), &["ann"]);
    let join_only = Grants::from_iter([Grant::Join]);
    let _ = scene
        .does(Input::Joined(Box::new(Connection { grants: join_only, ..connection(2, "bob") })));
    let came = scene.does(Input::Joined(Box::new(connection(3, "cid"))));
    let only = Recipients::Only(vec![session_id(1)]);
    assert_eq!(told(&came), [(&only, &Event::Joined(member("cid")))]);
}

#[test]
fn p13_what_a_token_does_not_grant_is_refused() {
    let mut scene = Scene::new(Limits::default());
    let join_only = Grants::from_iter([Grant::Join]);
    let _ = scene
        .does(Input::Joined(Box::new(Connection { grants: join_only, ..connection(1, "ann") })));
    let (after, within) = Default::default();
    let page = PageRequest { before: Before::Newest, after, limit: 1, raw: false, within };
    let asked = [say(), TypingCommand::Set(true).into(), Command::History(page), Command::Presence];
    for command in asked {
        let effects = scene.says(1, command.clone());
        assert_eq!(errors(&effects), [(Code::PermissionDenied, None)], "{command:?}");
        assert!(closes(&effects).is_empty());
    }
}

#[test]
fn b27_l1_the_message_past_the_rate_is_refused_and_the_socket_closed() {
    let mut scene = Scene::with(Limits::default(), &["ann", "bob"]);
    for _ in 0..100 {
        assert_eq!(errors(&scene.after(10).says(1, say())), []);
    }
    let effects = scene.says(1, say());
    assert_eq!(errors(&effects), [(Code::RateLimitExceeded, Some(60))]);
    assert_eq!(closes(&effects), [(1008, "Rate limit exceeded")]);
    assert_eq!(scene.says(1, say()), [], "the session is gone at once");
    assert_eq!(errors(&scene.says(2, say())), [], "nobody else notices");
}

#[test]
fn b27_l1_garbage_counts_as_much_as_sense() {
    let limits = Limits { messages_per_minute: 1, ..Limits::default() };
    let mut scene = Scene::with(limits, &["ann"]);
    let garbage = |scene: &mut Scene| {
        let request = Request { request_id: None, command: Err(ProtocolError::invalid("?")) };
        scene.does(Input::Received { connection: session_id(1), request, duplicate: None })
    };
    assert_eq!(errors(&garbage(&mut scene)), [(Code::InvalidMessageFormat, None)]);
    assert_eq!(closes(&garbage(&mut scene)), [(1008, "Rate limit exceeded")]);
}

#[test]
fn b28_l2_a_room_has_a_rate_of_its_own() {
    let limits = Limits { broadcasts_per_minute: 3, ..Limits::default() };
    let mut scene = Scene::with(limits, &["ann", "bob"]);
    for number in [1, 2, 1] {
        assert_eq!(errors(&scene.says(number, say())), []);
    }
    let effects = scene.after(2_500).says(2, say());
    assert_eq!(errors(&effects), [(Code::RateLimitExceeded, Some(58))]);
    assert_eq!(closes(&effects), [], "it is not bob's fault");
    assert_eq!(errors(&scene.after(57_500).says(1, say())), [], "refilled, not early, not late");
}

#[test]
fn b28_l2_the_rooms_count_outlives_the_socket_that_carried_it() {
    let limits = Limits { broadcasts_per_minute: 1, ..Limits::default() };
    let mut scene = Scene::with(limits, &["ann", "bob"]);
    let _ = scene.says(1, say());
    let effects = scene.does(Input::Left { connection: session_id(1) });
    assert!(effects.iter().any(|it| matches!(it, Effect::Write(Write::Broadcasts(_)))));
}

#[test]
fn p12_a_resend_is_answered_with_the_first_offset_and_not_broadcast() {
    let mut scene = Scene::with(Limits::default(), &["ann", "bob"]);
    let request_id = RequestId::parse("m1").ok();
    let first = entry(7, NOON.0, "ann", Some("m1"));
    let duplicate = Some(Duplicate { offset: Offset(7), entry: Some(first.clone()) });
    let request = Request { request_id, command: Ok(say()) };
    let effects = scene.does(Input::Received { connection: session_id(1), request, duplicate });
    assert_eq!(told(&effects), [(&Recipients::One(session_id(1)), &Event::Entry(first))]);
    assert!(!effects.iter().any(|it| matches!(it, Effect::Write(_))));
}

#[test]
fn r8_an_expired_token_is_refused_on_every_message_and_closed_thirty_seconds_later() {
    let mut scene = Scene::with(Limits::default(), &["ann"]);
    let expires_at = Some(NOON.plus(1_000));
    let _ = scene.does(Input::Joined(Box::new(Connection { expires_at, ..connection(2, "bob") })));
    assert_eq!(errors(&scene.after(999).says(2, say())), []);
    let late = scene.after(1).says(2, say());
    assert_eq!(errors(&late), [(Code::AuthenticationFailed, None)]);
    assert!(closes(&late).is_empty());
    assert_eq!(errors(&scene.says(2, Command::Ping)), [(Code::AuthenticationFailed, None)]);
    let _ = scene.alarm();
    assert_eq!(scene.room.next_wake(), Some(scene.now.plus(RENEWAL_MS)));
    let closed = scene.after(RENEWAL_MS).alarm();
    assert_eq!(closes(&closed), [(1008, "the token has expired")]);
}

#[test]
fn r8_a_silent_socket_is_prompted_by_the_alarm() {
    let mut scene = Scene::new(Limits::default());
    let expires_at = Some(NOON.plus(1_000));
    let _ = scene.does(Input::Joined(Box::new(Connection { expires_at, ..connection(1, "ann") })));
    assert_eq!(scene.room.next_wake(), expires_at);
    let prompted = scene.after(1_000).alarm();
    assert_eq!(errors(&prompted), [(Code::AuthenticationFailed, None)]);
    assert_eq!(errors(&scene.after(1).alarm()), [], "once");
}

fn renewal(user: &str, expires_at: Option<Millis>) -> Renewal {
    let (room, grants) = (room_name(), Grants::all());
    Renewal {
        user: member(user).id,
        context: None,
        room,
        allowed: grants.into(),
        expires_at,
        issue: None,
    }
}

#[test]
fn r8_a_younger_token_of_the_same_user_replaces_the_old_one() {
    let mut scene = Scene::new(Limits::default());
    let expires_at = Some(NOON.plus(1_000));
    let _ = scene.does(Input::Joined(Box::new(Connection { expires_at, ..connection(1, "ann") })));
    let _ = scene.after(1_000).says(1, Command::Ping);
    let shows = |scene: &mut Scene, renewal| {
        let connection = session_id(1);
        scene.does(Input::Renewed { connection, request_id: None, renewal, attach: None })
    };
    let later = Some(NOON.plus(60_000));
    let conflicts = [renewal("bob", later), renewal("ann", expires_at)];
    for conflict in conflicts {
        assert_eq!(errors(&shows(&mut scene, Ok(conflict))), [(Code::Conflict, None)]);
    }
    let forged = Err(ProtocolError::unauthenticated("no"));
    assert_eq!(errors(&shows(&mut scene, forged)), [(Code::AuthenticationFailed, None)]);
    assert_eq!(errors(&shows(&mut scene, Ok(renewal("ann", later)))), []);
    assert_eq!(errors(&scene.says(1, say())), []);
    assert_eq!(closes(&scene.after(RENEWAL_MS).alarm()), []);
}

#[test]
fn l7_silence_closes_a_socket_unless_the_platform_heard_it() {
    let mut scene = Scene::with(Limits::default(), &["ann", "bob"]);
    scene.after(300_000);
    assert!(scene.room.sweep_is_due(scene.now));
    let heard = LiteMap::from_iter([(session_id(2), NOON.plus(299_000))]);
    let effects = scene.does(Input::Alarm { heard });
    assert_eq!(errors(&effects), [(Code::ConnectionTimeout, None)]);
    assert_eq!(closes(&effects), [(1001, "nothing was heard for too long")]);
    assert!(scene.room.connection(session_id(1)).is_none());
    assert!(scene.room.connection(session_id(2)).is_some());
    let closed = scene.after(299_000).alarm();
    assert_eq!(closes(&closed).len(), 1);
}

#[test]
fn l5_a_room_and_a_user_have_only_so_many_connections() {
    let limits = Limits { connections_per_room: 3, connections_per_user: 2, ..Limits::default() };
    let mut scene = Scene::with(limits, &["ann", "ann"]);
    let full = |scene: &mut Scene, user: &str| {
        scene.room.admit(connection(9, user), None, NOON).map_err(|it| it.code).err()
    };
    assert_eq!(full(&mut scene, "ann"), Some(Code::ConnectionLimit));
    assert_eq!(full(&mut scene, "bob"), None);
    let _ = scene.does(Input::Joined(Box::new(connection(3, "bob"))));
    assert_eq!(full(&mut scene, "cid"), Some(Code::ConnectionLimit));
    let _ = scene.does(Input::Left { connection: session_id(1) });
    assert_eq!(full(&mut scene, "cid"), None);
}

#[test]
fn l8_a_log_is_trimmed_by_count_and_by_age_when_the_alarm_rings() {
    let limits = Limits { history_entries_max: 10, ..Limits::default() };
    let log =
        StoredRoom { head: Offset(11), head_at: NOON, first: Offset(1), first_at: NOON, ..blank() };
    let mut scene =
        Scene { room: Room::restore(Kind::Chat, limits, log, []), now: NOON.plus(1_000) };
    assert_eq!(scene.room.next_wake(), Some(scene.now));
    let effects = scene.alarm();
    let since = Millis(scene.now.0 - 30 * 24 * 60 * 60 * 1000);
    let trim = Effect::Write(Write::Trim { from: Offset(2), since });
    assert!(effects.contains(&trim), "{effects:?}");
    scene.room.trimmed(Offset(2), NOON);
    assert_eq!(scene.room.next_wake(), Some(NOON.plus(30 * 24 * 60 * 60 * 1000 + 1_000)));
}

#[test]
fn p12_ids_are_remembered_for_so_many_entries_and_no_more() {
    let log = StoredRoom { head: Offset(25_000), head_at: NOON, ..blank() };
    let room = Room::restore(Kind::Chat, Limits::default(), log, []);
    assert_eq!(room.memory(NOON).from, Offset(25_001 - DEDUPE_ENTRIES_MAX));
}

#[test]
fn p10_offsets_go_on_and_times_do_not_go_back_even_if_the_clock_does() {
    let log = StoredRoom {
        head: Offset(41),
        head_at: NOON.plus(5_000),
        first: Offset(1),
        first_at: NOON,
        ..blank()
    };
    let mut scene =
        Scene { room: Room::restore(Kind::Chat, Limits::default(), log, []), now: NOON };
    let _ = scene.does(Input::Joined(Box::new(connection(1, "ann"))));
    let effects = scene.says(1, say());
    let Some(Effect::Write(Write::Append(entry))) =
        effects.iter().find(|it| matches!(it, Effect::Write(_)))
    else {
        panic!("{effects:?}")
    };
    assert_eq!((entry.offset, entry.at), (Offset(42), NOON.plus(5_000)));
}

#[test]
fn inputs_of_sessions_that_are_gone_do_nothing() {
    let mut room = room(Limits::default());
    let (connection, renewal) = (session_id(9), Ok(renewal("ann", None)));
    let renewed = Input::Renewed { connection, request_id: None, renewal, attach: None };
    let inputs = [
        says(9, say()),
        Input::Left { connection: session_id(9) },
        Input::Oversized { connection: session_id(9) },
        renewed,
    ];
    for input in inputs {
        assert_eq!(room.handle(input, clock(NOON)), Effects::default());
    }
}

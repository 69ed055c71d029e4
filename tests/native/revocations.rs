//! Tokens that are taken back: who is let in, and whose connections end.

use std::collections::BTreeSet;

use dormouse::admission::{Claims, Revoked};
use dormouse::api::{Answer, Call, Task, read_revoking};
use dormouse::directory::Revoking;
use dormouse::kernel::{Connection, Grants, Input, Renewal};
use dormouse::limits::Limits;
use dormouse::message::{Code, Issue, Kind, Millis, Revocation, UserId};
use dormouse::protocol::{ProtocolId, Wire};
use serde_json::{Value, json};

use crate::support::{NOON, connection, member, room_name, session_id, speaking};
use crate::world::World;

const NOON_S: u64 = NOON.0 / 1000;

fn user(name: &str) -> UserId {
    UserId(name.into())
}

fn claims(value: &Value) -> Claims {
    serde_json::from_value(value.clone()).unwrap()
}

pub(crate) fn of_user(name: &str) -> Revoking {
    Revoking { sub: Some(user(name)), ..Revoking::default() }
}

pub(crate) fn of_token(jti: &str) -> Revoking {
    Revoking { jti: Some(jti.into()), ..Revoking::default() }
}

fn before(seconds: u64) -> Revoking {
    Revoking { issued_before: Some(seconds), ..Revoking::default() }
}

#[test]
fn z6_what_is_taken_back_is_a_user_a_token_a_time_or_a_user_until_a_time() {
    let read = |body: Value| read_revoking(&body.to_string(), None, NOON);
    let month = NOON.plus(30 * 24 * 60 * 60 * 1000);
    let both = Revoking { issued_before: Some(5), ..of_user("ann") };
    for (body, what) in [
        (json!({"sub": "ann"}), of_user("ann")),
        (json!({"jti": "t1"}), of_token("t1")),
        (json!({"issued_before": 5}), before(5)),
        (json!({"sub": "ann", "issued_before": 5}), both),
    ] {
        assert_eq!(read(body), Ok((what, month)));
    }
    let until = json!({"sub": "ann", "expires_at": "2024-01-02T00:00:00Z"});
    assert_eq!(read(until).unwrap().1, Millis(1_704_153_600_000));
    for wrong in [
        json!({}),
        json!([]),
        json!({"sub": 7}),
        json!({"sub": ".."}),
        json!({"jti": ""}),
        json!({"jti": "j".repeat(257)}),
        json!({"sub": "ann", "jti": "t1"}),
        json!({"jti": "t1", "issued_before": 5}),
        json!({"issued_before": -5}),
        json!({"issued_before": 5.5}),
        json!({"sub": "ann", "expires_at": "2024-01-01T00:00:00Z"}),
        json!({"sub": "ann", "expires_at": 5}),
    ] {
        assert_eq!(read(wrong.clone()).unwrap_err().code, Code::InvalidMessageFormat, "{wrong}");
    }
}

#[test]
fn z6_a_token_that_does_not_say_when_it_was_made_is_the_oldest_there_is() {
    let covers =
        |what: &Revoking, issue: Issue| what.revocation().covers(&user("ann"), issue, NOON);
    let (named, nameless) = (Issue::new(Millis(5_000), Some("t1")), Issue::default());
    assert!(covers(&of_user("ann"), named) && covers(&of_user("ann"), nameless));
    assert!(!covers(&of_user("bob"), named));
    assert!(covers(&of_token("t1"), named) && !covers(&of_token("t1"), nameless));
    assert!(!covers(&of_token("t2"), named));
    assert!(
        covers(&before(6), named) && !covers(&before(5), named) && covers(&before(1), nameless)
    );
    let both = Revoking { issued_before: Some(6), ..of_user("bob") };
    assert!(!covers(&both, named) && !covers(&Revoking::default(), named));
}

/// A list that is needed, and known since noon.
fn known(all: &[Revoking]) -> Revoked {
    let revoked = Revoked::needed();
    assert_eq!(revoked.asks(NOON), Some(0));
    revoked.told(NOON, Some((7, all.iter().map(Revoking::revocation).collect())));
    revoked
}

#[test]
fn z7_whoever_comes_is_held_against_a_list_a_second_old_at_most_for_which_one_of_them_asks() {
    let revoked = known(&[]);
    assert_eq!(revoked.asks(NOON.plus(499)), None);
    assert_eq!(revoked.asks(NOON.plus(500)), Some(7), "one asks ahead of time");
    assert_eq!(revoked.asks(NOON.plus(900)), None, "and nobody else meanwhile");
    assert_eq!(revoked.asks(NOON.plus(1_000)), Some(7), "but nobody is let in by an old list");
    revoked.told(NOON.plus(1_000), None);
    assert_eq!(revoked.asks(NOON.plus(1_499)), None);
    // What does not answer is asked once a second.
    assert_eq!(revoked.asks(NOON.plus(2_500)), Some(7));
    revoked.failed();
    assert_eq!(revoked.asks(NOON.plus(2_600)), None);
    assert_eq!(revoked.asks(NOON.plus(3_500)), Some(7));
    // A clock that is set back makes a list old.
    assert_eq!(revoked.asks(Millis(5)), Some(7));
}

#[test]
fn z10_a_room_holds_who_comes_in_against_what_it_was_told_and_asks_anew_when_it_opened() {
    let revoked = known(&[]);
    let (ann, issue) = (member("ann").id, Issue::default());
    assert_eq!(revoked.judge_newcomer(&ann, issue), Ok(()));
    revoked.learn(&[of_user("ann").revocation()]);
    let refused = revoked.judge_newcomer(&ann, issue).unwrap_err();
    assert_eq!(refused.code, Code::PermissionDenied);
    // However old its list is: nobody is refused for that here.
    assert_eq!(Revoked::needed().judge_newcomer(&ann, issue), Ok(()));
    // A list of this very moment is not new enough.
    assert_eq!(revoked.asks(NOON.plus(1)), None);
    assert_eq!(revoked.asks_anew(NOON.plus(1)), 7);
    revoked.told(NOON.plus(1), Some((8, vec![])));
    assert_eq!(revoked.judge_newcomer(&ann, issue), Ok(()), "which was lifted");
}

#[test]
fn z7_where_the_list_cannot_be_had_the_last_one_is_good_for_a_minute() {
    let ann = claims(&json!({"sub": "ann"}));
    assert_eq!(Revoked::default().judge(&ann, NOON), Ok(()), "where none is needed");
    let never = Revoked::needed();
    assert_eq!(never.judge(&ann, NOON).unwrap_err().code, Code::Unavailable);
    let revoked = known(&[of_user("bob")]);
    revoked.failed();
    assert_eq!(revoked.judge(&ann, NOON.plus(59_999)), Ok(()));
    let error = revoked.judge(&ann, NOON.plus(60_000)).unwrap_err();
    assert_eq!((error.code, error.retry_after), (Code::Unavailable, Some(5)));
    assert_eq!(revoked.judge_renewal(&ann, NOON.plus(60_000)).unwrap_err().code, Code::Unavailable);
    // A room that heard nothing for long need not have asked.
    let quiet = known(&[of_user("bob")]);
    assert_eq!(quiet.judge_renewal(&ann, NOON.plus(60_000)), Ok(()));
    let bob = claims(&json!({"sub": "bob"}));
    assert_eq!(
        quiet.judge_renewal(&bob, NOON.plus(60_000)).unwrap_err().code,
        Code::PermissionDenied
    );
}

#[test]
fn z8_a_user_who_is_out_for_good_is_denied_and_others_are_asked_for_a_new_token() {
    let both = Revoking { issued_before: Some(NOON_S), ..of_user("cid") };
    let revoked = known(&[of_token("t1"), both, of_user("bob")]);
    let refusal = |value: &Value| {
        let error = revoked.judge(&claims(value), NOON).err()?;
        assert_eq!(error.claim, Some("revoked"));
        Some(error.code)
    };
    assert_eq!(refusal(&json!({"sub": "bob", "jti": "t1"})), Some(Code::PermissionDenied));
    assert_eq!(refusal(&json!({"sub": "ann", "jti": "t1"})), Some(Code::AuthenticationFailed));
    assert_eq!(
        refusal(&json!({"sub": "cid", "iat": NOON_S - 1})),
        Some(Code::AuthenticationFailed)
    );
    assert_eq!(refusal(&json!({"sub": "cid"})), Some(Code::AuthenticationFailed));
    assert_eq!(refusal(&json!({"sub": "cid", "iat": NOON_S})), None);
    assert_eq!(refusal(&json!({"sub": "ann", "jti": "t2"})), None);
    // What a room hears, it knows before the next list; of a log-out there is nothing to know.
    let log_out = Revoking { joined_by: Some(NOON), ..of_user("dan") };
    revoked.learn(&[of_user("eve").revocation(), log_out.revocation()]);
    assert_eq!(refusal(&json!({"sub": "eve"})), Some(Code::PermissionDenied));
    assert_eq!(refusal(&json!({"sub": "dan"})), None);
    revoked.told(NOON, Some((8, vec![])));
    assert_eq!(refusal(&json!({"sub": "eve"})), None);
}

/// Connections of every protocol, each with a token of its own.
fn world() -> World {
    let mut world = World::of(Kind::Hub, Limits::default());
    for (number, name, protocol, issue) in [
        (1, "bob", ProtocolId::EVENTS, Some(Issue::new(Millis(5_000), Some("t1")))),
        (2, "bob", ProtocolId::NATIVE, Some(Issue::new(Millis(9_000), Some("t2")))),
        (3, "ann", ProtocolId::WORKFLOW, Some(Issue::new(Millis(5_000), Some("t3")))),
        (4, "ann", ProtocolId::CLIENT, Some(Issue::new(Millis(9_000), None))),
        // Stored by the version before: with a token of which nothing more is known.
        (5, "old", ProtocolId::EVENTS, None),
        // Without one.
        (6, "bob", ProtocolId::CLIENT, None),
    ] {
        let expires_at = (name == "old").then(|| NOON.plus(60_000));
        let joined = Connection { issue, expires_at, ..connection(number, name) };
        let wire = Wire { protocol, batched: false, packed: false };
        world.enter(speaking(protocol, joined), wire).unwrap();
    }
    world
}

fn open(world: &World) -> BTreeSet<u64> {
    (1..=6).filter(|it| world.sockets.is_open(session_id(*it))).collect()
}

/// Tells a room, asleep or awake; whose sockets that closes.
fn revoke(world: &mut World, what: &Revoking, sleeps: bool) -> BTreeSet<u64> {
    if sleeps {
        world.sleep();
    }
    let before = open(world);
    let answer = world.run(&Task::Revoke(vec![what.revocation()])).remove(0);
    let closed: BTreeSet<u64> = before.difference(&open(world)).copied().collect();
    let Answer::Done(json) = answer else { panic!("{answer:?}") };
    assert_eq!(json.as_str(), format!(r#"{{"kicked":{}}}"#, closed.len()));
    closed
}

#[test]
fn z8_connections_end_by_user_token_and_time_awake_or_asleep_and_those_without_a_token_stay() {
    for sleeps in [false, true] {
        let closed = |what: &Revoking| {
            let mut world = world();
            let closed = revoke(&mut world, what, sleeps);
            closed.into_iter().collect::<Vec<_>>()
        };
        assert_eq!(closed(&of_user("bob")), [1, 2]);
        assert_eq!(closed(&of_token("t1")), [1]);
        assert_eq!(closed(&before(6)), [1, 3, 5]);
        assert_eq!(closed(&Revoking { issued_before: Some(6), ..of_user("bob") }), [1]);
        assert_eq!(closed(&Revoking { joined_by: Some(NOON), ..of_user("bob") }), [1, 2]);
        let later = Revoking { joined_by: Some(Millis(NOON.0 - 1)), ..of_user("bob") };
        assert_eq!(closed(&later), [0; 0]);
        assert_eq!(closed(&of_user("nobody")), [0; 0]);
    }
}

#[test]
fn z8_each_protocol_says_why_and_the_native_one_whether_to_come_back() {
    let native = |what: &Revoking| {
        let mut world = world();
        revoke(&mut world, what, false);
        let frames = world.sockets.frames(2);
        let [.., error, closing] = frames.as_slice() else { panic!("{frames:?}") };
        assert_eq!(closing["type"], "closing");
        (error["code"].clone(), closing["reconnect"].clone())
    };
    assert_eq!(native(&of_user("bob")), (json!("PERMISSION_DENIED"), json!("never")));
    assert_eq!(native(&of_token("t2")), (json!("AUTHENTICATION_FAILED"), json!("auth")));
    assert_eq!(native(&before(10)), (json!("AUTHENTICATION_FAILED"), json!("auth")));
    let log_out = Revoking { joined_by: Some(NOON), ..of_user("bob") };
    assert_eq!(native(&log_out), (json!("AUTHENTICATION_FAILED"), json!("auth")));
    let mut world = world();
    revoke(&mut world, &before(10), false);
    for number in [1, 3, 4] {
        let last = world.sockets.frames(number).pop().unwrap().to_string();
        assert!(last.contains("AUTHENTICATION_FAILED"), "{last}");
        assert!(!last.contains("t1") && !last.contains("t3"), "{last}");
    }
}

#[test]
fn z8_which_token_it_is_is_stored_with_a_connection_in_two_numbers() {
    let stored = |issue| {
        let connection = Connection { issue, ..connection(1, "ann") };
        let stored = serde_json::to_string(&connection).unwrap();
        assert_eq!(serde_json::from_str::<Connection>(&stored).unwrap(), connection);
        stored
    };
    assert!(stored(Some(Issue(Millis(5), 7))).contains(r#""tk":[5,7]"#));
    assert!(!stored(None).contains("tk"));
}

#[test]
fn z8_a_connection_goes_by_the_token_that_it_showed_last() {
    let mut world = World::of(Kind::Hub, Limits::default());
    let expires_at = Some(NOON.plus(60_000));
    let issue = Some(Issue::new(Millis(5_000), Some("t1")));
    let joined = Connection { issue, expires_at, ..connection(1, "bob") };
    let wire = Wire { protocol: ProtocolId::EVENTS, batched: false, packed: false };
    world.enter(speaking(ProtocolId::EVENTS, joined), wire).unwrap();
    let renewal = Renewal {
        user: member("bob").id,
        context: None,
        room: room_name(),
        allowed: Grants::all().into(),
        expires_at: Some(NOON.plus(90_000)),
        issue: Some(Issue::new(Millis(9_000), Some("t2"))),
    };
    let (connection, renewal) = (session_id(1), Ok(renewal));
    world.happens(Input::Renewed { connection, request_id: None, renewal, attach: None });
    assert!(revoke(&mut world, &of_token("t1"), true).is_empty());
    assert!(revoke(&mut world, &before(6), false).is_empty());
    assert_eq!(revoke(&mut world, &of_token("t2"), true).len(), 1);
}

#[test]
fn z11_a_log_out_is_a_call_of_its_own_and_taking_back_takes_a_body() {
    let of =
        |method: &str, path: &str| Call::of(method, path, &dormouse::admission::Query::new(vec![]));
    assert!(
        matches!(of("DELETE", "/api/v1/users/a%2Db/connections"), Ok(Call::LogOut(it)) if it.0 == "a-b")
    );
    assert!(
        matches!(of("DELETE", "/api/v1/revocations/x1"), Ok(Call::LiftRevocation(it)) if it == "x1")
    );
    assert!(matches!(of("POST", "/api/v1/revocations"), Ok(Call::Revoke)));
    assert!(
        matches!(of("HEAD", "/api/v1/revocations"), Ok(Call::Revocations(after, 50)) if after.is_empty())
    );
    for (method, path) in [
        ("GET", "/api/v1/users/a/connections"),
        ("PUT", "/api/v1/revocations"),
        ("DELETE", "/api/v1/users/a/b/connections"),
        ("DELETE", "/api/v1/users/%00/connections"),
    ] {
        assert!(of(method, path).is_err(), "{method} {path}");
    }
    // What stands in the log for a revocation is no secret of a token's.
    let all =
        serde_json::to_string(&Revocation { token: Issue::hash("t1"), ..Revocation::default() });
    assert!(!all.unwrap().contains("t1"));
}

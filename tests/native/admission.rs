//! Who gets in: tokens, rooms, origins, and what is handed to the room.

use std::rc::Rc;

use dormouse::admission::{
    Credentials, HandOff, Keys, Origins, Policy, Query, Route, Target, Upgrade, Verdict,
};
use dormouse::close::CloseCode;
use dormouse::feature::{self, Configured};
use dormouse::kernel::Grant;
use dormouse::message::{Code, Member, Millis, ProtocolError, RoomName, UserId};
use dormouse::protocol::{Subprotocols, TokenPlace};
use jwt_compact::alg::{Hs256, Hs256Key};
use serde_json::{Value, json};

use crate::support::NOON;

pub(crate) const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn keys(development: bool) -> Keys {
    Keys::new(Some(SECRET), None, None, development)
}

pub(crate) fn sign(secret: &str, header: &Value, claims: &Value) -> String {
    use base64::Engine;
    use jwt_compact::{Algorithm, AlgorithmSignature};
    let part = |it: &Value| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(it.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let signature = Hs256.sign(&Hs256Key::new(secret.as_bytes()), message.as_bytes());
    let signature = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(signature.as_bytes());
    format!("{message}.{signature}")
}

pub(crate) fn hs256(claims: &Value) -> String {
    sign(SECRET, &json!({"alg": "HS256", "typ": "JWT"}), claims)
}

pub(crate) fn seconds(from_noon: i64) -> i64 {
    i64::try_from(NOON.0 / 1000).unwrap() + from_noon
}

fn ann() -> Value {
    json!({"sub": "ann", "name": "Ann", "contexts": ["demo"], "exp": seconds(60)})
}

fn with(field: &str, value: Value) -> Value {
    let mut claims = ann();
    claims[field] = value;
    claims
}

fn judge(policy: &Policy, path: &str, query: &[(&str, &str)]) -> Verdict {
    let pairs = query.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    let (host, path) = ("localhost:8787".into(), path.into());
    let upgrade = Upgrade { host, path, query: Query::new(pairs), ..Upgrade::default() };
    judged(policy, &upgrade)
}

/// What becomes of an upgrade, as `fetch` asks. Whom the echo lets in is handed over nowhere.
pub(crate) fn judged(policy: &Policy, upgrade: &Upgrade) -> Verdict {
    match Route::of(&upgrade.path, policy.development) {
        Route::Socket(Target::Room(endpoint, _)) => {
            policy.judge(&endpoint, upgrade, NOON, || NEW_ID.into())
        }
        other => panic!("{other:?}"),
    }
}

pub(crate) const NEW_ID: &str = "018cc4e5-227b-7000-8000-000000000000";

/// Whom the echo lets in.
pub(crate) fn echoed(policy: &Policy, upgrade: &Upgrade) -> Result<RoomName, ProtocolError> {
    match Route::of(&upgrade.path, policy.development) {
        Route::Socket(Target::Echo(client)) => policy.judge_echo(client, upgrade),
        other => panic!("{other:?}"),
    }
}

fn policy(development: bool) -> Policy {
    let variable = |name: &str| (name == "JWT_SECRET").then(|| SECRET.to_owned());
    let features = Rc::new(feature::Config::read(&variable, &mut Vec::new()));
    Policy { keys: keys(development), features, development, ..Policy::default() }
}

fn refused(verdict: &Verdict) -> Code {
    let Verdict::Refuse(error, _) = verdict else { panic!("{verdict:?}") };
    error.code
}

#[test]
fn a_good_token_is_read() {
    let claims = keys(false).verify(&hs256(&ann()), NOON).unwrap();
    assert_eq!(claims.member(), Member { id: UserId("ann".into()), name: "Ann".into() });
    assert_eq!(claims.expires_at, Some(Millis(u64::try_from(seconds(60)).unwrap() * 1000)));
}

#[test]
fn a_token_without_a_name_shows_its_subject() {
    for name in [json!(null), json!(""), json!("  ")] {
        let claims = keys(false).verify(&hs256(&with("name", name)), NOON).unwrap();
        assert_eq!(claims.member().name, "ann");
    }
}

#[test]
fn bad_tokens_are_refused() {
    let good = hs256(&ann());
    let (message, signature) = good.rsplit_once('.').unwrap();
    let header = |header: Value| sign(SECRET, &header, &ann());
    let mut no_expiry = ann();
    no_expiry.as_object_mut().unwrap().remove("exp");
    let bad = [
        ("nothing", String::new()),
        ("no token", "test".into()),
        ("another secret", sign("another", &json!({"alg": "HS256"}), &ann())),
        ("no signature", format!("{message}.")),
        ("half a signature", format!("{message}.{}", signature.split_at(20).0)),
        ("a part too many", format!("{good}.x")),
        ("padding", format!("{good}=")),
        ("alg none", header(json!({"alg": "none"}))),
        ("alg nOnE", header(json!({"alg": "nOnE"}))),
        ("alg HS512", header(json!({"alg": "HS512"}))),
        ("alg RS256", header(json!({"alg": "RS256"}))),
        ("expired", hs256(&with("exp", json!(seconds(-1))))),
        ("expiring now", hs256(&with("exp", json!(seconds(0))))),
        ("no expiry", hs256(&no_expiry)),
        ("an expiry in words", hs256(&with("exp", json!("tomorrow")))),
        ("not yet valid", hs256(&with("nbf", json!(seconds(32))))),
        ("no subject", hs256(&with("sub", json!("")))),
        ("a number for a subject", hs256(&with("sub", json!(1)))),
        ("an endless subject", hs256(&with("sub", json!("s".repeat(129))))),
        ("a start in words", hs256(&with("nbf", json!("tomorrow")))),
        ("a null for a subject", hs256(&with("sub", json!(null)))),
        ("a null for an expiry", hs256(&with("exp", json!(null)))),
        ("an extension", header(json!({"alg": "HS256", "crit": ["b64"], "b64": true}))),
        ("an empty list of extensions", header(json!({"alg": "HS256", "crit": []}))),
        ("a null for extensions", header(json!({"alg": "HS256", "crit": null}))),
        ("endless", hs256(&with("x", json!("x".repeat(9_000))))),
    ];
    for (title, token) in bad {
        let error = keys(false).verify(&token, NOON).unwrap_err();
        assert_eq!(error.code, Code::AuthenticationFailed, "{title}");
        assert!(token.is_empty() || !error.message.contains(&token), "{title}");
    }
}

#[test]
fn r4_a_token_may_start_thirty_seconds_late() {
    assert!(keys(false).verify(&hs256(&with("nbf", json!(seconds(30)))), NOON).is_ok());
}

#[test]
fn headers_that_name_other_keys_are_ignored() {
    let header = json!({"alg": "HS256", "kid": "../../x", "jku": "https://evil.example/k"});
    assert!(keys(false).verify(&sign(SECRET, &header, &ann()), NOON).is_ok());
}

#[test]
fn r4_issuer_and_audience_are_honoured_where_they_are_set() {
    let keys = Keys::new(Some(SECRET), Some("us".into()), Some("rooms".into()), false);
    let token = |iss: Value, aud: Value| {
        let mut claims = ann();
        (claims["iss"], claims["aud"]) = (iss, aud);
        hs256(&claims)
    };
    assert!(keys.verify(&token(json!("us"), json!("rooms")), NOON).is_ok());
    assert!(keys.verify(&token(json!("us"), json!(["x", "rooms"])), NOON).is_ok());
    for (iss, aud) in
        [(json!("them"), json!("rooms")), (json!("us"), json!("x")), (json!(null), json!(null))]
    {
        assert!(keys.verify(&token(iss, aud), NOON).is_err());
    }
}

#[test]
fn the_development_token_is_good_in_development_only() {
    let claims = keys(true).verify("test", NOON).unwrap();
    assert_eq!((claims.sub.as_str(), claims.expires_at), ("test", None));
    assert!(keys(false).verify("test", NOON).is_err());
}

#[test]
fn production_without_a_proper_secret_refuses_everything() {
    for secret in [None, Some(""), Some("short")] {
        let keys = Keys::new(secret, None, None, false);
        assert!(keys.refuse_everything());
        let token = sign(secret.unwrap_or_default(), &json!({"alg": "HS256"}), &ann());
        assert!(keys.verify(&token, NOON).is_err());
        assert!(keys.verify("test", NOON).is_err());
    }
    assert!(!Keys::new(None, None, None, true).refuse_everything());
}

#[test]
fn b2_r2_r3_a_token_in_the_query_leads_to_its_room() {
    let token = hs256(&ann());
    let chat = |query: &[(&str, &str)]| judge(&policy(false), "/api/chat/ws", query);
    let Verdict::Join(named) = chat(&[("token", &token), ("contextId", "demo")]) else { panic!() };
    let Verdict::Join(unnamed) = chat(&[("token", &token)]) else { panic!() };
    assert_eq!(named, unnamed, "the token's first context");
    assert_eq!(named.room.as_str(), "demo");
    assert!(named.grants.has(Grant::Send) && !named.grants.has(Grant::Publish));
    let elsewhere = chat(&[("token", &token), ("contextId", "secret")]);
    assert_eq!(refused(&elsewhere), Code::PermissionDenied);
    let nowhere = hs256(&with("contexts", json!([])));
    assert_eq!(refused(&chat(&[("token", &nowhere)])), Code::PermissionDenied);
}

#[test]
fn b3_r9_without_a_token_the_socket_is_held() {
    let held = judge(&policy(false), "/api/chat/ws", &[]);
    assert_eq!(held, Verdict::Receive { context: None });
}

#[test]
fn b40_r2_the_development_token_goes_to_the_default_room() {
    let Verdict::Join(hand_off) = judge(&policy(true), "/api/chat/ws", &[("token", "test")]) else {
        panic!()
    };
    assert_eq!(hand_off.room.as_str(), "default");
}

#[test]
fn r1_a_room_name_is_checked_before_the_token() {
    for name in ["", "a/b", "%2e", &"a".repeat(129), "ä"] {
        let verdict =
            judge(&policy(true), "/api/chat/ws", &[("token", "test"), ("contextId", name)]);
        assert_eq!(refused(&verdict), Code::InvalidMessageFormat, "{name:?}");
    }
}

#[test]
fn r6_a_page_of_another_origin_may_not_connect() {
    let origins = Origins::parse("https://good.example", false);
    let policy = Policy { keys: keys(true), origins, development: true, ..Policy::default() };
    let query = Query::new(vec![("token".into(), "test".into())]);
    let upgrade = |origin: Option<&str>, path: &str| Upgrade {
        host: "localhost".into(),
        path: path.into(),
        query: query.clone(),
        origin: origin.map(str::to_owned),
        ..Upgrade::default()
    };
    let evil = |path: &str| upgrade(Some("https://evil.example"), path);
    let good = |path: &str| upgrade(Some("https://good.example"), path);
    assert_eq!(refused(&judged(&policy, &evil("/api/chat/ws"))), Code::PermissionDenied);
    let room = judged(&policy, &good("/api/chat/ws"));
    assert!(!matches!(room, Verdict::Refuse(..)), "{room:?}");
    assert_eq!(echoed(&policy, &evil("/ws/echo")).unwrap_err().code, Code::PermissionDenied);
    assert_eq!(echoed(&policy, &good("/ws/echo")).unwrap().as_str(), "echo");
}

#[test]
fn r4_the_token_test_is_good_only_under_a_name_of_this_machine() {
    let judge = |host: &str, path: &str, token: Option<&str>| {
        let token = token.map(|it| ("token".to_owned(), it.to_owned()));
        let query = [Some(("client_id".into(), "c".into())), token];
        let query = Query::new(query.into_iter().flatten().collect());
        let (host, path) = (host.into(), path.into());
        judged(&policy(true), &Upgrade { host, path, query, ..Upgrade::default() })
    };
    let good = hs256(&ann());
    for path in ["/api/chat/ws", "/ws", "/api/v1/ws/dev", "/ws/client", "/ws/conversation"] {
        for host in ["localhost:8787", "127.0.0.1", "[::1]:8787"] {
            let verdict = judge(host, path, Some("test"));
            assert!(matches!(verdict, Verdict::Join(_)), "{host}{path}: {verdict:?}");
        }
        for host in ["192.0.2.1:8787", "rooms.example", "localhost.evil.example", ""] {
            let verdict = judge(host, path, Some("test"));
            assert_eq!(refused(&verdict), Code::AuthenticationFailed, "{host}{path}");
            assert!(matches!(judge(host, path, Some(&good)), Verdict::Join(_)), "{host}{path}");
        }
    }
}

#[test]
fn r6_the_refusal_of_a_page_names_the_variable() {
    let upgrade = Upgrade {
        host: "rooms.example".into(),
        path: "/ws/echo".into(),
        origin: Some("https://evil.example".into()),
        ..Upgrade::default()
    };
    let error = echoed(&policy(false), &upgrade).unwrap_err();
    assert!(error.message.contains("ALLOWED_ORIGINS"), "{error}");
    assert_eq!(CloseCode::of(&error).number(), 1008);
    let own = Upgrade { origin: Some("https://rooms.example".into()), ..upgrade };
    assert!(echoed(&policy(false), &own).is_ok());
}

#[test]
fn c19_r3_a_token_comes_by_query_header_or_sub_protocol() {
    let token = |it: &Upgrade| it.credentials(TokenPlace::ANYWHERE);
    let of = |it: &str| Credentials::Token(it.into());
    let mut upgrade = Upgrade::default();
    assert_eq!(token(&upgrade), Credentials::None);
    upgrade.protocols = Some("bearer.p, chat.v1".into());
    assert_eq!(token(&upgrade), of("p"));
    assert_eq!(
        upgrade.chosen_subprotocol(Subprotocols::Any),
        Some("chat.v1"),
        "the token does not come back"
    );
    upgrade.protocols = Some("bearer.p".into());
    assert_eq!(upgrade.chosen_subprotocol(Subprotocols::Any), None, "not even alone");
    upgrade.authorization = Some("Bearer h".into());
    assert_eq!(token(&upgrade), of("h"));
    upgrade.query = Query::new(vec![("token".into(), "q".into())]);
    assert_eq!(token(&upgrade), of("q"));
    let basic = Upgrade { authorization: Some("Basic x".into()), ..Upgrade::default() };
    assert_eq!(token(&basic), Credentials::None);
}

#[test]
fn a_hand_off_survives_its_header_and_garbage_does_not() {
    let token = hs256(&with("name", json!("Ännchen 😀\r\nx-evil: 1")));
    let verdict = judge(&policy(false), "/api/chat/ws", &[("token", &token)]);
    let Verdict::Join(hand_off) = verdict else { panic!() };
    let header = hand_off.to_header();
    assert!(header.bytes().all(|it| it.is_ascii_alphanumeric() || b"-_".contains(&it)));
    assert_eq!(HandOff::from_header(&header), Some(hand_off));
    for garbage in ["", "e30", "x", "{}", "%%%"] {
        assert_eq!(HandOff::from_header(garbage), None);
    }
}

//! What a token says that is not understood, and what the log says of one that is refused.

use dormouse::admission::{Claims, Credentials, Keys, Query, Upgrade, capability};
use dormouse::kernel::{Grant, Grants};
use dormouse::message::{Kind, RoomName};
use dormouse::protocol::TokenPlace;
use serde_json::{Value, json};

use crate::admission::{SECRET, hs256, seconds, sign};
use crate::support::NOON;

fn ann(more: &Value) -> Value {
    let mut claims = json!({"sub": "ann", "contexts": "x", "exp": seconds(60)});
    for (name, value) in more.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
}

fn keys() -> Keys {
    Keys::new(Some(SECRET), None, None, false)
}

fn read(more: &Value) -> Claims {
    keys().verify(&hs256(&ann(more)), NOON).unwrap_or_else(|it| panic!("{more}: {it:?}"))
}

fn in_x(claims: &Claims) -> Grants {
    capability::grants(claims, Kind::Chat, &RoomName::parse("x").unwrap())
}

#[test]
fn r5_a_claim_that_is_not_understood_grants_nothing_and_the_rest_counts() {
    let member: Grants =
        [Grant::Join, Grant::Send, Grant::History, Grant::Presence].into_iter().collect();
    for more in [
        json!({"role": "authenticated"}),
        json!({"role": "Admin"}),
        json!({"role": null}),
        json!({"role": 7}),
        json!({"role": ["admin"]}),
        json!({"role": {"admin": null}}),
        json!({"caps": null}),
        json!({"caps": "*"}),
        json!({"caps": {"room": "chat:x", "can": ["admin"]}}),
        json!({"caps": [{"can": ["admin"]}]}),
        json!({"caps": [{"room": "chat:x"}]}),
        json!({"caps": [{"room": "chat:x", "can": null}, {"room": 7, "can": ["admin"]}]}),
        json!({"caps": [{"room": "chat:x", "can": "admin"}]}),
        json!({"caps": [null, "chat:x", [], {"room": "chat:x", "can": [null, 7, ["admin"]]}]}),
        json!({"contexts": [null, 7, {"x": 1}, ["x"], "x"]}),
        json!({"name": 7, "iat": "yesterday", "nbf": null, "iss": {}, "aud": 7, "jti": []}),
        json!({"exp": 1_704_110_500.75, "nbf": 1_704_110_400.5, "iat": null}),
        json!({"nbf": -1}),
    ] {
        assert_eq!(in_x(&read(&more)), member, "{more}");
    }
    for contexts in [json!(null), json!(7), json!({"x": true}), json!([["x"]]), json!(true)] {
        let claims = read(&json!({"contexts": contexts}));
        assert_eq!(in_x(&claims), Grants::default(), "{contexts}");
        let with_caps = json!({"contexts": contexts,
            "caps": [7, {"room": "chat:x", "can": [7, "join"], "why": null}]});
        assert_eq!(in_x(&read(&with_caps)), [Grant::Join].into_iter().collect(), "{contexts}");
    }
}

#[test]
fn r4_a_claim_that_restricts_is_not_passed_over() {
    let strict = Keys::new(Some(SECRET), Some("us".into()), Some("dormouse".into()), false);
    let claim = |more: Value| strict.verify(&hs256(&ann(&more)), NOON).unwrap_err().claim;
    assert_eq!(claim(json!({})), Some("iss"));
    assert_eq!(claim(json!({"iss": ["us"], "aud": "dormouse"})), Some("iss"));
    assert_eq!(claim(json!({"iss": "us"})), Some("aud"));
    assert_eq!(claim(json!({"iss": "us", "aud": [7, "other"]})), Some("aud"));
    let good = json!({"iss": "us", "aud": [7, "dormouse"]});
    assert!(strict.verify(&hs256(&ann(&good)), NOON).is_ok());
}

#[test]
fn r4_the_log_learns_which_claim_and_the_client_only_that_it_is_so() {
    let claim = |token: &str| {
        let error = keys().verify(token, NOON).unwrap_err();
        let told = serde_json::to_value(&error).unwrap();
        assert!(told.get("claim").is_none(), "{told}");
        error.claim.unwrap()
    };
    let header = |header: Value| sign(SECRET, &header, &ann(&json!({})));
    for (expected, token) in [
        ("form", "test".into()),
        ("form", header(json!(["HS256"]))),
        ("size", "x".repeat(9_000)),
        ("alg", header(json!({"alg": "none"}))),
        ("signature", sign("another", &json!({"alg": "HS256"}), &ann(&json!({})))),
        ("crit", header(json!({"alg": "HS256", "crit": ["exp"]}))),
        ("exp", hs256(&ann(&json!({"exp": seconds(-1)})))),
        ("exp", hs256(&ann(&json!({"exp": "tomorrow"})))),
        ("nbf", hs256(&ann(&json!({"nbf": seconds(60)})))),
        ("nbf", hs256(&ann(&json!({"nbf": "tomorrow"})))),
        ("sub", hs256(&ann(&json!({"sub": 7})))),
        ("sub", hs256(&ann(&json!({"sub": "..", "role": "authenticated"})))),
    ] {
        assert_eq!(claim(&token), expected);
    }
}

#[test]
fn r3_an_empty_token_does_not_beat_a_good_one() {
    let upgrade = |query: Option<&str>, header: Option<&str>, protocols: Option<&str>| {
        let pairs = query.map(|it| ("token".to_owned(), it.to_owned()));
        let upgrade = Upgrade {
            query: Query::new(pairs.into_iter().collect()),
            authorization: header.map(str::to_owned),
            protocols: protocols.map(str::to_owned),
            ..Upgrade::default()
        };
        upgrade.credentials(TokenPlace::ANYWHERE)
    };
    let of = |it: &str| Credentials::Token(it.into());
    assert_eq!(upgrade(Some(""), Some("Bearer h"), Some("chat, bearer.p")), of("h"));
    assert_eq!(upgrade(Some(""), Some("Bearer "), Some("chat, bearer.p")), of("p"));
    assert_eq!(upgrade(None, Some("Bearer "), Some("bearer.p")), of("p"));
    assert_eq!(upgrade(Some("q"), Some("Bearer "), None), of("q"));
    // Alone it is a token that is not valid, and not somebody without one.
    assert_eq!(upgrade(Some(""), None, None), of(""));
    assert_eq!(upgrade(Some(""), None, Some("bearer.")), of(""));
    assert_eq!(upgrade(None, Some("Basic x"), Some("chat")), Credentials::None);
}

#[test]
fn r5_when_a_token_was_made_and_what_it_is_called_is_known_where_it_says_so() {
    let said = |more: &Value| {
        let claims = read(more);
        (claims.issued_at().0, claims.id().map(str::to_owned))
    };
    assert_eq!(
        said(&json!({"iat": 1_704_110_400, "jti": "t1"})),
        (1_704_110_400_000, Some("t1".into()))
    );
    assert_eq!(said(&json!({"iat": 1_704_110_400.25})), (1_704_110_400_250, None));
    for not_understood in
        [json!({}), json!({"iat": "now", "jti": 7}), json!({"iat": -5, "jti": null})]
    {
        assert_eq!(said(&not_understood), (0, None), "{not_understood}");
    }
}

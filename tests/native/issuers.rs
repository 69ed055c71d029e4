//! Several issuers: whose a token is, and what its issuer may grant.

use dormouse::admission::{Keys, capability};
use dormouse::directory::Addresses;
use dormouse::kernel::{Act, Grant, Grants};
use dormouse::message::{Kind, RoomName, Space};
use serde_json::{Value, json};

use crate::admission::{SECRET, seconds, sign};
use crate::keys::{fault, read};
use crate::support::NOON;

const PARTNERS: &str = "a secret of the partner's, 32 bytes or more";

fn partner(more: &Value) -> Keys {
    let (keys, faults) = configured(more);
    assert_eq!(faults, Vec::<String>::new());
    keys
}

fn configured(more: &Value) -> (Keys, Vec<String>) {
    let mut entry = json!({"iss": "partner", "secret": PARTNERS});
    entry.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    read(&[("JWT_SECRET", SECRET), ("JWT_ISSUERS", &json!([entry]).to_string())])
}

fn token(secret: &str, more: &Value) -> String {
    let mut claims = json!({"sub": "partner|ann", "iss": "partner", "exp": seconds(60)});
    claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    sign(secret, &json!({"alg": "HS256"}), &claims)
}

fn grants(keys: &Keys, more: &Value, kind: Kind, room: &str) -> Vec<&'static str> {
    let claims = keys.verify(&token(PARTNERS, more), NOON).unwrap();
    capability::grants(&claims, kind, &RoomName::parse(room).unwrap()).names()
}

#[test]
fn z17_a_token_is_judged_by_the_issuer_it_names() {
    let keys = partner(&json!({"audience": ["dormouse", "rooms"]}));
    let aud = json!({"aud": ["x", "rooms"]});
    assert!(keys.verify(&token(PARTNERS, &aud), NOON).is_ok());
    assert_eq!(fault(keys.verify(&token(PARTNERS, &json!({"aud": "x"})), NOON)), "aud");
    assert_eq!(fault(keys.verify(&token(PARTNERS, &json!({})), NOON)), "aud");
    // By no other's key, and under no other's name.
    assert_eq!(fault(keys.verify(&token(SECRET, &aud), NOON)), "signature");
    for iss in [json!("us"), json!(null), json!("Partner"), json!("partner/"), json!(["partner"])] {
        assert_eq!(fault(keys.verify(&token(PARTNERS, &json!({"iss": iss})), NOON)), "signature");
        assert!(keys.verify(&token(SECRET, &json!({"iss": iss})), NOON).is_ok(), "{iss}");
    }
    let entries = json!([{"iss": "partner", "secret": PARTNERS}]).to_string();
    let (only, faults) = read(&[("JWT_ISSUERS", &entries)]);
    assert_eq!(faults, Vec::<String>::new());
    assert!(only.verify(&token(PARTNERS, &json!({})), NOON).is_ok());
    let named = [("JWT_SECRET", SECRET), ("JWT_ISSUERS", &entries), ("JWT_ISSUER", "us")];
    let (named, _) = read(&named);
    assert!(named.verify(&token(SECRET, &json!({"iss": "us"})), NOON).is_ok());
    for iss in [json!("them"), json!(null)] {
        assert_eq!(fault(named.verify(&token(SECRET, &json!({"iss": iss})), NOON)), "iss");
    }
}

#[test]
fn z17_an_issuer_has_the_algorithms_that_are_set() {
    let (keys, faults) = configured(&json!({"algorithms": ["ES256"]}));
    assert_eq!(faults, [r#"issuer Some("partner") has no keys; its tokens are all refused"#]);
    assert_eq!(fault(keys.verify(&token(PARTNERS, &json!({})), NOON)), "alg");
}

#[test]
fn z17_grants_of_an_issuer_only_take_away() {
    let keys = partner(
        &json!({"grants": {"rooms": ["chat:partner-*"], "can": ["join", "send", "admin"]}}),
    );
    let all = json!({"contexts": "*", "role": "admin", "caps": [
        {"room": "*", "can": ["join", "send", "publish", "history", "presence", "admin"]},
        {"room": "hub:user:*", "can": ["join", "admin"]}]});
    assert_eq!(grants(&keys, &all, Kind::Chat, "partner-1"), ["join", "send", "admin"]);
    let outside = [
        (Kind::Chat, "partner"),
        (Kind::Chat, "team"),
        (Kind::Hub, "partner-1"),
        (Kind::Hub, "user:bob"),
        (Kind::Hub, "user:partner|ann".split('|').next().unwrap()),
    ];
    for (kind, room) in outside {
        assert_eq!(grants(&keys, &all, kind, room), [""; 0], "{room}");
    }
    // Nothing is added to what a token says.
    assert_eq!(grants(&keys, &json!({}), Kind::Chat, "partner-1"), [""; 0]);
    let joins = json!({"caps": [{"room": "chat:partner-1", "can": ["join", "history"]}]});
    assert_eq!(grants(&keys, &joins, Kind::Chat, "partner-1"), ["join"]);
    let claims = keys.verify(&token(PARTNERS, &all), NOON).unwrap();
    assert_eq!(claims.role, capability::Role::User, "roles are listed, or there are none");
    assert!(!capability::grants_somewhere(&claims, Grant::Publish));
    assert!(capability::grants_somewhere(&claims, Grant::Admin));
    assert_eq!(capability::administered(&claims), [Addresses::beginning("chat:partner-")]);
    let without = partner(&json!({"grants": {"can": ["join"]}}));
    let claims = without.verify(&token(PARTNERS, &all), NOON).unwrap();
    assert_eq!(capability::administered(&claims), []);
    let service = partner(&json!({"grants": {"roles": ["service"]}}));
    let role =
        |it: &str| service.verify(&token(PARTNERS, &json!({"role": it})), NOON).unwrap().role;
    assert_eq!(role("service"), capability::Role::Service);
    assert_eq!(role("admin"), capability::Role::User);
}

#[test]
fn z17_the_numbers_of_a_chat_room_take_presence_that_the_issuer_may_grant() {
    let keys = partner(&json!({"grants": {"rooms": ["analytics:*"]}}));
    let claims = keys.verify(&token(PARTNERS, &json!({"contexts": "*"})), NOON).unwrap();
    let room = RoomName::parse("x").unwrap();
    let grants: Grants = capability::grants(&claims, Kind::Analytics, &room);
    assert!(grants.has(Grant::Join) && !grants.shows_measures());
}

#[test]
fn z17_an_issuer_signs_for_its_own_users() {
    let keys = partner(&json!({"grants": {"users": ["partner|*", "guest"]}}));
    for sub in ["partner|ann", "guest", "partner|"] {
        assert!(keys.verify(&token(PARTNERS, &json!({"sub": sub})), NOON).is_ok(), "{sub}");
    }
    for sub in ["ann", "partner", "guests", "Partner|ann"] {
        assert_eq!(
            fault(keys.verify(&token(PARTNERS, &json!({"sub": sub})), NOON)),
            "sub",
            "{sub}"
        );
    }
}

#[test]
fn z17_what_is_set_wrong_lets_in_nobody_whom_it_is_about() {
    for wrong in [
        json!({"grants": []}),
        json!({"algorithms": ["HS256", "none"]}),
        json!({"algorithms": "HS256"}),
        json!({"audiance": "x"}),
    ] {
        let (keys, faults) = configured(&wrong);
        assert_eq!(faults.len(), 1, "{wrong}: {faults:?}");
        let judged = keys.verify(&token(PARTNERS, &json!({})), NOON);
        assert!(judged.is_err(), "{wrong}");
        let ours = json!({"iss": null});
        assert!(keys.verify(&token(SECRET, &ours), NOON).is_ok(), "{wrong}");
    }
    for wrong in [
        json!({"grants": {"rooms": "chat:*"}}),
        json!({"grants": {"room": ["chat:*"]}}),
        json!({"grants": {"roles": ["root"]}}),
        json!({"grants": {"can": ["fly"]}}),
        json!({"claims": {"contexts": "app_metadata"}}),
        json!({"audience": []}),
        json!({"audience": 7}),
        json!({"audience": ["x", 7]}),
        json!({"jwks": {"keys": []}}),
        json!({"jwks_url": "http://partner.example/keys"}),
        json!({"secret": "short"}),
    ] {
        let (keys, faults) = configured(&wrong);
        assert!(!faults.is_empty(), "{wrong}: {faults:?}");
        assert!(keys.verify(&token(PARTNERS, &json!({})), NOON).is_err(), "{wrong}");
        // Its tokens are nobody else's meanwhile.
        assert!(keys.verify(&token(SECRET, &json!({})), NOON).is_err(), "{wrong}");
    }
    let twice =
        json!([{"iss": "partner", "secret": PARTNERS}, {"iss": "partner", "secret": SECRET}]);
    let (keys, faults) = read(&[("JWT_ISSUERS", &twice.to_string())]);
    assert!(faults[0].contains("two issuers"), "{faults:?}");
    assert!(keys.verify(&token(PARTNERS, &json!({})), NOON).is_err() && keys.refuse_everything());
    let nameless = json!([{"secret": PARTNERS}, {"iss": "", "secret": PARTNERS}]);
    let (keys, faults) = read(&[("JWT_ISSUERS", &nameless.to_string())]);
    assert_eq!((faults.len(), keys.refuse_everything()), (3, true), "{faults:?}");
}

#[test]
fn z18_claims_are_read_where_they_stand() {
    let keys = partner(&json!({"claims": {"contexts": "/app_metadata/contexts", "name": "/nick",
        "role": "/https:~1~1p.example~1roles", "caps": "/a~0b/0"}}));
    let read = |more: Value| keys.verify(&token(PARTNERS, &more), NOON).unwrap();
    let claims = read(json!({"app_metadata": {"contexts": ["x"]}, "nick": "Ann", "name": "Bob",
        "https://p.example/roles": ["viewer", "admin", "service"],
        "a~b": [[{"room": "chat:y", "can": ["join"]}]]}));
    assert_eq!((claims.member().name.as_str(), claims.role), ("Ann", capability::Role::Admin));
    assert_eq!(claims.contexts.first().unwrap().as_str(), "x");
    assert_eq!(claims.caps.len(), 1);
    // Under their own names they are not read: whoever may write there is another one.
    let claims = read(json!({"contexts": "*", "role": "admin", "name": "Bob",
        "caps": [{"room": "*", "can": ["admin"]}]}));
    assert_eq!(claims.member().name, "partner|ann");
    assert_eq!((claims.role, claims.caps.len()), (capability::Role::User, 0));
    assert_eq!(claims.contexts.first(), None);
    for roles in [json!(["root"]), json!([]), json!(7), json!({"admin": true}), json!([["admin"]])]
    {
        let claims = read(json!({"https://p.example/roles": roles}));
        assert_eq!(claims.role, capability::Role::User, "{roles}");
    }
}

#[test]
fn z17_an_issuer_bounds_what_its_tokens_allow_with_single_things_too() {
    let caps = json!([
        {"room": "collaboration:*", "can": ["join", "history"]},
        {"room": "collaboration:*", "on": ["document:*"], "can": ["send", "create", "admin"]},
        {"room": "collaboration:*", "on": ["document:x"], "can": ["send"], "deny": true},
    ]);
    let may = |can: Value, act: Act, name: &str| {
        let keys = partner(&json!({"grants": {"can": can}}));
        let claims = keys.verify(&token(PARTNERS, &json!({"caps": caps})), NOON).unwrap();
        let room = RoomName::parse("r").unwrap();
        let it = capability::allowed(&claims, Kind::Collaboration, &room);
        it.things.allow(it.grants, act, Space("document"), name)
    };
    let all = json!(["join", "history", "send", "create"]);
    assert!(may(all.clone(), Act::Change, "d") && may(all.clone(), Act::Make, "d"));
    assert!(!may(all.clone(), Act::Administer, "d"));
    assert!(!may(all, Act::Change, "x"));
    assert!(!may(json!(["join", "history"]), Act::Change, "d"));
    assert!(may(json!(["join", "history"]), Act::Read, "d"));
}

//! Capabilities of single things in rooms, and those that deny.

use dormouse::admission::capability;
use dormouse::kernel::{Act, Allowed, Grant};
use dormouse::message::{Kind, RoomName, Space};
use serde_json::{Value, json};

const DOCUMENT: Space = Space("document");
const STATE: Space = Space("state");
const METRIC: Space = Space("metric");

fn allowed(caps: &Value, kind: Kind) -> Allowed {
    let claims = json!({"sub": "ann", "caps": caps});
    let claims = serde_json::from_value(claims).unwrap();
    capability::allowed(&claims, kind, &RoomName::parse("x").unwrap())
}

fn may(it: &Allowed, act: Act, space: Space, name: &str) -> bool {
    it.things.allow(it.grants, act, space, name)
}

const COLLABORATION: Kind = Kind::Collaboration;

#[test]
fn r10_a_capability_on_things_allows_with_these_alone() {
    let it = allowed(
        &json!([
            {"room": "collaboration:x", "can": ["join", "history"]},
            {"room": "collaboration:*", "on": ["document:a*", "document:z"], "can": ["send"]},
            {"room": "collaboration:y", "on": ["document:*"], "can": ["send"]},
        ]),
        COLLABORATION,
    );
    assert_eq!(it.grants.names(), ["join", "history"]);
    for (name, may_change) in [("a", true), ("ab", true), ("z", true), ("za", false), ("b", false)]
    {
        assert_eq!(may(&it, Act::Change, DOCUMENT, name), may_change, "{name}");
        assert!(may(&it, Act::Read, DOCUMENT, name), "{name}");
        // Which it grants by itself.
        assert!(!may(&it, Act::Make, DOCUMENT, name), "{name}");
    }
    assert!(!may(&it, Act::Change, STATE, "a"));
}

#[test]
fn r10_who_may_send_may_make_documents_else_create_says_so() {
    let makes = |caps: Value| may(&allowed(&caps, COLLABORATION), Act::Make, DOCUMENT, "d");
    let room = "collaboration:x";
    assert!(makes(json!([{"room": room, "can": ["join", "send"]}])));
    assert!(!makes(json!([{"room": room, "can": ["join", "history"]}])));
    assert!(makes(json!([{"room": room, "can": ["create"]}])));
    assert!(makes(json!([{"room": room, "on": ["document:d"], "can": ["create", "send"]}])));
    assert!(!makes(json!([{"room": room, "on": ["document:e"], "can": ["create", "send"]}])));
    assert!(!makes(json!([
        {"room": room, "can": ["join", "send"]}, {"room": "*", "can": ["create"], "deny": true},
    ])));
    let it = allowed(
        &json!([
            {"room": room, "can": ["join", "send"]},
            {"room": room, "on": ["document:*"], "can": ["create"], "deny": true},
        ]),
        COLLABORATION,
    );
    assert!(it.grants.has(Grant::Send) && may(&it, Act::Change, DOCUMENT, "d"));
    assert!(!may(&it, Act::Make, DOCUMENT, "d"));
}

#[test]
fn r10_who_may_hear_some_metrics_comes_in_for_these_alone() {
    let caps = json!([{"room": "analytics:x", "on": ["metric:cpu.*"], "can": ["join"]}]);
    let it = allowed(&caps, Kind::Analytics);
    assert_eq!(it.grants.names(), ["join"]);
    assert!(may(&it, Act::Hear, METRIC, "cpu.1") && !may(&it, Act::Hear, METRIC, "load"));
    // Nothing else is heard alone.
    for kind in [Kind::Chat, Kind::Hub, COLLABORATION] {
        let caps = json!([{"room": "*", "on": ["metric:*", "state:*", "*"], "can": ["join"]}]);
        assert_eq!(allowed(&caps, kind).grants.names(), [""; 0], "{kind:?}");
    }
    let whole = json!([
        {"room": "analytics:x", "can": ["join"]},
        {"room": "analytics:x", "on": ["metric:cpu.*"], "can": ["join"]},
    ]);
    assert!(may(&allowed(&whole, Kind::Analytics), Act::Hear, METRIC, "load"));
    let denied = json!([
        {"room": "analytics:*", "on": ["metric:*"], "can": ["join"]},
        {"room": "analytics:x", "can": ["join"], "deny": true},
    ]);
    assert_eq!(allowed(&denied, Kind::Analytics).grants.names(), [""; 0]);
}

#[test]
fn r11_a_denial_stands_above_all_that_grants() {
    let claims = json!({
        "sub": "ann", "role": "admin", "contexts": "*",
        "caps": [
            {"room": "*", "can": ["send", "admin"]},
            {"room": "chat:x", "can": ["send", "publish"], "deny": true},
            {"room": "chat:x", "on": ["state:a"], "can": ["send"]},
        ],
    });
    let claims = serde_json::from_value(claims).unwrap();
    let of = |kind, room: &str| capability::allowed(&claims, kind, &RoomName::parse(room).unwrap());
    let it = of(Kind::Chat, "x");
    assert_eq!(it.grants.names(), ["join", "history", "presence", "admin"]);
    assert!(!may(&it, Act::Change, STATE, "a"));
    assert!(of(Kind::Chat, "y").grants.has(Grant::Send));
    // One's own room too.
    let own = json!({"sub": "ann", "caps": [{"room": "hub:*", "can": ["send"], "deny": true}]});
    let own = serde_json::from_value(own).unwrap();
    let room = RoomName::parse("user:ann").unwrap();
    assert_eq!(capability::grants(&own, Kind::Hub, &room).names(), ["join", "history", "presence"]);
}

#[test]
fn r11_of_things_that_alone_is_denied_which_can_be() {
    let base = json!({"room": "*", "can": ["join", "send", "publish", "history"]});
    let of = |kind, on: Value, can: Value| {
        allowed(&json!([base, {"room": "*", "on": on, "can": can, "deny": true}]), kind)
    };
    let it = of(Kind::Hub, json!(["state:a*"]), json!(["send", "publish"]));
    assert_eq!(it.grants.names(), ["join", "send", "publish", "history"]);
    assert!(!may(&it, Act::Change, STATE, "a") && !may(&it, Act::Publish, STATE, "ab"));
    assert!(may(&it, Act::Change, STATE, "b"));
    let it = of(COLLABORATION, json!(["document:a"]), json!(["history"]));
    assert!(!may(&it, Act::Read, DOCUMENT, "a") && may(&it, Act::Read, DOCUMENT, "b"));
    // What is heard of a metric is in the log, too.
    let it = of(Kind::Analytics, json!(["metric:a"]), json!(["join"]));
    assert_eq!(it.grants.names(), ["join", "send", "publish"]);
    assert!(!may(&it, Act::Hear, METRIC, "a") && may(&it, Act::Hear, METRIC, "b"));
    // Of such things there are none here.
    let it = of(Kind::Chat, json!(["metric:a", "document:a"]), json!(["join"]));
    assert_eq!(it, base_of(&base, Kind::Chat));
    let every = of(Kind::Hub, json!(["*"]), json!(["send"]));
    assert!(every.grants.has(Grant::Send) && !may(&every, Act::Change, STATE, "a"));
}

fn base_of(base: &Value, kind: Kind) -> Allowed {
    allowed(&json!([base]), kind)
}

#[test]
fn r11_a_denial_that_is_not_understood_takes_away_the_room() {
    let base = json!({"room": "*", "can": ["join", "send", "history"]});
    for denial in [
        json!({"room": "chat:x", "deny": true}),
        json!({"room": "chat:x", "can": ["fly"], "deny": true}),
        json!({"room": "chat:x", "can": [], "deny": true}),
        json!({"room": "chat:x", "can": ["send", 7], "deny": true}),
        json!({"room": "chat:x", "can": ["send"], "deny": "yes"}),
        json!({"room": "chat:x", "can": ["send"], "deny": 1}),
        json!({"room": 7, "can": ["send"], "deny": true, "on": ["state:a", 7]}),
        json!({"can": "send", "deny": true}),
        json!({"room": "chat:x", "can": ["send"], "on": [], "deny": true}),
        json!({"room": "chat:x", "can": ["send"], "on": "state:a", "deny": true}),
        json!({"room": "chat:x", "can": ["send"], "on": null, "deny": true}),
        json!({"room": "chat:x", "can": ["send"], "on": ["key:a"], "deny": true}),
        json!({"room": "chat:x", "can": ["send"], "on": ["state"], "deny": true}),
        // The changes of a key cannot be kept from who hears the room.
        json!({"room": "chat:x", "can": ["history"], "on": ["state:a"], "deny": true}),
        json!({"room": "chat:x", "can": ["presence"], "on": ["state:a"], "deny": true}),
    ] {
        let it = allowed(&json!([base, denial]), Kind::Chat);
        assert_eq!(it.grants.names(), [""; 0], "{denial}");
        assert!(!may(&it, Act::Change, STATE, "a"), "{denial}");
    }
    for none in [json!({"room": "chat:x", "can": ["send"], "deny": false}), json!({"deny": null})] {
        assert_eq!(allowed(&json!([base, none]), Kind::Chat).grants.names().len(), 3, "{none}");
    }
}

#[test]
fn r10_what_is_allowed_of_things_and_is_not_understood_allows_nothing() {
    for on in
        [json!([]), json!(null), json!("state:*"), json!(["key:*"]), json!(["state"]), json!([7])]
    {
        let it =
            allowed(&json!([{"room": "chat:x", "on": on, "can": ["join", "send"]}]), Kind::Chat);
        assert_eq!(it, Allowed::default(), "{on}");
    }
    let it = allowed(
        &json!([{"room": "chat:x", "on": ["state:*"], "can": ["send", "fly"]}]),
        Kind::Chat,
    );
    assert!(!may(&it, Act::Change, STATE, "a"));
}

#[test]
fn r10_a_token_with_more_rules_than_a_connection_keeps_leads_nowhere() {
    let caps = |count: usize, length: usize| {
        let on: Vec<String> = (0..count).map(|it| format!("state:{it:0length$}")).collect();
        json!([{"room": "chat:x", "can": ["join"]}, {"room": "chat:x", "on": on, "can": ["send"]}])
    };
    assert!(allowed(&caps(100, 2), Kind::Chat).grants.has(Grant::Join));
    assert_eq!(allowed(&caps(101, 3), Kind::Chat), Allowed::default());
    assert!(allowed(&caps(48, 58), Kind::Chat).grants.has(Grant::Join));
    assert_eq!(allowed(&caps(49, 58), Kind::Chat), Allowed::default());
}

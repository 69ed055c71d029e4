//! Capabilities: whatever a token says, what denies stands above what grants.

use dormouse::admission::{Claims, capability};
use dormouse::kernel::{Act, Allowed, Grant, Things};
use dormouse::message::{Kind, RoomName, Space};
use serde_json::{Value, json};

use super::bytes::text;

const ROOMS: [&str; 5] = ["a", "ab", "user:ann", "user:bob", "demo-a"];
const SPACES: [&str; 4] = ["metric", "document", "state", "key"];

/// The claims of a token, without who it is.
pub(crate) fn capabilities(input: &[u8]) {
    let Ok(Value::Object(mut said)) = serde_json::from_str::<Value>(&text(input)) else { return };
    said.insert("sub".to_owned(), json!("ann"));
    let claims = read(&said.clone().into());
    let administered = capability::administered(&claims);
    assert!(administered.is_sorted_by(|it, next| it.to < next.from), "{administered:?}");
    for kind in Kind::ALL {
        for room in ROOMS {
            let room = RoomName::parse(room).unwrap();
            let allowed = capability::allowed(&claims, kind, &room);
            let address = format!("{}:{}", kind.as_str(), room.as_str());
            let is_listed = administered.iter().any(|it| it.from <= address && address < it.to);
            // What a denial of things takes with it is known where the room is named.
            let denies_things = said.get("caps").is_some_and(|it| it.to_string().contains("deny"));
            assert!(
                allowed.grants.has(Grant::Admin) || !is_listed || denies_things,
                "{address} is listed"
            );
            comes_back(&allowed.things);
            denied(&said, kind, &room);
        }
    }
}

fn read(claims: &Value) -> Claims {
    serde_json::from_value(claims.clone()).expect("claims are read, whatever they say")
}

/// What rides in attachments is bounded, and read again as it was.
fn comes_back(things: &Things) {
    let stored = serde_json::to_string(things).unwrap();
    assert!(stored.len() < 32 * 1024, "{} bytes", stored.len());
    assert_eq!(serde_json::from_str::<Things>(&stored).unwrap(), *things);
}

/// One more capability, which denies, takes away what it names and gives nothing.
fn denied(said: &serde_json::Map<String, Value>, kind: Kind, room: &RoomName) {
    let before = capability::allowed(&read(&said.clone().into()), kind, room);
    for (denial, is_whole) in [
        (json!({"room": "*", "can": ["send", "admin"], "deny": true}), false),
        (json!({"room": "*", "deny": true}), true),
    ] {
        let mut said = said.clone();
        let caps = said.entry("caps").or_insert(json!([]));
        if !caps.is_array() {
            *caps = json!([]);
        }
        caps.as_array_mut().unwrap().push(denial);
        let Allowed { grants, things } = capability::allowed(&read(&said.into()), kind, room);
        assert_eq!(grants.within(before.grants).names(), grants.names());
        assert!(!grants.has(Grant::Send) && !grants.has(Grant::Admin));
        assert!(!is_whole || grants.names().is_empty());
        for space in SPACES {
            for (_, act) in Act::ALL {
                let may = things.allow(grants, act, Space(space), "a");
                let was = before.things.allow(before.grants, act, Space(space), "a");
                assert!(!may || (was && !is_whole), "{act:?} of {space}");
                assert!(!may || !matches!(act, Act::Change | Act::Administer));
            }
        }
    }
}

//! JWK Sets: whatever stands in one, a token is good by it only where its own key does.

use std::cell::LazyCell;

use dormouse::admission::{Keys, Step};
use serde_json::Value;

use super::bytes::{Bytes, text};
use crate::support::NOON;

/// Tokens that keys of each algorithm signed, and a part of the key without which none is good.
const SIGNED: [(&str, &str); 3] = [("eddsa", "x"), ("es256", "x"), ("rs256", "n")];

thread_local! {
    static VECTORS: LazyCell<Value> = const {
        LazyCell::new(|| serde_json::from_str(include_str!("../tokens.json")).unwrap())
    };
}

/// The first byte says where the set comes from: a variable, or an address, with what was said of it.
/// What follows is the set.
pub(crate) fn key_sets(input: &[u8]) {
    let mut bytes = Bytes::new(input);
    let is_fetched = bytes.byte().is_multiple_of(2);
    let control = if is_fetched { Some(bytes.line()) } else { None };
    let set = text(bytes.rest());
    let said = serde_json::from_str::<Value>(&set).unwrap_or_default();
    VECTORS.with(|vectors| {
        for (name, part) in SIGNED {
            let token = vectors["good"][name].as_str().unwrap();
            let keys = match &control {
                None => set_up(&[("JWT_JWKS", &set)]),
                Some(control) => fetched(token, &set, control),
            };
            let needed = &vectors["keys"][name][part];
            let is_judged = keys.verify(token, NOON);
            if is_judged.is_ok() || is_judged.is_err_and(|it| it.claim == Some("iss")) {
                assert!(stands_in(&said, needed), "{name} is good by {set}");
            }
        }
    });
}

fn set_up(variables: &[(&str, &str)]) -> Keys {
    let variable = |name: &str| {
        variables.iter().find(|(it, _)| *it == name).map(|(_, value)| (*value).to_owned())
    };
    Keys::read(variable, false).0
}

fn fetched(token: &str, set: &str, control: &str) -> Keys {
    let url = "https://issuer.example/jwks.json";
    let keys = set_up(&[("JWT_JWKS_URL", url), ("JWT_ISSUER", "us")]);
    let Some(wanted) = keys.wanted(token) else { return keys };
    assert_eq!(keys.step(&wanted, NOON), Step::Ask(url.to_owned()));
    let control = (!control.is_empty()).then_some(control);
    for fault in keys.answered(&wanted, Ok((set, control)), NOON, 0) {
        assert!(fault.len() < 64 * 1024, "{} bytes are said", fault.len());
    }
    keys
}

fn stands_in(said: &Value, needed: &Value) -> bool {
    match said {
        Value::Array(all) => all.iter().any(|it| stands_in(it, needed)),
        Value::Object(all) => all.values().any(|it| stands_in(it, needed)),
        _ => said == needed,
    }
}

//! Keys at an address: when they are asked for, and what they are good for meanwhile.

use dormouse::admission::{Keys, Step, Wanted};
use dormouse::message::{Code, Millis};
use serde_json::{Value, json};

use crate::keys::{fault, read, vectors};
use crate::support::NOON;

const URL: &str = "https://issuer.example/jwks.json";
const HOUR: u64 = 3_600_000;

fn keys() -> Keys {
    let (keys, faults) = read(&[("JWT_JWKS_URL", URL), ("JWT_ISSUER", "us")]);
    assert_eq!(faults, Vec::<String>::new());
    keys
}

fn token(name: &str) -> String {
    let vectors = vectors();
    let token = if name == "new" { &vectors["renamed"] } else { &vectors["good"][name] };
    token.as_str().unwrap().to_owned()
}

fn set(names: &[&str]) -> String {
    let vectors = vectors();
    let keys: Vec<&Value> = names.iter().map(|it| &vectors["keys"][it]).collect();
    json!({"keys": keys}).to_string()
}

fn at(ms: u64) -> Millis {
    NOON.plus(ms)
}

fn ask() -> Step {
    Step::Ask(URL.into())
}

fn wanted(keys: &Keys, name: &str) -> Wanted {
    keys.wanted(&token(name)).unwrap()
}

/// What a token is refused for, or `iss` where its signature is right: the tokens name no issuer.
fn judged(keys: &Keys, name: &str, ms: u64) -> &'static str {
    fault(keys.verify(&token(name), at(ms)))
}

#[test]
fn z15_one_asks_and_the_others_wait_for_it() {
    let keys = keys();
    let it = wanted(&keys, "es256");
    assert_eq!(judged(&keys, "es256", 0), "keys");
    assert_eq!(keys.verify(&token("es256"), NOON).unwrap_err().code, Code::Unavailable);
    assert_eq!(keys.step(&it, at(0)), ask());
    assert_eq!(keys.step(&it, at(10)), Step::Wait);
    // Whoever asked may be gone.
    assert_eq!(keys.step(&it, at(5_999)), Step::Wait);
    assert_eq!(keys.step(&it, at(6_000)), ask());
    let said = keys.answered(&it, Ok((&set(&["es256"]), None)), at(6_100), 0);
    assert_eq!(said, Vec::<String>::new());
    assert_eq!(keys.step(&it, at(6_100)), Step::Judge);
    assert_eq!(judged(&keys, "es256", 6_100), "iss");
}

#[test]
fn z15_what_is_of_no_issuer_whose_keys_are_fetched_asks_for_none() {
    let keys = keys();
    for token in ["", "test", "a.b.c", &"x".repeat(9_000), vectors()["confused"].as_str().unwrap()]
    {
        assert!(keys.wanted(token).is_none(), "{token}");
    }
    assert!(!read(&[("JWT_SECRET", crate::admission::SECRET)]).0.are_fetched());
}

#[test]
fn z15_a_set_is_good_for_as_long_as_its_issuer_says_within_bounds() {
    for (cache, good_ms) in [
        (None, HOUR),
        (Some("public, max-age=7200, must-revalidate"), 2 * HOUR),
        (Some("MAX-AGE=\"7200\""), 2 * HOUR),
        (Some("max-age=0"), 5 * 60_000),
        (Some("no-store"), HOUR),
        (Some("max-age=soon"), HOUR),
        (Some("max-age=99999999999999999999"), HOUR),
        (Some("max-age=31536000"), 24 * HOUR),
    ] {
        let keys = keys();
        let it = wanted(&keys, "es256");
        assert_eq!(keys.step(&it, at(0)), ask());
        keys.answered(&it, Ok((&set(&["es256"]), cache)), at(0), 0);
        assert_eq!(keys.step(&it, at(good_ms - 1)), Step::Judge, "{cache:?}");
        assert_eq!(keys.step(&it, at(good_ms)), ask(), "{cache:?}");
        // The others go on with what is known.
        assert_eq!(keys.step(&it, at(good_ms)), Step::Judge, "{cache:?}");
    }
}

#[test]
fn z15_a_name_that_is_not_known_asks_once_in_thirty_seconds() {
    let keys = keys();
    let (old, new) = (wanted(&keys, "es256"), wanted(&keys, "new"));
    assert_eq!(keys.step(&old, at(0)), ask());
    keys.answered(&old, Ok((&set(&["es256"]), None)), at(0), 0);
    assert_eq!(keys.step(&new, at(29_999)), Step::Judge);
    assert_eq!(judged(&keys, "new", 29_999), "kid");
    assert_eq!(keys.step(&new, at(30_000)), ask());
    assert_eq!(keys.step(&new, at(30_001)), Step::Wait);
    assert_eq!(keys.step(&old, at(30_001)), Step::Judge);
    let mut rotated: Value = serde_json::from_str(&set(&["es256"])).unwrap();
    rotated["keys"][0]["kid"] = json!("new");
    keys.answered(&new, Ok((&rotated.to_string(), None)), at(30_100), 0);
    assert_eq!(judged(&keys, "new", 30_100), "iss");
    assert_eq!(judged(&keys, "es256", 30_100), "kid", "what is taken back is no good any more");
}

#[test]
fn z15_while_the_issuer_is_down_known_keys_are_good_for_a_day() {
    let keys = keys();
    let it = wanted(&keys, "es256");
    assert_eq!(keys.step(&it, at(0)), ask());
    keys.answered(&it, Ok((&set(&["es256"]), None)), at(0), 0);
    let mut now = HOUR;
    while now < 25 * HOUR {
        if keys.step(&it, at(now)) == ask() {
            let said = keys.answered(&it, Err("no answer in time".into()), at(now), 7);
            assert_eq!(said, [format!("keys of {URL}: no answer in time")]);
        }
        // The signature is right; the tokens of the vectors are only good for an hour.
        assert_eq!(judged_expired(&keys, now), "exp");
        now += 60_000;
    }
    assert_eq!(judged_expired(&keys, 25 * HOUR), "keys");
}

fn judged_expired(keys: &Keys, ms: u64) -> &'static str {
    fault(keys.verify(&token("es256"), at(ms)))
}

#[test]
fn z15_after_failures_it_waits_twice_as_long_each_time_up_to_five_minutes() {
    for (random, share) in [(0, 2), (u64::MAX, 1)] {
        let keys = keys();
        let it = wanted(&keys, "es256");
        let mut now = 0;
        for count in 0..20_u32 {
            assert_eq!(keys.step(&it, at(now)), ask(), "{count}");
            let whole = (1_000 << count.min(16)).min(300_000);
            let wait = whole / share;
            // The most there can be added by chance is half of it.
            let random = if random == 0 { 0 } else { whole / 2 };
            keys.answered(&it, Err("it answered 500".into()), at(now), random);
            assert_eq!(keys.step(&it, at(now + wait - 1)), Step::Judge);
            let error = keys.verify(&token("es256"), at(now + wait - 1)).unwrap_err();
            assert_eq!((error.code, error.retry_after), (Code::Unavailable, Some(1)));
            now += wait;
        }
    }
}

#[test]
fn z15_an_answer_that_is_no_set_of_keys_replaces_none() {
    let keys = keys();
    let it = wanted(&keys, "es256");
    let _ = keys.step(&it, at(0));
    keys.answered(&it, Ok((&set(&["es256"]), None)), at(0), 0);
    let secret =
        json!({"keys": [{"kty": "oct", "k": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"}]});
    let mut private = vectors()["keys"]["es256"].clone();
    private["d"] = vectors()["private"]["d"].clone();
    let private = json!({"keys": [private]}).to_string();
    let many = json!({"keys": vec![json!({}); 10_000]}).to_string();
    let bad = ["", "<html>", "{}", r#"{"keys":[]}"#, &secret.to_string(), &private, &many];
    let mut now = HOUR;
    for text in bad {
        assert_eq!(keys.step(&it, at(now)), ask(), "{text}");
        let said = keys.answered(&it, Ok((text, None)), at(now), 0);
        assert_eq!(said.len(), 1, "{text}");
        assert!(!said[0].contains(vectors()["private"]["d"].as_str().unwrap()));
        assert_eq!(judged_expired(&keys, now), "exp", "{text}: what was known is good still");
        now += 300_000;
    }
}

#[test]
fn z15_only_what_is_encrypted_is_asked() {
    for (url, development, is_good) in [
        ("https://issuer.example/jwks", false, true),
        ("https://issuer.example:8443/jwks?x=1", false, true),
        ("http://issuer.example/jwks", false, false),
        ("http://localhost:9/jwks", false, false),
        ("http://localhost:9/jwks", true, true),
        ("http://127.0.0.1:9/jwks", true, true),
        ("http://localhost.evil.example/jwks", true, false),
        ("http://localhost@evil.example/jwks", true, false),
        ("https://ann:secret@issuer.example/jwks", false, false),
        ("https:///jwks", false, false),
        ("https://issuer.example\\@evil.example/", false, false),
        ("file:///etc/passwd", true, false),
        ("data:application/json,{}", true, false),
        ("issuer.example", false, false),
    ] {
        let variable = |name: &str| match name {
            "JWT_JWKS_URL" => Some(url.to_owned()),
            "JWT_ISSUER" => Some("us".to_owned()),
            _ => None,
        };
        let (keys, faults) = Keys::read(variable, development);
        assert_eq!(keys.are_fetched(), is_good, "{url}");
        assert_eq!(faults.is_empty(), is_good, "{url}: {faults:?}");
    }
    let (_, faults) = read(&[("JWT_JWKS_URL", URL)]);
    assert!(faults[0].contains("JWT_JWKS_URL without JWT_ISSUER"), "{faults:?}");
}

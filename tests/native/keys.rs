//! Keys of every algorithm, and what does not get past them. Tokens and keys are those of
//! `tokens.json`, made by `jose` and by Node (`tests/support/token-vectors.mjs`).

use dormouse::admission::{Claims, Keys};
use dormouse::message::ProtocolError;
use serde_json::{Value, json};

use crate::admission::{SECRET, hs256, seconds, sign};
use crate::support::NOON;

pub(crate) fn vectors() -> Value {
    serde_json::from_str(include_str!("tokens.json")).unwrap()
}

/// Production with these variables.
pub(crate) fn read(variables: &[(&str, &str)]) -> (Keys, Vec<String>) {
    let variable = |name: &str| {
        variables.iter().find(|(it, _)| *it == name).map(|(_, value)| (*value).to_owned())
    };
    Keys::read(variable, false)
}

fn jwks(keys: &[Value]) -> Keys {
    let set = json!({"keys": keys}).to_string();
    let (keys, faults) = read(&[("JWT_JWKS", &set)]);
    assert_eq!(faults, Vec::<String>::new());
    keys
}

pub(crate) fn fault(judged: Result<Claims, ProtocolError>) -> &'static str {
    judged.map(|it| it.sub).unwrap_err().claim.unwrap()
}

const GOOD: [&str; 6] = ["es256", "eddsa", "rs256", "rs3072", "rs2056", "rs4096"];

#[test]
fn z12_tokens_of_each_algorithm_are_read_and_by_the_right_key_alone() {
    let vectors = vectors();
    let all: Vec<Value> = GOOD.map(|it| vectors["keys"][it].clone()).into();
    let keys = jwks(&all);
    for name in GOOD {
        let token = vectors["good"][name].as_str().unwrap();
        assert_eq!(keys.verify(token, NOON).unwrap().sub, "ann", "{name}");
        let own = jwks(&[vectors["keys"][name].clone()]);
        assert!(own.verify(token, NOON).is_ok(), "{name}");
        // Under its name another key, of the same algorithm and of another.
        for other in GOOD.into_iter().filter(|it| *it != name) {
            let mut key = vectors["keys"][other].clone();
            key["kid"] = vectors["keys"][name]["kid"].clone();
            let same = key["alg"] == vectors["keys"][name]["alg"];
            let expected = if same { "signature" } else { "alg" };
            assert_eq!(fault(jwks(&[key]).verify(token, NOON)), expected, "{name} by {other}");
        }
    }
}

#[test]
fn z12_a_signature_that_is_changed_or_cut_is_none() {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
    let vectors = vectors();
    let keys = jwks(&GOOD.map(|it| vectors["keys"][it].clone()));
    for name in GOOD {
        let token = vectors["good"][name].as_str().unwrap();
        let (message, signature) = token.rsplit_once('.').unwrap();
        let signature = BASE64.decode(signature).unwrap();
        let with = |signature: &[u8]| format!("{message}.{}", BASE64.encode(signature));
        assert!(keys.verify(&with(&signature), NOON).is_ok());
        for at in [0, 1, signature.len() / 2, signature.len() - 1] {
            let mut changed = signature.clone();
            changed[at] ^= 1;
            assert_eq!(fault(keys.verify(&with(&changed), NOON)), "signature", "{name} at {at}");
        }
        let (mut longer, mut zero_before) = (signature.clone(), vec![0]);
        longer.push(0);
        zero_before.extend(&signature);
        let (zeros, ones) = (vec![0; signature.len()], vec![0xff; signature.len()]);
        for bad in [
            &signature[1..],
            &signature[..signature.len() - 1],
            &[],
            &longer,
            &zero_before,
            &zeros,
            &ones,
        ] {
            assert_eq!(fault(keys.verify(&with(bad), NOON)), "signature", "{name} {}", bad.len());
        }
        let changed = token.replacen("eyJ", "eyI", 1);
        assert!(keys.verify(&changed, NOON).is_err(), "{name}");
    }
}

#[test]
fn z12_a_signature_of_rsa_has_the_one_padding_there_is() {
    let vectors = vectors();
    let keys = jwks(&[vectors["keys"]["rs256"].clone()]);
    for (name, token) in vectors["forged"].as_object().unwrap() {
        let judged = keys.verify(token.as_str().unwrap(), NOON);
        if name == "good" {
            assert_eq!(judged.unwrap().sub, "ann");
        } else {
            assert_eq!(fault(judged), "signature", "{name}");
        }
    }
}

#[test]
fn z12_the_key_fixes_the_algorithm() {
    let vectors = vectors();
    let keys = jwks(&GOOD.map(|it| vectors["keys"][it].clone()));
    // The public key of RSA as the secret of an HMAC: as text, and as its numbers.
    let confused = vectors["confused"].as_str().unwrap();
    assert_eq!(fault(keys.verify(confused, NOON)), "alg");
    let claims = json!({"sub": "ann", "exp": seconds(60)});
    for secret in
        [vectors["pem"].as_str().unwrap(), vectors["keys"]["rs256"]["n"].as_str().unwrap()]
    {
        for alg in ["HS256", "RS256", "hs256"] {
            let token = sign(secret, &json!({"alg": alg, "kid": "rsa"}), &claims);
            let expected = if alg == "RS256" { "signature" } else { "alg" };
            assert_eq!(fault(keys.verify(&token, NOON)), expected, "{alg}");
        }
    }
    for alg in ["none", "None", "NONE", "nOnE", "", "HS384", "RS384", "PS256", "ES256K", "rs256"] {
        for kid in ["rsa", "ec"] {
            let token = sign("", &json!({"alg": alg, "kid": kid}), &claims);
            assert_eq!(fault(keys.verify(&token, NOON)), "alg", "{alg}");
            let (message, _) = token.rsplit_once('.').unwrap();
            assert_eq!(fault(keys.verify(&format!("{message}."), NOON)), "alg", "{alg}");
        }
    }
}

#[test]
fn z12_a_name_of_a_key_is_only_compared() {
    let vectors = vectors();
    let (keys, faults) = read(&[("JWT_SECRET", SECRET), ("JWT_JWKS", &set(&vectors))]);
    assert_eq!(faults, Vec::<String>::new());
    assert_eq!(fault(keys.verify(vectors["renamed"].as_str().unwrap(), NOON)), "kid");
    assert!(keys.verify(vectors["nameless"].as_str().unwrap(), NOON).is_ok());
    let claims = json!({"sub": "ann", "exp": seconds(60)});
    let by = |kid: Value| sign(SECRET, &json!({"alg": "HS256", "kid": kid}), &claims);
    // A secret has no name, so any fits; and none is looked up anywhere.
    for kid in ["../../../dev/null", "' OR 1=1 --", "https://evil.example/k", "rsa", "\0", ""] {
        assert!(keys.verify(&by(kid.into()), NOON).is_ok(), "{kid}");
        let stranger = sign("another", &json!({"alg": "HS256", "kid": kid}), &claims);
        assert_eq!(fault(keys.verify(&stranger, NOON)), "signature", "{kid}");
    }
    for kid in [json!("k".repeat(257)), json!(7), json!(["rsa"]), json!({"k": 1})] {
        assert_eq!(fault(keys.verify(&by(kid.clone()), NOON)), "kid", "{kid}");
    }
}

/// One key of each algorithm.
fn set(vectors: &Value) -> String {
    json!({"keys": [vectors["keys"]["es256"], vectors["keys"]["rs256"]]}).to_string()
}

#[test]
fn z12_headers_that_bring_or_name_keys_are_not_looked_at() {
    let vectors = vectors();
    let (keys, _) = read(&[("JWT_SECRET", SECRET), ("JWT_JWKS", &set(&vectors))]);
    let claims = json!({"sub": "ann", "exp": seconds(60)});
    let own = json!({"kty": "oct", "k": "YW5vdGhlcg", "alg": "HS256"});
    for (name, value) in [
        ("jwk", own),
        ("jku", json!("https://evil.example/jwks.json")),
        ("x5u", json!("https://evil.example/cert.pem")),
        ("x5c", json!(["MIIB"])),
        ("x5t", json!(7)),
    ] {
        let header = json!({"alg": "HS256", name: value});
        assert_eq!(
            fault(keys.verify(&sign("another", &header, &claims), NOON)),
            "signature",
            "{name}"
        );
        assert!(keys.verify(&sign(SECRET, &header, &claims), NOON).is_ok(), "{name}");
    }
}

#[test]
fn z13_two_secrets_are_good_while_one_takes_the_others_place() {
    let new = "another secret of thirty-two bytes or more";
    let claims = json!({"sub": "ann", "exp": seconds(60)});
    let (keys, faults) = read(&[("JWT_SECRET", new), ("JWT_SECRET_PREVIOUS", SECRET)]);
    assert_eq!(faults, Vec::<String>::new());
    for secret in [new, SECRET] {
        assert!(keys.verify(&sign(secret, &json!({"alg": "HS256"}), &claims), NOON).is_ok());
    }
    let stranger = sign("a third one", &json!({"alg": "HS256"}), &claims);
    assert_eq!(fault(keys.verify(&stranger, NOON)), "signature");
    let (keys, faults) = read(&[("JWT_SECRET", new), ("JWT_SECRET_PREVIOUS", "short")]);
    assert_eq!(faults, ["a secret that signs tokens has less than 32 bytes and is not used"]);
    assert!(keys.verify(&sign("short", &json!({"alg": "HS256"}), &claims), NOON).is_err());
}

#[test]
fn r4_a_token_says_what_it_is_for_or_nothing() {
    let (keys, _) = read(&[("JWT_SECRET", SECRET)]);
    let claims = json!({"sub": "ann", "exp": seconds(60)});
    let by = |name: &str, value: Value| {
        keys.verify(&sign(SECRET, &json!({"alg": "HS256", name: value}), &claims), NOON)
    };
    for typ in ["JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt", "application/jwt"] {
        assert!(by("typ", typ.into()).is_ok(), "{typ}");
    }
    assert!(by("typ", Value::Null).is_ok() && by("b64", true.into()).is_ok());
    for typ in [json!("logout+jwt"), json!("dpop+jwt"), json!("secevent+jwt"), json!(7), json!("")]
    {
        assert_eq!(fault(by("typ", typ.clone())), "typ", "{typ}");
    }
    for b64 in [json!(false), json!(0), json!("false")] {
        assert_eq!(fault(by("b64", b64.clone())), "crit", "{b64}");
    }
}

#[test]
fn z16_a_token_is_good_for_no_longer_than_max_token_age() {
    let (keys, faults) = read(&[("JWT_SECRET", SECRET), ("MAX_TOKEN_AGE", "3600")]);
    assert_eq!(faults, Vec::<String>::new());
    let judged = |more: Value| {
        let mut claims = json!({"sub": "ann"});
        claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        keys.verify(&hs256(&claims), NOON)
    };
    for good in [
        json!({"exp": seconds(3600)}),
        json!({"exp": seconds(3630)}),
        json!({"exp": seconds(3600), "iat": seconds(0)}),
        json!({"exp": seconds(3630), "iat": seconds(30)}),
        json!({"exp": seconds(60), "iat": seconds(-3540)}),
    ] {
        assert!(judged(good.clone()).is_ok(), "{good}");
    }
    for (claim, bad) in [
        ("exp", json!({"exp": seconds(3631)})),
        ("exp", json!({"exp": 1e18})),
        ("exp", json!({"exp": u64::MAX})),
        ("exp", json!({"exp": seconds(60), "iat": seconds(-3541)})),
        ("iat", json!({"exp": seconds(600), "iat": seconds(31)})),
        ("iat", json!({"exp": seconds(600), "iat": "yesterday"})),
        ("exp", json!({"iat": seconds(0)})),
    ] {
        assert_eq!(fault(judged(bad.clone())), claim, "{bad}");
    }
    // So long what was taken back is kept.
    assert_eq!(keys.life_ms_max(), Some(3_630_000));
    // Without it nobody asks; what it says cannot be passed over.
    let (free, _) = read(&[("JWT_SECRET", SECRET), ("MAX_TOKEN_AGE", "0")]);
    assert_eq!(free.life_ms_max(), None);
    let far = hs256(&json!({"sub": "ann", "exp": seconds(1_000_000), "iat": "yesterday"}));
    assert!(free.verify(&far, NOON).is_ok());
    let (none, faults) = read(&[("JWT_SECRET", SECRET), ("MAX_TOKEN_AGE", "an hour")]);
    assert!(faults[0].contains("MAX_TOKEN_AGE"), "{faults:?}");
    assert!(none.verify(&far, NOON).is_err() && none.refuse_everything());
}

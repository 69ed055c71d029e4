//! What of a JWK Set is a key, and what becomes of the rest.

use serde_json::{Value, json};

use crate::admission::{seconds, sign};
use crate::keys::{fault, read, vectors};
use crate::support::NOON;

/// How the set with this key and a good one is read: whether the good one works, and what is said.
fn beside(key: &Value) -> (bool, Vec<String>) {
    let vectors = vectors();
    let set = json!({"keys": [key, vectors["keys"]["eddsa"]]}).to_string();
    let (keys, faults) = read(&[("JWT_JWKS", &set)]);
    (keys.verify(vectors["good"]["eddsa"].as_str().unwrap(), NOON).is_ok(), faults)
}

fn changed(name: &str, with: &Value) -> Value {
    let mut key = vectors()["keys"][name].clone();
    for (field, value) in with.as_object().unwrap() {
        key[field] = value.clone();
    }
    key
}

#[test]
fn z14_keys_for_something_else_are_passed_over() {
    for key in [
        changed("es256", &json!({"use": "enc"})),
        changed("es256", &json!({"use": 7})),
        changed("es256", &json!({"key_ops": ["encrypt"]})),
        changed("rs256", &json!({"alg": "RS512"})),
        changed("rs256", &json!({"alg": "RSA-OAEP"})),
        changed("rs256", &json!({"alg": "PS256"})),
        changed("es256", &json!({"crv": "P-384"})),
        changed("es256", &json!({"crv": "secp256k1"})),
        changed("eddsa", &json!({"crv": "X25519"})),
        changed("es256", &json!({"kty": "AKP"})),
        json!({}),
        json!(null),
        json!("key"),
    ] {
        assert_eq!(beside(&key), (true, vec![]), "{key}");
    }
    let ops = changed("eddsa", &json!({"key_ops": ["verify"], "use": null, "alg": "Ed25519"}));
    assert_eq!(beside(&ops), (true, vec![]));
}

#[test]
fn z14_keys_that_should_not_be_there_are_not_used_and_said_by_name() {
    let secret = vectors()["private"]["d"].as_str().unwrap().to_owned();
    for (key, why) in [
        (changed("es256", &json!({"d": secret})), "private part"),
        (changed("eddsa", &json!({"d": secret})), "private part"),
        (changed("rs256", &json!({"d": secret})), "private part"),
        (changed("rs256", &json!({"p": secret})), "private part"),
        (changed("rs256", &json!({"k": secret})), "private part"),
        (vectors()["keys"]["short"].clone(), "shorter than 2048"),
        (vectors()["keys"]["long"].clone(), "longer than 4096"),
        (vectors()["keys"]["odd"].clone(), "exponent"),
        (changed("rs256", &json!({"e": "AQ"})), "exponent"),
        (changed("rs256", &json!({"e": "AQABAA"})), "exponent"),
        (changed("rs256", &json!({"e": ""})), "exponent"),
        (changed("rs256", &json!({"n": ""})), "no modulus"),
        (changed("rs256", &json!({"n": "A".repeat(342)})), "no modulus"),
        (changed("rs256", &json!({"n": 7})), "missing"),
        (changed("rs256", &json!({"n": "//8="})), "base64url"),
        (changed("es256", &json!({"x": "AA"})), "32 bytes"),
        (changed("es256", &json!({"x": vectors()["keys"]["es256"]["y"]})), "not on its curve"),
        (changed("eddsa", &json!({"x": "A".repeat(43)})), "not on its curve"),
        (changed("es256", &json!({"kid": "k".repeat(300)})), "kid"),
        (changed("es256", &json!({"kid": 7})), "kid"),
        (json!({"kty": "oct", "k": "c2hvcnQ", "kid": "mine"}), "too short"),
    ] {
        let (works, faults) = beside(&key);
        assert!(works, "{key}");
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(faults[0].contains(why), "{faults:?} {why}");
        let name = key["kid"].as_str().unwrap_or_default();
        let name: String = name.chars().take(64).collect();
        assert!(faults[0].contains(&name) && !faults[0].contains(&secret));
        assert!(faults[0].len() < 200);
    }
    // An even modulus: nothing to reckon by, and nothing to panic about.
    let modulus = vectors()["keys"]["rs256"]["n"].as_str().unwrap().to_owned();
    let odd = modulus.strip_suffix(|_: char| true).unwrap();
    let even = format!("{odd}Q");
    let (works, faults) = beside(&changed("rs256", &json!({"n": even})));
    assert!(works && faults.len() <= 1, "{faults:?}");
}

#[test]
fn z14_a_set_without_a_key_lets_nobody_in() {
    let many = json!({"keys": vec![vectors()["keys"]["eddsa"].clone(); 101]}).to_string();
    for set in ["", "x", "[]", "{}", r#"{"keys":{}}"#, r#"{"keys":[]}"#, r#"{"keys":[{}]}"#, &many]
    {
        let (keys, faults) = read(&[("JWT_JWKS", set)]);
        assert!(keys.refuse_everything(), "{set}");
        assert!(!faults.is_empty(), "{set}");
        assert!(keys.verify(vectors()["good"]["eddsa"].as_str().unwrap(), NOON).is_err());
    }
}

#[test]
fn z14_a_secret_in_a_set_of_the_operators_is_a_secret() {
    let key =
        json!({"kty": "oct", "k": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY", "kid": "mine"});
    let (keys, faults) = read(&[("JWT_JWKS", &json!({"keys": [key]}).to_string())]);
    assert_eq!(faults, Vec::<String>::new());
    let claims = json!({"sub": "ann", "exp": seconds(60)});
    let by =
        |kid: &str| sign(crate::admission::SECRET, &json!({"alg": "HS256", "kid": kid}), &claims);
    assert!(keys.verify(&by("mine"), NOON).is_ok());
    assert_eq!(fault(keys.verify(&by("yours"), NOON)), "kid");
}

#[test]
fn z14_of_keys_with_one_name_the_first_four_are_tried() {
    let vectors = vectors();
    let own = json!({"kid": "same"});
    let with = |key: &str, count: usize, last: &str| {
        let mut keys = vec![changed(key, &own); count];
        keys.push(changed(last, &own));
        read(&[("JWT_JWKS", &json!({"keys": keys}).to_string())]).0
    };
    let token = vectors["forged"]["good"].as_str().unwrap().to_owned();
    let token = |keys: &dormouse::admission::Keys| keys.verify(&token, NOON);
    // The token names the key "rsa"; those without a name are tried too.
    assert_eq!(fault(token(&with("rs3072", 1, "rs256"))), "kid");
    let named = |count: usize| {
        let mut keys = vec![changed("rs3072", &json!({"kid": "rsa"})); count];
        keys.push(vectors["keys"]["rs256"].clone());
        read(&[("JWT_JWKS", &json!({"keys": keys}).to_string())]).0
    };
    assert!(token(&named(3)).is_ok());
    assert_eq!(fault(token(&named(4))), "signature");
}

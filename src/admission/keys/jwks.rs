//! JWK Sets (RFC 7517): what of them is a key for us. What is of no use is passed over, as RFC 7517 §5
//! asks; what should not be there is not used either, and said.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::VerifyingKey as EdKey;
use p256::EncodedPoint;
use p256::ecdsa::VerifyingKey as EcKey;
use serde_json::Value;

use super::key::{Algorithm, Key, Material};
use super::rsa::RsaKey;
use super::token::KID_BYTES_MAX;

/// Keys in one set at most: issuers have two or three at a time, and the largest one a dozen.
const KEYS_MAX: usize = 100;

/// What only a private key has (RFC 7518 §6.2.2, §6.3.2, RFC 8037 §2).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// Longest name of a key that the log shows, in characters: enough to find it by.
const SHOWN_MAX: usize = 64;

/// Where a set comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// The operator. Secrets of so many bytes may stand in it.
    Setting {
        /// The fewest.
        secret_bytes_min: usize,
    },
    /// An address that everybody can read.
    Address,
}

/// The keys of a set, and what was wrong with others: without what they consist of.
pub(super) fn read(text: &str, source: Source) -> Result<(Vec<Key>, Vec<String>), String> {
    let set: Value = serde_json::from_str(text).map_err(|_| "it is no JSON".to_owned())?;
    let Some(all) = set.get("keys").and_then(Value::as_array) else {
        return Err("it has no list of keys".to_owned());
    };
    if KEYS_MAX < all.len() {
        return Err(format!("it has more than {KEYS_MAX} keys"));
    }
    let (mut keys, mut faults) = (Vec::new(), Vec::new());
    for jwk in all {
        match key(jwk, source) {
            Ok(found) => keys.extend(found),
            Err(fault) => {
                let name = text_of(jwk, "kid").unwrap_or_default();
                let name: String = name.chars().take(SHOWN_MAX).collect();
                faults.push(format!("the key {name:?} is not used: {fault}"));
            }
        }
    }
    if keys.is_empty() {
        faults.push("no key in it can be used".to_owned());
        return Err(faults.join("; "));
    }
    Ok((keys, faults))
}

fn text_of<'a>(jwk: &'a Value, name: &str) -> Option<&'a str> {
    jwk.get(name)?.as_str()
}

fn bytes_of(jwk: &Value, name: &str) -> Result<Vec<u8>, &'static str> {
    let text = text_of(jwk, name).ok_or("a part of it is missing")?;
    URL_SAFE_NO_PAD.decode(text).map_err(|_| "a part of it is not base64url")
}

/// A key; nothing if it is one for something else.
fn key(jwk: &Value, source: Source) -> Result<Option<Key>, &'static str> {
    let kty = text_of(jwk, "kty").unwrap_or_default();
    let algorithm = match (kty, text_of(jwk, "crv")) {
        ("oct", _) => Algorithm::Hs256,
        ("RSA", _) => Algorithm::Rs256,
        ("EC", Some("P-256")) => Algorithm::Es256,
        ("OKP", Some("Ed25519")) => Algorithm::EdDsa,
        _ => return Ok(None),
    };
    let is_private = |it: &&str| jwk.get(it).is_some();
    match source {
        Source::Address if algorithm == Algorithm::Hs256 => {
            return Err("it is a secret, and everybody can read it");
        }
        Source::Setting { .. } if algorithm == Algorithm::Hs256 => {}
        Source::Setting { .. } | Source::Address => {
            if PRIVATE.iter().any(is_private) {
                return Err("its private part is with it");
            }
        }
    }
    if !is_for(jwk, algorithm) {
        return Ok(None);
    }
    let kid = match jwk.get("kid") {
        None | Some(Value::Null) => None,
        Some(Value::String(it)) if it.len() <= KID_BYTES_MAX => Some(it.clone()),
        Some(_) => return Err("its kid is no text of at most 256 bytes"),
    };
    material(jwk, algorithm, source).map(|material| Some(Key { kid, material }))
}

/// Whether the key is to verify signatures of this algorithm, as far as it says.
fn is_for(jwk: &Value, algorithm: Algorithm) -> bool {
    let is_or_missing = |name: &str, is: &dyn Fn(&str) -> bool| match jwk.get(name) {
        None | Some(Value::Null) => true,
        Some(it) => it.as_str().is_some_and(is),
    };
    let operations = match jwk.get("key_ops") {
        None | Some(Value::Null) => true,
        Some(it) => it.as_array().is_some_and(|it| it.iter().any(|it| it == "verify")),
    };
    operations
        && is_or_missing("use", &|it| it == "sig")
        && is_or_missing("alg", &|it| algorithm.is_named(it))
}

fn material(jwk: &Value, algorithm: Algorithm, source: Source) -> Result<Material, &'static str> {
    match algorithm {
        Algorithm::Hs256 => {
            let secret = bytes_of(jwk, "k")?;
            match source {
                Source::Setting { secret_bytes_min } if secret_bytes_min <= secret.len() => {
                    Material::secret(&secret).ok_or("it is no secret")
                }
                Source::Setting { .. } | Source::Address => Err("it is too short a secret"),
            }
        }
        Algorithm::Es256 => {
            let (x, y) = (bytes_of(jwk, "x")?, bytes_of(jwk, "y")?);
            let (Ok(x), Ok(y)) = (<[u8; 32]>::try_from(x), <[u8; 32]>::try_from(y)) else {
                return Err("a coordinate has not 32 bytes");
            };
            let point = EncodedPoint::from_affine_coordinates(&x.into(), &y.into(), false);
            let key = EcKey::from_encoded_point(&point).map_err(|_| "it is not on its curve")?;
            Ok(Material::P256(Box::new(key)))
        }
        Algorithm::EdDsa => {
            let key = EdKey::try_from(bytes_of(jwk, "x")?.as_slice());
            // Some messages have signatures of a weak one that anybody can make.
            let key = key.ok().filter(|it| !it.is_weak()).ok_or("it is not on its curve")?;
            Ok(Material::Ed25519(Box::new(key)))
        }
        Algorithm::Rs256 => {
            let key = RsaKey::new(&bytes_of(jwk, "n")?, &bytes_of(jwk, "e")?)?;
            Ok(Material::Rsa(Box::new(key)))
        }
    }
}

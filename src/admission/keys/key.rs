//! Keys that tokens are signed with, each for one algorithm.

use std::fmt;

use ed25519_dalek::{Signature as EdSignature, VerifyingKey as EdKey};
use hmac::{Hmac, Mac};
use p256::ecdsa::signature::Verifier;
use p256::ecdsa::{Signature as EcSignature, VerifyingKey as EcKey};
use serde::Deserialize;
use sha2::Sha256;

use super::rsa::RsaKey;

/// How tokens are signed. Each key is for one of them, whatever a token says (RFC 8725 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(super) enum Algorithm {
    #[serde(rename = "HS256")]
    Hs256,
    #[serde(rename = "ES256")]
    Es256,
    #[serde(rename = "EdDSA", alias = "Ed25519")]
    EdDsa,
    #[serde(rename = "RS256")]
    Rs256,
}

impl Algorithm {
    /// Whether a token or a key spells it so. Ed25519 has two names (RFC 9864 §2.2).
    pub(super) fn is_named(self, name: &str) -> bool {
        match self {
            Self::Hs256 => name == "HS256",
            Self::Es256 => name == "ES256",
            Self::EdDsa => matches!(name, "EdDSA" | "Ed25519"),
            Self::Rs256 => name == "RS256",
        }
    }
}

/// A key, and what it is called.
#[derive(Clone)]
pub(super) struct Key {
    /// What tokens call it, if it has a name.
    pub(super) kid: Option<String>,
    pub(super) material: Material,
}

/// What signatures are checked with. Large ones have a box: there may be a hundred.
#[derive(Clone)]
pub(super) enum Material {
    Secret(Box<Hmac<Sha256>>),
    P256(Box<EcKey>),
    Ed25519(Box<EdKey>),
    Rsa(Box<RsaKey>),
}

/// Without the key.
impl fmt::Debug for Key {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Key").field("kid", &self.kid).finish_non_exhaustive()
    }
}

impl Key {
    /// A secret without a name.
    pub(super) fn secret(secret: &[u8]) -> Option<Self> {
        Some(Self { kid: None, material: Material::secret(secret)? })
    }

    pub(super) fn algorithm(&self) -> Algorithm {
        match self.material {
            Material::Secret(_) => Algorithm::Hs256,
            Material::P256(_) => Algorithm::Es256,
            Material::Ed25519(_) => Algorithm::EdDsa,
            Material::Rsa(_) => Algorithm::Rs256,
        }
    }

    /// Whether a token that names this key, or none, may be signed with it. Names are compared as
    /// bytes, and looked up nowhere.
    pub(super) fn is_meant(&self, kid: Option<&str>) -> bool {
        kid.is_none() || self.kid.is_none() || self.kid.as_deref() == kid
    }

    /// Whether the signature is of this key and this message.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.material {
            // In a time that says nothing about how much of it is right.
            Material::Secret(key) => {
                Mac::chain_update((**key).clone(), message).verify_slice(signature).is_ok()
            }
            Material::P256(key) => EcSignature::from_slice(signature)
                .is_ok_and(|signature| key.verify(message, &signature).is_ok()),
            Material::Ed25519(key) => EdSignature::from_slice(signature)
                .is_ok_and(|signature| key.verify_strict(message, &signature).is_ok()),
            Material::Rsa(key) => key.verifies(message, signature),
        }
    }
}

impl Material {
    pub(super) fn secret(secret: &[u8]) -> Option<Self> {
        Hmac::new_from_slice(secret).ok().map(|it| Self::Secret(Box::new(it)))
    }
}

//! A token taken apart: what it says of itself, which is believed of nothing but which keys to try.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::{invalid, is_object};
use crate::message::ProtocolError;

/// Longest token read, in bytes: no header carries more, and no honest claim set needs it.
const TOKEN_BYTES_MAX: usize = 8 * 1024;

/// Longest name of a key, in bytes: issuers use digests and UUIDs.
pub(super) const KID_BYTES_MAX: usize = 256;

/// The three parts of a JWS in its compact form (RFC 7515 §3.1), decoded.
pub(super) struct Token<'a> {
    /// The algorithm it names.
    pub(super) algorithm: String,
    /// The key it names.
    pub(super) kid: Option<String>,
    /// What is signed.
    pub(super) signed: &'a str,
    pub(super) signature: Vec<u8>,
    /// The claims, as JSON.
    pub(super) claims: Vec<u8>,
}

/// What we look at in a header. Keys that it carries or points to (`jwk`, `jku`, `x5c`, `x5u`) are
/// among what we do not.
#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    kid: Value,
    #[serde(default)]
    typ: Value,
    /// Extensions that must be understood (RFC 7515 §4.1.11). None is.
    #[serde(default, rename = "crit", deserialize_with = "is_there")]
    critical: bool,
    /// Whether the payload is encoded (RFC 7797). Here it always is.
    #[serde(default)]
    b64: Value,
}

fn is_there<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}

impl<'a> Token<'a> {
    pub(super) fn read(token: &'a str) -> Result<Self, ProtocolError> {
        if TOKEN_BYTES_MAX < token.len() {
            return Err(invalid("size"));
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(invalid("form"))?;
        let (header, claims) = signed.split_once('.').ok_or(invalid("form"))?;
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| invalid("form"));
        let header = decode(header)?;
        if !is_object(&header) {
            return Err(invalid("form"));
        }
        let header: Header = serde_json::from_slice(&header).map_err(|_| invalid("form"))?;
        if header.critical || !matches!(header.b64, Value::Null | Value::Bool(true)) {
            return Err(invalid("crit"));
        }
        if !is_access(&header.typ) {
            return Err(invalid("typ"));
        }
        let kid: Option<String> = serde_json::from_value(header.kid).map_err(|_| invalid("kid"))?;
        if kid.as_ref().is_some_and(|it| KID_BYTES_MAX < it.len()) {
            return Err(invalid("kid"));
        }
        let (signature, claims) = (decode(signature)?, decode(claims)?);
        Ok(Self { algorithm: header.alg, kid, signed, signature, claims })
    }

    /// The issuer it names.
    pub(super) fn issuer(&self) -> Option<String> {
        #[derive(Deserialize)]
        struct Named {
            #[serde(default)]
            iss: Value,
        }
        let named: Named = serde_json::from_slice(&self.claims).ok()?;
        if let Value::String(it) = named.iss { Some(it) } else { None }
    }
}

/// Whether the header says nothing of what the token is for, or that it is for access: those for
/// something else, as `logout+jwt`, are signed with the same keys (RFC 8725 §3.11, RFC 9068 §2.1).
fn is_access(typ: &Value) -> bool {
    let Value::String(typ) = typ else { return typ.is_null() };
    let typ = typ.to_ascii_lowercase();
    matches!(typ.strip_prefix("application/").unwrap_or(&typ), "jwt" | "at+jwt")
}

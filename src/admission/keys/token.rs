//! A token taken apart: what it says of itself, which is believed of nothing but which keys to try.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::{invalid, object};
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

impl<'a> Token<'a> {
    pub(super) fn read(token: &'a str) -> Result<Self, ProtocolError> {
        if TOKEN_BYTES_MAX < token.len() {
            return Err(invalid("size"));
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(invalid("form"))?;
        let (header, claims) = signed.split_once('.').ok_or(invalid("form"))?;
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| invalid("form"));
        // Keys that a header carries or points to (`jwk`, `jku`, `x5c`, `x5u`) are not looked at.
        let mut header = object(&decode(header)?).ok_or(invalid("form"))?;
        let Some(Value::String(algorithm)) = header.remove("alg") else {
            return Err(invalid("form"));
        };
        // Extensions that must be understood (RFC 7515 §4.1.11): none is. And whether the payload is
        // encoded (RFC 7797): here it always is.
        let is_plain = matches!(header.get("b64"), None | Some(Value::Null | Value::Bool(true)));
        if header.contains_key("crit") || !is_plain {
            return Err(invalid("crit"));
        }
        if !is_access(header.get("typ").unwrap_or(&Value::Null)) {
            return Err(invalid("typ"));
        }
        let kid = match header.remove("kid") {
            None | Some(Value::Null) => None,
            Some(Value::String(it)) if it.len() <= KID_BYTES_MAX => Some(it),
            Some(_) => return Err(invalid("kid")),
        };
        let (signature, claims) = (decode(signature)?, decode(claims)?);
        Ok(Self { algorithm, kid, signed, signature, claims })
    }

    /// The issuer it names.
    pub(super) fn issuer(&self) -> Option<String> {
        let name = object(&self.claims)?.remove("iss")?;
        if let Value::String(it) = name { Some(it) } else { None }
    }
}

/// Whether the header says nothing of what the token is for, or that it is for access: those for
/// something else, as `logout+jwt`, are signed with the same keys (RFC 8725 §3.11, RFC 9068 §2.1).
fn is_access(typ: &Value) -> bool {
    let Value::String(typ) = typ else { return typ.is_null() };
    let typ = typ.to_ascii_lowercase();
    matches!(typ.strip_prefix("application/").unwrap_or(&typ), "jwt" | "at+jwt")
}

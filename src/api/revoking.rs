//! Taking tokens back over HTTP: bodies in, answers out.

use serde::{Deserialize, Serialize};

use crate::directory::{KeptRevocation, Revoking};
use crate::message::{Code, Millis, ProtocolError, UserId};

/// How long a revocation is kept that does not say until when, in milliseconds: as long as a token
/// may live that nobody limits, 30 days.
const KEPT_MS: u64 = 30 * 24 * 60 * 60 * 1000;

/// Longest name of a token, in bytes.
const JTI_BYTES_MAX: usize = 256;

/// Longest body, in bytes: names, a time and what is around them.
pub const REVOKING_BYTES_MAX: usize = 4 * 1024;

const WRONG: ProtocolError = ProtocolError::invalid(
    "the body must be an object with sub, jti, issued_before, or sub and issued_before; and expires_at, or none",
);
const WRONG_JTI: ProtocolError = ProtocolError::invalid("jti must have 1 to 256 bytes");
const WRONG_TIME: ProtocolError =
    ProtocolError::invalid("expires_at must be an RFC 3339 time that is still to come");

/// There is no room for another one.
pub const TOO_MANY: ProtocolError = ProtocolError::new(
    Code::Conflict,
    "10,000 are kept at most: take back what was issued before a moment instead",
);

/// The tokens that are taken back: those for which all of this holds. `sub` alone is for good.
#[derive(Debug, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct RevokingIn {
    /// Of this user.
    #[serde(default)]
    sub: Option<String>,
    /// Called so; with nothing else.
    #[serde(default)]
    jti: Option<String>,
    /// Made earlier than this, in seconds since 1970; those without `iat` are the oldest of all.
    #[serde(default)]
    issued_before: Option<u64>,
    /// Until when this is kept: RFC 3339. In 30 days if it is missing, or when the oldest token is
    /// over, where `MAX_TOKEN_AGE` limits that.
    #[serde(default)]
    expires_at: Option<String>,
}

/// Reads a body: what is taken back, and until when. Tokens live so many milliseconds at most.
pub fn read_revoking(
    body: &str,
    life_ms: Option<u64>,
    now: Millis,
) -> Result<(Revoking, Millis), ProtocolError> {
    let RevokingIn { sub, jti, issued_before, expires_at } =
        serde_json::from_str(body).map_err(|_| WRONG)?;
    if !matches!(
        (&sub, &jti, issued_before),
        (Some(_), None, _) | (None, Some(_), None) | (None, None, Some(_))
    ) {
        return Err(WRONG);
    }
    if jti.as_ref().is_some_and(|it| !(1..=JTI_BYTES_MAX).contains(&it.len())) {
        return Err(WRONG_JTI);
    }
    let sub = sub.map(UserId::parse).transpose()?;
    let expires_at = match expires_at {
        None => now.plus(life_ms.unwrap_or(KEPT_MS)),
        Some(text) => Millis::parse(&text).filter(|it| now < *it).ok_or(WRONG_TIME)?,
    };
    Ok((Revoking { sub, jti, issued_before, joined_by: None }, expires_at))
}

/// What is taken back.
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "Revocation"))]
pub struct RevocationOut {
    /// What it is called, here.
    id: String,
    /// Of this user.
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<String>,
    /// Called so.
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<String>,
    /// Made earlier than this, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    issued_before: Option<u64>,
    /// Since when: RFC 3339.
    since: String,
    /// Until when it is kept: RFC 3339.
    expires_at: String,
}

impl RevocationOut {
    /// As it is told.
    #[must_use]
    pub fn of(KeptRevocation { id, what, made_at, expires_at }: KeptRevocation) -> Self {
        let Revoking { sub, jti, issued_before, .. } = what;
        let (sub, since) = (sub.map(|it| it.0), made_at.to_rfc3339());
        Self { id, sub, jti, issued_before, since, expires_at: expires_at.to_rfc3339() }
    }
}

/// A page of what was taken back.
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "Revocations"))]
pub struct RevocationsOut {
    /// In the order of their ids.
    revocations: Vec<RevocationOut>,
    /// The `cursor` of the next page; missing on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
}

impl RevocationsOut {
    /// As it is told.
    #[must_use]
    pub fn of(all: Vec<KeptRevocation>, has_more: bool) -> Self {
        let cursor = all.last().map(|it| it.id.clone()).filter(|_| has_more);
        Self { revocations: all.into_iter().map(RevocationOut::of).collect(), cursor }
    }
}

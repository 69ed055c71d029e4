use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jwt_compact::alg::{Hs256, Hs256Key, Hs256Signature};
use jwt_compact::{Algorithm, AlgorithmSignature, UntrustedToken};
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

use super::capability::{Capability, Contexts};
use super::claims::{Claims, Start};
use crate::message::{Millis, ProtocolError, UserId};

/// How far our clock and an issuer's may differ where a token is not valid yet.
/// Expiry gets none: a client that is late renews its token.
const LEEWAY_S: u64 = 30;

/// The token that is user `test` with every room, in development.
const DEVELOPMENT_TOKEN: &str = "test";

/// Longest token read, in bytes: no header carries more, and no honest claim set needs it.
const TOKEN_BYTES_MAX: usize = 8 * 1024;

/// What tokens are checked against.
#[derive(Clone, Default)]
pub struct Keys {
    /// The HS256 secret, if there is a usable one.
    secret: Option<Hs256Key>,
    /// Whether the literal token `test` is user `test` with every room.
    development: bool,
    /// The only issuer accepted, if set.
    issuer: Option<String>,
    /// The audience a token must be for, if set.
    recipients: Option<String>,
}

/// Shortest secret production accepts, in bytes: a shorter one can be guessed from
/// any token (RFC 7518 §3.2 asks for the size of the hash).
const SECRET_BYTES_MIN: usize = 32;

impl Keys {
    /// Takes the configuration. In production a short secret is no secret.
    #[must_use]
    pub fn new(
        secret: Option<&str>,
        issuer: Option<String>,
        recipients: Option<String>,
        development: bool,
    ) -> Self {
        let least = if development { 1 } else { SECRET_BYTES_MIN };
        let secret = secret.filter(|it| least <= it.len());
        let secret = secret.map(|it| Hs256Key::new(it.as_bytes()));
        Self { secret, development, issuer, recipients }
    }

    /// Whether no token at all can be good.
    #[must_use]
    pub fn refuse_everything(&self) -> bool {
        self.secret.is_none() && !self.development
    }

    /// Reads a token that came to a name of this machine, or not: the token `test` is good
    /// only there, so that a server for development that others reach is not open to them.
    pub fn verify_at(
        &self,
        token: &str,
        local: bool,
        now: Millis,
    ) -> Result<Claims, ProtocolError> {
        if self.development && token == DEVELOPMENT_TOKEN && !local {
            return Err(ProtocolError::unauthenticated(
                "the token `test` is good only under localhost, 127.0.0.1 and [::1]",
            ));
        }
        self.verify(token, now)
    }

    /// Reads a token. The algorithm is fixed by our key, never by the token.
    pub fn verify(&self, token: &str, now: Millis) -> Result<Claims, ProtocolError> {
        if self.development && token == DEVELOPMENT_TOKEN {
            // Every room there is, other users' own too, for trying things out.
            let everything = |room: &str| Capability {
                room: room.into(),
                can: crate::kernel::Grant::ALL.map(|(name, _)| name.to_owned()).into(),
            };
            return Ok(Claims {
                sub: "test".into(),
                contexts: Contexts::One("*".into()),
                caps: vec![everything("*"), everything("hub:user:*")],
                ..Claims::default()
            });
        }
        let key = self.secret.as_ref().ok_or(invalid("alg"))?;
        if TOKEN_BYTES_MAX < token.len() {
            return Err(invalid("size"));
        }
        let claims = read(key, token)?;
        let Some(expires_at) = claims.expires_at else {
            return Err(ProtocolError::unauthenticated("the token has no expiry").of_claim("exp"));
        };
        if expires_at <= now {
            return Err(ProtocolError::unauthenticated("the token has expired").of_claim("exp"));
        }
        match claims.starts {
            Start::At(from) if now.plus(LEEWAY_S * 1000) < from => {
                Err(ProtocolError::unauthenticated("the token is not valid yet").of_claim("nbf"))
            }
            Start::Unknown => Err(invalid("nbf")),
            Start::Always | Start::At(_) => self.accept(claims),
        }
    }

    fn accept(&self, claims: Claims) -> Result<Claims, ProtocolError> {
        let is_ours =
            |set: &Option<String>, said: &[String]| set.as_ref().is_none_or(|it| said.contains(it));
        if !is_ours(&self.issuer, claims.issuer.as_slice()) {
            return Err(invalid("iss"));
        }
        if !is_ours(&self.recipients, &claims.recipients) {
            return Err(invalid("aud"));
        }
        UserId::parse(claims.sub.as_str()).map_err(|_| invalid("sub"))?;
        Ok(claims)
    }
}

/// What is wrong with it stands in the log: whoever shows it learns only that it is.
const fn invalid(claim: &'static str) -> ProtocolError {
    ProtocolError::unauthenticated("the token is not valid").of_claim(claim)
}

/// What we look at in a header beside what every token has.
#[derive(Clone, Deserialize)]
struct Extensions {
    /// Extensions that must be understood (RFC 7515 §4.1.11). None is.
    #[serde(default, rename = "crit", deserialize_with = "is_there")]
    critical: bool,
}

fn is_there<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}

/// The claims of a token with a signature of this key's.
fn read(key: &Hs256Key, token: &str) -> Result<Claims, ProtocolError> {
    let untrusted = UntrustedToken::<Extensions>::try_from(token).map_err(|_| invalid("form"))?;
    if untrusted.algorithm() != Hs256.name() {
        return Err(invalid("alg"));
    }
    let (signed, _) = token.rsplit_once('.').ok_or(invalid("form"))?;
    let (_, claims) = signed.split_once('.').ok_or(invalid("form"))?;
    let signature = untrusted.signature_bytes();
    // What is of another length it does not refuse, but panics.
    let is_whole = Hs256Signature::LENGTH.is_none_or(|it| it.get() == signature.len());
    let is_good = is_whole
        && Hs256Signature::try_from_slice(signature)
            .is_ok_and(|it| Hs256.verify_signature(&it, key, signed.as_bytes()));
    if !is_good {
        return Err(invalid("signature"));
    }
    if untrusted.header().other_fields.critical {
        return Err(invalid("crit"));
    }
    let claims = URL_SAFE_NO_PAD.decode(claims).map_err(|_| invalid("form"))?;
    serde_json::from_slice(&claims).map_err(|_| invalid("form"))
}

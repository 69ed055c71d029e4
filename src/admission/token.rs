use jwt_compact::alg::{Hs256, Hs256Key};
use jwt_compact::{AlgorithmExt, UntrustedToken};
use serde::Deserialize;

use super::capability::{Capability, Contexts, Role};
use super::conversation::ResumeKey;
use crate::message::{Member, Millis, Refusal, UserId};

/// How far our clock and an issuer's may differ where a token is not valid yet.
/// Expiry gets none: a client that is late renews its token.
const LEEWAY_S: u64 = 30;

/// The token that is user `test` with every room, in development.
const DEVELOPMENT_TOKEN: &str = "test";

/// Longest token read, in bytes: no header carries more, and no honest claim set needs it.
const TOKEN_BYTES_MAX: usize = 8 * 1024;

/// A token's claims, as far as they concern us.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Claims {
    /// Who.
    pub sub: String,
    /// For showing.
    #[serde(default)]
    pub name: Option<String>,
    /// What the role adds.
    #[serde(default)]
    pub role: Role,
    /// Rooms by name.
    #[serde(default)]
    pub contexts: Contexts,
    /// Rooms by pattern.
    #[serde(default)]
    pub caps: Vec<Capability>,
    /// Expiry, in seconds since 1970; `None` only for the development token.
    #[serde(skip)]
    pub expires_at: Option<Millis>,
    #[serde(default)]
    iss: Option<String>,
    #[serde(default)]
    aud: Option<Audience>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Some(Vec<String>),
}

impl Audience {
    fn includes(&self, name: &str) -> bool {
        match self {
            Self::One(it) => it == name,
            Self::Some(them) => them.iter().any(|it| it == name),
        }
    }
}

impl Claims {
    /// The user these claims are about, as others may see them.
    #[must_use]
    pub fn member(&self) -> Member {
        Member::new(UserId(self.sub.clone()), self.name.as_deref())
    }
}

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
    audience: Option<String>,
    /// What resume tokens are signed with.
    pub(super) resume: Option<ResumeKey>,
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
        audience: Option<String>,
        development: bool,
    ) -> Self {
        let least = if development { 1 } else { SECRET_BYTES_MIN };
        let secret = secret.filter(|it| least <= it.len());
        let resume = ResumeKey::derived(secret, development);
        let secret = secret.map(|it| Hs256Key::new(it.as_bytes()));
        Self { secret, development, issuer, audience, resume }
    }

    /// The same, with a secret of its own for resume tokens, so that those outlive another
    /// `JWT_SECRET`. A short one is none: says whether it is taken.
    pub fn set_resume_secret(&mut self, secret: &str) -> bool {
        let is_long = SECRET_BYTES_MIN <= secret.len();
        if is_long {
            self.resume = ResumeKey::new(secret);
        }
        is_long
    }

    /// Whether no token at all can be good.
    #[must_use]
    pub fn refuse_everything(&self) -> bool {
        self.secret.is_none() && !self.development
    }

    /// Reads a token that came to a name of this machine, or not: the token `test` is good
    /// only there, so that a server for development that others reach is not open to them.
    pub fn verify_at(&self, token: &str, local: bool, now: Millis) -> Result<Claims, Refusal> {
        if self.development && token == DEVELOPMENT_TOKEN && !local {
            return Err(Refusal::unauthenticated(
                "the token `test` is good only under localhost, 127.0.0.1 and [::1]",
            ));
        }
        self.verify(token, now)
    }

    /// Reads a token. The algorithm is fixed by our key, never by the token.
    pub fn verify(&self, token: &str, now: Millis) -> Result<Claims, Refusal> {
        if self.development && token == DEVELOPMENT_TOKEN {
            // Every room there is, other users' own too, for trying things out.
            let everything = |room: &str| Capability {
                room: room.into(),
                can: crate::room::Grant::ALL.map(|(name, _)| name.to_owned()).into(),
            };
            return Ok(Claims {
                sub: "test".into(),
                contexts: Contexts::One("*".into()),
                caps: vec![everything("*"), everything("hub:user:*")],
                ..Claims::default()
            });
        }
        let invalid = Refusal::unauthenticated("the token is not valid");
        let Some(key) = &self.secret else { return Err(invalid) };
        if TOKEN_BYTES_MAX < token.len() {
            return Err(invalid);
        }
        let token = UntrustedToken::new(token).map_err(|_| invalid.clone())?;
        let token = Hs256.validator::<Claims>(key).validate(&token).map_err(|_| invalid.clone())?;
        let claims = token.claims();
        let seconds = |at: i64| u64::try_from(at).ok().map(|it| Millis(it.saturating_mul(1000)));
        let expires_at = claims.expiration.map(|it| it.timestamp());
        let Some(expires_at) = expires_at.and_then(seconds) else {
            return Err(Refusal::unauthenticated("the token has no expiry"));
        };
        if expires_at <= now {
            return Err(Refusal::unauthenticated("the token has expired"));
        }
        if let Some(from) = claims.not_before.map(|it| it.timestamp()).and_then(seconds)
            && now.plus(LEEWAY_S * 1000) < from
        {
            return Err(Refusal::unauthenticated("the token is not valid yet"));
        }
        let mut claims = claims.custom.clone();
        claims.expires_at = Some(expires_at);
        self.accept(&claims).then_some(claims).ok_or(invalid)
    }

    fn accept(&self, claims: &Claims) -> bool {
        let issued = self.issuer.as_ref().is_none_or(|it| claims.iss.as_ref() == Some(it));
        let meant = self
            .audience
            .as_ref()
            .is_none_or(|it| claims.aud.as_ref().is_some_and(|aud| aud.includes(it)));
        let named = UserId::parse(claims.sub.as_str()).is_ok();
        issued && meant && named
    }
}

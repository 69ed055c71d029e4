//! Whose tokens are good. All that is decided here is decided at once, from what is known: whether
//! keys are to be fetched before that, [`Keys::step`] says, and the edge fetches them. So a room takes
//! the frames of a socket one after the other, whoever signed a token in them.

mod issuer;
mod jwks;
mod key;
mod mapping;
mod remote;
mod rsa;
mod scope;
mod token;

use std::rc::Rc;

use serde_json::{Map, Value};

use issuer::{Issuer, Setting};
use token::Token;

use super::capability::Contexts;
use super::claims::{Claims, Start};
use super::things::Capability;
use crate::message::{Millis, ProtocolError};

pub use remote::{PATIENCE_MS, SET_BYTES_MAX, Step};
pub(super) use scope::Scope;

/// How far our clock and an issuer's may differ where a token is not valid yet.
/// Expiry gets none: a client that is late renews its token.
const LEEWAY_S: u64 = 30;

/// The token that is user `test` with every room, in development.
const DEVELOPMENT_TOKEN: &str = "test";

/// Shortest secret production accepts, in bytes: a shorter one can be guessed from
/// any token (RFC 7518 §3.2 asks for the size of the hash).
const SECRET_BYTES_MIN: usize = 32;

/// What tokens are checked against.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    /// Those with a name of their own, then whoever has the keys of the simple settings.
    issuers: Rc<[Issuer]>,
    /// Whether the literal token `test` is user `test` with every room.
    development: bool,
    /// How long a token may be good, in milliseconds.
    age_ms_max: Option<u64>,
}

/// A token whose keys are fetched: whose it is, and which key it names.
#[derive(Clone, Debug)]
pub struct Wanted {
    issuer: usize,
    algorithm: String,
    kid: Option<String>,
}

impl Keys {
    /// Takes one secret. In production a short one is none.
    #[must_use]
    pub fn new(
        secret: Option<&str>,
        issuer: Option<String>,
        recipients: Option<String>,
        development: bool,
    ) -> Self {
        let setting =
            Setting { secret: secret.map(str::to_owned), ..Setting::simple(issuer, recipients) };
        let issuer = setting.issuer(development, &mut Vec::new());
        Self { issuers: [issuer].into(), development, age_ms_max: None }
    }

    /// Takes the configuration, and says what is wrong with it. What is wrong lets nobody in.
    #[must_use]
    pub fn read(
        variable: impl Fn(&str) -> Option<String>,
        development: bool,
    ) -> (Self, Vec<String>) {
        let read = |name: &str| variable(name);
        let variable = |name: &str| read(name).filter(|it| !it.is_empty());
        let mut faults = Vec::new();
        let mut issuers: Vec<Issuer> =
            match variable("JWT_ISSUERS").map(|it| serde_json::from_str(&it)) {
                None => Vec::new(),
                Some(Ok(settings)) => named(settings, development, &mut faults),
                Some(Err(_)) => {
                    faults.push(
                        "JWT_ISSUERS is no list of issuers in JSON; none of them is known".into(),
                    );
                    Vec::new()
                }
            };
        let (name, recipients) = (read("JWT_ISSUER"), read("JWT_AUDIENCE"));
        let simple = Setting {
            secret: variable("JWT_SECRET"),
            secrets: variable("JWT_SECRET_PREVIOUS").into_iter().collect(),
            jwks: variable("JWT_JWKS").map(Into::into),
            jwks_url: variable("JWT_JWKS_URL"),
            ..Setting::simple(name, recipients)
        };
        if simple.jwks_url.is_some() && simple.iss.is_none() {
            faults.push(
                "JWT_JWKS_URL without JWT_ISSUER: every token that these keys sign is taken, whoever it is for".into(),
            );
        }
        issuers.push(simple.issuer(development, &mut faults));
        let age_ms_max = match variable("MAX_TOKEN_AGE").map(|it| it.parse::<u64>()) {
            None | Some(Ok(0)) => None,
            Some(Ok(seconds)) => Some(seconds.saturating_mul(1000)),
            Some(Err(_)) => {
                faults.push("MAX_TOKEN_AGE is no number of seconds; all tokens are refused".into());
                issuers.clear();
                None
            }
        };
        let keys = Self { issuers: issuers.into(), development, age_ms_max };
        if keys.refuse_everything() {
            faults.push(
                "no usable JWT_SECRET: in production it must have 32 bytes or more, and until it or a JWKS is set nobody gets in".into(),
            );
        }
        (keys, faults)
    }

    /// Whether no token at all can be good.
    #[must_use]
    pub fn refuse_everything(&self) -> bool {
        !self.development && !self.issuers.iter().any(Issuer::has_keys)
    }

    /// How long a token that is good now may be good yet, in milliseconds, where that is limited.
    #[must_use]
    pub fn life_ms_max(&self) -> Option<u64> {
        self.age_ms_max.map(|it| it.saturating_add(LEEWAY_S * 1000))
    }

    /// Whether any keys are fetched.
    #[must_use]
    pub fn are_fetched(&self) -> bool {
        self.issuers.iter().any(|it| it.remote.is_some())
    }

    /// What of a token decides whether keys are to be fetched; nothing if they are not.
    #[must_use]
    pub fn wanted(&self, token: &str) -> Option<Wanted> {
        if !self.are_fetched() {
            return None;
        }
        let token = Token::read(token).ok()?;
        let issuer = self.issuer_of(&token)?;
        let is_fetched = self.issuers.get(issuer).is_some_and(|it| it.fetches(&token));
        let Token { algorithm, kid, .. } = token;
        is_fetched.then_some(Wanted { issuer, algorithm, kid })
    }

    /// What is to be done before such a token is judged. Whoever is to ask says what came of it,
    /// even if that is nothing.
    #[must_use]
    pub fn step(&self, wanted: &Wanted, now: Millis) -> Step {
        let remote = self.issuers.get(wanted.issuer).and_then(|it| it.remote.as_ref());
        remote.map_or(Step::Judge, |it| {
            it.borrow_mut().step(&wanted.algorithm, wanted.kid.as_deref(), now)
        })
    }

    /// Takes what came of asking: the answer's text and its `Cache-Control`, or why there is none.
    /// Gives lines for the log.
    pub fn answered(
        &self,
        wanted: &Wanted,
        answer: Result<(&str, Option<&str>), String>,
        now: Millis,
        random: u64,
    ) -> Vec<String> {
        let issuer = self.issuers.get(wanted.issuer);
        issuer.map_or_else(Vec::new, |it| it.answered(answer, now, random))
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
            return Ok(everything());
        }
        if !self.issuers.iter().any(Issuer::has_keys) {
            return Err(invalid("alg"));
        }
        let token = Token::read(token)?;
        let issuer = self.issuer_of(&token).and_then(|it| self.issuers.get(it));
        let issuer = issuer.ok_or(invalid("iss"))?;
        let claims = issuer.read(&token, now)?;
        self.check_times(&claims, now)?;
        issuer.accept(claims)
    }

    /// Whose keys to try: those of the issuer that the token names, else those of the simple settings.
    fn issuer_of(&self, token: &Token) -> Option<usize> {
        let last = self.issuers.len().checked_sub(1)?;
        if last == 0 {
            return Some(0);
        }
        let name = token.issuer();
        let is_it = |it: &Issuer| it.name.is_some() && it.name == name;
        let simple = self.issuers.get(last).filter(|it| it.name.is_none()).map(|_| last);
        self.issuers.iter().position(is_it).or(simple)
    }

    fn check_times(&self, claims: &Claims, now: Millis) -> Result<(), ProtocolError> {
        let Some(expires_at) = claims.expires_at else {
            return Err(ProtocolError::unauthenticated("the token has no expiry").of_claim("exp"));
        };
        if expires_at <= now {
            return Err(ProtocolError::unauthenticated("the token has expired").of_claim("exp"));
        }
        let soon = now.plus(LEEWAY_S * 1000);
        match claims.starts {
            Start::At(from) if soon < from => {
                return Err(
                    ProtocolError::unauthenticated("the token is not valid yet").of_claim("nbf")
                );
            }
            Start::Unknown => return Err(invalid("nbf")),
            Start::Always | Start::At(_) => {}
        }
        let Some(age_ms) = self.age_ms_max else { return Ok(()) };
        let too_long = || {
            ProtocolError::unauthenticated("the token is good for longer than is allowed here")
                .of_claim("exp")
        };
        if age_ms < expires_at.since(soon) {
            return Err(too_long());
        }
        match claims.issued {
            Start::At(issued) if age_ms < expires_at.since(issued) => Err(too_long()),
            Start::At(issued) if soon < issued => Err(invalid("iat")),
            Start::Unknown => Err(invalid("iat")),
            Start::Always | Start::At(_) => Ok(()),
        }
    }
}

/// Issuers by name. Where two have the same, nobody knows whose a token is.
fn named(settings: Vec<Setting>, development: bool, faults: &mut Vec<String>) -> Vec<Issuer> {
    let mut issuers: Vec<Issuer> = Vec::new();
    for setting in settings {
        if setting.iss.as_deref().is_none_or(str::is_empty) {
            faults.push("an entry of JWT_ISSUERS has no iss, and is not used".into());
            continue;
        }
        if let Some(other) = issuers.iter_mut().find(|it| it.name == setting.iss) {
            faults.push(format!(
                "two issuers are called {:?}; their tokens are all refused",
                setting.iss
            ));
            *other = Issuer::without_keys(setting.iss);
            continue;
        }
        let issuer = setting.issuer(development, faults);
        if !issuer.has_keys() {
            faults
                .push(format!("issuer {:?} has no keys; its tokens are all refused", issuer.name));
        }
        issuers.push(issuer);
    }
    issuers
}

/// Every room there is, other users' own too, for trying things out.
fn everything() -> Claims {
    let everything = |room: &str| Capability {
        room: room.into(),
        can: crate::kernel::Grant::ALL.map(|(name, _)| name.to_owned()).into(),
        on: None,
        denies: false,
    };
    Claims {
        sub: "test".into(),
        contexts: Contexts::One("*".into()),
        caps: vec![everything("*"), everything("hub:user:*")],
        ..Claims::default()
    }
}

/// An object of JSON.
fn object(json: &[u8]) -> Option<Map<String, Value>> {
    match serde_json::from_str(std::str::from_utf8(json).ok()?) {
        Ok(Value::Object(it)) => Some(it),
        Ok(_) | Err(_) => None,
    }
}

/// What is wrong with it stands in the log: whoever shows it learns only that it is.
const fn invalid(claim: &'static str) -> ProtocolError {
    ProtocolError::unauthenticated("the token is not valid").of_claim(claim)
}

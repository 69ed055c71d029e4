//! Who signs tokens: by which keys, for whom, and what their tokens may ask for.

use std::cell::RefCell;
use std::rc::Rc;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::jwks::{self, Source};
use super::key::{Algorithm, Key};
use super::mapping::Mapping;
use super::remote::{self, Remote};
use super::scope::Scope;
use super::token::Token;
use super::{SECRET_BYTES_MIN, invalid};
use crate::admission::Claims;
use crate::message::{Millis, ProtocolError, UserId};

/// Keys tried for one token at most: a name that two keys have, or none. A signature takes
/// milliseconds to check, and everybody can send one.
const TRIED_MAX: usize = 4;

/// An issuer of tokens.
#[derive(Clone, Debug, Default)]
pub(super) struct Issuer {
    /// Its name. `None`: whoever has the keys.
    pub(super) name: Option<String>,
    /// Whom its tokens must be for, one of them at least; everybody if it is empty.
    recipients: Vec<String>,
    /// Algorithms that its keys may be of.
    algorithms: Vec<Algorithm>,
    /// Keys that do not change.
    keys: Vec<Key>,
    /// Keys that are fetched.
    pub(super) remote: Option<Rc<RefCell<Remote>>>,
    claims: Mapping,
    scope: Option<Rc<Scope>>,
}

/// An issuer, as an operator writes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Setting {
    pub(super) iss: Option<String>,
    #[serde(default)]
    pub(super) audience: Value,
    pub(super) algorithms: Option<Vec<Algorithm>>,
    #[serde(default)]
    pub(super) secrets: Vec<String>,
    pub(super) secret: Option<String>,
    /// A JWK Set, or its text.
    pub(super) jwks: Option<Value>,
    pub(super) jwks_url: Option<String>,
    #[serde(default)]
    pub(super) claims: Mapping,
    pub(super) grants: Option<Map<String, Value>>,
}

impl Setting {
    /// Who has these keys.
    pub(super) fn simple(name: Option<String>, recipients: Option<String>) -> Self {
        Self {
            iss: name,
            audience: recipients.into(),
            algorithms: None,
            secrets: Vec::new(),
            secret: None,
            jwks: None,
            jwks_url: None,
            claims: Mapping::default(),
            grants: None,
        }
    }

    /// The issuer. What is wrong with it is added to the faults; if that could let in somebody who
    /// should not be, it has no keys.
    pub(super) fn issuer(self, development: bool, faults: &mut Vec<String>) -> Issuer {
        let whose =
            self.iss.clone().map_or_else(|| "JWT".to_owned(), |it| format!("issuer {it:?}"));
        let name = self.iss.clone();
        match self.read(development, faults) {
            Ok(issuer) => issuer,
            Err(fault) => {
                faults.push(format!("{whose}: {fault}; its tokens are all refused"));
                Issuer::without_keys(name)
            }
        }
    }

    fn read(self, development: bool, faults: &mut Vec<String>) -> Result<Issuer, String> {
        let recipients = match self.audience {
            Value::Null => Vec::new(),
            Value::String(it) => vec![it],
            Value::Array(them) if !them.is_empty() => {
                let text = |it: Value| it.as_str().map(str::to_owned);
                let texts: Option<Vec<String>> = them.into_iter().map(text).collect();
                texts.ok_or("audience is no list of texts")?
            }
            Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                return Err("audience is neither a text nor a list of texts".into());
            }
        };
        let scope: Option<Scope> = match self.grants {
            None => None,
            // Not the reason: it shows what was written.
            Some(it) => {
                serde_json::from_value(it.into()).map_err(|_| "grants is no such object")?
            }
        };
        if let Some(fault) = scope.as_ref().and_then(Scope::fault).or(self.claims.fault()) {
            return Err(fault.into());
        }
        let least = if development { 1 } else { SECRET_BYTES_MIN };
        let mut keys = Vec::new();
        for secret in self.secret.iter().chain(&self.secrets) {
            if secret.len() < least {
                faults.push(format!(
                    "a secret that signs tokens has less than {least} bytes and is not used"
                ));
                continue;
            }
            keys.extend(Key::secret(secret.as_bytes()));
        }
        if let Some(set) = self.jwks {
            let text = if let Value::String(text) = set { text } else { set.to_string() };
            let source = Source::Setting { secret_bytes_min: least };
            let (found, wrong) =
                jwks::read(&text, source).map_err(|it| format!("its JWKS: {it}"))?;
            keys.extend(found);
            faults.extend(wrong.into_iter().map(|it| format!("JWKS: {it}")));
        }
        let all = [Algorithm::Hs256, Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256];
        let algorithms = self.algorithms.unwrap_or_else(|| all.into());
        keys.retain(|it| algorithms.contains(&it.algorithm()));
        let remote = match &self.jwks_url {
            Some(url) => match remote::fault(url, development) {
                Some(fault) => return Err(format!("the address of its JWKS: {fault}")),
                None => Some(Rc::new(RefCell::new(Remote::new(url)))),
            },
            None => None,
        };
        let scope = scope.map(Rc::new);
        let (name, claims) = (self.iss, self.claims);
        Ok(Issuer { name, recipients, algorithms, keys, remote, claims, scope })
    }
}

impl Issuer {
    /// Whose tokens are all refused.
    pub(super) fn without_keys(name: Option<String>) -> Self {
        Self { name, ..Self::default() }
    }

    /// Whether any token of its can be good.
    pub(super) fn has_keys(&self) -> bool {
        !self.keys.is_empty() || self.remote.is_some()
    }

    /// Whether its keys are fetched, and one for this token may be among them.
    pub(super) fn fetches(&self, token: &Token) -> bool {
        let may_be = |it: &Algorithm| *it != Algorithm::Hs256 && it.is_named(&token.algorithm);
        let is_at_hand = |it: &Key| {
            it.algorithm().is_named(&token.algorithm) && it.kid.is_some() && it.kid == token.kid
        };
        self.remote.is_some()
            && self.algorithms.iter().any(may_be)
            && !self.keys.iter().any(is_at_hand)
    }

    /// Takes what came of asking for its keys. See [`Remote::answered`].
    pub(super) fn answered(
        &self,
        answer: Result<(&str, Option<&str>), String>,
        now: Millis,
        random: u64,
    ) -> Vec<String> {
        self.remote.as_ref().map_or_else(Vec::new, |it| {
            it.borrow_mut().answered(answer, &self.algorithms, now, random)
        })
    }

    /// The claims of a token with a signature of this issuer's.
    pub(super) fn read(&self, token: &Token, now: Millis) -> Result<Claims, ProtocolError> {
        let remote = self.remote.as_ref().map(|it| it.borrow());
        let fetched = remote.as_ref().map_or(&[][..], |it| it.keys(now));
        let of_algorithm = |it: &&Key| it.algorithm().is_named(&token.algorithm);
        let keys = || self.keys.iter().chain(fetched).filter(of_algorithm);
        let kid = token.kid.as_deref();
        let mut tried = keys().filter(|it| it.is_meant(kid)).take(TRIED_MAX).peekable();
        if tried.peek().is_none() {
            let missing = remote.as_ref().filter(|_| self.fetches(token));
            let missing = missing.and_then(|it| it.missing(now));
            let claim = if keys().next().is_some() { "kid" } else { "alg" };
            return Err(missing.unwrap_or(invalid(claim)));
        }
        let message = token.signed.as_bytes();
        if !tried.any(|it| it.verifies(message, &token.signature)) {
            return Err(invalid("signature"));
        }
        self.claims.read(&token.claims).ok_or(invalid("form"))
    }

    /// Takes claims for those of a user of this issuer's.
    pub(super) fn accept(&self, mut claims: Claims) -> Result<Claims, ProtocolError> {
        if self.name.is_some() && self.name != claims.issuer {
            return Err(invalid("iss"));
        }
        let is_meant = |it: &String| self.recipients.contains(it);
        if !self.recipients.is_empty() && !claims.recipients.iter().any(is_meant) {
            return Err(invalid("aud"));
        }
        UserId::parse(claims.sub.as_str()).map_err(|_| invalid("sub"))?;
        if let Some(scope) = &self.scope {
            if !scope.has_user(&claims.sub) {
                return Err(invalid("sub"));
            }
            claims.role = scope.role(claims.role);
            claims.scope = Some(Rc::clone(scope));
        }
        Ok(claims)
    }
}

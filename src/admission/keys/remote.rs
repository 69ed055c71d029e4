//! Keys that are kept at an address: what is known of them, and when to ask for them again. Whoever
//! needs them asks, and says what came of it.

use super::jwks::{self, Source};
use super::key::{Algorithm, Key};
use crate::message::{Millis, ProtocolError};

/// How long an answer may take, its whole body included, in milliseconds. It is a file.
pub const PATIENCE_MS: u64 = 5_000;

/// Longest set that is read, in bytes: a hundred of the longest keys with their names, without the
/// chains of certificates that some issuers add.
pub const SET_BYTES_MAX: usize = 64 * 1024;

/// After so long nobody waits any more for somebody who asked: the platform may have ended the request
/// that did.
const LOST_MS: u64 = PATIENCE_MS + 1_000;

const HOUR_MS: u64 = 3_600_000;

/// How long a set is good, in milliseconds, if the issuer does not say: as long as the cache of most.
const FRESH_MS: u64 = HOUR_MS;
/// At least, whatever it says. That is soon enough for a key that was taken back, and what is new is
/// asked for when it is first seen.
const FRESH_MS_MIN: u64 = 5 * 60_000;
/// At most, for the same reason.
const FRESH_MS_MAX: u64 = 24 * HOUR_MS;

/// How much longer it is used while there is no other, in milliseconds: an issuer is back within a day,
/// or nobody has tokens any more anyway.
const STALE_MS: u64 = 24 * HOUR_MS;

/// How often a name that is not known may lead to a question, in milliseconds: everybody can make
/// names up, and an issuer shows a new key before it signs with it.
const UNKNOWN_MS: u64 = 30_000;

/// How long to wait after the first failure, in milliseconds; each doubles it,
const RETRY_MS: u64 = 1_000;
/// up to this.
const RETRY_MS_MAX: u64 = 5 * 60_000;

/// What somebody who has a token is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Judge it: all that can be known is known.
    Judge,
    /// Wait: somebody asks already.
    Wait,
    /// Ask this address.
    Ask(String),
}

/// The keys at one address.
#[derive(Debug)]
pub(super) struct Remote {
    url: String,
    keys: Vec<Key>,
    /// When they were fetched.
    fetched_at: Option<Millis>,
    fresh_ms: u64,
    /// When somebody began to ask who has not said yet what came of it.
    asking_since: Option<Millis>,
    /// When anybody last did.
    asked_at: Option<Millis>,
    /// Failures since the last success.
    failures: u32,
    /// When the last one was, and how long to wait then.
    failed: Option<(Millis, u64)>,
}

/// Whether it is less than so long ago. A clock set back ends every wait.
fn is_within(ms: u64, since: Option<Millis>, now: Millis) -> bool {
    since.is_some_and(|it| it <= now && now.since(it) < ms)
}

impl Remote {
    pub(super) fn new(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            keys: Vec::new(),
            fetched_at: None,
            fresh_ms: 0,
            asking_since: None,
            asked_at: None,
            failures: 0,
            failed: None,
        }
    }

    /// The keys, unless they are too old to be believed.
    pub(super) fn keys(&self, now: Millis) -> &[Key] {
        let is_usable = |at: Millis| now.since(at) < self.fresh_ms.saturating_add(STALE_MS);
        if self.fetched_at.is_some_and(is_usable) { &self.keys } else { &[] }
    }

    /// What is to be done before a token that names this algorithm and this key is judged.
    pub(super) fn step(&mut self, algorithm: &str, kid: Option<&str>, now: Millis) -> Step {
        let is_it = |it: &Key| it.algorithm().is_named(algorithm) && it.is_meant(kid);
        let is_known = self.keys(now).iter().any(is_it);
        let is_fresh = is_within(self.fresh_ms, self.fetched_at, now);
        if is_fresh && is_known {
            return Step::Judge;
        }
        if is_within(LOST_MS, self.asking_since, now) {
            return if is_known { Step::Judge } else { Step::Wait };
        }
        if is_fresh && is_within(UNKNOWN_MS, self.asked_at, now) {
            return Step::Judge;
        }
        if self.failed.is_some_and(|(at, wait_ms)| is_within(wait_ms, Some(at), now)) {
            return Step::Judge;
        }
        (self.asking_since, self.asked_at) = (Some(now), Some(now));
        Step::Ask(self.url.clone())
    }

    /// Takes what came of asking: the set as text, and its `Cache-Control`. Gives what is to be said
    /// about it.
    pub(super) fn answered(
        &mut self,
        answer: Result<(&str, Option<&str>), String>,
        algorithms: &[Algorithm],
        now: Millis,
        random: u64,
    ) -> Vec<String> {
        self.asking_since = None;
        let read = answer.and_then(|(text, cache)| {
            let (mut keys, faults) = jwks::read(text, Source::Address)?;
            keys.retain(|it| algorithms.contains(&it.algorithm()));
            if keys.is_empty() {
                return Err("it has no key of an algorithm that is allowed".to_owned());
            }
            Ok((keys, faults, cache.map_or(FRESH_MS, fresh_ms)))
        });
        let faults = match read {
            Ok((keys, faults, fresh_ms)) => {
                (self.keys, self.fetched_at, self.fresh_ms) = (keys, Some(now), fresh_ms);
                (self.failures, self.failed) = (0, None);
                faults
            }
            Err(fault) => {
                let wait_ms = (RETRY_MS << self.failures.min(16)).min(RETRY_MS_MAX);
                self.failures = self.failures.saturating_add(1);
                // Between half of it and all: isolates that failed together do not come back so.
                let wait_ms = wait_ms / 2 + random % (wait_ms / 2 + 1);
                self.failed = Some((now, wait_ms));
                vec![fault]
            }
        };
        faults.into_iter().map(|it| format!("keys of {}: {it}", self.url)).collect()
    }

    /// Why a token is refused whose key is not known: where it may be the issuer's fault, its owner
    /// can come back.
    pub(super) fn missing(&self, now: Millis) -> Option<ProtocolError> {
        let wait_ms = match self.failed {
            Some((at, wait_ms)) => wait_ms.saturating_sub(now.since(at)),
            None if self.keys(now).is_empty() => RETRY_MS,
            None => return None,
        };
        Some(ProtocolError {
            retry_after: Some(wait_ms.div_ceil(1000).max(1)),
            claim: Some("keys"),
            ..ProtocolError::new(
                crate::message::Code::Unavailable,
                "the keys of the token's issuer cannot be had just now; try later",
            )
        })
    }
}

/// How long an answer is good by its `Cache-Control`, within bounds.
fn fresh_ms(cache: &str) -> u64 {
    let mut directives = cache.split(',').map(|it| it.trim().to_ascii_lowercase());
    let seconds = directives
        .find_map(|it| it.strip_prefix("max-age=").map(|it| it.trim_matches('"').parse::<u64>()));
    let said = seconds.and_then(Result::ok).map_or(FRESH_MS, |it| it.saturating_mul(1000));
    said.clamp(FRESH_MS_MIN, FRESH_MS_MAX)
}

/// Why an address cannot be asked, if it cannot: only encrypted, but for a development server's own
/// machine.
pub(super) fn fault(url: &str, development: bool) -> Option<&'static str> {
    let rest = match url.split_once("://") {
        Some(("https", rest)) => rest,
        Some(("http", rest)) if development => {
            let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
            if !crate::admission::is_local(host) {
                return Some("http is for a server on this machine, in development");
            }
            rest
        }
        _ => return Some("it must begin with https://"),
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let is_odd = |it: char| it.is_control() || it.is_whitespace() || it == '\\';
    let is_bad = host.is_empty() || host.contains('@') || url.chars().any(is_odd);
    is_bad.then_some("it is no address of a server")
}

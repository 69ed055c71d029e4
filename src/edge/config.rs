use std::cell::OnceCell;
use std::rc::Rc;

use sha2::{Digest, Sha256};
use worker::Env;

use super::{clock, log, panic, platform};
use crate::admission::{Doors, Keys, Origins, Policy, Revoked};
use crate::budget::Budget;
use crate::feature::{self, Configured, Share};
use crate::limits::Limits;

/// Everything an operator can set. It cannot change while an isolate lives.
pub(super) struct Config {
    pub(super) limits: Limits,
    pub(super) policy: Policy,
    /// What a scraper shows to read the metrics.
    metrics_token: Option<String>,
    /// What all that this isolate holds for clients is taken from.
    pub(super) budget: Budget,
    /// What its rooms share of features.
    pub(super) shared: feature::Shared,
}

/// Shortest bearer taken, in bytes: a shorter one can be guessed.
const METRICS_TOKEN_BYTES_MIN: usize = 16;

thread_local! {
    static CONFIG: OnceCell<Rc<Config>> = const { OnceCell::new() };
}

impl Config {
    /// Read from the environment once per isolate.
    pub(super) fn of(env: &Env) -> Rc<Self> {
        let read = || {
            panic::report();
            Rc::new(Self::read(env))
        };
        CONFIG.with(|config| Rc::clone(config.get_or_init(read)))
    }

    /// Whether this is the bearer for the metrics. By their digests, so that the time it
    /// takes says nothing about how much of it is right.
    pub(super) fn is_metrics_token(&self, shown: &str) -> bool {
        let token = self.metrics_token.as_deref().filter(|it| METRICS_TOKEN_BYTES_MIN <= it.len());
        token.is_some_and(|it| Sha256::digest(it) == Sha256::digest(shown))
    }

    fn read(env: &Env) -> Self {
        let variable = |name: &str| platform::variable(env, name);
        let (limits, unreadable) = Limits::read(variable);
        for name in unreadable {
            worker::console_error!(
                "{name} is no number this limit can be; its default is in force"
            );
        }
        let development = feature::is_development(&variable);
        let secret = variable("JWT_SECRET");
        match &secret {
            Some(secret) => log::set_address_key(secret.as_bytes()),
            // Good for one isolate's log.
            None => log::set_address_key(clock::epoch().0.as_bytes()),
        }
        let (keys, mut faults) = Keys::read(variable, development);
        let features = Rc::new(feature::Config::read(&variable, &mut faults));
        for fault in faults {
            worker::console_error!("{fault}");
        }
        let origins = Origins::parse(&variable("ALLOWED_ORIGINS").unwrap_or_default(), development);
        if origins.allow_any() {
            worker::console_warn!(
                "ALLOWED_ORIGINS is *: pages of every origin may connect, with the tokens they hold"
            );
        }
        let (doors, unreadable) = Doors::read(variable, development);
        for name in unreadable {
            worker::console_error!("{name} is neither on nor off, so it is off");
        }
        let revoked = Rc::new(Revoked::needed());
        let policy = Policy { keys, origins, doors, revoked, features, development };
        let (metrics_token, budget) = (variable("METRICS_TOKEN"), Budget::new(limits.budget_bytes));
        let shared = feature::Shared::new(&budget);
        Self { limits, policy, metrics_token, budget, shared }
    }
}

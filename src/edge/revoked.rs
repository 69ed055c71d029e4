//! The list of what was taken back that this isolate goes by, and how its object is asked.

use worker::{Env, Error, Result};

use super::config::Config;
use super::directories::{REVOCATIONS, ask_object};
use super::{clock, log};
use crate::directory::{Ask, RevocationAsk};
use crate::message::Millis;

/// How long the object may take to tell the list, in milliseconds: whoever comes waits for it.
const PATIENCE_MS: f64 = 2_000.0;

/// Brings the isolate's list up to date, if it is old. Where that fails, the last one is gone by for
/// a while: what is decided by it says so when that is over.
pub(super) async fn refresh(env: &Env, config: &Config) {
    let asked_at = clock::now();
    if let Some(version) = config.policy.revoked.asks(asked_at) {
        ask_since(env, config, version, asked_at).await;
    }
}

/// The same, however old it is: for who has let somebody in by it.
pub(super) async fn refresh_now(env: &Env, config: &Config) {
    let asked_at = clock::now();
    let version = config.policy.revoked.asks_anew(asked_at);
    ask_since(env, config, version, asked_at).await;
}

async fn ask_since(env: &Env, config: &Config, version: u64, asked_at: Millis) {
    let revoked = &config.policy.revoked;
    match ask(env, RevocationAsk::Since(version), PATIENCE_MS).await {
        Ok(list) => revoked.told(asked_at, list),
        Err(error) => {
            revoked.failed();
            log::broke("revocations", &error.to_string());
        }
    }
}

/// Asks the object that keeps it.
pub(super) async fn ask<T: serde::de::DeserializeOwned>(
    env: &Env,
    ask: RevocationAsk,
    patience_ms: f64,
) -> Result<T> {
    let answer = ask_object(env, REVOCATIONS, &Ask::Revocations(ask), patience_ms).await?;
    serde_json::from_str(&answer).map_err(Error::from)
}

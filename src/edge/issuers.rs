//! Keys that issuers keep at an address (Z15), fetched when a token needs them. They are kept by the
//! isolate, for the Worker and for the rooms in it alike: handed over with a connection they would be
//! as old as that when it renews its token, and would be stored with each. A room that is in another
//! isolate than the Worker fetches them once more.

use std::time::Duration;

use js_sys::{Array, Error};
use worker::Delay;

use super::{breakers, clock, log, platform};
use crate::admission::{Keys, PATIENCE_MS, SET_BYTES_MAX, Step, Wanted};
use crate::message::UserId;

/// What log and breaker call it.
const SERVICE: &str = "keys";

/// How often who waits for another one's answer looks, in milliseconds. It does not wait for the
/// promise: that is another request's, and ends with it.
const LOOK_MS: u64 = 50;

/// How often at most: for as long as two that ask one after the other may take.
const LOOKS_MAX: u64 = 2 * PATIENCE_MS / LOOK_MS;

/// Makes sure that what can be known of a token's keys is known.
pub(super) async fn ready(keys: &Keys, token: &str) {
    if let Some(wanted) = keys.wanted(token) {
        let step = keys.step(&wanted, clock::now());
        follow(keys, &wanted, step).await;
    }
}

/// The same for a token that was looked at: beginning with this step.
pub(super) async fn follow(keys: &Keys, wanted: &Wanted, mut step: Step) {
    for _ in 0..LOOKS_MAX {
        match step {
            Step::Judge => return,
            Step::Wait => Delay::from(Duration::from_millis(LOOK_MS)).await,
            Step::Ask(url) => return ask(keys, wanted, &url).await,
        }
        step = keys.step(wanted, clock::now());
    }
}

async fn ask(keys: &Keys, wanted: &Wanted, url: &str) {
    let answer = if breakers::admit_call(SERVICE, url).is_ok() {
        let answer = fetch(url).await;
        breakers::call_went(SERVICE, url, &UserId(url.to_owned()), answer.is_ok());
        answer
    } else {
        Err("it failed too often of late".to_owned())
    };
    let answer = answer.as_ref().map(|(text, cache)| (text.as_str(), cache.as_deref()));
    let random = clock::clock().new_id().as_u64_pair().1;
    for line in keys.answered(wanted, answer.map_err(Clone::clone), clock::now(), random) {
        log::broke(SERVICE, &line);
    }
}

/// The answer's text, and its `Cache-Control`.
#[expect(clippy::cast_precision_loss, reason = "a length and a duration stay below 2^53")]
async fn fetch(url: &str) -> Result<(String, Option<String>), String> {
    let answer = platform::fetch_keys(url, PATIENCE_MS as f64, SET_BYTES_MAX as f64).await;
    let answer = answer.map_err(|it| String::from(Error::from(it).message()))?;
    let answer = Array::from(&answer);
    Ok((answer.get(0).as_string().unwrap_or_default(), answer.get(1).as_string()))
}

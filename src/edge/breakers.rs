//! The circuit breakers of this isolate (A29): one for each room or shard that fails, so
//! that a broken one shuts out no other.

use std::cell::RefCell;

use litemap::LiteMap;

use super::clock;
use crate::breaker::{Breaker, Breakers, ServiceBreakers, State};
use crate::message::{Code, ProtocolError, UserId};

thread_local! {
    /// Those that failed of late. What works is not in it.
    static FAILING: RefCell<LiteMap<String, Breakers>> = const { RefCell::new(LiteMap::new()) };
    /// Those before services of others.
    static SERVICES: RefCell<ServiceBreakers> = const { RefCell::new(ServiceBreakers::new()) };
}

/// How many are watched at once: enough for a real outage to show, little to keep.
const FAILING_MAX: usize = 256;

/// Whether to try at all what concerns this room or shard.
pub(super) fn admit(which: Breaker, whose: &str) -> Result<(), ProtocolError> {
    admit_for(which, whose).map_err(error)
}

/// The same; if not, after how many milliseconds it may be tried.
pub(super) fn admit_for(which: Breaker, whose: &str) -> Result<(), u64> {
    FAILING.with_borrow_mut(|failing| {
        failing.get_mut(whose).map_or(Ok(()), |it| it.admit(which, clock::now()))
    })
}

fn error(wait_ms: u64) -> ProtocolError {
    ProtocolError {
        retry_after: Some(wait_ms.div_ceil(1000)),
        ..ProtocolError::new(Code::Unavailable, "this failed too often just now; try later")
    }
}

/// Whether to call this service in this scope; if not, after how many milliseconds it may be.
pub(super) fn admit_call(service: &'static str, scope: &str) -> Result<(), u64> {
    let now = clock::now();
    SERVICES.with_borrow_mut(|it| it.admit(service, scope, now))
}

/// How such a call went, on behalf of this user.
pub(super) fn call_went(service: &'static str, scope: &str, user: &UserId, well: bool) {
    let now = clock::now();
    SERVICES.with_borrow_mut(|it| {
        if well { it.succeeded(service, scope, now) } else { it.failed(service, scope, user, now) }
    });
}

/// Whether anything failed of late: if not, there is no success to report either.
pub(super) fn are_watching() -> bool {
    FAILING.with_borrow(|failing| !failing.is_empty())
}

/// How it went.
pub(super) fn went(which: Breaker, whose: &str, well: bool) {
    FAILING.with_borrow_mut(|failing| {
        let now = clock::now();
        if !well {
            if FAILING_MAX <= failing.len() {
                failing.retain(|_, it| !is_closed(it));
            }
            if failing.len() < FAILING_MAX || failing.contains_key(whose) {
                failing.entry(whose.to_owned()).or_default().failed(which, now);
            }
        } else if let Some(breakers) = failing.get_mut(whose) {
            breakers.succeeded(which, now);
            if is_closed(breakers) {
                failing.remove(whose);
            }
        }
    });
}

fn is_closed(breakers: &Breakers) -> bool {
    breakers.states(clock::now()).all(|(_, state)| state == State::Closed)
}

/// How one stands.
pub(super) fn state(which: Breaker, whose: &str) -> State {
    let state = |breakers: &Breakers| breakers.state(which, clock::now());
    FAILING.with_borrow(|failing| failing.get(whose).map_or(State::Closed, state))
}

/// Each of them, for the metrics, which show the worst.
pub(super) fn states() -> Vec<(Breaker, State)> {
    let now = clock::now();
    let services = SERVICES.with_borrow(|it| it.states(now).max().unwrap_or_default());
    FAILING.with_borrow(|failing| {
        let states = failing.values().flat_map(|it| it.states(now));
        states.chain([(Breaker::Outbound, services)]).collect()
    })
}

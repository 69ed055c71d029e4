//! The circuit breakers of this isolate (A29): one for each room or shard that fails, so
//! that a broken one shuts out no other.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::clock;
use crate::breaker::{Breaker, Breakers, State};
use crate::message::{Code, Refusal};

thread_local! {
    /// Those that failed of late. What works is not in it.
    static FAILING: RefCell<BTreeMap<String, Breakers>> = const { RefCell::new(BTreeMap::new()) };
}

/// How many are watched at once: enough for a real outage to show, little to keep.
const FAILING_MAX: usize = 256;

/// Whether to try at all what concerns this room or shard.
pub(super) fn admit(which: Breaker, whose: &str) -> Result<(), Refusal> {
    let admitted = FAILING.with_borrow_mut(|failing| {
        failing.get_mut(whose).map_or(Ok(()), |it| it.admit(which, clock::now()))
    });
    admitted.map_err(|wait_ms| Refusal {
        retry_after: Some(wait_ms.div_ceil(1000)),
        ..Refusal::new(Code::Unavailable, "this failed too often just now; try later")
    })
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

/// The worst of each, for the metrics.
pub(super) fn states() -> Vec<(Breaker, State)> {
    FAILING.with_borrow(|failing| {
        let now = clock::now();
        let worst = |which| failing.values().map(|it| it.state(which, now)).max();
        Breaker::ALL.map(|it| (it, worst(it).unwrap_or(State::Closed))).into()
    })
}

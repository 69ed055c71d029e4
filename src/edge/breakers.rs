//! The isolate's circuit breakers (A29).

use std::cell::RefCell;

use super::clock;
use crate::breaker::{Breaker, Breakers, State};
use crate::message::{Code, Refusal};

thread_local! {
    static BREAKERS: RefCell<Breakers> = RefCell::default();
}

/// Whether to try at all.
pub(super) fn admit(which: Breaker) -> Result<(), Refusal> {
    let admitted = BREAKERS.with_borrow_mut(|it| it.admit(which, clock::now()));
    admitted.map_err(|wait_ms| Refusal {
        retry_after: Some(wait_ms.div_ceil(1000)),
        ..Refusal::new(Code::Unavailable, "this failed too often just now; try later")
    })
}

/// How it went.
pub(super) fn went(which: Breaker, well: bool) {
    BREAKERS.with_borrow_mut(|it| {
        let now = clock::now();
        if well { it.succeeded(which, now) } else { it.failed(which, now) }
    });
}

/// For the metrics.
pub(super) fn states() -> Vec<(Breaker, State)> {
    BREAKERS.with_borrow(|it| it.states(clock::now()).collect())
}

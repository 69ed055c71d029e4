//! Time and randomness: Rust reads them here and nowhere else.

use std::cell::RefCell;

use crate::host;
use crate::message::{Clock, ConnectionId, Epoch, Millis};

/// The clock of whatever drives a room.
pub(super) struct ClockSource;

impl host::ClockSource for ClockSource {
    fn now(&self) -> Millis {
        now()
    }

    fn clock(&self) -> Clock {
        clock()
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a time")]
pub(super) fn now() -> Millis {
    Millis(js_sys::Date::now() as u64)
}

pub(super) fn clock() -> Clock {
    Clock::new(now(), random())
}

/// A name for who or what has none: a UUID v7.
pub(super) fn new_id() -> String {
    clock().new_id().to_string()
}

pub(super) fn connection_id() -> ConnectionId {
    ConnectionId::from_bits(u64::from_be_bytes(random()))
}

/// The name of a new log.
pub(super) fn epoch() -> Epoch {
    Epoch(format!("{:016x}", u64::from_be_bytes(random())))
}

thread_local! {
    /// Randomness fetched ahead: a call into the platform for every message would cost
    /// more than the message's own id.
    static POOL: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

const POOL_BYTES: usize = 1024;

/// From the platform's generator. Should it ever fail, ids may repeat within a
/// millisecond; nothing secret is made of this.
fn random<const N: usize>() -> [u8; N] {
    POOL.with_borrow_mut(|pool| {
        if pool.len() < N {
            pool.resize(POOL_BYTES, 0);
            if getrandom::fill(pool).is_err() {
                worker::console_error!("no randomness from the platform");
            }
        }
        let mut bytes = [0; N];
        let rest = pool.len().saturating_sub(N);
        for (to, from) in bytes.iter_mut().zip(pool.drain(rest..)) {
            *to = from;
        }
        bytes
    })
}

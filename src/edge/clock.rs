//! Time and randomness, read here and nowhere else.

use worker::Date;

use crate::message::{Epoch, Millis, SessionId, Stamp};

pub(super) fn now() -> Millis {
    Millis(Date::now().as_millis())
}

pub(super) fn stamp() -> Stamp {
    Stamp::new(now(), random())
}

pub(super) fn session_id() -> SessionId {
    SessionId::from_bits(u64::from_be_bytes(random()))
}

/// The name of a new log.
pub(super) fn epoch() -> Epoch {
    Epoch(format!("{:016x}", u64::from_be_bytes(random())))
}

/// From the platform's generator. Should it ever fail, ids may repeat within a
/// millisecond; nothing secret is made of this.
fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    if getrandom::fill(&mut bytes).is_err() {
        worker::console_error!("no randomness from the platform");
    }
    bytes
}

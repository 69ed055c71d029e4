//! The one alarm of a room.

use std::rc::Rc;

use js_sys::Promise;

use super::Shared;
use crate::edge::clock::{self, ClockSource};
use crate::edge::platform;
use crate::host::{GATHER_MS, Wake};

/// After a failed alarm: soon enough for typing to expire, late enough for a passing
/// fault to pass.
const ALARM_RETRY_MS: u64 = 5_000;

impl Shared {
    /// Never fails: the platform would give up on an alarm after six times. Gives when the next
    /// one is set. The platform forgets this one when it is through: should the process die
    /// between that and the next, a room that owes something would not wake by itself.
    pub(super) fn alarm(self: &Rc<Self>) -> Option<Promise> {
        self.drive(|driver| driver.alarm(&ClockSource)).unwrap_or_else(|_| {
            self.arm(Wake { at: clock::now().plus(ALARM_RETRY_MS), may_wait: false })
        })
    }

    /// Should the object vanish before an alarm that waits is set, its sockets vanish too, or
    /// its next wake arms it. Gives when it is set, if it is set at once.
    #[expect(clippy::cast_precision_loss, reason = "a time stays below 2^53")]
    pub(super) fn arm(&self, Wake { at, may_wait }: Wake) -> Option<Promise> {
        let (state, at_ms) = (self.state.as_raw(), at.0 as f64);
        let armed = if may_wait {
            platform::set_alarm_later(state, at_ms, GATHER_MS as f64).map(|()| None)
        } else {
            platform::set_alarm(state, at_ms).map(Some)
        };
        armed.unwrap_or_else(|_| {
            worker::console_error!("the alarm was not set");
            None
        })
    }
}

//! Large data on its way to those who fetch it: on and on, as long as somebody takes it.

use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::time::Duration;

use worker::{Delay, Result};

use super::{Awake, Shared};
use crate::edge::clock;
use crate::host::{Flush, Pumped};

/// Between two rounds, in milliseconds: the turns in between are others'.
const ROUND_MS: u64 = 2;

/// While nobody takes anything, twice as long each time, up to this; from then on only the
/// alarm looks again, so that who has stopped reading does not keep the room awake.
const ROUND_MS_MAX: u64 = 1024;

/// When a room goes on.
#[derive(Debug, Default)]
pub(super) struct Pump {
    is_timer_set: bool,
    wait_ms: u64,
}

impl Shared {
    /// Sends what the sockets take, and sets a timer while anything is left.
    pub(super) fn pump(self: &Rc<Self>, awake: &mut Awake) -> Result<()> {
        let pumped = awake.host.pump(clock::stamp)?;
        let pump = &mut awake.pump;
        match pumped {
            Pumped::All => {
                pump.wait_ms = 0;
                return Ok(());
            }
            Pumped::Some => pump.wait_ms = ROUND_MS,
            // Others' events come more often than the timer, and do not lengthen it.
            Pumped::None if pump.is_timer_set => return Ok(()),
            Pumped::None => pump.wait_ms = pump.wait_ms.max(ROUND_MS).saturating_mul(2),
        }
        if ROUND_MS_MAX < pump.wait_ms || std::mem::replace(&mut pump.is_timer_set, true) {
            return Ok(());
        }
        let (shared, wait) = (AssertUnwindSafe(Rc::clone(self)), pump.wait_ms);
        wasm_bindgen_futures::spawn_local(async move {
            Delay::from(Duration::from_millis(wait)).await;
            shared.pump_on();
        });
        Ok(())
    }

    fn pump_on(self: &Rc<Self>) {
        // A failure is in the log; the room's next wake goes on where it was.
        drop(self.awake(|awake| {
            awake.pump.is_timer_set = false;
            Ok(Flush::No)
        }));
    }
}

//! The one alarm of a room.

use std::collections::BTreeMap;
use std::rc::Rc;

use worker::WebSocket;

use super::Shared;
use crate::edge::sockets::EdgeSockets;
use crate::edge::{clock, platform};
use crate::host::{Flush, GATHER_MS};
use crate::message::{Millis, SessionId};
use crate::room::Input;

/// An alarm this far off (silence, tokens, retention) is set a millisecond later: setting it is a write, for
/// whose commit the response to a joining client would wait.
pub(super) const ARM_LATER_MS: u64 = 60_000;

/// After a failed alarm: soon enough for typing to expire, late enough for a passing
/// fault to pass.
const ALARM_RETRY_MS: u64 = 5_000;

impl Shared {
    /// The one alarm. Never fails: the platform would give up on it after six times.
    pub(super) fn alarm(self: &Rc<Self>) {
        let rung = self.awake(|awake| {
            awake.armed_at = None;
            let stamp = clock::stamp();
            let heard = if awake.host.room().sweep_is_due(stamp.at) {
                self.heard(&awake.host.sockets)
            } else {
                BTreeMap::new()
            };
            let flush = awake.host.handle(Input::Alarm { heard }, stamp)?;
            // At once even within a burst, so that what the alarm did is seen when it re-arms.
            awake.host.flush(clock::now())?;
            Ok(if flush == Flush::Later { Flush::No } else { flush })
        });
        if rung.is_err() {
            self.arm(clock::now().plus(ALARM_RETRY_MS));
        }
    }

    /// When the platform last answered each socket's pings for us.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a time")]
    pub(super) fn heard(&self, sockets: &EdgeSockets) -> BTreeMap<SessionId, Millis> {
        let at = |socket: &WebSocket| {
            platform::auto_response_at(self.state.as_raw(), socket.as_ref()).ok().flatten()
        };
        sockets.iter().filter_map(|(id, it)| Some((id, Millis(at(it)? as u64)))).collect()
    }

    /// Should the object vanish before, its sockets vanish too, or its next wake arms it.
    #[expect(clippy::cast_precision_loss, reason = "a time stays below 2^53")]
    pub(super) fn arm_later(&self, at: Millis) {
        let state = self.state.as_raw();
        if platform::set_alarm_later(state, at.0 as f64, GATHER_MS as f64).is_err() {
            worker::console_error!("the alarm was not set");
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "a time stays below 2^53")]
    pub(super) fn arm(&self, at: Millis) {
        if platform::set_alarm(self.state.as_raw(), at.0 as f64).is_err() {
            worker::console_error!("the alarm was not set");
        }
    }
}

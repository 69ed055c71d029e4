//! Whom a room calls: other rooms, and services of others.

use crate::feature::Call;
use crate::feature::metrics::MetricCall;
use std::rc::Rc;

use super::Shared;

impl Shared {
    /// Starts a call. What comes of it is another input.
    pub(super) fn call(self: &Rc<Self>, outbound: Call) {
        match outbound {
            Call::Metrics(MetricCall::Observe) => self.observe(),
            Call::Metrics(MetricCall::Measures(measures)) => self.tell_measures(measures),
            Call::Conversations(question) => self.respond(*question),
            Call::Transfers(never) | Call::Documents(never) => match never {},
        }
    }
}

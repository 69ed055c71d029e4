//! Whom a room calls: other rooms, and services of others.

use crate::feature::Call;
use crate::feature::metrics::MetricCall;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;

use js_sys::Promise;
use wasm_bindgen_futures::JsFuture;

use super::Shared;

impl Shared {
    /// Starts a call, once this has come to pass.
    pub(super) fn call_once(self: &Rc<Self>, ready: Option<Promise>, call: Call) {
        let Some(ready) = ready else { return self.call(call) };
        let shared = AssertUnwindSafe(Rc::clone(self));
        wasm_bindgen_futures::spawn_local(async move {
            // An alarm that could not be set is in the log.
            drop(JsFuture::from(ready).await);
            shared.call(call);
        });
    }

    /// Starts a call. What comes of it is another input.
    fn call(self: &Rc<Self>, outbound: Call) {
        match outbound {
            Call::Metrics(MetricCall::Observe) => self.observe(),
            Call::Metrics(MetricCall::Measures(measures)) => self.tell_measures(measures),
            Call::Conversations(question) => self.respond(*question),
            Call::Transfers(never)
            | Call::Documents(never)
            | Call::Messages(never)
            | Call::Workflows(never) => match never {},
        }
    }
}

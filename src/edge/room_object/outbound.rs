//! Whom a room calls: other rooms, and services of others.

use std::rc::Rc;

use super::Shared;
use crate::kernel::Outbound;

impl Shared {
    /// Starts a call. What comes of it is another input.
    pub(super) fn call(self: &Rc<Self>, outbound: Outbound) {
        match outbound {
            Outbound::Observe => self.observe(),
            Outbound::Measures(measures) => self.tell_measures(measures),
            Outbound::Respond(question) => self.respond(*question),
        }
    }
}

//! A room's reports to the directory: at most one an interval, none while nothing happens.

use std::panic::AssertUnwindSafe;
use std::rc::Rc;

use super::Shared;
use crate::breaker::Breaker;
use crate::directory::{Ask, Report};
use crate::edge::{breakers, directories, directory_object, log};
use crate::host::Activity;

/// Whose breaker it is: all shards are one service.
const DIRECTORY: &str = "directory";

impl Shared {
    /// Tells the directory that this room is no more. If that fails it is listed, empty, until
    /// it is one again.
    pub(super) fn forget(self: &Rc<Self>) {
        let shared = AssertUnwindSafe(Rc::clone(self));
        wasm_bindgen_futures::spawn_local(async move {
            let address = shared.address();
            let told =
                directories::tell(&shared.env, &address, &Ask::Forget(address.clone())).await;
            if let Err(error) = told {
                log::broke(&address, &error.to_string());
            }
        });
    }

    /// Tells the directory what happened.
    pub(super) fn report(self: &Rc<Self>, activity: Activity) {
        let Some(name) = self.name() else { return };
        let Activity { connections, active, is_empty, tally, gauges } = activity;
        let report = Report {
            room: format!("{}:{name}", self.kind.as_str()),
            connections,
            active,
            is_empty,
            tally,
            // Its own: of the others it knows only what was, not what is.
            breakers: vec![(Breaker::Storage, breakers::state(Breaker::Storage, &self.address()))],
            gauges,
        };
        directory_object::write_data_point(&self.env, self.kind, &report);
        let shared = AssertUnwindSafe(Rc::clone(self));
        wasm_bindgen_futures::spawn_local(async move {
            if breakers::admit(Breaker::Outbound, DIRECTORY).is_ok() {
                let ask = Ask::Report(report.clone());
                let told = directories::tell(&shared.env, &report.room, &ask).await;
                breakers::went(Breaker::Outbound, DIRECTORY, told.is_ok());
                if let Err(error) = told {
                    log::failed(shared.kind, &name, &error.to_string());
                    shared.take_back(&report);
                }
            } else {
                shared.take_back(&report);
            }
            // Who came in by a list that was a second old. Of what is taken back from here on the room is told;
            // of what was before, and since they came, it was not where the directory did not know it.
            let was_known = report.tally.opened < report.connections;
            match report.tally.opened {
                0 => {}
                _ if was_known => shared.look_at_tokens().await,
                _ => shared.look_at_tokens_now().await,
            }
        });
    }

    /// What could not be reported is reported with the next.
    fn take_back(&self, report: &Report) {
        if let Ok(mut slot) = self.awake.try_borrow_mut()
            && let Some(driver) = slot.as_mut()
        {
            return driver.keep_tally(&report.tally);
        }
        self.unreported.borrow_mut().add(&report.tally);
    }
}

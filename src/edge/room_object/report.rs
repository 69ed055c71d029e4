//! A room's reports to the directory: at most one an interval, none while nothing happens.

use std::panic::AssertUnwindSafe;
use std::rc::Rc;

use super::{Awake, Shared};
use crate::breaker::Breaker;
use crate::directory::{Ask, Report};
use crate::edge::{breakers, clock, directory_object, log};
use crate::message::Millis;

/// After a quiet time, in milliseconds: a short visit is over by then, and told in one
/// report, without which the room would stay awake for another interval.
const FIRST_REPORT_MS: u64 = 1000;

/// Whose breaker it is: all shards are one service.
const DIRECTORY: &str = "directory";

impl Shared {
    /// Reports what happened, if it is time, or says when it will be.
    pub(super) fn report_if_due(self: &Rc<Self>, awake: &mut Awake) -> Option<Millis> {
        if !awake.host.has_news() {
            return None;
        }
        let now = clock::now();
        let report_ms = self.config.limits.report_ms;
        let due = *awake.report_at.get_or_insert(now.plus(FIRST_REPORT_MS.min(report_ms)));
        // A clock set back must not silence it.
        if now < due && due.since(now) <= report_ms {
            return Some(due);
        }
        awake.report_at = Some(now.plus(report_ms));
        self.report(awake, now);
        None
    }

    /// Tells the directory that this room is no more. If that fails it is listed, empty, until
    /// it is one again.
    pub(super) fn forget(self: &Rc<Self>) {
        let shared = AssertUnwindSafe(Rc::clone(self));
        wasm_bindgen_futures::spawn_local(async move {
            let address = shared.address();
            let told =
                directory_object::tell(&shared.env, &address, &Ask::Forget(address.clone())).await;
            if let Err(error) = told {
                log::broke(&address, &error.to_string());
            }
        });
    }

    fn report(self: &Rc<Self>, awake: &mut Awake, now: Millis) {
        let Some(name) = self.name() else { return };
        let (connections, active) =
            awake.host.room().connections(now, &self.heard(&awake.host.sockets));
        let tally = awake.host.take_tally();
        let report = Report {
            room: format!("{}:{name}", self.kind.as_str()),
            connections,
            active,
            is_empty: connections == 0 && awake.host.room().is_empty(),
            tally,
            // Its own: of the others it knows only what was, not what is.
            breakers: vec![(Breaker::Storage, breakers::state(Breaker::Storage, &self.address()))],
        };
        directory_object::write_data_point(&self.env, self.kind, &report);
        let shared = AssertUnwindSafe(Rc::clone(self));
        wasm_bindgen_futures::spawn_local(async move {
            if breakers::admit(Breaker::Outbound, DIRECTORY).is_err() {
                return shared.take_back(&report);
            }
            let told =
                directory_object::tell(&shared.env, &report.room, &Ask::Report(report.clone()))
                    .await;
            breakers::went(Breaker::Outbound, DIRECTORY, told.is_ok());
            if let Err(error) = told {
                log::failed(shared.kind, &name, &error.to_string());
                shared.take_back(&report);
            }
        });
    }

    /// What could not be reported is reported with the next.
    fn take_back(&self, report: &Report) {
        if let Ok(mut slot) = self.awake.try_borrow_mut()
            && let Some(awake) = slot.as_mut()
        {
            return awake.host.keep_tally(&report.tally);
        }
        self.unreported.borrow_mut().add(&report.tally);
    }
}

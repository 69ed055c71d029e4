use std::cell::RefCell;

use worker::{
    AnalyticsEngineDataPointBuilder, DurableObject, Env, Request, Response, Result, State,
    durable_object, wasm_bindgen,
};

use super::config::Config;
use super::database::EdgeDatabase;
use super::revoker::Revoker;
use super::{clock, log};
use crate::directory::{Ask, Directory, Report};
use crate::limits::Limits;
use crate::message::Kind;

/// One shard of the directory: which rooms there are, and what they did.
#[durable_object(alarm)]
pub struct DirectoryDurableObject {
    state: std::panic::AssertUnwindSafe<State>,
    env: std::panic::AssertUnwindSafe<Env>,
    limits: Limits,
    /// Read once per wake; forgotten after a failure.
    directory: std::panic::AssertUnwindSafe<RefCell<Option<Directory<EdgeDatabase>>>>,
}

impl DurableObject for DirectoryDurableObject {
    fn new(state: State, env: Env) -> Self {
        Self {
            state: std::panic::AssertUnwindSafe(state),
            limits: Config::of(&env).limits,
            env: std::panic::AssertUnwindSafe(env),
            directory: std::panic::AssertUnwindSafe(RefCell::default()),
        }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        let Ok(ask) = serde_json::from_str::<Ask>(&request.text().await?) else {
            return Response::error("not sent by the Worker or a room", 403);
        };
        let answered = match ask {
            Ask::Revocations(ask) => self.revocations().answer(ask).await,
            Ask::Report(_) | Ask::Forget(_) | Ask::Summary | Ask::List(_) => self.answer(&ask),
        };
        if let Err(error) = &answered {
            *self.directory.borrow_mut() = None;
            log::broke("directory", &error.to_string());
        }
        answered
    }

    async fn alarm(&self) -> Result<Response> {
        self.revocations().ring().await;
        Response::empty()
    }
}

/// A room with sockets wakes at least once in the time after which silence closes them,
/// and reports then; this many such times without a report, and it died.
const MISSED_MAX: u64 = 3;

/// Where silence never closes a socket, a day.
const GAUGE_MS: u64 = 24 * 60 * 60 * 1000;

impl DirectoryDurableObject {
    /// What the one object of this class does that is called [`super::directories::REVOCATIONS`].
    fn revocations(&self) -> Revoker<'_> {
        Revoker { state: &self.state, env: &self.env, report_ms: self.limits.report_ms }
    }

    fn answer(&self, ask: &Ask) -> Result<Response> {
        let now = clock::now();
        let mut slot = self.directory.borrow_mut();
        if slot.is_none() {
            let gauge_ms = match self.limits.inactivity_ms {
                0 => GAUGE_MS,
                inactivity_ms => MISSED_MAX.saturating_mul(inactivity_ms),
            };
            *slot = Some(Directory::open(EdgeDatabase::new(&self.state), gauge_ms, now)?);
        }
        let Some(directory) = slot.as_mut() else { return Response::error("not open", 500) };
        match ask {
            Ask::Report(report) => directory.absorb(report, now).and_then(|()| Response::empty()),
            Ask::Forget(room) => directory.forget(room).and_then(|()| Response::empty()),
            Ask::Summary => Response::from_json(&directory.summary(now)?),
            Ask::List(listing) => Response::from_json(&directory.list(listing)?),
            Ask::Revocations(_) => Response::error("asked of another object", 403),
        }
    }
}

/// A point for Analytics Engine, where there is such a binding.
pub(super) fn write_data_point(env: &Env, kind: Kind, report: &Report) {
    let Ok(dataset) = env.analytics_engine("METRICS") else { return };
    let tally = &report.tally;
    #[expect(clippy::cast_precision_loss, reason = "counts of ten seconds")]
    let doubles = [
        report.connections,
        report.active,
        tally.received,
        tally.sent,
        tally.received_bytes,
        tally.sent_bytes,
        tally.refused,
        tally.failed,
        tally.handling_us,
    ]
    .map(|it| it as f64);
    // An index has at most 96 bytes.
    let index = report.room.get(..report.room.floor_char_boundary(96)).unwrap_or_default();
    let point = AnalyticsEngineDataPointBuilder::new()
        .indexes([index].as_slice())
        .add_blob(kind.as_str())
        .doubles(doubles)
        .build();
    if let Err(error) = dataset.write_data_point(&point) {
        log::broke("metrics", &error.to_string());
    }
}

//! The directory: which rooms there are, and what all of them do together (A40, X22).
//!
//! A room knows only itself. It reports to one of [`SHARDS`] directories; what is asked of
//! the whole service is asked of all of them, and merged. Monitoring, not a promise: a
//! report that is lost stays lost.

mod counts;
mod listing;
mod prometheus;
mod report;
mod revocations;
mod store;
mod summary;
mod views;

pub use counts::Stretch;
pub use listing::{Addresses, Listed, Listing, merge_pages};
pub use prometheus::PROMETHEUS_TYPE;
pub use report::{Ask, Report, shard_of};
pub use revocations::{
    KeptRevocation, REVOCATION_MIGRATIONS, REVOCATIONS_MAX, RevocationAsk, Revocations, Revoking,
    Walk,
};
pub use store::{Directory, MIGRATIONS};
pub use summary::Summary;
pub use views::{
    ConnectionMetrics, ErrorMetrics, Gauges, Health, MessageMetrics, Metrics, Performance, Status,
};

/// Directories beside each other. An object serves some hundreds of requests a second, so
/// eight take the reports of thousands of busy rooms, and are few enough to ask all of them.
/// Stored by where rooms are listed: with another number they are listed twice.
pub const SHARDS: u32 = 8;

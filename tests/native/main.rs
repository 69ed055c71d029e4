//! The whole server, minus Cloudflare: `cargo test`.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

mod admission;
mod dialect;
mod history;
mod host;
mod outbox;
mod room;
mod sleep;
mod support;
mod tidy;
mod world;

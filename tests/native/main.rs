//! The whole server, minus Cloudflare: `cargo test`.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "a test may panic, and looks for one thing among others"
)]

mod addresses;
mod admission;
mod breaker;
mod dialect;
mod directory;
mod directory_views;
mod document;
mod document_converges;
mod document_replica;
mod heartbeat;
mod history;
mod host;
mod lanes;
mod outbox;
mod room;
mod schema;
mod schema_http;
mod sleep;
mod sleep_hub;
mod support;
mod tidy;
mod vectors;
mod world;

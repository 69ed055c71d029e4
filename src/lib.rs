//! Dormouse: real-time rooms at the edge.
//!
//! Modules in reading order; each may use only those above it, which a test
//! checks (`tests/native/tidy.rs`). `docs/ARCHITECTURE.md` says why.

pub mod limits;
pub mod message;

pub mod rates;

pub mod budget;

pub mod database;

pub mod outgoing;

pub mod feature;

pub mod tally;

pub mod breaker;

pub mod sampling;

pub mod close;

pub mod kernel;

pub mod echo;

pub mod protocol;

pub mod history;

pub mod directory;

pub mod admission;

pub mod api;

pub mod host;

#[cfg(not(target_arch = "wasm32"))]
pub mod schema;

#[cfg(target_arch = "wasm32")]
mod edge;

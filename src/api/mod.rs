//! The HTTP API (G1 and on): a request's words in, a call out; answers in, JSON out. No I/O.

mod answer;
mod call;
mod caller;
mod errand;
mod problem;
mod rates;
pub mod responder;

pub use answer::{Answer, Batch, Outcome, Rooms};
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use answer::{History, Kicked, Presence};
pub use call::{Call, NoCall, RoomCall, Thing};
pub use caller::Caller;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use errand::Addressed;
pub use errand::{Destination, Errand, EventIn, Task, read_batch, read_event};
pub use problem::Problem;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use problem::title;
pub use rates::{Cost, PAGE_BYTES_A_CALL, Rates};

//! The HTTP API (G1 and on): a request's words in, a call out; answers in, JSON out. No I/O.

mod answer;
mod call;
mod caller;
mod problem;
mod rates;
mod room_call;
mod room_request;

pub use answer::{Answer, Batch, Outcome, Rooms};
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use answer::{History, Kicked, Presence};
pub use call::{Call, NoCall};
pub use caller::Caller;
pub use problem::Problem;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use problem::title;
pub use rates::{Cost, PAGE_BYTES_A_CALL, Rates};
pub(crate) use room_call::CALLS as KERNEL_CALLS;
pub use room_call::{Asked, Reads, RoomCall};
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use room_request::Addressed;
pub use room_request::{Destination, EventIn, RoomRequest, Task, read_batch, read_event};

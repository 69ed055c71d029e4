//! The HTTP API (G1 and on): a request's words in, a call out; answers in, JSON out. No I/O.

mod answer;
mod call;
mod caller;
mod event_in;
mod problem;
mod rates;
mod revoking;
mod room_call;
mod room_request;
mod sent;

pub use answer::{Answer, Batch, Outcome, Rooms};
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use answer::{Drained, History, Kicked, Presence};
pub use call::Call;
pub use caller::Caller;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use event_in::{Addressed, EventIn};
pub use event_in::{Destination, read_batch, read_event};
pub use problem::Problem;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use problem::title;
pub use rates::{Cost, PAGE_BYTES_A_CALL, Rates};
pub use revoking::{
    REVOKING_BYTES_MAX, RevocationOut, RevocationsOut, RevokingIn, TOO_MANY, read_revoking,
};
pub(crate) use room_call::CALLS as KERNEL_CALLS;
pub use room_call::{Asked, NoCall, Reads, RoomCall};
pub use room_request::{RoomRequest, Task};
pub use sent::Sent;

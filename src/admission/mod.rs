//! Admission: strings in, verdict out. Reads a request's path, query and headers and
//! says what is to be done with it, before any object is woken. No I/O.

mod anonymous;
pub mod capability;
mod claims;
mod doors;
mod following;
mod hand_off;
mod keys;
mod origin;
mod pending;
mod revoked;
mod route;
mod things;
mod verdict;

pub use claims::Claims;
pub use doors::Doors;
pub use hand_off::{HAND_OFF_HEADER, HandOff};
pub use keys::{Keys, PATIENCE_MS, SET_BYTES_MAX, Step, Wanted};
pub use origin::{Origins, is_local};
pub use pending::{Pending, Place};
pub use revoked::Revoked;
pub use route::{Endpoint, Query, Route, Target, endpoints};
pub use verdict::{Credentials, Policy, Terms, Upgrade, Verdict, bearer};

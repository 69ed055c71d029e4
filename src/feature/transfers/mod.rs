//! Large data: chunks in any order, stored one by one, and streamed back (A22, A23).

pub(crate) mod rules;
mod stored;
pub(crate) mod tables;
mod upload;
mod words;
pub(crate) mod workflow;

pub use rules::Compare;
pub use stored::{Fetching, Piece, TransferWrite, Transfers};
pub use upload::{Marks, Transfer, TransferState};
pub use words::{Chunk, Digest, TransferCommand, TransferEvent};

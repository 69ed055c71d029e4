//! Large data: chunks in any order, stored one by one, and streamed back (A22, A23).

mod words;
pub(crate) mod workflow;

pub use words::{Chunk, Digest, TransferCommand, TransferEvent};

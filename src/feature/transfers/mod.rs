//! Large data: chunks in any order, stored one by one, and streamed back (A22, A23).

mod errors;
mod fetch;
mod http;
mod native;
pub(crate) mod rules;
#[cfg(not(target_arch = "wasm32"))]
mod schema;
mod stored;
pub(crate) mod tables;
mod upload;
mod words;
pub(crate) mod workflow;

use super::Feature;
use crate::message::Kind;

pub use stored::{
    Compare, Fetching, FoundChunk, OnConnection, Piece, TransferQuery, TransferWrite, Transfers,
};
pub use upload::{Marks, Transfer, TransferState};
pub use words::{Called, Chunk, Digest, TransferCommand, TransferEvent, TransferTask};
pub use workflow::IN_WORKFLOWS;

impl Feature for Transfers {
    type Command = TransferCommand;
    type Event = TransferEvent;
    type Write = TransferWrite;
    type Query = TransferQuery;
    type Found = Option<FoundChunk>;
    type Call = std::convert::Infallible;
    type Input = std::convert::Infallible;
    type OnConnection = OnConnection;
    type Config = ();
    type Task = TransferTask;
    fn offers(kind: Kind, (): &()) -> Option<&'static str> {
        (kind == Kind::Hub).then_some("large_data")
    }
    fn words(protocol: &str) -> &'static [&'static str] {
        match protocol {
            "workflow" => {
                &["large_data", "large_data_received", "large_data_request", "large_data_delete"]
            }
            // Its digest comes with it: whoever could say one could say what another one fetches.
            "native" => &["object.chunk"],
            _ => &[],
        }
    }
}

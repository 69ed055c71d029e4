//! Large data, as the workflow protocol spells it (A22, A23).

use serde::Serialize;
use serde_json::value::RawValue;

use super::{Called, Chunk, Digest, TransferCommand, TransferEvent};
use crate::feature::Spelled;
use crate::message::{Name, ProtocolError, starts_object};

/// How the workflow protocol calls them.
pub const IN_WORKFLOWS: Called = Called {
    object: "data_id",
    index: "chunk_index",
    total: "total_chunks",
    chunk: "chunk_data",
    digest: "checksum",
};

pub(crate) fn read(
    word: &str,
    data: Option<&RawValue>,
) -> Option<Result<TransferCommand, ProtocolError>> {
    // What is no object has no field.
    let text = data.map(RawValue::get).filter(|it| starts_object(it)).unwrap_or("{}");
    Some(match word {
        "large_data" => TransferCommand::keep(text, &IN_WORKFLOWS),
        "large_data_request" => TransferCommand::fetch(text, IN_WORKFLOWS.object),
        "large_data_delete" => TransferCommand::delete(text, IN_WORKFLOWS.object),
        _ => return None,
    })
}

pub(crate) fn spell(event: &TransferEvent) -> Option<Spelled> {
    Some(match event {
        TransferEvent::Piece(chunk) => Spelled::new("large_data", &LargeData::of(chunk)),
        TransferEvent::Deleted(data_id) => {
            Spelled::new("large_data_delete", &LargeDataDeleted { data_id })
        }
        TransferEvent::Received { data, bytes } => {
            Spelled::new("large_data_received", &LargeDataReceived::of(data, *bytes, None))
        }
        TransferEvent::Incomplete { data, bytes, missing } => {
            let status = LargeDataReceived::of(data, *bytes, Some(missing));
            Spelled::new("large_data_received", &status)
        }
        // What is as it should be has no answer.
        TransferEvent::Kept { .. } | TransferEvent::Found { .. } => return None,
    })
}

/// The data of `large_data` (A22).
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct LargeData<'a> {
    /// What its sender calls the object.
    data_id: &'a Name,
    /// Which chunk it is, counted from 0 or from 1: all of an object from the same.
    chunk_index: u64,
    /// How many there are, 1 to 1,000.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(range(min = 1)))]
    total_chunks: u64,
    /// Base64 of the standard alphabet, with or without padding; up to 64 KiB when decoded.
    chunk_data: &'a str,
    /// SHA-256 of the decoded chunk: 64 hex digits; from clients also after `sha256:`.
    checksum: Digest,
}

impl<'a> LargeData<'a> {
    fn of(chunk: &'a Chunk) -> Self {
        Self {
            data_id: &chunk.data,
            chunk_index: chunk.index,
            total_chunks: chunk.total,
            chunk_data: &chunk.text,
            checksum: chunk.digest,
        }
    }
}

/// The data of `large_data_received` (A23).
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct LargeDataReceived<'a> {
    /// What its sender calls the object.
    data_id: &'a Name,
    /// `received` when all of it is here.
    status: TransferStatus,
    /// How much is here, in bytes, decoded.
    total_size: u64,
    /// The indexes that are still to come.
    #[serde(skip_serializing_if = "Option::is_none")]
    missing: Option<&'a [u64]>,
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
enum TransferStatus {
    Received,
    Incomplete,
}

impl<'a> LargeDataReceived<'a> {
    fn of(data: &'a Name, bytes: u64, missing: Option<&'a Vec<u64>>) -> Self {
        let status =
            if missing.is_some() { TransferStatus::Incomplete } else { TransferStatus::Received };
        Self { data_id: data, status, total_size: bytes, missing: missing.map(Vec::as_slice) }
    }
}

/// Which object is deleted, or was.
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct LargeDataDeleted<'a> {
    /// What its sender calls the object.
    data_id: &'a Name,
}

/// What is asked with `large_data_request`.
#[cfg(not(target_arch = "wasm32"))]
#[derive(schemars::JsonSchema)]
#[expect(dead_code, reason = "only described: it is read field by field")]
pub(crate) struct FetchIn {
    /// What its sender calls the object.
    data_id: Name,
    /// The index to go on from; the first of all if it is missing.
    from: Option<u64>,
}

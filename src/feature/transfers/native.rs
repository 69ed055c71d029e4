//! Large data, as the native protocol spells it (N40, N52).

use serde::Serialize;
use serde_json::value::RawValue;

use super::{Called, Digest, TransferCommand, TransferEvent};
use crate::feature::Spelled;
use crate::message::{Name, ProtocolError, starts_object};

pub(super) const CALLED: Called =
    Called { object: "object", index: "index", total: "total", chunk: "chunk", digest: "sha256" };

pub(super) fn read(
    word: &str,
    params: Option<&RawValue>,
) -> Option<Result<TransferCommand, ProtocolError>> {
    // What is no object has no field.
    let text = params.map(RawValue::get).filter(|it| starts_object(it)).unwrap_or("{}");
    Some(match word {
        "object.put" => TransferCommand::keep(text, &CALLED),
        "object.get" => TransferCommand::fetch(text, CALLED.object),
        "object.delete" => TransferCommand::delete(text, CALLED.object),
        _ => return None,
    })
}

pub(super) fn spell(event: &TransferEvent) -> Spelled {
    match event {
        TransferEvent::Piece(chunk) => {
            let (object, sha256) = (&chunk.data, chunk.digest);
            let (index, total, chunk) = (chunk.index, chunk.total, chunk.text.as_str());
            let piece = ObjectChunk { object, index, total, sha256, chunk };
            Spelled::new("object.chunk", &piece).in_base64()
        }
        TransferEvent::Received { bytes, .. } => standing("received", *bytes, None),
        TransferEvent::Incomplete { bytes, missing, .. } => {
            standing("incomplete", *bytes, Some(missing))
        }
        TransferEvent::Kept { bytes } => standing("incomplete", *bytes, None),
        TransferEvent::Found { total, bytes } => {
            Spelled::new("", &ObjectFound { total: *total, size: *bytes })
        }
        TransferEvent::Deleted(object) => Spelled::new("", &ObjectDeleted { object }),
    }
}

fn standing(status: &'static str, size: u64, missing: Option<&[u64]>) -> Spelled {
    Spelled::new("", &ObjectStanding { status, size, missing })
}

/// The data of `object.chunk`, and the params of `object.put`.
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(super) struct ObjectChunk<'a> {
    /// What its sender calls it.
    object: &'a Name,
    /// Which chunk it is, counted from 0 or from 1: all of an object from the same.
    index: u64,
    /// How many there are.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(range(min = 1)))]
    total: u64,
    /// SHA-256 of the chunk: 64 hex digits.
    sha256: Digest,
    /// Its bytes: base64 in JSON, `bin` in MessagePack.
    chunk: &'a str,
}

/// The result of `object.put`.
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(super) struct ObjectStanding<'a> {
    /// `received` when all of it is here, else `incomplete`.
    status: &'static str,
    /// How much is here, in bytes.
    size: u64,
    /// The indexes that are still to come, where they are not obvious.
    #[serde(skip_serializing_if = "Option::is_none")]
    missing: Option<&'a [u64]>,
}

/// The result of `object.get`.
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(super) struct ObjectFound {
    /// How many chunks it has.
    total: u64,
    /// How much it is, in bytes.
    size: u64,
}

/// The params of `object.delete`, and its result.
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(super) struct ObjectDeleted<'a> {
    /// What its sender calls it.
    object: &'a Name,
}

/// The params of `object.get`.
#[cfg(not(target_arch = "wasm32"))]
#[derive(schemars::JsonSchema)]
#[expect(dead_code, reason = "only described: it is read field by field")]
pub(super) struct ObjectGet {
    /// What its sender calls it.
    object: Name,
    /// The index to go on from; the first of all if it is missing.
    from: Option<u64>,
}

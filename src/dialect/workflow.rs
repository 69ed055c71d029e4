//! The workflow dialect (`/ws`, W1 and on): `{type, id, timestamp, data}`.
//!
//! In: `ping`, `auth`, `large_data`, `large_data_request`, `large_data_delete`. Out: `pong`,
//! `auth`, `error`, `large_data`, `large_data_received`, `large_data_delete`, and every event by
//! its own name.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::json;
pub(crate) use super::json::Envelope;
use super::spell::Id;
use super::{
    Access, Acknowledgement, Channel, Decoded, Descriptor, Dialect, Encoding, Frame, Peer,
    Subprotocols, TokenPlace,
};
use crate::close::CloseCode;
use crate::message::{
    Chunk, ClientRef, Code, Command, Details, Digest, Event, Fault, Kind, Millis, Name, Notice,
    Refusal, SessionId, TransferCommand, TransferEvent,
};
use crate::room::{Manner, Manners};

pub(super) struct Workflow;

static DESCRIPTOR: Descriptor = Descriptor {
    name: "workflow",
    number: 1,
    entrances: &[Access::Token.at("/ws", Kind::Hub)],
    subprotocols: Subprotocols::Any,
    tokens: TokenPlace::ANYWHERE,
    ping_pair: Some(json::PING_PAIR),
    acknowledgement: Acknowledgement::ByEvent,
    encodings: &[Encoding::Json, Encoding::JsonBatch],
    flags: Manners::of(&[Manner::Patient]),
    close_code: CloseCode::of,
    words: &[
        "auth",
        "batch",
        "error",
        "large_data",
        "large_data_received",
        "large_data_request",
        "large_data_delete",
        "ping",
        "pong",
    ],
    shows_offsets: false,
};

impl Dialect for Workflow {
    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    fn decode(&self, frame: &Frame, _: &Peer<'_>) -> Decoded {
        json::request(frame, |it: &Envelope<'_>| it.id.as_deref(), command).into()
    }

    fn encode(&self, notice: &Notice, _: &Channel<'_>) -> Option<Frame> {
        Some(match &notice.event {
            // With an id of its own (A13).
            Event::Pong => frame(notice, "pong", None::<()>),
            Event::Entry(entry) => frame(notice, entry.body.name.as_str(), Some(&entry.body.data)),
            Event::Renewed { user, expires_at } => {
                let expires_at = expires_at.map(Millis::to_rfc3339);
                frame(notice, "auth", Some(Auth { user_id: &user.0, expires_at }))
            }
            Event::Refused(refusal) => frame(notice, "error", Some(Error::of(notice, refusal))),
            Event::Transfer(TransferEvent::Piece(chunk)) => {
                frame(notice, "large_data", Some(LargeData::of(chunk)))
            }
            Event::Transfer(TransferEvent::Deleted(data)) => {
                frame(notice, "large_data_delete", Some(LargeDataDeleted { data_id: data }))
            }
            Event::Transfer(TransferEvent::Received { data, bytes }) => frame(
                notice,
                "large_data_received",
                Some(LargeDataReceived::of(data, *bytes, None)),
            ),
            Event::Transfer(TransferEvent::Incomplete { data, bytes, missing }) => {
                let standing = LargeDataReceived::of(data, *bytes, Some(missing));
                frame(notice, "large_data_received", Some(standing))
            }
            // Its clients would report the first three as unknown (A42); nothing it can say
            // asks for the others.
            Event::Typing { .. }
            | Event::Joined(_)
            | Event::Left(_)
            | Event::Welcome(_)
            | Event::Ping
            | Event::Presence(_)
            | Event::History(_)
            | Event::Metric(_)
            | Event::Editing(_)
            | Event::Conversation(_)
            | Event::Reply(_) => return None,
        })
    }
}

// ---- in

fn command(envelope: &Envelope<'_>) -> Result<Command, Refusal> {
    match &*envelope.kind {
        "ping" => Ok(Command::Ping),
        "auth" if envelope.token.is_some() => {
            json::authenticate(envelope.token, envelope.context_id)
        }
        "auth" => {
            let AuthIn { token, context_id } =
                json::data(envelope.data, "auth needs data with token, a string")?;
            json::authenticate(token, context_id)
        }
        "large_data" => TransferCommand::keep(data_text(envelope)).map(Command::Transfer),
        "large_data_request" => TransferCommand::fetch(data_text(envelope)).map(Command::Transfer),
        "large_data_delete" => TransferCommand::delete(data_text(envelope)).map(Command::Transfer),
        _ => Err(Refusal::new(Code::UnknownMessageType, "this endpoint knows no such type")),
    }
}

/// The data as text. What is no object has no field.
fn data_text<'a>(envelope: &Envelope<'a>) -> &'a str {
    let text = envelope.data.map(RawValue::get);
    text.filter(|it| crate::message::starts_object(it)).unwrap_or("{}")
}

#[derive(Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct AuthIn<'a> {
    /// A JWT.
    #[serde(borrow, default)]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "String"))]
    token: Option<&'a RawValue>,
    /// The room it is for, where the URL does not say.
    #[serde(borrow, default, rename = "contextId")]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Option<String>"))]
    context_id: Option<&'a RawValue>,
}

// ---- out

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct Outgoing<'a, D> {
    #[serde(rename = "type")]
    kind: &'a str,
    /// `<type>_<UUID v7>`.
    id: Id<'a>,
    /// When it was said: RFC 3339.
    timestamp: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<D>,
}

fn frame(notice: &Notice, kind: &str, data: Option<impl Serialize>) -> Frame {
    let (id, timestamp) = (Id::Ours(kind, notice.id), notice.at.to_rfc3339());
    json::frame(&Outgoing { kind, id, timestamp, data })
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct Auth<'a> {
    /// Whose token it is.
    user_id: &'a str,
    /// When it expires: RFC 3339; `null` for one that does not.
    expires_at: Option<String>,
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

/// The data of `error` (A20).
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[expect(clippy::struct_field_names, reason = "the names are the wire's")]
pub(crate) struct Error<'a> {
    /// For programs.
    error_code: Code,
    /// For people.
    error_message: &'a str,
    /// More, where there is more to say.
    error_details: ErrorDetails<'a>,
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct ErrorDetails<'a> {
    /// Whose connection this is.
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<String>,
    /// Seconds after which it may work.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
    /// The client's own id of what was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    /// Everything that is wrong with what was sent.
    #[serde(skip_serializing_if = "<[Fault]>::is_empty")]
    faults: &'a [Fault],
}

impl<'a> Error<'a> {
    fn of(notice: &'a Notice, refusal: &'a Refusal) -> Self {
        let faults = match &refusal.details {
            Details::Faults(faults) => faults.as_slice(),
            Details::None | Details::Rate { .. } => &[],
        };
        Self {
            error_code: refusal.code,
            error_message: &refusal.message,
            error_details: ErrorDetails {
                session_id: notice.session.as_ref().map(SessionId::to_string),
                retry_after: refusal.retry_after,
                request_id: notice.reply_to.as_ref().map(ClientRef::as_str),
                faults,
            },
        }
    }
}

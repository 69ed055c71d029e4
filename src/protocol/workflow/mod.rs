//! The workflow protocol (`/ws`, W1 and on): `{type, id, timestamp, data}`.
//!
//! In: `ping`, `auth`, `large_data`, `large_data_request`, `large_data_delete`. Out: `pong`,
//! `auth`, `error`, `large_data`, `large_data_received`, `large_data_delete`, and every event by
//! its own name.

#[cfg(not(target_arch = "wasm32"))]
pub(crate) mod schema;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::json;
pub(crate) use super::json::Envelope;
use super::spell::Id;
use super::{
    Access, Channel, Decoded, Descriptor, Encoding, Frame, Peer, Protocol, Subprotocols,
    TokenPlace, Transport,
};
use crate::close::CloseCode;
use crate::feature::{Spelled, Tell};
use crate::kernel::{Command, Event, Notice};
use crate::kernel::{Flag, Flags};
use crate::message::{
    Acknowledgement, Code, ConnectionId, Details, Fault, Kind, Millis, ProtocolError, RequestId,
};

pub(super) struct Workflow;

pub(super) static DESCRIPTOR: Descriptor = Descriptor {
    name: "workflow",
    number: 1,
    transport: Transport::WebSocket,
    entrances: &[Access::Token.at("/ws", Kind::Hub)],
    subprotocols: Subprotocols::Any,
    tokens: TokenPlace::ANYWHERE,
    ping_pair: Some(json::PING_PAIR),
    acknowledgement: Acknowledgement::None,
    encodings: &[Encoding::Json, Encoding::JsonBatch],
    flags: Flags::of(&[Flag::Patient]),
    close_code: CloseCode::of,
    words: &["auth", "batch", "error", "ping", "pong"],
    shows_offsets: false,
    resumes: false,
};

impl Protocol for Workflow {
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
            Event::Renewed { user, expires_at, .. } => {
                let expires_at = expires_at.map(Millis::to_rfc3339);
                frame(notice, "auth", Some(Auth { user_id: &user.0, expires_at }))
            }
            Event::Refused(error) => frame(notice, "error", Some(Error::of(notice, error))),
            Event::Feature(it) => {
                let Spelled { word, data, .. } = it.spell("workflow")?;
                frame(notice, word, Some(data))
            }
            // Its clients would report the first three as unknown (A42); nothing it can say
            // asks for the others.
            Event::Joined(_)
            | Event::Left(_)
            | Event::Welcome(_)
            | Event::Position(_)
            | Event::Said(_)
            | Event::Closing(_)
            | Event::Reauth(_)
            | Event::Detached(_)
            | Event::Ping
            | Event::Presence(_)
            | Event::Seen(_)
            | Event::History(_)
            | Event::Reply(_) => return None,
        })
    }
}

// ---- in

fn command(envelope: &Envelope<'_>) -> Result<Command, ProtocolError> {
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
        word => json::feature("workflow", word, envelope.data),
    }
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
    fn of(notice: &'a Notice, error: &'a ProtocolError) -> Self {
        let faults = match &error.details {
            Details::Faults(faults) => faults.as_slice(),
            Details::None | Details::Rate { .. } | Details::Version(_) | Details::Until(_) => &[],
        };
        Self {
            error_code: error.code,
            error_message: &error.message,
            error_details: ErrorDetails {
                session_id: notice.connection.as_ref().map(ConnectionId::to_string),
                retry_after: error.retry_after,
                request_id: notice.reply_to.as_ref().map(RequestId::as_str),
                faults,
            },
        }
    }
}

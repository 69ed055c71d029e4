//! The workflow dialect (seed 000, A1 to A23): `{type, id, timestamp, data}`.
//!
//! In: `ping`, `auth`. Out: `pong`, `auth`, `error`, and every event by its own name.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::json::{self, Text};
use super::spell::{Data, Id};
use super::{Dialect, Frame};
use crate::message::{
    ClientRef, Code, Command, Details, Event, Fault, Millis, Notice, Refusal, Request, SessionId,
};
use crate::room::{Manner, Manners};

pub(super) struct Workflow;

impl Dialect for Workflow {
    fn name(&self) -> &'static str {
        "workflow"
    }

    fn decode(&self, frame: &Frame) -> Request {
        json::request(frame, |it: &Envelope<'_>| it.id.as_deref(), command)
    }

    fn encode(&self, notice: &Notice) -> Option<Frame> {
        Some(match &notice.event {
            // With an id of its own (A13).
            Event::Pong => frame(notice, "pong", None::<()>),
            Event::Entry(entry) => frame(notice, entry.body.topic(), Some(Data::of(entry))),
            Event::Renewed { user, expires_at } => {
                let expires_at = expires_at.map(Millis::to_rfc3339);
                frame(notice, "auth", Some(Auth { user_id: &user.0, expires_at }))
            }
            Event::Refused(refusal) => frame(notice, "error", Some(Error::of(notice, refusal))),
            // Its clients would report the first three as unknown (A42); nothing it can say
            // asks for the others.
            Event::Typing { .. }
            | Event::Joined(_)
            | Event::Left(_)
            | Event::Welcome(_)
            | Event::Ping
            | Event::Presence(_)
            | Event::History(_)
            | Event::Reply(_) => return None,
        })
    }

    fn batch(&self, frames: &[&Frame]) -> Frame {
        json::batch(frames)
    }

    fn manners(&self) -> Manners {
        Manners::of(&[Manner::Patient])
    }

    fn shows_offsets(&self) -> bool {
        false
    }
}

// ---- in

/// Unknown fields are ignored; so is `timestamp`, which is ours to give (X3).
#[derive(Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct Envelope<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    /// The client's own, echoed by what answers it.
    #[serde(borrow, default)]
    id: Option<Text<'a>>,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
    /// A JWT.
    #[serde(borrow, default)]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "String"))]
    token: Option<&'a RawValue>,
    /// The room it is for, where the URL does not say.
    #[serde(borrow, default, rename = "contextId")]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Option<String>"))]
    context_id: Option<&'a RawValue>,
}

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
        _ => Err(Refusal::new(Code::UnknownMessageType, "this endpoint knows no such type")),
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

use std::borrow::Cow;

use serde::Serialize;

use crate::message::{Code, Details, Fault, ProtocolError};

/// `application/problem+json` (RFC 9457), with the code every protocol uses.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Problem {
    /// Always `about:blank`: `code` says which.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// What the status means.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// For people.
    pub detail: Cow<'static, str>,
    /// For programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// Seconds after which it may work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    /// Everything that is wrong with what was sent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Fault>,
    /// Which claim or part of a token was at fault: for the log, and never told.
    #[serde(skip)]
    pub claim: Option<&'static str>,
}

impl Problem {
    /// A problem without a code of its own.
    #[must_use]
    pub const fn new(status: u16, detail: &'static str) -> Self {
        Self {
            kind: "about:blank",
            title: title(status),
            status,
            detail: Cow::Borrowed(detail),
            code: None,
            retry_after: None,
            faults: Vec::new(),
            claim: None,
        }
    }

    /// How a refusal is spelled over HTTP.
    #[must_use]
    pub fn of(error: &ProtocolError) -> Self {
        let (status, faults) = match &error.details {
            Details::Faults(faults) => (422, faults.clone()),
            Details::None | Details::Rate { .. } | Details::Version(_) | Details::Until(_) => {
                (status(error.code), Vec::new())
            }
        };
        Self {
            detail: error.message.clone(),
            code: Some(error.code),
            retry_after: error.retry_after,
            faults,
            claim: error.claim,
            ..Self::new(status, "")
        }
    }
}

fn status(code: Code) -> u16 {
    match code {
        Code::AuthenticationFailed => 401,
        Code::PermissionDenied => 403,
        Code::RateLimitExceeded | Code::ConnectionLimit => 429,
        Code::MessageTooLarge => 413,
        Code::InvalidMessageFormat | Code::UnknownMessageType => 400,
        Code::NotFound => 404,
        Code::Conflict => 409,
        Code::ConnectionTimeout => 408,
        Code::Unavailable => 503,
        Code::SystemError => 500,
    }
}

pub(crate) const fn title(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        409 => "Conflict",
        413 => "Content Too Large",
        422 => "Unprocessable Content",
        426 => "Upgrade Required",
        429 => "Too Many Requests",
        503 => "Service Unavailable",
        _ => "Internal Server Error",
    }
}

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::{Millis, Offset};

/// Why something was refused: stable, machine-readable, the same in every protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Code {
    /// No token, a bad one, or one that has expired.
    AuthenticationFailed,
    /// A good token that does not allow this.
    PermissionDenied,
    /// Too much in too short a time.
    RateLimitExceeded,
    /// Longer than the configured limit.
    MessageTooLarge,
    /// Not a message of this protocol.
    InvalidMessageFormat,
    /// A message of a type this endpoint does not know.
    UnknownMessageType,
    /// No such thing.
    NotFound,
    /// At odds with what is already so.
    Conflict,
    /// The room or the user has as many sockets as allowed.
    ConnectionLimit,
    /// Nothing was heard for too long.
    ConnectionTimeout,
    /// Try later.
    Unavailable,
    /// Our fault.
    SystemError,
}

impl Code {
    /// As it stands on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AuthenticationFailed => "AUTHENTICATION_FAILED",
            Self::PermissionDenied => "PERMISSION_DENIED",
            Self::RateLimitExceeded => "RATE_LIMIT_EXCEEDED",
            Self::MessageTooLarge => "MESSAGE_TOO_LARGE",
            Self::InvalidMessageFormat => "INVALID_MESSAGE_FORMAT",
            Self::UnknownMessageType => "UNKNOWN_MESSAGE_TYPE",
            Self::NotFound => "NOT_FOUND",
            Self::Conflict => "CONFLICT",
            Self::ConnectionLimit => "CONNECTION_LIMIT",
            Self::ConnectionTimeout => "CONNECTION_TIMEOUT",
            Self::Unavailable => "UNAVAILABLE",
            Self::SystemError => "SYSTEM_ERROR",
        }
    }
}

/// A typed "no", spelled by each protocol in its own way. Its text is ours and
/// fixed: never an echo of input, a token, SQL or a stack trace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProtocolError {
    /// For programs.
    pub code: Code,
    /// For people.
    pub message: Cow<'static, str>,
    /// Seconds after which it may work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    /// More, where there is more to say.
    #[serde(default, skip_serializing_if = "Details::is_none")]
    pub details: Details,
    /// Which claim or part of a token it is about: for the log, and never told.
    #[serde(skip)]
    pub claim: Option<&'static str>,
}

/// What a refusal says beside its code and its text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Details {
    /// No more than those.
    #[default]
    None,
    /// The rate that was exceeded (C18).
    Rate {
        /// So many.
        limit: u64,
        /// In so many seconds.
        window_s: u64,
    },
    /// What is so, where something else was believed.
    Version(Offset),
    /// Everything that is wrong with what was sent.
    Faults(Vec<Fault>),
    /// Until when it is refused.
    Until(Millis),
}

impl Details {
    /// Whether there is nothing more to say.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::None
    }
}

/// One thing wrong with what was sent. Says what was expected, never what was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Fault {
    /// Where: a path of field names with dots between.
    pub field: Cow<'static, str>,
    /// What it must be.
    pub problem: Cow<'static, str>,
}

impl std::fmt::Display for ProtocolError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}: {}", self.code.as_str(), self.message)
    }
}

impl ProtocolError {
    /// The answer to whoever publishes a name that is not theirs to give: it could be taken for what
    /// the server or a client says.
    pub const RESERVED: Self = Self::invalid("this name is the protocol's own");

    /// A refusal without a time to wait.
    #[must_use]
    pub const fn new(code: Code, message: &'static str) -> Self {
        let message = Cow::Borrowed(message);
        Self { code, message, retry_after: None, details: Details::None, claim: None }
    }

    /// The same, which may work after so many seconds.
    #[must_use]
    pub const fn after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// The frame is no message of its protocol.
    #[must_use]
    pub const fn invalid(message: &'static str) -> Self {
        Self::new(Code::InvalidMessageFormat, message)
    }

    /// The token does not let anyone in, or no longer.
    #[must_use]
    pub const fn unauthenticated(message: &'static str) -> Self {
        Self::new(Code::AuthenticationFailed, message)
    }

    /// The token is good but does not allow this.
    #[must_use]
    pub const fn denied(message: &'static str) -> Self {
        Self::new(Code::PermissionDenied, message)
    }

    /// The same, about this claim or part of a token.
    #[must_use]
    pub const fn of_claim(mut self, claim: &'static str) -> Self {
        self.claim = Some(claim);
        self
    }

    /// These faults, all at once.
    #[must_use]
    pub fn faulty(faults: Vec<Fault>) -> Self {
        let details = Details::Faults(faults);
        Self { details, ..Self::invalid("not all fields are what they must be; see details") }
    }

    /// Too fast; B29 fixes the words. Waits are rounded up to whole seconds.
    #[must_use]
    pub const fn too_fast(limit: u64, period_ms: u64, wait_ms: u64) -> Self {
        let message = Cow::Borrowed("Rate limit exceeded");
        let details = Details::Rate { limit, window_s: period_ms.div_ceil(1000) };
        let retry_after = Some(wait_ms.div_ceil(1000));
        Self { code: Code::RateLimitExceeded, message, retry_after, details, claim: None }
    }

    /// Longer than allowed.
    #[must_use]
    pub fn too_large(bytes_max: usize) -> Self {
        let message = format!("a message has at most {bytes_max} bytes");
        Self { message: Cow::Owned(message), ..Self::new(Code::MessageTooLarge, "") }
    }

    /// What is said in the message is longer than allowed, though the frame may not be.
    #[must_use]
    pub fn data_too_large(bytes_max: usize) -> Self {
        let message = format!("what a message says has at most {bytes_max} bytes, as JSON");
        Self { message: Cow::Owned(message), ..Self::new(Code::MessageTooLarge, "") }
    }

    /// Ours, and nothing more is said about it.
    #[must_use]
    pub const fn system() -> Self {
        Self::new(Code::SystemError, "something went wrong here; the message was not accepted")
    }
}

//! Close codes: the ones we send, which are published and append-only, and what
//! to answer to the ones we are sent.

use std::borrow::Cow;

use crate::message::{Code, ProtocolError};

/// Longest close reason RFC 6455 leaves room for, in bytes; workerd throws past it.
const REASON_BYTES_MAX: usize = 123;

/// Why we close a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseCode {
    /// 1001: nothing was heard for too long.
    GoingAway,
    /// 1008: authentication, permission or rate (B29, C17).
    Policy,
    /// 1009: longer than allowed (C17).
    TooLarge,
    /// 1011: our fault (C17).
    Internal,
    /// 1012: the server is about to restart.
    Restart,
    /// 1013: try later.
    TryLater,
    /// 4000 to 4999: one of a protocol's own, which says in its file what it means.
    Own(u16),
}

impl CloseCode {
    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> u16 {
        match self {
            Self::GoingAway => 1001,
            Self::Policy => 1008,
            Self::TooLarge => 1009,
            Self::Internal => 1011,
            Self::Restart => 1012,
            Self::TryLater => 1013,
            Self::Own(code) => code,
        }
    }

    /// The code that goes with a refusal, where a refusal ends the connection.
    #[must_use]
    pub const fn of(error: &ProtocolError) -> Self {
        match error.code {
            Code::AuthenticationFailed
            | Code::PermissionDenied
            | Code::RateLimitExceeded
            | Code::InvalidMessageFormat
            | Code::UnknownMessageType
            | Code::NotFound
            | Code::Conflict => Self::Policy,
            Code::MessageTooLarge => Self::TooLarge,
            Code::ConnectionLimit | Code::Unavailable => Self::TryLater,
            Code::ConnectionTimeout => Self::GoingAway,
            Code::SystemError => Self::Internal,
        }
    }
}

/// What a client does whose connection is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reconnect {
    /// It comes back at once.
    Now,
    /// After some time.
    After,
    /// With a new token.
    Auth,
    /// It does not come back.
    Never,
}

/// Why a connection is closed, for clients that are told before it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closing {
    /// The code that it is closed with.
    pub code: CloseCode,
    /// Why, in a word.
    pub reason: &'static str,
    /// What to do.
    pub reconnect: Reconnect,
    /// When to come back, in milliseconds: another time for each, so that they do not come together.
    pub after_ms: Option<u64>,
}

/// Why a connection hears nothing of a room any more, though it stays open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detached {
    /// Why that is.
    pub error: ProtocolError,
    /// Whether it may attach again; then, within how many milliseconds, so that not all do at once.
    pub reattach: Option<u64>,
}

impl Closing {
    /// Of a connection that was refused so before, if it was; `random` spreads those who come back.
    #[must_use]
    pub fn of(code: CloseCode, error: Option<&ProtocolError>, random: u64) -> Self {
        let known = error.map(|it| it.code);
        let (reason, reconnect) = match known {
            _ if code == CloseCode::Restart => ("drain", Reconnect::After),
            None => ("slow", Reconnect::After),
            Some(Code::AuthenticationFailed) => ("token", Reconnect::Auth),
            Some(Code::RateLimitExceeded) => ("rate", Reconnect::After),
            Some(Code::MessageTooLarge) => ("too_large", Reconnect::Now),
            Some(Code::ConnectionTimeout) => ("silent", Reconnect::Now),
            Some(Code::ConnectionLimit) => ("full", Reconnect::After),
            Some(Code::Unavailable | Code::SystemError) => ("error", Reconnect::After),
            Some(
                Code::PermissionDenied
                | Code::InvalidMessageFormat
                | Code::UnknownMessageType
                | Code::NotFound
                | Code::Conflict,
            ) => ("denied", Reconnect::Never),
        };
        // As long as was said, else seconds: those that were let go for want of room wait longer.
        let said = error.and_then(|it| it.retry_after).map(|it| it.saturating_mul(1000));
        let (least, spread) = match (said, code) {
            (Some(least), _) => (least, 5_000),
            (None, CloseCode::TryLater) => (5_000, 25_000),
            (None, CloseCode::Restart) => (0, 5_000),
            (None, _) => (500, 5_000),
        };
        // Numbers that follow each other are far apart in this order.
        let random = random.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33;
        let after_ms = (reconnect == Reconnect::After).then(|| least + random % spread);
        Self { code, reason, reconnect, after_ms }
    }
}

/// Shortens a reason to what fits, at a character boundary.
#[must_use]
pub fn reason(text: &str) -> Cow<'_, str> {
    let end = text.floor_char_boundary(REASON_BYTES_MAX);
    text.get(..end).unwrap_or_default().into()
}

/// How to answer a peer's close.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseReply {
    /// With this code.
    Code(u16),
    /// With none: the peer sent none.
    NoCode,
    /// Not at all: the connection is gone.
    Nothing,
}

/// The answer to a peer's close code. 1005 and 1006 are not codes but their
/// absence; 1004, 1015 and everything below 1000 or from 5000 on would make the
/// platform throw; 1016 to 2999 are nobody's (RFC 6455 §7.4.2), so the peer is
/// told that it broke the protocol, as with a reason that fits no close frame.
#[must_use]
pub const fn reply_to(code: u16, reason: &str) -> CloseReply {
    match code {
        _ if REASON_BYTES_MAX < reason.len() => CloseReply::Code(1002),
        1005 => CloseReply::NoCode,
        1006 => CloseReply::Nothing,
        1000..=1003 | 1007..=1014 | 3000..=4999 => CloseReply::Code(code),
        _ => CloseReply::Code(1002),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_close_codes_do_not_change() {
        let sent = [
            CloseCode::GoingAway,
            CloseCode::Policy,
            CloseCode::TooLarge,
            CloseCode::Internal,
            CloseCode::Restart,
            CloseCode::TryLater,
        ];
        let numbers = [1001, 1008, 1009, 1011, 1012, 1013];
        assert_eq!(sent.map(CloseCode::number), numbers);
    }

    #[test]
    fn no_reply_makes_the_platform_throw() {
        for code in 0..=u16::MAX {
            match reply_to(code, "") {
                CloseReply::Code(reply) => {
                    let throws =
                        matches!(reply, 1004..=1006 | 1015) || !(1000..5000).contains(&reply);
                    assert!(!throws, "{code} is answered {reply}");
                }
                CloseReply::NoCode => assert_eq!(code, 1005),
                CloseReply::Nothing => assert_eq!(code, 1006),
            }
        }
        assert_eq!(reply_to(1016, ""), CloseReply::Code(1002));
        assert_eq!(reply_to(2999, ""), CloseReply::Code(1002));
        assert_eq!(reply_to(4999, &"r".repeat(123)), CloseReply::Code(4999));
        assert_eq!(reply_to(1000, &"r".repeat(124)), CloseReply::Code(1002));
    }

    #[test]
    fn a_reason_is_cut_at_a_character() {
        assert_eq!(reason("short"), "short");
        assert_eq!(reason(&"ä".repeat(100)).len(), 122);
    }
}

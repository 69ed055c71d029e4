//! One structured line per event. Never a token, a body or a user's name.

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::clock;
use crate::message::{Kind, Refusal, RoomName, SessionId, UserId};

#[derive(Serialize)]
struct Line<'a> {
    event: &'static str,
    timestamp: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    room: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
}

impl Line<'_> {
    fn of(event: &'static str) -> Self {
        let (timestamp, room) = (clock::now().to_rfc3339(), None);
        Self { event, timestamp, room, session: None, user: None, code: None, detail: None }
    }
}

/// Somebody came in (B32).
pub(super) fn connected(kind: Kind, room: &RoomName, session: SessionId, user: &UserId) {
    print(&Line {
        room: Some(address(kind, room)),
        session: Some(session.to_string()),
        user: Some(hash(user)),
        ..Line::of("connect")
    });
}

/// Somebody was not let in.
pub(super) fn refused(refusal: &Refusal) {
    let detail = Some(&*refusal.message);
    print(&Line { code: Some(refusal.code.as_str()), detail, ..Line::of("refuse") });
}

/// Something of ours broke. `detail` is for operators; clients get `SYSTEM_ERROR`.
pub(super) fn failed(kind: Kind, room: &str, detail: &str) {
    let room = Some(format!("{}:{room}", kind.as_str()));
    print(&Line { room, detail: Some(detail), ..Line::of("error") });
}

fn address(kind: Kind, room: &RoomName) -> String {
    format!("{}:{}", kind.as_str(), room.as_str())
}

/// Enough to follow one user through the log, not enough to say who it is.
fn hash(user: &UserId) -> String {
    let digest = Sha256::digest(user.0.as_bytes());
    let head = digest.iter().take(8).fold(0u64, |sum, byte| (sum << 8) | u64::from(*byte));
    format!("{head:016x}")
}

fn print(line: &Line<'_>) {
    worker::console_log!("{}", serde_json::to_string(line).unwrap_or_default());
}

//! One structured line per event. Never a token, a body or a user's name.

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::clock;
use crate::close::CloseCode;
use crate::message::{Code, Kind, Refusal, RoomName, SessionId, UserId};

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
    close_code: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
}

impl Line<'_> {
    fn of(event: &'static str) -> Self {
        let (timestamp, room) = (clock::now().to_rfc3339(), None);
        Self {
            event,
            timestamp,
            room,
            session: None,
            user: None,
            code: None,
            close_code: None,
            detail: None,
        }
    }
}

/// Somebody came in (B32).
pub(super) fn connected(kind: Kind, room: &RoomName, session: SessionId, user: &UserId) {
    print(&Line {
        room: Some(spelled(kind, room.as_str())),
        session: Some(session.to_string()),
        user: Some(hash(user)),
        ..Line::of("connect")
    });
}

/// Somebody went.
pub(super) fn closed(kind: Kind, room: &str, session: SessionId, user: &UserId, code: u16) {
    print(&Line {
        room: Some(spelled(kind, room)),
        session: Some(session.to_string()),
        user: Some(hash(user)),
        close_code: Some(code),
        ..Line::of("close")
    });
}

/// Somebody was shown the door.
pub(super) fn expelled(kind: Kind, room: &str, session: SessionId, code: CloseCode) {
    let (room, session) = (Some(spelled(kind, room)), Some(session.to_string()));
    let close_code = Some(code.number());
    print(&Line { room, session, close_code, ..Line::of("expel") });
}

/// Somebody asked for too much, or for what is not theirs.
pub(super) fn limited(kind: Kind, room: &str, session: SessionId, refusal: &Refusal) {
    let (room, session) = (Some(spelled(kind, room)), Some(session.to_string()));
    let (code, detail) = (Some(refusal.code.as_str()), Some(&*refusal.message));
    print(&Line { room, session, code, detail, ..Line::of("limit") });
}

/// Somebody was not let in.
pub(super) fn refused(refusal: &Refusal) {
    let detail = Some(&*refusal.message);
    print(&Line { code: Some(refusal.code.as_str()), detail, ..Line::of("refuse") });
}

/// A call over HTTP without the right to it.
pub(super) fn turned_away(detail: &str, code: Option<Code>) {
    print(&Line { code: code.map(Code::as_str), detail: Some(detail), ..Line::of("refuse") });
}

/// Something of ours broke that is no room.
pub(super) fn broke(part: &str, detail: &str) {
    let room = Some(part.to_owned());
    print(&Line { room, detail: Some(detail), ..Line::of("error") });
}

/// Something of ours broke. `detail` is for operators; clients get `SYSTEM_ERROR`.
pub(super) fn failed(kind: Kind, room: &str, detail: &str) {
    let room = Some(spelled(kind, room));
    print(&Line { room, detail: Some(detail), ..Line::of("error") });
}

fn spelled(kind: Kind, room: &str) -> String {
    format!("{}:{room}", kind.as_str())
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

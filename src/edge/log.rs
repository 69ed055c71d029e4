//! One structured line per event. Never a token, a body or a user's name.

use std::cell::{OnceCell, RefCell};

use hmac::{Hmac, Mac};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::clock;
use crate::api::Problem;
use crate::close::CloseCode;
use crate::kernel::Loss;
use crate::message::{Code, ConnectionId, Kind, ProtocolError, RoomName, UserId};
use crate::sampling::{Sampled, Sampler};

#[derive(Serialize)]
struct Line<'a> {
    event: &'static str,
    timestamp: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    room: Option<String>,
    #[serde(rename = "session", skip_serializing_if = "Option::is_none")]
    connection: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    close_code: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    /// A hash of where it came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    /// For how many like it this line stands, where that is more than itself; or how many were
    /// lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u64>,
    /// Which claim or part of a token was at fault; never its value.
    #[serde(skip_serializing_if = "Option::is_none")]
    claim: Option<&'a str>,
}

impl Line<'_> {
    fn of(event: &'static str) -> Self {
        let (timestamp, room) = (clock::now().to_rfc3339(), None);
        Self {
            event,
            timestamp,
            room,
            connection: None,
            user: None,
            code: None,
            close_code: None,
            detail: None,
            address: None,
            count: None,
            claim: None,
        }
    }
}

/// Somebody came in (B32).
pub(super) fn connected(kind: Kind, room: &RoomName, connection: ConnectionId, user: &UserId) {
    print(&Line {
        room: Some(spelled(kind, room.as_str())),
        connection: Some(connection.to_string()),
        user: Some(hash(user)),
        ..Line::of("connect")
    });
}

/// Somebody went.
pub(super) fn closed(kind: Kind, room: &str, connection: ConnectionId, user: &UserId, code: u16) {
    print(&Line {
        room: Some(spelled(kind, room)),
        connection: Some(connection.to_string()),
        user: Some(hash(user)),
        close_code: Some(code),
        ..Line::of("close")
    });
}

/// Somebody was shown the door.
pub(super) fn expelled(kind: Kind, room: &str, connection: ConnectionId, code: CloseCode) {
    let (room, connection) = (Some(spelled(kind, room)), Some(connection.to_string()));
    let close_code = Some(code.number());
    print(&Line { room, connection, close_code, ..Line::of("expel") });
}

/// Somebody asked for too much, or for what is not theirs.
pub(super) fn limited(kind: Kind, room: &str, connection: ConnectionId, error: &ProtocolError) {
    let (room, connection) = (Some(spelled(kind, room)), Some(connection.to_string()));
    let (code, detail) = (Some(error.code.as_str()), Some(&*error.message));
    let claim = error.claim;
    print_sampled(Line { room, connection, code, detail, claim, ..Line::of("limit") });
}

/// Somebody was not let in.
pub(super) fn refused(error: &ProtocolError, address: Option<&str>) {
    turned_away(&Problem::of(error), address);
}

/// A call over HTTP without the right to it.
pub(super) fn turned_away(problem: &Problem, address: Option<&str>) {
    let address = address.and_then(hash_address);
    let (code, detail) = (problem.code.map(Code::as_str), Some(&*problem.detail));
    let claim = problem.claim;
    print_sampled(Line { code, detail, address, claim, ..Line::of("refuse") });
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

/// A room could not keep what it promised.
pub(super) fn lost(kind: Kind, room: &str, Loss { what, count }: Loss) {
    let (room, detail, count) = (Some(spelled(kind, room)), Some(what), Some(count));
    print(&Line { room, detail, count, ..Line::of("error") });
}

fn spelled(kind: Kind, room: &str) -> String {
    format!("{}:{room}", kind.as_str())
}

/// Enough to follow one user through the log, not enough to say who it is.
fn hash(user: &UserId) -> String {
    hex(&Sha256::digest(user.0.as_bytes()))
}

/// The first eight bytes, to read.
fn hex(digest: &[u8]) -> String {
    let head = digest.iter().take(8).fold(0u64, |sum, byte| (sum << 8) | u64::from(*byte));
    format!("{head:016x}")
}

thread_local! {
    static SAMPLER: RefCell<Sampler> = RefCell::default();
    static ADDRESS_KEY: OnceCell<Hmac<Sha256>> = const { OnceCell::new() };
}

/// Sets what addresses are hashed with. They are few, so a plain hash of one is soon guessed.
pub(super) fn set_address_key(secret: &[u8]) {
    if let Ok(key) = Hmac::new_from_slice(secret) {
        // For this alone: no other signature of the same secret is one of these.
        let key = key.chain_update("dormouse log address 1 ");
        ADDRESS_KEY.with(|it| drop(it.set(key)));
    }
}

/// Enough to see whether two lines are of one address, as long as the key is the same.
fn hash_address(address: &str) -> Option<String> {
    let key = ADDRESS_KEY.with(|it| it.get().cloned())?;
    let code = key.chain_update(address).finalize().into_bytes();
    Some(hex(&code))
}

/// Writes a line of those that clients can cause in any number, or counts it.
fn print_sampled(line: Line<'_>) {
    let words =
        [Some(line.event), line.code, line.claim, line.detail].map(Option::unwrap_or_default);
    let Sampled { line: written, sums } =
        SAMPLER.with_borrow_mut(|it| it.note(&words.join("\n"), clock::now()));
    for (reason, count) in sums {
        let mut words = reason.splitn(4, '\n').skip(1).map(|it| (!it.is_empty()).then_some(it));
        let mut word = || words.next().flatten();
        let (code, claim, detail) = (word(), word(), word());
        print(&Line { code, claim, detail, count: Some(count), ..Line::of("unwritten") });
    }
    if let Some(count) = written {
        print(&Line { count: (1 < count).then_some(count), ..line });
    }
}

fn print(line: &Line<'_>) {
    worker::console_log!("{}", serde_json::to_string(line).unwrap_or_default());
}

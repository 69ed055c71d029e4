//! Asking objects for sockets, on behalf of those who were let in.

use std::time::Duration;

use futures_util::future::{Either, select};
use worker::{Delay, Env, WebSocket};

use super::platform;
use crate::admission::{HAND_OFF_HEADER, HandOff};
use crate::message::{Code, Kind, Refusal, RoomName};

/// How long an object may take to answer before its client is told to come back,
/// rather than hang.
const HAND_OVER_MS: u64 = 10_000;

const UNAVAILABLE: Refusal = Refusal::new(Code::Unavailable, "the room did not answer; try again");

/// Hands an admitted client to its room's object, and returns the room's end of the socket.
pub(super) async fn hand_over(
    env: &Env,
    kind: Kind,
    hand_off: &HandOff,
) -> Result<WebSocket, Refusal> {
    let binding = match kind {
        Kind::Chat => "CHAT_ROOMS",
    };
    ask(env, binding, hand_off.room.as_str(), &hand_off.to_header()).await
}

/// Hands a client to the echo of its id.
pub(super) async fn echo(env: &Env, client: &RoomName) -> Result<WebSocket, Refusal> {
    ask(env, "ECHOES", client.as_str(), "").await
}

async fn ask(env: &Env, binding: &str, name: &str, hand_off: &str) -> Result<WebSocket, Refusal> {
    let namespace = js_sys::Reflect::get(env, &binding.into()).map_err(|_| UNAVAILABLE)?;
    let asked = platform::ask_for_socket(&namespace, name, HAND_OFF_HEADER, hand_off);
    let patience = Delay::from(Duration::from_millis(HAND_OVER_MS));
    match select(Box::pin(asked), patience).await {
        Either::Left((Ok(answer), _)) => match answer.as_string() {
            None => Ok(web_sys::WebSocket::from(answer).into()),
            Some(refusal) => Err(serde_json::from_str(&refusal).unwrap_or(UNAVAILABLE)),
        },
        Either::Left((Err(_), _)) | Either::Right(_) => Err(UNAVAILABLE),
    }
}

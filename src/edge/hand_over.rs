//! Asking objects for sockets, on behalf of those who were let in.

use wasm_bindgen::JsValue;
use worker::{Env, WebSocket};

use super::{breakers, platform};
use crate::admission::{HAND_OFF_HEADER, HandOff};
use crate::api::{Answer, RoomRequest};
use crate::breaker::Breaker;
use crate::message::{Code, Kind, ProtocolError, RoomName};

/// How long an object may take to answer before its client is told to come back,
/// rather than hang, in milliseconds.
pub(super) const ANSWER_MS: f64 = 10_000.0;

const UNAVAILABLE: ProtocolError =
    ProtocolError::new(Code::Unavailable, "the room did not answer; try again");

/// Hands an admitted client to its room's object, and returns the room's end of the socket.
pub(super) async fn hand_over(
    env: &Env,
    kind: Kind,
    hand_off: &HandOff,
) -> Result<WebSocket, ProtocolError> {
    ask(env, kind.properties().binding, hand_off.room.as_str(), &hand_off.to_header()).await
}

/// Hands a client to the echo of its address, where the platform tells it, so that all of one
/// address are counted together; else to that of its id.
pub(super) async fn echo(
    env: &Env,
    client: &RoomName,
    from: Option<&str>,
) -> Result<WebSocket, ProtocolError> {
    ask(env, "ECHOES", from.unwrap_or(client.as_str()), client.as_str()).await
}

async fn ask(
    env: &Env,
    binding: &str,
    name: &str,
    hand_off: &str,
) -> Result<WebSocket, ProtocolError> {
    let namespace = js_sys::Reflect::get(env, &binding.into()).map_err(|_| UNAVAILABLE)?;
    let answer = unless_it_fails(
        binding,
        name,
        platform::ask_for_socket(&namespace, name, HAND_OFF_HEADER, hand_off, ANSWER_MS),
    )
    .await?;
    match answer.as_string() {
        None => Ok(web_sys::WebSocket::from(answer).into()),
        Some(error) => Err(serde_json::from_str(&error).unwrap_or(UNAVAILABLE)),
    }
}

/// Sends a caller's request to its room's object.
pub(super) async fn run(
    env: &Env,
    kind: Kind,
    room_request: &RoomRequest,
) -> Result<Vec<Answer>, ProtocolError> {
    let (binding, name) = (kind.properties().binding, room_request.room.as_str());
    let namespace = js_sys::Reflect::get(env, &binding.into()).map_err(|_| UNAVAILABLE)?;
    let body = serde_json::to_string(room_request).map_err(|_| ProtocolError::system())?;
    let asked = platform::post_to(&namespace, name, &body, ANSWER_MS);
    let answer = unless_it_fails(binding, name, asked).await?;
    let answers = answer.as_string().and_then(|it| serde_json::from_str(&it).ok());
    answers.ok_or(UNAVAILABLE)
}

/// Waits for an object's answer, unless it has failed to answer of late.
async fn unless_it_fails(
    binding: &str,
    name: &str,
    asked: impl Future<Output = Result<JsValue, JsValue>>,
) -> Result<JsValue, ProtocolError> {
    let whose = format!("{binding}/{name}");
    breakers::admit(Breaker::Connect, &whose)?;
    let answer = asked.await.ok();
    breakers::went(Breaker::Connect, &whose, answer.is_some());
    answer.ok_or(UNAVAILABLE)
}

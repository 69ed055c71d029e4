//! Event streams: what a room says on a socket that the Worker holds, as the body of a response.

use js_sys::Array;
use wasm_bindgen::JsValue;
use worker::{Method, Request, Response, Result, WebSocket};

use super::http::{WRONG_METHOD, problem};
use super::platform;
use super::refused::told;
use crate::limits::Limits;
use crate::protocol::{Frame, ProtocolId, Relay};

/// What is answered to a request that asks for no stream, whoever makes it.
pub(super) fn other_than_get(request: &Request) -> Result<Option<Response>> {
    if request.method() == Method::Get {
        return Ok(None);
    }
    if request.method() == Method::Options {
        return Ok(Some(Response::empty()?.with_status(204)));
    }
    let response = problem(&WRONG_METHOD)?;
    response.headers().set("Allow", "GET")?;
    Ok(Some(response))
}

/// Passes on what the room says until either side is gone, or it has lasted long enough.
#[expect(clippy::cast_precision_loss, reason = "durations stay below 2^53")]
pub(super) fn relay(
    room: &WebSocket,
    request: &Request,
    protocol: ProtocolId,
    limits: &Limits,
) -> Result<Response> {
    let lost = match told(protocol, &Relay::LOST) {
        Some(Frame::Text(text)) => text,
        Some(Frame::Binary(_)) | None => String::new(), // A stream is text.
    };
    let relay = Relay::new(lost, limits, js_sys::Math::random());
    let Relay { opening, beat, closing, lost, beat_ms, life_ms } = &relay;
    let (ping, answer) = protocol.descriptor().ping_pair.unwrap_or_default();
    let texts = [opening.as_str(), beat, closing.as_str(), lost.as_str(), ping, answer];
    let texts: Array = texts.into_iter().map(JsValue::from_str).collect();
    let (beat_ms, life_ms) = (*beat_ms as f64, *life_ms as f64);
    let response = platform::stream(room.as_ref(), request.inner(), &texts, beat_ms, life_ms)?;
    Ok(response.into())
}

use worker::{
    DurableObject, Env, Error, Request, Response, ResponseBuilder, Result, State, WebSocket,
    WebSocketIncomingMessage, WebSocketPair, durable_object, wasm_bindgen,
};

use super::config::Config;
use super::room_object::reply;
use crate::close::CloseCode;

/// The legacy echo (E11): every frame comes back unchanged. No room, no state.
#[durable_object(websocket)]
pub struct EchoDurableObject {
    state: std::panic::AssertUnwindSafe<State>,
    message_bytes_max: usize,
}

impl DurableObject for EchoDurableObject {
    fn new(state: State, env: Env) -> Self {
        let message_bytes_max = Config::of(&env).limits.message_bytes_max;
        Self { state: std::panic::AssertUnwindSafe(state), message_bytes_max }
    }

    async fn fetch(&self, _request: Request) -> Result<Response> {
        let WebSocketPair { client, server } = WebSocketPair::new()?;
        self.state.as_raw().accept_websocket(server.as_ref())?;
        Ok(ResponseBuilder::new().with_status(101).with_websocket(client).empty())
    }

    async fn websocket_message(
        &self,
        socket: WebSocket,
        message: WebSocketIncomingMessage,
    ) -> Result<()> {
        let sent = match message {
            WebSocketIncomingMessage::String(text) if text.len() <= self.message_bytes_max => {
                socket.send_with_str(text)
            }
            WebSocketIncomingMessage::Binary(bytes) if bytes.len() <= self.message_bytes_max => {
                socket.send_with_bytes(bytes)
            }
            WebSocketIncomingMessage::String(_) | WebSocketIncomingMessage::Binary(_) => {
                self.oversized(&socket);
                Ok(())
            }
        };
        drop(sent); // A dead socket reports itself through its close event.
        Ok(())
    }

    async fn websocket_close(
        &self,
        socket: WebSocket,
        code: usize,
        reason: String,
        _was_clean: bool,
    ) -> Result<()> {
        reply(&socket, code, &reason);
        Ok(())
    }

    async fn websocket_error(&self, _socket: WebSocket, _error: Error) -> Result<()> {
        Ok(())
    }
}

#[wasm_bindgen::prelude::wasm_bindgen(wasm_bindgen = worker::wasm_bindgen)]
impl EchoDurableObject {
    /// A frame past the limit, which the guard in `entry.mjs` kept out of wasm memory.
    #[wasm_bindgen(js_name = oversized)]
    pub fn guard_oversized(&self, socket: web_sys::WebSocket) {
        self.oversized(&socket.into());
    }
}

impl EchoDurableObject {
    #[expect(clippy::unused_self, reason = "a sibling of the room's")]
    fn oversized(&self, socket: &WebSocket) {
        let closed = socket.close(Some(CloseCode::TooLarge.number()), Some("message too large"));
        drop(closed); // It may have closed meanwhile.
    }
}

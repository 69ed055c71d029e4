use std::panic::AssertUnwindSafe;
use std::rc::Rc;

use js_sys::{Array, Uint8Array};
use worker::{
    DurableObject, Env, Error, Request, Response, ResponseBuilder, Result, State, WebSocket,
    WebSocketIncomingMessage, WebSocketPair, durable_object, wasm_bindgen,
};

use super::config::Config;
use super::room_object::reply;
use super::{clock, platform};
use crate::admission::HAND_OFF_HEADER;
use crate::close::{CloseCode, reason};
use crate::echo::Echo;
use crate::limits::Limits;
use crate::message::{Millis, RoomName};

/// The legacy echo (E11): every frame comes back unchanged. One object for all connections of
/// an address, so that they can be counted; nothing is kept when the last has gone.
#[durable_object]
pub struct EchoDurableObject {
    state: AssertUnwindSafe<State>,
    config: AssertUnwindSafe<Rc<Config>>,
    /// It knows who does not read.
    sender: AssertUnwindSafe<platform::Sender>,
}

impl DurableObject for EchoDurableObject {
    fn new(state: State, env: Env) -> Self {
        let (config, sender) = (Config::of(&env), platform::Sender::new());
        Self {
            state: AssertUnwindSafe(state),
            config: AssertUnwindSafe(config),
            sender: AssertUnwindSafe(sender),
        }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        let client = request.headers().get(HAND_OFF_HEADER)?;
        let Some(client) = client.and_then(|it| RoomName::parse(it).ok()) else {
            return Response::error("not handed over by the Worker", 403);
        };
        let connected: Vec<Echo> = self.connected()?.into_iter().map(|(_, echo)| echo).collect();
        let echo = match Echo::open(client, &connected, self.limits(), clock::now()) {
            Ok(echo) => echo,
            Err(error) => return Ok(Response::from_json(&error)?.with_status(409)),
        };
        let WebSocketPair { client, server } = WebSocketPair::new()?;
        self.state.as_raw().accept_websocket(server.as_ref())?;
        store(&server, &echo)?;
        self.arm(echo.silent_at(self.limits()));
        Ok(ResponseBuilder::new().with_status(101).with_websocket(client).empty())
    }

    async fn websocket_message(
        &self,
        socket: WebSocket,
        message: WebSocketIncomingMessage,
    ) -> Result<()> {
        let length = match &message {
            WebSocketIncomingMessage::String(text) => text.len(),
            WebSocketIncomingMessage::Binary(bytes) => bytes.len(),
        };
        if self.limits().message_bytes_max < length {
            close(&socket, CloseCode::TooLarge, "message too large");
            return Ok(());
        }
        let Some(mut echo) = load(&socket) else {
            close(&socket, CloseCode::Internal, "connect again");
            return Ok(());
        };
        if let Err(error) = echo.hear(self.limits(), clock::now()) {
            close(&socket, CloseCode::of(&error), &error.message);
            return Ok(());
        }
        store(&socket, &echo)?;
        self.send(&socket, message, length);
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
        self.left(&socket).await
    }

    async fn websocket_error(&self, socket: WebSocket, _error: Error) -> Result<()> {
        self.left(&socket).await
    }

    /// Closes who has been silent for too long.
    async fn alarm(&self) -> Result<Response> {
        let (limits, now) = (self.limits(), clock::now());
        let mut next: Option<Millis> = None;
        for (socket, echo) in self.connected()? {
            if echo.is_silent(limits, now) {
                close(&socket, CloseCode::GoingAway, "nothing was heard for too long");
            } else {
                next = next.into_iter().chain(echo.silent_at(limits)).min();
            }
        }
        match next {
            Some(_) => self.arm(next),
            None => self.state.storage().delete_all().await?,
        }
        Response::empty()
    }
}

#[wasm_bindgen::prelude::wasm_bindgen(wasm_bindgen = worker::wasm_bindgen)]
impl EchoDurableObject {
    /// A frame past the limit, which the guard in `entry.mjs` kept out of wasm memory.
    #[expect(clippy::unused_self, reason = "a sibling of the room's")]
    #[wasm_bindgen(js_name = oversized)]
    pub fn guard_oversized(&self, socket: web_sys::WebSocket) {
        close(&socket.into(), CloseCode::TooLarge, "message too large");
    }
}

impl EchoDurableObject {
    fn limits(&self) -> &Limits {
        &self.config.limits
    }

    /// Those that are open; one that is closing is listed too until its close is through.
    fn connected(&self) -> Result<Vec<(WebSocket, Echo)>> {
        let sockets = self.state.as_raw().get_websockets()?.into_iter();
        let open = sockets.filter(|it| it.ready_state() == web_sys::WebSocket::OPEN);
        Ok(open.map(WebSocket::from).filter_map(|it| load(&it).map(|echo| (it, echo))).collect())
    }

    /// Sends a frame back. Who does not read is let go: what waits for it is memory of all.
    fn send(&self, socket: &WebSocket, message: WebSocketIncomingMessage, length: usize) {
        let to = Array::of1(socket.as_ref());
        #[expect(clippy::cast_precision_loss, reason = "a frame's length stays below 2^53")]
        let length = length as f64;
        let tight = self.config.budget.is_spent();
        let slow = match message {
            WebSocketIncomingMessage::String(text) => {
                self.sender.send_text(&to, &text, length, None, false, tight)
            }
            WebSocketIncomingMessage::Binary(bytes) => {
                let bytes = Uint8Array::from(bytes.as_slice()).buffer();
                self.sender.send_bytes(&to, &bytes, length, None, false, tight)
            }
        };
        if slow.is_some() {
            close(socket, CloseCode::TryLater, "this connection is too slow for what it sends");
        }
    }

    /// With the last one goes what the alarm has stored.
    async fn left(&self, socket: &WebSocket) -> Result<()> {
        forget(socket);
        self.sender.forget(socket.as_ref());
        if self.connected()?.is_empty() {
            self.state.storage().delete_alarm().await?;
            self.state.storage().delete_all().await?;
        }
        Ok(())
    }

    #[expect(clippy::cast_precision_loss, reason = "a time stays below 2^53")]
    fn arm(&self, at: Option<Millis>) {
        let armed = at.map(|at| platform::set_alarm(self.state.as_raw(), at.0 as f64));
        if armed.is_some_and(|it| it.is_err()) {
            worker::console_error!("the alarm was not set");
        }
    }
}

fn store(socket: &WebSocket, echo: &Echo) -> Result<()> {
    socket.serialize_attachment(serde_json::to_string(echo)?)
}

/// `None` for one that was closed.
fn load(socket: &WebSocket) -> Option<Echo> {
    let text = socket.deserialize_attachment::<String>().ok()??;
    serde_json::from_str(&text).ok()
}

fn forget(socket: &WebSocket) {
    // Gone with the socket, if not before.
    drop(socket.serialize_attachment(None::<String>));
}

fn close(socket: &WebSocket, code: CloseCode, text: &str) {
    forget(socket);
    // It may have closed meanwhile.
    drop(socket.close(Some(code.number()), Some(reason(text))));
}

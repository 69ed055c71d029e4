//! The object class of rooms, bound by hand: the `durable_object` macro knows no constructor with a
//! kind, and makes a promise of every call. `entry.mjs` makes a class of each kind of it.

use std::cell::RefCell;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;

use js_sys::{Promise, Uint8Array};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use worker::worker_sys::{DurableObjectState, WebSocketRequestResponsePair};
use worker::{Env, Method, Request, Response, Result, State};

use super::{Shared, reply};
use crate::admission::{HAND_OFF_HEADER, HandOff};
use crate::edge::config::Config;
use crate::edge::platform;
use crate::host::Flush;
use crate::kernel::Input;
use crate::message::Kind;
use crate::protocol::{Frame, ping_pair};

/// A room of any kind.
#[wasm_bindgen]
pub struct RoomObject(AssertUnwindSafe<Rc<Shared>>);

#[wasm_bindgen]
impl RoomObject {
    /// Of the kind that is called so.
    #[wasm_bindgen(constructor)]
    pub fn new(
        state: DurableObjectState,
        env: Env,
        kind: &str,
    ) -> std::result::Result<Self, JsValue> {
        let kind = Kind::parse(kind).ok_or_else(|| JsValue::from("no kind of room"))?;
        // Not kept by the platform across a restart, so set on every wake.
        if let Some((ping, pong)) = ping_pair(kind) {
            let pair = WebSocketRequestResponsePair::new(ping, pong);
            if pair.and_then(|it| state.set_websocket_auto_response(&it)).is_err() {
                worker::console_error!("pings will wake the room: no auto-response");
            }
        }
        let (config, state) = (Config::of(&env), State::from(state));
        let (awake, unreported) = (RefCell::default(), RefCell::default());
        let waiting = RefCell::default();
        let shared = Shared { kind, state, env, config, awake, unreported, waiting };
        Ok(Self(AssertUnwindSafe(Rc::new(shared))))
    }

    /// What the Worker and other rooms ask.
    pub async fn fetch(&self, request: web_sys::Request) -> std::result::Result<JsValue, JsValue> {
        AssertUnwindSafe(async move {
            let response = self.answer(request.into()).await.map_err(JsValue::from)?;
            Ok(web_sys::Response::from(response).into())
        })
        .await
    }

    /// A frame. No promise is made for it: that was a tenth of what a message costs here.
    pub fn receive(&self, socket: web_sys::WebSocket, message: &JsValue) {
        let frame = match message.as_string() {
            Some(text) => Frame::Text(text),
            None => Frame::Binary(Uint8Array::new(message).to_vec()),
        };
        self.0.receive(&socket.into(), frame);
    }

    /// What the Worker's pipe says, on a socket of its own, of how much its client has read:
    /// others may be waiting for that.
    pub fn reported(&self, socket: &web_sys::WebSocket, report: &str) {
        platform::reported(socket, report);
        if self.0.is_awake() {
            // A failure is in the log.
            drop(self.0.step(|_| Ok(Flush::No)));
        }
    }

    /// A frame past the limit, which `guard.mjs` kept out of wasm memory.
    pub fn oversized(&self, socket: web_sys::WebSocket) {
        self.0.step_of(&socket.into(), |host, connection, clock| {
            host.handle(Input::Oversized { connection }, clock)
        });
    }

    /// Answers the close, without which the client would wait ten seconds for it.
    #[wasm_bindgen(js_name = webSocketClose)]
    pub fn close(&self, socket: web_sys::WebSocket, code: u16, reason: &str) {
        let socket = socket.into();
        reply(&socket, code.into(), reason);
        self.0.leave(&socket, code);
    }

    /// The connection broke.
    #[wasm_bindgen(js_name = webSocketError)]
    pub fn error(&self, socket: web_sys::WebSocket) {
        self.0.leave(&socket.into(), 1006);
    }

    /// The alarm rings. Its end waits for the next one to be set.
    pub fn alarm(&self) -> Option<Promise> {
        self.0.alarm()
    }
}

impl RoomObject {
    /// Lets in whom the Worker hands over, or answers with the refusal as JSON, which
    /// the Worker spells out: a socket that is closed here before its client has
    /// spoken would show its close only ten seconds later.
    async fn answer(&self, mut request: Request) -> Result<Response> {
        if let Some(header) = request.headers().get(HAND_OFF_HEADER)? {
            return match HandOff::from_header(&header) {
                Some(hand_off) => self.0.join(hand_off),
                None => Response::error("not handed over by the Worker", 403),
            };
        }
        if request.method() == Method::Post {
            self.0.run_request(&mut request).await
        } else {
            Response::error("not sent by the Worker", 403)
        }
    }
}

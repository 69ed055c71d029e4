//! The object classes of rooms: each a newtype over [`RoomObject`] that names its kind.

use js_sys::Uint8Array;
use wasm_bindgen::JsValue;
use worker::{
    DurableObject, Env, Error, Request, Response, Result, Socket, State, WebSocket,
    WebSocketIncomingMessage, durable_object, wasm_bindgen,
};

use super::room_object::RoomObject;
use crate::message::Kind;

macro_rules! room_class {
    ($(#[$doc:meta])* $class:ident, $kind:expr) => {
        $(#[$doc])*
        #[durable_object]
        pub struct $class(RoomObject);

        impl DurableObject for $class {
            fn new(state: State, env: Env) -> Self {
                Self(RoomObject::new($kind, state, env))
            }

            async fn fetch(&self, request: Request) -> Result<Response> {
                self.0.fetch(request).await
            }

            async fn websocket_message(
                &self,
                socket: WebSocket,
                message: WebSocketIncomingMessage,
            ) -> Result<()> {
                self.0.message(&socket, message);
                Ok(())
            }

            async fn websocket_close(
                &self,
                socket: WebSocket,
                code: usize,
                reason: String,
                _was_clean: bool,
            ) -> Result<()> {
                self.0.close(&socket, code, &reason);
                Ok(())
            }

            async fn websocket_error(&self, socket: WebSocket, _error: Error) -> Result<()> {
                self.0.error(&socket);
                Ok(())
            }

            async fn alarm(&self) -> Result<Response> {
                self.0.alarm()
            }

            async fn connect(&self, _socket: Socket) -> Result<()> {
                Err(Error::RustError("rooms take no raw connections".into()))
            }
        }

        #[wasm_bindgen::prelude::wasm_bindgen(wasm_bindgen = worker::wasm_bindgen)]
        impl $class {
            /// A frame, as `websocket_message` takes it, but without the promise that an
            /// async handler makes for each: a tenth of what a message costs here.
            #[wasm_bindgen(js_name = receive)]
            pub fn receive(&self, socket: web_sys::WebSocket, message: &JsValue) {
                let message = match message.as_string() {
                    Some(text) => WebSocketIncomingMessage::String(text),
                    None => WebSocketIncomingMessage::Binary(Uint8Array::new(message).to_vec()),
                };
                self.0.message(&socket.into(), message);
            }

            /// What the Worker's pipe says on a socket, of itself.
            #[wasm_bindgen(js_name = reported)]
            pub fn reported(&self, socket: web_sys::WebSocket, report: &str) {
                self.0.reported(&socket.into(), report);
            }

            /// A frame past the limit, which the guard in `entry.mjs` kept out of wasm memory.
            #[wasm_bindgen(js_name = oversized)]
            pub fn oversized(&self, socket: web_sys::WebSocket) {
                self.0.oversized(&socket.into());
            }
        }
    };
}

room_class! {
    /// `chat:` rooms: messages, typing, presence, history.
    ChatRoomDurableObject, Kind::Chat
}

room_class! {
    /// `hub:` rooms: workflow updates, notifications, topics, keyed state.
    HubDurableObject, Kind::Hub
}

room_class! {
    /// `analytics:` rooms: metric subscriptions and updates.
    AnalyticsDurableObject, Kind::Analytics
}

room_class! {
    /// `collaboration:` rooms: sessions in which documents are edited together.
    CollaborationDurableObject, Kind::Collaboration
}

room_class! {
    /// `conversation:` rooms: requests to a backend and its responses.
    ConversationDurableObject, Kind::Conversation
}

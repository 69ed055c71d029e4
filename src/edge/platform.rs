//! Bindings that workers-rs lacks, or has only in a form that panics.

use js_sys::{Array, Promise};
use wasm_bindgen::prelude::*;
use web_sys::WebSocket;
use worker::Env;
use worker::worker_sys::DurableObjectState;
use worker::worker_sys::types::SqlStorage;

#[wasm_bindgen(module = "/src/edge/glue.js")]
extern "C" {
    #[wasm_bindgen(js_name = bindSession)]
    pub(super) fn bind_connection(socket: &WebSocket, connection: f64);

    #[wasm_bindgen(js_name = sessionOf)]
    pub(super) fn connection_of(socket: &WebSocket) -> Option<f64>;

    /// What waits for this socket's client to read it, in bytes.
    #[wasm_bindgen(js_name = backlogOf)]
    pub(super) fn backlog(socket: &WebSocket) -> f64;

    /// A room's sender: it knows who does not keep up.
    pub(super) type Sender;

    #[wasm_bindgen(constructor)]
    pub(super) fn new() -> Sender;

    /// Much may wait for this socket.
    #[wasm_bindgen(method)]
    pub(super) fn watch(this: &Sender, socket: &WebSocket);

    /// It is not the room's any more.
    #[wasm_bindgen(method)]
    pub(super) fn forget(this: &Sender, socket: &WebSocket);

    /// What waits for those for whom much waits, in bytes.
    #[wasm_bindgen(method)]
    pub(super) fn unread(this: &Sender, anew: bool) -> f64;

    #[wasm_bindgen(method, js_name = send)]
    pub(super) fn send_text(
        this: &Sender,
        sockets: &Array,
        text: &str,
        bytes: f64,
        except: Option<&WebSocket>,
        ephemeral: bool,
        tight: bool,
    ) -> Option<Array>;

    #[wasm_bindgen(method, js_name = send)]
    pub(super) fn send_bytes(
        this: &Sender,
        sockets: &Array,
        buffer: &js_sys::ArrayBuffer,
        bytes: f64,
        except: Option<&WebSocket>,
        ephemeral: bool,
        tight: bool,
    ) -> Option<Array>;

    #[wasm_bindgen(js_name = runSql, catch)]
    pub(super) fn run_sql(
        sql: &SqlStorage,
        query: &str,
        bindings: &Array,
    ) -> Result<Option<String>, JsValue>;

    #[wasm_bindgen(js_name = transactionSync, catch)]
    pub(super) fn transaction_sync(
        state: &DurableObjectState,
        work: &mut dyn FnMut() -> Result<(), JsValue>,
    ) -> Result<(), JsValue>;

    #[wasm_bindgen(js_name = setAlarm, catch)]
    pub(super) fn set_alarm(state: &DurableObjectState, at_ms: f64) -> Result<Promise, JsValue>;

    /// Deletes all that an object stores, its alarm too.
    #[wasm_bindgen(js_name = deleteStorage, catch)]
    pub(super) fn delete_storage(state: &DurableObjectState) -> Result<(), JsValue>;

    #[wasm_bindgen(js_name = setAlarmLater, catch)]
    pub(super) fn set_alarm_later(
        state: &DurableObjectState,
        at_ms: f64,
        after_ms: f64,
    ) -> Result<(), JsValue>;

    #[wasm_bindgen(js_name = autoResponseAt, catch)]
    pub(super) fn auto_response_at(
        state: &DurableObjectState,
        socket: &WebSocket,
    ) -> Result<Option<f64>, JsValue>;

    /// The platform's own parser: the crate `url` would be 83 KB more of gzipped wasm.
    #[wasm_bindgen(js_name = splitUrl, catch)]
    pub(super) fn split_url(url: &str) -> Result<Vec<String>, JsValue>;

    #[wasm_bindgen(js_name = askForSocket, catch)]
    pub(super) async fn ask_for_socket(
        namespace: &JsValue,
        name: &str,
        header: &str,
        value: &str,
        patience_ms: f64,
    ) -> Result<JsValue, JsValue>;

    /// Sends text to an object; gives its answer, and throws if that is no success.
    #[wasm_bindgen(js_name = postTo, catch)]
    pub(super) async fn post_to(
        namespace: &JsValue,
        name: &str,
        body: &str,
        patience_ms: f64,
    ) -> Result<JsValue, JsValue>;

    /// A request's body; nothing if it is longer than so many bytes.
    #[wasm_bindgen(js_name = readText, catch)]
    pub(super) async fn read_text(
        request: &web_sys::Request,
        bytes_max: f64,
    ) -> Result<JsValue, JsValue>;

    /// POSTs to a service of the operator's: `[status, text]`, without a text that is too
    /// long or none. Throws if there is no answer, whole and in time.
    #[wasm_bindgen(js_name = postOut, catch)]
    pub(super) async fn post_out(
        url: &str,
        headers: &Array,
        body: &str,
        patience_ms: f64,
        bytes_max: f64,
    ) -> Result<JsValue, JsValue>;

    /// GETs keys: `[text, Cache-Control]`. Throws if there is no answer, whole and in time.
    #[wasm_bindgen(js_name = fetchKeys, catch)]
    pub(super) async fn fetch_keys(
        url: &str,
        patience_ms: f64,
        bytes_max: f64,
    ) -> Result<JsValue, JsValue>;

    pub(super) fn variable(env: &Env, name: &str) -> Option<String>;
}

#[wasm_bindgen(module = "/src/edge/pipe.js")]
extern "C" {
    /// Says that a pipe leads from this socket to its client.
    #[wasm_bindgen(js_name = bindPipe)]
    pub(super) fn bind_pipe(socket: &WebSocket);

    /// Takes what the pipe of a socket says of how much its client has read.
    pub(super) fn reported(socket: &WebSocket, report: &str);
}

#[wasm_bindgen(module = "/src/edge/stream.js")]
extern "C" {
    /// What a room says on a socket, as the body of a response to this request.
    #[wasm_bindgen(catch)]
    pub(super) fn stream(
        room: &WebSocket,
        request: &web_sys::Request,
        texts: &Array,
        beat_ms: f64,
        life_ms: f64,
    ) -> Result<web_sys::Response, JsValue>;
}

#[wasm_bindgen(module = "/src/edge/held.js")]
extern "C" {
    pub(super) type Held;

    #[wasm_bindgen(constructor)]
    pub(super) fn new(socket: &WebSocket, length_max: f64, length_of_all_max: f64) -> Held;

    #[wasm_bindgen(method, catch)]
    pub(super) async fn first(this: &Held, timeout_ms: f64) -> Result<JsValue, JsValue>;

    /// Whether its client is gone, or it was closed.
    #[wasm_bindgen(method, getter, js_name = isOver)]
    pub(super) fn is_over(this: &Held) -> bool;

    /// It was refused: nothing of what it still sends is kept.
    #[wasm_bindgen(method)]
    pub(super) fn forget(this: &Held);

    #[wasm_bindgen(method, catch)]
    pub(super) fn pipe(this: &Held, upstream: &WebSocket) -> Result<(), JsValue>;
}

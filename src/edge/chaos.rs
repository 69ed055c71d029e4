//! Only in the build for chaos tests: trouble on request.

use wasm_bindgen::JsCast;

use crate::protocol::Frame;

/// Panics in the middle of a room's step, where it hurts most.
pub(super) fn panic_if_asked(frame: &Frame) {
    let asked = *frame == Frame::Text(r#"{"type":"panic"}"#.into());
    assert!(!asked, "asked to");
}

/// Says how much memory the isolate's wasm has, where asked to. It never shrinks.
pub(super) fn measure_if_asked(frame: &Frame) {
    if *frame == Frame::Text(r#"{"type":"memory"}"#.into()) {
        let memory: js_sys::WebAssembly::Memory = wasm_bindgen::memory().unchecked_into();
        let buffer: js_sys::ArrayBuffer = memory.buffer().unchecked_into();
        worker::console_log!("wasm memory {}", buffer.byte_length());
    }
}

/// Says that a room's memory was made anew.
pub(super) fn woke(room: &str) {
    worker::console_log!("woke {room}");
}

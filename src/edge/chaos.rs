//! Only in the build for chaos tests: trouble on request.

use crate::dialect::Frame;

/// Panics in the middle of a room's step, where it hurts most.
pub(super) fn panic_if_asked(frame: &Frame) {
    let asked = *frame == Frame::Text(r#"{"type":"panic"}"#.into());
    assert!(!asked, "asked to");
}

/// Says that a room's memory was made anew.
pub(super) fn woke(room: &str) {
    worker::console_log!("woke {room}");
}

//! Only in the build for chaos tests: trouble on request.

use crate::dialect::Frame;

/// Panics in the middle of a room's step, where it hurts most.
#[expect(clippy::panic, reason = "that is what it is for")]
pub(super) fn panic_if_asked(frame: &Frame) {
    if *frame == Frame::Text(r#"{"type":"panic"}"#.into()) {
        panic!("asked to");
    }
}

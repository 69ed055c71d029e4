//! What a panic leaves in the log: its message, its place and the stack.

/// Reports panics from now on, in place of workers-rs, which logs an error object that says
/// the same. In a build that aborts its hook stays: it also marks the instance as broken.
pub(super) fn report() {
    if cfg!(panic = "unwind") {
        console_error_panic_hook::set_once();
    }
}

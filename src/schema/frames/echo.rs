use serde_json::Value;

use super::{Frames, Message};
use crate::protocol::context::schema::ERROR;
use crate::schema::shape::output_here;

/// The legacy echo, which has no words of its own but for a refusal.
pub(in crate::schema) fn of_echo() -> Frames {
    Frames { receive: vec![&ANYTHING], send: vec![&ANYTHING, &ERROR] }
}

const ANYTHING: Message = Message {
    name: "frame",
    about: "Anything, text or binary; it comes back unchanged.",
    envelope: output_here::<Value>,
    fields: &[],
    example: r#""hello""#,
};

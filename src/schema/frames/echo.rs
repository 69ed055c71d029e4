use serde_json::Value;

use super::{Envelope, Frames, Message, of};
use crate::protocol::ProtocolId;
use crate::schema::shape::output_here;

/// The legacy echo, which has no words of its own: a refusal is spelled as by another protocol.
pub(in crate::schema) fn of_echo() -> Frames {
    let Frames { send, own, .. } = of(ProtocolId::FIRST);
    let error = send.into_iter().filter(|it| it.name == "error");
    Frames { receive: vec![&ANYTHING], send: [&ANYTHING].into_iter().chain(error).collect(), own }
}

const ANYTHING: Message = Message {
    name: "frame",
    about: "Anything, text or binary; it comes back unchanged.",
    envelope: Envelope::Of(output_here::<Value>),
    fields: &[],
    example: r#""hello""#,
};

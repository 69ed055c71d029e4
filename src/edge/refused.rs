//! What the Worker says by itself to a client that it lets in nowhere.

use super::clock;
use crate::kernel::{Event, Notice};
use crate::message::ProtocolError;
use crate::protocol::{Channel, Frame, ProtocolId};

/// An error as a protocol spells it, said by the Worker.
pub(super) fn told(protocol: ProtocolId, error: &ProtocolError) -> Option<Frame> {
    let mut clock = clock::clock();
    let event = Event::Refused(error.clone());
    let id = clock.new_id();
    let notice = Notice { id, reply_to: None, connection: None, at: clock.at, event };
    protocol.get().encode(&notice, &Channel::default())
}

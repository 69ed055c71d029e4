//! What the Worker says by itself to a client that it lets in nowhere.

use super::clock;
use crate::kernel::{Event, Notice};
use crate::message::ProtocolError;
use crate::protocol::{Channel, Frame, ProtocolId};

/// An error as a protocol spells it, said by the Worker.
pub(super) fn told(protocol: ProtocolId, error: &ProtocolError) -> Option<Frame> {
    said(protocol, Event::Refused(error.clone()))
}

/// An event as a protocol spells it, said by the Worker.
pub(super) fn said(protocol: ProtocolId, event: Event) -> Option<Frame> {
    let mut clock = clock::clock();
    let id = clock.new_id();
    let notice = Notice { id, reply_to: None, connection: None, at: clock.at, event };
    protocol.get().encode(&notice, &Channel::default())
}

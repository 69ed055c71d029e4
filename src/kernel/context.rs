use super::{Effect, Effects, Recipients};
use crate::kernel::{Event, Notice};
use crate::message::{Clock, ConnectionId, ProtocolError, RequestId};
use crate::tally::Tally;

/// One call of [`Room::handle`]: its moment, and what has been decided so far.
pub(crate) struct Context {
    pub(crate) clock: Clock,
    pub(crate) effects: Effects,
    pub(crate) tally: Tally,
}

impl Context {
    pub(crate) fn tell(&mut self, to: ConnectionId, reply_to: Option<RequestId>, event: Event) {
        let (id, at) = (self.clock.new_id(), self.clock.at);
        let notice = Notice { id, reply_to, connection: Some(to), at, event };
        self.tell_notice(Recipients::One(to), notice);
    }

    pub(crate) fn tell_notice(&mut self, to: Recipients, notice: Notice) {
        self.effects.push(Effect::Tell { to, notice });
    }

    pub(crate) fn refuse(
        &mut self,
        to: ConnectionId,
        reply_to: Option<RequestId>,
        error: ProtocolError,
    ) {
        self.tally.refused += 1;
        self.tell(to, reply_to, Event::Refused(error));
    }
}

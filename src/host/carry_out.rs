//! Carrying out what the room decided: durable first, then said, in order.

use super::{Delivery, Host, Sockets, deliver};
use crate::close::{CloseCode, Closing};
use crate::feature::Query;
use crate::history::History;
use crate::kernel::{Answer, Effect, HostStats, Recipients, Write};
use crate::kernel::{Event, Notice};
use crate::message::{Code, ConnectionId, Millis, ProtocolError};

impl<H: History, S: Sockets> Host<H, S> {
    pub(super) fn carry_out(&mut self, effects: Vec<Effect>, now: Millis) -> Result<(), H::Error> {
        let (mut writes, mut others) = (Vec::new(), Vec::with_capacity(effects.len()));
        for effect in effects {
            if let Effect::Write(write) = effect { writes.push(write) } else { others.push(effect) }
        }
        if !writes.is_empty() {
            self.history.commit(&writes)?;
        }
        if writes.iter().any(|it| matches!(it, Write::Trim { .. })) {
            let (first, first_at) = self.history.oldest()?;
            self.room.trimmed(first, first_at);
        }
        let (mut deliveries, mut changed, mut counted) = (Vec::new(), Vec::new(), Vec::new());
        for effect in others {
            match effect {
                Effect::Write(_) => {} // Above.
                Effect::Tell { to: Recipients::Caller, notice } => self.answers.push(notice),
                Effect::Tell { to, notice } => {
                    if let (Event::Refused(error), Some(connection)) =
                        (&notice.event, notice.connection)
                        && is_of_note(error)
                    {
                        self.sockets.note(connection, error);
                    }
                    deliveries.push(Delivery { to, notice });
                }
                Effect::Page { pending, query } => {
                    let notice = pending.notice(Event::History(self.history.page(&query)?));
                    self.address(&mut deliveries, pending.to, notice);
                }
                Effect::Find { query, pending: None } => self.lookups.push(query),
                Effect::Find { query, pending: Some(pending) } => match self.find(query, now)? {
                    Some(Answer::Event(event)) => {
                        let notice = pending.notice(event);
                        self.address(&mut deliveries, pending.to, notice);
                    }
                    Some(Answer::Call(call)) => self.calls.push(call),
                    None => {}
                },
                Effect::Call(outbound) => self.calls.push(outbound),
                Effect::Lost(loss) => self.losses.push(loss),
                Effect::Save(connection) => changed.push(connection),
                Effect::SaveCounts(connection) => counted.push(connection),
                Effect::Close { connection, code, reason } => {
                    // What was to be said on it comes first.
                    let (mut deliveries, room) =
                        (std::mem::take(&mut deliveries), self.address.channel());
                    let last = closing(&deliveries, connection, code, now);
                    deliveries.push(last);
                    deliver(&mut self.sockets, room, &deliveries, &mut self.tally);
                    self.sockets.close(connection, code, &crate::close::reason(&reason));
                }
            }
        }
        deliver(&mut self.sockets, self.address.channel(), &deliveries, &mut self.tally);
        // Once per flush and connection, however often it changed.
        changed.extend(self.saving.counted(counted, now));
        changed.sort_unstable();
        changed.dedup();
        self.saving.saved(&changed);
        for connection in changed.into_iter().filter_map(|id| self.room.connection(id)) {
            self.sockets.save(connection);
        }
        Ok(())
    }

    /// Stores the connections of which only counts have changed.
    pub(super) fn save_counts(&mut self, now: Millis) {
        for id in self.saving.take(now) {
            if let Some(connection) = self.room.connection(id) {
                self.sockets.save(connection);
            }
        }
    }

    /// Looks something up, and says what the room makes of it.
    pub(super) fn find(&mut self, query: Query, now: Millis) -> Result<Option<Answer>, H::Error> {
        let found = self.history.find(&query)?;
        let stats = HostStats { handling_ms_median: self.handling.median(now) };
        Ok(self.room.found(query, found, stats))
    }

    fn address(&mut self, deliveries: &mut Vec<Delivery>, to: Recipients, notice: Notice) {
        if to == Recipients::Caller {
            self.answers.push(notice);
        } else {
            deliveries.push(Delivery { to, notice });
        }
    }
}

/// What a client is told last: what to do, by why it was refused.
fn closing(said: &[Delivery], connection: ConnectionId, code: CloseCode, now: Millis) -> Delivery {
    let own =
        said.iter().rev().find(|it| it.to == Recipients::One(connection)).map(|it| &it.notice);
    let error =
        own.and_then(|it| if let Event::Refused(error) = &it.event { Some(error) } else { None });
    let id = own.map_or_else(uuid::Uuid::nil, |it| it.id);
    let event = Event::Closing(Closing::of(code, error, id.as_u64_pair().1 ^ connection.number()));
    let notice = Notice { id, reply_to: None, connection: Some(connection), at: now, event };
    Delivery { to: Recipients::One(connection), notice }
}

/// Whether an operator wants to know. What is merely misspelled is not worth a line.
fn is_of_note(error: &ProtocolError) -> bool {
    matches!(
        error.code,
        Code::AuthenticationFailed
            | Code::PermissionDenied
            | Code::RateLimitExceeded
            | Code::MessageTooLarge
            | Code::ConnectionTimeout
            | Code::SystemError
    )
}

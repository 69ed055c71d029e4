//! How fast a socket and a room may go, and what happens to those that go faster.

use super::asker::Asker;
use super::{Effect, Manner, Quota, Room, Session, Turn, Write};
use crate::message::{ClientRef, Rate, Refusal, SessionId};

/// How often too fast is forgiven (X7).
const FORGIVEN: Quota = Quota::per_minute(2);

impl Room {
    /// Notes that the socket spoke, and counts the frame against one of its rates (B27).
    pub(super) fn admits_frame(
        &mut self,
        turn: &mut Turn,
        id: SessionId,
        to: Option<&ClientRef>,
        rate: Rate,
    ) -> bool {
        let Some(session) = self.sessions.get_mut(&id) else { return false };
        turn.tally.received += 1;
        let before = (session.heard_at, session.received);
        session.hear(turn.stamp.at, &self.limits);
        if session.manners.has(Manner::Pinged) {
            session.received += 1;
        }
        if before != (session.heard_at, session.received) {
            turn.effects.remember(id);
        }
        self.charges(turn, id, to, rate)
    }

    /// Counts something against one of a socket's rates.
    pub(super) fn charges(
        &mut self,
        turn: &mut Turn,
        id: SessionId,
        to: Option<&ClientRef>,
        rate: Rate,
    ) -> bool {
        let Some(session) = self.sessions.get_mut(&id) else { return false };
        let quota = Quota::per_minute(self.limits.messages_per_minute);
        let is_demo = session.manners.has(Manner::Demo);
        let quota = if is_demo { quota.tenth() } else { quota };
        let rates = |it: &Session| (it.messages, it.edits, it.cursors, it.chunks);
        let before = rates(session);
        let (bucket, a_second) = match rate {
            Rate::Messages => (None, 0),
            Rate::Edits => (Some(&mut session.edits), self.limits.edits_per_second),
            Rate::Cursors => (Some(&mut session.cursors), self.limits.edits_per_second),
            Rate::Chunks => (Some(&mut session.chunks), self.limits.chunks_per_second),
        };
        let streamed = Quota { count: a_second, period_ms: 1000 };
        let (quota, charged) = match bucket {
            None => (quota, session.messages.charge(quota, turn.stamp.at)),
            Some(bucket) => {
                let quota = if is_demo { streamed.tenth() } else { streamed };
                (quota, bucket.charge(quota.count, turn.stamp.at))
            }
        };
        match charged {
            Ok(()) => {
                if before != rates(session) {
                    turn.effects.remember(id);
                }
                true
            }
            Err(wait_ms) => {
                self.breach(turn, id, to.cloned(), quota.refusal(wait_ms));
                false
            }
        }
    }

    /// Counts one broadcast against the room's rate (B28).
    pub(super) fn admits_broadcast(&mut self, turn: &mut Turn, asker: &Asker) -> bool {
        let quota = Quota::per_minute(self.limits.broadcasts_per_minute);
        let quota = if asker.is_demo { quota.tenth() } else { quota };
        let before = self.broadcasts;
        let charged = self.broadcasts.charge(quota, turn.stamp.at);
        match (charged, asker.session) {
            (Ok(()), Some(id)) => {
                // The count rides with whoever spoke last, so that it survives sleep
                // without a row being written for it.
                if let Some(session) = self.sessions.get_mut(&id)
                    && session.broadcasts != self.broadcasts
                {
                    session.broadcasts = self.broadcasts;
                    turn.effects.remember(id);
                }
                true
            }
            (Ok(()), None) => {
                if before != self.broadcasts {
                    turn.effects.push(Effect::Write(Write::Broadcasts(self.broadcasts)));
                }
                true
            }
            (Err(wait_ms), Some(id)) => {
                self.breach(turn, id, asker.client_ref.clone(), quota.refusal(wait_ms));
                false
            }
            (Err(wait_ms), None) => {
                turn.refuse_asker(asker, quota.refusal(wait_ms));
                false
            }
        }
    }

    /// Too fast: closed at once (B29), or, where that is forgiven, the third time within a
    /// minute (X7).
    fn breach(
        &mut self,
        turn: &mut Turn,
        id: SessionId,
        client_ref: Option<ClientRef>,
        refusal: Refusal,
    ) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let is_patient = session.manners.has(Manner::Patient);
        if is_patient && session.strikes.charge(FORGIVEN, turn.stamp.at).is_ok() {
            turn.effects.remember(id);
            turn.refuse(id, client_ref, refusal);
        } else {
            self.expel(turn, id, client_ref, refusal);
        }
    }
}

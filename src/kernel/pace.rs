//! How fast a socket and a room may go, and what happens to those that go faster.

use super::counts::{Counts, MESSAGES, PUBLISHED};
use super::principal::Principal;
use super::{Connection, Context, Counted, Effect, Flag, Room, Write};
use crate::limits::Limits;
use crate::message::{ConnectionId, Millis, ProtocolError, RequestId};
use crate::rates::{Counter, Pool, Quota};

/// How often too fast is forgiven (X7).
const FORGIVEN: Quota = Quota::per_minute(2);

/// How often a minute a connection may begin to be told the log anew, or show a token (N47): a gap
/// that is repaired every half a second is none that repairs itself.
const ATTACHMENTS_PER_MINUTE: u64 = 120;

impl Connection {
    /// Counts something against one of its rates, or as a message; gives whether that is to be
    /// stored.
    fn charge(
        &mut self,
        against: Counted,
        limits: &Limits,
        now: Millis,
    ) -> Result<bool, ProtocolError> {
        let (counter, most): (&mut dyn Counter, u64) = match against {
            Counted::Of(rate) => ((rate.counter)(&mut self.own), (rate.most)(limits)),
            Counted::Attachment if self.can_fall_behind() => {
                (&mut self.attachments, ATTACHMENTS_PER_MINUTE)
            }
            Counted::Message | Counted::Attachment => {
                (&mut self.messages, limits.messages_per_minute)
            }
        };
        let quota = counter.quota(most);
        let quota = if self.flags.has(Flag::Demo) { quota.tenth() } else { quota };
        // Where nothing is limited, nothing is counted.
        let charged = counter.take(quota, now).map(|()| quota.count != 0);
        charged.map_err(|wait_ms| quota.error(wait_ms))
    }
}

impl Room {
    /// Notes that a connection spoke, and counts the frame against one of its rates, or as a message
    /// (B27). Gives who asks, unless it was too fast.
    pub(crate) fn admits_frame(
        &mut self,
        cx: &mut Context,
        id: ConnectionId,
        request_id: Option<RequestId>,
        against: Counted,
    ) -> Option<Principal> {
        let connection = self.connections.get_mut(&id)?;
        cx.tally.received += 1;
        let before = (connection.heard_at, connection.received);
        connection.hear(cx.clock.at, &self.limits);
        if connection.flags.has(Flag::Pinged) {
            connection.received += 1;
        }
        let is_heard = before != (connection.heard_at, connection.received);
        let charged = connection.charge(against, &self.limits, cx.clock.at);
        if is_heard || charged == Ok(true) {
            cx.effects.save_counts(id);
        }
        match charged {
            Ok(_) => Some(Principal::of(connection, request_id, cx.clock.at)),
            Err(error) => {
                self.breach(cx, id, request_id, error);
                None
            }
        }
    }

    /// Counts something against one of a connection's rates, or as a message.
    pub(crate) fn charges(&mut self, cx: &mut Context, id: ConnectionId, against: Counted) -> bool {
        let Some(connection) = self.connections.get_mut(&id) else { return false };
        match connection.charge(against, &self.limits, cx.clock.at) {
            Ok(is_changed) => {
                if is_changed {
                    cx.effects.save_counts(id);
                }
                true
            }
            Err(error) => {
                self.breach(cx, id, None, error);
                false
            }
        }
    }

    /// Counts a message, an event or a change of state against the room (B28): against what
    /// users may say, or against what callers with `publish` may, which is as much again (L12).
    pub(crate) fn admits_broadcast(&mut self, cx: &mut Context, principal: &Principal) -> bool {
        let pool = if principal.is_publisher() { PUBLISHED } else { MESSAGES };
        self.admits(cx, principal, &pool)
    }

    /// Counts something against the room, and against its user's share of it. A user past
    /// their share is too fast (L11); a room that is full refuses, and closes nobody (L2).
    pub(crate) fn admits(&mut self, cx: &mut Context, principal: &Principal, pool: &Pool) -> bool {
        let now = cx.clock.at;
        let (whole, share) = self.quotas(principal, pool);
        let mut counts = self.counts;
        let mut own = self.shares.get(&principal.member.id).copied().unwrap_or_default();
        if let Some(share) = share
            && let Err(wait_ms) = own.charge(pool, share, now)
        {
            match principal.connection.filter(|_| pool.is_breach) {
                Some(id) => {
                    self.breach(cx, id, principal.request_id.clone(), share.error(wait_ms));
                }
                None => cx.refuse_principal(principal, share.error(wait_ms)),
            }
            return false;
        }
        if let Err(wait_ms) = counts.charge(pool, whole, now) {
            cx.refuse_principal(principal, whole.error(wait_ms));
            return false;
        }
        self.counted(cx, principal, counts, share.map(|_| own));
        true
    }

    /// Whether one who owns so many things of a kind may own one more, of so many that a room
    /// holds: each user has a share of them, as of its rates (L18).
    pub(crate) fn may_own(&self, principal: &Principal, owned: u64, whole: u64) -> bool {
        let whole = Quota { count: whole, period_ms: 0 };
        let share = whole.share(self.limits.user_share_percent);
        principal.is_publisher() || principal.is_demo || share.is_none_or(|it| owned < it.count)
    }

    /// Counts what turned out to be more than the one that was admitted.
    pub(crate) fn owes(&mut self, cx: &mut Context, principal: &Principal, pool: &Pool, more: u64) {
        if more == 0 {
            return;
        }
        let (whole, share) = self.quotas(principal, pool);
        let mut counts = self.counts;
        counts.owe(pool, whole, more, cx.clock.at);
        let own = share.map(|share| {
            let mut own = self.shares.get(&principal.member.id).copied().unwrap_or_default();
            own.owe(pool, share, more, cx.clock.at);
            own
        });
        self.counted(cx, principal, counts, own);
    }

    /// How much the room takes, and its user's share of that, where they have one: callers
    /// with `publish` speak for many, and a demo socket calls itself whatever it likes.
    fn quotas(&self, principal: &Principal, pool: &Pool) -> (Quota, Option<Quota>) {
        let whole = pool.quota(&self.limits);
        let whole = if principal.is_demo { whole.tenth() } else { whole };
        let share = whole.share(self.limits.user_share_percent);
        (whole, share.filter(|_| !principal.is_publisher() && !principal.is_demo))
    }

    /// Keeps what was counted. It rides with whoever spoke last, so that it survives sleep
    /// without a row being written for it; what a caller over HTTP says needs the row.
    fn counted(
        &mut self,
        cx: &mut Context,
        principal: &Principal,
        counts: Counts,
        own: Option<Counts>,
    ) {
        if own.is_none() && counts == self.counts {
            return; // Nothing is limited.
        }
        let (user, at) = (&principal.member.id, cx.clock.at);
        self.counts = counts;
        if let Some(own) = own {
            if !self.shares.contains_key(user) {
                // Those that hold nothing back any more are as good as none.
                self.shares.retain(|_, it| it.is_open(at));
            }
            self.shares.insert(user.clone(), own);
        }
        let connection = principal.connection.and_then(|id| self.connections.get_mut(&id));
        if let Some(connection) = connection {
            connection.counts = counts;
            connection.share = self.shares.get(user).copied().unwrap_or_default();
            cx.effects.save_counts(connection.id);
        } else {
            cx.effects.push(Effect::Write(Write::Broadcasts(counts)));
            if let Some(own) = own {
                cx.effects.push(Effect::Write(Write::Share(user.clone(), own, at)));
            }
        }
    }

    /// A socket is gone, and what it carried of the counts goes to the log.
    pub(crate) fn keep_counts(&self, cx: &mut Context, connection: &Connection) {
        let (now, user) = (cx.clock.at, &connection.member.id);
        if connection.counts == self.counts && self.counts.is_open(now) {
            cx.effects.push(Effect::Write(Write::Broadcasts(self.counts)));
        }
        let share = self.shares.get(user).filter(|it| **it == connection.share && it.is_open(now));
        if let Some(share) = share {
            cx.effects.push(Effect::Write(Write::Share(user.clone(), *share, now)));
        }
    }

    /// Too fast: closed at once (B29), or, where that is forgiven, the third time within a
    /// minute (X7).
    fn breach(
        &mut self,
        cx: &mut Context,
        id: ConnectionId,
        request_id: Option<RequestId>,
        error: ProtocolError,
    ) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        let is_patient = connection.flags.has(Flag::Patient);
        if is_patient && connection.strikes.charge(FORGIVEN, cx.clock.at).is_ok() {
            cx.effects.save(id);
            cx.refuse(id, request_id, error);
        } else {
            self.disconnect(cx, id, request_id, error);
        }
    }
}

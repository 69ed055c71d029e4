use std::rc::Rc;

use litemap::LiteMap;

use super::weight::weight;
use crate::kernel::{Duplicate, Effect, Effects, Write};
use crate::limits::OUTBOX_BYTES_MAX;
use crate::message::{Entry, Millis, RequestId, Target, UserId};

/// How long effects gather, in milliseconds. Long enough for a burst to share one
/// commit, which is nearly all that a message costs; far below what a person notices.
pub const GATHER_MS: u64 = 1;

/// Since the last flush, in milliseconds, after which a room counts as idle. What
/// arrives during a broadcast and its commit is delivered only when they are done, which
/// may take ten on a busy disk; people do not answer in twenty.
const IDLE_MS: u64 = 20;

/// How many flushes at most go by before gathering is tried again where it did not
/// pay. One client that waits for each answer is delayed once in so many messages.
const SKIP_MAX: u32 = 64;

/// Effects that wait to be carried out together.
///
/// The first message of an idle room is flushed at once. One that comes soon after a
/// flush may be one of many, so it waits for others; if none came, the next ones do not
/// wait, ever longer until it pays again. Whether others come cannot be seen: the
/// platform holds them back while a commit is under way.
#[derive(Debug, Default)]
pub struct Outbox {
    waiting: Vec<Effect>,
    /// Entries among them by the id that their author gave them: a burst asks for each.
    requests: LiteMap<(RequestId, UserId), Rc<Entry>>,
    /// How much memory they take, about.
    bytes: usize,
    flushed_at: Option<Millis>,
    timer_set_at: Option<Millis>,
    /// Inputs whose effects gather for the timer.
    gathered: u32,
    /// Flushes to go before gathering is tried again, and how many the next time.
    skip: u32,
    skip_next: u32,
}

/// What to do about the outbox now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flush {
    /// Flush at once.
    Now,
    /// Set a timer of [`GATHER_MS`] and flush when it rings.
    Later,
    /// Nothing: a timer is set, or there is nothing to do.
    No,
}

impl Flush {
    /// What to do about two inputs.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Now, _) | (_, Self::Now) => Self::Now,
            (Self::Later, _) | (_, Self::Later) => Self::Later,
            (Self::No, Self::No) => Self::No,
        }
    }
}

impl Outbox {
    /// Adds effects and says when to flush.
    pub fn push(&mut self, effects: Effects, now: Millis) -> Flush {
        let urgent = effects.iter().any(Effect::is_urgent);
        self.bytes += effects.iter().map(weight).sum::<usize>();
        for effect in effects {
            if let Effect::Write(Write::Append(entry)) = &effect {
                self.index(entry);
            }
            self.waiting.push(effect);
        }
        self.gathered += 1;
        // A clock set back counts as idle.
        let idle = self.flushed_at.is_none_or(|at| now < at || IDLE_MS <= now.since(at));
        if self.waiting.is_empty() {
            Flush::No
        } else if urgent || OUTBOX_BYTES_MAX <= self.bytes {
            // The timer does not ring while frames that have arrived are delivered.
            Flush::Now
        } else if self.timer_set_at.is_some() {
            Flush::No
        } else if idle {
            Flush::Now
        } else if 0 < self.skip {
            self.skip -= 1;
            Flush::Now
        } else {
            self.timer_set_at = Some(now);
            self.gathered = 1;
            Flush::Later
        }
    }

    /// Takes everything, for a flush at `now`.
    pub(super) fn take(&mut self, now: Millis) -> Vec<Effect> {
        // A flush that something else forced says nothing about gathering.
        if self.timer_set_at.take().is_some_and(|at| GATHER_MS <= now.since(at)) {
            let paid = 1 < self.gathered;
            self.skip_next = if paid { 0 } else { (2 * self.skip_next).clamp(4, SKIP_MAX) };
            self.skip = self.skip_next;
        }
        self.flushed_at = Some(now);
        (self.gathered, self.bytes) = (0, 0);
        self.requests.clear();
        std::mem::take(&mut self.waiting)
    }

    /// How many bytes of memory wait, about.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether everything has been carried out.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    fn index(&mut self, entry: &Rc<Entry>) {
        if let Some(request_id) = entry.request_id.clone() {
            self.requests.insert((request_id, entry.author.id.clone()), Rc::clone(entry));
        }
    }

    /// The entry of this name, if it waits here.
    #[must_use]
    pub fn entry(&self, target: Target) -> Option<Rc<Entry>> {
        let entries = self.waiting.iter().filter_map(|it| {
            if let Effect::Write(Write::Append(entry)) = it { Some(entry) } else { None }
        });
        entries.rev().find(|it| target.is(it)).cloned()
    }

    /// A request that waits here has been accepted, though the log does not know it yet.
    #[must_use]
    pub fn find_duplicate(&self, user: &UserId, request_id: &RequestId) -> Option<Duplicate> {
        let entry = self.requests.get(&(request_id.clone(), user.clone()))?;
        let (offset, entry) = (entry.offset, Some(Rc::clone(entry)));
        Some(Duplicate { offset, entry })
    }
}

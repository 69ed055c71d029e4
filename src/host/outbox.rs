use crate::message::{ClientRef, Millis, UserId};
use crate::room::{Effect, Effects, Receipt, Write};

/// How long effects gather, in milliseconds. Long enough for a burst to share one
/// commit, which is nearly all that a message costs; far below what a person notices.
pub const GATHER_MS: u64 = 1;

/// Effects that wait to be carried out together.
#[derive(Debug, Default)]
pub struct Outbox {
    waiting: Vec<Effect>,
    flushed_at: Option<Millis>,
    timer_is_set: bool,
}

/// What to do about the outbox now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flush {
    /// Flush at once: the first message of an idle room must not wait for a timer.
    Now,
    /// Set a timer of [`GATHER_MS`] and flush when it rings.
    Later,
    /// Nothing: a timer is set, or there is nothing to do.
    No,
}

impl Outbox {
    /// Adds effects and says when to flush.
    pub fn push(&mut self, effects: Effects, now: Millis) -> Flush {
        self.waiting.extend(effects);
        if self.waiting.is_empty() || self.timer_is_set {
            return Flush::No;
        }
        // A clock set back counts as idle.
        let idle = self.flushed_at.is_none_or(|at| now < at || GATHER_MS <= now.since(at));
        self.timer_is_set = !idle;
        if idle { Flush::Now } else { Flush::Later }
    }

    /// Takes everything, for a flush at `now`.
    pub(super) fn take(&mut self, now: Millis) -> Vec<Effect> {
        self.flushed_at = Some(now);
        self.timer_is_set = false;
        std::mem::take(&mut self.waiting)
    }

    /// Whether everything has been carried out.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// A request that waits here has been accepted, though the log does not know it yet.
    #[must_use]
    pub fn recall(&self, user: &UserId, client_ref: &ClientRef) -> Option<Receipt> {
        self.waiting.iter().find_map(|effect| match effect {
            Effect::Write(Write::Append(entry))
                if entry.author.id == *user && entry.client_ref.as_ref() == Some(client_ref) =>
            {
                Some(Receipt { offset: entry.offset, entry: Some(entry.clone()) })
            }
            _ => None,
        })
    }
}

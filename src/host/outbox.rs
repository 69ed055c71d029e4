use std::rc::Rc;

use crate::message::{ClientRef, Entry, Millis, UserId};
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
        let written = self.waiting.iter().filter_map(Effect::write);
        let entries = written.filter_map(|write| match write {
            Write::Append(entry) => Some(entry),
            Write::Depart(_)
            | Write::Forget(_)
            | Write::Trim { .. }
            | Write::ForgetRefs(_)
            | Write::Broadcasts(_) => None,
        });
        let is_it =
            |it: &&Rc<Entry>| it.author.id == *user && it.client_ref.as_ref() == Some(client_ref);
        let entry = entries.into_iter().find(is_it)?;
        Some(Receipt { offset: entry.offset, entry: Some(Rc::clone(entry)) })
    }
}

use std::cell::RefCell;

use super::Claims;
use crate::message::{Code, Issue, Millis, ProtocolError, Revocation, UserId};

/// How old the list may be that somebody is let in by, in milliseconds.
const AGE_MAX_MS: u64 = 1_000;

/// When one of those who come asks for it anew, so that the others need not wait.
const REFRESH_MS: u64 = 500;

/// How long the last list that is known is gone by where a new one cannot be had: as long as a
/// restart takes, and no longer than a minute, in which a token is a danger that was taken back.
const WITHOUT_MS: u64 = 60_000;

const UNKNOWN: ProtocolError = ProtocolError::new(
    Code::Unavailable,
    "which tokens were taken back is not known at the moment; try again",
)
.after(5);

/// The tokens that were taken back, as an isolate knows them: a list that it asks for when somebody
/// comes, and keeps.
#[derive(Debug, Default)]
pub struct Revoked(RefCell<Known>);

#[derive(Debug, Default)]
struct Known {
    /// Whether nobody is let in without such a list.
    is_needed: bool,
    version: u64,
    /// Those of users for good come first.
    all: Vec<Revocation>,
    told_at: Option<Millis>,
    asked_at: Option<Millis>,
    is_failing: bool,
}

impl Known {
    fn age(&self, now: Millis) -> u64 {
        // A clock that was set back makes it old, not new.
        self.told_at.filter(|it| *it <= now).map_or(u64::MAX, |it| now.since(it))
    }

    fn refusal(&self, user: &UserId, issue: Issue) -> Result<(), ProtocolError> {
        let found = self.all.iter().find(|it| it.covers(user, issue, Millis(0)));
        found.map_or(Ok(()), |it| Err(it.error()))
    }
}

impl Revoked {
    /// Nothing is known yet, and nobody is let in until it is.
    #[must_use]
    pub fn needed() -> Self {
        Self(RefCell::new(Known { is_needed: true, ..Known::default() }))
    }

    /// Whether whoever comes now is to ask for the list first, and what it has: a version.
    #[must_use]
    pub fn asks(&self, now: Millis) -> Option<u64> {
        let mut known = self.0.borrow_mut();
        let age = known.age(now);
        let since = known.asked_at.filter(|it| *it <= now).map_or(u64::MAX, |it| now.since(it));
        // One asks ahead of time, and again a second later at most; if the list is too old, so does
        // everyone, unless they only would wait for what does not answer.
        let is_slow = known.is_failing || AGE_MAX_MS <= since;
        let wants = REFRESH_MS <= age && (AGE_MAX_MS <= since || (AGE_MAX_MS <= age && !is_slow));
        if !wants {
            return None;
        }
        known.asked_at = Some(now);
        Some(known.version)
    }

    /// What it has, for who needs the list as it is now.
    #[must_use]
    pub fn asks_anew(&self, now: Millis) -> u64 {
        let mut known = self.0.borrow_mut();
        known.asked_at = Some(now);
        known.version
    }

    /// The list is this now; `None`: as before. It was asked for at that time.
    pub fn told(&self, asked_at: Millis, list: Option<(u64, Vec<Revocation>)>) {
        let mut known = self.0.borrow_mut();
        if let Some((version, mut all)) = list {
            all.sort_by_key(|it| !it.is_for_good());
            (known.version, known.all) = (version, all);
        }
        known.told_at = known.told_at.max(Some(asked_at));
        (known.asked_at, known.is_failing) = (None, false);
    }

    /// It could not be had.
    pub fn failed(&self) {
        self.0.borrow_mut().is_failing = true;
    }

    /// These were taken back just now. The next list has them too.
    pub fn learn(&self, news: &[Revocation]) {
        let mut known = self.0.borrow_mut();
        for it in news.iter().filter(|it| it.joined_by.is_none()) {
            if !known.all.contains(it) {
                known.all.push(it.clone());
            }
        }
        known.all.sort_by_key(|it| !it.is_for_good());
    }

    /// All that is known.
    #[must_use]
    pub fn all(&self) -> Vec<Revocation> {
        self.0.borrow().all.clone()
    }

    /// Whether somebody who comes with this token may be let in.
    pub fn judge(&self, claims: &Claims, now: Millis) -> Result<(), ProtocolError> {
        let known = self.0.borrow();
        known.refusal(&claims.member().id, claims.issue())?;
        if known.is_needed && WITHOUT_MS <= known.age(now) { Err(UNKNOWN) } else { Ok(()) }
    }

    /// Whether a room lets in whom the Worker has let in: by a list that may be older than its own.
    pub fn judge_newcomer(&self, user: &UserId, issue: Issue) -> Result<(), ProtocolError> {
        self.0.borrow().refusal(user, issue)
    }

    /// Whether a connection that is there may stay by this token. The room hears of what is taken
    /// back as long as it has connections, so the list may be old; but not where it cannot be had.
    pub fn judge_renewal(&self, claims: &Claims, now: Millis) -> Result<(), ProtocolError> {
        let known = self.0.borrow();
        known.refusal(&claims.member().id, claims.issue())?;
        let is_lost = known.is_failing && WITHOUT_MS <= known.age(now);
        if known.is_needed && is_lost { Err(UNKNOWN) } else { Ok(()) }
    }
}

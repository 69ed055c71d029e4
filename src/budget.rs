//! One budget of memory for all rooms of an isolate. Whatever a client can make grow takes
//! from it, and gives back what it took when that is gone.

use std::cell::Cell;
use std::rc::Rc;

use crate::message::{Code, ProtocolError};

/// The refusal while the budget is spent. What others hold is delivered or dropped within
/// moments, unless the isolate is overloaded.
pub const SPENT: ProtocolError =
    ProtocolError::new(Code::Unavailable, "too much waits in memory here; try again").after(1);

/// How many bytes may be held, and how many are. Clones share one account.
#[derive(Clone, Debug)]
pub struct Budget(Rc<Account>);

#[derive(Debug)]
struct Account {
    bytes_max: usize,
    taken: Cell<usize>,
}

impl Budget {
    /// A budget of which nothing is taken. `0` is no bound.
    #[must_use]
    pub fn new(bytes_max: u64) -> Self {
        let bytes_max = if bytes_max == 0 { u64::MAX } else { bytes_max };
        let bytes_max = usize::try_from(bytes_max).unwrap_or(usize::MAX);
        Self(Rc::new(Account { bytes_max, taken: Cell::new(0) }))
    }

    /// Takes so many bytes, or refuses.
    pub fn take(&self, bytes: usize) -> Result<Lease, ProtocolError> {
        let mut lease = self.lease();
        lease.resize(bytes)?;
        Ok(lease)
    }

    /// Takes nothing yet.
    #[must_use]
    pub fn lease(&self) -> Lease {
        Lease { budget: self.clone(), bytes: 0 }
    }

    /// How many bytes are taken.
    #[must_use]
    pub fn taken(&self) -> usize {
        self.0.taken.get()
    }

    /// Whether so many bytes are left.
    #[must_use]
    pub fn has(&self, bytes: usize) -> bool {
        self.taken().saturating_add(bytes) <= self.0.bytes_max
    }

    /// Whether not one byte is left.
    #[must_use]
    pub fn is_spent(&self) -> bool {
        self.0.bytes_max <= self.taken()
    }
}

/// Bytes taken from a budget; dropping it gives them back.
#[derive(Debug)]
pub struct Lease {
    budget: Budget,
    bytes: usize,
}

impl Lease {
    /// How many bytes it holds.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Holds so many bytes from now on. Refuses to grow past the budget, and then holds as
    /// many as before; never refuses to shrink.
    pub fn resize(&mut self, bytes: usize) -> Result<(), ProtocolError> {
        let others = self.budget.taken().saturating_sub(self.bytes);
        if self.bytes < bytes && self.budget.0.bytes_max < others.saturating_add(bytes) {
            return Err(SPENT);
        }
        self.set(bytes);
        Ok(())
    }

    /// Holds so many bytes from now on, even past the budget: for what is there already.
    pub fn set(&mut self, bytes: usize) {
        let others = self.budget.taken().saturating_sub(self.bytes);
        self.budget.0.taken.set(others.saturating_add(bytes));
        self.bytes = bytes;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.set(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_taken_is_given_back() {
        let budget = Budget::new(10);
        let one = budget.take(6).unwrap();
        assert_eq!(budget.take(5).unwrap_err(), SPENT);
        assert_eq!(budget.taken(), 6);
        let other = budget.clone().take(4).unwrap();
        assert!(budget.is_spent());
        drop(one);
        assert_eq!((budget.taken(), other.bytes()), (4, 4));
        drop(other);
        assert_eq!(budget.taken(), 0);
    }

    #[test]
    fn a_lease_grows_within_the_budget_and_shrinks_in_any_case() {
        let budget = Budget::new(10);
        let (mut one, mut other) = (budget.lease(), budget.lease());
        one.resize(8).unwrap();
        assert_eq!(other.resize(3), Err(SPENT));
        assert_eq!(other.bytes(), 0);
        other.set(30);
        assert_eq!(budget.taken(), 38);
        one.resize(7).unwrap();
        assert_eq!(one.resize(8), Err(SPENT));
        other.resize(20).unwrap();
        assert_eq!(budget.taken(), 27);
        drop((one, other));
        assert_eq!(budget.taken(), 0);
    }

    #[test]
    fn a_budget_of_0_has_no_bound() {
        let budget = Budget::new(0);
        let lease = budget.take(usize::MAX - 1).unwrap();
        assert!(!budget.is_spent());
        drop(lease);
    }
}

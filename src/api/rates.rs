//! How much is asked over HTTP: by whom, and from where what fails. Counted before any
//! object is woken, in the memory of one isolate, which is what these calls cost.

use litemap::LiteMap;

use crate::limits::Limits;
use crate::message::{Millis, ProtocolError, networks};
use crate::rates::Quota;

/// Callers or networks counted at once; past that all begin anew, so that who makes them up
/// in numbers locks nobody out.
const KEYS_MAX: usize = 4096;

/// A page of history counts as a call for every so many bytes of it: what it costs is mostly
/// what it carries.
pub const PAGE_BYTES_A_CALL: u64 = 64 * 1024;

/// What a page counts until it is known how long it is: as many as the longest.
const PAGE_CALLS: u64 = 16;

/// What a call costs its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cost {
    /// Any call.
    Call,
    /// A page of history, whose length is still to be told.
    Page,
    /// So many events, published by one who may: of a budget of their own.
    Publish(u64),
}

/// All counters of an isolate.
#[derive(Debug, Default)]
pub struct Rates {
    calls: Counters,
    published: Counters,
    failed: Counters,
}

impl Rates {
    /// Counts a call against its caller.
    pub fn charge(
        &mut self,
        sub: &str,
        cost: Cost,
        limits: &Limits,
        now: Millis,
    ) -> Result<(), ProtocolError> {
        let (counters, quota, amount) = match cost {
            Cost::Call => (&mut self.calls, limits.http_calls_per_minute, 1),
            Cost::Page => (&mut self.calls, limits.http_calls_per_minute, PAGE_CALLS),
            Cost::Publish(events) => {
                (&mut self.published, limits.http_publishes_per_minute, events)
            }
        };
        counters.charge(sub, amount, Quota::per_minute(quota), now)
    }

    /// Gives back what was counted too much for a page of so many bytes.
    pub fn read_page(&mut self, sub: &str, bytes: usize) {
        let calls = (bytes as u64).div_ceil(PAGE_BYTES_A_CALL).clamp(1, PAGE_CALLS);
        self.calls.give_back(sub, PAGE_CALLS - calls);
    }

    /// Counts a call that failed before its caller was known, against the networks of its
    /// address.
    pub fn fail(
        &mut self,
        address: &str,
        limits: &Limits,
        now: Millis,
    ) -> Result<(), ProtocolError> {
        for network in networks(address) {
            let count = limits.http_failures_per_minute.saturating_mul(network.times);
            self.failed.charge(&network.key, 1, Quota::per_minute(count), now)?;
        }
        Ok(())
    }
}

/// Counters by key, each over a window that opens with the first event.
#[derive(Debug, Default)]
struct Counters(LiteMap<String, (Millis, u64)>);

impl Counters {
    fn charge(
        &mut self,
        key: &str,
        amount: u64,
        quota: Quota,
        now: Millis,
    ) -> Result<(), ProtocolError> {
        if quota.count == 0 {
            return Ok(());
        }
        // A clock set back opens a new window rather than freeze the old one.
        let is_open = |opened: Millis| opened <= now && now.since(opened) < quota.period_ms;
        if KEYS_MAX <= self.0.len() && !self.0.contains_key(key) {
            self.0.retain(|_, (opened, _)| is_open(*opened));
            if KEYS_MAX <= self.0.len() {
                self.0.clear();
            }
        }
        let (opened, count) = self.0.entry(key.to_owned()).or_insert((now, 0));
        if !is_open(*opened) {
            (*opened, *count) = (now, 0);
        }
        // What is more than a whole minute's worth passes where nothing else did.
        if *count != 0 && quota.count < count.saturating_add(amount) {
            return Err(quota.error(quota.period_ms.saturating_sub(now.since(*opened))));
        }
        *count = count.saturating_add(amount);
        Ok(())
    }

    fn give_back(&mut self, key: &str, amount: u64) {
        if let Some((_, count)) = self.0.get_mut(key) {
            // Not to nothing: the window stays open.
            *count = count.saturating_sub(amount).max(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Millis = Millis(1_000_000);

    fn limits() -> Limits {
        Limits {
            http_calls_per_minute: 40,
            http_publishes_per_minute: 100,
            http_failures_per_minute: 2,
            ..Limits::default()
        }
    }

    #[test]
    fn a_caller_has_so_many_calls_a_minute_and_publishing_has_its_own() {
        let (mut rates, limits) = (Rates::default(), limits());
        for _ in 0..40 {
            assert_eq!(rates.charge("ann", Cost::Call, &limits, AT), Ok(()));
        }
        let error = rates.charge("ann", Cost::Call, &limits, AT.plus(15_000)).unwrap_err();
        assert_eq!(error.retry_after, Some(45));
        assert_eq!(rates.charge("bob", Cost::Call, &limits, AT), Ok(()));
        assert_eq!(rates.charge("ann", Cost::Publish(100), &limits, AT), Ok(()));
        assert!(rates.charge("ann", Cost::Publish(1), &limits, AT).is_err());
        assert_eq!(rates.charge("ann", Cost::Call, &limits, AT.plus(60_000)), Ok(()));
        let off = Limits { http_calls_per_minute: 0, ..limits };
        assert_eq!(rates.charge("ann", Cost::Page, &off, AT), Ok(()));
    }

    #[test]
    fn a_page_counts_by_its_bytes_and_the_longest_until_they_are_known() {
        let (mut rates, limits) = (Rates::default(), limits());
        let page = |rates: &mut Rates| rates.charge("ann", Cost::Page, &limits, AT);
        // All at once: no more than two of the longest are under way.
        assert_eq!([page(&mut rates), page(&mut rates)], [Ok(()), Ok(())]);
        assert!(page(&mut rates).is_err());
        rates.read_page("ann", 1 << 20);
        assert!(page(&mut rates).is_err());
        rates.read_page("ann", 100);
        // 17 of 40 are counted now: short pages are cheap.
        for _ in 17..=24 {
            assert_eq!(page(&mut rates), Ok(()));
            rates.read_page("ann", 65_536);
        }
        assert!(page(&mut rates).is_err());
    }

    #[test]
    fn what_fails_is_counted_by_address_in_tiers() {
        let (mut rates, limits) = (Rates::default(), limits());
        let v4 = |rates: &mut Rates| rates.fail("192.0.2.1", &limits, AT).is_ok();
        assert_eq!([v4(&mut rates), v4(&mut rates), v4(&mut rates)], [true, true, false]);
        // Networks of one /56 share four times as much, those of a /48 sixteen times.
        let mut v6 =
            |network: u32| rates.fail(&format!("2001:db8:0:{network:x}::/64"), &limits, AT).is_ok();
        assert_eq!((0..16).filter(|it| v6(*it)).count(), 8);
        assert_eq!((1..60).filter(|it| v6(*it << 8)).count(), 24);
    }

    #[test]
    fn counters_are_bounded() {
        let (mut rates, limits) = (Rates::default(), limits());
        for number in 0..3 * KEYS_MAX {
            let at = AT.plus(number as u64);
            assert_eq!(rates.charge(&number.to_string(), Cost::Call, &limits, at), Ok(()));
        }
        assert!(rates.calls.0.len() <= KEYS_MAX);
    }
}

//! The breakers before services of others, each by its name. What fails may be the service, or
//! what is asked of it in one scope (a conversation, a room); only the number of scopes that fail
//! tells them apart. So a scope that fails is held back alone, and the service is left alone when
//! several scopes, of more than one user, have failed and none succeeded in between.

use litemap::LiteMap;

use super::{Breaker, Breakers, State};
use crate::message::{Millis, UserId};

/// Scopes of one service whose failures are remembered at most; past it, the one that failed
/// longest ago is forgotten. More than are needed to show that the service fails.
const FAILING_MAX: usize = 256;

/// Users whose scopes must be among those that fail: one user opens as many conversations as they
/// like.
const USERS_MIN: usize = 2;

/// The breakers of all services that were called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceBreakers(LiteMap<&'static str, Service>);

impl ServiceBreakers {
    /// None was called.
    #[must_use]
    pub const fn new() -> Self {
        Self(LiteMap::new())
    }

    /// Asks before a service is called in this scope. Whoever is let through reports how it went.
    /// Refused, it says how long to wait, in milliseconds.
    pub fn admit(&mut self, service: &'static str, scope: &str, now: Millis) -> Result<(), u64> {
        self.0.entry(service).or_default().admit(scope, now)
    }

    /// A call in this scope worked.
    pub fn succeeded(&mut self, service: &'static str, scope: &str, now: Millis) {
        self.0.entry(service).or_default().succeeded(scope, now);
    }

    /// A call in this scope on behalf of this user failed.
    pub fn failed(&mut self, service: &'static str, scope: &str, user: &UserId, now: Millis) {
        self.0.entry(service).or_default().failed(scope, user, now);
    }

    /// How the breaker of each service stands. A scope that is held back alone says nothing about
    /// the service.
    pub fn states(&self, now: Millis) -> impl Iterator<Item = State> {
        self.0.values().map(move |it| it.state(now))
    }
}

/// A scope that failed of late.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Failing {
    user: UserId,
    at: Millis,
    /// Whether no call of the service succeeded since.
    counts: bool,
    own: Breakers,
}

/// The breaker of one service, and one for each scope that fails.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Service {
    whole: Breakers,
    failing: LiteMap<String, Failing>,
}

impl Service {
    fn admit(&mut self, scope: &str, now: Millis) -> Result<(), u64> {
        let Some(failing) = self.failing.get_mut(scope) else {
            return self.whole.admit(Breaker::Outbound, now);
        };
        // A probe of one that the other refuses would never report.
        let mut own = failing.own.clone();
        own.admit(Breaker::Outbound, now)?;
        self.whole.admit(Breaker::Outbound, now)?;
        failing.own = own;
        Ok(())
    }

    fn succeeded(&mut self, scope: &str, now: Millis) {
        self.whole.succeeded(Breaker::Outbound, now);
        for (_, failing) in self.failing.iter_mut() {
            failing.counts = false;
        }
        if let Some(failing) = self.failing.get_mut(scope) {
            failing.own.succeeded(Breaker::Outbound, now);
            if failing.own.state(Breaker::Outbound, now) == State::Closed {
                self.failing.remove(scope);
            }
        }
    }

    fn failed(&mut self, scope: &str, user: &UserId, now: Millis) {
        if FAILING_MAX <= self.failing.len() && !self.failing.contains_key(scope) {
            let oldest = self.failing.iter().min_by_key(|(_, it)| it.at);
            if let Some(oldest) = oldest.map(|(name, _)| name.clone()) {
                self.failing.remove(&oldest);
            }
        }
        let own = Breakers::new();
        let new = Failing { user: user.clone(), at: now, counts: true, own };
        let failing = self.failing.entry(scope.to_owned()).or_insert(new);
        (failing.at, failing.counts) = (now, true);
        failing.own.failed(Breaker::Outbound, now);
        match self.whole.state(Breaker::Outbound, now) {
            // The word of a probe, or of one that was let through before it opened.
            State::HalfOpen | State::Open => self.whole.failed(Breaker::Outbound, now),
            State::Closed if self.is_failing(now) => self.whole.trip(Breaker::Outbound, now),
            State::Closed => {}
        }
    }

    /// Whether so many scopes fail that it is the service.
    fn is_failing(&self, now: Millis) -> bool {
        let settings = Breaker::Outbound.settings();
        let counted = || {
            let is_late = |it: &&Failing| !super::is_over(it.at, settings.within_ms, now);
            self.failing.values().filter(|it| it.counts).filter(is_late)
        };
        let mut users: Vec<&UserId> = counted().map(|it| &it.user).collect();
        users.sort_unstable();
        users.dedup();
        settings.failures as usize <= counted().count() && USERS_MIN <= users.len()
    }

    fn state(&self, now: Millis) -> State {
        self.whole.state(Breaker::Outbound, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(name: &str) -> UserId {
        UserId(name.into())
    }

    fn fail(breakers: &mut Service, scope: &str, name: &str, at: u64) {
        breakers.failed(scope, &user(name), Millis(at));
    }

    #[test]
    fn a_scope_that_fails_is_held_back_alone() {
        let mut breakers = Service::default();
        for at in 0..5 {
            assert_eq!(breakers.admit("a", Millis(at)), Ok(()));
            fail(&mut breakers, "a", "ann", at);
        }
        assert_eq!(breakers.admit("a", Millis(4)), Err(30_000));
        assert_eq!(breakers.admit("b", Millis(4)), Ok(()));
        assert_eq!(breakers.state(Millis(4)), State::Closed);
        assert_eq!(breakers.admit("a", Millis(30_004)), Ok(()), "a probe of its own");
        assert_eq!(breakers.admit("a", Millis(30_005)), Err(29_999), "one at a time");
        breakers.succeeded("a", Millis(30_006));
        assert_eq!(breakers, Service::default(), "and all is forgotten");
    }

    #[test]
    fn five_scopes_of_several_users_are_the_service() {
        let mut breakers = Service::default();
        for (at, name) in ["a", "b", "c", "d"].into_iter().enumerate() {
            fail(&mut breakers, name, name, at as u64);
            fail(&mut breakers, name, name, at as u64);
        }
        assert_eq!(breakers.admit("e", Millis(4)), Ok(()));
        fail(&mut breakers, "e", "e", 4);
        assert_eq!(breakers.state(Millis(4)), State::Open);
        assert_eq!(breakers.admit("f", Millis(4)), Err(30_000));
        assert_eq!(breakers.admit("f", Millis(30_004)), Ok(()));
        breakers.succeeded("f", Millis(30_005));
        assert_eq!(breakers.state(Millis(30_005)), State::Closed);
        fail(&mut breakers, "g", "g", 30_006);
        assert_eq!(breakers.state(Millis(30_006)), State::Closed, "counted anew");
    }

    #[test]
    fn one_user_does_not_close_it_to_others_however_many_scopes_fail() {
        let mut breakers = Service::default();
        for number in 0..1_000 {
            fail(&mut breakers, &number.to_string(), "ann", number);
        }
        assert_eq!(breakers.state(Millis(1_000)), State::Closed);
        assert_eq!(breakers.failing.len(), FAILING_MAX);
        fail(&mut breakers, "b", "bob", 1_001);
        assert_eq!(breakers.state(Millis(1_001)), State::Open, "nor hides it that others fail");
    }

    #[test]
    fn scopes_that_failed_long_ago_or_before_a_success_do_not_count() {
        let mut breakers = Service::default();
        for (at, name) in [(0, "a"), (60_000, "b"), (60_001, "c"), (60_002, "d"), (60_003, "e")] {
            fail(&mut breakers, name, name, at);
        }
        assert_eq!(breakers.state(Millis(60_003)), State::Closed);
        breakers.succeeded("z", Millis(60_004));
        fail(&mut breakers, "f", "f", 60_005);
        assert_eq!(breakers.state(Millis(60_005)), State::Closed);
    }

    #[test]
    fn one_that_the_breaker_of_the_service_refuses_keeps_its_own_probe() {
        let mut breakers = Service::default();
        for _ in 0..5 {
            fail(&mut breakers, "a", "ann", 0);
        }
        for name in ["b", "c", "d", "e"] {
            fail(&mut breakers, name, name, 10_000);
        }
        assert_eq!(breakers.admit("a", Millis(30_000)), Err(10_000), "that of the service");
        assert_eq!(breakers.admit("a", Millis(40_000)), Ok(()));
    }

    #[test]
    fn services_stand_each_for_itself() {
        let mut breakers = ServiceBreakers::new();
        for at in 0..5 {
            breakers.failed("one", "a", &user("ann"), Millis(at));
            breakers.failed("one", "b", &user("bob"), Millis(at));
            breakers.failed("one", &at.to_string(), &user("cid"), Millis(at));
        }
        assert_eq!(breakers.admit("one", "c", Millis(5)), Err(29_997));
        assert_eq!(breakers.admit("two", "a", Millis(5)), Ok(()));
        let states: Vec<State> = breakers.states(Millis(5)).collect();
        assert_eq!(states, [State::Open, State::Closed]);
    }
}

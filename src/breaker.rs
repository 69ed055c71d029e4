//! Circuit breakers: what failed again and again is left alone for a while, then tried
//! with care (A29, A30). They live as long as the object that holds them; nothing is stored.

mod service;

use serde::{Deserialize, Serialize};

use crate::message::Millis;

pub use service::ServiceBreakers;

/// What is guarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Breaker {
    /// Handing a socket to the object of its room.
    Connect,
    /// The room's log, without which no message is accepted.
    Storage,
    /// Calls to services of others.
    Outbound,
}

impl Breaker {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Connect, Self::Storage, Self::Outbound];

    /// As it stands in reports and metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Storage => "storage",
            Self::Outbound => "outbound",
        }
    }

    /// When it opens, and for how long.
    #[must_use]
    pub const fn settings(self) -> Settings {
        match self {
            // An object that moves turns one or two away; five in ten seconds are more than
            // one client asks for, which backs off 1, 2, 4 and 8 s. An object wakes within
            // a second, so one that has not answered in five will not. Three probes: one
            // client that goes away meanwhile says nothing about the room.
            Self::Connect => Settings { failures: 5, within_ms: 10_000, open_ms: 5_000, probes: 3 },
            // Each failure costs the room its memory, which it reads back from the same
            // storage; three are no hiccup. A second is shorter than a client waits before
            // it sends again, and one transaction tells what there is to know.
            Self::Storage => Settings { failures: 3, within_ms: 10_000, open_ms: 1_000, probes: 1 },
            // A call may take 10 s (Q13), so that five in a row that hang fit in a
            // minute, and a probe has its answer long before half of one is over. One at a
            // time: a service that is just back is not to meet everyone who waited.
            Self::Outbound => {
                Settings { failures: 5, within_ms: 60_000, open_ms: 30_000, probes: 1 }
            }
        }
    }
}

/// The numbers of one breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// So many failures without a success between them open it,
    pub failures: u32,
    /// if they come within this long.
    pub within_ms: u64,
    /// How long it stays open, and how long a probe may take.
    pub open_ms: u64,
    /// How many are let through at once to see whether it works again.
    pub probes: u32,
}

/// How a breaker stands (A30). In order of gravity: the largest of several is the worst.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Everything passes.
    #[default]
    Closed,
    /// Few pass, to see whether it works again.
    HalfOpen,
    /// Nothing passes.
    Open,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Circuit {
    /// Failures since the last success, and when the first of them was.
    Closed { failures: u32, first: Millis },
    /// Nothing passes, from then on.
    Open { since: Millis },
    /// Probes under way, and when the first of them began. Any word of one ends this.
    HalfOpen { probes: u32, since: Millis },
}

impl Default for Circuit {
    fn default() -> Self {
        Self::CLOSED
    }
}

/// Whether so much time has passed. A clock set back ends a wait: a probe too early does
/// no harm, one that never comes does.
fn is_over(since: Millis, ms: u64, now: Millis) -> bool {
    now < since || ms <= now.since(since)
}

impl Circuit {
    const CLOSED: Self = Self::Closed { failures: 0, first: Millis(0) };

    /// What time alone has made of it.
    fn at(self, open_ms: u64, now: Millis) -> Self {
        match self {
            Self::Open { since } if is_over(since, open_ms, now) => {
                Self::HalfOpen { probes: 0, since: now }
            }
            // No word of a probe: it failed when its time was up.
            Self::HalfOpen { probes: 1.., since } if is_over(since, open_ms, now) => {
                Self::Open { since: since.plus(open_ms) }.at(open_ms, now)
            }
            Self::Closed { .. } | Self::Open { .. } | Self::HalfOpen { .. } => self,
        }
    }
}

/// All breakers of one object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Breakers {
    connect: Circuit,
    storage: Circuit,
    outbound: Circuit,
}

impl Breakers {
    /// All closed.
    #[must_use]
    pub const fn new() -> Self {
        Self { connect: Circuit::CLOSED, storage: Circuit::CLOSED, outbound: Circuit::CLOSED }
    }

    /// Asks before something is tried. Whoever is let through reports how it went. Refused,
    /// it says how long to wait, in milliseconds.
    pub fn admit(&mut self, which: Breaker, now: Millis) -> Result<(), u64> {
        let Settings { open_ms, probes: probes_max, .. } = which.settings();
        let circuit = self.circuit(which);
        *circuit = circuit.at(open_ms, now);
        match circuit {
            Circuit::Closed { .. } => {}
            Circuit::HalfOpen { probes: 0, .. } => {
                *circuit = Circuit::HalfOpen { probes: 1, since: now };
            }
            Circuit::HalfOpen { probes, .. } if *probes < probes_max => *probes += 1,
            Circuit::HalfOpen { since, .. } | Circuit::Open { since } => {
                return Err(open_ms.saturating_sub(now.since(*since)));
            }
        }
        Ok(())
    }

    /// It worked. One probe is proof enough: what fails again opens it again.
    pub fn succeeded(&mut self, which: Breaker, now: Millis) {
        let circuit = self.circuit(which);
        match circuit.at(which.settings().open_ms, now) {
            Circuit::Closed { .. } | Circuit::HalfOpen { probes: 1.., .. } => {
                *circuit = Circuit::default();
            }
            // Let through before it opened, and no news of how things are now.
            Circuit::HalfOpen { .. } | Circuit::Open { .. } => {}
        }
    }

    /// It failed.
    pub fn failed(&mut self, which: Breaker, now: Millis) {
        let settings = which.settings();
        let circuit = self.circuit(which);
        match circuit.at(settings.open_ms, now) {
            Circuit::Closed { failures, first } => {
                let goes_on = 0 < failures && !is_over(first, settings.within_ms, now);
                let (failures, first) = if goes_on { (failures + 1, first) } else { (1, now) };
                *circuit = if failures < settings.failures {
                    Circuit::Closed { failures, first }
                } else {
                    Circuit::Open { since: now }
                };
            }
            Circuit::HalfOpen { probes: 1.., .. } => *circuit = Circuit::Open { since: now },
            // As above; were it heard, latecomers could keep it open for ever.
            Circuit::HalfOpen { .. } | Circuit::Open { .. } => {}
        }
    }

    /// Opens one that is closed: whoever counts failures elsewhere has counted enough.
    fn trip(&mut self, which: Breaker, now: Millis) {
        let circuit = self.circuit(which);
        if matches!(circuit, Circuit::Closed { .. }) {
            *circuit = Circuit::Open { since: now };
        }
    }

    /// How one stands.
    #[must_use]
    pub fn state(&self, which: Breaker, now: Millis) -> State {
        let circuit = match which {
            Breaker::Connect => self.connect,
            Breaker::Storage => self.storage,
            Breaker::Outbound => self.outbound,
        };
        match circuit.at(which.settings().open_ms, now) {
            Circuit::Closed { .. } => State::Closed,
            Circuit::Open { .. } => State::Open,
            Circuit::HalfOpen { .. } => State::HalfOpen,
        }
    }

    /// How each stands.
    pub fn states(&self, now: Millis) -> impl Iterator<Item = (Breaker, State)> {
        Breaker::ALL.into_iter().map(move |which| (which, self.state(which, now)))
    }

    fn circuit(&mut self, which: Breaker) -> &mut Circuit {
        match which {
            Breaker::Connect => &mut self.connect,
            Breaker::Storage => &mut self.storage,
            Breaker::Outbound => &mut self.outbound,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Breaker::{Connect, Storage};
    use super::*;

    /// Storage: three failures open it for a second, then one probe.
    fn open_at(now: u64) -> Breakers {
        let mut breakers = Breakers::default();
        for _ in 0..3 {
            assert_eq!(breakers.admit(Storage, Millis(now)), Ok(()));
            breakers.failed(Storage, Millis(now));
        }
        breakers
    }

    #[test]
    fn failures_in_a_row_open_it_and_a_success_between_them_does_not() {
        let mut breakers = Breakers::default();
        for at in 0..10 {
            breakers.failed(Storage, Millis(at));
            breakers.failed(Storage, Millis(at));
            breakers.succeeded(Storage, Millis(at));
        }
        assert_eq!(breakers.state(Storage, Millis(10)), State::Closed);
        assert_eq!(open_at(5).state(Storage, Millis(5)), State::Open);
    }

    #[test]
    fn failures_far_apart_are_no_row() {
        let mut breakers = Breakers::default();
        for hour in 0..100 {
            breakers.failed(Storage, Millis(hour * 3_600_000));
            assert_eq!(breakers.state(Storage, Millis(hour * 3_600_000)), State::Closed);
        }
    }

    #[test]
    fn an_open_one_says_how_long_to_wait() {
        let mut breakers = open_at(5_000);
        assert_eq!(breakers.admit(Storage, Millis(5_000)), Err(1_000));
        assert_eq!(breakers.admit(Storage, Millis(5_999)), Err(1));
        assert_eq!(breakers.admit(Storage, Millis(6_000)), Ok(()));
    }

    #[test]
    fn a_probe_decides() {
        let mut breakers = open_at(0);
        assert_eq!(breakers.state(Storage, Millis(1_000)), State::HalfOpen);
        assert_eq!(breakers.admit(Storage, Millis(1_000)), Ok(()));
        assert_eq!(breakers.admit(Storage, Millis(1_400)), Err(600), "one at a time");
        breakers.failed(Storage, Millis(1_500));
        assert_eq!(breakers.admit(Storage, Millis(1_500)), Err(1_000));
        assert_eq!(breakers.admit(Storage, Millis(2_500)), Ok(()));
        breakers.succeeded(Storage, Millis(2_501));
        assert_eq!(breakers.state(Storage, Millis(2_501)), State::Closed);
    }

    #[test]
    fn a_probe_that_never_reports_has_failed() {
        let mut breakers = open_at(0);
        assert_eq!(breakers.admit(Storage, Millis(1_100)), Ok(()));
        assert_eq!(breakers.state(Storage, Millis(2_099)), State::HalfOpen);
        assert_eq!(breakers.state(Storage, Millis(2_100)), State::Open);
        assert_eq!(breakers.admit(Storage, Millis(2_100)), Err(1_000));
        assert_eq!(breakers.admit(Storage, Millis(3_100)), Ok(()));
    }

    #[test]
    fn whoever_was_let_through_before_it_opened_is_not_heard() {
        let mut breakers = open_at(0);
        for at in [500, 1_000] {
            breakers.succeeded(Storage, Millis(at));
            breakers.failed(Storage, Millis(at));
        }
        assert_eq!(breakers.state(Storage, Millis(999)), State::Open);
        assert_eq!(breakers.admit(Storage, Millis(1_000)), Ok(()));
    }

    #[test]
    fn a_clock_set_back_does_not_lock_it() {
        let mut breakers = open_at(1_000_000);
        assert_eq!(breakers.admit(Storage, Millis(10)), Ok(()));
        assert_eq!(breakers.admit(Storage, Millis(5)), Ok(()), "nor does a probe");
    }

    #[test]
    fn breakers_stand_each_for_itself() {
        let mut breakers = open_at(0);
        assert_eq!(breakers.admit(Connect, Millis(0)), Ok(()));
        let states: Vec<State> = breakers.states(Millis(0)).map(|(_, state)| state).collect();
        assert_eq!(states, [State::Closed, State::Open, State::Closed]);
    }

    #[test]
    fn published_names_do_not_change() {
        let states = [State::Closed, State::HalfOpen, State::Open];
        assert!(states.is_sorted());
        assert_eq!(serde_json::to_string(&states).unwrap(), r#"["closed","half-open","open"]"#);
        let names = Breaker::ALL.map(Breaker::name);
        assert_eq!(names, ["connect", "storage", "outbound"]);
        assert_eq!(serde_json::to_value(Breaker::ALL).unwrap(), serde_json::json!(names));
    }
}

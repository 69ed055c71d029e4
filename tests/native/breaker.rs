//! Circuit breakers under any script (A29, A30).

use dormouse::breaker::{Breaker, Breakers, Settings, State};
use dormouse::message::Millis;
use proptest::prelude::*;

#[derive(Clone, Copy, Debug)]
enum Step {
    Admit,
    Succeed,
    Fail,
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => Just(Step::Admit),
        1 => Just(Step::Succeed),
        4 => Just(Step::Fail),
        // From a moment to longer than any breaker stays open.
        2 => prop_oneof![0u64..20, 0u64..2_000, 0u64..70_000].prop_map(Step::Wait),
    ]
}

fn script() -> impl Strategy<Value = (Breaker, Vec<Step>)> {
    let breaker = prop::sample::select(Breaker::ALL.to_vec());
    (breaker, prop::collection::vec(step(), 1..120))
}

/// One breaker, driven.
struct Drive {
    which: Breaker,
    breakers: Breakers,
    now: Millis,
}

impl Drive {
    fn new(which: Breaker) -> Self {
        Self { which, breakers: Breakers::default(), now: Millis(1_000_000) }
    }

    fn state(&self) -> State {
        self.breakers.state(self.which, self.now)
    }

    /// Whether it was let through, where that was the question.
    fn take(&mut self, step: Step) -> Option<Result<(), u64>> {
        match step {
            Step::Admit => return Some(self.breakers.admit(self.which, self.now)),
            Step::Succeed => self.breakers.succeeded(self.which, self.now),
            Step::Fail => self.breakers.failed(self.which, self.now),
            Step::Wait(ms) => self.now = self.now.plus(ms),
        }
        None
    }

    /// Whether whoever comes so much later is let through.
    fn admits_after(&self, ms: u64) -> bool {
        let now = self.now.plus(ms);
        self.breakers.clone().admit(self.which, now).is_ok()
    }
}

proptest! {
    /// Nothing passes from when it opens until its time is over, whatever is reported.
    #[test]
    fn a30_an_open_breaker_lets_nobody_through((which, script) in script()) {
        let Settings { open_ms, .. } = which.settings();
        let mut drive = Drive::new(which);
        let mut opened = None;
        for step in script {
            let before = drive.state();
            let admitted = drive.take(step);
            // Opened by this failure; by a probe's silence it opens in the past.
            if before != State::Open && drive.state() == State::Open && matches!(step, Step::Fail) {
                opened = Some(drive.now);
            }
            let blocked = opened.is_some_and(|at| drive.now.since(at) < open_ms);
            prop_assert!(!blocked || drive.state() == State::Open);
            if let Some(Err(wait)) = admitted {
                prop_assert!((1..=open_ms).contains(&wait), "{}", wait);
            }
            prop_assert!(!(blocked && admitted == Some(Ok(()))), "let through while open");
        }
    }

    /// While half-open, no more pass than may, until one of them reports.
    #[test]
    fn a30_probes_are_few((which, script) in script()) {
        let mut drive = Drive::new(which);
        let mut probes = 0;
        for step in script {
            let before = drive.state();
            let admitted = drive.take(step);
            match (before, admitted) {
                (State::HalfOpen, Some(Ok(()))) => probes += 1,
                (State::HalfOpen, _) if drive.state() == State::HalfOpen
                    && !matches!(step, Step::Wait(_)) => {}
                _ => probes = 0,
            }
            prop_assert!(probes <= which.settings().probes);
        }
    }

    /// However it went, and should no probe ever report, somebody passes again.
    #[test]
    fn a_breaker_always_lets_somebody_through_again((which, script) in script()) {
        let Settings { open_ms, .. } = which.settings();
        let mut drive = Drive::new(which);
        for step in script {
            drive.take(step);
            // One time for the probe that is silent, one for the rest it causes.
            prop_assert!(drive.admits_after(2 * open_ms));
        }
    }

    /// Nor does a clock set back, however far, keep everybody out for longer.
    #[test]
    fn a_clock_set_back_locks_nothing((which, script) in script(), back in 1u64..1_000_000) {
        let Settings { open_ms, .. } = which.settings();
        let mut drive = Drive::new(which);
        for step in script {
            drive.take(step);
        }
        drive.now = Millis(drive.now.0 - back);
        prop_assert!(drive.admits_after(0) || drive.admits_after(2 * open_ms));
        drive.take(Step::Admit);
        drive.take(Step::Fail);
        prop_assert!(drive.admits_after(0) || drive.admits_after(2 * open_ms));
    }
}

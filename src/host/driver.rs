//! The loop that drives a room. Whoever runs one (the object at the edge, the world of the
//! native tests) calls [`Driver::step`] for each thing that happens, and does what [`After`]
//! says. When to flush, to wake, to pump and to report is decided here and nowhere else.

use std::panic::{AssertUnwindSafe, catch_unwind};

use litemap::LiteMap;

use super::pump_timer::PumpTimer;
use super::saving::SAVE_MS;
use super::{Flush, GATHER_MS, Host, Sockets};
use crate::feature::{Call, Numbers};
use crate::history::History;
use crate::kernel::{Input, Loss};
use crate::message::{Clock, Millis};
use crate::tally::Tally;

/// An alarm this far off (silence, tokens, retention) is set a moment later: setting it is a
/// write, for whose commit the response to a joining client would wait.
const ARM_LATER_MS: u64 = 60_000;

/// After a quiet time, in milliseconds: a short visit is over by then, and told in one
/// report, without which the room would stay awake for another interval.
const FIRST_REPORT_MS: u64 = 1000;

/// Time and randomness, as of now.
pub trait ClockSource {
    /// The time.
    fn now(&self) -> Millis;
    /// The time, and randomness for the ids made at it.
    fn clock(&self) -> Clock;
}

/// What whoever drives a room does after a step.
#[must_use = "a room whose timers are not set falls asleep with work undone"]
#[derive(Debug, Default)]
pub struct After {
    /// Flush in so many milliseconds: a step of [`Host::flush`].
    pub flush_in_ms: Option<u64>,
    /// Call [`Driver::pump`] in so many milliseconds.
    pub pump_in_ms: Option<u64>,
    /// Call [`Driver::save`] in so many milliseconds.
    pub save_in_ms: Option<u64>,
    /// Set the alarm, unless it rings earlier.
    pub wake: Option<Wake>,
    /// Whom the room wants called.
    pub calls: Vec<Call>,
    /// What is to be written in the log: something was lost.
    pub losses: Vec<Loss>,
    /// What it did since its last report, for the directory.
    pub report: Option<Activity>,
    /// Nothing is left of the room: delete its storage, and drop its memory.
    pub vacancy: Option<Vacancy>,
}

/// A room that nobody is in and nothing is kept in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vacancy {
    /// Whether the directory may list it.
    pub is_listed: bool,
}

/// When the alarm is to ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wake {
    /// The time.
    pub at: Millis,
    /// Whether it may be set a moment later, so that nothing waits for it to be stored.
    pub may_wait: bool,
}

/// How busy a room is and what it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Activity {
    /// Open connections.
    pub connections: u64,
    /// Of those, the ones that said something in the last minute.
    pub active: u64,
    /// Whether nobody is in it and nothing is kept in it.
    pub is_empty: bool,
    /// What happened since the last report.
    pub tally: Tally,
    /// What features show: how much there is now.
    pub gauges: Numbers,
}

/// Why a step came to nothing. The room's memory is worth nothing any more: drop it by
/// [`Driver::abandon`].
#[derive(Debug)]
pub enum Failed<E> {
    /// The log failed, or whatever else the step needed.
    Error(E),
    /// It panicked. What others had said before is durable.
    Panicked,
}

/// A hosted room, and when it is due for what.
#[derive(Debug)]
pub struct Driver<H, S> {
    host: Host<H, S>,
    /// Between two reports, in milliseconds; 0 reports after every step.
    report_ms: u64,
    armed: Armed,
    /// When it may report again.
    report_at: Option<Millis>,
    pump: PumpTimer,
    /// Whether [`After::save_in_ms`] has been asked for, and [`Driver::save`] is still to come.
    saves: bool,
}

impl<H: History, S: Sockets> Driver<H, S> {
    /// Drives a room that has just been woken.
    pub fn new(host: Host<H, S>, report_ms: u64) -> Self {
        Self {
            host,
            report_ms,
            armed: Armed::default(),
            report_at: None,
            pump: PumpTimer::default(),
            saves: false,
        }
    }

    /// The room, its log and its sockets.
    pub fn host(&self) -> &Host<H, S> {
        &self.host
    }

    /// One thing that happens. Synchronous, so that nothing else can happen between a decision
    /// and its effects.
    pub fn step(
        &mut self,
        source: &impl ClockSource,
        step: impl FnOnce(&mut Host<H, S>) -> Result<Flush, H::Error>,
    ) -> Result<After, Failed<H::Error>> {
        let work = AssertUnwindSafe(|| self.work(source, step));
        match catch_unwind(work) {
            Ok(done) => done.map_err(Failed::Error),
            // What others said before was decided as a whole, and only waits for its commit.
            Err(_) => match self.host.flush(source.now()) {
                Ok(()) => Err(Failed::Panicked),
                Err(error) => Err(Failed::Error(error)),
            },
        }
    }

    fn work(
        &mut self,
        source: &impl ClockSource,
        step: impl FnOnce(&mut Host<H, S>) -> Result<Flush, H::Error>,
    ) -> Result<After, H::Error> {
        let flush_in_ms = match step(&mut self.host)? {
            Flush::Now => self.host.flush(source.now()).map(|()| None)?,
            Flush::Later => Some(GATHER_MS),
            Flush::No => None,
        };
        self.host.drop_slow(|| source.clock())?;
        let is_fed = self.host.room().feeds();
        let pump_in_ms = match self.pump.turn(is_fed, source.now()) {
            Some(turn) => {
                let pumped = self.host.pump(turn, || source.clock())?;
                self.pump.after(pumped)
            }
            None => None,
        };
        let save_in_ms = (!self.saves && !self.host.saving.is_done()).then_some(SAVE_MS);
        self.saves |= save_in_ms.is_some();
        let now = source.now();
        self.host.settle(now)?;
        let (calls, losses) = (self.host.take_calls(), self.host.take_losses());
        let (report, report_at) = self.report_if_due(now);
        let is_vacant = report_at.is_none() && self.host.is_vacant(now);
        let vacancy = is_vacant.then(|| Vacancy { is_listed: self.host.room().is_listed() });
        let due = self.host.next_wake();
        let wake =
            if is_vacant { None } else { self.armed.wake(due, report_at, !calls.is_empty(), now) };
        Ok(After { flush_in_ms, pump_in_ms, save_in_ms, wake, calls, losses, report, vacancy })
    }

    /// The alarm rang.
    pub fn alarm(&mut self, source: &impl ClockSource) -> Result<After, Failed<H::Error>> {
        self.armed = Armed { has_rung: true, ..Armed::default() };
        self.step(source, |host| {
            let clock = source.clock();
            let is_due = host.room().sweep_is_due(clock.at);
            let heard = if is_due { host.sockets.heard() } else { LiteMap::new() };
            let flush = host.handle(Input::Alarm { heard }, clock)?;
            // At once even within a burst, so that what the alarm did is seen when it re-arms.
            host.flush(source.now())?;
            Ok(if flush == Flush::Later { Flush::No } else { flush })
        })
    }

    /// The timer of [`After::pump_in_ms`] is over.
    pub fn pump(&mut self, source: &impl ClockSource) -> Result<After, Failed<H::Error>> {
        self.pump.ring();
        self.step(source, |_| Ok(Flush::No))
    }

    /// The time of [`After::save_in_ms`] is over.
    pub fn save(&mut self, source: &impl ClockSource) -> Result<After, Failed<H::Error>> {
        self.saves = false;
        self.step(source, |host| {
            host.save_counts(source.now());
            Ok(Flush::No)
        })
    }

    /// Takes back what could not be reported.
    pub fn keep_tally(&mut self, tally: &Tally) {
        self.host.keep_tally(tally);
    }

    /// Ends a room whose step failed: see [`Host::abandon`].
    pub fn abandon(self, now: Millis) -> Tally {
        self.host.abandon(now)
    }

    /// What happened, if it is time to report it; else when it will be.
    fn report_if_due(&mut self, now: Millis) -> (Option<Activity>, Option<Millis>) {
        if !self.host.has_news() {
            return (None, None);
        }
        let report_ms = self.report_ms;
        let due = *self.report_at.get_or_insert(now.plus(FIRST_REPORT_MS.min(report_ms)));
        // A clock set back must not silence it.
        if now < due && due.since(now) <= report_ms {
            return (None, Some(due));
        }
        self.report_at = Some(now.plus(report_ms));
        let room = self.host.room();
        let (connections, active) = room.count_connections(now, &self.host.sockets.heard());
        let is_empty = connections == 0 && room.is_empty();
        let gauges = room.gauges();
        let tally = self.host.take_tally();
        (Some(Activity { connections, active, is_empty, tally, gauges }), None)
    }
}

/// When the alarm is known to ring.
#[derive(Debug, Default)]
struct Armed {
    at: Option<Millis>,
    /// Whether it is set a moment later, so that it may not be stored yet.
    may_wait: bool,
    /// Whether it rings now.
    has_rung: bool,
}

impl Armed {
    /// When the alarm is to ring, if it is not known to ring by then. With a call it is set at
    /// once: should the process die meanwhile, only the alarm has the call made again. And when
    /// it rings, because then there is none.
    fn wake(
        &mut self,
        due: Option<Millis>,
        report_at: Option<Millis>,
        has_calls: bool,
        now: Millis,
    ) -> Option<Wake> {
        let at = due.into_iter().chain(report_at).chain(self.at).min()?;
        let is_known = self.at == Some(at) && !(has_calls && self.may_wait);
        if is_known {
            return None;
        }
        let is_far = ARM_LATER_MS <= at.since(now) || Some(at) != due;
        let may_wait = is_far && !has_calls && !self.has_rung;
        *self = Self { at: Some(at), may_wait, has_rung: false };
        Some(Wake { at, may_wait })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn q10_with_a_call_the_alarm_is_set_at_once_even_if_it_is_on_its_way() {
        let at = |millis| Some(Millis(millis));
        let mut armed = Armed::default();
        let report = armed.wake(None, at(1_000), false, Millis(0));
        assert_eq!(report, Some(Wake { at: Millis(1_000), may_wait: true }));
        assert_eq!(armed.wake(at(17_000), at(1_000), false, Millis(1)), None);
        let call = armed.wake(at(17_000), at(1_000), true, Millis(1));
        assert_eq!(call, Some(Wake { at: Millis(1_000), may_wait: false }));
        assert_eq!(armed.wake(at(17_000), at(1_000), true, Millis(2)), None, "it is stored");
        let sooner = armed.wake(at(500), at(1_000), false, Millis(3));
        assert_eq!(sooner, Some(Wake { at: Millis(500), may_wait: false }));
        let mut armed = Armed::default();
        let far = armed.wake(at(ARM_LATER_MS), None, false, Millis(0));
        assert_eq!(far.map(|it| it.may_wait), Some(true));
        assert_eq!(Armed::default().wake(None, None, true, Millis(0)), None);
        let mut armed = Armed { has_rung: true, ..Armed::default() };
        let next = armed.wake(at(ARM_LATER_MS), at(1_000), false, Millis(0));
        assert_eq!(next, Some(Wake { at: Millis(1_000), may_wait: false }), "there is none");
    }
}

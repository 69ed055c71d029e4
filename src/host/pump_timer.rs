//! When those are served who are fed from the log or fetch what is large: in rounds, between which
//! others have their turns.

use super::{Pumped, Turn};
use crate::message::Millis;

/// Between two rounds of large data, in milliseconds: the turns in between are others'.
const ROUND_MS: u64 = 2;

/// While nobody takes anything, twice as long each time, up to this; from then on only the
/// alarm looks again, so that who has stopped reading does not keep the room awake.
const ROUND_MS_MAX: u64 = 1024;

/// So long after something was said, in milliseconds, a room expects more to be: rounds are short.
const BUSY_MS: u64 = 100;

/// When large data goes on.
#[derive(Debug, Default)]
pub(super) struct PumpTimer {
    is_set: bool,
    /// Whether it is set for the next round, and not for another look.
    is_near: bool,
    /// Whether this step is the one that it was set for.
    rings: bool,
    wait_ms: u64,
    /// When something else happened last.
    others_at: Option<Millis>,
}

impl PumpTimer {
    /// It rings: the step that follows is its own.
    pub(super) fn ring(&mut self) {
        (self.is_set, self.is_near, self.rings) = (false, false, true);
    }

    /// How long a round this step may make. While somebody is fed from the log: none, if the next one
    /// is near, so that what is said meanwhile waits for one round at most, and not each for its own.
    pub(super) fn turn(&mut self, is_fed: bool, now: Millis) -> Option<Turn> {
        let rings = std::mem::take(&mut self.rings);
        let is_busy = self.others_at.is_some_and(|at| now.since(at) < BUSY_MS);
        if !rings {
            self.others_at = Some(now);
        }
        let is_near = is_fed && self.is_near;
        (rings || !is_near).then_some(if is_fed && is_busy { Turn::Short } else { Turn::Long })
    }

    /// In how many milliseconds to come again, if no timer is set for it.
    pub(super) fn after(&mut self, pumped: Pumped) -> Option<u64> {
        match pumped {
            Pumped::All => {
                self.wait_ms = 0;
                return None;
            }
            // That step comes, and somebody may take something then.
            Pumped::AfterFlush => {
                self.wait_ms = ROUND_MS;
                return None;
            }
            Pumped::Some => self.wait_ms = ROUND_MS,
            // Others' events come more often than the timer, and do not lengthen it.
            Pumped::None if self.is_set => return None,
            Pumped::None => self.wait_ms = self.wait_ms.max(ROUND_MS).saturating_mul(2),
        }
        if ROUND_MS_MAX < self.wait_ms || std::mem::replace(&mut self.is_set, true) {
            return None;
        }
        self.is_near = self.wait_ms == ROUND_MS;
        Some(self.wait_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn while_nobody_takes_anything_the_pump_comes_ever_later_and_then_not_at_all() {
        let mut timer = PumpTimer::default();
        let mut waits = Vec::new();
        while let Some(wait_ms) = timer.after(Pumped::None) {
            waits.push(wait_ms);
            assert_eq!(timer.after(Pumped::None), None, "one timer at a time");
            timer.is_set = false;
        }
        assert_eq!(waits, [4, 8, 16, 32, 64, 128, 256, 512, 1024]);
        assert_eq!(timer.after(Pumped::Some), Some(ROUND_MS));
        timer.is_set = false;
        assert_eq!(timer.after(Pumped::All), None);
    }

    #[test]
    fn while_others_speak_rounds_are_short_and_between_two_of_them_nothing_is_pumped() {
        let mut timer = PumpTimer::default();
        assert_eq!(timer.turn(true, Millis(1000)), Some(Turn::Long));
        assert_eq!(timer.after(Pumped::Some), Some(ROUND_MS));
        assert_eq!(timer.turn(true, Millis(1001)), None);
        assert_eq!(timer.turn(false, Millis(1001)), Some(Turn::Long), "nobody is fed from the log");
        let rung = |timer: &mut PumpTimer, at| {
            timer.ring();
            timer.turn(true, Millis(at))
        };
        assert_eq!(rung(&mut timer, 1002), Some(Turn::Short));
        assert_eq!(timer.after(Pumped::Some), Some(ROUND_MS));
        assert_eq!(rung(&mut timer, 1000 + BUSY_MS), Some(Turn::Short));
        assert_eq!(timer.after(Pumped::Some), Some(ROUND_MS));
        assert_eq!(rung(&mut timer, 1001 + BUSY_MS), Some(Turn::Long));
        // Nobody took anything: whatever happens next looks again.
        assert_eq!(timer.after(Pumped::None), Some(2 * ROUND_MS));
        assert_eq!(timer.turn(true, Millis(2000)), Some(Turn::Long));
    }
}

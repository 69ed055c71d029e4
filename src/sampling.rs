//! Which of many like log lines are written. Whoever can cause a line can cause millions,
//! and operators pay for each: the first few of a minute are written whole, the rest summed.

use litemap::LiteMap;

use crate::message::Millis;

/// Lines of one reason that are written a minute, each by itself: enough to see what it is.
pub const LINES_MAX: u64 = 5;

/// Reasons told apart at once. They are texts of ours, some dozens; what is past that many
/// is counted together.
const REASONS_MAX: usize = 64;

const PERIOD_MS: u64 = 60_000;

/// Counts like lines.
#[derive(Debug, Default)]
pub struct Sampler {
    reasons: LiteMap<String, Seen>,
}

#[derive(Debug)]
struct Seen {
    since: Millis,
    count: u64,
    /// Of these, the ones that no line was written for.
    silent: u64,
}

/// What to write.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Sampled {
    /// This line, and for how many it stands; `None`: not at all.
    pub line: Option<u64>,
    /// What was not written in minutes that are over: reasons, and how often each was given.
    pub sums: Vec<(String, u64)>,
}

impl Sampler {
    /// Counts a line of this reason. Beside the first few of a minute, the tenth, hundredth
    /// and so on are written and stand for those before, so that a flood shows how large it
    /// is while it lasts.
    pub fn note(&mut self, reason: &str, now: Millis) -> Sampled {
        let mut sampled = Sampled { line: None, sums: self.close(now) };
        let is_known = self.reasons.contains_key(reason);
        let reason = if is_known || self.reasons.len() < REASONS_MAX { reason } else { "" };
        let fresh = Seen { since: now, count: 0, silent: 0 };
        let seen = self.reasons.entry(reason.to_owned()).or_insert(fresh);
        seen.count += 1;
        seen.silent += 1;
        if seen.count <= LINES_MAX || is_power_of_ten(seen.count) {
            sampled.line = Some(std::mem::take(&mut seen.silent));
        }
        sampled
    }

    /// Ends the minutes that are over, and gives what was not written in them.
    fn close(&mut self, now: Millis) -> Vec<(String, u64)> {
        let mut sums = Vec::new();
        // A clock set back ends a minute too.
        self.reasons.retain(|reason, it| {
            let is_open = it.since <= now && now.since(it.since) < PERIOD_MS;
            if !is_open && it.silent != 0 {
                sums.push((reason.clone(), it.silent));
            }
            is_open
        });
        sums
    }
}

fn is_power_of_ten(number: u64) -> bool {
    10u64.checked_pow(number.ilog10()) == Some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Millis = Millis(1_000_000);

    #[test]
    fn the_first_of_a_minute_are_written_and_the_rest_summed() {
        let mut sampler = Sampler::default();
        let lines: Vec<Option<u64>> = (0..1234).map(|_| sampler.note("a", AT).line).collect();
        let written: Vec<u64> = lines.iter().flatten().copied().collect();
        assert_eq!(written, [1, 1, 1, 1, 1, 5, 90, 900]);
        // Another reason has its own.
        assert_eq!(sampler.note("b", AT.plus(59_999)), Sampled { line: Some(1), sums: vec![] });
        let next = sampler.note("b", AT.plus(60_000));
        assert_eq!(next, Sampled { line: Some(1), sums: vec![("a".into(), 234)] });
        assert_eq!(sampler.note("a", AT.plus(60_000)).line, Some(1));
    }

    #[test]
    fn reasons_are_bounded_and_a_clock_set_back_ends_the_minute() {
        let mut sampler = Sampler::default();
        for number in 0..1000 {
            sampler.note(&number.to_string(), AT);
        }
        assert!(sampler.reasons.len() <= REASONS_MAX + 1);
        assert!(!sampler.note("x", Millis(0)).sums.is_empty());
        assert_eq!(sampler.reasons.len(), 1);
    }
}

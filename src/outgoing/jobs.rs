//! Jobs: durable calls to services of others, which are made until one works or none is worth
//! making any more. Here is when to call; what is asked and what an answer comes to is the
//! feature's, which also keeps each job as a row of its own, with its [`Progress`].
//!
//! A call can be lost with the room's memory, and a room that wakes knows of none. So what was
//! under way when it slept is due again, and does not count as tried: a service may be called
//! twice about the same job.

use crate::message::Millis;

/// How a feature's jobs are carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Jobs of one room, at most.
    pub pending_max: usize,
    /// Calls of one room at once, at most.
    pub under_way_max: usize,
    /// Whether only the first job is called about, and all others wait until it is done.
    pub in_order: bool,
    /// Calls about one job, at most.
    pub attempts_max: u32,
    /// The age at which a job that fails is given up, in milliseconds.
    pub age_ms_max: u64,
    /// The wait after the first failure, in milliseconds. It doubles with each,
    pub base_ms: u64,
    /// up to this.
    pub wait_ms_max: u64,
    /// How long a call may take before it is taken for lost, in milliseconds.
    pub overdue_ms: u64,
}

/// How it stands with a job. Stored with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// When it came.
    pub since: Millis,
    /// Which call about it is under way, or is the next; the first is 1.
    pub attempt: u32,
    /// When the next call is due; of one that is under way, when word of it is overdue.
    pub due: Millis,
    /// Whether a call is under way.
    pub under_way: bool,
}

impl Progress {
    /// Of a job that comes now, and is due at once.
    #[must_use]
    pub fn new(now: Millis) -> Self {
        Self { since: now, attempt: 1, due: now, under_way: false }
    }

    /// As a room that wakes finds it.
    fn restore(&mut self) {
        if self.under_way {
            (self.under_way, self.due) = (false, Millis(0));
        }
    }

    fn begin(&mut self, policy: &Policy, now: Millis) {
        (self.under_way, self.due) = (true, now.plus(policy.overdue_ms));
    }

    /// Waits for the next call: the base, then twice, then four times as long.
    fn wait(&mut self, policy: &Policy, now: Millis) {
        let wait_ms = policy.base_ms.saturating_mul(1 << self.attempt.saturating_sub(1).min(16));
        (self.under_way, self.due) = (false, now.plus(wait_ms.min(policy.wait_ms_max)));
        self.attempt = self.attempt.saturating_add(1);
    }

    fn is_due(&self, now: Millis) -> bool {
        !self.under_way && self.due <= now
    }
}

/// Something to call a service about.
pub trait Job {
    /// What it is known by, in the order in which jobs are called about.
    type Key: Copy + Ord;
    /// Its key.
    fn key(&self) -> Self::Key;
    /// How it stands with it.
    fn progress(&self) -> &Progress;
    /// The same, to change.
    fn progress_mut(&mut self) -> &mut Progress;
}

/// The jobs of one feature in one room, in the order of their keys: some hundreds at most, for which
/// a map would be more code than it is worth. What is changed here is the feature's to store.
#[derive(Debug)]
pub struct Jobs<J: Job>(Vec<J>);

impl<J: Job> Default for Jobs<J> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<J: Job> Jobs<J> {
    /// What a room that wakes finds.
    pub fn restored(stored: impl IntoIterator<Item = J>) -> Self {
        let mut jobs = Self::default();
        for mut job in stored {
            job.progress_mut().restore();
            jobs.replace(job);
        }
        jobs
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether there is room for no other one.
    #[must_use]
    pub fn is_full(&self, policy: &Policy) -> bool {
        policy.pending_max <= self.0.len()
    }

    /// All of them, in the order of their keys.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &J> {
        self.0.iter()
    }

    fn place(&self, key: J::Key) -> Result<usize, usize> {
        self.0.binary_search_by_key(&key, J::key)
    }

    fn get_mut(&mut self, key: J::Key) -> Option<&mut J> {
        let place = self.place(key).ok()?;
        self.0.get_mut(place)
    }

    /// The job of this key.
    #[must_use]
    pub fn get(&self, key: J::Key) -> Option<&J> {
        self.0.get(self.place(key).ok()?)
    }

    /// The newest job, while it is not due yet and no call about it was begun: what is to be
    /// called about together can be added to it.
    pub fn gathering(&mut self, now: Millis) -> Option<&mut J> {
        let job = self.0.last_mut()?;
        let &Progress { attempt, under_way, due, .. } = job.progress();
        (attempt == 1 && !under_way && now < due).then_some(job)
    }

    /// Takes a job, or another one in the place of that of the same key. It is begun with the next
    /// that is.
    pub fn replace(&mut self, job: J) {
        let place = self.place(job.key());
        if let Some(same) = place.ok().and_then(|it| self.0.get_mut(it)) {
            *same = job;
        } else if let Err(place) = place {
            self.0.insert(place, job);
        }
    }

    /// Takes a job, or another one in the place of that of the same key, and begins to call about
    /// it if it is due and may be.
    pub fn add(&mut self, job: J, policy: &Policy, now: Millis) -> Option<&J> {
        let key = job.key();
        self.replace(job);
        self.begin(key, policy, now);
        self.get(key)
    }

    /// Begins the next call that is due, if one may be under way beside the others.
    pub fn begin_next(&mut self, policy: &Policy, now: Millis) -> Option<&J> {
        let key = self.open(policy).find(|it| it.progress().is_due(now)).map(J::key)?;
        self.begin(key, policy, now)
    }

    fn begin(&mut self, key: J::Key, policy: &Policy, now: Millis) -> Option<&J> {
        let may = self.has_slot(policy) && self.open(policy).any(|it| it.key() == key);
        let job = self.get_mut(key).filter(|it| may && it.progress().is_due(now))?;
        job.progress_mut().begin(policy, now);
        Some(job)
    }

    /// Those that may be called about.
    fn open(&self, policy: &Policy) -> impl Iterator<Item = &J> {
        self.0.iter().take(if policy.in_order { 1 } else { usize::MAX })
    }

    fn has_slot(&self, policy: &Policy) -> bool {
        let under_way = self.open(policy).filter(|it| it.progress().under_way);
        under_way.count() < policy.under_way_max
    }

    /// Whether the call of this number about a job is the one under way.
    #[must_use]
    pub fn is_current(&self, key: J::Key, attempt: u32) -> bool {
        let progress = self.get(key).map(J::progress);
        progress.is_some_and(|it| it.under_way && it.attempt == attempt)
    }

    /// Those of whose call nothing was heard in time: as good as failed.
    #[must_use]
    pub fn overdue(&self, now: Millis) -> Vec<J::Key> {
        let is_overdue = |it: &&J| it.progress().under_way && it.progress().due <= now;
        self.0.iter().filter(is_overdue).map(J::key).collect()
    }

    /// A call failed: there is to be another one after a while. `None` if the job is to be given
    /// up, or is none.
    pub fn retry(&mut self, key: J::Key, policy: &Policy, now: Millis) -> Option<&J> {
        let job = self.get_mut(key)?;
        let &Progress { attempt, since, .. } = job.progress();
        if policy.attempts_max <= attempt || policy.age_ms_max <= now.since(since) {
            return None;
        }
        job.progress_mut().wait(policy, now);
        Some(job)
    }

    /// Nobody was called: the same call is due in so many milliseconds.
    pub fn put_off(&mut self, key: J::Key, now: Millis, wait_ms: u64) -> Option<&J> {
        let job = self.get_mut(key)?;
        let progress = job.progress_mut();
        (progress.under_way, progress.due) = (false, now.plus(wait_ms));
        Some(job)
    }

    /// It is done, or given up.
    pub fn remove(&mut self, key: J::Key) -> Option<J> {
        Some(self.0.remove(self.place(key).ok()?))
    }

    /// When there is something to do.
    #[must_use]
    pub fn due_at(&self, policy: &Policy) -> Option<Millis> {
        let has_slot = self.has_slot(policy);
        let open = self.open(policy).map(J::progress);
        open.filter(|it| has_slot || it.under_way).map(|it| it.due).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Conversations': any order, few attempts.
    const FEW: Policy = Policy {
        pending_max: 3,
        under_way_max: 2,
        in_order: false,
        attempts_max: 3,
        age_ms_max: u64::MAX,
        base_ms: 100,
        wait_ms_max: u64::MAX,
        overdue_ms: 1_000,
    };

    /// One after the other, for long.
    const LONG: Policy = Policy {
        in_order: true,
        attempts_max: u32::MAX,
        age_ms_max: 5_000,
        wait_ms_max: 1_000,
        ..FEW
    };

    const NONE: [u64; 0] = [];

    #[derive(Clone, Debug, PartialEq, Eq)]
    struct Task(u64, Progress);

    impl Job for Task {
        type Key = u64;

        fn key(&self) -> u64 {
            self.0
        }
        fn progress(&self) -> &Progress {
            &self.1
        }
        fn progress_mut(&mut self) -> &mut Progress {
            &mut self.1
        }
    }

    fn task(key: u64, now: u64) -> Task {
        Task(key, Progress::new(Millis(now)))
    }

    /// These, all of time 0.
    fn jobs(keys: impl IntoIterator<Item = u64>, policy: &Policy) -> Jobs<Task> {
        let mut jobs = Jobs::default();
        for key in keys {
            jobs.add(task(key, 0), policy, Millis(0));
        }
        jobs
    }

    /// What begins now.
    fn begun(jobs: &mut Jobs<Task>, policy: &Policy, now: u64) -> Vec<u64> {
        std::iter::from_fn(|| jobs.begin_next(policy, Millis(now)).map(Job::key)).collect()
    }

    #[test]
    fn so_many_calls_are_under_way_at_once_and_the_others_wait_for_an_end() {
        let mut jobs = jobs(1..4, &FEW);
        let under_way: Vec<u64> = (1..4).filter(|it| jobs.is_current(*it, 1)).collect();
        assert_eq!(under_way, [1, 2]);
        assert!(jobs.is_full(&FEW));
        assert_eq!(begun(&mut jobs, &FEW, 10), NONE);
        assert_eq!(jobs.due_at(&FEW), Some(Millis(1_000)), "when word of the first is overdue");
        assert_eq!(jobs.remove(2).map(|it| it.0), Some(2));
        assert_eq!(jobs.due_at(&FEW), Some(Millis(0)));
        assert_eq!(begun(&mut jobs, &FEW, 20), [3]);
        assert!(!jobs.is_full(&FEW));
    }

    #[test]
    fn a_failure_waits_twice_as_long_each_time_until_it_is_given_up() {
        let mut jobs = jobs([1], &FEW);
        let first = jobs.retry(1, &FEW, Millis(50)).cloned();
        let waits = Progress { since: Millis(0), attempt: 2, due: Millis(150), under_way: false };
        assert_eq!(first, Some(Task(1, waits)));
        assert!(!jobs.is_current(1, 1), "nothing is under way");
        assert_eq!(begun(&mut jobs, &FEW, 149), NONE);
        assert_eq!(begun(&mut jobs, &FEW, 150), [1]);
        assert!(jobs.is_current(1, 2) && !jobs.is_current(1, 1));
        assert_eq!(jobs.overdue(Millis(1_149)), NONE);
        assert_eq!(jobs.overdue(Millis(1_150)), [1]);
        assert_eq!(jobs.retry(1, &FEW, Millis(1_150)).map(|it| it.1.due), Some(Millis(1_350)));
        assert_eq!(begun(&mut jobs, &FEW, 1_350), [1]);
        assert_eq!(jobs.retry(1, &FEW, Millis(1_400)), None, "that was the third");
        assert_eq!(jobs.retry(2, &FEW, Millis(0)), None, "there is none");
        assert!(jobs.remove(1).is_some() && jobs.is_empty());
    }

    #[test]
    fn a_wait_has_a_ceiling_and_a_job_an_age() {
        let (mut jobs, mut now, mut waits) = (jobs([1], &LONG), Millis(0), Vec::new());
        while let Some(job) = jobs.retry(1, &LONG, now) {
            waits.push(job.1.due.since(now));
            now = job.1.due;
            jobs.begin_next(&LONG, now);
        }
        assert_eq!(waits, [100, 200, 400, 800, 1_000, 1_000, 1_000, 1_000]);
    }

    #[test]
    fn in_order_all_others_wait_until_the_first_is_done() {
        let mut jobs = jobs(1..4, &LONG);
        assert!(jobs.is_current(1, 1) && !jobs.is_current(2, 1));
        jobs.retry(1, &LONG, Millis(10));
        assert_eq!(begun(&mut jobs, &LONG, 20), NONE, "the second is due");
        assert_eq!(jobs.due_at(&LONG), Some(Millis(110)));
        assert_eq!(begun(&mut jobs, &LONG, 110), [1]);
        jobs.remove(1);
        assert_eq!(begun(&mut jobs, &LONG, 120), [2]);
    }

    #[test]
    fn what_was_under_way_before_a_sleep_is_due_again_and_not_counted_as_tried() {
        let waiting = Progress { attempt: 3, due: Millis(700), ..Progress::new(Millis(0)) };
        let under_way = Progress { under_way: true, ..waiting };
        let mut jobs = Jobs::restored([Task(1, under_way), Task(2, waiting)]);
        assert_eq!(jobs.due_at(&FEW), Some(Millis(0)));
        assert_eq!(begun(&mut jobs, &FEW, 0), [1]);
        assert!(jobs.is_current(1, 3));
        assert_eq!(begun(&mut jobs, &FEW, 700), [2]);
    }

    #[test]
    fn one_that_nobody_was_called_about_is_put_off_and_not_counted_as_tried() {
        let mut jobs = jobs([1], &LONG);
        assert!(jobs.put_off(1, Millis(10), 30_000).is_some());
        assert_eq!(jobs.due_at(&LONG), Some(Millis(30_010)));
        assert_eq!(begun(&mut jobs, &LONG, 30_010), [1]);
        assert!(jobs.is_current(1, 1));
    }

    #[test]
    fn a_job_gathers_until_it_is_due_or_a_call_about_it_was_begun() {
        let mut jobs = Jobs::default();
        let later = |key| Task(key, Progress { due: Millis(1_000), ..Progress::new(Millis(0)) });
        jobs.add(later(1), &LONG, Millis(0));
        assert!(!jobs.is_current(1, 1));
        assert_eq!(jobs.gathering(Millis(999)), Some(&mut later(1)));
        assert_eq!(jobs.gathering(Millis(1_000)), None);
        jobs.begin_next(&LONG, Millis(1_000));
        jobs.retry(1, &LONG, Millis(1_001));
        assert_eq!(jobs.gathering(Millis(1_002)), None, "it was called about");
    }
}

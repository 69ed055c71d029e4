//! What is stored of webhooks: events that wait, how it stands with calls about them, and which
//! members the service was told of.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::feature::{Find, Keep};
use crate::message::{Member, Millis, Offset, UserId};
use crate::outgoing::{Job, Progress};

/// How long events gather for one call, in milliseconds.
pub(super) const GATHER_MS: u64 = 1_000;
/// Events of one call, at most.
pub(super) const EVENTS_MAX: u64 = 100;
/// Their bytes together, at most; a longer event goes alone. Each call that is under way is in
/// memory, which all rooms of an isolate share.
pub(super) const BYTES_MAX: u64 = 256 * 1024;
/// Numbers of a millisecond: the number of a batch says when it began.
pub(super) const NUMBERS_PER_MS: u64 = 1_000;

/// What is read of an event that waits.
#[derive(Deserialize)]
struct Waiting<'a> {
    #[serde(default)]
    offset: Option<Offset>,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
}

/// The entry that an event tells of, if it tells of one.
pub(super) fn offset_of(event: &str) -> Option<Offset> {
    serde_json::from_str::<Waiting<'_>>(event).ok()?.offset
}

/// The event without its data, which is its last member, and as long as it was: then it is written
/// over what it said, and its batch weighs the same.
pub(super) fn blank(event: &str) -> Option<String> {
    let data = serde_json::from_str::<Waiting<'_>>(event).ok()?.data?;
    let rest = event.strip_suffix('}')?.strip_suffix(data.get())?.strip_suffix(r#","data":"#)?;
    let padding = " ".repeat(event.len() - rest.len() - 1);
    Some(format!("{rest}}}{padding}"))
}

/// Events that are told together. Their numbers follow each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// The number of the first. It is never used again.
    pub first: u64,
    /// How many they are.
    pub count: u64,
    /// How long they are together, in bytes.
    pub bytes: u64,
    /// How it stands with calls about them.
    pub progress: Progress,
}

impl Batch {
    /// Of no event yet.
    pub(super) fn new(first: u64) -> Self {
        let since = Millis(first / NUMBERS_PER_MS);
        let due = since.plus(GATHER_MS);
        Self { first, count: 0, bytes: 0, progress: Progress { due, ..Progress::new(since) } }
    }

    /// The number after its last event.
    pub(super) fn end(&self) -> u64 {
        self.first.saturating_add(self.count)
    }

    /// Whether it has room for an event of so many bytes.
    pub(super) fn has_room(&self, bytes: u64) -> bool {
        self.count < EVENTS_MAX && self.bytes.saturating_add(bytes) <= BYTES_MAX
    }

    /// Adds an event of so many bytes, and gives its number. What has room for no other one waits
    /// for none.
    pub(super) fn add(&mut self, bytes: u64) -> u64 {
        let number = self.end();
        (self.count, self.bytes) = (self.count + 1, self.bytes.saturating_add(bytes));
        if !self.has_room(0) || BYTES_MAX <= self.bytes {
            self.complete();
        }
        number
    }

    /// It waits for no other event.
    pub(super) fn complete(&mut self) {
        self.progress.due = self.progress.due.min(self.progress.since);
    }

    /// How it stands with it, as it is stored; of one that was called about.
    pub(super) fn row(&self) -> String {
        let Progress { attempt, due, under_way, .. } = self.progress;
        serde_json::to_string(&Row { attempt, due, under_way }).unwrap_or_default()
    }

    /// The same as it was stored.
    pub(super) fn stored(first: u64, count: u64, bytes: u64, row: &str) -> Option<Self> {
        let mut batch = Self { count, bytes, ..Self::new(first) };
        if !row.is_empty() {
            let Row { attempt, due, under_way } = serde_json::from_str(row).ok()?;
            batch.progress = Progress { attempt, due, under_way, ..batch.progress };
        }
        Some(batch)
    }
}

/// Of those that a wake finds, only the last may wait for others.
pub(super) fn wait(batches: &mut [Batch]) {
    let Some((last, others)) = batches.split_last_mut() else { return };
    let is_new = |it: &Batch| it.progress == Batch::new(it.first).progress;
    let full = (BYTES_MAX <= last.bytes || !last.has_room(0)).then_some(last);
    others.iter_mut().chain(full).filter(|it| is_new(it)).for_each(Batch::complete);
}

/// How it stands with a batch, as it is stored. Its field names are append-only.
#[derive(Serialize, Deserialize)]
struct Row {
    #[serde(rename = "n")]
    attempt: u32,
    #[serde(rename = "d")]
    due: Millis,
    #[serde(rename = "u")]
    under_way: bool,
}

impl Job for Batch {
    type Key = u64;

    fn key(&self) -> u64 {
        self.first
    }
    fn progress(&self) -> &Progress {
        &self.progress
    }
    fn progress_mut(&mut self) -> &mut Progress {
        &mut self.progress
    }
}

/// Something to make durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WebhookWrite {
    /// An event waits to be told.
    Add {
        /// Its number.
        number: u64,
        /// The number of its batch.
        batch: u64,
        /// What is told: a JSON object, in which only the room is missing.
        event: String,
    },
    /// This is how it stands with a batch.
    Update(Batch),
    /// A batch waits no longer.
    Remove(Batch),
    /// This member was told to have joined.
    Enter(Member),
    /// And this one to have left.
    Leave(UserId),
}

impl Keep for WebhookWrite {
    fn is_apart(&self) -> bool {
        true
    }
    fn weight(&self) -> usize {
        match self {
            Self::Add { event, .. } => event.len(),
            Self::Update(_) | Self::Remove(_) | Self::Enter(_) | Self::Leave(_) => 0,
        }
    }
}

/// What a wake finds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WebhookStored {
    /// What waits, in whatever order.
    pub batches: Vec<Batch>,
    /// Who was told to be here.
    pub members: Vec<Member>,
}

/// What is told in this batch?
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told(pub Batch);

impl Find for Told {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_it_stands_with_a_batch_is_stored_in_bytes_that_do_not_change() {
        let mut batch = Batch { count: 3, bytes: 40, ..Batch::new(5_000) };
        assert_eq!(Batch::stored(5_000, 3, 40, ""), Some(batch.clone()));
        batch.progress =
            Progress { attempt: 2, due: Millis(77), under_way: true, ..batch.progress };
        let row = r#"{"n":2,"d":77,"u":true}"#;
        assert_eq!(batch.row(), row);
        assert_eq!(Batch::stored(5_000, 3, 40, row), Some(batch));
        assert_eq!(Batch::stored(5_000, 3, 40, "{}"), None, "what a later version wrote");
    }

    /// [Y4] A hundred events or 256 KiB, and what is longer alone.
    #[test]
    fn y4_a_batch_that_is_full_waits_for_no_other_event() {
        let mut batch = Batch::new(5_000);
        for number in 0..99 {
            assert_eq!(batch.add(1), 5_000 + number);
        }
        assert_eq!(batch.progress.due, Millis(1_005));
        batch.add(1);
        assert!(!batch.has_room(1) && batch.progress.due == Millis(5));
        let mut batch = Batch::new(5_000);
        batch.add(BYTES_MAX - 10);
        assert!(batch.has_room(10) && !batch.has_room(11));
        assert_eq!(batch.progress.due, Millis(1_005));
        let mut large = Batch::new(5_000);
        large.add(1 << 20);
        assert!(!large.has_room(1) && large.progress.due == Millis(5));
    }

    #[test]
    fn of_those_that_a_wake_finds_only_the_last_may_wait_for_others() {
        let one = |first, bytes| Batch { count: 1, bytes, ..Batch::new(first) };
        let mut batches = [one(5_000, 1), one(6_000, 1)];
        wait(&mut batches);
        assert_eq!(batches.map(|it| it.progress.due), [Millis(5), Millis(1_006)]);
        let mut batches = [one(5_000, 1 << 20)];
        wait(&mut batches);
        assert_eq!(batches.map(|it| it.progress.due), [Millis(5)]);
    }
}

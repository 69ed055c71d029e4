//! A text that many edit at once.
//!
//! Operations are taken in one order, the order of versions. One that was made to an older
//! text is transformed against all that came since, and so is everybody's copy: everyone
//! ends with the same text (`docs/PROTOCOL.md`, T1 and on, is what a client has to do).
//!
//! A document is a function of a snapshot and the edits since, and of nothing else: so it
//! can be dropped at any time and restored, and nobody can tell. Every now and then there
//! is a mark. Whoever stores the document stores a snapshot at each, and deletes all that is
//! not [needed](Document::kept_since) to restore it: it begins with the mark before the last.

mod change;
mod edit;
mod text;
mod undo;

use std::collections::VecDeque;

pub use crate::feature::documents::Operation;
use change::Change;
pub use change::Order;
use edit::Kept;
pub use edit::{Applied, Damaged, Edit, Pace, Rejection, Snapshot, Version};
use text::{OUTSIDE, Text};

use crate::message::{ProtocolError, UserId};

/// What an operation that is kept takes beside its content, here and in the log of undo.
const KEPT_BYTES: usize = 512;

/// A document.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    text: Text,
    version: Version,
    pace: Pace,
    /// The mark before the last; all that came since is kept.
    base: Version,
    /// The last mark.
    mark: Version,
    /// Bytes put in and taken out since.
    weight: usize,
    /// Those between the base and the mark.
    weight_before: usize,
    /// Oldest first.
    kept: VecDeque<Kept>,
    log: undo::Log,
}

impl Document {
    /// An empty document.
    #[must_use]
    pub fn new(pace: Pace) -> Self {
        Self::at(pace, &Snapshot::default())
    }

    fn at(pace: Pace, Snapshot { version, content }: &Snapshot) -> Self {
        let (base, mark, version) = (*version, *version, *version);
        let (text, kept, log) = (Text::new(content), VecDeque::new(), undo::Log::default());
        let (weight, weight_before) = (0, 0);
        Self { text, version, pace, base, mark, weight, weight_before, kept, log }
    }

    /// The document that was, from the snapshot of [`kept_since`](Self::kept_since) (an empty
    /// one, if that is 0) and all edits after it.
    pub fn restore(
        pace: Pace,
        snapshot: &Snapshot,
        edits: impl IntoIterator<Item = Edit>,
    ) -> Result<Self, Damaged> {
        let mut document = Self::at(pace, snapshot);
        document.text.bind(false);
        for Edit { first, author, undoes, operations } in edits {
            let changes: Result<Vec<Change>, _> = operations.iter().map(Change::of).collect();
            let changes = changes.ok().filter(|_| first == document.version.plus(1));
            let made = changes.and_then(|it| document.make(&it, &author, undoes).ok());
            made.ok_or(Damaged(first))?;
        }
        document.text.bind(true);
        Ok(document)
    }

    /// How many operations made it.
    #[must_use]
    pub fn version(&self) -> Version {
        self.version
    }

    /// Its text.
    #[must_use]
    pub fn content(&self) -> String {
        self.text.content()
    }

    /// How long its text is, in UTF-16 code units.
    #[must_use]
    pub fn length(&self) -> usize {
        self.text.units()
    }

    /// About how much memory it takes, in bytes.
    #[must_use]
    pub fn footprint(&self) -> usize {
        let operations = usize::try_from(self.version.0 - self.base.0).unwrap_or(usize::MAX);
        let kept = operations.saturating_mul(KEPT_BYTES);
        self.text.bytes() + self.weight + self.weight_before + kept
    }

    /// What it is now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot { version: self.version, content: self.content() }
    }

    /// The version from which on edits are kept: those made to older texts are
    /// [stale](Rejection::Stale), and snapshots and edits before it need not be stored.
    #[must_use]
    pub fn kept_since(&self) -> Version {
        self.base
    }

    /// Takes an operation that its author made to the text of this version.
    pub fn submit(
        &mut self,
        operation: &Operation,
        version: Version,
        author: &UserId,
    ) -> Result<Applied, Rejection> {
        if self.version < version {
            return Err(Rejection::Future);
        }
        if version < self.base {
            return Err(Rejection::Stale);
        }
        let mut change = Change::of(operation)?;
        if self.length_at(version) < change.end() {
            return Err(OUTSIDE.into());
        }
        for earlier in self.since(version) {
            if earlier.hides_fault_of(&change) {
                return Err(OUTSIDE.into());
            }
            change = change.after(earlier, Order::Later);
        }
        Ok(self.make(&[change], author, None)?)
    }

    /// Takes back the author's last operation of which anything is left, as far as it is
    /// left; `None` if there is none among those kept.
    pub fn undo(&mut self, author: &UserId) -> Result<Option<Applied>, ProtocolError> {
        match self.log.last_of(author) {
            Some((id, changes)) => self.make(&changes, author, Some(id)).map(Some),
            None => Ok(None),
        }
    }

    /// Makes changes one after the other; all or none.
    fn make(
        &mut self,
        changes: &[Change],
        author: &UserId,
        undoes: Option<Version>,
    ) -> Result<Applied, ProtocolError> {
        let mut pieces: Vec<Change> = changes.iter().flat_map(Change::pieces).collect();
        // One is made whole or not at all; several are tried on a copy.
        let mut copy = (1 < pieces.len()).then(|| self.text.clone());
        for piece in &mut pieces {
            piece.make(copy.as_mut().unwrap_or(&mut self.text))?;
        }
        if let Some(copy) = copy {
            self.text = copy;
        }
        let (first, author) = (self.version.plus(1), author.clone());
        let kept = Kept { first, author, undoes, pieces };
        let edit = kept.edit();
        if kept.pieces.is_empty() {
            return Ok(Applied { edit, is_mark: false });
        }
        self.version = edit.version();
        self.weight += kept.pieces.iter().map(Change::weight).sum::<usize>();
        self.log.record(&kept);
        self.kept.push_back(kept);
        Ok(Applied { edit, is_mark: self.mark() })
    }

    /// Sets a mark if one is due, and forgets what came before the last one. Only between
    /// edits, so that none is half forgotten.
    fn mark(&mut self) -> bool {
        let operations = self.version.0 - self.mark.0;
        if operations < self.pace.operations && self.weight < self.pace.bytes {
            return false;
        }
        (self.base, self.mark) = (self.mark, self.version);
        (self.weight_before, self.weight) = (self.weight, 0);
        let forgotten = self.kept.partition_point(|it| it.version() <= self.base);
        self.kept.drain(..forgotten);
        // Anew, from what is kept: what is restored later knows no more than that.
        self.log = undo::Log::of(&self.kept);
        true
    }

    /// What came after this version, oldest first.
    fn since(&self, version: Version) -> impl DoubleEndedIterator<Item = &Change> {
        let known = self.kept.partition_point(|it| it.version() <= version);
        self.kept.range(known..).flat_map(move |it| it.since(version))
    }

    /// How long the text of this version was.
    fn length_at(&self, version: Version) -> usize {
        self.since(version).rev().fold(self.length(), |after, it| it.length_before(after))
    }
}

use serde::{Deserialize, Serialize};

use crate::message::{Epoch, Member, Millis, Offset, RequestId};

/// A message that waits for a response. Stored: its field names are append-only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// Its position in the log.
    #[serde(rename = "o")]
    pub offset: Offset,
    /// What its author calls it.
    #[serde(rename = "m")]
    pub message: RequestId,
    /// Who said it.
    #[serde(rename = "w")]
    pub author: Member,
    /// What their client calls itself.
    #[serde(rename = "c")]
    pub client: String,
    /// When it was said, or said again.
    #[serde(rename = "t")]
    pub at: Millis,
    /// Which call about it is under way, or is the next; the first is 1.
    #[serde(rename = "n")]
    pub attempt: u32,
    /// When the next call is due; of one that is under way, when word of it is overdue.
    #[serde(rename = "d")]
    pub due: Millis,
    /// Whether a call is under way.
    #[serde(rename = "u")]
    pub under_way: bool,
}

impl Pending {
    pub(crate) fn new(
        offset: Offset,
        message: RequestId,
        author: Member,
        client: String,
        at: Millis,
    ) -> Self {
        Self { offset, message, author, client, at, attempt: 1, due: at, under_way: false }
    }

    pub(crate) fn begin(&mut self, now: Millis, overdue_ms: u64) {
        (self.under_way, self.due) = (true, now.plus(overdue_ms));
    }

    /// Waits for the next call: the base, then twice, then four times as long.
    pub(crate) fn wait(&mut self, now: Millis, base_ms: u64) {
        let wait_ms = base_ms.saturating_mul(1 << self.attempt.saturating_sub(1).min(16));
        (self.under_way, self.due) = (false, now.plus(wait_ms));
        self.attempt = self.attempt.saturating_add(1);
    }

    /// As a room that wakes finds it: it knows of no call, so what was under way is due
    /// again, and not counted as tried.
    pub(crate) fn restored(self) -> (Offset, Self) {
        let due = if self.under_way { Millis(0) } else { self.due };
        (self.offset, Self { under_way: false, due, ..self })
    }
}

/// What a responder is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// About which message.
    pub pending: Pending,
    /// In which incarnation of the log.
    pub epoch: Epoch,
    /// What it says. Empty until the host has read it from the log.
    pub content: String,
}

/// What came of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Responded {
    /// The position of the message in the log.
    pub question: Offset,
    /// In which incarnation of the log.
    pub epoch: Epoch,
    /// Which call it was.
    pub attempt: u32,
    /// What came of it.
    pub outcome: Outcome,
}

/// What comes of calling a responder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// This is what it says.
    Answered(String),
    /// It was not reached, took too long, or is not well: worth another try.
    Failed,
    /// It answered something that is no answer, and would again.
    Unusable,
    /// It was not called, because it failed too often of late.
    Held {
        /// Seconds after which it may be.
        wait_s: u64,
    },
}

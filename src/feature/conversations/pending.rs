use serde::{Deserialize, Serialize};

use crate::message::{Epoch, Member, Millis, Offset, RequestId};
use crate::outgoing::{Job, Progress};

/// A message that waits for a response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Row", into = "Row")]
pub struct Pending {
    /// Its position in the log.
    pub offset: Offset,
    /// What its author calls it.
    pub message: RequestId,
    /// Who said it.
    pub author: Member,
    /// What their client calls itself.
    pub client: String,
    /// How it stands with calls about it, since it was said, or said again.
    pub progress: Progress,
}

impl Job for Pending {
    type Key = Offset;

    fn key(&self) -> Offset {
        self.offset
    }
    fn progress(&self) -> &Progress {
        &self.progress
    }
    fn progress_mut(&mut self) -> &mut Progress {
        &mut self.progress
    }
}

/// As it is stored. Its field names are append-only.
#[derive(Serialize, Deserialize)]
struct Row {
    #[serde(rename = "o")]
    offset: Offset,
    #[serde(rename = "m")]
    message: RequestId,
    #[serde(rename = "w")]
    author: Member,
    #[serde(rename = "c")]
    client: String,
    #[serde(rename = "t")]
    since: Millis,
    #[serde(rename = "n")]
    attempt: u32,
    #[serde(rename = "d")]
    due: Millis,
    #[serde(rename = "u")]
    under_way: bool,
}

impl From<Row> for Pending {
    fn from(row: Row) -> Self {
        let Row { offset, message, author, client, since, attempt, due, under_way } = row;
        let progress = Progress { since, attempt, due, under_way };
        Self { offset, message, author, client, progress }
    }
}

impl From<Pending> for Row {
    fn from(pending: Pending) -> Self {
        let Pending { offset, message, author, client, progress } = pending;
        let Progress { since, attempt, due, under_way } = progress;
        Self { offset, message, author, client, since, attempt, due, under_way }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::UserId;

    #[test]
    fn what_is_pending_is_stored_in_bytes_that_do_not_change() {
        let pending = Pending {
            offset: Offset(7),
            message: RequestId::parse("m1").unwrap(),
            author: Member { id: UserId("ann".into()), name: "Ann".into() },
            client: "c1".into(),
            progress: Progress { since: Millis(5), attempt: 2, due: Millis(77), under_way: true },
        };
        let stored =
            r#"{"o":7,"m":"m1","w":{"u":"ann","n":"Ann"},"c":"c1","t":5,"n":2,"d":77,"u":true}"#;
        assert_eq!(serde_json::to_string(&pending).unwrap(), stored);
        assert_eq!(serde_json::from_str::<Pending>(stored).unwrap(), pending);
    }
}

//! What is stored of conversations, and what a room knows of them while it is awake.

use std::collections::BTreeMap;
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use super::{Pending, ResumeToken};
use crate::feature::{ConnectionPart, Keep, Known};
use crate::message::{Millis, Offset};

/// Something to make durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConversationWrite {
    /// This is pending from now on; and what it says, which the log may trim before.
    Ask(Pending, Rc<str>),
    /// This is how it stands with what is pending.
    Update(Pending),
    /// It is pending no longer.
    Settle(Offset),
}

/// What a room knows for a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnConnection {
    /// What leads back to the conversation it is in (X17).
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    pub resume: Option<ResumeToken>,
}

impl ConnectionPart for OnConnection {}

/// What a room knows of its conversation: what still waits for a response, by its place in the
/// log.
#[derive(Debug, Default)]
pub struct Conversations {
    pub(crate) pending: BTreeMap<Offset, Pending>,
}

impl Known for Conversations {
    type Stored = Vec<Pending>;

    fn wake(stored: Vec<Pending>, _: Millis) -> Self {
        Self { pending: stored.into_iter().map(Pending::restored).collect() }
    }

    /// The messages that wait are in the log.
    fn keeps_nothing(&self) -> bool {
        true
    }

    fn is_busy(&self) -> bool {
        !self.pending.is_empty()
    }
}

impl Keep for ConversationWrite {
    fn weight(&self) -> usize {
        match self {
            Self::Ask(_, content) => content.len(),
            Self::Update(_) | Self::Settle(_) => 0,
        }
    }
}

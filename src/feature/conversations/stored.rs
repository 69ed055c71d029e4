//! What is stored of conversations, and what a room knows of them while it is awake.

use std::rc::Rc;

use serde::{Deserialize, Serialize};

use super::{Pending, Question, ResumeToken};
use crate::feature::{ConnectionPart, Find, Keep, Known};
use crate::message::{Entry, Millis, Offset};
use crate::outgoing::Jobs;

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
    /// What leads back to the conversation it is in (X17). A hand-off calls it `resume`.
    #[serde(rename = "n", alias = "resume", default, skip_serializing_if = "Option::is_none")]
    pub resume: Option<ResumeToken>,
}

impl ConnectionPart for OnConnection {
    /// By the name that other versions read.
    fn handed_over(&self) -> serde_json::Result<String> {
        let resume = self.resume.as_ref().map(serde_json::to_string).transpose()?;
        Ok(resume.map_or_else(|| "{}".to_owned(), |it| format!(r#"{{"resume":{it}}}"#)))
    }
}

/// What is looked up of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConversationQuery {
    /// What a pending message says, so that a responder can be asked this.
    Content(Box<Question>),
    /// The response to the message at this position.
    Response(Offset),
}

impl Find for ConversationQuery {}

/// What is found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ConversationFound {
    /// The message is not pending, or has no response.
    #[default]
    Nothing,
    /// What the message says.
    Content(String),
    /// The message has a response: the entry, while the log keeps it.
    Response(Option<Rc<Entry>>),
}

/// What a room knows of its conversation: what still waits for a response.
#[derive(Debug, Default)]
pub struct Conversations {
    pub(crate) pending: Jobs<Pending>,
    /// The message of the request that is handled next, if it came before and has a response;
    /// and that, while the log keeps it.
    pub(crate) answered: Option<(Offset, Option<Rc<Entry>>)>,
}

impl Known for Conversations {
    type Stored = Vec<Pending>;
    type Shared = ();

    fn wake(stored: Vec<Pending>, _: Millis) -> Self {
        Self { pending: Jobs::restored(stored), answered: None }
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

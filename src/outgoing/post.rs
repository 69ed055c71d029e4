//! A call to a service of others, with all that the edge has to know of it.

use super::SignedRequest;
use crate::message::UserId;

/// A call over HTTP.
#[derive(Debug, PartialEq, Eq)]
pub struct Post {
    /// What the service is called, for its breaker and in the log.
    pub service: &'static str,
    /// What is held back alone when it fails (a conversation, a room), because what is asked
    /// there may be the reason.
    pub scope: String,
    /// On whose behalf: a service is taken for broken only when it fails more than one user.
    pub user: UserId,
    /// What is sent.
    pub request: SignedRequest,
    /// How long the answer may take, its whole body included, in milliseconds.
    pub patience_ms: u64,
    /// The longest answer that is read, in bytes.
    pub answer_bytes_max: u64,
}

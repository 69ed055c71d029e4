//! Calls out of a room: whom a feature has asked what, when again, and what came of it. No I/O, and
//! no feature: the edge carries all of them out in the same way.

mod jobs;
mod post;
mod service;

pub use jobs::{Job, Jobs, Policy, Progress};
pub use post::Post;
pub(crate) use service::SECRET_BYTES_MIN;
pub use service::{Service, SignedRequest, header_text};

use crate::limits::Limits;
use crate::message::{Json, Kind, Millis};

/// A call as it is carried out.
#[derive(Debug)]
pub enum Outgoing {
    /// To the room of this kind that has the same name.
    Room {
        /// Of which kind it is.
        kind: Kind,
        /// What it is asked, as rooms ask each other: JSON of `api::Task`.
        task: Json,
    },
    /// To a service of others.
    Post(Post),
}

/// Who calls, and when.
#[derive(Clone, Copy, Debug)]
pub struct Caller<'a> {
    /// Of which kind the room is.
    pub kind: Kind,
    /// The name of the room.
    pub room: &'a str,
    /// The limits in force.
    pub limits: &'a Limits,
    /// The time.
    pub now: Millis,
}

/// What came of a call.
#[derive(Clone, Debug)]
pub enum Answer {
    /// A service answered.
    Http {
        /// With this status.
        status: u16,
        /// The body, unless it is too long or no text.
        text: Option<String>,
    },
    /// Another room answered with this JSON.
    Room(Json),
    /// There was none, or not in time.
    Missing,
    /// Nobody was called: calls failed too often of late.
    Held {
        /// Milliseconds after which one may be made.
        wait_ms: u64,
    },
    /// Nobody was called: there is nobody to call, as the feature is configured now.
    Nobody,
}

/// What a feature makes of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard<I> {
    /// What the room hears of it, if anything.
    pub input: Option<I>,
    /// What it says of whoever was called.
    pub verdict: Verdict,
}

/// What an answer says of whoever gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is well.
    Useful,
    /// It is well, and gave no answer that can be used.
    Useless,
    /// It is not well, or has too much to do: this counts for its breaker.
    Failed,
}

impl<I> Heard<I> {
    /// The same as an input of something wider.
    pub fn map<J>(self, wider: impl FnOnce(I) -> J) -> Heard<J> {
        Heard { input: self.input.map(wider), verdict: self.verdict }
    }
}

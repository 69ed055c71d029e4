//! Users who are kept out of a room, for a time or until somebody lifts that. Kept in the room, and
//! past its erasure: what a room forgets with its log must let nobody back in.

mod http;
mod rules;
#[cfg(not(target_arch = "wasm32"))]
mod schema;
mod tables;
mod words;

use std::convert::Infallible;

use litemap::LiteMap;

use super::{Feature, Find, Keep, Known, Nothing};
use crate::message::{Millis, UserId};

pub use words::{Ban, BanCommand, BanEvent, BanTask, Banning};

/// Bans that a room keeps at most: what a person can look after, and with the longest names 256 KiB
/// in memory.
pub const BANS_MAX: usize = 1000;

/// Who is banned; when that ends, if it does by itself.
#[derive(Debug, Default)]
pub struct Bans {
    until: LiteMap<UserId, Option<Millis>>,
}

/// What is made durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BanWrite {
    /// This user is banned, whatever was so before.
    Keep(Ban),
    /// This user no longer is.
    Lift(UserId),
}

impl Keep for BanWrite {
    fn is_urgent(&self) -> bool {
        matches!(self, Self::Keep(_))
    }
    fn is_apart(&self) -> bool {
        true
    }
}

/// Who is banned: so many, those after this user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BansAfter {
    /// The last one of the page before; empty for the first page.
    pub after: UserId,
    /// At most so many.
    pub limit: u32,
    /// When this was asked: what is over by then is no ban.
    pub now: Millis,
}

impl Find for BansAfter {}

impl Feature for Bans {
    type Command = BanCommand;
    type Event = BanEvent;
    type Write = BanWrite;
    type Query = BansAfter;
    type Found = Vec<Ban>;
    type Call = Infallible;
    type Input = Infallible;
    type OnConnection = Nothing;
    type Config = ();
    type Task = BanTask;
}

impl Known for Bans {
    type Stored = Vec<(UserId, Option<Millis>)>;
    type Shared = ();
    fn wake(stored: Self::Stored, _: Millis) -> Self {
        Self { until: stored.into_iter().collect() }
    }
    fn erased(self) -> Self {
        self
    }
    fn keeps_nothing(&self) -> bool {
        self.until.is_empty()
    }
}

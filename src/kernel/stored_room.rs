//! What outlives a room's memory.

use super::{Counts, Departure, Told};
use crate::feature;
use crate::message::{Epoch, Millis, Offset, UserId};

/// What a room's log knows of it, read on every wake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRoom {
    /// Which incarnation of the log this is.
    pub epoch: Epoch,
    /// The newest offset; 0 in an empty log.
    pub head: Offset,
    /// When the newest entry was accepted.
    pub head_at: Millis,
    /// The newest entry that is for everyone; 0 if none of the last 256 is.
    pub chained: Offset,
    /// The oldest offset kept; 0 in an empty log.
    pub first: Offset,
    /// When the oldest entry was accepted.
    pub first_at: Millis,
    /// Users whose last socket closed and whose grace may still run.
    pub departures: Vec<Departure>,
    /// How many were last told to be here, where that is told in place of who.
    pub occupancy: Option<Told>,
    /// What was counted against the room, as of when a socket last left with it.
    pub counts: Counts,
    /// What was counted against users, likewise.
    pub shares: Vec<(UserId, Counts)>,
    /// What is stored of features.
    pub own: feature::Stored,
}

impl StoredRoom {
    /// What an empty log knows.
    #[must_use]
    pub fn blank(epoch: Epoch) -> Self {
        Self {
            epoch,
            head: Offset(0),
            head_at: Millis(0),
            chained: Offset(0),
            first: Offset(0),
            first_at: Millis(0),
            departures: Vec::new(),
            occupancy: None,
            counts: Counts::default(),
            shares: vec![],
            own: feature::Stored::default(),
        }
    }
}

//! What a room did, in numbers that add up: kept in memory, reported to the directory,
//! summed there. Monitoring, not a promise: what was not yet reported dies with the room.

use serde::{Deserialize, Serialize};

use crate::feature::Numbers;

/// Counts since the last report, or of many reports together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tally {
    /// Sockets that came in.
    pub opened: u64,
    /// Sockets that went.
    pub closed: u64,
    /// How long those that went had been there, summed, in milliseconds.
    pub open_ms: u64,
    /// The longest of them, in milliseconds.
    pub open_ms_max: u64,
    /// Frames and calls that arrived, pings answered by the platform excepted.
    pub received: u64,
    /// Their bytes.
    pub received_bytes: u64,
    /// Frames handed to sockets, each socket counted.
    pub sent: u64,
    /// Their bytes.
    pub sent_bytes: u64,
    /// Requests refused, whoever's fault.
    pub refused: u64,
    /// Failures of ours.
    pub failed: u64,
    /// From arrival until everything was carried out, summed over `received`, in microseconds.
    pub handling_us: u64,
    /// Users whose last socket went while others stayed, or a feature watches who comes and goes.
    pub lost: u64,
    /// Of those, who were back within the grace.
    pub recovered: u64,
    /// What features counted.
    #[serde(skip_serializing_if = "Numbers::is_empty")]
    pub own: Numbers,
}

impl Tally {
    /// Adds another one to this one.
    pub fn add(&mut self, other: &Self) {
        self.opened += other.opened;
        self.closed += other.closed;
        self.open_ms += other.open_ms;
        self.open_ms_max = self.open_ms_max.max(other.open_ms_max);
        self.received += other.received;
        self.received_bytes += other.received_bytes;
        self.sent += other.sent;
        self.sent_bytes += other.sent_bytes;
        self.refused += other.refused;
        self.failed += other.failed;
        self.handling_us += other.handling_us;
        self.lost += other.lost;
        self.recovered += other.recovered;
        self.own.add_all(&other.own);
    }

    /// Whether nothing happened.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

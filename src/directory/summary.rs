use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Stretch;
use crate::breaker::{Breaker, State};
use crate::feature::Numbers;
use crate::message::Millis;
use crate::tally::Tally;

/// What one directory knows of the service, or several of them together (A40, X22).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// When counting began.
    pub since: Millis,
    /// Rooms listed.
    pub rooms: u64,
    /// Sockets open now.
    pub connections: u64,
    /// Of those, the ones that said something in the last minute.
    pub active: u64,
    /// Everything counted since then.
    pub totals: Tally,
    /// The last minute of it.
    pub recent: Stretch,
    /// Each breaker as it stands where it stands worst.
    pub breakers: BTreeMap<Breaker, State>,
    /// What features of all rooms show.
    #[serde(default, skip_serializing_if = "Numbers::is_empty")]
    pub gauges: Numbers,
}

impl Summary {
    /// Both together: `summaries.into_iter().reduce(Summary::merge)`.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.since = self.since.min(other.since);
        self.rooms = self.rooms.saturating_add(other.rooms);
        self.connections = self.connections.saturating_add(other.connections);
        self.active = self.active.saturating_add(other.active);
        self.totals.add(&other.totals);
        self.recent.add(&other.recent);
        self.worsen(other.breakers);
        self.gauges.add_all(&other.gauges);
        self
    }

    /// Notes breakers that may stand worse than those known.
    pub fn worsen(&mut self, states: impl IntoIterator<Item = (Breaker, State)>) {
        for (breaker, state) in states {
            let worst = self.breakers.entry(breaker).or_default();
            *worst = state.max(*worst);
        }
    }
}

use serde::{Deserialize, Serialize};

use super::{Listing, RevocationAsk, SHARDS};
use crate::breaker::{Breaker, State};
use crate::feature::Numbers;
use crate::tally::Tally;

/// What a room tells its directory (A40).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Its address, `kind:name`.
    pub room: String,
    /// Sockets in it now.
    pub connections: u64,
    /// Of those, the ones that said something in the last minute.
    pub active: u64,
    /// Whether nobody is in it and nothing is kept in it: then it is not listed.
    pub is_empty: bool,
    /// What happened since its last report.
    pub tally: Tally,
    /// How its breakers stand.
    pub breakers: Vec<(Breaker, State)>,
    /// What its features show: how much there is now.
    #[serde(default, skip_serializing_if = "Numbers::is_empty")]
    pub gauges: Numbers,
}

/// What a directory is asked, by rooms and by the Worker.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ask {
    /// Take this in.
    Report(Report),
    /// This room is no more.
    Forget(String),
    /// How is everything?
    Summary,
    /// Which rooms are there?
    List(Listing),
    /// Something of tokens that are taken back: asked of an object of its own.
    Revocations(RevocationAsk),
}

/// Which directory a room reports to: FNV-1a of its address, which is the same in every
/// build, as the standard library's hash need not be.
#[must_use]
pub fn shard_of(address: &str) -> u32 {
    let hash = address
        .bytes()
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    hash % SHARDS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_stays_in_its_shard() {
        assert_eq!(SHARDS, 8);
        let addresses = ["", "a", "foobar", "chat:demo", "chat:default", "hub:user:ann"];
        assert_eq!(addresses.map(shard_of), [5, 4, 0, 0, 4, 0]);
    }

    #[test]
    fn rooms_spread_over_the_shards() {
        let mut rooms = [0; SHARDS as usize];
        for number in 0..1000 {
            rooms[shard_of(&format!("chat:room-{number}")) as usize] += 1;
        }
        assert!(rooms.iter().all(|it| (100..150).contains(it)), "{rooms:?}");
    }
}

//! Seats for those who bring no token: strangers, whom nothing but their address tells apart.

use super::Room;
use crate::limits::ANONYMOUS_PERCENT;
use crate::message::{Code, ProtocolError, networks};

/// Whether one more of them may come in from this network, so that neither all of them nor
/// one of them takes the room from the others.
pub(crate) fn capacity_for(room: &Room, network: &str) -> Result<(), ProtocolError> {
    let strangers: Vec<&str> =
        room.connections.values().filter_map(|it| it.network.as_deref()).collect();
    // In a demo room there is nobody else to keep seats for.
    let percent = if room.limits.is_demo { 100 } else { ANONYMOUS_PERCENT };
    let seats = room.limits.connections_per_room.saturating_mul(percent).div_ceil(100);
    if seats != 0 && seats <= strangers.len() as u64 {
        return Err(ProtocolError::new(
            Code::ConnectionLimit,
            "all places of those without a token are taken",
        ));
    }
    // Where there is no address, there is nothing to share out by.
    let share = if network.is_empty() { 0 } else { room.limits.anonymous_per_address };
    for wider in networks(network) {
        let is_inside = |it: &&&str| networks(it).iter().any(|it| it.key == wider.key);
        let count = strangers.iter().filter(is_inside).count() as u64;
        if share != 0 && share.saturating_mul(wider.times) <= count {
            return Err(ProtocolError::new(
                Code::ConnectionLimit,
                "too many connections without a token from this address",
            ));
        }
    }
    Ok(())
}

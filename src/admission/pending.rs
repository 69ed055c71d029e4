use litemap::LiteMap;

use crate::limits::Limits;
use crate::message::{Code, Millis, ProtocolError};

/// How long a room may take to answer for a connection that has said who it is, at most, and
/// then some. A place whose time is over is free: the platform may have ended the request that
/// would have given it back.
const ANSWER_MS: u64 = 20_000;

const FULL: ProtocolError = ProtocolError::new(
    Code::ConnectionLimit,
    "too many connections here have not said who they are; try again, or send the token in the URL",
);

/// The connections that the Worker holds until their first message has led them into a room
/// (B3): how many there are in this isolate, and from each address.
#[derive(Clone, Debug, Default)]
pub struct Pending {
    places: LiteMap<Place, Held>,
    next: u64,
}

/// One connection's place among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place(u64);

#[derive(Clone, Debug)]
struct Held {
    address: Option<String>,
    until: Millis,
}

impl Pending {
    /// Takes a place, if there is one. Without an address there is only the bound of all.
    pub fn take(
        &mut self,
        address: Option<&str>,
        limits: &Limits,
        now: Millis,
    ) -> Result<Place, ProtocolError> {
        let last = now.plus(limits.auth_ms.saturating_add(ANSWER_MS));
        // A clock set back must not keep places taken.
        self.places.retain(|_, it| now < it.until && it.until <= last);
        let of_address = self.places.values().filter(|it| it.address.as_deref() == address);
        let is_full = |count: usize, max: u64| max != 0 && max <= count as u64;
        if is_full(self.places.len(), limits.pending_max)
            || (address.is_some() && is_full(of_address.count(), limits.pending_per_address))
        {
            return Err(FULL);
        }
        let place = Place(self.next);
        self.next = self.next.wrapping_add(1);
        self.places.insert(place, Held { address: address.map(str::to_owned), until: last });
        Ok(place)
    }

    /// Gives a place back.
    pub fn leave(&mut self, place: Place) {
        self.places.remove(&place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = Millis(1_000_000);

    fn limits() -> Limits {
        Limits { pending_max: 3, pending_per_address: 2, ..Limits::default() }
    }

    #[test]
    fn places_are_counted_by_address_and_in_all_until_they_are_given_back() {
        let (mut pending, limits) = (Pending::default(), limits());
        let first = pending.take(Some("a"), &limits, NOW).unwrap();
        pending.take(Some("a"), &limits, NOW).unwrap();
        assert_eq!(pending.take(Some("a"), &limits, NOW), Err(FULL));
        pending.take(Some("b"), &limits, NOW).unwrap();
        assert_eq!(pending.take(Some("c"), &limits, NOW), Err(FULL));
        assert_eq!(pending.take(None, &limits, NOW), Err(FULL));
        pending.leave(first);
        pending.take(Some("a"), &limits, NOW).unwrap();
    }

    #[test]
    fn a_place_that_nobody_gave_back_is_free_when_its_time_is_over() {
        let (mut pending, limits) = (Pending::default(), limits());
        for _ in 0..3 {
            pending.take(None, &limits, NOW).unwrap();
        }
        let over = NOW.plus(limits.auth_ms + ANSWER_MS);
        assert_eq!(pending.take(None, &limits, Millis(over.0 - 1)), Err(FULL));
        pending.take(None, &limits, over).unwrap();
        pending.take(None, &limits, over).unwrap();
        pending.take(None, &limits, over).unwrap();
        pending.take(None, &limits, Millis(5)).unwrap();
    }

    #[test]
    fn zero_means_no_bound() {
        let limits = Limits { pending_max: 0, pending_per_address: 0, ..Limits::default() };
        let mut pending = Pending::default();
        for _ in 0..5000 {
            pending.take(Some("a"), &limits, NOW).unwrap();
        }
    }
}

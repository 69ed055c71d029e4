//! Connects a minute from one address, counted by the room where the platform does not (C20, C22).

use dormouse::kernel::Room;
use dormouse::limits::Limits;
use dormouse::message::{Code, Details, Millis, ProtocolError};

use crate::support::{NOON, connection, room};

/// Somebody connects from an address.
fn comes(room: &mut Room, address: &str, now: Millis) -> Result<(), ProtocolError> {
    room.admit(connection(1, "ann"), Some(address), now).map(drop)
}

#[test]
fn c22_l6_the_eleventh_connect_within_a_minute_is_refused_and_costs_nothing() {
    let mut room = room(Limits::default());
    for i in 0..10 {
        assert_eq!(comes(&mut room, "192.0.2.1", NOON.plus(i * 1000)), Ok(()));
    }
    for wait in [15, 14] {
        let now = NOON.plus(60_000 - wait * 1000);
        let error = comes(&mut room, "192.0.2.1", now).unwrap_err();
        assert_eq!((error.code, error.retry_after), (Code::RateLimitExceeded, Some(wait)));
        assert_eq!(error.details, Details::Rate { limit: 10, window_s: 60 });
    }
    assert_eq!(comes(&mut room, "192.0.2.2", NOON.plus(46_000)), Ok(()));
    assert_eq!(comes(&mut room, "192.0.2.1", NOON.plus(60_000)), Ok(()));
}

#[test]
fn c22_l6_zero_means_no_limit() {
    let mut room = room(Limits { connects_per_minute: 0, ..Limits::default() });
    for _ in 0..100 {
        assert_eq!(comes(&mut room, "192.0.2.1", NOON), Ok(()));
    }
}

#[test]
fn c22_l6_what_is_remembered_of_addresses_is_bounded_and_forgotten_in_time() {
    let mut room = room(Limits { connects_per_minute: 1, ..Limits::default() });
    for i in 0..1000 {
        assert_eq!(comes(&mut room, &format!("address {i}"), NOON), Ok(()));
    }
    assert!(comes(&mut room, "address 7", NOON).is_err(), "known ones are still counted");
    for _ in 0..2 {
        assert!(comes(&mut room, "a newcomer", NOON).is_ok(), "full: newcomers are not");
    }
    let later = NOON.plus(60_000);
    assert_eq!(comes(&mut room, "address 7", later), Ok(()));
    assert!(comes(&mut room, "address 7", later).is_err(), "the minute is over: counted again");
}

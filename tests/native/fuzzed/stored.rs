//! What was stored, by whichever version: it is read or passed over, and what was read is stored so
//! that it is read as the same.

use dormouse::feature;
use dormouse::host::{read_attachment, write_attachment};
use dormouse::message::{Body, EntryKind, UserId};

use super::bytes::{Bytes, text};
use crate::support::NOON;

pub(crate) fn attachments(input: &[u8]) {
    let Some((wire, connection)) = read_attachment(&text(input)) else { return };
    let stored = write_attachment(wire, &connection).expect("what was read can be stored");
    assert!(stored.is_ascii());
    assert_eq!(read_attachment(&stored), Some((wire, connection.clone())), "stored as {stored}");
    assert_eq!(write_attachment(wire, &connection), Some(stored));
}

/// The first byte is the kind of the entry, the second whether it is for one user.
pub(crate) fn entries(input: &[u8]) {
    let kinds: Vec<EntryKind> = feature::entry_kinds().collect();
    let mut bytes = Bytes::new(input);
    let (kind, is_users) = (bytes.one_of(&kinds), bytes.byte().is_multiple_of(2));
    let user = is_users.then(|| UserId("ann".into()));
    let Some(read) = (kind.load)(&text(bytes.rest()), NOON, user.clone()) else { return };
    let stored = read.to_stored(NOON).into_owned();
    let again = (kind.load)(&stored, NOON, user.clone()).expect("what was read can be read again");
    assert_eq!(again, read, "stored as {stored}");
    assert_eq!(again.to_stored(NOON), stored);
    drop(read.text());
    if let Some(blank) = read.blank() {
        let stored = blank.to_stored(NOON).into_owned();
        let again = (kind.load)(&stored, NOON, user);
        let data = |it: &Body| it.data.clone();
        assert_eq!(again.as_ref().map(data), Some(data(&blank)), "blank, stored as {stored}");
    }
}

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::invisible::is_invisible;
use super::name::{is_dots, is_spelled};
use super::{Millis, ProtocolError};

/// Position in a room's log; the first entry is 1, and 0 is before it.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Offset(pub u64);

impl Offset {
    /// The position after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// Names one incarnation of a room's log: offsets of different epochs do not compare.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Epoch(pub String);

/// Names one connected socket. Below 2^53, so that JavaScript can hold it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConnectionId(u64);

impl ConnectionId {
    /// Keeps the 53 bits that JavaScript can hold.
    #[must_use]
    pub fn from_bits(bits: u64) -> Self {
        Self(bits >> 11)
    }

    /// The number.
    #[must_use]
    pub fn number(self) -> u64 {
        self.0
    }

    /// The number as JavaScript holds it; exact.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "below 2^53 by construction")]
    pub fn as_f64(self) -> f64 {
        self.0 as f64
    }

    /// The connection that JavaScript calls by this number.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "range-checked")]
    pub fn from_f64(number: f64) -> Option<Self> {
        let exact = (0.0..9_007_199_254_740_992.0).contains(&number) && number.fract() == 0.0;
        exact.then_some(Self(number as u64))
    }
}

impl ConnectionId {
    /// Reads what [`Display`](std::fmt::Display) writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("session_").filter(|it| it.len() == 14)?;
        u64::from_str_radix(digits, 16).ok().filter(|it| *it < 1 << 53).map(Self)
    }
}

impl std::fmt::Display for ConnectionId {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "session_{:014x}", self.0)
    }
}

/// Names a user: the token's `sub`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserId(pub String);

impl UserId {
    /// Longest id, in bytes: it stands in attachments and rows.
    pub const BYTES_MAX: usize = 128;

    /// Refuses an empty or overlong id, one with control or invisible characters, and `.` and
    /// `..`, which are no part of a path.
    pub fn parse(text: impl Into<String>) -> Result<Self, ProtocolError> {
        let text = text.into();
        let is_named = (1..=Self::BYTES_MAX).contains(&text.len()) && !is_dots(&text);
        if is_named && !text.chars().any(is_invisible) {
            Ok(Self(text))
        } else {
            let wrong = "a user's id is 1 to 128 bytes without control or invisible characters, and neither . nor ..";
            Err(ProtocolError::invalid(wrong))
        }
    }
}

/// A client's own id for a request, echoed verbatim.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct RequestId(String);

impl RequestId {
    /// Longest id kept, in bytes: three times a UUID, and small enough that
    /// 10,000 remembered ones stay near a megabyte.
    pub const BYTES_MAX: usize = 128;

    /// Refuses an empty or overlong id.
    pub fn parse(text: impl Into<String>) -> Result<Self, ProtocolError> {
        let text = text.into();
        if (1..=Self::BYTES_MAX).contains(&text.len()) {
            Ok(Self(text))
        } else {
            Err(ProtocolError::invalid("id must have 1 to 128 bytes"))
        }
    }

    /// The id as the client wrote it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for RequestId {
    type Error = ProtocolError;

    fn try_from(text: String) -> Result<Self, ProtocolError> {
        Self::parse(text)
    }
}

/// The second half of `kind:name`: 1 to 128 of `A-Z a-z 0-9 . _ : ~ -`, but not `.` or `..`
/// (R1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct RoomName(String);

impl RoomName {
    /// Refuses whatever is not a room name, before any object is woken.
    pub fn parse(name: impl Into<String>) -> Result<Self, ProtocolError> {
        let name = name.into();
        if is_spelled(&name) {
            Ok(Self(name))
        } else {
            Err(ProtocolError::invalid(
                "a room name is 1 to 128 of A-Z a-z 0-9 . _ : ~ -, and neither . nor ..",
            ))
        }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for RoomName {
    type Error = ProtocolError;

    fn try_from(name: String) -> Result<Self, ProtocolError> {
        Self::parse(name)
    }
}

/// The moment of an event and the randomness for the ids minted in it, both
/// supplied by the caller, so that the same script gives the same frames.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clock {
    /// When it happened.
    pub at: Millis,
    random: u128,
}

impl Clock {
    /// `random` is 80 bits of it, enough for a UUID v7.
    #[must_use]
    pub fn new(at: Millis, random: [u8; 10]) -> Self {
        let random = random.into_iter().fold(0, |sum, byte| (sum << 8) | u128::from(byte));
        Self { at, random }
    }

    /// A clock for one of several requests of the same moment: no two of them mint the same id,
    /// and their ids are in their order.
    #[must_use]
    pub fn split(&mut self) -> Self {
        let first = self.clone();
        self.random = self.random.wrapping_add(1 << 32);
        first
    }

    /// A fresh UUID v7. Ids minted from one clock differ by one in their random part,
    /// so they stay in order.
    pub fn new_id(&mut self) -> Uuid {
        let [_, _, _, _, _, _, random @ ..] = self.random.to_be_bytes();
        self.random = self.random.wrapping_add(1);
        uuid::Builder::from_unix_timestamp_millis(self.at.0, &random).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_name_is_what_the_spec_says_and_nothing_else() {
        let longest = "a".repeat(128);
        for name in ["a", "A-Z.a_z:0~9", "...", ".a", longest.as_str()] {
            assert!(RoomName::parse(name).is_ok(), "{name}");
        }
        let overlong = "a".repeat(129);
        let overlong = overlong.as_str();
        for name in ["", ".", "..", "a/b", "%2e", "a b", "ä", "a\0", "a?b", "a#b", "\\", overlong]
        {
            assert!(RoomName::parse(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn a_users_id_shows_all_that_it_is() {
        let longest = "ä".repeat(64);
        for id in ["a", "auth0|4711", "ann@example.org", "Ann Lee", "...", longest.as_str()] {
            assert!(UserId::parse(id).is_ok(), "{id}");
        }
        let overlong = "a".repeat(129);
        for id in ["", ".", "..", "a\0", "a\n", "a\u{1b}", "\u{202e}a", "a\u{200b}", &overlong] {
            assert!(UserId::parse(id).is_err(), "{id:?}");
        }
    }

    #[test]
    fn a_session_id_survives_javascript() {
        let id = ConnectionId::from_bits(u64::MAX);
        assert_eq!(ConnectionId::from_f64(id.as_f64()), Some(id));
        assert_eq!(ConnectionId::from_f64(-1.0), None);
        assert_eq!(ConnectionId::from_f64(0.5), None);
        assert_eq!(ConnectionId::from_f64(f64::NAN), None);
    }

    #[test]
    fn ids_of_one_clock_differ_and_stay_in_order() {
        let mut clock = Clock::new(Millis(1_700_000_000_000), [7; 10]);
        let ids: Vec<Uuid> = (0..3).map(|_| clock.new_id()).collect();
        assert!(ids.is_sorted() && ids[0] != ids[1] && ids[1] != ids[2]);
        assert_eq!(ids[0].get_version_num(), 7);
        let mut first = clock.split();
        let split = [first.new_id(), first.new_id(), clock.split().new_id(), clock.new_id()];
        assert!(split.windows(2).all(|it| it[0] < it[1]) && ids[2] < split[0], "{split:?}");
    }
}

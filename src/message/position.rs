use std::fmt::{Display, Formatter};

use serde::{Deserialize, Serialize};

use super::{Epoch, Offset, ProtocolError, Topic};

/// A place in a room's log, from which a client goes on: `epoch:offset` on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// In which incarnation of the log.
    #[serde(rename = "e")]
    pub epoch: Epoch,
    /// Everything up to here is known.
    #[serde(rename = "o")]
    pub offset: Offset,
}

impl Position {
    /// The parameter of a URL in which one stands.
    pub const PARAMETER: &str = "resume";

    /// Reads what [`Display`] writes. What is none is a place in no log: a client can only bring
    /// back what it was told, so it was told that by somebody else.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let read = text.rsplit_once(':').and_then(|(epoch, offset)| {
            // Neither a sign nor what JavaScript cannot count.
            let is_number =
                (1..=15).contains(&offset.len()) && offset.bytes().all(|it| it.is_ascii_digit());
            let is_epoch = (1..=Self::EPOCH_BYTES_MAX).contains(&epoch.len());
            let offset = offset.parse().ok().filter(|_| is_number && is_epoch)?;
            Some(Self { epoch: Epoch(epoch.to_owned()), offset: Offset(offset) })
        });
        read.unwrap_or_else(|| Self { epoch: Epoch(String::new()), offset: Offset(1) })
    }

    /// Longest epoch that is looked at, in bytes: ours have 32.
    const EPOCH_BYTES_MAX: usize = 64;
}

impl Display for Position {
    fn fmt(&self, out: &mut Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}:{}", self.epoch.0, self.offset.0)
    }
}

/// Why a client does not go on from the position that it asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum NotResumed {
    /// It is one of another log.
    Epoch,
    /// The log no longer has all that came after it.
    Gone,
    /// The log does not go so far.
    Ahead,
    /// The token does not allow reading history.
    Denied,
}

/// How far back in the log somebody wants to begin who brings no position, or none that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rewind {
    /// So many entries.
    #[serde(rename = "n")]
    Entries(u64),
    /// So many milliseconds.
    #[serde(rename = "t")]
    Ago(u64),
}

impl Rewind {
    /// The parameter of a URL in which one stands.
    pub const PARAMETER: &str = "rewind";

    /// Most entries: what a page may have, five times.
    pub const ENTRIES_MAX: u64 = 1000;

    /// Reads `50`, `30s`, `10m` or `24h`.
    pub fn read(text: &str) -> Result<Self, ProtocolError> {
        let (number, unit_ms) = match text.as_bytes().split_last() {
            Some((b's', number)) => (number, Some(1000)),
            Some((b'm', number)) => (number, Some(60_000)),
            Some((b'h', number)) => (number, Some(3_600_000)),
            _ => (text.as_bytes(), None),
        };
        let is_number = (1..=9).contains(&number.len()) && number.iter().all(u8::is_ascii_digit);
        let digits = if is_number { number } else { &[] };
        let number = digits.iter().fold(0u64, |sum, it| 10 * sum + u64::from(it & 15));
        match unit_ms {
            Some(unit_ms) if is_number && number != 0 => Ok(Self::Ago(number * unit_ms)),
            None if is_number && (1..=Self::ENTRIES_MAX).contains(&number) => {
                Ok(Self::Entries(number))
            }
            _ => Err(ProtocolError::invalid("rewind is 1 to 1000, or a number of s, m or h")),
        }
    }
}

/// What somebody who follows a log asks of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Following {
    /// Which events; every one, if it does not say.
    pub topics: Option<Vec<Topic>>,
    /// From where on.
    pub position: Option<Position>,
    /// Else from where on.
    pub rewind: Option<Rewind>,
    /// With which token from then on, if not with the one it has.
    pub token: Option<String>,
    /// Whether its user is not to be here by it.
    pub is_absent: bool,
}

/// From where on a client is told the log, and where that stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attached {
    /// The oldest offset that is kept; 0 in an empty log.
    pub first: Offset,
    /// Entries with offsets above this follow. Equal to the newest: nothing is told again.
    pub from: Offset,
    /// Whether that is the position that was asked for.
    pub is_resumed: bool,
    /// Why not, if one was asked for.
    pub reason: Option<NotResumed>,
}

impl Attached {
    /// Whether it goes on from the position that it asked for; `None` if it asked for none.
    #[must_use]
    pub fn recovered(&self) -> Option<bool> {
        (self.is_resumed || self.reason.is_some()).then_some(self.is_resumed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn n13_a_rewind_is_a_number_or_a_time_and_nothing_else() {
        for (text, read) in [
            ("1", Rewind::Entries(1)),
            ("1000", Rewind::Entries(1000)),
            ("30s", Rewind::Ago(30_000)),
            ("2m", Rewind::Ago(120_000)),
            ("999999999h", Rewind::Ago(999_999_999 * 3_600_000)),
        ] {
            assert_eq!(Rewind::read(text), Ok(read), "{text}");
        }
        let long = "9".repeat(64);
        for text in
            ["", "0", "1001", "0s", "-1", "+1", "1.5", "1d", "s", "1 s", "1000000000h", "é", &long]
        {
            assert!(Rewind::read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_position_comes_back_as_it_was_told_and_anything_else_is_one_of_no_log() {
        let told = Position { epoch: Epoch("0191f3".into()), offset: Offset(42) };
        assert_eq!(Position::read(&told.to_string()), told);
        let none = Position { epoch: Epoch(String::new()), offset: Offset(1) };
        let long = format!("{}:1", "e".repeat(65));
        for text in
            ["", ":", "e", "e:", ":1", "e:-1", "e:+1", "e:1.5", "e: 1", "e:9999999999999999", &long]
        {
            assert_eq!(Position::read(text), none, "{text}");
        }
    }
}

use std::fmt::{Display, Formatter};

use serde::{Deserialize, Serialize};

use super::{Epoch, Offset};

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

#[cfg(test)]
mod tests {
    use super::*;

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

use serde::{Deserialize, Deserializer, Serialize};

use super::ProtocolError;

/// Longest name, in bytes.
const BYTES_MAX: usize = 128;

/// Whether every character is one that names are made of.
pub(super) fn is_made_of_names(text: &str) -> bool {
    text.bytes().all(|it| it.is_ascii_alphanumeric() || b"._:~-".contains(&it))
}

/// Whether this is `.` or `..`: as a part of a path these mean this place and the one above it,
/// so that a client which resolves paths would ask for something else than its user meant.
pub(crate) fn is_dots(text: &str) -> bool {
    matches!(text, "." | "..")
}

/// Whether this is a name: of a room, an event, a metric, a connection, an object of large data.
pub(super) fn is_spelled(name: &str) -> bool {
    was_spelled(name) && !is_dots(name)
}

/// Whether this was a name when it was stored: `.` and `..` once were.
pub(super) fn was_spelled(name: &str) -> bool {
    is_made_of_names(name) && (1..=BYTES_MAX).contains(&name.len())
}

/// What clients call a metric, an editing session or an object of large data: spelled as an
/// event's name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Name(String);

impl Name {
    /// Refuses whatever is not such a name.
    pub fn parse(name: impl Into<String>) -> Result<Self, ProtocolError> {
        let name = name.into();
        if is_spelled(&name) { Ok(Self(name)) } else { Err(WRONG) }
    }

    /// Reads one that was stored.
    pub fn stored(name: impl Into<String>) -> Result<Self, ProtocolError> {
        let name = name.into();
        if was_spelled(&name) { Ok(Self(name)) } else { Err(WRONG) }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

const WRONG: ProtocolError =
    ProtocolError::invalid("a name is 1 to 128 of A-Z a-z 0-9 . _ : ~ -, and neither . nor ..");

impl TryFrom<String> for Name {
    type Error = ProtocolError;

    fn try_from(name: String) -> Result<Self, ProtocolError> {
        Self::parse(name)
    }
}

/// For a field that is stored.
pub fn stored_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Name, D::Error> {
    Name::stored(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}

/// For a field of several that is stored.
pub fn stored_names<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Name>, D::Error> {
    let names = Vec::<String>::deserialize(deserializer)?;
    names.into_iter().map(Name::stored).collect::<Result<_, _>>().map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_dots_are_no_name_but_may_be_stored_as_one() {
        for name in [".", ".."] {
            assert!(Name::parse(name).is_err() && Name::stored(name).is_ok(), "{name}");
        }
        for name in ["...", "..a", "a.", "-"] {
            assert!(Name::parse(name).is_ok(), "{name}");
        }
        for name in ["", "a b", "ä"] {
            assert!(Name::parse(name).is_err() && Name::stored(name).is_err(), "{name}");
        }
    }
}

//! How somebody outside names an entry of the log.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::{Entry, Millis, Offset, ProtocolError};

/// An entry, by its place or by its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// By its position in the log.
    Offset(Offset),
    /// By the name that the room minted for it: a UUID of version 7.
    Id(Uuid),
}

const WRONG: ProtocolError = ProtocolError::invalid(
    "an entry is named by its offset, a whole number, or by its id, a string",
);

impl Target {
    /// Reads an offset, or an id with whatever stands before its UUID (`message_`, `event_`).
    pub fn read(raw: &RawValue) -> Result<Self, ProtocolError> {
        if let Ok(offset) = raw.get().parse() {
            return Ok(Self::Offset(Offset(offset)));
        }
        let id: String = serde_json::from_str(raw.get()).map_err(|_| WRONG)?;
        let uuid = id.rsplit('_').next().filter(|it| it.len() == 36);
        let uuid = uuid.and_then(|it| Uuid::try_parse(it).ok());
        uuid.filter(|it| it.get_version_num() == 7).map(Self::Id).ok_or(WRONG)
    }

    /// Reads one of two fields, of which the other is missing.
    pub fn one_of(offset: Option<&RawValue>, id: Option<&RawValue>) -> Result<Self, ProtocolError> {
        match (offset, id) {
            (Some(it), None) | (None, Some(it)) => Self::read(it),
            (None, None) => Err(WRONG),
            (Some(_), Some(_)) => Err(ProtocolError::invalid(
                "an entry is named by its offset or its id, not by both",
            )),
        }
    }

    /// The offset, where it is named by that.
    #[must_use]
    pub fn offset(self) -> Option<Offset> {
        if let Self::Offset(offset) = self { Some(offset) } else { None }
    }

    /// Whether it names this one.
    #[must_use]
    pub fn is(self, entry: &Entry) -> bool {
        match self {
            Self::Offset(offset) => entry.offset == offset,
            Self::Id(id) => entry.id == id,
        }
    }
}

/// As clients name it.
impl Serialize for Target {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Offset(offset) => offset.serialize(serializer),
            Self::Id(id) => serializer.collect_str(id),
        }
    }
}

impl<'de> Deserialize<'de> for Target {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        Self::read(&raw).map_err(D::Error::custom)
    }
}

/// When an id was minted: the first 48 bits of a UUID of version 7 are milliseconds.
#[must_use]
pub fn minted_at(id: Uuid) -> Millis {
    Millis(u64::try_from(id.as_u128() >> 80).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Option<Target> {
        Target::read(serde_json::from_str(json).unwrap()).ok()
    }

    #[test]
    fn an_entry_is_named_by_an_offset_or_a_uuid_of_ours() {
        let uuid = "018cc4e5-227b-7000-8000-000000000001";
        let id = Target::Id(Uuid::parse_str(uuid).unwrap());
        assert_eq!(read("7"), Some(Target::Offset(Offset(7))));
        for named in
            [format!("\"{uuid}\""), format!("\"message_{uuid}\""), format!("\"x_event_{uuid}\"")]
        {
            assert_eq!(read(&named), Some(id), "{named}");
        }
        let four = uuid.replace("-7000-", "-4000-");
        for wrong in
            ["-1", "1.5", "1e3", "null", "true", "[7]", "{}", "\"\"", "\"7\"", "\"message_\""]
        {
            assert_eq!(read(wrong), None, "{wrong}");
        }
        for wrong in [
            format!("\"{four}\""),
            format!("\"{{{uuid}}}\""),
            format!("\"{uuid}_\""),
            format!("\"{}\"", uuid.replace('-', "")),
        ] {
            assert_eq!(read(&wrong), None, "{wrong}");
        }
        assert_eq!(minted_at(Uuid::parse_str(uuid).unwrap()), Millis(0x018c_c4e5_227b));
    }
}

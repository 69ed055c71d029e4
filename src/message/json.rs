use std::borrow::Cow;

use serde::de::{Deserializer, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::ProtocolError;
use super::readable::{is_bearable, unreadable};
use crate::limits::{DATA_BYTES_MAX, DATA_DEPTH_MAX};

/// Somebody's JSON, passed on as it came: no tree is built of it. What comes in is read by
/// [`Json::parse`], [`Json::read`] or [`Json::checked`], which refuse what could not be read
/// again by everyone it is told to; deserializing checks nothing but that it is JSON.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Json(Box<RawValue>);

impl Json {
    /// Reads JSON text that somebody sent.
    pub fn parse(text: impl Into<String>) -> Result<Self, ProtocolError> {
        let raw = RawValue::from_string(text.into());
        raw.map_err(|_| ProtocolError::invalid("this is no JSON")).and_then(|it| Self(it).checked())
    }

    /// Reads a part of what somebody sent.
    pub fn read(raw: &RawValue) -> Result<Self, ProtocolError> {
        Self(raw.to_owned()).checked()
    }

    /// JSON that somebody sent and nobody has [checked](Self::checked).
    #[must_use]
    pub fn unchecked(raw: &RawValue) -> Self {
        Self(raw.to_owned())
    }

    /// Refuses what could not be read again by everyone it is told to: nested deeper than
    /// [`DATA_DEPTH_MAX`], longer than [`DATA_BYTES_MAX`], with a number that no double holds,
    /// or with a string that is not Unicode.
    pub fn checked(self) -> Result<Self, ProtocolError> {
        let text = self.as_str();
        if DATA_BYTES_MAX < text.len() {
            return Err(ProtocolError::data_too_large(DATA_BYTES_MAX));
        }
        if !is_bearable(text.as_bytes(), DATA_DEPTH_MAX) {
            return Err(TOO_DEEP);
        }
        match unreadable(text) {
            Some(problem) => Err(ProtocolError::invalid(problem)),
            None => Ok(self),
        }
    }

    /// Reads what was stored. It was checked when it came in, by the rules of that time.
    #[must_use]
    pub fn stored(text: String) -> Option<Self> {
        RawValue::from_string(text).ok().map(Self)
    }

    /// Something of ours.
    #[must_use]
    pub fn of(value: &impl Serialize) -> Self {
        serde_json::value::to_raw_value(value).map_or_else(|_| Self::null(), Self)
    }

    /// The value `null`.
    #[must_use]
    pub fn null() -> Self {
        Self(RawValue::NULL.to_owned())
    }

    /// This object with the members of another one, of which it has none.
    #[must_use]
    pub fn joined(&self, other: &Self) -> Self {
        let mut joined = self.as_str().to_owned();
        append_fields(&mut joined, other.as_str());
        Self::stored(joined).unwrap_or_else(|| self.clone())
    }

    /// This object with more members, which it does not have.
    #[must_use]
    pub fn with(&self, members: &[(&str, Self)]) -> Self {
        let Some(object) = self.as_str().strip_suffix('}') else { return self.clone() };
        let mut text = object.to_owned();
        for (name, value) in members {
            let comma = if text.ends_with('{') { "" } else { "," };
            text.extend([comma, "\"", name, "\":", value.as_str()]);
        }
        text.push('}');
        Self::stored(text).unwrap_or_else(|| self.clone())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.get()
    }

    /// The text, which is JSON.
    #[must_use]
    pub fn as_raw(&self) -> &RawValue {
        &self.0
    }

    /// Whether it says nothing.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.as_str() == "null"
    }

    /// Whether it is an object.
    #[must_use]
    pub fn is_object(&self) -> bool {
        starts_object(self.as_str())
    }
}

/// Adds the fields of one object to another, whose fields are called otherwise: as text, without
/// reading either.
pub(crate) fn append_fields(object: &mut String, fields: &str) {
    let inside = fields.strip_prefix('{').and_then(|it| it.strip_suffix('}')).unwrap_or_default();
    if inside.is_empty() || object.pop() != Some('}') {
        return;
    }
    if !object.ends_with('{') {
        object.push(',');
    }
    object.push_str(inside);
    object.push('}');
}

const TOO_DEEP: ProtocolError = ProtocolError::invalid("data is nested more than 24 deep");

impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Json {}

/// Serde would take an array for a struct; most of what we read is an object.
#[must_use]
pub fn starts_object(text: &str) -> bool {
    text.trim_start_matches([' ', '\t', '\r', '\n']).starts_with('{')
}

/// How long a text is as a JSON string, in bytes, without the quotes: as this server writes it.
#[must_use]
pub fn json_len(text: &str) -> usize {
    let more = |byte: u8| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 1,
        0..0x20 => 5,
        _ => 0,
    };
    text.len() + text.bytes().map(more).sum::<usize>()
}

/// Refuses a text that would not fit into a frame, however that spells it.
pub fn text_fits(text: &str) -> Result<(), ProtocolError> {
    if json_len(text) <= DATA_BYTES_MAX {
        Ok(())
    } else {
        Err(ProtocolError::data_too_large(DATA_BYTES_MAX))
    }
}

/// Reads the `data` of a message, which must be an object.
pub(crate) fn data<'a, T: Deserialize<'a>>(
    raw: Option<&'a RawValue>,
    wrong: &'static str,
) -> Result<T, ProtocolError> {
    let text = raw.map(RawValue::get).filter(|it| starts_object(it));
    text.and_then(|it| serde_json::from_str(it).ok()).ok_or(ProtocolError::invalid(wrong))
}

/// Reads the `data` of a message that can do without.
pub(crate) fn data_or_default<'a, T: Deserialize<'a> + Default>(
    raw: Option<&'a RawValue>,
    wrong: &'static str,
) -> Result<T, ProtocolError> {
    match raw.map(RawValue::get) {
        None | Some("null") => Ok(T::default()),
        Some(_) => data(raw, wrong),
    }
}

/// A string that borrows from the frame where it has no escapes.
#[derive(Debug, Default)]
pub(crate) struct Text<'a>(Cow<'a, str>);

impl std::ops::Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Borrow;
        impl<'de> Visitor<'de> for Borrow {
            type Value = Text<'de>;
            fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str("a string")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Borrow)
    }
}

/// Whether a stored field may be left out, because it is read so where it is missing.
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_has_a_depth_of_its_own() {
        let nested = |depth| "[".repeat(depth) + &"]".repeat(depth);
        assert!(Json::parse(nested(DATA_DEPTH_MAX)).is_ok());
        assert_eq!(Json::parse(nested(DATA_DEPTH_MAX + 1)), Err(TOO_DEEP));
        let raw = RawValue::from_string(nested(DATA_DEPTH_MAX + 1)).unwrap();
        assert_eq!(Json::read(&raw), Err(TOO_DEEP));
        assert!(TOO_DEEP.message.contains(&format!(" {DATA_DEPTH_MAX} ")));
        assert!(Json::stored(nested(100)).is_some(), "what was accepted once is still read");
    }

    #[test]
    fn data_has_a_length_of_its_own() {
        let long = |bytes| format!("\"{}\"", "x".repeat(bytes - 2));
        assert!(Json::parse(long(DATA_BYTES_MAX)).is_ok());
        let error = Json::parse(long(DATA_BYTES_MAX + 1)).unwrap_err();
        assert_eq!(error, ProtocolError::data_too_large(DATA_BYTES_MAX));
        assert!(text_fits(&"\u{1}".repeat(DATA_BYTES_MAX / 6)).is_ok());
        assert!(text_fits(&"\u{1}".repeat(DATA_BYTES_MAX / 6 + 1)).is_err());
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for text in ["", "{", "nul", "{}{}", &"[".repeat(10_000)] {
            assert!(Json::parse(text).is_err(), "{text}");
        }
        assert!(Json::parse("null").unwrap().is_null());
    }

    #[test]
    fn the_length_of_a_string_is_that_of_what_is_written() {
        let all: String = (0..=0x2fff).filter_map(char::from_u32).chain(['😀']).collect();
        for text in ["", "a\"\\/b", &all] {
            assert_eq!(json_len(text) + 2, serde_json::to_string(text).unwrap().len());
        }
    }
}

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::Refusal;
use crate::limits::JSON_DEPTH_MAX;

/// Somebody's JSON, checked and passed on as it came: no tree is built of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Json(Box<RawValue>);

impl Json {
    /// Takes JSON text of bearable depth.
    pub fn parse(text: impl Into<String>) -> Result<Self, Refusal> {
        let text = text.into();
        if !is_bearable(text.as_bytes()) {
            return Err(Refusal::invalid("the JSON is nested too deeply"));
        }
        let raw = RawValue::from_string(text).map_err(|_| Refusal::invalid("this is no JSON"))?;
        Ok(Self(raw))
    }

    /// `null`.
    #[must_use]
    pub fn null() -> Self {
        Self(RawValue::NULL.to_owned())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.get()
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

impl From<&RawValue> for Json {
    fn from(raw: &RawValue) -> Self {
        Self(raw.to_owned())
    }
}

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

/// Whether no bracket opens deeper than [`JSON_DEPTH_MAX`]. One pass without
/// recursion: `serde_json` skips raw values at any depth.
#[must_use]
pub fn is_bearable(text: &[u8]) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0usize, false, false);
    for byte in text {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => depth += 1,
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        if JSON_DEPTH_MAX < depth {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_counts_brackets_outside_strings() {
        let nested = |depth| "[".repeat(depth) + &"]".repeat(depth);
        assert!(is_bearable(nested(JSON_DEPTH_MAX).as_bytes()));
        assert!(!is_bearable(nested(JSON_DEPTH_MAX + 1).as_bytes()));
        let text = format!(r#"{{"content":"{}\"[["}}"#, "[".repeat(100));
        assert!(is_bearable(text.as_bytes()));
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for text in ["", "{", "nul", "{}{}", &"[".repeat(10_000)] {
            assert!(Json::parse(text).is_err(), "{text}");
        }
        assert!(Json::parse("null").unwrap().is_null());
    }
}

//! What the JSON dialects share: parsing that trusts nothing, writing that cannot fail.

use std::borrow::Cow;

use serde::de::{Deserializer, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::Frame;
use crate::limits::JSON_DEPTH_MAX;
use crate::message::Refusal;

/// Checks what can be checked before anything is parsed: that the frame is text
/// holding an object of bearable depth.
pub(super) fn object_text(frame: &Frame) -> Result<&str, Refusal> {
    let Frame::Text(text) = frame else {
        return Err(Refusal::invalid("this endpoint speaks JSON in text frames"));
    };
    if !starts_object(text) {
        return Err(Refusal::invalid("a message is a JSON object"));
    }
    if !is_bearable(text.as_bytes()) {
        return Err(Refusal::invalid("the JSON is nested too deeply"));
    }
    Ok(text)
}

/// Serde would take an array for a struct; a message is an object.
fn starts_object(text: &str) -> bool {
    text.trim_start_matches([' ', '\t', '\r', '\n']).starts_with('{')
}

/// Whether no bracket opens deeper than [`JSON_DEPTH_MAX`]. One pass without
/// recursion: `serde_json` skips raw values at any depth.
fn is_bearable(text: &[u8]) -> bool {
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

/// Reads the `data` of a message, which must be an object.
pub(super) fn data<'a, T: Deserialize<'a>>(
    raw: Option<&'a RawValue>,
    wrong: &'static str,
) -> Result<T, Refusal> {
    let text = raw.map(RawValue::get).filter(|it| starts_object(it));
    text.and_then(|it| serde_json::from_str(it).ok()).ok_or(Refusal::invalid(wrong))
}

/// Reads the `data` of a message that can do without.
pub(super) fn data_or_default<'a, T: Deserialize<'a> + Default>(
    raw: Option<&'a RawValue>,
    wrong: &'static str,
) -> Result<T, Refusal> {
    match raw.map(RawValue::get) {
        None | Some("null") => Ok(T::default()),
        Some(_) => data(raw, wrong),
    }
}

/// A string that borrows from the frame where it has no escapes.
#[derive(Debug, Default)]
pub(super) struct Text<'a>(pub(super) Cow<'a, str>);

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

/// Writes one frame. Our own structs of strings, numbers and lists always
/// serialise; the fallback is there so that this cannot fail.
pub fn frame(message: &impl Serialize) -> Frame {
    let failed = |_| r#"{"type":"error","code":"SYSTEM_ERROR"}"#.to_owned();
    Frame::Text(serde_json::to_string(message).unwrap_or_else(failed))
}

/// `{"type":"batch","data":[frame,…]}`.
pub(super) fn batch(frames: &[&Frame]) -> Frame {
    let bytes: usize = frames.iter().map(|it| it.len() + 1).sum();
    let mut text = String::with_capacity(bytes + 32);
    text.push_str(r#"{"type":"batch","data":["#);
    let texts = frames.iter().filter_map(|frame| match frame {
        Frame::Text(text) => Some(text),
        Frame::Binary(_) => None, // No JSON dialect makes one.
    });
    for (at, frame) in texts.enumerate() {
        if at != 0 {
            text.push(',');
        }
        text.push_str(frame);
    }
    text.push_str("]}");
    Frame::Text(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_counts_brackets_outside_strings() {
        let nested = |depth| "[".repeat(depth) + &"]".repeat(depth);
        assert!(is_bearable(nested(32).as_bytes()));
        assert!(!is_bearable(nested(33).as_bytes()));
        assert!(!is_bearable(nested(200_000).as_bytes()));
        assert!(is_bearable(format!(r#"{{"a":"{}\"{}"}}"#, nested(99), nested(99)).as_bytes()));
        assert!(is_bearable("[]".repeat(1000).as_bytes()));
    }
}

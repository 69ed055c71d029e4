//! A long text that is edited in the middle.

use std::rc::Rc;

use ropey::Rope;

use crate::limits::DOCUMENT_BYTES_MAX;
use crate::message::{Code, ProtocolError, json_len};

/// Not within the text.
pub(super) const OUTSIDE: ProtocolError = ProtocolError::invalid(
    "an edit lies within the text of its version, in UTF-16 code units, and splits no surrogate pair",
);

const FULL: ProtocolError =
    ProtocolError::new(Code::Conflict, "the document would grow past 768 KiB, as JSON");

/// How long a text is, in UTF-16 code units.
pub(super) fn units(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.chars().map(char::len_utf16).sum() }
}

/// The text up to a unit and from there on; `None` past its end and inside a surrogate pair.
pub(super) fn split_at_unit(text: &str, unit: usize) -> Option<(&str, &str)> {
    let mut before = unit;
    for (index, character) in text.char_indices() {
        if before == 0 {
            return text.split_at_checked(index);
        }
        before = before.checked_sub(character.len_utf16())?;
    }
    (before == 0).then_some((text, ""))
}

/// The text. A clone shares all that is not changed later.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Text {
    rope: Rope,
    /// How long it is as a JSON string, which is how it is told.
    json_bytes: usize,
    /// How long it may become.
    bytes_max: usize,
}

impl Text {
    pub(super) fn new(content: &str) -> Self {
        let (rope, json_bytes) = (Rope::from_str(content), json_len(content));
        Self { rope, json_bytes, bytes_max: DOCUMENT_BYTES_MAX }
    }

    /// Whether it may not grow past its bound. What was stored was taken under the bound of its
    /// time, and is restored whatever that was.
    pub(super) fn bind(&mut self, is_bound: bool) {
        self.bytes_max = if is_bound { DOCUMENT_BYTES_MAX } else { usize::MAX };
    }

    pub(super) fn content(&self) -> String {
        self.rope.to_string()
    }

    /// How long it is, in bytes of UTF-8.
    pub(super) fn bytes(&self) -> usize {
        self.rope.len_bytes()
    }

    /// How long it is, in UTF-16 code units.
    pub(super) fn units(&self) -> usize {
        self.rope.len_utf16_cu()
    }

    /// Takes out so many units and puts this in their place; whole or not at all. Returns
    /// what was taken.
    pub(super) fn splice(
        &mut self,
        position: usize,
        length: usize,
        content: &str,
    ) -> Result<Rc<str>, ProtocolError> {
        let start = self.character(position)?;
        let end = if length == 0 { start } else { self.character(position + length)? };
        let taken = self.rope.get_slice(start..end).ok_or(OUTSIDE)?;
        let taken: Rc<str> = taken.as_str().map_or_else(|| taken.to_string().into(), Rc::from);
        let before = self.json_bytes;
        let after = before.saturating_sub(json_len(&taken)).saturating_add(json_len(content));
        if self.bytes_max < after && before < after {
            return Err(FULL);
        }
        if start < end {
            self.rope.try_remove(start..end).map_err(|_| OUTSIDE)?;
        }
        if !content.is_empty() {
            self.rope.try_insert(start, content).map_err(|_| OUTSIDE)?;
        }
        self.json_bytes = after;
        Ok(taken)
    }

    /// Which character begins at this unit. Where all have one unit, nothing is looked up.
    fn character(&self, unit: usize) -> Result<usize, ProtocolError> {
        if self.units() == self.rope.len_chars() {
            return if unit <= self.units() { Ok(unit) } else { Err(OUTSIDE) };
        }
        let index = self.rope.try_utf16_cu_to_char(unit).map_err(|_| OUTSIDE)?;
        match self.rope.try_char_to_utf16_cu(index) {
            Ok(begin) if begin == unit => Ok(index),
            _ => Err(OUTSIDE),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_split_between_characters_only() {
        assert_eq!(split_at_unit("a😀b", 0), Some(("", "a😀b")));
        assert_eq!(split_at_unit("a😀b", 1), Some(("a", "😀b")));
        assert_eq!(split_at_unit("a😀b", 2), None);
        assert_eq!(split_at_unit("a😀b", 3), Some(("a😀", "b")));
        assert_eq!(split_at_unit("a😀b", 4), Some(("a😀b", "")));
        assert_eq!(split_at_unit("a😀b", 5), None);
        assert_eq!((units("a😀ä"), units("ab"), units("")), (4, 2, 0));
    }

    #[test]
    fn what_cannot_be_done_whole_is_not_done() {
        let mut text = Text::new("a😀b");
        for (position, length) in [(2, 0), (2, 1), (1, 1), (0, 2), (5, 0), (4, 1), (0, 5)] {
            assert_eq!(text.splice(position, length, "x"), Err(OUTSIDE), "{position} {length}");
        }
        assert_eq!(text, Text::new("a😀b"));
        assert_eq!(text.splice(1, 2, "ä").as_deref(), Ok("😀"));
        assert_eq!(text.content(), "aäb");
        assert_eq!(text.splice(3, 1, "x"), Err(OUTSIDE));
    }

    #[test]
    fn a_full_text_can_still_shrink() {
        let mut text = Text::new(&"ä".repeat(DOCUMENT_BYTES_MAX / 2));
        assert_eq!(text.splice(7, 0, "x"), Err(FULL));
        assert_eq!(text.splice(7, 1, "yyy"), Err(FULL));
        assert_eq!(text.splice(7, 1, "yy").as_deref(), Ok("ä"));
        assert_eq!(text.splice(0, 1, "z").as_deref(), Ok("ä"));
    }

    #[test]
    fn t1_a_text_is_as_long_as_its_json() {
        let mut text = Text::new(&"\u{1}".repeat(DOCUMENT_BYTES_MAX / 6));
        assert_eq!(text.splice(7, 0, "x"), Err(FULL));
        assert_eq!(text.splice(7, 1, "\"\"\"").as_deref(), Ok("\u{1}"));
        assert_eq!(text.splice(0, 0, "x"), Err(FULL));
        assert_eq!(text.json_bytes, json_len(&text.content()));
        text.bind(false);
        assert!(text.splice(0, 0, "x").is_ok(), "as it is restored");
        text.bind(true);
        assert_eq!(text.splice(0, 0, "x"), Err(FULL));
    }
}

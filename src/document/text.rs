//! A long text that is edited in the middle.

use std::rc::Rc;

use ropey::Rope;

use crate::limits::DOCUMENT_BYTES_MAX;
use crate::message::{Code, Refusal};

/// Not within the text.
pub(super) const OUTSIDE: Refusal = Refusal::invalid(
    "an edit lies within the text of its version, in UTF-16 code units, and splits no surrogate pair",
);

const FULL: Refusal = Refusal::new(Code::Conflict, "the document would grow past 1 MiB");

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
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Text(Rope);

impl Text {
    pub(super) fn new(content: &str) -> Self {
        Self(Rope::from_str(content))
    }

    pub(super) fn content(&self) -> String {
        self.0.to_string()
    }

    /// How long it is, in bytes of UTF-8.
    pub(super) fn bytes(&self) -> usize {
        self.0.len_bytes()
    }

    /// How long it is, in UTF-16 code units.
    pub(super) fn units(&self) -> usize {
        self.0.len_utf16_cu()
    }

    /// Takes out so many units and puts this in their place; whole or not at all. Returns
    /// what was taken.
    pub(super) fn splice(
        &mut self,
        position: usize,
        length: usize,
        content: &str,
    ) -> Result<Rc<str>, Refusal> {
        let start = self.character(position)?;
        let end = if length == 0 { start } else { self.character(position + length)? };
        let taken = self.0.get_slice(start..end).ok_or(OUTSIDE)?;
        let before = self.0.len_bytes();
        let after = before - taken.len_bytes() + content.len();
        if DOCUMENT_BYTES_MAX < after && before < after {
            return Err(FULL);
        }
        let taken = taken.as_str().map_or_else(|| taken.to_string().into(), Rc::from);
        if start < end {
            self.0.try_remove(start..end).map_err(|_| OUTSIDE)?;
        }
        if !content.is_empty() {
            self.0.try_insert(start, content).map_err(|_| OUTSIDE)?;
        }
        Ok(taken)
    }

    /// Which character begins at this unit. Where all have one unit, nothing is looked up.
    fn character(&self, unit: usize) -> Result<usize, Refusal> {
        if self.units() == self.0.len_chars() {
            return if unit <= self.units() { Ok(unit) } else { Err(OUTSIDE) };
        }
        let index = self.0.try_utf16_cu_to_char(unit).map_err(|_| OUTSIDE)?;
        match self.0.try_char_to_utf16_cu(index) {
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
}

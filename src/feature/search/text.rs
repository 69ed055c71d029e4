//! The words of a text.

use super::chars::{Class, class, fold};

/// A text is looked through up to here, in bytes: what is found in one is found anew each time it
/// is shown. Longer ones are files that somebody pasted.
pub(super) const TEXT_BYTES_MAX: usize = 16 * 1024;

/// A word longer than this is compared by its beginning, in bytes: longer ones are no words.
const WORD_BYTES_MAX: usize = 64;

/// A word of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// As it is compared: letters and digits, or a symbol. In ASCII nothing else.
    pub(super) folded: String,
    /// Where it begins in the text, in bytes.
    pub(super) start: usize,
    /// Where it ends.
    pub(super) end: usize,
}

/// The words of a text that is not too long, or of its beginning.
pub(super) fn words(text: &str) -> Vec<Word> {
    let text = text.get(..text.floor_char_boundary(TEXT_BYTES_MAX)).unwrap_or_default();
    let mut words: Vec<Word> = Vec::new();
    let mut is_within = false;
    for (start, it) in text.char_indices() {
        let (class, end) = (class(it), start + it.len_utf8());
        match (class, words.last_mut()) {
            (Class::Letter, Some(word)) if is_within => {
                word.end = end;
                if word.folded.len() < WORD_BYTES_MAX {
                    fold(it, &mut word.folded);
                }
            }
            (Class::Letter | Class::Alone, _) => {
                let mut folded = String::new();
                fold(it, &mut folded);
                words.push(Word { folded, start, end });
            }
            // What is at a letter goes with it.
            (Class::Nothing, Some(word)) if word.end == start => word.end = end,
            (Class::Apart | Class::Nothing, _) => {}
        }
        is_within = match class {
            Class::Letter => true,
            Class::Nothing => is_within,
            Class::Alone | Class::Apart => false,
        };
    }
    words
}

/// The words as the index takes them. It splits at what is no letter nor digit of ASCII and
/// nowhere else, so that its words are these.
pub(super) fn indexed(text: &str) -> String {
    let words: Vec<String> = words(text).into_iter().map(|it| it.folded).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_are_found_where_they_stand() {
        for (text, all) in [
            ("Hello, wörld!", "hello world"),
            ("don't foo_bar a@b.example", "don t foo bar a b example"),
            ("東京タワーへ行く", "東 京 タ ワ ー へ 行 く"),
            ("学校에서 x1東", "学 校 에 서 x1 東"),
            ("สวัสดี", "ส ว ั ส ด ี"),
            ("done 🎉👍🏽👍 ok", "done 🎉 👍 👍 ok"),
            ("a\u{200d}b\u{ad}c", "abc"),
            ("\0\u{301} \u{301}e\u{301} \u{feff}", "e"),
            ("", ""),
            ("... -- \"*\" ()", ""),
        ] {
            assert_eq!(indexed(text), all, "{text}");
        }
        let at: Vec<_> = words("ö e\u{301}-b").into_iter().map(|it| (it.start, it.end)).collect();
        assert_eq!(at, [(0, 2), (3, 6), (7, 8)]);
    }

    #[test]
    fn what_is_too_long_is_cut() {
        let long = format!("{} tail", "x".repeat(100));
        assert_eq!(indexed(&long), format!("{} tail", "x".repeat(WORD_BYTES_MAX)));
        let text = "é ".repeat(TEXT_BYTES_MAX);
        assert_eq!(words(&text).len(), TEXT_BYTES_MAX / 3);
    }

    proptest! {
        /// The index takes nothing that it would take for something else than a word.
        #[test]
        fn any_text_is_words(text in any::<String>()) {
            for Word { folded, start, end } in words(&text) {
                prop_assert!(!folded.is_empty() && text.get(start..end).is_some());
                let is_one = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || !it.is_ascii();
                prop_assert!(folded.chars().all(is_one), "{folded}");
                prop_assert_eq!(indexed(&folded), folded);
            }
        }
    }
}

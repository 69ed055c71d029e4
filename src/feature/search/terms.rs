//! What is looked for: words, phrases in quotes, and beginnings of words with a star. What somebody
//! types reaches no query as it is.

use super::text::{Word, words};
use crate::message::ProtocolError;

/// Longest text to search for, in bytes: a sentence, not a document.
pub const SEARCH_BYTES_MAX: usize = 256;

/// Words and phrases in it, at most: each is a look-up of its own.
pub const TERMS_MAX: usize = 16;

/// Words that stand one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Term {
    /// As they are compared; never none.
    words: Vec<String>,
    /// Whether the last one may go on.
    is_prefix: bool,
}

/// All of these are looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms(Vec<Term>);

impl Terms {
    /// Reads what somebody typed. What is in quotes is a phrase; the last one may be open, as it is
    /// while somebody types. A word with signs in it is a phrase of its parts.
    pub fn parse(text: &str) -> Result<Self, ProtocolError> {
        if SEARCH_BYTES_MAX < text.len() {
            return Err(TOO_LONG);
        }
        let mut terms = Vec::new();
        let mut parts = text.split('"').peekable();
        let mut is_quoted = false;
        while let Some(part) = parts.next() {
            if is_quoted {
                let is_prefix = parts.peek().is_some_and(|it| it.starts_with('*'));
                terms.extend(Term::of(part, is_prefix));
            } else {
                let all = part.split_whitespace().map(|it| Term::of(it, it.ends_with('*')));
                terms.extend(all.flatten());
            }
            is_quoted = !is_quoted;
        }
        match terms.len() {
            0 => Err(NO_WORD),
            1..=TERMS_MAX => Ok(Self(terms)),
            _ => Err(TOO_MANY),
        }
    }

    /// The expression that `MATCH` takes: each term in quotes, which nothing in it ends.
    pub(super) fn expression(&self) -> String {
        let term = |Term { words, is_prefix }: &Term| {
            format!("\"{}\"{}", words.join(" "), if *is_prefix { " *" } else { "" })
        };
        self.0.iter().map(term).collect::<Vec<_>>().join(" AND ")
    }

    /// Where the terms stand among these words, as the first and the last one of each; `None` unless
    /// all of them do.
    pub(super) fn found_in(&self, words: &[Word]) -> Option<Vec<(usize, usize)>> {
        let mut all = Vec::new();
        for term in &self.0 {
            let before = all.len();
            let count = term.words.len();
            let places = words.windows(count).enumerate().filter(|(_, it)| term.is(it));
            all.extend(places.map(|(at, _)| (at, at + count - 1)));
            if all.len() == before {
                return None;
            }
        }
        all.sort_unstable();
        Some(all)
    }
}

impl Term {
    fn of(text: &str, is_prefix: bool) -> Option<Self> {
        let words: Vec<String> = words(text).into_iter().map(|it| it.folded).collect();
        (!words.is_empty()).then_some(Self { words, is_prefix })
    }

    fn is(&self, words: &[Word]) -> bool {
        let last = self.words.len().saturating_sub(1);
        let mut pairs = self.words.iter().zip(words).enumerate();
        pairs.all(|(at, (own, Word { folded, .. }))| {
            folded == own || (self.is_prefix && at == last && folded.starts_with(own.as_str()))
        })
    }
}

const TOO_LONG: ProtocolError =
    ProtocolError::invalid("the text to search for must have 1 to 256 bytes");
const NO_WORD: ProtocolError =
    ProtocolError::invalid("the text to search for must have a word in it");
const TOO_MANY: ProtocolError =
    ProtocolError::invalid("the text to search for must have at most 16 words and phrases");

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::text::indexed;
    use super::*;

    fn expression(text: &str) -> String {
        Terms::parse(text).unwrap().expression()
    }

    #[test]
    fn s3_words_phrases_and_beginnings_are_read() {
        for (text, read) in [
            ("wörld", r#""world""#),
            ("Hello  world", r#""hello" AND "world""#),
            ("wor* he", r#""wor" * AND "he""#),
            (r#""New York" hotel"#, r#""new york" AND "hotel""#),
            (r#""new yo"* x"#, r#""new yo" * AND "x""#),
            (r#"say "half open"#, r#""say" AND "half open""#),
            ("don't", r#""don t""#),
            ("東京tower", r#""東 京 tower""#),
            ("東京 タワー", r#""東 京" AND "タ ワ ー""#),
            ("🎉", r#""🎉""#),
            // What is an operator elsewhere is a word here, or nothing.
            ("a AND b OR NOT c", r#""a" AND "and" AND "b" AND "or" AND "not" AND "c""#),
            ("NEAR(a b, 5)", r#""near a" AND "b" AND "5""#),
            ("text:x ^y -z +w {a}:(b)", r#""text x" AND "y" AND "z" AND "w" AND "a b""#),
            ("a* * **b", r#""a" * AND "b""#),
            ("a\0b'; DROP TABLE x--", r#""a b" AND "drop" AND "table" AND "x""#),
            (r#"a""b"#, r#""a" AND "b""#),
        ] {
            assert_eq!(expression(text), read, "{text}");
        }
    }

    #[test]
    fn s3_a_text_without_a_word_or_too_long_is_refused() {
        for text in ["", " ", "*", "\"", "\"\"", "\"*\"* - + ^ : ( )", "\0", "\u{301}", "。、"] {
            assert_eq!(Terms::parse(text), Err(NO_WORD), "{text}");
        }
        assert!(Terms::parse(&"x".repeat(SEARCH_BYTES_MAX)).is_ok());
        for text in ["x".repeat(SEARCH_BYTES_MAX + 1), "\"".repeat(4096), "東".repeat(100)] {
            assert_eq!(Terms::parse(&text), Err(TOO_LONG));
        }
        assert!(TOO_LONG.message.contains(&format!(" {SEARCH_BYTES_MAX} ")));
        assert!(Terms::parse(&"x ".repeat(TERMS_MAX)).is_ok());
        assert_eq!(Terms::parse(&"x ".repeat(TERMS_MAX + 1)), Err(TOO_MANY));
        assert!(TOO_MANY.message.contains(&format!(" {TERMS_MAX} ")));
    }

    #[test]
    fn s2_all_terms_must_stand_in_a_text() {
        let stands = |asked: &str, text: &str| {
            Terms::parse(asked).unwrap().found_in(&words(text)).map(|it| it.len())
        };
        for (asked, text, found) in [
            ("world", "Hello, World!", Some(1)),
            ("hello moon", "Hello, World!", None),
            ("wor", "Hello, World!", None),
            ("wor*", "work in the world", Some(2)),
            ("\"hello world\"", "Hello, World!", Some(1)),
            ("\"world hello\"", "Hello, World!", None),
            ("\"hello wo\"*", "Hello, World!", Some(1)),
            ("京都", "東京都へ", Some(1)),
            ("都京", "東京都へ", None),
            ("muller", "Herr Müller", Some(1)),
        ] {
            assert_eq!(stands(asked, text), found, "{asked} in {text}");
        }
    }

    proptest! {
        /// [S3] Whatever is typed is refused, or is an expression of nothing but terms in quotes.
        #[test]
        fn any_text_is_terms_or_is_refused(text in "\\PC{0,40}|[\"*a ^:(){}+-]{0,60}") {
            let Ok(terms) = Terms::parse(&text) else { return Ok(()) };
            for term in terms.expression().split(" AND ") {
                let term = term.strip_suffix(" *").unwrap_or(term);
                let inside = term.strip_prefix('"').and_then(|it| it.strip_suffix('"')).unwrap();
                prop_assert!(!inside.is_empty() && !inside.contains(['"', '*']), "{term}");
                prop_assert_eq!(indexed(inside), inside);
            }
        }

        /// [S2] What is said is found by any of its words, in any order.
        #[test]
        fn a_text_is_found_by_its_words(text in "\\PC{0,30}", other in "[a-zé東 ]{0,9}") {
            let said = format!("{text} {other}");
            let mut all: Vec<_> = said.split_whitespace().take(TERMS_MAX).collect();
            all.reverse();
            let asked = all.join(" ").replace(['"', '*'], " ");
            if let Ok(terms) = Terms::parse(&asked) {
                prop_assert!(terms.found_in(&words(&said)).is_some(), "{asked}");
            }
        }
    }
}

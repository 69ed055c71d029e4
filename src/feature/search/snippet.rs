//! What is shown of a text in which something was found.

use serde::Serialize;

use super::terms::Terms;
use super::text::words;

/// How much of a text is shown, in bytes: two lines, or of a script of wide letters one.
const SNIPPET_BYTES_MAX: usize = 240;

/// How much of it stands before what was found.
const BEFORE_BYTES: usize = 60;

/// What stands for what is left out.
const LEFT_OUT: &str = "…";

/// A part of a snippet: plain text, to be shown as it is and never as HTML.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Part {
    /// What is said there.
    pub text: String,
    /// Whether it is what was looked for.
    pub marked: bool,
}

/// The text about the first place where a term stands, in parts; `None` unless all of them stand in
/// it.
#[must_use]
pub fn snippet(text: &str, terms: &Terms) -> Option<Vec<Part>> {
    let words = words(text);
    let places = terms.found_in(&words)?;
    let bytes = |(first, last): &(usize, usize)| {
        words.get(*first).zip(words.get(*last)).map(|(first, last)| (first.start, last.end))
    };
    let marks: Vec<(usize, usize)> = places.iter().filter_map(bytes).collect();
    let from = begin(text, marks.first()?.0);
    let to = text.floor_char_boundary(from + SNIPPET_BYTES_MAX);
    let mut snippet = Snippet(Vec::new());
    snippet.add(if from == 0 { "" } else { LEFT_OUT }, false);
    let mut at = from;
    for (start, end) in marks {
        let (start, end) = (start.clamp(at, to), end.clamp(at, to));
        snippet.add(text.get(at..start).unwrap_or_default(), false);
        snippet.add(text.get(start..end).unwrap_or_default(), true);
        at = end;
    }
    snippet.add(text.get(at..to).unwrap_or_default(), false);
    snippet.add(if to == text.len() { "" } else { LEFT_OUT }, false);
    Some(snippet.0)
}

/// Where it begins, so that what was found at this place is in it: at a word, if there is one.
fn begin(text: &str, found: usize) -> usize {
    let earliest = text.ceil_char_boundary(found.saturating_sub(BEFORE_BYTES));
    if earliest == 0 {
        return 0;
    }
    let before = text.get(earliest..found).unwrap_or_default();
    before.find(char::is_whitespace).map_or(earliest, |it| {
        let rest = before.get(it..).unwrap_or_default();
        found - rest.trim_start().len()
    })
}

struct Snippet(Vec<Part>);

impl Snippet {
    fn add(&mut self, text: &str, marked: bool) {
        match self.0.last_mut() {
            _ if text.is_empty() => {}
            Some(last) if last.marked == marked => last.text += text,
            _ => self.0.push(Part { text: text.to_owned(), marked }),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// With brackets around what is marked.
    fn shown(text: &str, asked: &str) -> Option<String> {
        let part = |Part { text, marked }| if marked { format!("[{text}]") } else { text };
        let parts = snippet(text, &Terms::parse(asked).unwrap())?;
        Some(parts.into_iter().map(part).collect())
    }

    #[test]
    fn s4_what_was_looked_for_is_marked() {
        for (text, asked, snippet) in [
            ("Hello, World!", "world", "Hello, [World]!"),
            ("Hello, World!", "world hello", "[Hello], [World]!"),
            ("Hello, World!", "\"hello world\"", "[Hello, World]!"),
            ("Hello", "hello", "[Hello]"),
            ("<b>Müller</b> & co", "mull*", "<b>[Müller]</b> & co"),
            ("東京都へ行く", "京都", "東[京都]へ行く"),
            ("aa ab", "a* aa", "[aa] [ab]"),
            ("x e\u{301} y", "e", "x [e\u{301}] y"),
        ] {
            assert_eq!(shown(text, asked).as_deref(), Some(snippet), "{asked} in {text}");
        }
        assert_eq!(shown("Hello", "world"), None);
    }

    #[test]
    fn s4_a_long_text_is_shown_about_what_was_found() {
        let text = format!("{}needle{}", "some hay ".repeat(50), " more hay".repeat(50));
        let shown_text = shown(&text, "needle").unwrap();
        assert!(shown_text.starts_with("…hay some hay "), "{shown_text}");
        assert!(shown_text.contains("some hay [needle] more hay"), "{shown_text}");
        assert!(shown_text.ends_with('…') && shown_text.len() < 260, "{shown_text}");
        let wall = "x".repeat(1000);
        assert_eq!(shown(&wall, "x*").unwrap(), format!("[{}]…", "x".repeat(SNIPPET_BYTES_MAX)));
        let wide = format!("{}東{}", "。".repeat(100), "。".repeat(100));
        assert!(shown(&wide, "東").unwrap().starts_with("…。"));
    }

    proptest! {
        /// [S4] What is shown stands in the text, and a part of it is marked.
        #[test]
        fn a_snippet_is_of_its_text(
            text in "(\\PC| |a|é|東){0,300}",
            asked in "[aé東]{1,2}|a\\*",
        ) {
            let terms = Terms::parse(&asked).unwrap();
            let Some(parts) = snippet(&text, &terms) else { return Ok(()) };
            prop_assert!(parts.iter().any(|it| it.marked));
            let all: String = parts.iter().map(|it| it.text.as_str()).collect();
            let inside = all.strip_prefix(LEFT_OUT).unwrap_or(&all);
            let inside = inside.strip_suffix(LEFT_OUT).unwrap_or(inside);
            prop_assert!(text.contains(inside) && all.len() <= SNIPPET_BYTES_MAX + 6);
            prop_assert!(parts.windows(2).all(|it| it[0].marked != it[1].marked));
        }
    }
}

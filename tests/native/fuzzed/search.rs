//! What somebody types to find something.

use dormouse::feature::search::{Part, Terms, snippet};

use super::bytes::{Bytes, text};

/// A line that is looked for, and the text in which.
pub(crate) fn search(input: &[u8]) {
    let mut bytes = Bytes::new(input);
    let Ok(terms) = Terms::parse(&bytes.line()) else { return };
    let text = text(bytes.rest());
    let Some(parts) = snippet(&text, &terms) else { return };
    assert!(parts.iter().any(|it| it.marked), "{parts:?}");
    assert!(parts.windows(2).all(|it| it[0].marked != it[1].marked), "{parts:?}");
    let shown: String = parts.iter().map(|Part { text, .. }| text.as_str()).collect();
    let inside = shown.strip_prefix('…').unwrap_or(&shown);
    let inside = inside.strip_suffix('…').unwrap_or(inside);
    assert!(text.contains(inside) || text.contains(&shown), "{parts:?}");
}

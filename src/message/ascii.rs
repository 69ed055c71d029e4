//! JSON in ASCII: as long in memory as it is in characters, whatever reads it. JavaScript
//! keeps a string with two bytes a character as soon as one of them is past Latin-1.

use std::fmt::Write as _;

/// The same JSON with `\u` escapes for all that is not ASCII, which stands in strings alone.
#[must_use]
pub fn to_ascii(json: String) -> String {
    if json.is_ascii() {
        return json;
    }
    let mut ascii = String::with_capacity(ascii_len(&json));
    for character in json.chars() {
        if character.is_ascii() {
            ascii.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            // Writing to a string cannot fail.
            let _ = write!(ascii, "\\u{unit:04x}");
        }
    }
    ascii
}

/// How long that is.
#[must_use]
pub fn ascii_len(json: &str) -> usize {
    json.chars().map(|it| if it.is_ascii() { 1 } else { 6 * it.len_utf16() }).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ascii_json_says_the_same() {
        for text in ["", "plain \"quoted\" \n", "Zoë", "名前", "a😀b\u{7f}\u{80}\u{2028}"] {
            let json = serde_json::to_string(text).unwrap();
            let ascii = to_ascii(json.clone());
            assert!(ascii.is_ascii());
            assert_eq!(ascii.len(), ascii_len(&json));
            assert_eq!(serde_json::from_str::<String>(&ascii).unwrap(), text);
        }
    }
}

//! The strings in what somebody says.

/// All strings of a JSON text but the keys of objects, in their order, each on a line of its own;
/// `None` if there is nothing in them.
pub(super) fn strings(json: &str) -> Option<String> {
    let (mut all, mut rest) = (String::new(), json);
    while let Some((string, after)) = next(rest) {
        rest = after;
        let is_key = rest.trim_ascii_start().starts_with(':');
        // What was stored by an early version may be no Unicode.
        if !is_key && let Ok(string) = serde_json::from_str::<String>(string) {
            all += &string;
            all.push('\n');
        }
    }
    all.pop();
    (!all.is_empty()).then_some(all)
}

/// The next string with its quotes, and what follows it.
fn next(text: &str) -> Option<(&str, &str)> {
    let text = text.get(text.find('"')?..)?;
    let mut is_escaped = true; // Of the first quote.
    let is_end = |byte: u8| {
        let is_end = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        is_end
    };
    text.split_at_checked(text.bytes().position(is_end)? + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_event_says_is_in_its_strings_and_not_in_its_keys() {
        for (json, all) in [
            (r#""Hello""#, Some("Hello")),
            (r#"{"a":"b","c" : ["d\n\u00e9",{"e":" f\"\\"}],"g":1}"#, Some("b\nd\né\n f\"\\")),
            (r#"{"\"a\\":"b\\"}"#, Some("b\\")),
            (r#"["a","\ud800","b"]"#, Some("a\nb")),
            (r#"{"a":1,"b":[true,null]}"#, None),
            (r#""""#, None),
            ("null", None),
            ("", None),
        ] {
            assert_eq!(strings(json).as_deref(), all, "{json}");
        }
    }
}

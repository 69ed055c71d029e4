//! What every JSON parser can read, beyond what the grammar says.

use crate::limits::NUMBER_BYTES_MAX;

/// Whether no bracket opens deeper than this. One pass without recursion: `serde_json` skips
/// raw values at any depth.
#[must_use]
pub fn is_bearable(text: &[u8], depth_max: usize) -> bool {
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
        if depth_max < depth {
            return false;
        }
    }
    true
}

const NUMBER_TOO_LONG: &str = "a number has more than 64 characters";
const NUMBER_TOO_LARGE: &str = "a number is larger than a double can hold";
const NO_UNICODE: &str = "a string has half a surrogate pair";

/// What is wrong with valid JSON that not every parser could read: a number past
/// [`NUMBER_BYTES_MAX`] or past the largest double, or a lone surrogate in a string or a key.
pub(super) fn unreadable(json: &str) -> Option<&'static str> {
    let mut rest = json;
    loop {
        let next = rest.find(|it: char| it == '"' || it == '-' || it.is_ascii_digit())?;
        rest = rest.get(next..)?;
        rest = match rest.strip_prefix('"') {
            Some(string) => match after_string(string) {
                Ok(rest) => rest,
                Err(problem) => return Some(problem),
            },
            None => match after_number(rest) {
                Ok(rest) => rest,
                Err(problem) => return Some(problem),
            },
        };
    }
}

fn after_number(text: &str) -> Result<&str, &'static str> {
    let is_part = |it: char| it.is_ascii_digit() || matches!(it, '-' | '+' | '.' | 'e' | 'E');
    let (number, rest) = text.split_at(text.find(|it| !is_part(it)).unwrap_or(text.len()));
    if NUMBER_BYTES_MAX < number.len() {
        return Err(NUMBER_TOO_LONG);
    }
    // Without an exponent it is less than 10^64.
    let has_exponent = number.contains(['e', 'E']);
    if has_exponent && serde_json::from_str::<f64>(number).is_err() {
        return Err(NUMBER_TOO_LARGE);
    }
    Ok(rest)
}

/// What follows a string, whose opening quote is gone.
fn after_string(mut text: &str) -> Result<&str, &'static str> {
    while let Some(end) = text.find(['"', '\\']) {
        let rest = text.get(end + 1..).unwrap_or_default();
        if text.as_bytes().get(end) == Some(&b'"') {
            return Ok(rest);
        }
        text = after_escape(rest).ok_or(NO_UNICODE)?;
    }
    Ok("")
}

/// What follows an escape, whose backslash is gone; `None` if it is half a pair.
fn after_escape(text: &str) -> Option<&str> {
    let Some((unit, rest)) = unit(text) else { return text.get(1..) };
    match unit {
        0xd800..0xdc00 => {
            let (low, rest) = unit_of_pair(rest)?;
            (0xdc00..0xe000).contains(&low).then_some(rest)
        }
        0xdc00..0xe000 => None,
        _ => Some(rest),
    }
}

/// Reads `u1234`.
fn unit(text: &str) -> Option<(u32, &str)> {
    let (digits, rest) = text.strip_prefix('u')?.split_at_checked(4)?;
    Some((u32::from_str_radix(digits, 16).ok()?, rest))
}

fn unit_of_pair(text: &str) -> Option<(u32, &str)> {
    unit(text.strip_prefix('\\')?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::JSON_DEPTH_MAX;

    #[test]
    fn depth_counts_brackets_outside_strings() {
        let nested = |depth| "[".repeat(depth) + &"]".repeat(depth);
        let is_bearable = |text: &str| is_bearable(text.as_bytes(), JSON_DEPTH_MAX);
        assert!(is_bearable(&nested(JSON_DEPTH_MAX)));
        assert!(!is_bearable(&nested(JSON_DEPTH_MAX + 1)));
        assert!(is_bearable(&format!(r#"{{"content":"{}\"[["}}"#, "[".repeat(100))));
    }

    #[test]
    fn l23_numbers_are_what_a_double_holds_and_not_endless() {
        assert!(NUMBER_TOO_LONG.contains(&format!(" {NUMBER_BYTES_MAX} ")));
        let (long, longer) = ("7".repeat(NUMBER_BYTES_MAX), "7".repeat(NUMBER_BYTES_MAX + 1));
        let tiny = format!("0.{}1", "0".repeat(61));
        let good =
            ["0", "-0.0", "1e308", "1.7976931348623157e308", "1e-400", "18446744073709551616"];
        for number in good.into_iter().chain([long.as_str(), tiny.as_str()]) {
            for json in
                [number.to_owned(), format!("[{number} ,1]"), format!(r#"{{"a":{number}}}"#)]
            {
                assert_eq!(unreadable(&json), None, "{json}");
                assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok(), "{json}");
            }
        }
        for number in ["1e309", "-1e400", "1E+400", "9e99999999999999999999", longer.as_str()] {
            for json in [number.to_owned(), format!("[1,{number}]"), format!(r#"{{"a":{number}}}"#)]
            {
                assert!(unreadable(&json).is_some(), "{json}");
            }
        }
        assert_eq!(unreadable(r#""1e400 -1e400 \"1e400""#), None, "a string is no number");
    }

    #[test]
    fn l23_strings_are_unicode() {
        let good = [
            r#""""#,
            r#""\ud83d\ude00""#,
            r#""\uD83D\uDE00x\n""#,
            r#""\\ud800""#,
            r#""\"\\""#,
            r#""é\u00e9""#,
            r#"{"\ud83d\ude00":"😀"}"#,
        ];
        for json in good {
            assert_eq!(unreadable(json), None, "{json}");
            assert!(serde_json::from_str::<serde_json::Value>(json).is_ok(), "{json}");
        }
        let bad = [
            r#""\ud800""#,
            r#""\ud800x""#,
            r#""\udc00""#,
            r#""\ud800\ud800""#,
            r#""\ud800\n""#,
            r#""\ud800\u0041""#,
            r#""\udc00\ud800""#,
            r#""\\\ud800""#,
            r#""x\uDFFF""#,
            r#"{"\ud800":1}"#,
            r#"["a","\ude00"]"#,
        ];
        for json in bad {
            assert_eq!(unreadable(json), Some(NO_UNICODE), "{json}");
        }
    }
}

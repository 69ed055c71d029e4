//! To MessagePack.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::INTEGER_MAX;

/// How deep what we write may be nested: more than anything that was ever accepted as data.
const WRITTEN_DEPTH_MAX: usize = 160;

/// What clients sent with padding or without is told as it came.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Where a value stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Somewhere,
    /// A message, or an entry that is shown: its data may be bytes.
    Said,
    /// The data of one, in which a chunk is bytes.
    Data,
}

/// JSON of ours as MessagePack; `None` for what is no JSON, or nested too deeply.
#[must_use]
pub fn from_json(text: &str) -> Option<Vec<u8>> {
    let mut writer = Writer { rest: text, out: Vec::with_capacity(text.len()) };
    writer.value(WRITTEN_DEPTH_MAX, Place::Said)?;
    Some(writer.out)
}

/// Several of them as one array.
#[must_use]
pub fn array(frames: &[&[u8]]) -> Vec<u8> {
    let bytes: usize = frames.iter().map(|it| it.len()).sum();
    let mut out = Vec::with_capacity(bytes + 5);
    out.push(0);
    set_count(&mut out, 0, frames.len(), 0x90, 0xdc);
    for frame in frames {
        out.extend_from_slice(frame);
    }
    out
}

/// Says at the place of one byte how many follow: `small` for up to 15, `wide` for more.
fn set_count(out: &mut Vec<u8>, at: usize, count: usize, small: u8, wide: u8) {
    let [.., b, c, d, e] = count.to_be_bytes();
    let head: &[u8] = match count {
        0..=15 => &[small | e],
        16..=0xffff => &[wide, d, e],
        _ => &[wide + 1, b, c, d, e],
    };
    out.splice(at..=at, head.iter().copied());
}

struct Writer<'a> {
    rest: &'a str,
    out: Vec<u8>,
}

impl<'a> Writer<'a> {
    /// What comes next that is no blank.
    fn peek(&mut self) -> Option<u8> {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\r', '\n']);
        self.rest.as_bytes().first().copied()
    }

    fn skip(&mut self, expected: &str) -> Option<()> {
        self.rest = self.rest.strip_prefix(expected)?;
        Some(())
    }

    fn word(&mut self, word: &str, byte: u8) -> Option<()> {
        self.out.push(byte);
        self.skip(word)
    }

    /// The next value, which stands there.
    fn value(&mut self, depth: usize, place: Place) -> Option<()> {
        match self.peek()? {
            b'{' => self.object(depth.checked_sub(1)?, place),
            b'[' => self.array(depth.checked_sub(1)?, place),
            b'"' => {
                let text = self.quoted()?;
                self.text(text);
                Some(())
            }
            b't' => self.word("true", 0xc3),
            b'f' => self.word("false", 0xc2),
            b'n' => self.word("null", 0xc0),
            _ => self.number(),
        }
    }

    fn array(&mut self, depth: usize, place: Place) -> Option<()> {
        self.skip("[")?;
        let (at, mut count) = (self.out.len(), 0);
        self.out.push(0);
        while self.peek()? != b']' {
            if count != 0 {
                self.skip(",")?;
            }
            self.value(depth, place)?;
            count += 1;
        }
        set_count(&mut self.out, at, count, 0x90, 0xdc);
        self.skip("]")
    }

    fn object(&mut self, depth: usize, place: Place) -> Option<()> {
        self.skip("{")?;
        let (at, mut count, mut has_bytes) = (self.out.len(), 0, false);
        self.out.push(0);
        let (mut is_first, is_said) = (true, place == Place::Said);
        while self.peek()? != b'}' {
            if !std::mem::take(&mut is_first) {
                self.skip(",")?;
                self.peek()?;
            }
            let key = self.quoted()?;
            self.peek()?;
            self.skip(":")?;
            let first = self.peek()?;
            // It stands before the data, which says it by its type.
            if is_said && key == "\"encoding\"" && self.skip("\"base64\"").is_some() {
                has_bytes = true;
                continue;
            }
            count += 1;
            self.text(key);
            let is_data = is_said && has_bytes && key == "\"data\"";
            if first == b'"' && (is_data || place == Place::Data && key == "\"chunk\"") {
                self.bytes()?;
            } else if is_data {
                self.value(depth, Place::Data)?;
            } else {
                let is_shown = is_said && key == "\"entries\"";
                self.value(depth, if is_shown { Place::Said } else { Place::Somewhere })?;
            }
        }
        set_count(&mut self.out, at, count, 0x80, 0xde);
        self.skip("}")
    }

    /// Base64 as bytes.
    fn bytes(&mut self) -> Option<()> {
        let bytes = BASE64.decode(self.quoted()?.trim_matches('"')).ok()?;
        self.head(bytes.len(), 0xc4);
        self.out.extend_from_slice(&bytes);
        Some(())
    }

    /// A string as it stands there, with its quotes.
    fn quoted(&mut self) -> Option<&'a str> {
        let mut bytes = self.rest.bytes().enumerate().skip(1);
        let end = loop {
            match bytes.next()? {
                (at, b'"') => break at + 1,
                (_, b'\\') => drop(bytes.next()),
                _ => {}
            }
        };
        let (text, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest;
        Some(text)
    }

    fn text(&mut self, quoted: &str) {
        let plain = quoted.strip_prefix('"').and_then(|it| it.strip_suffix('"'));
        let plain = plain.unwrap_or_default();
        // What was stored once and is not Unicode stays as it was spelled.
        let read = plain.contains('\\').then(|| serde_json::from_str::<String>(quoted).ok());
        let read = read.flatten();
        let text = read.as_deref().unwrap_or(plain);
        match u8::try_from(text.len()) {
            Ok(length) if length < 32 => self.out.push(0xa0 | length),
            _ => self.head(text.len(), 0xd9),
        }
        self.out.extend_from_slice(text.as_bytes());
    }

    /// The length of what follows, in one, two or four bytes, behind this type or one of the next.
    fn head(&mut self, length: usize, one: u8) {
        let [.., b, c, d, e] = length.to_be_bytes();
        match length {
            0..=0xff => self.out.extend([one, e]),
            0x100..=0xffff => self.out.extend([one + 1, d, e]),
            _ => self.out.extend([one + 2, b, c, d, e]),
        }
    }

    fn number(&mut self) -> Option<()> {
        let is_part = |it: char| matches!(it, '0'..='9' | '-' | '+' | '.' | 'e' | 'E');
        let end = self.rest.find(|it| !is_part(it)).unwrap_or(self.rest.len());
        let (text, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest;
        let number: f64 = text.parse().ok()?;
        #[expect(clippy::cast_precision_loss, reason = "2^53 is a double")]
        let is_counted = number.fract() == 0.0 && number.abs() <= INTEGER_MAX as f64;
        if is_counted {
            #[expect(clippy::cast_possible_truncation, reason = "it is whole, and below 2^53")]
            self.integer(number as i64);
        } else {
            self.out.push(0xcb);
            self.out.extend(number.to_be_bytes());
        }
        Some(())
    }

    /// In as few bytes as may be.
    fn integer(&mut self, number: i64) {
        let bytes = number.to_be_bytes();
        let mut tagged = |tag: u8, count: usize| {
            self.out.push(tag);
            self.out.extend(bytes.iter().skip(8 - count));
        };
        match number {
            -32..=127 => self.out.extend(bytes.last()),
            128..=0xff => tagged(0xcc, 1),
            0x100..=0xffff => tagged(0xcd, 2),
            0x1_0000..=0xffff_ffff => tagged(0xce, 4),
            0x1_0000_0000.. => tagged(0xcf, 8),
            -0x80..=-33 => tagged(0xd0, 1),
            -0x8000..=-0x81 => tagged(0xd1, 2),
            -0x8000_0000..=-0x8001 => tagged(0xd2, 4),
            _ => tagged(0xd3, 8),
        }
    }
}

//! From MessagePack.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::INTEGER_MAX;
use crate::limits::JSON_DEPTH_MAX;

/// The frame as JSON; `None` if it is none that JSON could say.
#[must_use]
pub fn to_json(frame: &[u8]) -> Option<String> {
    // Several messages stand in an array around them.
    let is_list = frame.first().is_some_and(|it| matches!(it, 0x90..=0x9f | 0xdc | 0xdd));
    let depth = JSON_DEPTH_MAX + usize::from(is_list);
    let out = Vec::with_capacity(frame.len() + frame.len() / 2);
    let mut reader = Reader { rest: frame, out, said: JSON_DEPTH_MAX };
    reader.value(depth, Place::Somewhere)?;
    if reader.rest.is_empty() { String::from_utf8(reader.out).ok() } else { None }
}

/// Where a value stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Somewhere,
    /// The data of a message, which may be bytes.
    Data,
    /// The params of a message, in which a chunk may be.
    Params,
    /// Bytes, as a rule says.
    Bytes,
}

struct Reader<'a> {
    rest: &'a [u8],
    out: Vec<u8>,
    /// How much deeper a message may still be nested, at its beginning.
    said: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }

    /// A number of so many bytes, the first of them the highest.
    fn number(&mut self, bytes: usize) -> Option<u64> {
        Some(self.take(bytes)?.iter().fold(0, |sum, it| sum << 8 | u64::from(*it)))
    }

    fn length(&mut self, bytes: usize) -> Option<usize> {
        usize::try_from(self.number(bytes)?).ok()
    }

    /// The next value, which may have so many levels; bytes where some may stand.
    fn value(&mut self, depth: usize, place: Place) -> Option<()> {
        let tag = *self.take(1)?.first()?;
        match tag {
            0x00..=0x7f => self.integer(i64::from(tag)),
            0x80..=0x8f => self.map(usize::from(tag & 15), depth, place),
            0x90..=0x9f => self.array(usize::from(tag & 15), depth),
            0xa0..=0xbf => self.text(usize::from(tag & 31)).map(drop),
            0xc0 | 0xc2 | 0xc3 => {
                self.say(match tag {
                    0xc0 => "null",
                    0xc2 => "false",
                    _ => "true",
                });
                Some(())
            }
            0xc4..=0xc6 if matches!(place, Place::Data | Place::Bytes) => {
                let length = self.length(1 << (tag - 0xc4))?;
                let text = STANDARD.encode(self.take(length)?);
                self.say("\"");
                self.say(&text);
                self.say(if place == Place::Data { r#"","encoding":"base64""# } else { "\"" });
                Some(())
            }
            0xca => {
                let bits = u32::try_from(self.number(4)?).ok()?;
                self.float(f64::from(f32::from_bits(bits)))
            }
            0xcb => {
                let bits = self.number(8)?;
                self.float(f64::from_bits(bits))
            }
            0xcc..=0xcf => {
                let number = self.number(1 << (tag - 0xcc)).filter(|it| *it <= INTEGER_MAX)?;
                self.integer(number.cast_signed())
            }
            0xd0..=0xd3 => {
                let bytes = 1 << (tag - 0xd0);
                let unused = 64 - 8 * u32::try_from(bytes).ok()?;
                let number = (self.number(bytes)? << unused).cast_signed() >> unused;
                self.integer(Some(number).filter(|it| it.unsigned_abs() <= INTEGER_MAX)?)
            }
            0xd9..=0xdb => {
                let length = self.length(1 << (tag - 0xd9))?;
                self.text(length).map(drop)
            }
            0xdc | 0xdd => {
                let count = self.length(2 << (tag - 0xdc))?;
                self.array(count, depth)
            }
            0xde | 0xdf => {
                let count = self.length(2 << (tag - 0xde))?;
                self.map(count, depth, place)
            }
            0xe0..=0xff => self.integer(i64::from(tag.cast_signed())),
            // What is of no type, or of somebody's own, and bytes where text is due.
            0xc1 | 0xc4..=0xc9 | 0xd4..=0xd8 => None,
        }
    }

    fn say(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn integer(&mut self, number: i64) -> Option<()> {
        serde_json::to_writer(&mut self.out, &number).ok()
    }

    fn float(&mut self, number: f64) -> Option<()> {
        if number.is_finite() { serde_json::to_writer(&mut self.out, &number).ok() } else { None }
    }

    fn text(&mut self, length: usize) -> Option<&'a str> {
        let text = std::str::from_utf8(self.take(length)?).ok()?;
        serde_json::to_writer(&mut self.out, text).ok()?;
        Some(text)
    }

    fn key(&mut self) -> Option<&'a str> {
        let tag = *self.take(1)?.first()?;
        let length = match tag {
            0xa0..=0xbf => usize::from(tag & 31),
            0xd9..=0xdb => self.length(1 << (tag - 0xd9))?,
            _ => return None,
        };
        self.text(length)
    }

    fn array(&mut self, count: usize, depth: usize) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        self.say("[");
        for at in 0..count {
            if at != 0 {
                self.say(",");
            }
            self.value(depth, Place::Somewhere)?;
        }
        self.say("]");
        Some(())
    }

    fn map(&mut self, count: usize, depth: usize, place: Place) -> Option<()> {
        let is_message = depth == self.said;
        let depth = depth.checked_sub(1)?;
        self.say("{");
        let mut keys = Vec::new();
        for at in 0..count {
            if at != 0 {
                self.say(",");
            }
            let key = self.key()?;
            keys.push(key);
            self.say(":");
            let place = match key {
                "data" if is_message => Place::Data,
                "params" if is_message => Place::Params,
                "chunk" if place == Place::Params => Place::Bytes,
                _ => Place::Somewhere,
            };
            self.value(depth, place)?;
        }
        keys.sort_unstable();
        let is_twice = keys.windows(2).any(|it| it.first() == it.last());
        self.say("}");
        if is_twice { None } else { Some(()) }
    }
}

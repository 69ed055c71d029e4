//! Finds what matters in a received frame without parsing it: at several hundred
//! thousand frames a second JSON would cost more than the socket.

use memchr::memchr;
use memchr::memmem::Finder;

/// Counts the messages in a frame by something that stands once in each, so that a frame
/// that carries many counts as many.
pub struct Marker(Finder<'static>);

impl Marker {
    pub fn new(marker: &str) -> Self {
        Self(Finder::new(marker).into_owned())
    }

    pub fn count(&self, frame: &[u8]) -> u64 {
        self.0.find_iter(frame).count() as u64
    }

    pub fn is_in(&self, frame: &[u8]) -> bool {
        self.0.find(frame).is_some()
    }
}

/// One tagged message in a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tag {
    pub publisher: usize,
    pub number: u64,
    /// The server's own number of the message in its room, where it gives one.
    pub offset: Option<u64>,
}

/// Every message in a frame that carries a tag, `@publisher.number;`.
pub struct Tags<'a> {
    rest: &'a [u8],
    offset: &'a Finder<'static>,
}

pub fn offset_finder() -> Finder<'static> {
    Finder::new(r#""offset":"#)
}

pub fn tags<'a>(frame: &'a [u8], offset: &'a Finder<'static>) -> Tags<'a> {
    Tags { rest: frame, offset }
}

impl Iterator for Tags<'_> {
    type Item = Tag;

    fn next(&mut self) -> Option<Tag> {
        let at = memchr(b'@', self.rest)?;
        let (publisher, rest) = number(self.rest.get(at + 1..)?);
        let (number, rest) = number(rest.strip_prefix(b".")?);
        self.rest = rest;
        // A server's number stands after the content, and before the next message's.
        let end = memchr(b'@', rest).unwrap_or(rest.len());
        let own = rest.get(..end)?;
        let offset =
            self.offset.find(own).and_then(|it| own.get(it + self.offset.needle().len()..));
        Some(Tag {
            publisher: usize::try_from(publisher).ok()?,
            number,
            offset: offset.map(|it| self::number(it).0),
        })
    }
}

/// The digits at the front, and what follows them.
fn number(text: &[u8]) -> (u64, &[u8]) {
    let digits = text.iter().take_while(|it| it.is_ascii_digit()).count();
    let (digits, rest) = text.split_at(digits);
    (digits.iter().fold(0, |sum, it| sum * 10 + u64::from(it - b'0')), rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_of_a_batch_is_found_with_its_offset() {
        let frame = br#"{"type":"batch","data":[
            {"data":{"content":"@3.41;xx","offset":7}},{"data":{"content":"@0.9;","offset":12}},
            {"data":{"content":"@1.2;"}}]}"#;
        let found: Vec<_> = tags(frame, &offset_finder()).collect();
        let tag = |publisher, number, offset| Tag { publisher, number, offset };
        assert_eq!(found, [tag(3, 41, Some(7)), tag(0, 9, Some(12)), tag(1, 2, None)]);
        assert_eq!(Marker::new(r#""content":"#).count(frame), 3);
    }

    #[test]
    fn a_frame_without_a_tag_has_no_message() {
        assert_eq!(tags(br#"{"type":"user_joined"}"#, &offset_finder()).next(), None);
    }
}

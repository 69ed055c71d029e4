//! A client of documents, written from `docs/PROTOCOL.md` (T1 and on) alone: in its own
//! words and its own arithmetic, on strings as JavaScript has them. Panics where a client
//! would have shown nonsense.

use std::collections::VecDeque;

/// What goes over the wire, in either direction (T2, T4).
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct EditFrame {
    pub(crate) operation: &'static str,
    pub(crate) position: usize,
    pub(crate) length: usize,
    pub(crate) content: Vec<u16>,
    pub(crate) version: u64,
}

/// What a client hears.
#[derive(Clone, Debug)]
pub(crate) enum Heard {
    Edit(EditFrame),
    Ack { version: u64 },
    State { version: u64, content: Vec<u16> },
}

/// A change (T8).
#[derive(Clone, Debug, PartialEq)]
struct Change {
    at: usize,
    content: Vec<u16>,
    cuts: Vec<[usize; 2]>,
}

impl Change {
    fn of(frame: &EditFrame) -> Self {
        let whole = vec![[frame.position, frame.position + frame.length]];
        let (at, content) = (frame.position, frame.content.clone());
        match frame.operation {
            "insert" => Self { at, content, cuts: vec![] },
            "delete" => Self { at, content: vec![], cuts: whole },
            "replace" if frame.length == 0 => Self { at, content, cuts: vec![] },
            "replace" => Self { at, content, cuts: whole },
            other => panic!("{other}"),
        }
    }

    fn is_nothing(&self) -> bool {
        self.content.is_empty() && self.cuts.is_empty()
    }
}

fn splits_a_pair(text: &[u16], place: usize) -> bool {
    let (before, after) = (place.checked_sub(1).and_then(|it| text.get(it)), text.get(place));
    before.is_some_and(|it| (0xD800..0xDC00).contains(it))
        && after.is_some_and(|it| (0xDC00..0xE000).contains(it))
}

/// Makes a change to a text (T9).
fn make(text: &mut Vec<u16>, change: &Change) {
    let edges = change.cuts.iter().flatten().copied();
    let gap = (!change.content.is_empty()).then_some(change.at);
    for place in edges.chain(gap) {
        assert!(place <= text.len(), "{change:?} is outside of {} units", text.len());
        assert!(!splits_a_pair(text, place), "{change:?} splits a pair of {text:x?}");
    }
    for [start, end] in change.cuts.iter().rev() {
        assert!(start < end && change.at <= *start, "{change:?}");
        text.drain(start..end);
    }
    text.splice(change.at.min(text.len())..change.at.min(text.len()), change.content.clone());
}

/// Where a place is once `b` was made (T10).
fn moved(b: &Change, x: usize, behind: bool) -> usize {
    let out = (0..x).filter(|it| b.cuts.iter().any(|[start, end]| (start..end).contains(&it)));
    let put = b.at < x || (b.at == x && behind);
    x - out.count() + if put { b.content.len() } else { 0 }
}

/// T10, unit by unit.
fn transform(a: &Change, b: &Change, later: bool) -> Change {
    let mut cuts: Vec<[usize; 2]> = Vec::new();
    for [start, end] in &a.cuts {
        for unit in *start..*end {
            if b.cuts.iter().any(|[start, end]| (*start..*end).contains(&unit)) {
                continue;
            }
            let now = moved(b, unit, true);
            match cuts.last_mut() {
                Some([_, end]) if *end == now => *end += 1,
                _ => cuts.push([now, now + 1]),
            }
        }
    }
    Change { at: moved(b, a.at, !later), content: a.content.clone(), cuts }
}

/// One client.
#[derive(Clone, Debug, Default)]
pub(crate) struct Replica {
    pub(crate) text: Vec<u16>,
    version: u64,
    inflight: Option<Change>,
    queue: VecDeque<Change>,
}

impl Replica {
    /// A client that has nothing to say and waits for nothing.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.inflight.is_none() && self.queue.is_empty()
    }

    /// Its user edits (T11). Returns what is sent, if anything is.
    pub(crate) fn edits(&mut self, start: usize, end: usize, content: &[u16]) -> Option<EditFrame> {
        let cuts = if start < end { vec![[start, end]] } else { vec![] };
        let change = Change { at: start, content: content.to_vec(), cuts };
        make(&mut self.text, &change);
        self.queue.push_back(change);
        self.send()
    }

    /// Sends, if nothing is in flight (T12).
    fn send(&mut self) -> Option<EditFrame> {
        if self.inflight.is_some() {
            return None;
        }
        while self.queue.front()?.is_nothing() {
            self.queue.pop_front();
        }
        let first = self.queue.front_mut()?;
        let joined = first.content.is_empty() || first.cuts.iter().all(|it| it[0] == first.at);
        let going = if 1 < first.cuts.len() || !joined {
            let last = first.cuts.pop()?;
            Change { at: last[0], content: vec![], cuts: vec![last] }
        } else {
            self.queue.pop_front()?
        };
        let content = going.content.clone();
        let (operation, position, length) = match going.cuts.first() {
            None => ("insert", going.at, 0),
            Some([start, end]) if content.is_empty() => ("delete", *start, end - start),
            Some([start, end]) => ("replace", *start, end - start),
        };
        self.inflight = Some(going);
        Some(EditFrame { operation, position, length, content, version: self.version })
    }

    /// T13. Returns what is sent, if anything is.
    pub(crate) fn hears(&mut self, heard: &Heard) -> Option<EditFrame> {
        match heard {
            Heard::Edit(frame) => {
                assert_eq!(frame.version, self.version + 1, "no version is left out (T6)");
                self.version = frame.version;
                let mut b = Change::of(frame);
                for p in self.inflight.iter_mut().chain(&mut self.queue) {
                    (*p, b) = (transform(p, &b, true), transform(&b, p, false));
                }
                make(&mut self.text, &b);
                None
            }
            Heard::Ack { version } => {
                assert!(self.inflight.is_some() && self.version <= *version);
                self.version = *version;
                self.inflight = None;
                self.send()
            }
            Heard::State { version, content } => {
                *self = Self { text: content.clone(), version: *version, ..Self::default() };
                None
            }
        }
    }
}

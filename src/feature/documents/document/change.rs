//! The algebra of changes: what one becomes when another, made to the same text, goes
//! before it.
//!
//! A [`Change`] names places in one text only, the one it is made to: a gap where content
//! goes in, and cuts that come out. So two changes to one text, in either order, amount to
//! the same: what either cuts is gone, what either puts in stands in its gap. Only of two
//! contents in one gap must be said which stands first; that is [`Order`].
//!
//! No surrogate pair is ever split. What arrives begins and ends between characters
//! ([`Text`](super::text::Text) checks), and all that is cut or put in is whole characters.
//! So a gap between characters stays one, whatever is cut or put in beside it, and a cut is
//! split nowhere but at such a gap. For the same reason no place is ever outside the text.

use std::rc::Rc;

use super::text::{self, OUTSIDE};
use crate::feature::documents::Operation;
use crate::message::ProtocolError;

/// Which of two changes the room took first. Of two contents in one gap, the one it took
/// later stands before the other: so what somebody types letter by letter stays together
/// when somebody else types in the same place, because each next letter is typed behind
/// the last one and pushes the other's on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// This one was taken before the other.
    Earlier,
    /// This one was taken after the other.
    Later,
}

/// A stretch that is taken out; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cut {
    start: usize,
    length: usize,
    /// What it takes, once that is known.
    taken: Option<Rc<str>>,
}

impl Cut {
    fn end(&self) -> usize {
        self.start + self.length
    }

    /// The part of it from one place to another, which is elsewhere by now.
    fn part(&self, from: usize, to: usize, start: usize) -> Self {
        let taken = self.taken.as_ref().and_then(|taken| {
            if to - from == self.length {
                return Some(Rc::clone(taken));
            }
            let (_, rest) = text::split_at_unit(taken, from - self.start)?;
            text::split_at_unit(rest, to - from).map(|(part, _)| part.into())
        });
        Self { start, length: to - from, taken }
    }

    /// Goes on with what begins where it ends.
    fn extend(&mut self, next: &Self) {
        self.length += next.length;
        self.taken = match (&self.taken, &next.taken) {
            (Some(taken), Some(more)) => Some([&**taken, &**more].concat().into()),
            _ => None,
        };
    }
}

/// What an operation does to one text. The gap is at or before the first cut; cuts are in
/// order and do not touch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    /// The gap.
    at: usize,
    /// What goes in there; may be nothing.
    content: Rc<str>,
    /// How long that is.
    length: usize,
    cuts: Vec<Cut>,
}

/// Past the end of every document, and small enough that no sum of places overflows 32 bits.
const FAR: u64 = 1 << 30;

impl Change {
    fn new(at: usize, cut: usize, content: Rc<str>) -> Self {
        let cuts = match cut {
            0 => Vec::new(),
            length => vec![Cut { start: at, length, taken: None }],
        };
        Self { at, length: text::units(&content), content, cuts }
    }

    /// What this operation says. Refuses what changes nothing and what is far outside.
    pub(super) fn of(operation: &Operation) -> Result<Self, ProtocolError> {
        let (position, length, content) = match operation {
            Operation::Insert { position, content } => (*position, 0, Rc::clone(content)),
            Operation::Delete { position, length } => (*position, *length, "".into()),
            Operation::Replace { position, length, content } => {
                (*position, *length, Rc::clone(content))
            }
        };
        if length == 0 && content.is_empty() {
            return Err(ProtocolError::invalid("an edit puts something in or takes something out"));
        }
        if FAR < position || FAR < length {
            return Err(OUTSIDE);
        }
        let place = |number| usize::try_from(number).map_err(|_| OUTSIDE);
        Ok(Self::new(place(position)?, place(length)?, content))
    }

    /// How clients spell it, if it is one piece.
    pub(super) fn operation(&self) -> Operation {
        let (position, content) = (self.at as u64, Rc::clone(&self.content));
        match self.cuts.first() {
            None => Operation::Insert { position, content },
            Some(cut) if content.is_empty() => {
                Operation::Delete { position: cut.start as u64, length: cut.length as u64 }
            }
            Some(cut) => Operation::Replace { position, length: cut.length as u64, content },
        }
    }

    /// The same as changes of one operation each, to be made one after the other. From the
    /// back, so that none moves what is still to be done.
    pub(super) fn pieces(&self) -> Vec<Self> {
        let puts = !self.content.is_empty();
        let joined = self.cuts.first().filter(|it| puts && it.start == self.at);
        let alone = self.cuts.iter().skip(usize::from(joined.is_some())).rev();
        let last = puts.then(|| self.with(joined.cloned().into_iter().collect()));
        let deletes = alone.map(|cut| Self {
            at: cut.start,
            content: "".into(),
            length: 0,
            cuts: vec![cut.clone()],
        });
        deletes.chain(last).collect()
    }

    fn with(&self, cuts: Vec<Cut>) -> Self {
        Self { at: self.at, content: Rc::clone(&self.content), length: self.length, cuts }
    }

    /// What undoes it, if it is one piece that has been made.
    pub(super) fn inverse(&self) -> Self {
        let at = self.cuts.first().map_or(self.at, |it| it.start);
        let taken = self.cuts.first().and_then(|it| it.taken.clone());
        let mut inverse = Self::new(at, self.length, taken.unwrap_or_else(|| "".into()));
        if let Some(cut) = inverse.cuts.first_mut() {
            cut.taken = Some(Rc::clone(&self.content));
        }
        inverse
    }

    /// What it becomes once `other`, made to the same text, has gone before it.
    pub(super) fn after(&self, other: &Self, order: Order) -> Self {
        let mut cuts = Vec::with_capacity(self.cuts.len());
        for cut in &self.cuts {
            other.leave(cut, &mut cuts);
        }
        Self { at: other.moved(self.at, order == Order::Earlier), ..self.with(cuts) }
    }

    /// Where a gap of the text before this change is in the text after it. `behind` says on
    /// which side of the content the gap is that takes it.
    fn moved(&self, gap: usize, behind: bool) -> usize {
        let cut: usize =
            self.cuts.iter().map(|it| it.end().min(gap).saturating_sub(it.start)).sum();
        let put = if self.at < gap || (behind && self.at == gap) { self.length } else { 0 };
        gap - cut + put
    }

    /// Adds what is left of a cut after this change: all but what this one cuts, and not
    /// what it puts in.
    fn leave(&self, cut: &Cut, left: &mut Vec<Cut>) {
        let mut start = cut.start;
        let interruptions = self.cuts.iter().map(|it| (it.start, it.end()));
        let all = std::iter::once((self.at, self.at)).chain(interruptions);
        for (from, to) in all.chain([(cut.end(), cut.end())]) {
            let from = from.min(cut.end());
            if start < from {
                let part = cut.part(start, from, self.moved(start, true));
                match left.last_mut() {
                    Some(last) if last.end() == part.start => last.extend(&part),
                    _ => left.push(part),
                }
            }
            start = start.max(to);
        }
    }

    /// Whether nothing is left to do.
    pub(super) fn is_empty(&self) -> bool {
        self.content.is_empty() && self.cuts.is_empty()
    }

    /// The end of what it touches.
    pub(super) fn end(&self) -> usize {
        self.cuts.last().map_or(self.at, Cut::end)
    }

    /// How long a text is before this change that is so long after it.
    pub(super) fn length_before(&self, after: usize) -> usize {
        let cut: usize = self.cuts.iter().map(|it| it.length).sum();
        (after + cut).saturating_sub(self.length)
    }

    /// Whether `other`, made to the same text, begins or ends inside a surrogate pair that
    /// this one took out, where no later look at the text can find it.
    pub(super) fn hides_fault_of(&self, other: &Self) -> bool {
        let edges = other.cuts.iter().flat_map(|it| [it.start, it.end()]);
        std::iter::once(other.at).chain(edges).any(|gap| {
            let within = self.cuts.iter().find(|it| it.start < gap && gap < it.end());
            within.is_some_and(|cut| {
                let taken = cut.taken.as_deref().unwrap_or_default();
                text::split_at_unit(taken, gap - cut.start).is_none()
            })
        })
    }

    /// The bytes it holds on to.
    pub(super) fn weight(&self) -> usize {
        let taken = self.cuts.iter().filter_map(|it| it.taken.as_ref()).map(|it| it.len());
        self.content.len() + taken.sum::<usize>()
    }

    /// Makes it, if it is one piece; whole or not at all.
    pub(super) fn make(&mut self, text: &mut text::Text) -> Result<(), ProtocolError> {
        match self.cuts.first_mut() {
            None => text.splice(self.at, 0, &self.content).map(drop),
            Some(cut) => {
                cut.taken = Some(text.splice(cut.start, cut.length, &self.content)?);
                Ok(())
            }
        }
    }
}

impl Operation {
    /// What it becomes once `other`, made to the same text, has gone before it: nothing, one
    /// operation, or several that are made one after the other.
    pub fn transform(&self, other: &Self, order: Order) -> Result<Vec<Self>, ProtocolError> {
        let change = Change::of(self)?.after(&Change::of(other)?, order);
        Ok(change.pieces().iter().map(Change::operation).collect())
    }
}

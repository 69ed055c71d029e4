use std::rc::Rc;

use super::change::{Change, Order};
use crate::message::Refusal;

/// One change of a text, as clients spell it. Positions and lengths count UTF-16 code
/// units; whether they lie within the text shows when it is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Puts something in.
    Insert {
        /// Before which unit.
        position: u64,
        /// What; at least one character.
        content: Rc<str>,
    },
    /// Takes something out.
    Delete {
        /// From which unit on.
        position: u64,
        /// So many units, at least one.
        length: u64,
    },
    /// Takes something out and puts something in its place.
    Replace {
        /// From which unit on.
        position: u64,
        /// So many units; none if this is an insert by another name.
        length: u64,
        /// What comes there; nothing if this is a delete by another name.
        content: Rc<str>,
    },
}

impl Operation {
    /// What it becomes once `other`, made to the same text, has gone before it: nothing, one
    /// operation, or several that are made one after the other.
    pub fn transform(&self, other: &Self, order: Order) -> Result<Vec<Self>, Refusal> {
        let change = Change::of(self)?.after(&Change::of(other)?, order);
        Ok(change.pieces().iter().map(Change::operation).collect())
    }
}

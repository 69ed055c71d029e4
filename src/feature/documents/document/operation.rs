use super::change::{Change, Order};
pub use crate::feature::documents::Operation;
use crate::message::ProtocolError;

impl Operation {
    /// What it becomes once `other`, made to the same text, has gone before it: nothing, one
    /// operation, or several that are made one after the other.
    pub fn transform(&self, other: &Self, order: Order) -> Result<Vec<Self>, ProtocolError> {
        let change = Change::of(self)?.after(&Change::of(other)?, order);
        Ok(change.pieces().iter().map(Change::operation).collect())
    }
}

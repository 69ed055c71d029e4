//! How fast one connection may ask something of a feature.

use super::ConnectionParts;
use crate::limits::Limits;
use crate::rates::Counter;

/// A rate of each connection's own, beside that of its messages (B27).
#[derive(Debug)]
pub struct Rate {
    /// How many its counter takes in its period; 0 means no limit.
    pub most: fn(&Limits) -> u64,
    /// Where they are counted: in what a room knows of the feature for the connection, which is
    /// stored with it.
    pub counter: fn(&mut ConnectionParts) -> &mut dyn Counter,
}

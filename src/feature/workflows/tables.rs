//! There are none: their events are in the log.

use super::Workflows;
use crate::feature::tables::{NoTables, Tables};

impl Tables for Workflows {
    type Memory = NoTables<Self>;
}

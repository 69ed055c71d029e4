//! There are none: they are in the log.

use super::Messages;
use crate::feature::tables::{NoTables, Tables};

impl Tables for Messages {
    type Memory = NoTables<Self>;
}

//! There are none: it rides with connections.

use super::Typing;
use crate::feature::tables::{NoTables, Tables};

impl Tables for Typing {
    type Memory = NoTables<Self>;
}

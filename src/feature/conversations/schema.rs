//! Its dialect describes its frames.

use super::Conversations;
use crate::feature::schema::Described;

impl Described for Conversations {}

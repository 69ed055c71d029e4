//! No protocol has a frame of theirs, and no call serves them.

use super::Webhooks;
use crate::feature::schema::Described;

impl Described for Webhooks {}

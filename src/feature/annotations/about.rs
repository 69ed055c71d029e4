//! The data of entries that say something of another one.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::message::{Entry, Json, Offset};

/// The data of any of them.
#[derive(Serialize, Deserialize)]
pub(super) struct About<'a> {
    /// The entry that it is about.
    pub(super) of: Offset,
    /// What that is called.
    #[serde(borrow)]
    pub(super) id: Cow<'a, str>,
    /// With what somebody reacts.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) key: Option<Cow<'a, str>>,
    /// Whether they do from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) on: Option<bool>,
    /// How many users react so, after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) count: Option<u64>,
    /// What stands in that entry's place.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) data: Option<&'a RawValue>,
}

impl<'a> About<'a> {
    /// Something about this entry.
    pub(super) fn entry(entry: &Entry) -> Self {
        let (of, id) = (entry.offset, format!("event_{}", entry.id).into());
        Self { of, id, key: None, on: None, count: None, data: None }
    }

    /// Reads it, unless it is what somebody wants to publish.
    pub(super) fn of(data: &'a Json) -> Option<Self> {
        serde_json::from_str(data.as_str()).ok()
    }
}

//! The entries of the log that say something of another one, and their data.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::context;
use crate::message::{Body, Entry, EntryKind, EventName, Json, Offset, Relation, UserId};

/// What each has in common: its data is stored as it is told.
const ANNOTATION: EntryKind = EntryKind {
    name: "",
    accept: |body, _| body,
    store: |body, _| body.data.as_str().into(),
    relates: None,
    load: |_, _, _| None,
    leaves_more: |_| true,
    is_folded: true,
    text: EntryKind::NO_TEXT,
    blank: EntryKind::STAYS,
    word: EntryKind::BY_NAME,
    spell: context::spell,
};

/// Something else stands in an entry's place from then on.
pub const EDIT: EntryKind = EntryKind {
    name: "edit",
    relates: Some(Relation::Replaces),
    load: |data, _, user| load(EDIT, data, user),
    blank: |body| {
        let data = Some(RawValue::NULL);
        Some(Json::of(&About { data, ..About::of(&body.data)? }))
    },
    word: |protocol| (protocol == "context").then_some("edit_message"),
    ..ANNOTATION
};

/// Nothing is left of an entry.
pub const DELETE: EntryKind = EntryKind {
    name: "delete",
    relates: Some(Relation::Redacts),
    load: |data, _, user| load(DELETE, data, user),
    word: |protocol| (protocol == "context").then_some("delete_message"),
    ..ANNOTATION
};

/// Somebody reacts to an entry, or no longer does.
pub const REACTION: EntryKind = EntryKind {
    name: "reaction",
    relates: Some(Relation::Annotates),
    load: |data, _, user| load(REACTION, data, user),
    ..ANNOTATION
};

fn load(kind: EntryKind, data: &str, user: Option<UserId>) -> Option<Body> {
    let data = Json::stored(data.to_owned())?;
    Some(Body { user, ..Body::new(kind, EventName::known(kind.name), data) })
}

/// The event that a protocol's word publishes.
pub(super) fn event_of(protocol: &str, word: &str) -> Option<&'static str> {
    let all = [EDIT, DELETE, REACTION];
    let spoken = all.into_iter().find(|it| (it.word)(protocol).unwrap_or(it.name) == word);
    spoken.filter(|_| protocol == "context").map(|it| it.name)
}

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

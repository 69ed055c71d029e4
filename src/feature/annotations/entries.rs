//! The entries of the log that say something of another one, and their data.

use serde_json::value::RawValue;

use super::about::About;
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

/// What a reaction is to, with what, and whether it is on.
pub(super) fn reacted(entry: &Entry) -> Option<(Offset, String, bool)> {
    let of = entry.body.target(Relation::Annotates).filter(|_| entry.body.kind == REACTION)?;
    let About { key, on, .. } = About::of(&entry.body.data)?;
    Some((of, key?.into_owned(), on?))
}

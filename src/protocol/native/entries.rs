//! Entries of the log, live and in pages.

use serde::Serialize;

use super::DESCRIPTOR;
use crate::message::{BYTES, Completed, Entry, Json, Millis, Offset, Page, StateKey};

/// What somebody said.
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct EntryOut<'a> {
    /// Not in pages.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    /// What it is called.
    event: &'a str,
    /// Its place in the log; missing for what is not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<Offset>,
    /// The entry before it that is for everyone, where that is not the one before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    prev: Option<Offset>,
    /// It is for this user alone, and has no place among those for everyone.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    direct: bool,
    /// When, in milliseconds since 1970.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "u64"))]
    at: Millis,
    /// Who said it: a `sub`.
    user: &'a str,
    /// What they are called, where that is something else.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    /// The entry that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    of: Option<Offset>,
    /// Nothing is left of what it said.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    deleted: bool,
    /// `base64`: the data is bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding: Option<&'static str>,
    /// What it says; missing for `null`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Option<serde_json::Value>"))]
    data: Option<Data<'a>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Data<'a> {
    AsItIs(&'a Json),
    Spelled(Json),
    Kept { value: &'a Json },
}

impl<'a> EntryOut<'a> {
    /// As an event.
    pub(super) fn event(entry: &'a Entry) -> Self {
        Self { kind: Some("event"), ..Self::of(entry) }
    }

    fn of(entry: &'a Entry) -> Self {
        let Entry { offset, at, author, body, .. } = entry;
        let spelled = (body.kind.spell)(entry, DESCRIPTOR.name);
        let data = match spelled {
            Some(it) => Data::Spelled(it),
            None if body.name.as_str().starts_with(StateKey::PREFIX) => {
                Data::Kept { value: &body.data }
            }
            None => Data::AsItIs(&body.data),
        };
        let is_said = match &data {
            Data::AsItIs(it) => !it.is_null(),
            Data::Spelled(it) => !it.is_null(),
            Data::Kept { .. } => true,
        };
        let is_said = is_said && !body.is_deleted;
        Self {
            kind: None,
            event: body.name.as_str(),
            offset: Some(*offset).filter(|it| it.0 != 0),
            prev: body.follows,
            direct: body.user.is_some(),
            at: *at,
            user: &author.id.0,
            name: Some(author.name.as_str()).filter(|it| *it != author.id.0),
            of: body.relates_to.and_then(|(_, it)| it.offset()),
            deleted: body.is_deleted,
            encoding: (body.kind == BYTES && is_said).then_some("base64"),
            data: Some(data).filter(|_| is_said),
        }
    }
}

/// A stretch of the log, oldest first.
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct History<'a> {
    entries: Vec<Completed<'a, EntryOut<'a>>>,
    has_more: bool,
    /// What to ask with for the next page in the same direction.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Next>,
    epoch: &'a str,
    /// The newest offset of the log.
    offset: Offset,
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
enum Next {
    Before(Offset),
    After(Offset),
}

impl<'a> History<'a> {
    pub(super) fn of(page: &'a Page) -> Self {
        let next = page.next_before().map(Next::Before);
        Self {
            entries: page.completed(|it| {
                let (shown, is_deleted) = (EntryOut::of(it), page.is_deleted(it));
                Some(if is_deleted {
                    EntryOut { encoding: None, data: None, ..shown }
                } else {
                    shown
                })
            }),
            has_more: page.has_more,
            next: next.or_else(|| page.next_after().map(Next::After)),
            epoch: &page.epoch.0,
            offset: page.head,
        }
    }
}

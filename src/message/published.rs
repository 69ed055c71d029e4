use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::body::{Body, EntryKind, Relation};
use super::{EventName, Json};

/// Somebody published an event (A14, A17, C8). It is stored with its name.
pub const EVENT: EntryKind = EntryKind {
    name: "event",
    accept: |body, _| body,
    store: |Body { name, data, .. }, _| {
        let event = Stored { name: name.as_str().into(), data: Cow::Borrowed(data) };
        serde_json::to_string(&event).unwrap_or_default().into()
    },
    relates: Some(Relation::Replies),
    load: |data, _, user| {
        let Stored { name, data } = serde_json::from_str(data).ok()?;
        let body = Body::new(EVENT, EventName::stored(name).ok()?, data.into_owned());
        Some(Body { user, ..body })
    },
    leaves_more: |_| false,
    spell: EntryKind::AS_IT_IS,
};

#[derive(Serialize, Deserialize)]
struct Stored<'a> {
    name: Cow<'a, str>,
    data: Cow<'a, Json>,
}

/// What everyone hears, whatever they subscribed to (C8).
pub const BROADCAST: &str = "broadcast";

impl Body {
    /// Whether everyone hears it, whatever they subscribed to (C8).
    #[must_use]
    pub fn is_broadcast(&self) -> bool {
        self.kind == EVENT && self.name.as_str() == BROADCAST
    }
}

/// Which queue something waits in (A37).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// Waits for nothing, and goes before what waits.
    Critical,
    /// In its turn.
    #[default]
    Normal,
}

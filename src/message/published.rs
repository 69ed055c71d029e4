use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::body::{Body, EntryKind, Relation};
use super::strings::strings;
use super::{EventName, Json, StateKey};

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
    text: |body| strings(body.data.as_str()),
    is_folded: false,
    blank,
    word: EntryKind::BY_NAME,
    spell: EntryKind::AS_IT_IS,
};

/// The same, with data that is bytes: base64, which no words are found in.
pub const BYTES: EntryKind = EntryKind {
    name: "bytes",
    load: |data, at, user| {
        let body = (EVENT.load)(data, at, user)?;
        Some(Body { kind: BYTES, ..body })
    },
    text: EntryKind::NO_TEXT,
    ..EVENT
};

#[derive(Serialize, Deserialize)]
struct Stored<'a> {
    name: Cow<'a, str>,
    data: Cow<'a, Json>,
}

/// A value of the same type that says nothing. What the room itself says of its state stays.
fn blank(Body { name, data, .. }: &Body) -> Option<Json> {
    let nothing = match data.as_str().trim_ascii_start().as_bytes().first()? {
        b'{' => "{}",
        b'[' => "[]",
        b'"' => "\"\"",
        b'n' => "null",
        b't' | b'f' => "false",
        _ => "0",
    };
    let is_own = name.as_str().starts_with(StateKey::PREFIX);
    if is_own { None } else { Json::stored(nothing.to_owned()) }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_but_the_type_of_what_was_said() {
        let blank = |name: &str, data: &str| {
            let body =
                Body::new(EVENT, EventName::parse(name).unwrap(), Json::parse(data).unwrap());
            body.blank().map(|it| (it.name == body.name).then(|| it.data.as_str().to_owned()))
        };
        for (data, left) in [
            (r#"{"a":1}"#, "{}"),
            ("[1]", "[]"),
            (r#""a""#, r#""""#),
            ("-1.5", "0"),
            ("true", "false"),
            ("null", "null"),
        ] {
            assert_eq!(blank("note", data), Some(Some(left.to_owned())), "{data}");
        }
        assert_eq!(blank("state.a", "1"), None);
    }
}

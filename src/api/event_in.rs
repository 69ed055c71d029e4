//! Events that callers publish, one by one or in batches.

use std::fmt;

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::Sent;
use crate::feature::{self, Ask, Publishing};
use crate::limits::{BATCH_EVENTS_MAX, JSON_DEPTH_MAX};
use crate::message::{
    ConnectionId, EventName, Json, Kind, ProtocolError, RequestId, RoomName, Target, UserId,
};
use crate::protocol::publication;

/// An event as callers write it. Unknown fields are ignored.
#[derive(Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct EventIn {
    /// What it is called: 1 to 128 of `A-Z a-z 0-9 . _ : ~ -`.
    #[serde(rename = "type")]
    kind: String,
    /// What it says; any JSON, but what `workflow_update`, `notification` and,
    /// in analytics rooms, `metric_update` promise.
    #[serde(default)]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Option<serde_json::Value>"))]
    data: Option<Json>,
    /// The caller's own id, 1 to 128 bytes: the same again is not published again.
    #[serde(default)]
    id: Option<String>,
    /// Only this user's connections get it.
    #[serde(default)]
    user_id: Option<String>,
    /// The entry in whose thread it is said: its offset, or its id.
    #[serde(default)]
    of: Option<Target>,
    /// This connection does not get it: `session_…`.
    #[serde(default)]
    exclude: Option<String>,
    /// Where it goes, in a batch.
    #[serde(default)]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(skip))]
    room: Option<Json>,
}

impl EventIn {
    /// Reads it, for a room of this kind. `bytes_max` bounds the data, as it does a frame.
    fn read(self, kind: Kind, bytes_max: usize) -> Result<Sent, ProtocolError> {
        let data = self.data.unwrap_or_else(Json::null);
        if bytes_max < data.as_str().len() {
            return Err(ProtocolError::data_too_large(bytes_max));
        }
        let id = self.id.map(RequestId::parse).transpose()?;
        let name = EventName::parse(self.kind)?;
        // Some are asked of a feature, and not published.
        let asked = feature::Command::read(Publishing::HTTP, name.as_str(), Some(data.as_raw()));
        if let Some(asked) = asked.filter(|_| kind.properties().serves_events) {
            return asked.map(|_| Sent::asked(id, name, data));
        }
        let user = self.user_id.map(UserId::parse).transpose()?;
        let (asked, of) = (Publishing::new(Publishing::HTTP, kind, name, data), self.of);
        let body = publication(Publishing { user, of, ..asked })?;
        let exclude = self.exclude.map(|it| ConnectionId::parse(&it).ok_or(NO_CONNECTION));
        Ok(Sent::new(id, body, exclude.transpose()?))
    }
}

const NO_CONNECTION: ProtocolError = ProtocolError::invalid("exclude must be a session's id");

/// Reads the body of a publish call. `bytes_max` bounds the data, as it does a frame.
pub fn read_event(text: &str, kind: Kind, bytes_max: usize) -> Result<Sent, ProtocolError> {
    read::<EventIn>(text)?.read(kind, bytes_max)
}

#[derive(Deserialize)]
struct BatchIn<'a> {
    #[serde(deserialize_with = "items")]
    #[serde(borrow)]
    events: Vec<&'a RawValue>,
}

/// The items of a batch. Stops reading at the first one too many: a body has room for millions.
fn items<'de, D: Deserializer<'de>>(input: D) -> Result<Vec<&'de RawValue>, D::Error> {
    struct Items;
    impl<'de> Visitor<'de> for Items {
        type Value = Vec<&'de RawValue>;

        fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
            out.write_str("a list")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
            let mut items = Vec::new();
            while let Some(item) = list.next_element()? {
                if items.len() == BATCH_EVENTS_MAX {
                    return Err(A::Error::custom("too many items"));
                }
                items.push(item);
            }
            Ok(items)
        }
    }
    input.deserialize_seq(Items)
}

// What an event of a batch has beside what any has.
#[cfg(not(target_arch = "wasm32"))]
#[derive(schemars::JsonSchema)]
#[expect(dead_code, reason = "for the API documents")]
pub(crate) struct Addressed {
    /// Where it goes: `kind:name`.
    room: String,
}

/// Where one event of a batch goes.
pub type Destination = (Kind, RoomName, Sent);

/// Reads the body of a batch call. One bad item harms no other (G4).
pub fn read_batch(
    text: &str,
    bytes_max: usize,
) -> Result<Vec<Result<Destination, ProtocolError>>, ProtocolError> {
    // Each is looked at by itself: how deep one is nested is no fault of the others.
    let BatchIn { events } = read_shape(text, NO_BATCH)?;
    if events.is_empty() {
        return Err(ProtocolError::invalid(NO_BATCH));
    }
    let destination = |item: &RawValue| {
        let mut event: EventIn = read(item.get())?;
        let address = event.room.take().and_then(|it| serde_json::from_str(it.as_str()).ok());
        let address: String = address.ok_or(NO_ADDRESS)?;
        let (kind, name) = address.split_once(':').ok_or(NO_ADDRESS)?;
        let kind = Kind::parse(kind).ok_or(NO_ADDRESS)?;
        let name = RoomName::parse(name)?;
        Ok((kind, name, event.read(kind, bytes_max)?))
    };
    Ok(events.into_iter().map(destination).collect())
}

const NO_ADDRESS: ProtocolError = ProtocolError::invalid("room must be kind:name");

const NO_BATCH: &str = "the body must be JSON, an object whose events are a list of 1 to 100";

fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, ProtocolError> {
    if !crate::message::is_bearable(text.as_bytes(), JSON_DEPTH_MAX) {
        return Err(ProtocolError::invalid("the JSON is nested too deeply"));
    }
    read_shape(text, "the body must be JSON of the documented shape")
}

fn read_shape<'a, T: Deserialize<'a>>(
    text: &'a str,
    wrong: &'static str,
) -> Result<T, ProtocolError> {
    if !crate::message::starts_object(text) {
        return Err(ProtocolError::invalid(wrong));
    }
    serde_json::from_str(text).map_err(|_| ProtocolError::invalid(wrong))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_read_up_to_the_first_item_too_many() {
        let of = |count: usize, end: &str| {
            let items = vec!["1"; count].join(",");
            read_batch(&format!(r#"{{"events":[{items}{end}"#), 10)
        };
        assert_eq!(of(100, "]}").map(|it| it.len()), Ok(100));
        for wrong in [of(0, "]}"), of(101, "]}"), of(2_000_000, "]}")] {
            assert_eq!(wrong, Err(ProtocolError::invalid(NO_BATCH)));
        }
        // What comes after is not even looked at.
        let mut input = serde_json::Deserializer::from_str("[1,2");
        assert!(items(&mut input).unwrap_err().is_eof());
        let too_many = format!("[{}, no JSON", vec!["1"; 101].join(","));
        let mut input = serde_json::Deserializer::from_str(&too_many);
        assert!(items(&mut input).unwrap_err().to_string().starts_with("too many items"));
    }
}

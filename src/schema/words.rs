//! What the types do not say: how names and ids are spelled, and what fields of many frames mean.

use schemars::Schema;
use serde_json::{Map, Value};

use crate::feature;

use crate::message::{
    Before, Completed, ConnectionId, EventName, Json, Name, PageRequest, RequestId, RoomName,
    Target, Topic, UserId,
};
use crate::protocol::json::Text;
use crate::protocol::spell::Id;

/// Types that write themselves; each is spelled out where it is used.
macro_rules! spelled {
    ($($type:ty => $schema:tt;)*) => {$(
        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }
            fn inline_schema() -> bool {
                true
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!($schema)
            }
        }
    )*};
}

pub(crate) use spelled;

const NAME: &str = "^[A-Za-z0-9._:~-]+$";

spelled! {
    Json => {};
    Text<'_> => {"type": "string"};
    Id<'_> => {"type": "string", "minLength": 1};
    UserId => {"type": "string", "minLength": 1, "maxLength": UserId::BYTES_MAX};
    RequestId => {"type": "string", "minLength": 1, "maxLength": RequestId::BYTES_MAX};
    Name => {"type": "string", "pattern": NAME, "maxLength": 128, "not": {"enum": [".", ".."]}};
    ConnectionId => {"type": "string", "pattern": "^session_[0-9a-f]{14}$"};
    RoomName => {"type": "string", "pattern": NAME, "maxLength": 128, "not": {"enum": [".", ".."]}};
    EventName => {"type": "string", "pattern": NAME, "maxLength": 128, "not": {"enum": [".", ".."]}};
    Topic => {"type": "string", "pattern": r"^[A-Za-z0-9._:~-]*\*?$", "minLength": 1, "maxLength": 128};
    Target => {"anyOf": [
        {"description": "An offset.", "type": "integer", "minimum": 0},
        {"description": "An id.", "type": "string"},
    ]};
    Before => {"anyOf": [
        {"description": "An offset.", "type": "integer", "minimum": 0},
        {"description": "A time, RFC 3339, or an offset in quotes.", "type": "string"},
    ]};
}

/// The schema of both: what features add to an entry stands among its own fields.
impl<T: schemars::JsonSchema> schemars::JsonSchema for Completed<'_, T> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        T::schema_name()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> Schema {
        let own = generator.subschema_for::<T>().to_value();
        let added = feature::schema::added(generator).map(Schema::to_value);
        let all: Vec<Value> = std::iter::once(own).chain(added).collect();
        schemars::json_schema!({"allOf": all})
    }
}

/// How long a page is to be.
pub(super) struct Limit;

spelled! {
    Limit => {"type": "integer", "minimum": 1, "default": PageRequest::LIMIT_DEFAULT,
        "description": "More than 200 is served as 200."};
}

/// Fields that are times.
const TIMES: &[&str] = &[
    "timestamp",
    "server_time",
    "connected_at",
    "reported_at",
    "expires_at",
    "expiresAt",
    "estimated_completion",
];

/// What fields mean whose types do not say it themselves.
const MEANINGS: &[(&str, &str)] = &[
    ("client_id", "What the client calls itself; the session's name, if it did not say."),
    ("code", "For programs."),
    ("connections", "Open connections."),
    ("data", "What it says; any JSON."),
    ("details", "More, where there is more to say."),
    ("duplicate", "Whether it was published before, and so not again."),
    ("epoch", "Which incarnation of the log this is: offsets of different ones do not compare."),
    ("event", "What it is called."),
    ("events", "Oldest first."),
    ("expires_at", "When the token expires: RFC 3339; `null` for one that does not."),
    ("faults", "Everything that is wrong with what was sent."),
    ("has_more", "Whether the log goes on."),
    ("id", "The client's own where this answers a request, else `<type>_<UUID v7>`."),
    ("is_typing", "Whether they are typing now."),
    ("key", "Spelled as an event's name."),
    ("kicked", "So many connections were closed."),
    ("limit", "So many are allowed."),
    ("members", "Users, each once."),
    ("message", "For people."),
    ("next_after", "The `after` of the next younger page, where `after` was asked for."),
    ("next_before", "The `before` of the next older page."),
    ("offset", "A position in the room's log."),
    ("request_id", "The client's own id of what was refused."),
    ("result", "The answer."),
    ("retry_after", "Seconds after which it may work."),
    ("session_id", "A connection's name."),
    ("state", "Every key and its value."),
    ("subscribed", "What is subscribed to from now on."),
    ("subscriptions", "What is subscribed to."),
    ("timestamp", "When it was said: RFC 3339, UTC."),
    ("type", "Which message this is."),
    ("unsubscribed", "What is no longer subscribed to."),
    ("user_id", "Who: a `sub`."),
    ("users", "Users, each once."),
    ("author", "Who published it: a `sub`."),
    ("value", "Any JSON."),
    ("window", "In so long a time: `1m`."),
];

/// Adds to an object's fields what stands here of them.
pub(super) fn explain(schema: &mut Map<String, Value>) {
    let Some(Value::Object(fields)) = schema.get_mut("properties") else { return };
    for (name, schema) in fields {
        if *schema == Value::Bool(true) {
            *schema = Value::Object(Map::new());
        }
        let Value::Object(schema) = schema else { continue };
        if TIMES.contains(&name.as_str()) {
            schema.insert("format".into(), "date-time".into());
        }
        // A type that is referred to says itself what it is.
        let is_told = ["description", "$ref", "anyOf"].iter().any(|it| schema.contains_key(*it));
        let meaning = MEANINGS.iter().find(|(it, _)| it == name);
        if let Some((_, meaning)) = meaning.filter(|_| !is_told) {
            schema.insert("description".into(), (*meaning).into());
        }
    }
}

/// Leaves out what only readers of the code know: rules and lines of docs/PROTOCOL.md, where lines end, and
/// that what is missing is read as `null`.
pub(super) fn tidy(schema: &mut Map<String, Value>) {
    schema.retain(|name, it| name != "default" || !it.is_null());
    if let Some(Value::String(text)) = schema.get_mut("description") {
        *text = without_lines(text).replace('\n', " ");
    }
}

/// Without `(R5)`, `(A14 to A19)`.
fn without_lines(text: &str) -> String {
    let mut parts = text.split(" (");
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let is_line = |it: &str| {
            let mut letters = it.chars();
            letters.next().is_some_and(|it| it.is_ascii_uppercase())
                && letters.next().is_some_and(|it| it.is_ascii_digit())
        };
        match part.split_once(')') {
            Some((inside, after)) if is_line(inside) => kept.push_str(after),
            _ => {
                kept.push_str(" (");
                kept.push_str(part);
            }
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_and_lines_are_left_out_and_nothing_else() {
        assert_eq!(without_lines("A link (A14 to A19), here (R5)."), "A link, here.");
        assert_eq!(without_lines("Seconds (about) (B3"), "Seconds (about) (B3");
    }
}

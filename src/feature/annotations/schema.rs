//! Its frames and calls, as the API documents have them.

use std::collections::BTreeMap;

use schemars::{Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};

use super::Annotations;
use super::words::{InContext, InEvents, MarkedOut, ReadIn, ReadsOut};
use crate::feature::schema::{Calls, Described, Frames};
use crate::message::Offset;
use crate::schema::calls::{Answer, Call};
use crate::schema::frames::Envelope::{Entry, In, Out};
use crate::schema::frames::Field::{Is, Needs};
use crate::schema::frames::{Message, answer, request};
use crate::schema::shape::{input, output};

/// What is shown of a message or an event with it.
#[derive(Serialize, Deserialize, schemars::JsonSchema)]
#[schemars(rename = "Annotations")]
struct Added {
    /// Who changed it last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    edited: Option<Change>,
    /// Who deleted it: nothing is left of what it said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    deleted: Option<Change>,
    /// Who reacts to it, by key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reactions: Option<BTreeMap<String, Reacted>>,
    /// How many replies it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    replies: Option<u64>,
}

/// Who changed an entry.
#[derive(Serialize, Deserialize, schemars::JsonSchema)]
struct Change {
    /// When: RFC 3339.
    at: String,
    /// Who: a `sub`.
    user: String,
    /// The entry that says so.
    offset: Offset,
}

/// Who reacts with a key.
#[derive(Serialize, Deserialize, schemars::JsonSchema)]
struct Reacted {
    /// How many users.
    count: u64,
    /// The first of them, at most 10.
    users: Vec<String>,
    /// Whether who asks is one of them.
    me: bool,
}

/// Which message, by one of the two.
#[derive(Serialize, Deserialize, schemars::JsonSchema)]
struct DeleteMessageIn {
    /// Its offset.
    #[serde(default)]
    offset: Option<Offset>,
    /// Its id.
    #[serde(default)]
    id: Option<String>,
}

/// Which message, by one of the two, and what it is to say.
#[derive(Serialize, Deserialize, schemars::JsonSchema)]
struct EditMessageIn {
    /// Its offset.
    #[serde(default)]
    offset: Option<Offset>,
    /// Its id.
    #[serde(default)]
    id: Option<String>,
    /// Text; never interpreted.
    content: String,
}

/// Which message, by one of the two, and with what its reader reacts.
#[derive(Serialize, Deserialize, schemars::JsonSchema)]
struct ReactionIn {
    /// Its offset.
    #[serde(default)]
    offset: Option<Offset>,
    /// Its id.
    #[serde(default)]
    id: Option<String>,
    /// 1 to 64 bytes without control characters.
    key: String,
    /// Whether they do from now on; `true` if it is missing.
    #[serde(default)]
    on: Option<bool>,
}

macro_rules! about {
    ($(#[$about:meta])* $name:ident { $($(#[$what:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$about])*
        #[derive(Serialize, Deserialize, schemars::JsonSchema)]
        #[serde(rename_all = "camelCase")]
        struct $name {
            /// The message that it is about.
            message_id: String,
            /// Its offset.
            of: Offset,
            $($(#[$what])* $field: $type,)*
            /// Who did it, for showing.
            author: String,
            /// Who did it: a `sub`.
            author_id: String,
            /// When: RFC 3339.
            timestamp: String,
            /// The position of this itself.
            offset: Offset,
        }
    };
}

about! {
    /// A message says something else.
    EditMessage {
        /// Text; never interpreted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        content: Option<String>,
        /// What the content is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message_type: Option<String>,
        /// The data of an event that is no message, in place of those two.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        data: Option<serde_json::Value>,
    }
}

about! {
    /// Nothing is left of a message.
    DeleteMessage {}
}

about! {
    /// Somebody reacts to a message, or no longer does.
    Reaction {
        /// With what.
        key: String,
        /// Whether they do from now on.
        on: bool,
        /// How many users do, after it.
        count: u64,
    }
}

/// The data of `edit`.
#[derive(Serialize, Deserialize, schemars::JsonSchema)]
struct Edit {
    /// The entry that it is about.
    of: Offset,
    /// Its id.
    id: String,
    /// What stands in its place.
    data: serde_json::Value,
}

/// The data of `delete`.
#[derive(Serialize, Deserialize, schemars::JsonSchema)]
struct Delete {
    /// The entry that it is about.
    of: Offset,
    /// Its id.
    id: String,
}

/// The data of `reaction`.
#[derive(Serialize, Deserialize, schemars::JsonSchema)]
#[schemars(rename = "Reaction")]
struct ReactionEvent {
    /// The entry that it is about.
    of: Offset,
    /// Its id.
    id: String,
    /// With what somebody reacts.
    key: String,
    /// Whether they do from now on.
    on: bool,
    /// How many users do, after it.
    count: u64,
}

impl Described for Annotations {
    fn frames(protocol: &str) -> Frames {
        match protocol {
            "context" => (IN_CONTEXT, TO_CONTEXT),
            "events" => (IN_EVENTS, TO_EVENTS),
            _ => (&[], &[]),
        }
    }
    const CALLS: Calls = Calls {
        calls: &[Call {
            method: "get",
            path: "/api/v1/rooms/{kind}/{name}/reads",
            id: "readMarkers",
            tag: "rooms",
            summary: "How far everyone has read",
            about: "Takes the capability `presence`.",
            open: false,
            parameters: &["kind", "name"],
            body: None,
            answer: Answer::Json(
                "The last entry that each user has read.",
                output::<ReadsOut<'static>>,
                r#"{"reads":{"ann":42}}"#,
            ),
            problems: &[400, 401, 403, 404, 500, 503],
        }],
        parameters: &[],
    };
    fn added(generator: &mut SchemaGenerator) -> Option<Schema> {
        Some(generator.subschema_for::<Added>())
    }
}

const IN_CONTEXT: &[Message] = &[
    Message {
        name: "edit_message",
        about: "Say this instead. For who said it, or with the capability `admin`.",
        envelope: In,
        fields: &[Is("type", "edit_message"), Needs("data", input::<EditMessageIn>)],
        example: r#"{"type":"edit_message","id":"e1","data":{"offset":42,"content":"Hello, all!"}}"#,
    },
    Message {
        name: "delete_message",
        about: "Let nothing be left of this. For who said it, or with the capability `admin`.",
        envelope: In,
        fields: &[Is("type", "delete_message"), Needs("data", input::<DeleteMessageIn>)],
        example: r#"{"type":"delete_message","id":"d1","data":{"id":"message_018cc4e5-227b-7000-8000-000000000000"}}"#,
    },
    Message {
        name: "reaction",
        about: "I react to this, or no longer do.",
        envelope: In,
        fields: &[Is("type", "reaction"), Needs("data", input::<ReactionIn>)],
        example: r#"{"type":"reaction","id":"r1","data":{"offset":42,"key":"👍","on":true}}"#,
    },
    Message {
        name: "read",
        about: "I have read up to there.",
        envelope: In,
        fields: &[Is("type", "read"), Needs("data", input::<ReadIn>)],
        example: r#"{"type":"read","data":{"offset":42}}"#,
    },
    Message {
        name: "reads",
        about: "How far has everyone read?",
        envelope: In,
        fields: &[Is("type", "reads")],
        example: r#"{"type":"reads","id":"q1"}"#,
    },
];

const TO_CONTEXT: &[Message] = &[
    Message {
        name: "edit_message",
        about: "A message says something else.",
        envelope: Out,
        fields: &[Is("type", "edit_message"), Needs("data", output::<EditMessage>)],
        example: r#"{"type":"edit_message","id":"edit_message_018cc4e5-227b-7000-8000-000000000001","timestamp":"2024-01-01T12:00:00.123Z","data":{"messageId":"message_018cc4e5-227b-7000-8000-000000000000","of":42,"content":"Hello, all!","messageType":"text","author":"Ann","authorId":"ann","timestamp":"2024-01-01T12:00:00.123Z","offset":43}}"#,
    },
    Message {
        name: "delete_message",
        about: "Nothing is left of a message.",
        envelope: Out,
        fields: &[Is("type", "delete_message"), Needs("data", output::<DeleteMessage>)],
        example: r#"{"type":"delete_message","id":"delete_message_018cc4e5-227b-7000-8000-000000000001","timestamp":"2024-01-01T12:00:00.123Z","data":{"messageId":"message_018cc4e5-227b-7000-8000-000000000000","of":42,"author":"Ann","authorId":"ann","timestamp":"2024-01-01T12:00:00.123Z","offset":44}}"#,
    },
    Message {
        name: "reaction",
        about: "Somebody reacts to a message, or no longer does.",
        envelope: Out,
        fields: &[Is("type", "reaction"), Needs("data", output::<Reaction>)],
        example: r#"{"type":"reaction","id":"reaction_018cc4e5-227b-7000-8000-000000000001","timestamp":"2024-01-01T12:00:00.123Z","data":{"messageId":"message_018cc4e5-227b-7000-8000-000000000000","of":42,"key":"👍","on":true,"count":3,"author":"Bob","authorId":"bob","timestamp":"2024-01-01T12:00:00.123Z","offset":45}}"#,
    },
    Message {
        name: "read",
        about: "A user has read up to there: another one, or, as the answer to a request, the asker.",
        envelope: Out,
        fields: &[Is("type", "read"), Needs("data", output::<InContext<'static>>)],
        example: r#"{"type":"read","id":"read_018cc4e5-227b-7000-8000-000000000004","timestamp":"2024-01-01T12:00:00.123Z","data":{"userId":"ann","offset":42}}"#,
    },
    Message {
        name: "reads",
        about: "How far everyone has read.",
        envelope: Out,
        fields: &[Is("type", "reads"), Needs("data", output::<ReadsOut<'static>>)],
        example: r#"{"type":"reads","id":"q1","timestamp":"2024-01-01T12:00:00.123Z","data":{"reads":{"ann":42}}}"#,
    },
];

const IN_EVENTS: &[Message] = &[request(
    "query.reads",
    &[Is("type", "query"), Is("query", "reads")],
    "How far has everyone read?",
    r#"{"type":"query","id":"q6","query":"reads"}"#,
)];

const TO_EVENTS: &[Message] = &[
    Message {
        name: "event.edit",
        about: "An event says something else.",
        envelope: Entry,
        fields: &[Is("type", "event"), Is("event", "edit"), Needs("data", output::<Edit>)],
        example: r#"{"type":"event","event":"edit","id":"event_018cc4e5-227b-7000-8000-000000000001","timestamp":"2024-01-01T12:00:00.123Z","offset":43,"data":{"of":42,"id":"event_018cc4e5-227b-7000-8000-000000000000","data":{"agent":"a2"}}}"#,
    },
    Message {
        name: "event.delete",
        about: "Nothing is left of an event.",
        envelope: Entry,
        fields: &[Is("type", "event"), Is("event", "delete"), Needs("data", output::<Delete>)],
        example: r#"{"type":"event","event":"delete","id":"event_018cc4e5-227b-7000-8000-000000000001","timestamp":"2024-01-01T12:00:00.123Z","offset":44,"data":{"of":42,"id":"event_018cc4e5-227b-7000-8000-000000000000"}}"#,
    },
    Message {
        name: "event.reaction",
        about: "Somebody reacts to an event, or no longer does.",
        envelope: Entry,
        fields: &[
            Is("type", "event"),
            Is("event", "reaction"),
            Needs("data", output::<ReactionEvent>),
        ],
        example: r#"{"type":"event","event":"reaction","id":"event_018cc4e5-227b-7000-8000-000000000001","timestamp":"2024-01-01T12:00:00.123Z","offset":45,"data":{"of":42,"id":"event_018cc4e5-227b-7000-8000-000000000000","key":"👍","on":true,"count":3}}"#,
    },
    Message {
        name: "event.read",
        about: "Somebody has read up to there.",
        envelope: Out,
        fields: &[
            Is("type", "event"),
            Is("event", "read"),
            Needs("data", output::<InEvents<'static>>),
        ],
        example: r#"{"type":"event","event":"read","id":"event_018cc4e5-227b-7000-8000-000000000002","timestamp":"2024-01-01T12:00:00.123Z","data":{"user_id":"ann","offset":42}}"#,
    },
    answer(
        "response.read",
        &[Is("type", "response"), Needs("result", output::<MarkedOut>)],
        "The answer to the event `read`: where the marker stands.",
        r#"{"type":"response","id":"c4","timestamp":"2024-01-01T12:00:00.123Z","result":{"read":42}}"#,
    ),
    answer(
        "response.reads",
        &[Is("type", "response"), Needs("result", output::<ReadsOut<'static>>)],
        "The answer to the query `reads`.",
        r#"{"type":"response","id":"q6","timestamp":"2024-01-01T12:00:00.123Z","result":{"reads":{"ann":42}}}"#,
    ),
];

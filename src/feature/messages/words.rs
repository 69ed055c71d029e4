//! What people say in a chat room or to a responder.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::context;
use crate::feature::{Publishing, conversations};
use crate::message::{
    Body, EntryKind, EventName, Fault, Json, Kind, ProtocolError, Relation, text_fits,
};

/// Somebody spoke (B8, B11). Its data is stored as it is told.
pub const MESSAGE: EntryKind = EntryKind {
    name: "message",
    accept: |body, _| body,
    store: |body, _| body.data.as_str().into(),
    relates: Some(Relation::Replies),
    load: |data, _, user| {
        let data = Json::stored(data.to_owned())?;
        Some(Body { user, ..Body::new(MESSAGE, NAME, data) })
    },
    leaves_more: |_| false,
    text: |body| serde_json::from_str(MessageText::of(body)?.content.get()).ok(),
    is_folded: false,
    blank: |_| Some(Json::of(&Message { content: "", message_type: TEXT })),
    word: EntryKind::BY_NAME,
    spell: |entry, protocol| match protocol {
        "context" => context::Message::of(entry).map(|it| Json::of(&it)),
        "conversation history" => {
            MessageText::of(&entry.body).map(|it| conversations::asked(entry, it.content))
        }
        _ => None,
    },
};

const NAME: EventName = EventName::known("message");

/// What content is that is said to be nothing else.
const TEXT: &str = "text";

/// Longest `messageType`, in bytes: a name, not a payload.
const TYPE_BYTES_MAX: usize = 64;

#[derive(Serialize)]
struct Message<'a> {
    content: &'a str,
    #[serde(rename = "messageType")]
    message_type: &'a str,
}

/// The data of a message, read without unescaping it.
#[derive(Deserialize)]
pub struct MessageText<'a> {
    /// What was said, a JSON string.
    #[serde(borrow)]
    pub content: &'a RawValue,
    /// What the content is, a JSON string.
    #[serde(borrow, rename = "messageType")]
    pub message_type: &'a RawValue,
}

impl<'a> MessageText<'a> {
    /// The data of a body that is a message.
    #[must_use]
    pub fn of(body: &'a Body) -> Option<Self> {
        if body.kind == MESSAGE { serde_json::from_str(body.data.as_str()).ok() } else { None }
    }
}

/// Reads what somebody says: in a chat room, where others may not be meant alone.
pub(super) fn read(it: &Publishing) -> Option<Result<Body, ProtocolError>> {
    match (it.protocol, it.kind) {
        _ if it.name.as_str() != MESSAGE.name => None,
        ("context", _) => Some(context::read(it)),
        (Publishing::HTTP | "native", Kind::Chat) => Some(over_http(it)),
        _ => None,
    }
}

fn over_http(it: &Publishing) -> Result<Body, ProtocolError> {
    #[derive(Deserialize)]
    struct Said {
        content: String,
        #[serde(default, rename = "messageType")]
        message_type: Option<String>,
    }
    let fault = |field: &'static str, problem: &'static str| {
        let (field, problem) = (field.into(), problem.into());
        ProtocolError::faulty(vec![Fault { field, problem }])
    };
    let Said { content, message_type } = serde_json::from_str(it.data.as_str())
        .map_err(|_| fault("data", "must be an object with content, a string"))?;
    if it.user.is_some() {
        let problem = "must be missing: what is said in a chat room is for everyone";
        return Err(fault("user_id", problem));
    }
    Body::message(&content, message_type.or_else(|| type_before(it)).as_deref())
}

/// What the content is of which it takes the place: an edit that says nothing of that leaves it.
pub(super) fn type_before(it: &Publishing) -> Option<String> {
    let MessageText { message_type, .. } = MessageText::of(it.replaces.as_ref()?)?;
    serde_json::from_str(message_type.get()).ok()
}

impl Body {
    /// Something said; text unless it says otherwise. The content is never interpreted.
    pub fn message(content: &str, message_type: Option<&str>) -> Result<Self, ProtocolError> {
        text_fits(content)?;
        let message_type = message_type.unwrap_or(TEXT);
        if (1..=TYPE_BYTES_MAX).contains(&message_type.len()) {
            Ok(Self::new(MESSAGE, NAME, Json::of(&Message { content, message_type })))
        } else {
            Err(ProtocolError::invalid("messageType must have 1 to 64 bytes"))
        }
    }
}

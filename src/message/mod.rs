//! The vocabulary: everything a client can ask and everything a room can say,
//! in domain types. Not a wire format: spelling is `dialect`'s business.

mod address;
mod ascii;
mod command;
mod conversation;
mod editing;
mod event;
mod fields;
mod id;
mod invisible;
mod json;
mod metric;
mod name;
mod published;
mod readable;
mod refusal;
mod reply;
mod timestamp;
mod topic;
mod transfer;
pub mod workflow;

pub use address::{Network, address_key, networks};
pub use ascii::{ascii_len, to_ascii};
pub use command::{Before, Command, Dedupe, Kicked, PageRequest, Rate, Request};
pub use conversation::{ClientName, ConversationCommand, ConversationEvent, Ticket};
pub use editing::{Cursor, EditingCommand, EditingEvent, EditingState, Operation, Role, Version};
pub use event::{Event, Notice, Page};
pub use id::{ClientRef, Epoch, Kind, Offset, RoomName, SessionId, Stamp, UserId};
pub use json::{Json, json_len, starts_object, text_fits};
pub use metric::{Measure, Measures, Metric, MetricCommand, MetricEvent, Reading};
pub use name::{Name, stored_name, stored_names};
pub use published::{Lane, Published};
pub use readable::is_bearable;
pub use refusal::{Code, Details, Fault, Refusal};
pub use reply::{Accepted, Reply, StateItem, Stats, Status, Welcome};
pub use timestamp::Millis;
pub use topic::{EventName, StateKey, Topic};
pub use transfer::{Chunk, Digest, TransferCommand, TransferEvent};
use uuid::Uuid;

/// Somebody, as others may see them.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Member {
    /// The token's `sub`.
    #[serde(rename = "u")]
    pub id: UserId,
    /// For showing: the token's `name` without what nobody can see, else its `sub`.
    #[serde(rename = "n")]
    pub name: String,
}

impl Member {
    /// Longest name shown, in bytes; a longer one is cut.
    const NAME_BYTES_MAX: usize = 128;

    /// A user and the name they go by, without what nobody can see. If nothing is left of it,
    /// they go by their id.
    #[must_use]
    pub fn new(id: UserId, name: Option<&str>) -> Self {
        let name = name.and_then(invisible::visible).unwrap_or_else(|| id.0.clone());
        let end = name.floor_char_boundary(Self::NAME_BYTES_MAX);
        let name = name.get(..end).unwrap_or_default().to_owned();
        Self { id, name }
    }
}

/// One durable thing that happened in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its position.
    pub offset: Offset,
    /// When the room accepted it; never decreases from one entry to the next.
    pub at: Millis,
    /// Its name, minted by the room.
    pub id: Uuid,
    /// Who caused it.
    pub author: Member,
    /// The author's own name for it, by which a resend is recognised.
    pub client_ref: Option<ClientRef>,
    /// What happened.
    pub body: Body,
}

/// What an [`Entry`] says. A new durable event is a new variant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// Somebody spoke (B8, B11).
    Message {
        /// What was said, as text; never interpreted.
        content: String,
        /// What the content is; `text` unless the client says otherwise.
        message_type: String,
    },
    /// Somebody published an event (A14, A17, C8).
    Event(Published),
    /// A backend measured something (B16).
    Metric(Metric),
    /// The responder answered a message of a conversation (D11).
    Response {
        /// The `messageId` of what it answers.
        to: ClientRef,
        /// Where that stands in the log.
        of: Offset,
        /// What it said, as text; never interpreted.
        content: String,
    },
}

impl Body {
    /// Longest `messageType`, in bytes: a name, not a payload.
    const TYPE_BYTES_MAX: usize = 64;

    /// Something said in a chat room; text unless it says otherwise.
    pub fn message(content: String, message_type: Option<String>) -> Result<Self, Refusal> {
        text_fits(&content)?;
        let message_type = message_type.unwrap_or_else(|| "text".into());
        if (1..=Self::TYPE_BYTES_MAX).contains(&message_type.len()) {
            Ok(Self::Message { content, message_type })
        } else {
            Err(Refusal::invalid("messageType must have 1 to 64 bytes"))
        }
    }

    /// Whether users must not publish it (H2).
    #[must_use]
    pub fn is_protected(&self) -> bool {
        match self {
            Self::Message { .. } | Self::Response { .. } => false,
            Self::Event(published) => published.is_protected(),
            Self::Metric(_) => true,
        }
    }

    /// What subscriptions go by.
    #[must_use]
    pub fn topic(&self) -> &str {
        match self {
            Self::Message { .. } => "message",
            Self::Event(published) => published.name.as_str(),
            Self::Metric(_) => Metric::EVENT,
            Self::Response { .. } => "response",
        }
    }

    /// Whose sockets get it; everyone's if `None`.
    #[must_use]
    pub fn user(&self) -> Option<&UserId> {
        match self {
            Self::Message { .. } | Self::Response { .. } | Self::Metric(_) => None,
            Self::Event(published) => published.user.as_ref(),
        }
    }
}

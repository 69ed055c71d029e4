//! The vocabulary: everything a client can ask and everything a room can say,
//! in domain types. Not a wire format: spelling is `dialect`'s business.

mod id;
mod json;
mod published;
mod refusal;
mod reply;
mod timestamp;
mod topic;
pub mod workflow;

use std::rc::Rc;

pub use id::{ClientRef, Epoch, Kind, Offset, RoomName, SessionId, Stamp, UserId};
pub use json::{Json, is_bearable, starts_object};
pub use published::{Lane, Published};
pub use refusal::{Code, Details, Fault, Refusal};
pub use reply::{Accepted, Reply, StateItem, Stats, Status, Welcome};
pub use timestamp::Millis;
pub use topic::{EventName, Topic};
use uuid::Uuid;

/// Somebody, as others may see them.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Member {
    /// The token's `sub`.
    #[serde(rename = "u")]
    pub id: UserId,
    /// For showing: the token's `name`, else its `sub`.
    #[serde(rename = "n")]
    pub name: String,
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
}

impl Body {
    /// Longest `messageType`, in bytes: a name, not a payload.
    const TYPE_BYTES_MAX: usize = 64;

    /// Something said in a chat room; text unless it says otherwise.
    pub fn message(content: String, message_type: Option<String>) -> Result<Self, Refusal> {
        let message_type = message_type.unwrap_or_else(|| "text".into());
        if (1..=Self::TYPE_BYTES_MAX).contains(&message_type.len()) {
            Ok(Self::Message { content, message_type })
        } else {
            Err(Refusal::invalid("messageType must have 1 to 64 bytes"))
        }
    }

    /// Whether users must not publish it (SPEC §4).
    #[must_use]
    pub fn is_protected(&self) -> bool {
        matches!(self, Self::Event(published) if published.is_protected())
    }

    /// What subscriptions go by.
    #[must_use]
    pub fn topic(&self) -> &str {
        match self {
            Self::Message { .. } => "message",
            Self::Event(published) => published.name.as_str(),
        }
    }

    /// Whose sockets get it; everyone's if `None`.
    #[must_use]
    pub fn user(&self) -> Option<&UserId> {
        match self {
            Self::Message { .. } => None,
            Self::Event(published) => published.user.as_ref(),
        }
    }
}

/// A frame from a client, decoded. Decoding cannot fail as a whole: what could
/// not be read is a [`Refusal`] that still knows which request it answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// The client's own id for it, echoed in replies and used to recognise a resend.
    pub client_ref: Option<ClientRef>,
    /// What is asked.
    pub command: Result<Command, Refusal>,
}

/// What a client may ask of a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Are you there? (B30)
    Ping,
    /// I am here: the answer to the server's own ping (E9).
    Pong,
    /// Here is my token (B3). Answered by the edge, which holds the keys.
    Authenticate {
        /// A JWT, or `test` in development.
        token: String,
        /// The room it is for, where the URL does not say.
        context: Option<String>,
    },
    /// Say this to everyone and remember it (B8).
    Say(Body),
    /// Publish this: as `Say`, and tell the publisher where it went.
    Publish {
        /// What.
        body: Body,
        /// A session that does not hear it.
        exclude: Option<SessionId>,
    },
    /// Keep this value under this key, and say so; `null` drops the key.
    SetState {
        /// The key.
        key: EventName,
        /// The value.
        value: Json,
    },
    /// I am, or am no longer, typing (B9).
    Typing(bool),
    /// I want to hear of these (C6).
    Subscribe(Vec<Topic>),
    /// I no longer want to hear of these (C7).
    Unsubscribe(Vec<Topic>),
    /// What was said before? (B10)
    History(PageRequest),
    /// Who is here?
    Presence,
    /// What do I hear of?
    Subscriptions,
    /// What is kept under keys?
    State,
    /// How is the room?
    Stats,
    /// How is this connection? (E18)
    Status,
    /// Close these connections.
    Kick(Kicked),
    /// Close every connection and forget everything.
    Erase,
}

/// Whose connections are closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kicked {
    /// One connection.
    Session(SessionId),
    /// All of a user's.
    User(UserId),
}

/// Which part of the log to read: the newest of it, or the oldest after an offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// The upper end.
    pub before: Before,
    /// The exclusive lower end, if it is to be read upwards from there.
    pub after: Option<Offset>,
    /// At most this many entries, 1 to [`PageRequest::LIMIT_MAX`].
    pub limit: u32,
}

impl PageRequest {
    /// Longest page (SPEC §2: `limit` ≤ 200). A larger wish is served with this many.
    pub const LIMIT_MAX: u32 = 200;
    /// What a client gets that does not say; B10's own example.
    pub const LIMIT_DEFAULT: u32 = 50;
}

/// The exclusive upper end of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Before {
    /// From the newest entry on.
    Newest,
    /// Entries with a smaller offset.
    Offset(Offset),
    /// Entries accepted strictly earlier.
    Time(Millis),
}

/// A stretch of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Oldest first.
    pub entries: Vec<Rc<Entry>>,
    /// Whether the log goes on in the direction of reading.
    pub has_more: bool,
    /// Whether it was read upwards.
    pub upwards: bool,
    /// The newest offset of the log when the page was asked for.
    pub head: Offset,
    /// Which incarnation of the log this is.
    pub epoch: Epoch,
}

impl Page {
    /// The `before` of the next older page, if there is one.
    #[must_use]
    pub fn next_before(&self) -> Option<Offset> {
        let oldest = self.entries.first().map(|it| it.offset);
        oldest.filter(|_| self.has_more && !self.upwards)
    }

    /// The `after` of the next younger page, if there is one.
    #[must_use]
    pub fn next_after(&self) -> Option<Offset> {
        let newest = self.entries.last().map(|it| it.offset);
        newest.filter(|_| self.has_more && self.upwards)
    }
}

/// Something a room says, addressed by the effect that carries it.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// Its name, minted by the room.
    pub id: Uuid,
    /// The request it answers, in the client's own words.
    pub reply_to: Option<ClientRef>,
    /// The session it is for, where it is for one.
    pub session: Option<SessionId>,
    /// When it was said.
    pub at: Millis,
    /// What is said.
    pub event: Event,
}

/// What a room may say.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// You are in (C2, E7). Said in dialects that greet.
    Welcome(Box<Welcome>),
    /// Are you there? (E9)
    Ping,
    /// I am here (A13).
    Pong,
    /// An entry of the log: live, or again to the author of a resend.
    Entry(Rc<Entry>),
    /// Somebody started or stopped typing (B12).
    Typing {
        /// Who.
        user: UserId,
        /// Whether they are typing now.
        typing: bool,
    },
    /// A user came in (B13): once per user, not per socket.
    Joined(Member),
    /// A user's last socket has been gone for the grace period (B14).
    Left(Member),
    /// Who is here.
    Presence(Vec<Member>),
    /// A stretch of the log (B10).
    History(Page),
    /// The socket's token was replaced by a younger one.
    Renewed {
        /// Whose.
        user: UserId,
        /// When the new one expires; `None` for one that does not.
        expires_at: Option<Millis>,
    },
    /// The answer to a request that only its asker gets.
    Reply(Reply),
    /// No.
    Refused(Refusal),
}

impl Event {
    /// Whether it is worth nothing later: a socket that does not keep up goes without.
    #[must_use]
    pub fn is_ephemeral(&self) -> bool {
        matches!(self, Self::Typing { .. })
    }

    /// Which queue it waits in.
    #[must_use]
    pub fn lane(&self) -> Lane {
        match self {
            Self::Entry(entry) => match &entry.body {
                Body::Event(published) => published.lane,
                Body::Message { .. } => Lane::Normal,
            },
            Self::Welcome(_)
            | Self::Ping
            | Self::Pong
            | Self::Typing { .. }
            | Self::Joined(_)
            | Self::Left(_)
            | Self::Presence(_)
            | Self::History(_)
            | Self::Renewed { .. }
            | Self::Reply(_)
            | Self::Refused(_) => Lane::Normal,
        }
    }

    /// What subscriptions go by; `None` for what is said to those who asked.
    #[must_use]
    pub fn topic(&self) -> Option<&str> {
        match self {
            Self::Entry(entry) => Some(entry.body.topic()),
            Self::Typing { .. } => Some("typing"),
            Self::Joined(_) => Some("user_joined"),
            Self::Left(_) => Some("user_left"),
            Self::Welcome(_)
            | Self::Ping
            | Self::Pong
            | Self::Presence(_)
            | Self::History(_)
            | Self::Renewed { .. }
            | Self::Reply(_)
            | Self::Refused(_) => None,
        }
    }
}

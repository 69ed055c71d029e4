//! The vocabulary: everything a client can ask and everything a room can say,
//! in domain types. Not a wire format: spelling is `dialect`'s business.

mod id;
mod refusal;
mod timestamp;

use std::rc::Rc;

pub use id::{ClientRef, Epoch, Kind, Offset, RoomName, SessionId, Stamp, UserId};
pub use refusal::{Code, Refusal};
pub use timestamp::Millis;
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
    /// Here is my token (B3). Answered by the edge, which holds the keys.
    Authenticate {
        /// A JWT, or `test` in development.
        token: String,
        /// The room it is for, where the URL does not say.
        context: Option<String>,
    },
    /// Say this to everyone and remember it (B8).
    Say(Body),
    /// I am, or am no longer, typing (B9).
    Typing(bool),
    /// What was said before? (B10)
    History(PageRequest),
    /// Who is here?
    Presence,
}

/// Which part of the log to read, newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// Where to start.
    pub before: Before,
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
    /// Whether older entries than these are kept.
    pub has_more: bool,
    /// The newest offset of the log when the page was asked for.
    pub head: Offset,
    /// Which incarnation of the log this is.
    pub epoch: Epoch,
}

/// Something a room says, addressed by the effect that carries it.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// Its name, minted by the room.
    pub id: Uuid,
    /// The request it answers, in the client's own words.
    pub reply_to: Option<ClientRef>,
    /// When it was said.
    pub at: Millis,
    /// What is said.
    pub event: Event,
}

/// What a room may say.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
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
    /// No.
    Refused(Refusal),
}

impl Event {
    /// Whether it is worth nothing later: a socket that does not keep up goes without.
    #[must_use]
    pub fn is_ephemeral(&self) -> bool {
        matches!(self, Self::Typing { .. })
    }
}

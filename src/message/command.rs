use super::{
    Body, ClientRef, ConversationCommand, EditingCommand, Json, MetricCommand, Millis, Offset,
    Refusal, SessionId, StateKey, Topic, TransferCommand, UserId,
};

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
        /// The event, the message or the metric that is published.
        body: Body,
        /// A session that does not hear it.
        exclude: Option<SessionId>,
    },
    /// Keep this value under this key, and say so; `null` drops the key.
    SetState {
        /// The key.
        key: StateKey,
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
    /// Something about large data (A22).
    Transfer(TransferCommand),
    /// Something about metrics (B15).
    Metric(MetricCommand),
    /// Something about documents (B17 to B19).
    Editing(EditingCommand),
    /// Something in a conversation (D2, D10).
    Conversation(ConversationCommand),
}

/// How a request that has an id is recognised when it comes again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dedupe {
    /// It is carried out again, or recognised by whoever carries it out.
    No,
    /// By its author's id, in the log: the same again is answered, and not added again.
    Entry,
    /// The same, and what answers it is in the log too.
    Response,
}

impl Command {
    /// How it is recognised when it comes again.
    #[must_use]
    pub fn dedupe(&self) -> Dedupe {
        match self {
            Self::Say(_) | Self::Publish { .. } | Self::SetState { .. } => Dedupe::Entry,
            Self::Conversation(_) => Dedupe::Response,
            Self::Ping
            | Self::Pong
            | Self::Authenticate { .. }
            | Self::Typing(_)
            | Self::Subscribe(_)
            | Self::Unsubscribe(_)
            | Self::History(_)
            | Self::Presence
            | Self::Subscriptions
            | Self::State
            | Self::Stats
            | Self::Status
            | Self::Kick(_)
            | Self::Erase
            | Self::Transfer(_)
            | Self::Metric(_)
            | Self::Editing(_) => Dedupe::No,
        }
    }
}

/// Which of a connection's rates a frame counts against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rate {
    /// Messages (B27).
    Messages,
    /// Edits: a fast typist is no flood.
    Edits,
    /// Cursors, which accompany edits.
    Cursors,
    /// Chunks of large data.
    Chunks,
}

impl Request {
    /// Which rate it counts against. What could not be read is a message.
    #[must_use]
    pub fn rate(&self) -> Rate {
        if matches!(self.command, Ok(Command::Transfer(_))) {
            return Rate::Chunks;
        }
        if let Ok(Command::Editing(it)) = &self.command {
            return it.rate();
        }
        Rate::Messages
    }
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
    /// Longest page (P4). A larger wish is served with this many.
    pub const LIMIT_MAX: u32 = 200;
    /// What a client gets that does not say (B10).
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

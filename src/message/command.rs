use serde::{Deserialize, Serialize};

use super::{ConnectionId, Millis, Offset, ProtocolError, UserId};

/// How a request that has an id is recognised when it comes again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dedupe {
    /// It is carried out again, or recognised by whoever carries it out.
    No,
    /// By its author's id, in the log: the same again is answered, and not added again.
    Entry,
}

/// How a client learns that what it published is in the log. That goes by the protocol, whatever
/// is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acknowledgement {
    /// By the event itself, which carries the request's id.
    ByEvent,
    /// By an answer of its own.
    ByReply,
    /// Not at all: only what fails is answered.
    None,
}

/// Whose connections are closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kicked {
    /// One connection.
    Connection(ConnectionId),
    /// All of a user's.
    User(UserId),
}

/// Which connections are closed for their clients to come back, in waves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drain {
    /// Those that came no later than this.
    pub before: Millis,
    /// At most so many, those that came first.
    pub limit: u32,
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
    /// Whether entries that are folded into others are to stand by themselves, as in the log.
    pub raw: bool,
    /// What else bounds it.
    pub within: Within,
}

/// What bounds a page beside offsets, and its order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Within {
    /// Answers to this entry alone.
    pub of: Option<Offset>,
    /// Entries accepted later than this, read upwards.
    pub later_than: Option<Millis>,
    /// Whether the newest comes first.
    pub reverse: bool,
    /// Whether times that are shown with entries are milliseconds since 1970, and entries as in the
    /// log are marked where nothing is left of them.
    pub exact: bool,
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

impl Before {
    /// From here on a number in place of an offset is a time: it is in March 1973, and more than a
    /// log has entries.
    pub const TIME_MIN: u64 = 100_000_000_000;

    /// An offset, or a time in milliseconds since 1970.
    #[must_use]
    pub fn of(number: u64) -> Self {
        if number < Self::TIME_MIN {
            Self::Offset(Offset(number))
        } else {
            Self::Time(Millis(number))
        }
    }

    /// Reads one of those.
    pub fn numbered(json: &str) -> Result<Self, ProtocolError> {
        let wrong = "before must be an offset, or a time in milliseconds since 1970";
        json.parse().map(Self::of).map_err(|_| ProtocolError::invalid(wrong))
    }

    /// Reads an offset or a time; an offset in quotes is an offset.
    pub fn read(json: &str) -> Result<Self, ProtocolError> {
        let text: Option<String> = serde_json::from_str(json).ok();
        let text = text.as_deref().unwrap_or(json);
        let offset = text.parse().ok().map(|it| Self::Offset(Offset(it)));
        offset
            .or_else(|| Millis::parse(text).map(Self::Time))
            .ok_or(ProtocolError::invalid("before must be an RFC 3339 time or an offset"))
    }
}

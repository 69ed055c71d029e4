use serde::{Deserialize, Serialize};

use super::Problem;
use crate::directory::Listed;
use crate::feature::Tell;
use crate::kernel::{Event, Notice};
use crate::message::{Accepted, Completed, Json, Member, Offset, Page, ProtocolError, Reply};
use crate::protocol::spell::Past;

/// What a room's object answers to the Worker.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// JSON for the caller.
    Done(Json),
    /// Why it was not done: told as `application/problem+json`.
    Refused(ProtocolError),
}

impl Answer {
    /// How a notice for a caller is spelled.
    #[must_use]
    pub fn of(notice: &Notice) -> Self {
        match &notice.event {
            Event::Refused(error) => Self::Refused(error.clone()),
            Event::Reply(Reply::Accepted(accepted)) => Self::json(&Outcome::of(accepted)),
            Event::Reply(Reply::Kicked(kicked)) => Self::json(&Kicked { kicked: *kicked }),
            Event::Reply(Reply::Drained { kicked, left }) => {
                Self::json(&Drained { kicked: *kicked, left: *left })
            }
            Event::Reply(Reply::Erased) => Self::Done(Json::null()),
            Event::History(page) => Self::json(&History::of(page)),
            Event::Presence(members) => {
                Self::json(&Presence { members: members.iter().map(Who::of).collect() })
            }
            Event::Feature(it) => {
                it.answer().map_or_else(|| Self::Refused(ProtocolError::system()), Self::Done)
            }
            // No call asks for these.
            Event::Welcome(_)
            | Event::Position(_)
            | Event::Said(_)
            | Event::Closing(_)
            | Event::Reauth(_)
            | Event::Detached(_)
            | Event::Ping
            | Event::Pong
            | Event::Entry(_)
            | Event::Joined(_)
            | Event::Left(_)
            | Event::Seen(_)
            | Event::Renewed { .. }
            | Event::Reply(_) => Self::Refused(ProtocolError::system()),
        }
    }

    /// How long it is.
    #[must_use]
    pub fn bytes(&self) -> usize {
        match self {
            Self::Done(json) => json.as_str().len(),
            Self::Refused(error) => error.message.len(),
        }
    }

    fn json(value: &impl Serialize) -> Self {
        Self::Done(Json::of(value))
    }
}

/// Where a published event went.
#[derive(Debug, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Outcome<'a> {
    /// Its name, minted by the room; missing for a resend of what the log no longer keeps.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// Its position in the room's log.
    offset: Offset,
    /// Which incarnation of the log that is.
    epoch: &'a str,
    /// Whether it was published before, and so not again.
    duplicate: bool,
}

impl<'a> Outcome<'a> {
    fn of(Accepted { id, offset, epoch, duplicate }: &'a Accepted) -> Self {
        let id = id.map(|it| format!("event_{it}"));
        Self { id, offset: *offset, epoch: &epoch.0, duplicate: *duplicate }
    }
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct Kicked {
    /// So many connections were closed.
    kicked: u64,
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct Drained {
    /// So many connections were closed.
    kicked: u64,
    /// So many of those that were meant are left.
    left: u64,
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct Presence<'a> {
    /// Users, each once.
    members: Vec<Who<'a>>,
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
struct Who<'a> {
    /// The token's `sub`.
    user_id: &'a str,
    /// For showing.
    username: &'a str,
}

impl<'a> Who<'a> {
    fn of(member: &'a Member) -> Self {
        Self { user_id: &member.id.0, username: &member.name }
    }
}

/// A stretch of the log, oldest first.
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct History<'a> {
    /// Oldest first.
    events: Vec<Completed<'a, Past<'a>>>,
    /// Whether the log goes on.
    has_more: bool,
    /// The `before` of the next older page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_before: Option<Offset>,
    /// The `after` of the next younger page, where `after` was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_after: Option<Offset>,
    /// Where the log stands.
    offset: Offset,
    /// Which incarnation of the log this is.
    epoch: &'a str,
}

impl<'a> History<'a> {
    fn of(page: &'a Page) -> Self {
        Self {
            events: page.completed(|it| Some(Past::of(it))),
            has_more: page.has_more,
            next_before: page.next_before(),
            next_after: page.next_after(),
            offset: page.head,
            epoch: &page.epoch.0,
        }
    }
}

/// What became of each event of a batch, in its order.
#[derive(Serialize)]
pub struct Batch {
    /// Where it went, or why it did not.
    pub results: Vec<Json>,
}

impl Batch {
    /// The body of the answer.
    #[must_use]
    pub fn of(answers: Vec<Answer>) -> Self {
        let result = |answer| match answer {
            Answer::Done(json) => json,
            Answer::Refused(error) => Json::of(&serde_json::json!({"error": Problem::of(&error)})),
        };
        Self { results: answers.into_iter().map(result).collect() }
    }
}

/// A page of the rooms there are.
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Rooms {
    /// In the order of their addresses.
    rooms: Vec<RoomOut>,
    /// The `cursor` of the next page; missing on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
struct RoomOut {
    /// The address, as `kind:name`.
    room: String,
    /// Open connections, as of the last report.
    connections: u64,
    /// When that was: RFC 3339.
    reported_at: String,
}

impl Rooms {
    /// The body of the answer.
    #[must_use]
    pub fn of(rooms: Vec<Listed>, cursor: Option<String>) -> Self {
        let room = |Listed { room, connections, reported_at }| RoomOut {
            room,
            connections,
            reported_at: reported_at.to_rfc3339(),
        };
        Self { rooms: rooms.into_iter().map(room).collect(), cursor }
    }
}

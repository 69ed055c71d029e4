use serde::Serialize;

use crate::feature::{Spelled, Tell};
use crate::kernel::{Event, Notice};
use crate::message::{
    Accepted, Code, Completed, Entry, Json, Millis, NotResumed, Offset, Page, ProtocolError,
    Relation, Reply, RequestId, Stats, Topic, Welcome,
};
use crate::protocol::spell::{ErrorDetails, Id, User};
use crate::protocol::{Frame, json};

pub(super) fn encode(notice: &Notice) -> Option<Frame> {
    let at = notice.at.to_rfc3339();
    Some(match &notice.event {
        Event::Welcome(welcome) => json::frame(&Established::of(at, welcome)),
        Event::Pong => json::frame(&Pong { kind: "pong", id: theirs(notice), timestamp: at }),
        Event::Entry(entry) => json::frame(&Happened::of(notice, entry, at)),
        Event::Joined(member) => {
            json::frame(&Told::of(notice, "user_joined", User::of(member), at))
        }
        Event::Left(member) => json::frame(&Told::of(notice, "user_left", User::of(member), at)),
        Event::Presence(members) => {
            let members = members.iter().map(User::of).collect();
            response(notice, at, Members { members })
        }
        Event::History(page) => response(notice, at, History::of(page)),
        Event::Renewed { user, expires_at, .. } => {
            let expires_at = expires_at.map(Millis::to_rfc3339);
            response(notice, at, Renewed { user_id: &user.0, expires_at })
        }
        Event::Reply(reply) => self::reply(notice, at, reply)?,
        Event::Refused(error) => json::frame(&Error::of(notice, error, at)),
        Event::Feature(it) => {
            let Spelled { word, data, .. } = it.spell("events")?;
            // What nobody can subscribe to is an answer.
            match it.topic() {
                None => response(notice, at, data),
                Some(_) => json::frame(&Told::of(notice, word, data, at)),
            }
        }
        Event::Ping
        | Event::Position(_)
        | Event::Seen(_)
        | Event::Said(_)
        | Event::Closing(_)
        | Event::Reauth(_)
        | Event::Detached(_) => return None,
    })
}

fn theirs(notice: &Notice) -> Option<&str> {
    notice.reply_to.as_ref().map(RequestId::as_str)
}

fn reply(notice: &Notice, at: String, reply: &Reply) -> Option<Frame> {
    Some(match reply {
        Reply::Accepted(accepted) => response(notice, at, AcceptedOut::of(accepted)),
        Reply::Subscribed(subscribed) => response(notice, at, Subscribed { subscribed }),
        Reply::Unsubscribed(unsubscribed, _) => response(notice, at, Unsubscribed { unsubscribed }),
        Reply::Subscriptions(subscriptions) => {
            let subscriptions = subscriptions.as_deref().unwrap_or_default();
            response(notice, at, Subscriptions { subscriptions })
        }
        Reply::Stats(stats) => response(notice, at, StatsOut::of(stats)),
        Reply::Kicked(kicked) => response(notice, at, KickedOut { kicked: *kicked }),
        // Nothing it can say asks for these.
        Reply::Status(_)
        | Reply::Members(_)
        | Reply::Erased
        | Reply::Drained { .. }
        | Reply::Attached(_)
        | Reply::Detached
        | Reply::Said
        | Reply::Position(..) => return None,
    })
}

/// The first frame (C2).
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct Established<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    client_id: String,
    session_id: String,
    user_id: &'a str,
    offset: Offset,
    epoch: &'a str,
    /// Whether it goes on from the position that it asked for, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    recovered: Option<bool>,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<NotResumed>,
    timestamp: String,
}

impl<'a> Established<'a> {
    fn of(timestamp: String, welcome: &'a Welcome) -> Self {
        let session_id = welcome.connection.to_string();
        Self {
            kind: "connection_established",
            client_id: welcome.client.clone().unwrap_or_else(|| session_id.clone()),
            session_id,
            user_id: &welcome.user.0,
            offset: welcome.offset,
            epoch: &welcome.epoch.0,
            recovered: welcome.attached.recovered(),
            reason: welcome.attached.reason,
            timestamp,
        }
    }
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct Pong<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    timestamp: String,
}

/// An entry of the log: `event` for those who subscribed, `broadcast` for everyone (C8).
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct Happened<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<&'a str>,
    id: Id<'a>,
    timestamp: String,
    offset: Offset,
    /// The entry in whose thread it was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    of: Option<Offset>,
    data: &'a Json,
}

impl<'a> Happened<'a> {
    fn of(notice: &'a Notice, entry: &'a Entry, timestamp: String) -> Self {
        let (topic, is_broadcast) = (entry.body.name.as_str(), entry.body.is_broadcast());
        let kind = if is_broadcast { "broadcast" } else { "event" };
        Self {
            kind,
            event: (!is_broadcast).then_some(topic),
            id: Id::Ours(kind, notice.id),
            timestamp,
            offset: entry.offset,
            of: entry.body.target(Relation::Replies),
            data: &entry.body.data,
        }
    }
}

/// What is told and not kept.
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct Told<'a, D> {
    #[serde(rename = "type")]
    kind: &'static str,
    event: &'static str,
    id: Id<'a>,
    timestamp: String,
    data: D,
}

impl<D> Told<'_, D> {
    fn of(notice: &Notice, event: &'static str, data: D, timestamp: String) -> Self {
        Self { kind: "event", event, id: Id::Ours("event", notice.id), timestamp, data }
    }
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct Response<'a, R> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    timestamp: String,
    result: R,
}

fn response(notice: &Notice, timestamp: String, result: impl Serialize) -> Frame {
    json::frame(&Response { kind: "response", id: theirs(notice), timestamp, result })
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct Members<'a> {
    members: Vec<User<'a>>,
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct Renewed<'a> {
    user_id: &'a str,
    expires_at: Option<String>,
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct AcceptedOut<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Id<'a>>,
    offset: Offset,
    epoch: &'a str,
    duplicate: bool,
}

impl<'a> AcceptedOut<'a> {
    fn of(accepted: &'a Accepted) -> Self {
        Self {
            id: accepted.id.map(|it| Id::Ours("event", it)),
            offset: accepted.offset,
            epoch: &accepted.epoch.0,
            duplicate: accepted.duplicate,
        }
    }
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct Subscribed<'a> {
    subscribed: &'a [Topic],
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct Unsubscribed<'a> {
    unsubscribed: &'a [Topic],
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct Subscriptions<'a> {
    subscriptions: &'a [Topic],
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct StatsOut<'a> {
    connections: u64,
    users: u64,
    offset: Offset,
    epoch: &'a str,
}

impl<'a> StatsOut<'a> {
    fn of(stats: &'a Stats) -> Self {
        let Stats { connections, users, offset, epoch } = stats;
        Self { connections: *connections, users: *users, offset: *offset, epoch: &epoch.0 }
    }
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct KickedOut {
    kicked: u64,
}

/// A stretch of the log, oldest first.
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct History<'a> {
    events: Vec<Completed<'a, Past<'a>>>,
    has_more: bool,
    /// The `before` of the next older page, or the `after` of the next younger one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_before: Option<Offset>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_after: Option<Offset>,
    offset: Offset,
    epoch: &'a str,
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct Past<'a> {
    event: &'a str,
    id: Id<'a>,
    timestamp: String,
    offset: Offset,
    author: &'a str,
    /// The entry in whose thread it was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    of: Option<Offset>,
    data: &'a Json,
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

impl<'a> Past<'a> {
    fn of(entry: &'a Entry) -> Self {
        Self {
            event: entry.body.name.as_str(),
            id: Id::Ours("event", entry.id),
            timestamp: entry.at.to_rfc3339(),
            offset: entry.offset,
            author: &entry.author.id.0,
            of: entry.body.target(Relation::Replies),
            data: &entry.body.data,
        }
    }
}

/// `{type, id?, timestamp, code, message, details?}` (C18).
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct Error<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    timestamp: String,
    code: Code,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<ErrorDetails<'a>>,
}

impl<'a> Error<'a> {
    fn of(notice: &'a Notice, error: &'a ProtocolError, timestamp: String) -> Self {
        let details = ErrorDetails::of(error);
        let (code, message) = (error.code, &*error.message);
        Self { kind: "error", id: theirs(notice), timestamp, code, message, details }
    }
}

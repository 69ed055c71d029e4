//! What the server says.

#[cfg(not(target_arch = "wasm32"))]
use std::collections::BTreeMap;

use serde::Serialize;

use crate::close::{Closing, Detached, Reconnect};
use crate::feature::{Spelled, Tell};
use crate::kernel::{Event, Notice};
use crate::message::{
    Accepted, Code, Json, Millis, Offset, ProtocolError, Reply, RequestId, Topic,
};
use crate::protocol::spell::ErrorDetails;
use crate::protocol::{Channel, Frame, json};

use super::DESCRIPTOR;
use super::entries::{EntryOut, History};
use super::hello::{AttachedOut, Hello, address};
use super::presence::{self, PresenceOut};

pub(super) fn encode(notice: &Notice, channel: &Channel<'_>) -> Option<Frame> {
    Some(match &notice.event {
        Event::Entry(entry) | Event::Said(entry) => json::frame(&EntryOut::event(entry)),
        Event::Position(offset) => json::frame(&PositionOut { kind: "position", offset: *offset }),
        Event::Welcome(it) => json::frame(&Hello::of(notice, it, channel)),
        Event::Pong if notice.reply_to.is_none() => Frame::Text(json::PING_PAIR.1.to_owned()),
        Event::Pong => ack(notice, Nothing {})?,
        Event::Refused(error) => json::frame(&Error::of(notice, error)),
        Event::Closing(it) => json::frame(&ClosingOut::of(it)),
        Event::History(page) => ack(notice, History::of(page))?,
        Event::Seen(it) => presence::event(notice, it),
        Event::Renewed { user, expires_at, grants } => {
            ack(notice, Renewed::of(&user.0, *expires_at, grants, channel))?
        }
        Event::Reauth(within_ms) => json::frame(&Reauth { kind: "reauth", within_ms: *within_ms }),
        Event::Detached(it) => json::frame(&DetachedOut::of(it)),
        Event::Reply(reply) => self::reply(notice, channel, reply)?,
        Event::Feature(it) => {
            let said = it.spell(DESCRIPTOR.name)?;
            // What has no name of its own is nothing but the answer to a request.
            if said.word.is_empty() || notice.reply_to.is_some() {
                ack(notice, Answered { result: said.data })?
            } else {
                json::frame(&Told::of(notice.at, said))
            }
        }
        // Who is here is told in words of its own; and nobody is pinged.
        Event::Joined(_) | Event::Left(_) | Event::Presence(_) | Event::Ping => return None,
    })
}

fn reply(notice: &Notice, channel: &Channel<'_>, reply: &Reply) -> Option<Frame> {
    match reply {
        Reply::Accepted(Accepted { offset, epoch, duplicate, .. }) => {
            ack(notice, AcceptedOut { offset: *offset, epoch: &epoch.0, duplicate: *duplicate })
        }
        Reply::Said | Reply::Detached => ack(notice, Nothing {}),
        Reply::Attached(it) => ack(notice, AttachedOut::of(it, channel)),
        Reply::Subscribed(all) => ack(notice, Subscribed { subscribed: Some(all) }),
        Reply::Unsubscribed(_, left) => ack(notice, Subscribed { subscribed: left.as_deref() }),
        Reply::Subscriptions(all) => {
            ack(notice, Answered { result: Subscribed { subscribed: all.as_deref() } })
        }
        Reply::Stats(it) => {
            let (connections, users) = (it.connections, it.users);
            let stats = StatsOut { connections, users, offset: it.offset, epoch: &it.epoch.0 };
            ack(notice, Answered { result: stats })
        }
        Reply::Position(epoch, offset) => {
            ack(notice, Answered { result: Place { epoch: &epoch.0, offset: *offset } })
        }
        Reply::Members(it) => ack(notice, PresenceOut::all(it)),
        Reply::Kicked(kicked) => ack(notice, Answered { result: KickedOut { kicked: *kicked } }),
        // Nothing it can say asks for these.
        Reply::Status(_) | Reply::Drained { .. } | Reply::Erased => None,
    }
}

/// The answer to a request, for one that has an id.
fn ack(notice: &Notice, fields: impl Serialize) -> Option<Frame> {
    let id = notice.reply_to.as_ref().map(RequestId::as_str)?;
    // As text, so that no type is written beside others for each of them.
    let fields = Json::of(&fields);
    let text = Json::of(&Ack { kind: "ack", id }).joined(&fields);
    Some(Frame::Text(text.as_str().to_owned()))
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct Ack<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    /// The request's.
    id: &'a str,
}

#[derive(Serialize)]
struct Nothing {}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct PositionOut {
    #[serde(rename = "type")]
    kind: &'static str,
    /// Everything up to here has been told.
    offset: Offset,
}

/// What a feature says that is not in the log.
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "FeatureTold"))]
pub(crate) struct Told {
    #[serde(rename = "type")]
    kind: &'static str,
    event: &'static str,
    /// When, in milliseconds since 1970.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "u64"))]
    at: Millis,
    /// Who did it: a `sub`.
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    /// What they are called, where that is something else.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// `base64`: a part of the data is bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding: Option<&'static str>,
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "serde_json::Value"))]
    data: Json,
}

impl Told {
    fn of(at: Millis, Spelled { word, data, by, is_base64 }: Spelled) -> Self {
        let (user, name) = by.map(|it| (it.id.0, it.name)).unzip();
        let name = name.filter(|it| Some(it) != user.as_ref());
        let encoding = is_base64.then_some("base64");
        Self { kind: "event", event: word, at, user, name, encoding, data }
    }
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct AcceptedOut<'a> {
    /// Where it is in the log.
    offset: Offset,
    epoch: &'a str,
    /// Whether it was said before, and so not again.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    duplicate: bool,
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct Subscribed<'a> {
    /// All filters in force; `null` for everything.
    subscribed: Option<&'a [Topic]>,
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct Answered<R> {
    result: R,
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct StatsOut<'a> {
    connections: u64,
    users: u64,
    offset: Offset,
    epoch: &'a str,
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct Place<'a> {
    epoch: &'a str,
    /// Everything for everyone up to here has been told.
    offset: Offset,
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct KickedOut {
    kicked: u64,
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct Renewed<'a> {
    user_id: &'a str,
    /// In milliseconds since 1970.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Option<u64>"))]
    expires_at: Option<Millis>,
    /// What this user may do in each room, by its address.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "BTreeMap<String, Vec<String>>"))]
    grants: Json,
}

impl<'a> Renewed<'a> {
    fn of(
        user_id: &'a str,
        expires_at: Option<Millis>,
        grants: &[&'static str],
        channel: &Channel<'_>,
    ) -> Self {
        // One room: an address needs no escapes.
        let grants = format!("{{\"{}\":{}}}", address(channel), Json::of(&grants).as_str());
        Self { user_id, expires_at, grants: Json::parse(grants).unwrap_or_else(|_| Json::null()) }
    }
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct Reauth {
    #[serde(rename = "type")]
    kind: &'static str,
    /// After so long without another token the socket is closed.
    within_ms: u64,
}

/// The end of an attachment.
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct DetachedOut<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    code: Code,
    /// For people.
    message: &'a str,
    /// Whether to attach again, with `resume`.
    reattach: bool,
    /// After a random part of this.
    #[serde(skip_serializing_if = "Option::is_none")]
    after_ms: Option<u64>,
}

impl<'a> DetachedOut<'a> {
    fn of(Detached { error, reattach }: &'a Detached) -> Self {
        let (reattach, after_ms) = (reattach.is_some(), reattach.filter(|it| *it != 0));
        Self { kind: "detached", code: error.code, message: &error.message, reattach, after_ms }
    }
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct Error<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    code: Code,
    /// For people.
    message: &'a str,
    /// Whether the same may work later, with the same id.
    retryable: bool,
    /// Seconds to wait before.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<ErrorDetails<'a>>,
}

impl<'a> Error<'a> {
    fn of(notice: &'a Notice, error: &'a ProtocolError) -> Self {
        let retryable = matches!(
            error.code,
            Code::RateLimitExceeded
                | Code::ConnectionLimit
                | Code::ConnectionTimeout
                | Code::Unavailable
                | Code::SystemError
        );
        Self {
            kind: "error",
            id: notice.reply_to.as_ref().map(RequestId::as_str),
            code: error.code,
            message: &error.message,
            retryable,
            retry_after: error.retry_after,
            details: ErrorDetails::of(error),
        }
    }
}

/// The last message.
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct ClosingOut {
    #[serde(rename = "type")]
    kind: &'static str,
    /// The code with which the socket is closed.
    code: u16,
    /// Why, in a word.
    reason: &'static str,
    /// `now`, `after`, `auth` or `never`.
    reconnect: &'static str,
    /// When to come back.
    #[serde(skip_serializing_if = "Option::is_none")]
    after_ms: Option<u64>,
}

impl ClosingOut {
    fn of(it: &Closing) -> Self {
        let reconnect = match it.reconnect {
            Reconnect::Now => "now",
            Reconnect::After => "after",
            Reconnect::Auth => "auth",
            Reconnect::Never => "never",
        };
        let (code, reason) = (it.code.number(), it.reason);
        Self { kind: "closing", code, reason, reconnect, after_ms: it.after_ms }
    }
}

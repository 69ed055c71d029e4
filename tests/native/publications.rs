//! What tests publish.

use dormouse::feature::Publishing;
use dormouse::kernel::{Command, Publication};
use dormouse::message::{Acknowledgement, Body, EventName, Json, Kind, UserId};
use dormouse::protocol::publication;

/// What the context dialect makes of it.
pub(crate) fn said(body: Body) -> Command {
    Command::Publish(Publication::new(body, Acknowledgement::ByEvent))
}

/// An event for one user's connections.
pub(crate) fn for_user(user: &str, number: u64) -> Body {
    let (name, data) = (EventName::parse("note").unwrap(), Json::parse(number.to_string()));
    published(name, data.unwrap(), Some(UserId(user.into())))
}

/// What the API makes of an event.
pub(crate) fn published(name: EventName, data: Json, user: Option<UserId>) -> Body {
    let (protocol, kind) = (Publishing::HTTP, Kind::Hub);
    publication(Publishing { protocol, kind, name, data, user }).unwrap()
}

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
#[expect(clippy::needless_pass_by_value, reason = "what it publishes is made for it")]
pub(crate) fn published(name: EventName, data: Json, user: Option<UserId>) -> Body {
    let (protocol, kind, user) = (Publishing::HTTP, Kind::Hub, user.as_ref());
    publication(&Publishing { protocol, kind, name: &name, data: &data, user }).unwrap()
}

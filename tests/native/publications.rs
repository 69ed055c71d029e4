//! What tests publish.

use dormouse::api::{Task, read_event};
use dormouse::feature::Publishing;
use dormouse::kernel::{Command, Publication, Request};
use dormouse::limits::DATA_BYTES_MAX;
use dormouse::message::{Acknowledgement, Body, EventName, Json, Kind, UserId};
use dormouse::protocol::publication;
use serde_json::Value;

/// What the context protocol makes of it.
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
    let asked = Publishing::new(Publishing::HTTP, Kind::Hub, name, data);
    publication(Publishing { user, ..asked }).unwrap()
}

/// What a room's object is sent of a call.
pub(crate) fn sent(task: &Task) -> Task {
    serde_json::from_str(&serde_json::to_string(task).unwrap()).unwrap()
}

/// What a backend's event comes to, once the Worker has read it and the object was sent it.
pub(crate) fn called(kind: Kind, event: &Value) -> Request {
    match read_event(&event.to_string(), kind, DATA_BYTES_MAX) {
        Ok(event) => sent(&Task::Publish(vec![event])).requests(kind).remove(0),
        Err(error) => Request { request_id: None, command: Err(error) },
    }
}

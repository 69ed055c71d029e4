use std::fmt;

use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use super::Sent;
use crate::feature;
use crate::kernel::{Allowed, Command, Grants, Request, Things};
use crate::message::{
    Before, ConnectionId, Drain, Json, Kicked, Kind, Member, Millis, Offset, PageRequest,
    Revocation, RoomName, UserId, Within,
};

/// What the Worker sends to a room's object on behalf of a caller.
#[derive(Debug, Serialize, Deserialize)]
pub struct RoomRequest {
    /// The room, which the object compares with its own name.
    pub room: RoomName,
    /// Who calls.
    pub member: Member,
    /// What they may do there.
    pub grants: Grants,
    /// What else with single things, and what not.
    #[serde(default, skip_serializing_if = "Things::is_empty")]
    pub things: Things,
    /// What they want.
    pub task: Task,
}

/// What a caller wants of a room.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self", rename_all = "snake_case")]
pub enum Task {
    /// Publish these, in their order.
    Publish(Vec<Sent>),
    /// Read the log.
    History {
        /// The exclusive upper end by offset.
        before: Option<Offset>,
        /// The exclusive upper end by time.
        before_time: Option<Millis>,
        /// The exclusive lower end.
        after: Option<Offset>,
        /// At most so many.
        limit: u32,
        /// Whether folded entries stand by themselves.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        raw: bool,
    },
    /// Who is there?
    Presence,
    /// Close one connection.
    KickSession(ConnectionId),
    /// Close all of a user's.
    KickUser(UserId),
    /// Close some of those that came by a time.
    Drain(Drain),
    /// Close the connections that these mean.
    Revoke(Vec<Revocation>),
    /// Forget everything.
    Erase,
    /// Something that a feature serves, to callers or to another room.
    #[serde(skip)]
    Feature(feature::Task),
}

/// A feature's is spelled as the others are.
impl Serialize for Task {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Self::Feature(it) = self {
            return it.serialize(serializer);
        }
        Self::serialize(self, serializer)
    }
}

/// Events are read as they come by; all else is short, and looked at by who may know it.
impl<'de> Deserialize<'de> for Task {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Spelled;
        impl<'de> Visitor<'de> for Spelled {
            type Value = Task;
            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a task")
            }
            fn visit_str<E: Error>(self, word: &str) -> Result<Task, E> {
                Task::read(Json::of(&word).as_str()).map_err(E::custom)
            }
            fn visit_map<A: MapAccess<'de>>(self, mut pairs: A) -> Result<Task, A::Error> {
                match pairs.next_key::<String>()? {
                    Some(word) if word == "publish" => pairs.next_value().map(Task::Publish),
                    Some(word) => {
                        let (word, what) = (Json::of(&word), pairs.next_value::<&RawValue>()?);
                        let task = format!("{{{}:{}}}", word.as_str(), what.get());
                        Task::read(&task).map_err(A::Error::custom)
                    }
                    None => Err(A::Error::custom("no task")),
                }
            }
        }
        deserializer.deserialize_any(Spelled)
    }
}

impl RoomRequest {
    /// Somebody who may do this wants this.
    #[must_use]
    pub fn new(
        room: RoomName,
        member: Member,
        Allowed { grants, things }: Allowed,
        task: Task,
    ) -> Self {
        Self { room, member, grants, things, task }
    }

    /// One room asks another of its name: as the platform, whom nothing is granted.
    #[must_use]
    pub fn between_rooms(room: RoomName, task: Task) -> Self {
        let name = "dormouse".to_owned();
        let member = Member { id: UserId(name.clone()), name };
        Self::new(room, member, Allowed::default(), task)
    }
}

impl Task {
    /// Reads one that no events come with.
    fn read(json: &str) -> serde_json::Result<Self> {
        match feature::Task::read(json) {
            Some(task) => Ok(Self::Feature(task)),
            None => Self::deserialize(&mut serde_json::Deserializer::from_str(json)),
        }
    }

    /// The task of reading a page.
    #[must_use]
    pub fn history(PageRequest { before, after, limit, raw, .. }: PageRequest) -> Self {
        let (before, before_time) = match before {
            Before::Newest => (None, None),
            Before::Offset(offset) => (Some(offset), None),
            Before::Time(at) => (None, Some(at)),
        };
        Self::History { before, before_time, after, limit, raw }
    }

    /// The requests it is to a room of this kind.
    #[must_use]
    pub fn requests(self, kind: Kind) -> Vec<Request> {
        let command = match self {
            Self::Publish(events) => {
                return events.into_iter().map(|it| it.request(kind)).collect();
            }
            Self::History { before, before_time, after, limit, raw } => {
                let before = before.map(Before::Offset).or(before_time.map(Before::Time));
                let before = before.unwrap_or(Before::Newest);
                Command::History(PageRequest {
                    before,
                    after,
                    limit,
                    raw,
                    within: Within::default(),
                })
            }
            Self::Presence => Command::Presence,
            Self::KickSession(connection) => Command::Kick(Kicked::Connection(connection)),
            Self::KickUser(user) => Command::Kick(Kicked::User(user)),
            Self::Drain(it) => Command::Drain(it),
            Self::Revoke(all) => Command::Revoke(all),
            Self::Erase => Command::Erase,
            Self::Feature(it) => Command::Feature(it.into()),
        };
        vec![Request { request_id: None, command: Ok(command) }]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_room_is_asked_is_spelled_as_in_the_version_before() {
        for literal in [
            r#""presence""#,
            r#"{"kick_user":"ann"}"#,
            r#"{"drain":{"before":1,"limit":50}}"#,
            r#"{"revoke":[{"user":"ann"},{"token":7},{"user":"b","issued_before":1,"joined_by":2}]}"#,
            r#"{"ban":{"user":"ann","seconds":60,"reason":null}}"#,
            r#"{"lift_ban":"ann"}"#,
            r#"{"list_bans":[null,50]}"#,
            r#"{"delete_state":"topic"}"#,
            r#"{"delete_document":"notes"}"#,
            r#"{"delete_object":"plan.1"}"#,
            r#""observe""#,
            r#"{"measures":{"at":1,"engagement":2,"activity":3,"performance":null}}"#,
            r#"{"publish":[{"type":"x","data":{"a": 1},"user_id":"ann","entry":"event"}]}"#,
        ] {
            let task: Task = serde_json::from_str(literal).unwrap();
            assert_eq!(serde_json::to_string(&task).unwrap(), literal);
        }
        for wrong in [
            r#""feature""#,
            r#"{"observe":1}"#,
            r#"{"delete_document":".."}"#,
            "7",
            "{}",
            "null",
            r#"{"publish":7}"#,
            r#"{"publish":[],"erase":0}"#,
            r#"{"publish":[{"type":"x"}]"#,
        ] {
            assert!(serde_json::from_str::<Task>(wrong).is_err(), "{wrong}");
        }
    }
}

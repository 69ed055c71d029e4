use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use super::EventIn;
use crate::feature;
use crate::kernel::{Command, Grants, Request};
use crate::message::{
    Before, ConnectionId, Kicked, Kind, Member, Millis, Offset, PageRequest, RoomName, UserId,
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
    /// What they want.
    pub task: Task,
}

/// What a caller wants of a room.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self", rename_all = "snake_case")]
pub enum Task {
    /// Publish these, in their order.
    Publish(Vec<EventIn>),
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
    },
    /// Who is there?
    Presence,
    /// Close one connection.
    KickSession(ConnectionId),
    /// Close all of a user's.
    KickUser(UserId),
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

impl<'de> Deserialize<'de> for Task {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = <&RawValue>::deserialize(deserializer)?.get();
        match feature::Task::read(json) {
            Some(task) => Ok(Self::Feature(task)),
            None => Self::deserialize(&mut serde_json::Deserializer::from_str(json))
                .map_err(D::Error::custom),
        }
    }
}

impl RoomRequest {
    /// One room asks another of its name: as the platform, whom nothing is granted.
    #[must_use]
    pub fn between_rooms(room: RoomName, task: Task) -> Self {
        let name = "dormouse".to_owned();
        let member = Member { id: UserId(name.clone()), name };
        Self { room, member, grants: Grants::default(), task }
    }
}

impl Task {
    /// The task of reading a page.
    #[must_use]
    pub fn history(PageRequest { before, after, limit }: PageRequest) -> Self {
        let (before, before_time) = match before {
            Before::Newest => (None, None),
            Before::Offset(offset) => (Some(offset), None),
            Before::Time(at) => (None, Some(at)),
        };
        Self::History { before, before_time, after, limit }
    }

    /// The requests it is to a room of this kind.
    #[must_use]
    pub fn requests(&self, kind: Kind) -> Vec<Request> {
        let one = |command| vec![Request { request_id: None, command: Ok(command) }];
        match self {
            Self::Publish(events) => events.iter().map(|it| it.request(kind)).collect(),
            Self::History { before, before_time, after, limit } => {
                let before = before.map(Before::Offset).or(before_time.map(Before::Time));
                let before = before.unwrap_or(Before::Newest);
                one(Command::History(PageRequest { before, after: *after, limit: *limit }))
            }
            Self::Presence => one(Command::Presence),
            Self::KickSession(session) => one(Command::Kick(Kicked::Connection(*session))),
            Self::KickUser(user) => one(Command::Kick(Kicked::User(user.clone()))),
            Self::Erase => one(Command::Erase),
            Self::Feature(it) => one(Command::Feature(it.clone().into())),
        }
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
            r#"{"delete_state":"topic"}"#,
            r#"{"delete_document":"notes"}"#,
            r#"{"delete_object":"plan.1"}"#,
            r#""observe""#,
            r#"{"measures":{"at":1,"engagement":2,"activity":3,"performance":null}}"#,
        ] {
            let task: Task = serde_json::from_str(literal).unwrap();
            assert_eq!(serde_json::to_string(&task).unwrap(), literal);
        }
        for wrong in [r#""feature""#, r#"{"observe":1}"#, r#"{"delete_document":".."}"#, "7"] {
            assert!(serde_json::from_str::<Task>(wrong).is_err(), "{wrong}");
        }
    }
}

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::feature::{self, Ask, Publishing};
use crate::kernel::{Command, Publication, Request};
use crate::message::{
    Acknowledgement, Body, ConnectionId, EntryKind, EventName, Json, Kind, Priority, RequestId,
    Target, UserId,
};
use crate::protocol::publication;

/// An event that the Worker has read, on its way to its room. The room's object, which only the
/// Worker reaches, makes of it what was read: no name, size or data is checked again.
///
/// An object and a Worker may be of two versions while one is rolled out, so this is spelled as a
/// caller spells an event, and what is read from that stands beside it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sent {
    #[serde(rename = "type", deserialize_with = "EventName::trusted")]
    name: EventName,
    #[serde(default = "Json::null")]
    data: Json,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<RequestId>,
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "user_id")]
    user: Option<UserId>,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "connection")]
    exclude: Option<ConnectionId>,
    /// The entry that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    of: Option<Target>,
    /// How the log stores it. `None` from a Worker of the version before, which did not say so, or
    /// of the next, which knows more kinds: then it is read as if it came from the caller.
    #[serde(default, with = "entry")]
    entry: Option<EntryKind>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_critical: bool,
}

impl Sent {
    /// What was read. Its channel is not sent: a body whose channel is not that of its name gets it
    /// when the room accepts it.
    pub(super) fn new(id: Option<RequestId>, body: Body, exclude: Option<ConnectionId>) -> Self {
        let Body { kind, name, data, user, priority, relates_to, .. } = body;
        let of = relates_to.map(|(_, of)| of);
        let is_critical = priority == Priority::Critical;
        Self { name, data, id, user, exclude, of, entry: Some(kind), is_critical }
    }

    /// What is asked of a feature, and is no entry of the log. It is read again by the room.
    pub(super) fn asked(id: Option<RequestId>, name: EventName, data: Json) -> Self {
        let (user, exclude, of, entry, is_critical) = (None, None, None, None, false);
        Self { name, data, id, user, exclude, of, entry, is_critical }
    }

    /// The request it is to a room of this kind.
    #[must_use]
    pub fn request(self, kind: Kind) -> Request {
        let Self { name, data, id, user, exclude, of, entry, is_critical } = self;
        if entry.is_none() && kind.properties().serves_events {
            let asked =
                feature::Command::read(Publishing::HTTP, name.as_str(), Some(data.as_raw()));
            if let Some(asked) = asked {
                return Request { request_id: id, command: asked.map(Command::Feature) };
            }
        }
        let priority = if is_critical { Priority::Critical } else { Priority::Normal };
        let body = if let Some(entry) = entry {
            let relates_to = entry.relates.zip(of);
            Ok(Body { user, priority, relates_to, ..Body::new(entry, name, data) })
        } else {
            let asked = Publishing::new(Publishing::HTTP, kind, name, data);
            publication(Publishing { user, of, ..asked })
        };
        let publish = |body| {
            let publication = Publication::new(body, Acknowledgement::ByReply);
            Command::Publish(Publication { exclude, ..publication })
        };
        Request { request_id: id, command: body.map(publish) }
    }
}

/// A connection by the name that clients know it by.
mod connection {
    use super::{ConnectionId, Deserialize, Deserializer, Error, Serializer};

    #[expect(clippy::ref_option, reason = "serde gives the field")]
    pub(super) fn serialize<S: Serializer>(
        connection: &Option<ConnectionId>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match connection {
            Some(connection) => serializer.collect_str(connection),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<ConnectionId>, D::Error> {
        let connection = ConnectionId::parse(&String::deserialize(deserializer)?);
        connection.map(Some).ok_or_else(|| D::Error::custom("no session"))
    }
}

/// A kind of entry by the name under which it is stored.
mod entry {
    use super::{Deserialize, Deserializer, EntryKind, Serialize, Serializer, feature};

    #[expect(clippy::ref_option, reason = "serde gives the field")]
    pub(super) fn serialize<S: Serializer>(
        kind: &Option<EntryKind>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        kind.map(|it| it.name).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<EntryKind>, D::Error> {
        let name = Option::<String>::deserialize(deserializer)?;
        Ok(name.and_then(|it| feature::entry_kind(&it)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::read_event;
    use crate::message::Millis;

    const NOTIFICATION: &str = r#"{"type":"notification","id":"n1","data":{
        "notification_id":"1","user_id":"ann","title":"t","message":"m",
        "category":"system_alert","priority":"critical"}}"#;

    const IN_THREAD: &str = r#"{"type":"message","data":{"content":"hi"},"of":"message_018cc4e5-227b-7000-8000-000000000000"}"#;

    fn publication(request: Request) -> (Option<RequestId>, Publication) {
        match request.command {
            Ok(Command::Publish(it)) => (request.request_id, it),
            other => panic!("{other:?}"),
        }
    }

    fn again(sent: &Sent) -> Sent {
        serde_json::from_str(&serde_json::to_string(sent).unwrap()).unwrap()
    }

    #[test]
    fn a_room_gets_what_the_worker_read() {
        let metric = r#"{"type":"metric_update","data":{"metric":"a","value":1.50}}"#;
        let addressed = r#"{"type":"x","user_id":"ann","exclude":"session_00000000000007"}"#;
        for (kind, text, stored) in [
            (Kind::Hub, r#"{"type":"agent.x","data": [1, "\u00e4"] }"#, "event"),
            (Kind::Hub, addressed, "event"),
            (Kind::Hub, r#"{"type":"x","of":7}"#, "event"),
            (Kind::Chat, IN_THREAD, "message"),
            (Kind::Hub, NOTIFICATION, "event"),
            (Kind::Chat, r#"{"type":"message","data":{"content":"hi"}}"#, "message"),
            (Kind::Analytics, metric, "metric"),
            (Kind::Hub, metric, "event"),
        ] {
            let read = read_event(text, kind, 1000).unwrap();
            let sent = again(&read);
            assert_eq!(sent, read, "{text}");
            assert_eq!(sent.entry.map(|it| it.name), Some(stored), "{text}");
            // As a Worker and an object of the version before understand it.
            let unread = Sent { entry: None, is_critical: false, ..read.clone() };
            assert_eq!(read_event(&serde_json::to_string(&sent).unwrap(), kind, 1000), Ok(read));
            let accepted = |sent: Sent| {
                let (id, Publication { body, exclude, .. }) = publication(sent.request(kind));
                (id, body.accepted(Millis(9)), exclude)
            };
            assert_eq!(accepted(sent), accepted(again(&unread)), "{text}");
        }
        let (id, it) =
            publication(read_event(NOTIFICATION, Kind::Hub, 1000).unwrap().request(Kind::Hub));
        assert_eq!(id.unwrap().as_str(), "n1");
        assert_eq!(
            (it.body.user.unwrap().0.as_str(), it.body.priority),
            ("ann", Priority::Critical)
        );
    }

    #[test]
    fn what_no_worker_sends_is_not_taken_for_an_event() {
        for wrong in [
            "7",
            "{}",
            r#"{"type":7}"#,
            r#"{"type":"x","exclude":"y"}"#,
            r#"{"type":"x","id":""}"#,
            r#"{"type":"x","entry":7}"#,
        ] {
            assert!(serde_json::from_str::<Sent>(wrong).is_err(), "{wrong}");
        }
        // A kind that only a later version knows is read by this one's rules.
        let later = r#"{"type":"ping","entry":"poll"}"#;
        let later: Sent = serde_json::from_str(later).unwrap();
        assert!(later.request(Kind::Hub).command.is_err());
    }
}

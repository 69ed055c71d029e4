//! Who hears what: those who subscribed to it and may know of it.

use super::{Audience, Room, Session, Turn};
use crate::message::{Event, Notice, SessionId};

impl Room {
    /// Those who hear of a topic, all but one, if they are such.
    pub(super) fn hearers(
        &self,
        topic: &str,
        except: Option<SessionId>,
        is_such: impl Fn(&Session) -> bool,
    ) -> Audience {
        let hears = |it: &&Session| is_such(it) && it.hears(topic);
        if self.sessions.values().all(|it| hears(&it)) {
            return except.map_or(Audience::Everyone, Audience::Except);
        }
        let others = self.sessions.values().filter(|it| Some(it.id) != except && hears(it));
        Audience::Only(others.map(|it| it.id).collect())
    }
}

impl Turn {
    /// Tells those who hear of it.
    pub(super) fn announce(
        &mut self,
        room: &Room,
        except: Option<SessionId>,
        is_such: impl Fn(&Session) -> bool,
        event: Event,
    ) {
        let to = room.hearers(event.topic().unwrap_or_default(), except, is_such);
        let (id, at) = (self.stamp.mint(), self.stamp.at);
        self.tell_notice(to, Notice { id, reply_to: None, session: None, at, event });
    }
}

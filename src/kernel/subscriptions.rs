//! Who hears what: one index from channels to connections. A channel is a name space and a name
//! in it (the event `agent.started`, the metric `load`, the document `notes`). Not stored: made
//! anew from what each connection's connection says.

use std::collections::{BTreeMap, BTreeSet};

use super::{Act, Connection, Context, Flag, Recipients, Room};
use crate::kernel::{Event, Notice};
use crate::message::{BROADCAST, Body, ConnectionId, EventName, Space, UserId};

type Connections = BTreeSet<ConnectionId>;

/// The index. A pattern is a name, or with `*` at its end all names that begin like it.
#[derive(Debug, Default)]
pub(crate) struct Subscriptions {
    /// Those that hear nothing.
    deaf: Connections,
    /// Those that hear every event.
    everything: Connections,
    /// Those that may not learn who is here.
    blind: Connections,
    /// Those that hear each entry of the log by its name, whatever its channel is.
    following: Connections,
    exact: BTreeMap<(Space, String), Connections>,
    /// By the length of what stands before the star, so that a name is looked up once for each
    /// length in use.
    prefixes: BTreeMap<usize, BTreeMap<(Space, String), Connections>>,
}

impl Subscriptions {
    /// A connection hears what its connection says; nothing while it is behind, or detached.
    pub(crate) fn enter(&mut self, connection: &Connection) {
        if !connection.is_live() {
            self.deaf.insert(connection.id);
            // What the log has not, it cannot be told later.
            if connection.own.hears_apart() {
                connection.own.channels(&mut |space, it| self.add(connection.id, space, it));
            }
            return;
        }
        if connection.flags.has(Flag::Following) {
            self.following.insert(connection.id);
        }
        if connection.topics.is_none() {
            self.everything.insert(connection.id);
        }
        if !connection.may_see() {
            self.blind.insert(connection.id);
        }
        channels(connection, &mut |space, pattern| self.add(connection.id, space, pattern));
    }

    /// A connection hears nothing any more.
    pub(crate) fn leave(&mut self, connection: &Connection) {
        self.deaf.remove(&connection.id);
        self.everything.remove(&connection.id);
        self.blind.remove(&connection.id);
        self.following.remove(&connection.id);
        channels(connection, &mut |space, pattern| self.remove(connection.id, space, pattern));
    }

    fn add(&mut self, id: ConnectionId, space: Space, pattern: &str) {
        let channels = match pattern.strip_suffix('*') {
            None => self.exact.entry((space, pattern.to_owned())),
            Some(prefix) => {
                self.prefixes.entry(prefix.len()).or_default().entry((space, prefix.to_owned()))
            }
        };
        channels.or_default().insert(id);
    }

    fn remove(&mut self, id: ConnectionId, space: Space, pattern: &str) {
        match pattern.strip_suffix('*') {
            None => forget(&mut self.exact, id, space, pattern),
            Some(prefix) => {
                let Some(channels) = self.prefixes.get_mut(&prefix.len()) else { return };
                forget(channels, id, space, prefix);
                if channels.is_empty() {
                    self.prefixes.remove(&prefix.len());
                }
            }
        }
    }

    /// Those that subscribed to a channel, by its name or by a pattern.
    pub(crate) fn of(&self, space: Space, name: &str) -> Connections {
        let key = (space, name.to_owned());
        let mut all = self.exact.get(&key).cloned().unwrap_or_default();
        for (length, channels) in &self.prefixes {
            let prefix = name.get(..*length).map(|it| (space, it.to_owned()));
            all.extend(prefix.and_then(|it| channels.get(&it)).into_iter().flatten());
        }
        all
    }
}

fn forget(
    channels: &mut BTreeMap<(Space, String), Connections>,
    id: ConnectionId,
    space: Space,
    name: &str,
) {
    let key = (space, name.to_owned());
    let Some(connections) = channels.get_mut(&key) else { return };
    connections.remove(&id);
    if connections.is_empty() {
        channels.remove(&key);
    }
}

/// All that a connection subscribed to.
fn channels(connection: &Connection, each: &mut dyn FnMut(Space, &str)) {
    for topic in connection.topics.iter().flatten() {
        each(Space::EVENTS, topic.as_str());
    }
    connection.own.channels(each);
}

impl Room {
    /// Changes what a connection is subscribed to. All of it is done here, so that the index
    /// never says anything else than the connections.
    pub(crate) fn resubscribe<T>(
        &mut self,
        id: ConnectionId,
        change: impl FnOnce(&mut Connection) -> T,
    ) -> Option<T> {
        let connection = self.connections.get_mut(&id)?;
        self.subscriptions.leave(connection);
        let changed = change(connection);
        self.subscriptions.enter(connection);
        Some(changed)
    }

    /// Those that hear an event of this name, all but one.
    pub(crate) fn hearers(&self, name: &str, except: Option<ConnectionId>) -> Recipients {
        let everything = &self.subscriptions.everything;
        let is_broadcast = name == BROADCAST;
        if (is_broadcast && self.subscriptions.deaf.is_empty())
            || everything.len() == self.connections.len()
        {
            return except.map_or(Recipients::Everyone, Recipients::Except);
        }
        if is_broadcast {
            return self.hearers_such(name, except, |_| true);
        }
        let mut hearers = self.subscriptions.of(Space::EVENTS, name);
        hearers.extend(everything);
        self.recipients(hearers, except)
    }

    /// The same, of those who are such.
    pub(crate) fn hearers_such(
        &self,
        name: &str,
        except: Option<ConnectionId>,
        is_such: impl Fn(&Connection) -> bool,
    ) -> Recipients {
        let such = self.connections.values().filter(|it| it.hears(name) && is_such(it));
        self.recipients(such.map(|it| it.id), except)
    }

    /// Those of one user's that hear this entry, all but one.
    pub(crate) fn hearers_of(
        &self,
        user: &UserId,
        body: &Body,
        except: Option<ConnectionId>,
    ) -> Recipients {
        let own = self.users.get(user).into_iter().flatten().filter_map(|it| self.connection(*it));
        let hearers = own.filter(|it| it.is_live() && it.wants_entry(body, None));
        self.recipients(hearers.map(|it| it.id), except)
    }

    /// Those that hear this entry, which goes by this channel to who follows the log, all but one.
    pub(crate) fn hearers_about(
        &self,
        body: &Body,
        channel: &EventName,
        except: Option<ConnectionId>,
    ) -> Recipients {
        let all = self.connections.values();
        let hearers = all.filter(|it| it.is_live() && it.wants_entry(body, Some(channel)));
        self.recipients(hearers.map(|it| it.id), except)
    }

    /// Whether anybody hears an entry that is about another one by what that is called (N20).
    #[must_use]
    pub fn goes_by_channels(&self) -> bool {
        self.subscriptions.everything.len() < self.connections.len()
            && self.followers().any(Connection::goes_by_channels)
    }

    /// Those that hear an entry of this name which has a channel of its own, all but one.
    pub(crate) fn hearers_on(
        &self,
        (space, channel): (Space, &str),
        name: &str,
        except: Option<ConnectionId>,
    ) -> Recipients {
        let mut hearers = self.subscriptions.of(space, channel);
        hearers.retain(|it| !self.subscriptions.following.contains(it));
        hearers.extend(self.followers().filter(|it| it.hears(name)).map(|it| it.id));
        // A token that replaced another one may allow less.
        hearers
            .retain(|it| self.connection(*it).is_some_and(|it| it.may(Act::Hear, space, channel)));
        self.recipients(hearers, except)
    }

    /// The connections that follow the log and are not behind.
    pub(crate) fn followers(&self) -> impl Iterator<Item = &Connection> {
        self.subscriptions.following.iter().filter_map(|it| self.connection(*it))
    }

    /// Whether anybody keeps a list of who is here, or will again.
    pub(crate) fn keeps_lists(&self) -> bool {
        !self.subscriptions.following.is_empty() || !self.subscriptions.deaf.is_empty()
    }

    /// The connections that hear nothing for now.
    pub(crate) fn deaf(&self) -> Vec<ConnectionId> {
        self.subscriptions.deaf.iter().copied().collect()
    }

    /// The connections that are subscribed to a channel.
    pub(crate) fn subscribers(
        &self,
        space: Space,
        name: &str,
    ) -> impl Iterator<Item = &Connection> {
        self.subscriptions.of(space, name).into_iter().filter_map(|it| self.connection(it))
    }

    /// These, all but one. Nobody is named where everyone is meant.
    pub(crate) fn recipients(
        &self,
        connections: impl IntoIterator<Item = ConnectionId>,
        except: Option<ConnectionId>,
    ) -> Recipients {
        let mut all: Vec<ConnectionId> = connections.into_iter().collect();
        if all.len() == self.connections.len() {
            return except.map_or(Recipients::Everyone, Recipients::Except);
        }
        all.retain(|it| Some(*it) != except);
        Recipients::Only(all)
    }

    /// Tells those who hear of it and may learn who is here. Where there are many, those who follow
    /// the room are told how many.
    pub(crate) fn announce(&self, cx: &mut Context, except: Option<ConnectionId>, event: Event) {
        let name = event.topic().unwrap_or_default();
        let to = match self.occupancy {
            None => self.seers(name, except),
            Some(_) => self.hearers_such(name, except, |it| it.may_see() && !it.can_fall_behind()),
        };
        cx.tell_all(to, event);
    }

    /// Tells those of them who follow the room what the protocols of others have no word for.
    pub(crate) fn tell_followers(
        &self,
        cx: &mut Context,
        except: Option<ConnectionId>,
        event: Event,
    ) {
        if !self.subscriptions.following.is_empty() {
            let to = self.seers(event.topic().unwrap_or_default(), except);
            cx.tell_all(to, event);
        }
    }

    fn seers(&self, name: &str, except: Option<ConnectionId>) -> Recipients {
        if self.subscriptions.blind.is_empty() {
            self.hearers(name, except)
        } else {
            self.hearers_such(name, except, Connection::may_see)
        }
    }
}

impl Context {
    /// Tells something that answers nobody's request.
    pub(crate) fn tell_all(&mut self, to: Recipients, event: Event) {
        if to != Recipients::Only(Vec::new()) {
            let (id, at) = (self.clock.new_id(), self.clock.at);
            self.tell_notice(to, Notice { id, reply_to: None, connection: None, at, event });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Grants;
    use crate::message::{Member, Millis, Name, Topic};

    fn connection(number: u64, topics: &[&str], metrics: &[&str]) -> Connection {
        let member = Member::new(UserId(format!("user {number}")), None);
        let id = ConnectionId::from_bits(number << 11);
        let topics = topics.iter().map(|it| Topic::parse(*it).unwrap()).collect();
        let metrics = metrics.iter().map(|it| Name::parse(*it).unwrap()).collect();
        let connection = Connection::new(id, member, Grants::default(), None, Millis(0));
        let mut connection = Connection { topics: Some(topics), ..connection };
        connection.own.metrics.heard = metrics;
        connection
    }

    #[test]
    fn c28_the_index_says_what_each_subscription_says() {
        let mut index = Subscriptions::default();
        let connections = [
            connection(1, &["a.b"], &["a.b"]),
            connection(2, &["a.*"], &[]),
            connection(3, &["*", "a.b"], &["load"]),
            connection(4, &["a.b*", "a.*", "c"], &[]),
            connection(5, &[], &["load"]),
        ];
        for connection in &connections {
            index.enter(connection);
        }
        for name in ["a", "a.", "a.b", "a.bc", "b", "c", "load", ""] {
            let heard = connections.iter().filter(|it| it.hears(name)).map(|it| it.id).collect();
            assert_eq!(index.of(Space::EVENTS, name), heard, "{name}");
        }
        let watchers: Vec<_> = index.of(Space::METRICS, "load").into_iter().collect();
        assert_eq!(watchers, [connections[2].id, connections[4].id]);
        assert!(index.of(Space::DOCUMENTS, "a.b").is_empty(), "each name space by itself");
        for connection in &connections {
            index.leave(connection);
        }
        assert!(index.exact.is_empty() && index.prefixes.is_empty() && index.blind.is_empty());
    }
}

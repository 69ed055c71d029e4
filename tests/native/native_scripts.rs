//! Scripts of what may happen to clients of the native protocol, which resume and say again what was
//! not answered, as docs/PROTOCOL.md tells them to: nothing is missed, nothing comes twice, and each
//! request is answered once.

use std::collections::{BTreeMap, BTreeSet};

use dormouse::host::WINDOW_BYTES;
use dormouse::kernel::{Connection, Flag, Flags};
use dormouse::limits::{FETCH_MS, Limits};
use dormouse::message::{Kind, Topic};
use dormouse::protocol::{Frame, ProtocolId, Wire, msgpack};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{TestCaseError, TestRunner};
use serde_json::{Value, json};

use crate::behind::{at, backlog, limits};
use crate::native_happens::{Ask, CLIENTS, Happens, NAMES, Said, happens};
use crate::support::{Seen, a_users, connection, session_id, speaking};
use crate::world::World;

/// A client: its connection, while it has one, and what it knows.
#[derive(Default)]
struct Client {
    number: Option<u64>,
    /// How much of what that connection saw it has read.
    read: usize,
    /// How often each id was said on that connection, less its answers.
    open: BTreeMap<String, i32>,
    /// It attaches, and so lets events go until the answer.
    attaches: Option<(String, Option<u64>)>,
    epoch: String,
    position: u64,
    /// Offsets of this attachment only rise.
    last: u64,
    /// Where it began anew, and what it was handed since.
    base: u64,
    handed: Vec<u64>,
    /// Offsets that an acknowledgement gave it, of what it wished no copy of.
    own: BTreeSet<u64>,
    /// What is not answered, by id: kept or not, and the message.
    unanswered: BTreeMap<String, (bool, Value)>,
    resumed: u32,
    duplicates: u32,
    started_anew: u32,
    detached: u32,
}

/// An entry of the log: its name, for whom.
type Logged = (String, Option<String>);

struct Play {
    world: World,
    clients: Vec<Client>,
    log: BTreeMap<u64, Logged>,
    kept: usize,
    next: u64,
    next_id: u64,
}

impl Play {
    fn new() -> Self {
        let world = World::of(Kind::Hub, Limits { history_entries_max: 20, ..limits() });
        let clients = CLIENTS.map(|_| Client::default()).into();
        Self { world, clients, log: BTreeMap::new(), kept: 0, next: 10, next_id: 0 }
    }

    fn id(&mut self) -> String {
        self.next_id += 1;
        format!("id-{}", self.next_id)
    }

    fn send(&mut self, who: usize, messages: &[Value]) {
        let client = &mut self.clients[who];
        let Some(number) = client.number else { return };
        for it in messages {
            *client.open.entry(it["id"].as_str().unwrap().to_owned()).or_default() += 1;
        }
        let text = match messages {
            [one] => one.to_string(),
            all => json!(all).to_string(),
        };
        let frame = if CLIENTS[who].2 {
            Frame::Binary(msgpack::from_json(&text).unwrap())
        } else {
            Frame::Text(text)
        };
        self.world.receives(number, &frame, crate::world::nobody);
    }

    fn join(&mut self, who: usize, reads: bool) {
        if self.clients[who].number.is_some() {
            return;
        }
        let (user, filter, packed, batched) = CLIENTS[who];
        let number = self.next;
        self.next += 1;
        let client = &mut self.clients[who];
        (client.number, client.read) = (Some(number), 0);
        (client.open, client.attaches) = Default::default();
        let one = speaking(ProtocolId::NATIVE, connection(number, user));
        let flags = one.flags.union(Flags::of(&[Flag::Following, Flag::Greeted]));
        let topics = filter.map(|it| it.iter().map(|it| Topic::parse(*it).unwrap()).collect());
        let asked = Some(at(&client.epoch, client.position));
        let (joined_at, grants) = (self.world.now, a_users().union(publisher()));
        let one = Connection { flags, topics, asked, grants, joined_at, ..one };
        let wire = Wire { protocol: ProtocolId::NATIVE, batched, packed };
        if !reads {
            backlog(&self.world, number, WINDOW_BYTES);
        }
        self.world.enter(Connection { heard_at: joined_at, ..one }, wire).unwrap();
        self.world.wait(1);
    }

    fn say(&mut self, who: usize, said: &Said) {
        let messages: Vec<Value> = (0..said.count)
            .map(|_| {
                let to = CLIENTS.get(said.to).map(|it| it.0);
                json!({
                    "type": "publish", "id": self.id(), "event": NAMES[said.name], "to": to,
                    "data": "x".repeat(said.bytes), "echo": said.echo, "ephemeral": !said.is_kept,
                })
            })
            .collect();
        self.kept += if said.is_kept { said.count } else { 0 };
        let client = &mut self.clients[who];
        for it in &messages {
            let id = it["id"].as_str().unwrap().to_owned();
            client.unanswered.insert(id, (said.is_kept, it.clone()));
        }
        self.send(who, &messages);
    }

    fn ask(&mut self, who: usize, ask: Ask) {
        let id = self.id();
        let position = self.clients[who].position;
        let message = match ask {
            Ask::Position => json!({"type": "query", "id": id, "query": "position"}),
            Ask::History => json!({"type": "history", "id": id, "limit": 5}),
            Ask::Nonsense => json!({"type": "publish", "id": id, "event": "no such name!"}),
            Ask::Attach | Ask::Rewind(_) => {
                let resume = format!("{}:{position}", self.clients[who].epoch);
                let resume = matches!(ask, Ask::Attach).then_some(resume);
                let rewind = if let Ask::Rewind(it) = ask { Some(it.to_string()) } else { None };
                let asked = resume.is_some().then_some(position);
                self.clients[who].attaches = Some((id.clone(), asked));
                let events = CLIENTS[who].1;
                json!({"type": "attach", "id": id, "resume": resume, "rewind": rewind, "events": events})
            }
        };
        self.send(who, &[message]);
    }

    /// Lets each read what came.
    fn read(&mut self) {
        for who in 0..CLIENTS.len() {
            let Some(number) = self.clients[who].number else { continue };
            let seen = self.world.sockets.seen(number);
            let read = self.clients[who].read;
            self.clients[who].read = seen.len();
            for it in seen.iter().skip(read) {
                let Seen::Frame(frame) = it else { continue };
                let text = match frame {
                    Frame::Text(text) => text.clone(),
                    Frame::Binary(bytes) => msgpack::to_json(bytes).unwrap(),
                };
                match serde_json::from_str(&text).unwrap() {
                    Value::Array(all) => all.iter().for_each(|it| self.take(who, it)),
                    one => self.take(who, &one),
                }
            }
            if !self.world.sockets.is_open(session_id(number)) {
                self.clients[who].number = None;
            }
        }
    }

    fn attached(&mut self, who: usize, it: &Value, asked: Option<u64>) {
        let client = &mut self.clients[who];
        let from = it["from"].as_u64().unwrap();
        it["epoch"].as_str().unwrap().clone_into(&mut client.epoch);
        let recovered = it["recovered"].as_bool().unwrap();
        assert_eq!(recovered, asked == Some(from), "{it}");
        assert_eq!(it["reason"].is_string(), asked.is_some() && !recovered, "{it}");
        if recovered {
            client.resumed += u32::from(0 < from);
        } else {
            (client.base, client.handed) = (from, Vec::new());
            client.started_anew += 1;
        }
        (client.position, client.last) = (from, from);
    }

    /// What has no answer is said again, with the same ids.
    fn say_again(&mut self, who: usize) {
        let client = &self.clients[who];
        let is_open = |id: &String| client.open.get(id).is_some_and(|it| 0 < *it);
        let left = client.unanswered.iter().filter(|(id, _)| !is_open(id));
        let again: Vec<Value> = left.map(|(_, it)| it.1.clone()).collect();
        for messages in again.chunks(100) {
            self.send(who, messages);
        }
    }

    fn take(&mut self, who: usize, it: &Value) {
        let kind = it["type"].as_str().unwrap();
        let client = &mut self.clients[who];
        let is_attaching = client.attaches.is_some();
        if kind == "hello" {
            let asked = Some(client.position);
            self.attached(who, it, asked);
            self.say_again(who);
        } else if kind == "event" && it["offset"].is_u64() && !is_attaching {
            let offset = it["offset"].as_u64().unwrap();
            assert!(client.last < offset, "[N23] {it} after {}", client.last);
            if CLIENTS[who].1.is_none() && it["direct"] != true {
                let before = it["prev"].as_u64().unwrap_or(offset - 1);
                assert!(before <= client.position, "[N29] {it} at {}", client.position);
            }
            (client.position, client.last) = (offset, offset);
            if !client.own.contains(&offset) {
                client.handed.push(offset);
            }
        } else if kind == "position" && !is_attaching {
            client.position = client.position.max(it["offset"].as_u64().unwrap());
        } else if kind == "detached" {
            // It fell off the log, and goes on with what is kept.
            assert_eq!(it["reattach"], true, "{it}");
            client.detached += 1;
            self.ask(who, Ask::Attach);
        }
        if let Some(id) = it["id"].as_str() {
            self.answered(who, id, it);
        }
    }

    fn answered(&mut self, who: usize, id: &str, it: &Value) {
        let client = &mut self.clients[who];
        *client.open.get_mut(id).unwrap() -= 1;
        if client.attaches.as_ref().is_some_and(|it| it.0 == id) {
            let asked = client.attaches.take().and_then(|it| it.1);
            self.attached(who, it, asked);
            return self.say_again(who);
        }
        let is_attached = client.attaches.is_none();
        let here = it["result"]["offset"].as_u64().unwrap_or_default();
        if CLIENTS[who].1.is_none() && is_attached {
            assert!(here <= client.position, "[N31] {it} at {}", client.position);
        }
        // What was said before it knew that it is detached is said again.
        if it["code"] == "NOT_FOUND" {
            return;
        }
        let Some((is_kept, message)) = client.unanswered.remove(id) else { return };
        assert_eq!(it["type"], "ack", "{it} of {message}");
        assert_eq!(it["offset"].is_u64(), is_kept, "{it} of {message}");
        if !is_kept {
            return;
        }
        client.duplicates += u32::from(it["duplicate"] == true);
        let offset = it["offset"].as_u64().unwrap();
        if message["echo"] == false && !client.handed.contains(&offset) {
            client.own.insert(offset);
        }
        let to = message["to"].as_str().map(str::to_owned);
        let logged = (message["event"].as_str().unwrap().to_owned(), to);
        assert!(self.log.insert(offset, logged).is_none(), "[N16] {it} is another's place");
    }

    fn happens(&mut self, it: &Happens, may_sleep: bool) {
        match it {
            Happens::Joins(who, reads) => self.join(*who, *reads),
            Happens::Leaves(who) => self.cut(*who),
            Happens::Says(who, said) => self.say(*who, said),
            Happens::SaysAndIsCut(who, said) => {
                self.say(*who, said);
                self.cut(*who);
            }
            Happens::Asks(who, ask) => self.ask(*who, *ask),
            Happens::Reads(who, reads) => {
                if let Some(number) = self.clients[*who].number {
                    backlog(&self.world, number, if *reads { 0 } else { WINDOW_BYTES });
                }
            }
            Happens::Waits(millis) => self.world.wait(*millis),
            Happens::Sleeps if may_sleep => self.world.sleep(),
            Happens::Sleeps => {}
            Happens::IsKilled => {
                self.world.sleep();
                for client in &mut self.clients {
                    if let Some(number) = client.number.take() {
                        self.world.sockets.drop_socket(session_id(number));
                    }
                }
            }
        }
        self.world.wait(2);
        self.read();
    }

    fn cut(&mut self, who: usize) {
        if let Some(number) = self.clients[who].number.take() {
            self.world.leave(number);
        }
    }

    /// All come back, read, and get what they wait for.
    fn end(&mut self) {
        for _ in 0..3 {
            for who in 0..CLIENTS.len() {
                self.join(who, true);
                backlog(&self.world, self.clients[who].number.unwrap_or_default(), 0);
            }
            for _ in 0..3 {
                self.read();
                self.world.wait(4 * FETCH_MS);
            }
            self.read();
        }
    }

    /// What this one is to have been handed: what it may see above where it began.
    fn owed(&self, who: usize) -> BTreeSet<u64> {
        let (user, filter, ..) = CLIENTS[who];
        let topics: Option<Vec<Topic>> =
            filter.map(|it| it.iter().map(|it| Topic::parse(*it).unwrap()).collect());
        let hears =
            |name: &str| topics.as_ref().is_none_or(|it| it.iter().any(|it| it.matches(name)));
        let above = self.log.range(self.clients[who].base + 1..);
        let own = above.filter(|(_, (name, to))| match to {
            Some(to) => to == user && hears(name),
            None => hears(name),
        });
        own.map(|(offset, _)| *offset).collect()
    }
}

fn publisher() -> dormouse::kernel::Grants {
    std::iter::once(dormouse::kernel::Grant::Publish).collect()
}

fn play(script: &[Happens], may_sleep: bool) -> Play {
    let mut play = Play::new();
    for it in script {
        play.happens(it, may_sleep);
    }
    play.end();
    play
}

/// Whether all is as it is to be after this script.
pub(crate) fn holds(script: &[Happens]) -> Result<(), TestCaseError> {
    for may_sleep in [false, true] {
        let play = play(script, may_sleep);
        prop_assert_eq!(play.log.len(), play.kept);
        prop_assert_eq!(play.log.last_key_value().map_or(0, |it| *it.0), play.kept as u64);
        for (who, client) in play.clients.iter().enumerate() {
            prop_assert!(client.unanswered.is_empty(), "{who}: {:?}", client.unanswered);
            prop_assert!(client.open.values().all(|it| *it == 0), "[N15] {who}: {:?}", client.open);
            let handed: BTreeSet<u64> = client.handed.iter().copied().collect();
            prop_assert_eq!(handed.len(), client.handed.len());
            let known = client.own.iter().filter(|it| client.base < **it);
            let known: BTreeSet<u64> = handed.into_iter().chain(known.copied()).collect();
            let owed = play.owed(who);
            let missed: Vec<_> = owed.difference(&known).collect();
            prop_assert!(missed.is_empty(), "{who} missed {missed:?}");
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    /// [N15, N16, N22, N23, N24, N27, N28, N29, N31] Over all its connections a client is handed what
    /// it may see of the log, once and in order; each request is answered once on its connection, and
    /// what is said again after a cut is in the log once.
    #[test]
    fn nothing_is_missed_or_doubled(script in prop::collection::vec(happens(), 0..60)) {
        holds(&script)?;
    }
}

#[test]
fn scripts_reach_what_they_are_for() {
    let mut runner = TestRunner::deterministic();
    let mut reached: BTreeMap<&str, bool> = BTreeMap::new();
    for _ in 0..30 {
        let script = prop::collection::vec(happens(), 60).new_tree(&mut runner).unwrap().current();
        let play = play(&script, true);
        let mut note = |what, is| *reached.entry(what).or_default() |= is;
        note("somebody went on where it was", play.clients.iter().any(|it| 2 < it.resumed));
        note("somebody began anew", play.clients.iter().any(|it| 0 < it.started_anew));
        note("something was said again", play.clients.iter().any(|it| 0 < it.duplicates));
        note("somebody was handed much", play.clients.iter().any(|it| 40 < it.handed.len()));
        note("somebody fell off the log", play.clients.iter().any(|it| 0 < it.detached));
    }
    assert!(reached.values().all(|it| *it), "{reached:?}");
}

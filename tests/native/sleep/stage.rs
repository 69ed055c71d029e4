//! Where a script is played.

use std::collections::VecDeque;
use std::mem;

use dormouse::api::{Answer, Task, read_event};
use dormouse::feature;
use dormouse::feature::Call;
use dormouse::feature::conversations::Question;
use dormouse::feature::metrics::MetricCall;
use dormouse::feature::metrics::MetricInput;
use dormouse::kernel::{Connection, Flag, Flags, Grant, Grants, Input, Renewal};
use dormouse::limits::DATA_BYTES_MAX;
use dormouse::message::{ConnectionId, Kind, Millis, ProtocolError, RoomName, UserId};
use dormouse::protocol::{Frame, Wire};

use serde_json::{Value, json};

use super::place::{Door, Place, Seat};
use super::step::{Script, Step};
use super::told::{self, Moment};
use super::{conversation, webhooks};
use crate::support::{a_users, connection, member, session_id, speaking};
use crate::world::{World, in_conversation};

pub(super) struct Stage {
    pub(super) place: &'static Place,
    pub(super) world: World,
    /// Who has, or had, each seat.
    guests: Vec<Option<Guest>>,
    next: u64,
    pub(super) memory: DedupeWindow,
    drowsy: bool,
    opening: Option<&'static str>,
    woke: bool,
    /// Whether anybody wants to know how a chat room is.
    pub(super) is_watched: bool,
    /// What a chat room told last of its own.
    last_report: Option<(u64, u64)>,
    /// Questions of a conversation that are under way.
    questions: VecDeque<Question>,
    pub(super) now: Moment,
    pub(super) moments: Vec<Moment>,
}

/// What becomes of a room's memory when a script says that it sleeps.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum DedupeWindow {
    Lasts,
    /// It is dropped, but not while the room calls somebody: so it is on the platform.
    IsDropped,
    /// It is dropped, and calls are lost with it: so it is when a room is evicted, or its server
    /// killed.
    IsLost,
}

#[derive(Clone, Copy)]
struct Guest {
    number: u64,
    user: &'static str,
}

/// What each may do, whose name is no stranger's.
pub(super) fn grants(user: &str) -> Grants {
    match user {
        "ann" | "eve" | "backend" => Grants::all(),
        "bob" | "bea" => a_users(),
        "cid" => [Grant::Join, Grant::History, Grant::Presence].into_iter().collect(),
        "dan" => {
            let grants: Grants = [Grant::Join, Grant::History, Grant::Send].into_iter().collect();
            grants.without_measures()
        }
        _ => Grants::default(),
    }
}

/// Plays a script, and gives what could be seen, step by step.
pub(super) fn play(place: &'static Place, script: &Script, memory: DedupeWindow) -> Vec<Moment> {
    let mut stage = Stage::new(place, script);
    stage.memory = memory;
    stage.perform(script);
    stage.end();
    stage.moments
}

impl Stage {
    pub(super) fn new(place: &'static Place, script: &Script) -> Self {
        Self {
            place,
            world: webhooks::told(
                World::of(place.kind, place.limits(script.bounds)),
                script.is_told,
            ),
            guests: vec![None; place.seats.len()],
            next: 10,
            memory: DedupeWindow::Lasts,
            drowsy: script.drowsy,
            opening: place.opening.filter(|_| script.polite),
            woke: false,
            is_watched: false,
            last_report: None,
            questions: VecDeque::new(),
            now: Moment::of(Step::Sleeps),
            moments: Vec::new(),
        }
    }

    /// Lets all come in, and takes the script's steps.
    pub(super) fn perform(&mut self, script: &Script) {
        for (seat, user) in script.guests.iter().enumerate() {
            if let Some(user) = user {
                self.take(&Step::Joins { seat, user, lives_ms: None });
            }
        }
        for step in &script.steps {
            self.take(step);
        }
    }

    pub(super) fn take(&mut self, step: &Step) {
        if self.drowsy || matches!(step, Step::Sleeps) {
            self.sleep();
        }
        if matches!(step, Step::Sleeps) {
            return;
        }
        self.now = Moment::of(step.clone());
        self.wait(1);
        match step {
            Step::Joins { seat, user, lives_ms } => self.join(*seat, user, *lives_ms),
            Step::Leaves(seat) => {
                if let Some(Guest { number, .. }) = self.guests[*seat].take() {
                    self.world.leave(number);
                }
            }
            Step::Says(seat, frame) => self.say(*seat, frame),
            Step::Calls(who, task) => self.call(who, task),
            Step::Publishes(who, events) => self.publish(who, events),
            Step::Waits(millis) => self.wait(*millis),
            Step::WaitsAndReturns(millis) => {
                self.wait(*millis);
                self.come_back();
            }
            Step::Acts(act) => act.play(self),
            Step::Sleeps => {}
        }
        self.settle();
        self.now.seen = self.world.sockets.take_seen();
        (self.now.at, self.now.woke) = (self.world.now, mem::take(&mut self.woke));
        self.moments.push(mem::replace(&mut self.now, Moment::of(Step::Sleeps)));
    }

    /// Looks at everything that is left, with fresh eyes.
    fn end(&mut self) {
        self.take(&Step::Waits(20_000));
        for (at, (protocol, frames)) in self.place.last_words.iter().enumerate() {
            self.guests.push(None);
            let seat = self.place.seats.len() + at;
            self.next = self.next.max(900);
            let guest = Seat { batched: false, ..self.place.seat_of(*protocol) };
            self.now = Moment::of(Step::Sleeps);
            self.enter(seat, guest, "eve", None);
            for frame in *frames {
                self.take(&Step::Says(seat, Frame::Text((*frame).into())));
            }
        }
        for task in super::http::everything() {
            self.take(&Step::Calls("backend", task));
        }
        self.take(&Step::Waits(120_000));
        if self.is_watched {
            let mut last = Moment::of(Step::Waits(0));
            last.answers.push(json!({"last report": self.last_report}));
            self.moments.push(last);
        }
    }

    pub(super) fn sleep(&mut self) {
        let sleeps = match self.memory {
            DedupeWindow::Lasts => false,
            DedupeWindow::IsDropped => self.questions.is_empty(),
            DedupeWindow::IsLost => true,
        };
        if sleeps {
            self.world.sleep();
            self.questions.clear();
            self.woke = true;
        }
    }

    /// Who has this seat says it, if anybody has.
    pub(super) fn say(&mut self, seat: usize, frame: &Frame) {
        let Some(Guest { number, user }) = self.guests[seat] else { return };
        self.now.principal = Some(session_id(number));
        self.now.said.push(frame.clone());
        let now = self.world.now;
        self.world.receives(number, frame, |token, _| renewal(user, token, now));
    }

    pub(super) fn call(&mut self, who: &'static str, task: &Task) {
        let answers = self.world.run_as(&member(who), grants(who), task);
        self.now.answers.extend(answers.iter().map(told::answer));
    }

    /// The Worker reads these, and sends on those that it does not refuse.
    pub(super) fn publish(&mut self, who: &'static str, events: &[Value]) {
        let mut read = Vec::new();
        for event in events {
            match read_event(&event.to_string(), self.place.kind, DATA_BYTES_MAX) {
                Ok(event) => read.push(event),
                Err(error) => self.now.answers.push(told::answer(&Answer::Refused(error))),
            }
        }
        if !read.is_empty() {
            self.call(who, &Task::Publish(read));
        }
    }

    /// The analytics room of its name wants to know how a chat room is.
    pub(super) fn observe(&mut self) {
        self.is_watched = true;
        self.call("dormouse", &Task::from(MetricCall::Observe));
    }

    /// The oldest question comes to its end, if there is one.
    pub(super) fn respond(&mut self) -> bool {
        let Some(question) = self.questions.pop_front() else { return false };
        self.world.responded(conversation::responded(question));
        self.settle();
        true
    }

    pub(super) fn all_leave(&mut self) {
        for Guest { number, .. } in self.guests.iter().flatten() {
            self.world.leave(*number);
        }
    }

    pub(super) fn wait(&mut self, millis: u64) {
        let until = self.world.now.plus(millis);
        // What a room calls for by itself is answered at once, however long is waited.
        let answers = self.drowsy || self.memory != DedupeWindow::IsLost;
        while answers && self.world.alarm.is_some_and(|at| at < until) {
            let due = self.world.alarm.map_or(0, |at| at.since(self.world.now));
            self.world.wait(due);
            self.settle();
            if self.drowsy {
                self.sleep();
            }
        }
        while self.memory == DedupeWindow::IsLost && self.world.now.plus(5_000) < until {
            // A call that nobody hears of for long has failed, which is another story.
            while self.respond() {}
            self.world.wait(5_000);
            self.settle();
        }
        self.world.wait(until.since(self.world.now));
        self.settle();
    }

    /// What the room calls for is carried out.
    fn settle(&mut self) {
        while !self.world.calls.is_empty() {
            for call in mem::take(&mut self.world.calls) {
                match (self.place.kind, call) {
                    (Kind::Chat, Call::Metrics(MetricCall::Measures(it))) => {
                        self.last_report = Some((it.engagement, it.activity));
                        let answer = MetricInput::IsWatched(self.is_watched);
                        self.world.happens(Input::Feature(feature::Input::Metrics(answer)));
                    }
                    (_, Call::Webhooks(delivery)) => {
                        let input = webhooks::delivered(&delivery);
                        self.now.calls.push(Call::Webhooks(delivery));
                        self.world.happens(Input::Feature(feature::Input::Webhooks(input)));
                    }
                    (_, call) => {
                        if let Call::Conversations(question) = &call {
                            self.questions.push_back((**question).clone());
                        }
                        self.now.calls.push(call);
                    }
                }
            }
        }
    }

    pub(super) fn come_back(&mut self) {
        for seat in 0..self.place.seats.len() {
            if let Some(Guest { user, .. }) = self.guests[seat] {
                self.join(seat, user, None);
            }
        }
    }

    fn join(&mut self, seat: usize, user: &'static str, lives_ms: Option<u64>) {
        if self.connection(seat).is_none_or(|it| !self.world.sockets.is_open(it)) {
            self.enter(seat, self.place.seats[seat], user, lives_ms);
        }
    }

    fn enter(&mut self, seat: usize, at: Seat, user: &'static str, lives_ms: Option<u64>) {
        let guest = Guest { number: self.next, user };
        self.next += 1;
        let connection = newcomer(at, guest, self.world.now, lives_ms);
        self.now.principal = Some(connection.id);
        let wire = Wire { protocol: at.protocol, batched: at.batched, packed: false };
        match self.world.enter(connection, wire) {
            Ok(()) => {
                self.guests[seat] = Some(guest);
                if let Some(frame) = self.opening {
                    self.wait(1);
                    self.say(seat, &Frame::Text(frame.into()));
                }
            }
            Err(error) => {
                self.now.answers.push(json!({"refused": error}));
            }
        }
    }

    /// The connection that this seat has, or had.
    pub(super) fn connection(&self, seat: usize) -> Option<ConnectionId> {
        self.guests[seat].map(|it| session_id(it.number))
    }
}

fn newcomer(at: Seat, guest: Guest, now: Millis, lives_ms: Option<u64>) -> Connection {
    let Guest { number, user } = guest;
    let connection = speaking(at.protocol, connection(number, user));
    let client = (at.door != Door::Conversation).then(|| format!("{user}-{number}"));
    let connection = Connection { heard_at: now, joined_at: now, client, ..connection };
    let (expires_at, network) = (lives_ms.map(|it| now.plus(it)), Some("192.0.2.1".into()));
    match at.door {
        Door::Token => Connection { grants: grants(user), expires_at, ..connection },
        Door::Conversation => {
            in_conversation(Connection { grants: a_users(), expires_at, ..connection })
        }
        Door::Demo => {
            let grants = a_users().union(Grants::from_iter([Grant::Publish]));
            let flags = connection.flags.union(Flags::of(&[Flag::Demo]));
            Connection { grants, flags, network, ..connection }
        }
        Door::Stranger => {
            let member = member(&format!("anonymous:{user}"));
            let grants = Grants::from_iter([Grant::Join]);
            Connection { member, grants, network, ..connection }
        }
    }
}

/// Which token is good for whom.
fn renewal(user: &str, token: &str, now: Millis) -> Result<Renewal, ProtocolError> {
    let room = RoomName::parse("demo").unwrap();
    let (owner, lives_ms) = match token {
        "later" => (user, Some(40_000)),
        "for ever" => (user, None),
        "another's" => ("eve", Some(40_000)),
        _ => return Err(ProtocolError::unauthenticated("nobody")),
    };
    let (user, expires_at) = (UserId(owner.into()), lives_ms.map(|it| now.plus(it)));
    Ok(Renewal {
        user,
        context: None,
        room,
        allowed: grants(owner).into(),
        expires_at,
        issue: None,
    })
}

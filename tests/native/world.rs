//! One hosted room and its platform: a database that outlives the room's memory,
//! sockets that outlive its sleep, one alarm, and a clock that a script turns.

use std::collections::BTreeMap;
use std::rc::Rc;

use dormouse::api::{Answer, Task};
use dormouse::feature::conversations::{Responded, ResumeToken};
use dormouse::feature::{self, Call, Configured};
use dormouse::history::SqlHistory;
use dormouse::host::{After, ClockSource, Driver, Failed, Flush, Host};
use dormouse::kernel::{Allowed, Connection, Grants, Input, Loss, Renewal, Request};
use dormouse::limits::Limits;
use dormouse::message::{
    Clock, ConnectionId, Epoch, Kind, Member, Millis, ProtocolError, RoomName,
};
use dormouse::protocol::{Frame, ProtocolId, Wire};

use crate::moment::Moment;
use crate::publications::sent;
use crate::support::{
    FakeSockets, NOON, Rusqlite, Seen, connection, epoch, member, session_id, speaking,
};
use crate::untold::{assert_banned_are_detached, assert_nothing_told, expired};
use crate::witness::is_durable;

type RoomHost = Host<SqlHistory<Rusqlite>, FakeSockets>;
type RoomDriver = Driver<SqlHistory<Rusqlite>, FakeSockets>;

pub(crate) struct World {
    pub(crate) database: Rusqlite,
    pub(crate) sockets: FakeSockets,
    pub(crate) now: Millis,
    pub(crate) kind: Kind,
    limits: Limits,
    config: Rc<feature::Config>,
    pub(crate) alarm: Option<Millis>,
    awake: Option<RoomDriver>,
    /// What a new log is called.
    epoch: Epoch,
    /// When to go on with large data; lost in sleep.
    timer: Option<Millis>,
    save: Option<Millis>,
    /// What those who come in may do, by their name.
    pub(crate) grants: fn(&str) -> Grants,
    /// Whom the room wanted called: calls that are under way.
    pub(crate) calls: Vec<Call>,
    /// What it could not keep.
    pub(crate) losses: Vec<Loss>,
}

impl World {
    pub(crate) fn new(limits: Limits) -> Self {
        Self::of(Kind::Chat, limits)
    }

    pub(crate) fn of(kind: Kind, limits: Limits) -> Self {
        let database = Rusqlite::in_memory();
        let mut sockets = FakeSockets::default();
        let log = database.again();
        // [invariant 5] Nothing is revealed before it is durable.
        sockets.witness = Some(Rc::new(move |frame| is_durable(&log, frame)));
        Self {
            database,
            sockets,
            now: NOON,
            kind,
            limits,
            config: Rc::default(),
            alarm: None,
            awake: None,
            epoch: epoch(),
            timer: None,
            save: None,
            grants: |_| Grants::all(),
            calls: vec![],
            losses: vec![],
        }
    }

    /// The same, with these variables set for features.
    pub(crate) fn configured(mut self, variables: &[(&str, &str)]) -> Self {
        let variable = |name: &str| {
            let found = variables.iter().find(|(it, _)| *it == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        self.config = Rc::new(feature::Config::read(&variable, &mut Vec::new()));
        self
    }

    /// The same, with other limits.
    pub(crate) fn limited(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// The same, where a service answers in conversations, and chats and hubs are searched.
    pub(crate) fn answered_over_http(self) -> Self {
        self.configured(&ANSWERED)
    }

    /// Everything in memory is gone; what sockets and disk hold is not.
    pub(crate) fn sleep(&mut self) {
        // The platform lets no room sleep while one of its timers is set, and this one is not set
        // again by what it does.
        if self.save.take().is_some() {
            self.drive(RoomDriver::save);
        }
        (self.awake, self.timer, self.save) = (None, None, None);
    }

    /// Lets time pass, ringing the alarm when it is due.
    pub(crate) fn wait(&mut self, millis: u64) {
        let until = self.now.plus(millis);
        let due = |world: &Self| [world.alarm, world.timer, world.save].into_iter().flatten().min();
        while let Some(at) = due(self).filter(|at| *at <= until) {
            self.now = self.now.max(at);
            if self.timer.take_if(|timer| *timer <= at).is_some() {
                self.drive(RoomDriver::pump);
                continue;
            }
            if self.save.take_if(|save| *save <= at).is_some() {
                self.drive(RoomDriver::save);
                continue;
            }
            self.alarm = None;
            self.drive(RoomDriver::alarm);
        }
        self.now = until;
    }

    pub(crate) fn join(&mut self, number: u64, user: &str, expires_at: Option<Millis>) {
        self.join_as(number, user, expires_at, false);
    }

    /// A client that takes several frames in one.
    pub(crate) fn join_batched(&mut self, number: u64, user: &str) {
        self.join_as(number, user, None, true);
    }

    /// A client that may do only this.
    pub(crate) fn join_with(&mut self, number: u64, user: &str, grants: Grants) {
        let joined = Connection { grants, heard_at: self.now, ..connection(number, user) };
        let (sockets, clock) = (self.sockets.clone(), self.clock());
        self.step(|host| {
            let attach = |_: &mut FakeSockets| sockets.open(&joined, false);
            host.join(joined.clone(), clock, attach).unwrap()
        });
    }

    /// A client of another protocol.
    pub(crate) fn join_on(&mut self, protocol: ProtocolId, number: u64, user: &str) {
        let grants = (self.grants)(user);
        let joined = Connection { grants, heard_at: self.now, ..connection(number, user) };
        let joined = Connection { joined_at: self.now, ..joined };
        let joined = speaking(protocol, joined);
        let (sockets, clock) = (self.sockets.clone(), self.clock());
        let wire = Wire { protocol, batched: false, packed: false };
        self.step(|host| {
            let attach = |_: &mut FakeSockets| sockets.open_as(&joined, wire);
            host.join(joined.clone(), clock, attach).unwrap()
        });
    }

    /// Somebody at the door, as at the edge: let in, or told why not.
    pub(crate) fn enter(
        &mut self,
        connection: Connection,
        wire: Wire,
    ) -> Result<(), ProtocolError> {
        let (sockets, clock) = (self.sockets.clone(), self.clock());
        let mut refused = None;
        self.step(|host| match host.admit(connection, None, clock.at) {
            Ok(connection) => {
                let attach = |_: &mut FakeSockets| sockets.open_as(&connection, wire);
                host.join(connection.clone(), clock, attach).unwrap()
            }
            Err(error) => {
                refused = Some(error);
                Flush::No
            }
        });
        refused.map_or(Ok(()), Err)
    }

    /// A call over HTTP; its answers as a debug text.
    pub(crate) fn call(&mut self, request: Request) -> String {
        let (member, clock) = (member("backend"), self.clock());
        let mut answers = String::new();
        self.step(|host| {
            let clock = || clock.clone();
            let notices = host.call(&member, Grants::all(), vec![request], 0, clock).unwrap();
            answers = format!("{notices:?}");
            Flush::No
        });
        answers
    }

    /// What another room asks, and how it is answered.
    pub(crate) fn run(&mut self, task: &Task) -> Vec<Answer> {
        self.run_as(&member("dormouse"), Grants::default(), task)
    }

    /// What a caller over HTTP asks, and how it is answered.
    pub(crate) fn run_as(
        &mut self,
        who: &Member,
        may: impl Into<Allowed>,
        task: &Task,
    ) -> Vec<Answer> {
        let requests = sent(task).requests(self.kind);
        self.ask_as(who, may, requests)
    }

    /// The same, as the room is asked it.
    pub(crate) fn ask_as(
        &mut self,
        who: &Member,
        may: impl Into<Allowed>,
        requests: Vec<Request>,
    ) -> Vec<Answer> {
        let (clock, may) = (self.clock(), may.into());
        let mut answers = Vec::new();
        self.step(|host| {
            let clock = || clock.clone();
            let notices = host.call(who, may, requests, 0, clock).unwrap();
            answers = notices.iter().map(Answer::of).collect();
            Flush::No
        });
        answers
    }

    /// Something that comes from neither a socket nor a caller.
    pub(crate) fn happens(&mut self, input: Input) {
        let clock = self.clock();
        self.step(|host| host.handle(input, clock).unwrap());
    }

    fn join_as(&mut self, number: u64, user: &str, expires_at: Option<Millis>, batched: bool) {
        let grants = (self.grants)(user);
        let joined =
            Connection { grants, expires_at, heard_at: self.now, ..connection(number, user) };
        let (sockets, clock) = (self.sockets.clone(), self.clock());
        self.step(|host| {
            let attach = |_: &mut FakeSockets| sockets.open(&joined, batched);
            host.join(joined.clone(), clock, attach).unwrap()
        });
    }

    /// A client of a conversation, which has said nothing yet.
    pub(crate) fn join_conversation(&mut self, number: u64, user: &str) {
        let protocol = ProtocolId::CONVERSATION;
        let joined =
            Connection { heard_at: self.now, joined_at: self.now, ..connection(number, user) };
        let joined = in_conversation(speaking(protocol, joined));
        let (sockets, clock) = (self.sockets.clone(), self.clock());
        let wire = Wire { protocol, batched: false, packed: false };
        self.step(|host| {
            let attach = |_: &mut FakeSockets| sockets.open_as(&joined, wire);
            host.join(joined.clone(), clock, attach).unwrap()
        });
    }

    /// A responder's word reaches the room.
    pub(crate) fn responded(&mut self, responded: Responded) {
        let clock = self.clock();
        self.step(|host| {
            host.handle(Input::Feature(feature::Input::Conversations(responded)), clock).unwrap()
        });
    }

    pub(crate) fn leave(&mut self, number: u64) {
        let (connection, clock) = (session_id(number), self.clock());
        if self.sockets.is_open(connection) {
            self.step(|host| {
                host.sockets.drop_socket(connection);
                host.handle(Input::Left { connection }, clock).unwrap()
            });
        }
    }

    pub(crate) fn says(&mut self, number: u64, text: &str) {
        self.receives(number, &Frame::Text(text.into()), nobody);
    }

    /// A frame comes in; `verify` reads a token that is shown on it.
    pub(crate) fn receives(
        &mut self,
        number: u64,
        frame: &Frame,
        verify: impl Fn(&str, Option<&str>) -> Result<Renewal, ProtocolError>,
    ) {
        let clock = self.clock();
        self.step(|host| host.receive(session_id(number), frame, clock, verify).unwrap());
    }

    /// Several frames within one millisecond, flushed together.
    pub(crate) fn says_at_once(&mut self, frames: &[(u64, String)]) {
        let clocks: Vec<Clock> = frames.iter().map(|_| self.clock()).collect();
        let now = self.now;
        self.step(|host| {
            for ((number, text), clock) in frames.iter().zip(clocks) {
                let frame = Frame::Text(text.clone());
                host.receive(session_id(*number), &frame, clock, nobody).unwrap();
            }
            host.flush(now).unwrap();
            Flush::No
        });
    }

    pub(crate) fn seen(&self) -> BTreeMap<ConnectionId, Vec<Seen>> {
        self.sockets.all_seen()
    }

    /// The same instant gives the same ids, whatever happened before.
    fn clock(&self) -> Clock {
        let mut random = [0; 10];
        random[..8].copy_from_slice(&self.now.0.to_be_bytes());
        Clock::new(self.now, random)
    }

    fn step(&mut self, step: impl FnOnce(&mut RoomHost) -> Flush) {
        self.drive(|driver, clock| driver.step(clock, |host| Ok(step(host))));
    }

    /// Lets something happen to the room, and does what comes after, as the object does.
    fn drive(
        &mut self,
        step: impl FnOnce(&mut RoomDriver, &Moment) -> Result<After, Failed<rusqlite::Error>>,
    ) {
        let mut driver = self.awake.take().unwrap_or_else(|| self.wake());
        let expired = expired(&self.sockets, self.now);
        let moment = Moment(self.clock());
        let mut after = match step(&mut driver, &moment) {
            Ok(after) => after,
            Err(Failed::Error(error)) => panic!("{error}"),
            Err(Failed::Panicked) => panic!("a step panicked"),
        };
        loop {
            let After { flush_in_ms, pump_in_ms, save_in_ms, wake, calls, losses, vacancy, .. } =
                after;
            self.calls.extend(calls);
            self.losses.extend(losses);
            if vacancy.is_some() {
                self.database.wipe();
                // What comes after is another log.
                self.epoch = Epoch(format!("e{}", self.now.0));
                (self.alarm, self.timer, self.save) = (None, None, None);
                return;
            }
            if let Some(wait_ms) = pump_in_ms {
                self.timer = Some(self.now.plus(wait_ms));
            }
            if let Some(wait_ms) = save_in_ms {
                self.save = Some(self.now.plus(wait_ms));
            }
            if let Some(wake) = wake {
                // Never put off, as at the edge.
                self.alarm = Some(self.alarm.map_or(wake.at, |it| it.min(wake.at)));
            }
            if flush_in_ms.is_none() {
                break;
            }
            // What gathers for a millisecond is carried out in the same one.
            let flushed = driver.step(&moment, |host| host.flush(moment.now()).map(|()| Flush::No));
            after = flushed.unwrap();
        }
        assert_banned_are_detached(driver.host().room(), self.now);
        assert_nothing_told(&self.sockets, &expired, self.now);
        self.awake = Some(driver);
    }

    fn wake(&self) -> RoomDriver {
        let history = SqlHistory::open(self.database.again(), &self.epoch).unwrap();
        let connections = self.sockets.attachments();
        let host =
            Host::wake(self.kind, self.limits, history, self.sockets.clone(), connections).unwrap();
        let host = host.configured(Rc::clone(&self.config));
        // Reports go nowhere: they are to set no alarm either.
        Driver::new(host, 0)
    }
}

/// A service answers in conversations, and chats and hubs are searched.
pub(crate) const ANSWERED: [(&str, &str); 4] = [
    ("CONVERSATION_RESPONDER", "http"),
    ("CONVERSATION_URL", "https://backend.example/"),
    ("CONVERSATION_SECRET", "a secret of the backend, 32 bytes or more"),
    ("SEARCH", "chat,hub"),
];

pub(crate) fn nobody(_: &str, _: Option<&str>) -> Result<Renewal, ProtocolError> {
    Err(ProtocolError::unauthenticated("nobody"))
}

/// A connection that is let into a conversation.
pub(crate) fn in_conversation(mut connection: Connection) -> Connection {
    let conversation = RoomName::parse("conversation_1").unwrap();
    connection.own.conversations.resume = Some(ResumeToken { conversation, token: "t".into() });
    connection
}

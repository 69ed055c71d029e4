//! Stand-ins for the platform: SQLite by rusqlite, sockets that are vectors, a clock
//! that a test turns.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

pub(crate) use crate::publications::{for_user, published, said};
use dormouse::close::CloseCode;
use dormouse::database::{Database, Row, Value};
use dormouse::host::{Deliver, Sockets, Targets};
use dormouse::kernel::{
    Command, Connection, Flag, Grant, Grants, Input, Notice, Request, Room, StoredRoom,
};
use dormouse::limits::Limits;
use dormouse::message::{
    Attached, Body, Clock, ConnectionId, Entry, Epoch, Kind, Member, Millis, Offset, ProtocolError,
    RequestId, RoomName, UserId,
};
use dormouse::protocol::{Channel, Decoded, Frame, Peer, Protocol, ProtocolId, Transport, Wire};
use litemap::LiteMap;
use rusqlite::limits::Limit;

/// A Tuesday; any time will do that is no round number.
pub(crate) const NOON: Millis = Millis(1_704_110_400_123);

pub(crate) fn clock(at: Millis) -> Clock {
    Clock::new(at, [0; 10])
}

pub(crate) fn session_id(number: u64) -> ConnectionId {
    ConnectionId::from_bits(number << 11)
}

pub(crate) fn member(name: &str) -> Member {
    Member { id: UserId(name.into()), name: name.to_uppercase() }
}

/// The same, treated as those are who speak this.
pub(crate) fn speaking(protocol: ProtocolId, connection: Connection) -> Connection {
    let flags = protocol.descriptor().flags;
    let topics = flags.has(Flag::Filtered).then(Vec::new);
    Connection { flags, topics, ..connection }
}

/// What a frame of one request asks.
pub(crate) fn decoded(protocol: &dyn Protocol, frame: &Frame) -> Request {
    let Decoded { mut requests, answers } = protocol.decode(frame, &Peer::default());
    assert!(requests.len() == 1 && answers.is_empty(), "{requests:?} {answers:?}");
    requests.remove(0)
}

/// The protocols that are spoken on WebSockets.
pub(crate) fn sockets() -> impl Iterator<Item = ProtocolId> {
    ProtocolId::all().filter(|it| it.descriptor().transport == Transport::WebSocket)
}

/// How something is said to one connection.
pub(crate) fn encoded(protocol: &dyn Protocol, notice: &Notice) -> Option<Frame> {
    protocol.encode(notice, &Channel::default())
}

pub(crate) fn connection(number: u64, user: &str) -> Connection {
    Connection::new(session_id(number), member(user), Grants::all(), None, NOON)
}

/// What a context grants a user: all but `publish` and `admin`.
pub(crate) fn a_users() -> Grants {
    [Grant::Join, Grant::Send, Grant::History, Grant::Presence].into_iter().collect()
}

pub(crate) fn room_name() -> RoomName {
    RoomName::parse("demo").unwrap()
}

pub(crate) fn epoch() -> Epoch {
    Epoch("e".into())
}

/// Goes on at 42, and asked for nothing else.
pub(crate) fn attached() -> Attached {
    Attached { first: Offset(1), from: Offset(42), is_resumed: false, reason: None }
}

pub(crate) fn blank() -> StoredRoom {
    StoredRoom::blank(epoch())
}

pub(crate) fn room(limits: Limits) -> Room {
    Room::restore(Kind::Chat, limits, blank(), [])
}

pub(crate) fn body(content: &str) -> Body {
    Body::message(content, None).unwrap()
}

pub(crate) fn entry(offset: u64, at: u64, author: &str, request_id: Option<&str>) -> Rc<Entry> {
    let mut clock = clock(Millis(at));
    Rc::new(Entry {
        offset: Offset(offset),
        at: Millis(at),
        id: clock.new_id(),
        author: member(author),
        request_id: request_id.map(|it| RequestId::parse(it).unwrap()),
        body: body(&format!("entry {offset}")),
    })
}

pub(crate) fn says(number: u64, command: Command) -> Input {
    let request = Request { request_id: None, command: Ok(command) };
    Input::Received { connection: session_id(number), request, duplicate: None }
}

/// What the platform bounds, so that a statement that fails there fails here.
const PLATFORM_LIMITS: &[(Limit, i32)] = &[
    (Limit::SQLITE_LIMIT_LENGTH, 2_200_000),
    (Limit::SQLITE_LIMIT_SQL_LENGTH, 100_000),
    (Limit::SQLITE_LIMIT_COLUMN, 100),
    (Limit::SQLITE_LIMIT_EXPR_DEPTH, 100),
    (Limit::SQLITE_LIMIT_COMPOUND_SELECT, 5),
    (Limit::SQLITE_LIMIT_FUNCTION_ARG, 32),
    (Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 50),
    (Limit::SQLITE_LIMIT_VARIABLE_NUMBER, 100),
];

/// SQLite, as the object has it.
pub(crate) struct Rusqlite(Rc<rusqlite::Connection>);

impl Rusqlite {
    pub(crate) fn in_memory() -> Self {
        let connection = rusqlite::Connection::open_in_memory().unwrap();
        for (limit, most) in PLATFORM_LIMITS {
            connection.set_limit(*limit, *most).unwrap();
        }
        Self(Rc::new(connection))
    }

    /// The same database once more: what a wake opens.
    pub(crate) fn again(&self) -> Self {
        Self(Rc::clone(&self.0))
    }

    pub(crate) fn execute(&self, sql: &str) {
        self.0.execute_batch(sql).unwrap();
    }
}

impl Rusqlite {
    /// Every table and every row, as the statements that make them.
    pub(crate) fn dump(&self) -> String {
        let made =
            "SELECT sql || ';' FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type DESC, name";
        let mut lines = self.texts(made);
        for table in self.texts("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        {
            let named = format!("SELECT name FROM pragma_table_info('{table}') ORDER BY cid");
            let columns = self.texts(&named);
            let quoted: Vec<String> = columns.iter().map(|it| format!("quote({it})")).collect();
            let (columns, quoted) = (columns.join(", "), quoted.join(" || ', ' || "));
            let rows = self.texts(&format!("SELECT {quoted} FROM {table} ORDER BY 1"));
            let row = |values| format!("INSERT INTO {table} ({columns}) VALUES ({values});");
            lines.extend(rows.into_iter().map(row));
        }
        lines.join("\n") + "\n"
    }

    fn texts(&self, sql: &str) -> Vec<String> {
        let mut statement = self.0.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    }

    /// Its tables, without those of SQLite's own.
    pub(crate) fn tables(&self) -> Vec<String> {
        let sql = "SELECT name FROM sqlite_master WHERE type = 'table'";
        let rows = self.run(sql, &[]).unwrap();
        rows.into_iter().flatten().filter_map(Value::text).collect()
    }

    /// Deletes everything, as the platform does it for an object.
    pub(crate) fn wipe(&self) {
        for table in self.tables() {
            // Those of an index go with it.
            self.execute(&format!("DROP TABLE IF EXISTS {table}"));
        }
    }

    /// What the first column says.
    pub(crate) fn names(&self, sql: &str) -> Vec<String> {
        let rows = self.run(sql, &[]).unwrap();
        rows.into_iter().map(|mut row| row.remove(0).text().unwrap()).collect()
    }

    /// How many columns a statement gives; none if it is none of these tables.
    pub(crate) fn columns(&self, sql: &str) -> usize {
        self.0.prepare(sql).map_or(0, |it| it.column_count())
    }

    /// A count, with a number at the end of the statement.
    pub(crate) fn count(&self, sql: &str, number: u64) -> u64 {
        // Where nothing was written there is nothing to count in.
        if self.tables().is_empty() {
            return 0;
        }
        self.0.query_row(&format!("{sql}{number}"), [], |row| row.get(0)).unwrap()
    }
}

impl Database for Rusqlite {
    type Error = rusqlite::Error;

    fn run(&self, sql: &str, bindings: &[Value<'_>]) -> Result<Vec<Row>, rusqlite::Error> {
        use rusqlite::types::Value as Sqlite;
        let mut statement = self.0.prepare_cached(sql)?;
        let columns = statement.column_count();
        let bindings = bindings.iter().map(|it| match it {
            Value::Null => Sqlite::Null,
            Value::Integer(integer) => Sqlite::Integer(i64::try_from(*integer).unwrap()),
            Value::Text(text) => Sqlite::Text(text.to_string()),
        });
        let value = |value: Sqlite| match value {
            Sqlite::Null => Value::Null,
            Sqlite::Integer(integer) => Value::Integer(u64::try_from(integer).unwrap()),
            Sqlite::Text(text) => Value::from(text),
            Sqlite::Real(_) | Sqlite::Blob(_) => panic!("the schema has no such type"),
        };
        let rows = statement.query_map(rusqlite::params_from_iter(bindings), |row| {
            (0..columns).map(|column| row.get(column).map(value)).collect()
        })?;
        rows.collect()
    }

    fn atomically(
        &self,
        work: &mut dyn FnMut() -> Result<(), rusqlite::Error>,
    ) -> Result<(), rusqlite::Error> {
        self.0.execute_batch("SAVEPOINT work")?;
        let done = work();
        let end = if done.is_ok() { "RELEASE work" } else { "ROLLBACK TO work; RELEASE work" };
        self.0.execute_batch(end)?;
        done
    }
}

/// What a fake socket has seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    Frame(Frame),
    Closed(u16, String),
}

type Witness = Rc<dyn Fn(&Frame)>;

/// Sockets as vectors. Clones share what they have seen, as the platform's sockets
/// outlive the object that sleeps.
#[derive(Clone, Default)]
pub(crate) struct FakeSockets {
    open: Rc<RefCell<BTreeMap<ConnectionId, (Wire, Connection)>>>,
    seen: Rc<RefCell<BTreeMap<ConnectionId, Vec<Seen>>>>,
    /// How many frames were handed over, however many sockets each was for.
    pub(crate) handed_over: Rc<RefCell<usize>>,
    /// Who does not keep up.
    pub(crate) slow: Rc<RefCell<Vec<ConnectionId>>>,
    /// How much waits for each, in bytes; nothing for others.
    pub(crate) backlogs: Rc<RefCell<BTreeMap<ConnectionId, usize>>>,
    /// Whose attachment cannot be stored.
    pub(crate) unstorable: Rc<RefCell<Vec<ConnectionId>>>,
    pub(crate) unstored: Rc<RefCell<Vec<ConnectionId>>>,
    /// Looks at every frame before it goes out.
    pub(crate) witness: Option<Witness>,
}

impl FakeSockets {
    pub(crate) fn open(&self, connection: &Connection, batched: bool) {
        self.open_as(connection, Wire { protocol: ProtocolId::CONTEXT, batched, packed: false });
    }

    pub(crate) fn open_as(&self, connection: &Connection, wire: Wire) {
        self.open.borrow_mut().insert(connection.id, (wire, connection.clone()));
        self.seen.borrow_mut().entry(connection.id).or_default();
    }

    pub(crate) fn is_open(&self, connection: ConnectionId) -> bool {
        self.open.borrow().contains_key(&connection)
    }

    pub(crate) fn drop_socket(&self, connection: ConnectionId) {
        self.open.borrow_mut().remove(&connection);
    }

    /// What a wake finds in the attachments.
    pub(crate) fn attachments(&self) -> Vec<Connection> {
        let stored = |connection: &Connection| {
            // Through JSON, as in production.
            serde_json::from_str(&serde_json::to_string(connection).unwrap()).unwrap()
        };
        self.open.borrow().values().map(|(_, connection)| stored(connection)).collect()
    }

    /// What is stored of each open socket.
    pub(crate) fn stored(&self) -> Vec<(Wire, Connection)> {
        self.open.borrow().values().cloned().collect()
    }

    pub(crate) fn all_seen(&self) -> BTreeMap<ConnectionId, Vec<Seen>> {
        self.seen.borrow().clone()
    }

    /// What each has seen since this was last asked.
    pub(crate) fn take_seen(&self) -> BTreeMap<ConnectionId, Vec<Seen>> {
        std::mem::take(&mut self.seen.borrow_mut())
    }

    pub(crate) fn take_of(&self, number: u64) -> Vec<Seen> {
        self.seen.borrow_mut().remove(&session_id(number)).unwrap_or_default()
    }

    pub(crate) fn seen(&self, number: u64) -> Vec<Seen> {
        self.seen.borrow().get(&session_id(number)).cloned().unwrap_or_default()
    }

    /// The frames one socket got, as JSON.
    pub(crate) fn frames(&self, number: u64) -> Vec<serde_json::Value> {
        let json = |seen: Seen| match seen {
            Seen::Frame(Frame::Text(text)) => Some(serde_json::from_str(&text).unwrap()),
            Seen::Frame(Frame::Binary(_)) | Seen::Closed(..) => None,
        };
        self.seen(number).into_iter().filter_map(json).collect()
    }
}

impl Deliver for FakeSockets {
    fn wire(&self, connection: ConnectionId) -> Option<Wire> {
        self.open.borrow().get(&connection).map(|(wire, _)| *wire)
    }

    fn is_in_use(&self, wire: Wire) -> bool {
        self.open.borrow().values().any(|(it, _)| *it == wire)
    }

    fn send(&mut self, wire: Wire, to: Targets<'_>, frame: &Frame, _ephemeral: bool) -> usize {
        let mut sent = 0;
        *self.handed_over.borrow_mut() += 1;
        if let Some(witness) = &self.witness {
            witness(frame);
        }
        let is_meant = |connection: &ConnectionId| match to {
            Targets::AllBut(others) => !others.contains(connection),
            Targets::Only(connections) => connections.contains(connection),
        };
        for (connection, (own, _)) in self.open.borrow().iter() {
            if *own == wire && is_meant(connection) {
                let mut seen = self.seen.borrow_mut();
                seen.entry(*connection).or_default().push(Seen::Frame(frame.clone()));
                sent += 1;
            }
        }
        sent
    }
}

impl Sockets for FakeSockets {
    fn save(&mut self, connection: &Connection) {
        if self.unstorable.borrow().contains(&connection.id) {
            return self.unstored.borrow_mut().push(connection.id);
        }
        if let Some((_, stored)) = self.open.borrow_mut().get_mut(&connection.id) {
            *stored = connection.clone();
        }
    }

    fn close(&mut self, connection: ConnectionId, code: CloseCode, reason: &str) {
        if self.open.borrow_mut().remove(&connection).is_some() {
            let seen = Seen::Closed(code.number(), reason.into());
            self.seen.borrow_mut().entry(connection).or_default().push(seen);
        }
    }

    fn note(&mut self, _session: ConnectionId, _refusal: &ProtocolError) {}

    fn take_slow(&mut self) -> Vec<ConnectionId> {
        std::mem::take(&mut self.slow.borrow_mut())
    }

    fn take_unstored(&mut self) -> Vec<ConnectionId> {
        std::mem::take(&mut self.unstored.borrow_mut())
    }

    fn unread(&mut self, _anew: bool) -> usize {
        self.backlogs.borrow().values().sum()
    }

    fn backlog(&self, connection: ConnectionId) -> usize {
        self.backlogs.borrow().get(&connection).copied().unwrap_or_default()
    }

    fn heard(&self) -> LiteMap<ConnectionId, Millis> {
        LiteMap::new()
    }
}

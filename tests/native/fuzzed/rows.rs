//! A room whose database says anything: it wakes, and goes on for those who come.

use std::cell::{LazyCell, RefCell};
use std::collections::HashMap;
use std::convert::Infallible;

use dormouse::database::{Database, Row, Value};
use dormouse::feature;
use dormouse::history::{History, SqlHistory};
use dormouse::host::Host;
use dormouse::kernel::{Input, Write};
use dormouse::limits::Limits;
use dormouse::message::{Kind, Millis};
use dormouse::protocol::{Frame, ProtocolId, Wire};

use litemap::LiteMap;

use super::bytes::Bytes;
use crate::support::{FakeSockets, NOON, Rusqlite, clock, connection, epoch, session_id, speaking};
use crate::world::nobody;

/// What is asked of it: each reads tables.
const FRAMES: [(ProtocolId, &str); 16] = [
    (ProtocolId::NATIVE, r#"{"type":"history","id":"1","limit":200}"#),
    (ProtocolId::NATIVE, r#"{"type":"history","id":"1","limit":9,"raw":true}"#),
    (ProtocolId::NATIVE, r#"{"type":"query","id":"2","query":"position"}"#),
    (ProtocolId::NATIVE, r#"{"type":"query","id":"3","query":"state"}"#),
    (ProtocolId::NATIVE, r#"{"type":"query","id":"4","query":"search","params":{"text":"a*"}}"#),
    (ProtocolId::NATIVE, r#"{"type":"presence","id":"5"}"#),
    (ProtocolId::NATIVE, r#"{"type":"attach","id":"6","resume":"e:1"}"#),
    (ProtocolId::NATIVE, r#"{"type":"attach","id":"7","rewind":"9"}"#),
    (ProtocolId::NATIVE, r#"{"type":"publish","id":"8","event":"message.edit","of":1,"data":"b"}"#),
    (ProtocolId::NATIVE, r#"{"type":"publish","id":"9","event":"a.b","data":1}"#),
    (ProtocolId::EVENTS, r#"{"type":"query","query":"history","params":{"limit":200}}"#),
    (ProtocolId::CONTEXT, r#"{"type":"history","data":{"limit":200}}"#),
    (ProtocolId::CONTEXT, r#"{"type":"subscribe","data":{"metrics":["engagement","a"]}}"#),
    (ProtocolId::CONTEXT, r#"{"type":"join_session","data":{"sessionId":"one"}}"#),
    (ProtocolId::CONTEXT, r#"{"type":"message","id":"1","data":{"content":"a"}}"#),
    (ProtocolId::WORKFLOW, r#"{"type":"large_data_request","data":{"data_id":"d"}}"#),
];

/// What may stand in a row: tags and kinds, and what some columns hold.
const TEXTS: [&str; 22] = [
    "meta",
    "end",
    "chained",
    "departure",
    "share",
    "metric",
    "question",
    "state",
    "webhook",
    "transfer",
    "document",
    "epoch",
    "head",
    "head_at",
    "broadcasts",
    "occupancy",
    "schema",
    "e",
    "ann",
    "one",
    "{}",
    "[]",
];

/// Rows of as many columns as the statement has, with anything in them.
struct Damaged<'a>(&'a RefCell<Bytes<'a>>);

impl Database for Damaged<'_> {
    type Error = Infallible;

    fn run(&self, sql: &str, _: &[Value<'_>]) -> Result<Vec<Row>, Infallible> {
        let columns = COLUMNS.with(|it| it.of(sql));
        let mut bytes = self.0.borrow_mut();
        let rows = if columns == 0 { 0 } else { bytes.below(5) };
        Ok((0..rows).map(|_| (0..columns).map(|_| value(&mut bytes)).collect()).collect())
    }

    fn atomically(
        &self,
        work: &mut dyn FnMut() -> Result<(), Infallible>,
    ) -> Result<(), Infallible> {
        work()
    }
}

fn value(bytes: &mut Bytes<'_>) -> Value<'static> {
    match bytes.byte() {
        0 => Value::Null,
        it @ 1..=9 => Value::Integer(u64::from(it)),
        10 => Value::Integer(bytes.number() % (1 << 53)),
        11 => Value::Integer(NOON.0),
        12 => Value::from(clock(NOON).new_id().to_string()),
        it @ 13..=63 => Value::from(TEXTS[usize::from(it - 13) % TEXTS.len()]),
        it @ 64..=95 => Value::from(kind(usize::from(it - 64))),
        _ => Value::from(bytes.line()),
    }
}

fn kind(number: usize) -> &'static str {
    let kinds: Vec<_> = feature::entry_kinds().collect();
    kinds[number % kinds.len()].name
}

/// How many columns a statement has, by a database of the same tables.
struct Columns {
    database: Rusqlite,
    known: RefCell<HashMap<String, usize>>,
}

impl Columns {
    fn new() -> Self {
        let database = Rusqlite::in_memory();
        let mut history = SqlHistory::open(database.again(), &epoch()).unwrap();
        history.commit(&[Write::Occupancy(None)]).unwrap();
        Self { database, known: RefCell::default() }
    }

    fn of(&self, sql: &str) -> usize {
        let mut known = self.known.borrow_mut();
        if let Some(columns) = known.get(sql) {
            return *columns;
        }
        let columns = self.database.columns(sql);
        known.insert(sql.to_owned(), columns);
        columns
    }
}

thread_local! {
    static COLUMNS: LazyCell<Columns> = const { LazyCell::new(Columns::new) };
}

/// The kind of the room, how many frames are said and which, and then rows.
pub(crate) fn rows(input: &[u8]) {
    let mut bytes = Bytes::new(input);
    let kind = bytes.one_of(&Kind::ALL);
    let said: Vec<_> = (0..bytes.below(8)).map(|_| bytes.one_of(&FRAMES)).collect();
    let bytes = RefCell::new(bytes);
    let Ok(history) = SqlHistory::open(Damaged(&bytes), &epoch());
    let sockets = FakeSockets::default();
    let Ok(mut host) = Host::wake(kind, Limits::default(), history, sockets.clone(), []);
    for (number, (protocol, text)) in (1..).zip(said) {
        let now = NOON.plus(1000 * number);
        let one = speaking(protocol, connection(number, "ann"));
        let wire = Wire { protocol, batched: false, packed: false };
        let Ok(_) = host.join(one.clone(), clock(now), |_| sockets.open_as(&one, wire));
        let frame = Frame::Text(text.into());
        let Ok(_) = host.receive(session_id(number), &frame, clock(now.plus(1)), nobody);
        let Ok(()) = host.flush(now.plus(2));
    }
    let due = host.next_wake().unwrap_or(Millis(0)).max(NOON.plus(60_000));
    let Ok(_) = host.handle(Input::Alarm { heard: LiteMap::new() }, clock(due));
    let Ok(()) = host.settle(due);
}

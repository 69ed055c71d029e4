//! What webhooks cost: without a service nothing, with one a row in a statement of its own.

use std::cell::RefCell;
use std::rc::Rc;

use dormouse::database::{Database, Row, Value};
use dormouse::feature::{self, Configured};
use dormouse::history::SqlHistory;
use dormouse::host::Host;
use dormouse::kernel::Input;
use dormouse::limits::Limits;
use dormouse::message::Kind;
use dormouse::protocol::Frame;
use serde_json::json;

use crate::support::{FakeSockets, NOON, Rusqlite, clock, connection, epoch, session_id};
use crate::world::nobody;

/// A database that remembers what it was asked.
struct Recorded(Rusqlite, Rc<RefCell<Vec<String>>>);

impl Database for Recorded {
    type Error = rusqlite::Error;

    fn run(&self, sql: &str, bindings: &[Value<'_>]) -> Result<Vec<Row>, rusqlite::Error> {
        let head: Vec<&str> = sql.split_whitespace().take(3).collect();
        self.1.borrow_mut().push(head.join(" "));
        self.0.run(sql, bindings)
    }

    fn atomically(
        &self,
        work: &mut dyn FnMut() -> Result<(), rusqlite::Error>,
    ) -> Result<(), rusqlite::Error> {
        self.1.borrow_mut().push("transaction".into());
        self.0.atomically(work)
    }
}

/// The statements of so many messages that are flushed together in a room that had one before, and
/// of the last one who leaves it.
fn statements(messages: usize, events: Option<&str>) -> (Vec<String>, Vec<String>) {
    let asked = Rc::new(RefCell::new(Vec::new()));
    let database = Recorded(Rusqlite::in_memory(), Rc::clone(&asked));
    let variable = |name: &str| {
        let value = match name {
            "WEBHOOK_URL" => "https://hooks.example/",
            "WEBHOOK_SECRET" => "a secret of the receiver, 32 bytes or more",
            "WEBHOOK_EVENTS" => events?,
            _ => return None,
        };
        events.map(|_| value.to_owned())
    };
    let config = Rc::new(feature::Config::read(&variable, &mut Vec::new()));
    let history = SqlHistory::open(database, &epoch()).unwrap();
    let sockets = FakeSockets::default();
    let mut host = Host::wake(Kind::Chat, Limits::default(), history, sockets.clone(), []).unwrap();
    host = host.configured(config);
    let ann = connection(1, "ann");
    let attach = |_: &mut FakeSockets| sockets.open(&ann, false);
    host.join(ann.clone(), clock(NOON), attach).unwrap();
    let frame = json!({"type": "message", "data": {"content": "hi"}}).to_string();
    let says = |host: &mut Host<_, _>| {
        let frame = Frame::Text(frame.clone());
        host.receive(session_id(1), &frame, clock(NOON), nobody).unwrap();
    };
    says(&mut host);
    host.flush(NOON).unwrap();
    asked.borrow_mut().clear();
    for _ in 0..messages {
        says(&mut host);
    }
    host.flush(NOON).unwrap();
    let said = std::mem::take(&mut *asked.borrow_mut());
    host.sockets.drop_socket(session_id(1));
    host.handle(Input::Left { connection: session_id(1) }, clock(NOON)).unwrap();
    host.flush(NOON).unwrap();
    let left = std::mem::take(&mut *asked.borrow_mut());
    (said, left)
}

#[test]
fn y11_without_a_service_no_message_costs_a_statement_more() {
    let (said, left) = statements(1, None);
    assert_eq!(said, ["INSERT INTO entry"]);
    assert!(left.iter().all(|it| !it.contains("webhook") && !it.contains("departure")), "{left:?}");
    let (said, _) = statements(5, None);
    assert_eq!(said, ["transaction", "INSERT INTO entry"]);
    // Nor where the service does not ask for it.
    assert_eq!(statements(1, Some("other")).0, ["INSERT INTO entry"]);
}

#[test]
fn y11_with_one_messages_that_are_flushed_together_cost_one_statement_more() {
    let both = ["transaction", "INSERT INTO entry", "INSERT INTO webhook_event"];
    assert_eq!(statements(1, Some("message")).0, both);
    assert_eq!(statements(5, Some("message")).0, both);
}

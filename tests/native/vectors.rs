//! Every frame of every protocol, from the golden vectors that clients read too.

use std::rc::Rc;

use dormouse::feature::conversations::{ConversationEvent, ResumeToken};
use dormouse::feature::documents::{EditingEvent, EditingState, Role, Version};
use dormouse::feature::metrics::{Metric, MetricEvent, Reading};
use dormouse::feature::state::{StateEvent, StateItem};
use dormouse::feature::transfers::{Chunk, Digest, IN_WORKFLOWS, TransferEvent};
use dormouse::feature::typing::TypingEvent;
use dormouse::kernel::{Event, Notice};
use dormouse::limits::Limits;
use dormouse::message::{
    Accepted, Added, Body, Code, Details, EVENT, Entry, Epoch, EventName, Fault, Json, Millis,
    Mode, Name, Offset, Page, ProtocolError, Reply, RequestId, RoomName, StateKey, Stats, Status,
    Topic, UserId, Welcome,
};
use dormouse::protocol::{Frame, ProtocolId};
use serde_json::{Value, json};

use crate::annotation_frames;
use crate::asked::spelled;
use crate::support::{NOON, attached, clock, decoded, encoded, entry, member, session_id, sockets};

/// Each protocol and its vectors.
fn vectors() -> Vec<(ProtocolId, Value)> {
    let texts = [
        include_str!("../vectors/context.json"),
        include_str!("../vectors/workflow.json"),
        include_str!("../vectors/events.json"),
        include_str!("../vectors/client.json"),
        include_str!("../vectors/conversation.json"),
        include_str!("../vectors/native.json"),
    ];
    assert_eq!(texts.len(), sockets().count(), "a protocol has no vectors");
    sockets().zip(texts.map(|it| serde_json::from_str(it).unwrap())).collect()
}

#[test]
fn every_golden_frame_is_read_as_it_says() {
    let mut wrong = Vec::new();
    for (protocol, vectors) in vectors() {
        let cases = vectors["in"].as_array().unwrap();
        assert!(20 < cases.len());
        for case in cases {
            let frame = Frame::Text(case["frame"].as_str().unwrap().into());
            let read = spelled(&decoded(protocol.get(), &frame));
            if read != json!({"id": case["id"], "command": case["command"]}) {
                wrong.push(format!("{}: {}: {read}", protocol.descriptor().name, case["title"]));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_event_is_spelled_as_its_golden_frame() {
    let mut wrong = Vec::new();
    for (protocol, vectors) in vectors() {
        let (mut frames, mut unsaid) = (Vec::<Value>::new(), Vec::new());
        for (title, notice) in notices() {
            match encoded(protocol.get(), &notice) {
                Some(Frame::Text(text)) => frames.push(serde_json::from_str(&text).unwrap()),
                Some(Frame::Binary(_)) => panic!("these protocols speak text"),
                None => unsaid.push(title),
            }
        }
        if (json!(frames), json!(unsaid)) != (vectors["out"].clone(), vectors["unsaid"].clone()) {
            let encoded = json!({"unsaid": unsaid, "out": frames});
            println!("{}", serde_json::to_string_pretty(&encoded).unwrap());
            wrong.push(protocol.descriptor().name);
        }
    }
    assert!(wrong.is_empty(), "not as golden, but as above: {wrong:?}");
}

/// An entry that is an event of this name.
fn event(offset: u64, name: &str, data: &Value, request_id: Option<&str>) -> Rc<Entry> {
    let said = Entry::clone(&entry(offset, NOON.0, "ann", request_id));
    let (name, data) = (EventName::parse(name).unwrap(), Json::parse(data.to_string()).unwrap());
    let body = Body::new(EVENT, name, data);
    Rc::new(Entry { body, ..said })
}

/// The data of a workflow update and of a notification (A14, A17).
fn update() -> Value {
    json!({
        "workflow_id": "workflow_123", "status": "in_progress", "stage": "architecture_design",
        "progress": 45, "message": "Designing", "estimated_completion": "2024-01-01T12:15:00Z",
    })
}

fn notification() -> Value {
    json!({
        "notification_id": "notif_123", "user_id": "ann", "title": "Done", "message": "It is done.",
        "category": "workflow_complete", "priority": "high",
        "action": {"label": "View", "url": "/projects/1"},
        "metadata": {"project_id": "project_1", "workflow_id": "workflow_123"},
    })
}

fn page(entries: Vec<Rc<Entry>>, has_more: bool, upwards: bool) -> Event {
    let (head, epoch) = (Offset(42), Epoch("e1".into()));
    let added = Added::new();
    Event::History(Page { entries, has_more, upwards, reverse: false, head, epoch, added })
}

fn welcome(client: Option<&str>) -> Event {
    Event::Welcome(Box::new(Welcome {
        connection: session_id(7),
        user: UserId("ann".into()),
        client: client.map(str::to_owned),
        heartbeat_ms: 25_000,
        offset: Offset(42),
        epoch: Epoch("e1".into()),
        attached: attached(),
        expires_at: None,
        grants: vec!["join"],
        features: vec!["state"],
        limits: Limits::default(),
        presence: Mode::Members,
    }))
}

fn accepted(duplicate: bool) -> Event {
    let id = (!duplicate).then(|| entry(43, NOON.0, "ann", None).id);
    let (offset, epoch) = (Offset(43), Epoch("e1".into()));
    Event::Reply(Reply::Accepted(Accepted { id, offset, epoch, duplicate }))
}

/// What is said of a room and a connection.
fn replies() -> Vec<(&'static str, Option<&'static str>, Event)> {
    let topics = || vec![Topic::parse("agent.*").unwrap(), Topic::parse("score").unwrap()];
    let (offset, epoch) = (Offset(42), Epoch("e1".into()));
    let (key, value) = (StateKey::parse("phase").unwrap(), Json::parse(r#""build""#).unwrap());
    let status = Status {
        connection: session_id(7),
        client: Some("abc-123".into()),
        connected_at: Millis(NOON.0 - 1500),
        received: 12,
        received_this_minute: 3,
        limit_per_minute: 100,
    };
    vec![
        ("accepted", Some("c1"), accepted(false)),
        ("accepted before", Some("c1"), accepted(true)),
        ("subscribed", Some("s1"), Event::Reply(Reply::Subscribed(topics()))),
        ("unsubscribed", Some("s2"), Event::Reply(Reply::Unsubscribed(topics(), None))),
        ("subscriptions", None, Event::Reply(Reply::Subscriptions(Some(topics())))),
        ("no subscriptions", None, Event::Reply(Reply::Subscriptions(None))),
        (
            "state",
            Some("q2"),
            StateEvent::All(vec![StateItem { key, value, offset }], offset).into(),
        ),
        (
            "stats",
            None,
            Event::Reply(Reply::Stats(Stats { connections: 3, users: 2, offset, epoch })),
        ),
        ("status", Some("t1"), Event::Reply(Reply::Status(Box::new(status)))),
        ("kicked", Some("k1"), Event::Reply(Reply::Kicked(2))),
        ("erased", Some("k2"), Event::Reply(Reply::Erased)),
    ]
}

/// What is said of large data (A22, A23).
fn transfers() -> Vec<(&'static str, Option<&'static str>, Event)> {
    let data = || Name::parse("plan.1").unwrap();
    let text = "aGVsbG8=".to_owned();
    let (index, total, bytes, digest) = (1, 5, 5, Digest::of(b"hello"));
    let chunk = Chunk { data: data(), index, total, text, bytes, digest, called: &IN_WORKFLOWS };
    let missing = vec![0, 2, 3, 4];
    [
        ("large_data", TransferEvent::Piece(chunk.into())),
        ("large_data_received", TransferEvent::Received { data: data(), bytes: 1_024_000 }),
        ("large data missing", TransferEvent::Incomplete { data: data(), bytes: 5, missing }),
    ]
    .map(|(title, event)| (title, Some("l1"), Event::from(event)))
    .into()
}

/// What is said of metrics.
fn metrics() -> Vec<(&'static str, Option<&'static str>, Event)> {
    let name = |name: &str| Name::parse(name).unwrap();
    let value = || Json::parse("0.5").unwrap();
    let readings = || {
        let known = Reading { metric: name("engagement"), last: Some((value(), NOON)) };
        vec![known, Reading { metric: name("score"), last: None }]
    };
    let published = |at| {
        let said = Entry::clone(&entry(44, NOON.0, "ann", None));
        let body = Body::from(Metric { metric: name("score"), value: value(), at }).accepted(NOON);
        Event::Entry(Rc::new(Entry { body, ..said }))
    };
    let updated =
        MetricEvent::Updated { metric: name("activity"), value: Metric::whole(7), at: NOON };
    vec![
        ("watched", Some("s1"), Event::from(MetricEvent::Watched(readings()))),
        ("unwatched", Some("s2"), Event::from(MetricEvent::Unwatched(readings()))),
        ("metric", None, Event::from(updated)),
        ("metric of a backend", None, published(None)),
        ("metric with a time of its own", None, published(Some(Millis(NOON.0 - 1000)))),
    ]
}

/// What is said in conversations.
fn conversation() -> Vec<(&'static str, Option<&'static str>, Event)> {
    let (to, of) = (RequestId::parse("m1").unwrap(), Offset(42));
    let body = Body::response(&to, of, "Hello, \"Ann\".");
    let response = Rc::new(Entry { body, ..Entry::clone(&entry(43, NOON.0, "responder", None)) });
    let asked = || entry(42, NOON.0, "ann", Some("m1"));
    let conversation = RoomName::parse("conversation_1").unwrap();
    let resume = ResumeToken { conversation, token: "t".into() };
    let client = "client 1".into();
    let unavailable = ProtocolError::new(Code::Unavailable, "no");
    let unavailable = ProtocolError { retry_after: Some(30), ..unavailable };
    vec![
        ("response", Some("m1"), Event::Entry(Rc::clone(&response))),
        ("conversation", None, page(vec![asked(), response], false, false)),
        ("confirmed", None, Event::from(ConversationEvent::Confirmed { client, resume })),
        ("no response", Some("m1"), Event::Refused(unavailable)),
    ]
}

/// What the native protocol says in a way of its own.
fn native() -> Vec<(&'static str, Option<&'static str>, Event)> {
    let document = || Name::parse("notes").unwrap();
    let (version, content) = (Version(15), "Hello".to_owned());
    let participants = vec![(member("ann"), Role::Participant)];
    let state = EditingState { document: document(), version, content, participants };
    let left = EditingEvent::Left { document: document(), member: member("ann") };
    let (text, digest) = ("aGVsbG8".to_owned(), Digest::of(b"hello"));
    let (data, called) = (Name::parse("plan.1").unwrap(), &IN_WORKFLOWS);
    let piece = Chunk { data, index: 1, total: 5, text, bytes: 5, digest, called };
    let other = ProtocolError::new(Code::Conflict, "no");
    let other = ProtocolError { details: Details::Version(Offset(40)), ..other };
    let blank = || {
        let said = Entry::clone(&entry(41, NOON.0, "ann", None));
        let body = Body { is_deleted: true, ..said.body.blank().unwrap() };
        Rc::new(Entry { body, ..said })
    };
    vec![
        ("joined a document", Some("d1"), EditingEvent::State(Box::new(state)).into()),
        ("left a document", Some("d2"), left.into()),
        ("a chunk of an object", None, TransferEvent::Piece(piece.into()).into()),
        ("a chunk is kept", Some("o1"), TransferEvent::Kept { bytes: 5 }.into()),
        ("an object is found", Some("o2"), TransferEvent::Found { total: 2, bytes: 10 }.into()),
        ("another version", Some("c1"), Event::Refused(other)),
        ("deleted", None, Event::Entry(blank())),
    ]
}

/// The events whose spelling the vectors fix, in their order.
pub(crate) fn notices() -> Vec<(&'static str, Notice)> {
    let said = || vec![entry(41, NOON.0, "ann", None), entry(42, NOON.0 + 1, "bob", Some("m1"))];
    let user = || UserId("ann".into());
    let envelope = json!({"type": "hello", "timestamp": "never", "id": "forged", "score": 2});
    let fault = Fault { field: "progress".into(), problem: "must be a number".into() };
    let renewed = |at: Option<u64>| Event::Renewed {
        user: user(),
        expires_at: at.map(Millis),
        grants: vec!["join"],
    };
    let happened = |name, data: &Value| Event::Entry(event(43, name, data, None));
    let mut events = vec![
        ("pong", None, Event::Pong),
        ("pong to a ping with an id", Some("p1"), Event::Pong),
        ("message", None, Event::Entry(entry(42, NOON.0, "ann", None))),
        ("message of an id", Some("m1"), Event::Entry(entry(42, NOON.0, "ann", Some("m1")))),
        ("typing", None, TypingEvent::Changed { user: user(), is_typing: true }.into()),
        ("joined", None, Event::Joined(member("ann"))),
        ("left", None, Event::Left(member("ann"))),
        ("presence", Some("q1"), Event::Presence(vec![member("ann"), member("bob")])),
        ("history", Some("h1"), page(said(), true, false)),
        ("the end of history", None, page(said(), false, false)),
        ("renewed", Some("a1"), renewed(Some(NOON.0 + 1000))),
        ("too fast", None, Event::Refused(ProtocolError::too_fast(100, 60_000, 44_001))),
        ("refused", Some("x1"), Event::Refused(ProtocolError::new(Code::NotFound, "no"))),
        ("event", None, happened("agent.started", &json!({"agent": 7}))),
        ("event of an id", Some("e1"), Event::Entry(event(43, "score", &json!([2]), Some("e1")))),
        ("broadcast", None, happened("broadcast", &json!({"text": "hear, hear"}))),
        ("workflow_update", None, happened("workflow_update", &update())),
        ("notification", None, happened("notification", &notification())),
        ("state changed", None, happened("state.phase", &json!("build"))),
        ("state dropped", None, happened("state.phase", &Value::Null)),
        ("event with the envelope's fields", None, happened("score", &envelope)),
        ("welcome", None, welcome(Some("abc-123"))),
        ("welcome without a client id", None, welcome(None)),
        ("ping", None, Event::Ping),
        (
            "history of events",
            Some("h2"),
            page(vec![event(9, "score", &json!(1), None)], true, true),
        ),
        ("renewed for ever", None, renewed(None)),
        ("faulty", Some("x2"), Event::Refused(ProtocolError::faulty(vec![fault]))),
        ("too fast, of an id", Some("x3"), Event::Refused(ProtocolError::too_fast(20, 1000, 1))),
    ];
    events.extend(replies());
    events.extend(transfers());
    events.extend(metrics());
    events.extend(
        crate::editing_frames::edited().into_iter().map(|(title, event)| (title, None, event)),
    );
    events.extend(conversation());
    events.extend(crate::search::told().into_iter().map(|(title, it)| (title, Some("f1"), it)));
    events.extend(annotation_frames::said());
    events.extend(crate::following::resumed().into_iter().map(|(title, it)| (title, None, it)));
    events.extend(crate::presence_frames::said());
    events.extend(native());
    let mut clock = clock(NOON);
    let notice = |(title, reply_to, event): (&'static str, Option<&str>, Event)| {
        let reply_to = reply_to.map(|it| RequestId::parse(it).unwrap());
        let connection = matches!(event, Event::Refused(_)).then(|| session_id(7));
        (title, Notice { id: clock.new_id(), reply_to, connection, at: NOON, event })
    };
    events.into_iter().map(notice).collect()
}

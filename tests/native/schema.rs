//! The documents of the API are what the code makes of itself today, and are true.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use dormouse::admission::endpoints;
use dormouse::feature::bans::BanEvent;
use dormouse::feature::conversations::{ConversationEvent, ResumeToken};
use dormouse::feature::documents::EditingEvent;
use dormouse::feature::metrics::{Metric, MetricEvent, Reading};
use dormouse::feature::state::{StateEvent, StateItem};
use dormouse::feature::transfers::{Chunk, Digest, IN_WORKFLOWS, TransferEvent};
use dormouse::feature::typing::TypingEvent;
use dormouse::kernel::{Event, Notice};
use dormouse::message::{
    Accepted, Added, Body, Code, EVENT, Epoch, EventName, Fault, Json, Name, Offset, Page,
    ProtocolError, Reply, RequestId, RoomName, StateKey, Stats, Status, Topic, UserId,
};
use dormouse::protocol::{Encoding, Frame, ProtocolId};
use dormouse::schema::{asyncapi, openapi, text};
use jsonschema::Validator;
use serde_json::{Value, json};

use crate::editing_frames::edited;
use crate::following::{following, greeting};
use crate::support::{NOON, clock, decoded, encoded, entry, member, session_id, sockets};

fn committed(name: &str, document: &Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
    #[expect(clippy::disallowed_methods, reason = "how a person asks for new documents")]
    if std::env::var("UPDATE_SCHEMAS").is_ok() {
        fs::write(&path, text(document)).unwrap();
    }
    let committed = fs::read_to_string(path).unwrap_or_default();
    assert!(committed == text(document), "docs/{name}: run UPDATE_SCHEMAS=1 cargo test schema");
}

#[test]
fn the_committed_documents_are_those_of_the_code() {
    committed("openapi.json", &openapi());
    committed("asyncapi.json", &asyncapi());
}

/// A schema of the document, with the document's own components around.
pub(crate) fn validator(document: &Value, draft: &str, schema: &Value) -> Validator {
    let schema = json!({
        "$schema": draft,
        "allOf": [schema],
        "components": document["components"],
    });
    jsonschema::validator_for(&schema).unwrap()
}

const DRAFT_07: &str = "http://json-schema.org/draft-07/schema#";

/// The messages of a protocol, each with what tells its frames from others.
struct Messages(Vec<(String, Value, Validator)>);

impl Messages {
    fn of(document: &Value, protocol: &str, action: &str) -> Self {
        let prefix = format!("{protocol}.{action}.");
        let all = document["components"]["messages"].as_object().unwrap();
        let own = all.iter().filter_map(|(key, it)| Some((key.strip_prefix(&prefix)?, it)));
        Self(own.map(|(name, it)| Self::read(document, name, it)).collect())
    }

    fn read(document: &Value, name: &str, message: &Value) -> (String, Value, Validator) {
        let payload = &message["payload"];
        (name.into(), payload.clone(), validator(document, DRAFT_07, payload))
    }

    /// The most constants of a message that a frame has; `None` if it has another value.
    fn likeness(payload: &Value, frame: &Value) -> Option<usize> {
        let fields = payload["properties"].as_object()?;
        let fixed: Vec<_> =
            fields.iter().filter_map(|(name, it)| Some((name, it.get("const")?))).collect();
        fixed.iter().all(|(name, value)| frame.get(name) == Some(value)).then_some(fixed.len())
    }

    /// Whether a frame is one of those messages that are most like it.
    fn describe(&self, frame: &Value) -> Result<&str, String> {
        let like = |(_, payload, _): &&(String, Value, Validator)| Self::likeness(payload, frame);
        let most = self.0.iter().filter_map(|it| like(&it)).max();
        let candidates: Vec<_> =
            self.0.iter().filter(|it| most.is_some() && like(it) == most).collect();
        let mut faults = vec![format!("{frame} is none of its messages")];
        for (name, _, validator) in candidates {
            match validator.validate(frame) {
                Ok(()) => return Ok(name),
                Err(fault) => faults.push(format!("{name}: {fault} at {}", fault.instance_path())),
            }
        }
        Err(faults.join("\n"))
    }
}

#[test]
fn every_golden_frame_is_one_of_the_documented_messages() {
    let document = asyncapi();
    let mut seen = 0;
    for file in fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors")).unwrap() {
        let path = file.unwrap().path();
        let protocol = path.file_stem().unwrap().to_str().unwrap();
        if !sockets().any(|it| it.descriptor().name == protocol) {
            continue; // What is spoken over HTTP is in the other document.
        }
        let vectors: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let messages = Messages::of(&document, protocol, "receive");
        for case in vectors["in"].as_array().unwrap() {
            if case["command"].get("refused").is_some() {
                continue;
            }
            let frame = serde_json::from_str(case["frame"].as_str().unwrap()).unwrap();
            messages.describe(&frame).unwrap_or_else(|it| panic!("{protocol}: {it}"));
            seen += 1;
        }
        let messages = Messages::of(&document, protocol, "send");
        for frame in vectors["out"].as_array().unwrap() {
            messages.describe(frame).unwrap_or_else(|it| panic!("{protocol}: {it}"));
            seen += 1;
        }
    }
    assert!(30 < seen, "{seen}");
}

#[test]
fn every_example_of_a_client_is_read_and_every_example_is_what_it_is_an_example_of() {
    let document = asyncapi();
    for protocol in sockets().map(ProtocolId::get) {
        for action in ["receive", "send"] {
            let messages = Messages::of(&document, protocol.descriptor().name, action);
            assert!(!messages.0.is_empty(), "{}", protocol.descriptor().name);
            for (name, _, validator) in &messages.0 {
                let key = format!("{}.{action}.{name}", protocol.descriptor().name);
                let example = &document["components"]["messages"][&key]["examples"][0]["payload"];
                assert!(!example.is_null(), "{key} has an example");
                validator.validate(example).unwrap_or_else(|it| panic!("{key}: {it}"));
                if !name.starts_with("pong") {
                    assert_eq!(messages.describe(example), Ok(name.as_str()), "{key}");
                }
                if action == "receive" {
                    let request = decoded(protocol, &Frame::Text(example.to_string()));
                    assert!(request.command.is_ok(), "{key}: {:?}", request.command);
                }
            }
        }
    }
}

#[test]
fn what_is_no_message_is_not_documented_as_one() {
    let document = asyncapi();
    for (name, frame) in [
        ("context", json!({"type": "message", "data": {"content": 7}})),
        ("context", json!({"type": "message"})),
        ("context", json!({"type": "typing", "data": {"isTyping": "yes"}})),
        ("context", json!({"type": "history", "data": {"limit": -1}})),
        ("context", json!({"type": "auth"})),
        ("workflow", json!({"type": "auth", "data": {"token": 1}})),
        ("events", json!({"type": "subscribe", "events": ["a*b"]})),
        ("events", json!({"type": "query", "query": "secrets"})),
        ("events", json!({"type": "command", "command": "publish", "params": {}})),
        ("context", json!({"type": "join_session", "data": {"sessionId": "a b"}})),
        ("context", json!({"type": "edit", "data": {"operation": "insert", "position": -1}})),
        ("context", json!({"type": "cursor", "data": {"position": 0.5}})),
        ("context", json!({"type": "command", "data": {"command": "redo"}})),
        ("conversation", json!({"type": "connect", "clientId": "c", "version": "2"})),
        ("conversation", json!({"type": "message", "clientId": "c", "content": "x"})),
        ("conversation", json!({"type": "history", "limit": "x"})),
        ("client", json!({"type": "a b"})),
        ("client", json!({"type": "ping", "id": ""})),
    ] {
        let described = Messages::of(&document, name, "receive").describe(&frame).is_ok();
        let protocol =
            ProtocolId::all().map(ProtocolId::get).find(|it| it.descriptor().name == name).unwrap();
        let read = decoded(protocol, &Frame::Text(frame.to_string())).command.is_ok();
        assert_eq!((described, read), (false, false), "{name}: {frame}");
    }
}

fn published(name: &str, data: &Value) -> Event {
    let data = Json::parse(data.to_string()).unwrap();
    let mut entry = (*entry(42, NOON.0, "ann", None)).clone();
    entry.body = Body::new(EVENT, EventName::parse(name).unwrap(), data);
    Event::Entry(entry.into())
}

fn confirmed() -> Event {
    let conversation = RoomName::parse("conversation_1").unwrap();
    let resume = ResumeToken { conversation, token: "t".into() };
    Event::from(ConversationEvent::Confirmed { client: "c1".into(), resume })
}

fn response() -> Event {
    let mut response = (*entry(43, NOON.0, "responder", None)).clone();
    let (to, of) = (RequestId::parse("m1").unwrap(), Offset(42));
    response.body = Body::response(&to, of, "Hello.");
    Event::Entry(response.into())
}

/// One of everything a room can say, and more of what has more than one shape.
pub(crate) fn events() -> Vec<Event> {
    let epoch = || Epoch("e1".into());
    let page = |has_more, upwards| {
        let entries = vec![entry(41, NOON.0, "ann", None), entry(42, NOON.0, "bob", None)];
        let (head, epoch, added) = (Offset(42), epoch(), Added::new());
        Event::History(Page { entries, has_more, upwards, reverse: false, head, epoch, added })
    };
    let topics = || vec![Topic::parse("agent.*").unwrap()];
    let welcome = |client| Event::Welcome(Box::new(greeting(client)));
    let state = vec![StateItem {
        key: StateKey::parse("mode").unwrap(),
        value: Json::parse("[1]").unwrap(),
        offset: Offset(40),
    }];
    let accepted = |id| Accepted { id, offset: Offset(42), epoch: epoch(), duplicate: false };
    let status = Status {
        connection: session_id(1),
        client: None,
        connected_at: NOON,
        received: 1,
        received_this_minute: 1,
        limit_per_minute: 100,
    };
    let room = Stats { connections: 1, users: 1, offset: Offset(42), epoch: epoch() };
    let data = || Name::parse("plan.1").unwrap();
    let (text, digest) = ("aGVsbG8=".into(), Digest::of(b"hello"));
    let piece =
        Chunk { data: data(), index: 0, total: 2, text, bytes: 5, digest, called: &IN_WORKFLOWS };
    let fault = Fault { field: "data".into(), problem: "must be an object".into() };
    let metric = || Name::parse("score").unwrap();
    let readings = || {
        let last = Some((Json::parse("-0.5").unwrap(), NOON));
        vec![Reading { metric: metric(), last }, Reading { metric: metric(), last: None }]
    };
    let mut measured = (*entry(42, NOON.0, "ann", None)).clone();
    let score = Metric { metric: metric(), value: Json::parse("1e25").unwrap(), at: None };
    measured.body = Body::from(score).accepted(NOON);
    let measured = Event::Entry(measured.into());
    let update = json!({"workflow_id": "w", "status": "pending", "stage": "review", "progress": 5});
    let notification = json!({"notification_id": "n", "title": "t", "message": "m", "user_id": null,
        "category": "system_alert", "priority": "critical", "metadata": {"a": 1}, "more": true});
    let renewed = |expires_at| Event::Renewed {
        user: UserId("ann".into()),
        expires_at,
        grants: vec!["join"],
    };
    let mut events = following();
    events.extend([
        welcome(None),
        welcome(Some("c1")),
        Event::Ping,
        Event::Pong,
        Event::Entry(entry(42, NOON.0, "ann", None)),
        published("workflow_update", &update),
        published("notification", &notification),
        published("broadcast", &json!("text")),
        published("agent.started", &json!({"type": "x", "a": [1]})),
        published("agent.stopped", &Value::Null),
        TypingEvent::Changed { user: UserId("ann".into()), is_typing: true }.into(),
        Event::Joined(member("ann")),
        Event::Left(member("ann")),
        Event::Presence(vec![member("ann")]),
        page(true, false),
        page(true, true),
        page(false, false),
        renewed(None),
        renewed(Some(NOON)),
        Event::Reply(Reply::Accepted(accepted(Some(clock(NOON).new_id())))),
        Event::Reply(Reply::Accepted(accepted(None))),
        Event::Reply(Reply::Subscribed(topics())),
        Event::Reply(Reply::Unsubscribed(topics(), None)),
        Event::Reply(Reply::Subscriptions(None)),
        StateEvent::All(state, Offset(42)).into(),
        BanEvent::Banned(UserId("bob".into()), Some(NOON), 1).into(),
        BanEvent::Lifted(UserId("bob".into())).into(),
        Event::Reply(Reply::Stats(room)),
        Event::Reply(Reply::Status(Box::new(status))),
        Event::Reply(Reply::Kicked(2)),
        Event::Reply(Reply::Erased),
        Event::from(TransferEvent::Received { data: data(), bytes: 5 }),
        Event::from(TransferEvent::Incomplete { data: data(), bytes: 5, missing: vec![1] }),
        Event::from(TransferEvent::Piece(piece.into())),
        Event::from(TransferEvent::Deleted(data())),
        Event::from(EditingEvent::Deleted { document: data(), member: member("ann") }),
        confirmed(),
        response(),
        Event::Refused(ProtocolError::new(Code::NotFound, "no")),
        Event::Refused(ProtocolError::too_fast(100, 60_000, 44_001)),
        Event::Refused(ProtocolError::faulty(vec![fault])),
        Event::from(MetricEvent::Watched(readings())),
        Event::from(MetricEvent::Unwatched(readings())),
        Event::from(MetricEvent::Updated { metric: metric(), value: Metric::whole(7), at: NOON }),
        measured,
    ]);
    events.extend(edited().into_iter().chain(crate::search::told()).map(|(_, event)| event));
    let presence = crate::presence_frames::said();
    events.extend(crate::annotation_frames::said().into_iter().chain(presence).map(|it| it.2));
    events
}

pub(crate) fn notice(event: Event, reply_to: Option<&str>) -> Notice {
    let reply_to = reply_to.map(|it| RequestId::parse(it).unwrap());
    Notice { id: clock(NOON).new_id(), reply_to, connection: Some(session_id(1)), at: NOON, event }
}

#[test]
fn whatever_a_room_says_is_one_of_the_documented_messages() {
    let document = asyncapi();
    for protocol in sockets().map(ProtocolId::get) {
        let messages = Messages::of(&document, protocol.descriptor().name, "send");
        let mut said = BTreeSet::new();
        for (event, id) in
            events().into_iter().flat_map(|it| [(it.clone(), None), (it, Some("r1"))])
        {
            let Some(Frame::Text(frame)) = encoded(protocol, &notice(event, id)) else { continue };
            let frame = serde_json::from_str(&frame).unwrap();
            let name = messages.describe(&frame);
            said.insert(
                name.unwrap_or_else(|it| panic!("{}: {it}", protocol.descriptor().name)).to_owned(),
            );
        }
        let all = messages.0.iter().map(|it| it.0.clone());
        let unsaid: Vec<String> = all.filter(|it| !said.contains(it)).collect();
        let is_listed = protocol.descriptor().encodings.contains(&Encoding::JsonList);
        let others: &[&str] = if is_listed { &[] } else { &["batch", "pong.bare"] };
        assert_eq!(unsaid, others, "{} says everything", protocol.descriptor().name);
        if is_listed {
            continue;
        }
        let pong = Frame::Text(r#"{"type":"pong"}"#.into());
        let Frame::Text(batch) = protocol.batch(&[&pong, &pong]) else { panic!("{pong:?}") };
        assert_eq!(messages.describe(&serde_json::from_str(&batch).unwrap()), Ok("batch"));
    }
}

#[test]
fn every_reference_leads_somewhere() {
    fn check(document: &Value, value: &Value) -> usize {
        let deeper: Vec<&Value> = match value {
            Value::Object(fields) => fields.values().collect(),
            Value::Array(items) => items.iter().collect(),
            _ => vec![],
        };
        let own = value.get("$ref").and_then(Value::as_str).map(|path| {
            let target = document.pointer(path.strip_prefix('#').unwrap());
            assert!(target.is_some(), "{path}");
        });
        usize::from(own.is_some()) + deeper.iter().map(|it| check(document, it)).sum::<usize>()
    }
    for document in [openapi(), asyncapi()] {
        assert!(100 < check(&document, &document));
    }
}

#[test]
fn every_endpoint_is_a_channel_of_its_protocol() {
    let document = asyncapi();
    let channels = document["channels"].as_object().unwrap();
    let addresses: BTreeSet<&str> =
        channels.values().map(|it| it["address"].as_str().unwrap()).collect();
    let endpoints = || endpoints().filter(|it| sockets().any(|other| other == it.protocol));
    let wanted = endpoints().map(|it| it.path).chain(["/ws/{client_id}"]);
    assert_eq!(addresses, wanted.collect());
    for endpoint in endpoints() {
        let channel = channels.values().find(|it| it["address"] == endpoint.path).unwrap();
        let prefix = format!("#/components/messages/{}.", endpoint.protocol.descriptor().name);
        let messages = channel["messages"].as_object().unwrap();
        assert!(2 < messages.len(), "{}", endpoint.path);
        for message in messages.values() {
            assert!(message["$ref"].as_str().unwrap().starts_with(&prefix), "{message}");
        }
    }
}

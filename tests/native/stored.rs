//! What is stored, literally: rooms that an earlier version put to sleep are opened by this one.
//!
//! `tests/stored` has a folder for each stored form there has been. The newest is what
//! this version writes; no older one ever changes. A form that gains something gets a folder of
//! its own: add it to `FORMS`, and write it with `UPDATE_STORED=1 cargo test stored`.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dormouse::admission::HandOff;
use dormouse::breaker::{Breaker, State};
use dormouse::directory::{Ask, Directory, Report};
use dormouse::feature::conversations::{Outcome as Answered, ResumeToken};
use dormouse::feature::webhooks::{Delivered, Outcome};
use dormouse::feature::{Call, ConnectionParts, Input as FeatureInput};
use dormouse::kernel::{Grants, Input, Things};
use dormouse::message::{
    Issue, Kind, Member, Millis, Offset, Position, Rewind, RoomName, Topic, UserId,
};
use dormouse::protocol::{ProtocolId, Wire};
use dormouse::tally::Tally;
use serde_json::{Value, json};

use crate::publications::called;
use crate::stored_rooms::{ROOMS, Stored, WEBHOOKS, asked, responds, says, written};
use crate::support::{NOON, Rusqlite, epoch};
use crate::world::World;

/// Every form there has been, oldest first.
const FORMS: &[&str] = &["1", "2", "3", "4", "5", "6", "7", "8"];

fn folder(form: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stored").join(form)
}

fn read(form: &str, name: &str) -> Stored {
    let file =
        |ending: &str| fs::read_to_string(folder(form).join(format!("{name}.{ending}"))).unwrap();
    Stored { tables: file("sql"), sockets: serde_json::from_str(&file("json")).unwrap() }
}

/// A room of each form, asleep.
fn rooms(kind: Kind) -> impl Iterator<Item = (&'static str, World)> {
    let name = ROOMS.iter().find(|it| it.1 == kind).unwrap().0;
    FORMS.iter().map(move |form| (*form, read(form, name).opened(kind)))
}

#[test]
fn what_is_stored_has_the_newest_form() {
    let newest = FORMS.last().unwrap();
    for (name, kind) in ROOMS {
        let mut world = written(kind);
        world.sleep();
        let stored = Stored::of(&world);
        if std::env::var_os("UPDATE_STORED").is_some() {
            fs::create_dir_all(folder(newest)).unwrap();
            let json = serde_json::to_string_pretty(&stored.sockets).unwrap() + "\n";
            fs::write(folder(newest).join(format!("{name}.json")), json).unwrap();
            fs::write(folder(newest).join(format!("{name}.sql")), &stored.tables).unwrap();
        }
        let expected = read(newest, name);
        assert_eq!(stored.tables, expected.tables, "{name}");
        assert_eq!(stored.sockets, expected.sockets, "{name}");
    }
}

/// What a socket hears of a question.
fn hears(world: &mut World, number: u64, question: &Value) -> Vec<Value> {
    let before = world.sockets.frames(number).len();
    says(world, number, question);
    world.sockets.frames(number).split_off(before)
}

fn one(mut frames: Vec<Value>) -> Value {
    assert_eq!(frames.len(), 1, "{frames:?}");
    frames.remove(0)
}

#[test]
fn a_stored_chat_room_goes_on() {
    for (form, mut world) in rooms(Kind::Chat) {
        let page = one(hears(&mut world, 1, &json!({"type": "history", "data": {"limit": 9}})));
        let messages = page["data"]["messages"].as_array().unwrap();
        let said: Vec<_> = messages.iter().map(|it| (&it["offset"], &it["content"])).collect();
        let expected =
            [json!(4), json!("four"), json!(5), json!("\u{4e2d}\u{1f600}"), json!(6), json!("x")];
        let expected: Vec<_> = expected.chunks(2).map(|it| (&it[0], &it[1])).collect();
        assert_eq!(said, expected, "{form}");
        assert_eq!(messages[1]["messageType"], "markdown");
        assert_eq!(messages[1]["author"], "ANN");

        // A resend is recognised.
        let said = |id: &str| json!({"type": "message", "id": id, "data": {"content": "next"}});
        let again = one(hears(&mut world, 1, &said("m3")));
        let (content, offset) = (&again["data"]["content"], &again["data"]["offset"]);
        assert_eq!((content, offset), (&json!("four"), &json!(4)), "{form}");
        let next = one(hears(&mut world, 1, &said("m9")));
        assert_eq!(next["data"]["offset"], 7, "{form}");

        // Who left is still within the grace, and who types is typing until that ends.
        let present = one(hears(&mut world, 1, &json!({"type": "presence"})));
        let members = present["data"]["members"].as_array().unwrap();
        let users: Vec<_> = members.iter().map(|it| it["userId"].as_str().unwrap()).collect();
        assert_eq!(users, ["ann", "bob", "eve"], "{form}");
        let before = world.sockets.frames(1).len();
        world.wait(10_000);
        let later = world.sockets.frames(1).split_off(before);
        let kinds: Vec<_> = later.iter().map(|it| it["type"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["user_left", "typing"], "{form}");
        // The analytics room that observed it is told.
        assert!(!world.calls.is_empty(), "{form}");
        // And its token expires when it was to.
        world.wait(3_600_000);
        let prompt = world.sockets.frames(1).pop().unwrap();
        assert_eq!(prompt["code"], "AUTHENTICATION_FAILED", "{form}");
    }
}

/// [Y10] What waited is told: the events that were called about as they were, the others after them.
#[test]
fn y10_stored_webhooks_go_on() {
    for form in FORMS.iter().skip(4) {
        let mut world = read(form, "chat").opened(Kind::Chat).configured(WEBHOOKS);
        let begun = world.database.names("SELECT state FROM webhook_batch");
        assert_eq!(begun.len(), 1, "{form}");
        let mut told = Vec::new();
        world.wait(20_000);
        for _ in 0..2 {
            let Some(Call::Webhooks(delivery)) = world.calls.pop() else { panic!("{form}") };
            world.calls.clear();
            told.push(delivery.events.len());
            let delivered = Delivered { batch: delivery.batch, outcome: Outcome::Done };
            world.happens(Input::Feature(FeatureInput::Webhooks(delivered)));
        }
        assert_eq!(told[0], 9, "{form}: ann, bob, eve, five messages, and the room");
        let members = world.database.names("SELECT user FROM webhook_member");
        assert_eq!(members, ["ann", "bob"], "{form}");
    }
}

#[test]
fn a_stored_hub_goes_on() {
    for (form, mut world) in rooms(Kind::Hub) {
        let state =
            one(hears(&mut world, 1, &json!({"type": "query", "id": "q", "query": "state"})));
        let state = &state["result"]["state"];
        assert_eq!(state[0]["value"], json!({"deep": [1, 2.5, null]}), "{form}");
        assert_eq!((&state[1]["key"], &state[1]["value"]), (&json!("b"), &json!("中")), "{form}");
        let topics = one(hears(&mut world, 1, &json!({"type": "query", "query": "subscriptions"})));
        assert_eq!(topics["result"]["subscriptions"], json!(["agent.*", "state.*"]), "{form}");
        let page = one(hears(&mut world, 1, &json!({"type": "query", "query": "history"})));
        let events = page["result"]["events"].as_array().unwrap();
        let names: Vec<_> = events.iter().map(|it| it["event"].as_str().unwrap()).collect();
        assert_eq!(names, ["state.b", "notification", "agent.x"], "{form}");

        // The chunk that is missing completes the transfer.
        let chunk = crate::transfer::chunk("part", 2, 3, &crate::transfer::content(1));
        let received = hears(&mut world, 2, &chunk);
        let told = received.iter().find(|it| it["type"] == "large_data_received").unwrap();
        assert_ne!(told["data"]["status"], "incomplete", "{form}: {told}");

        // What was being sent goes on from where it was.
        world.wait(6_000);
        let frames = world.sockets.frames(2);
        let sent = frames.iter().filter(|it| it["type"] == "large_data");
        let sent: Vec<_> = sent.map(|it| it["data"]["chunk_index"].as_u64().unwrap()).collect();
        assert_eq!(sent, [1, 2], "{form}");

        // A publication is recognised, by whoever published it.
        let event = json!({"type": "agent.x", "id": "e1", "data": {"n": 1}});
        let answer = world.call(called(Kind::Hub, &event));
        assert!(answer.contains("duplicate: true"), "{form}: {answer}");
        // One is too fast still.
        let status = hears(&mut world, 3, &json!({"type": "status"}));
        assert_eq!(status.last().unwrap()["code"], "RATE_LIMIT_EXCEEDED", "{form}: {status:?}");
    }
}

#[test]
fn a_stored_analytics_room_goes_on() {
    for (form, mut world) in rooms(Kind::Analytics) {
        let metrics = json!({"metrics": ["load"]});
        let last = one(hears(&mut world, 1, &json!({"type": "subscribe", "data": metrics})));
        let last: Vec<_> = last["data"]["metrics"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| json!([it["metric"], it["value"]]))
            .collect();
        let expected = [json!(["activity", 7]), json!(["load", -1e300]), json!(["score", 0.5])];
        assert_eq!(last, expected, "{form}");
    }
}

#[test]
fn a_stored_document_goes_on() {
    for (form, mut world) in rooms(Kind::Collaboration) {
        let join =
            json!({"type": "join_session", "data": {"sessionId": "notes", "role": "participant"}});
        let state = hears(&mut world, 2, &join);
        let state = state.iter().find(|it| it["type"] == "session_state").unwrap();
        assert_eq!(state["data"]["content"], "\u{1f600}b\"\n", "{form}: undone");
        assert_eq!(state["data"]["version"], 4, "{form}");
        // The last edit again is acknowledged as what it was.
        let data = json!({"operation": "replace", "position": 0, "length": 2, "content": "中", "version": 2});
        let ack = one(hears(&mut world, 1, &json!({"type": "edit", "id": "e2", "data": data})));
        assert_eq!(
            (&ack["type"], &ack["data"]["version"]),
            (&json!("edit_ack"), &json!(3)),
            "{form}"
        );
        let data = json!({"operation": "insert", "position": 0, "content": "!", "version": 4});
        let ack = one(hears(&mut world, 1, &json!({"type": "edit", "id": "e9", "data": data})));
        assert_eq!(ack["data"]["version"], 5, "{form}");
    }
}

#[test]
fn a_stored_conversation_goes_on() {
    for (form, mut world) in rooms(Kind::Conversation) {
        let message = |id: &str, content: &str| json!({"type": "message", "clientId": "c", "messageId": id, "content": content});
        let answer = hears(&mut world, 1, &message("q1", "answered"));
        assert_eq!(answer[0]["content"], "an answer", "{form}: kept, and not asked again");
        // What was pending is asked again: the one that failed with the attempt that comes next.
        world.wait(10_000);
        let mut questions = vec![asked(&mut world), asked(&mut world)];
        questions.sort_by_key(|it| it.pending.offset);
        let expected = [("failed once", 2), ("asked", 1)];
        for (question, (content, attempt)) in questions.into_iter().zip(expected) {
            assert_eq!(
                (question.content.as_str(), question.pending.progress.attempt),
                (content, attempt),
                "{form}"
            );
            responds(&mut world, question, Answered::Answered(content.to_uppercase()));
        }
        let frames = world.sockets.frames(1);
        let answered: Vec<_> = frames
            .iter()
            .filter(|it| it["type"] == "response")
            .map(|it| it["messageId"].as_str().unwrap())
            .collect();
        assert_eq!(answered, ["q1", "q2", "q3"], "{form}");
    }
}

#[test]
fn a_hand_off_of_another_version_is_read() {
    let literal = r#"{"room":"demo","wire":{"d":2,"b":true},"member":{"u":"ann","n":"Änn"},"grants":31,"expires_at":1704114000000,"flags":5,"client":"c-1","address":"192.0.2.1","resume":{"c":"conversation_1","t":"t"}}"#;
    let conversation = RoomName::parse("conversation_1").unwrap();
    let mut own = Box::<ConnectionParts>::default();
    own.conversations.resume = Some(ResumeToken { conversation, token: "t".into() });
    let hand_off = HandOff {
        room: RoomName::parse("demo").unwrap(),
        wire: Wire { protocol: ProtocolId::EVENTS, batched: true, packed: false },
        member: Member { id: UserId("ann".into()), name: "Änn".into() },
        grants: serde_json::from_value::<Grants>(json!(31)).unwrap(),
        expires_at: Some(Millis(1_704_114_000_000)),
        flags: serde_json::from_value(json!(5)).unwrap(),
        client: Some("c-1".into()),
        address: Some("192.0.2.1".into()),
        network: None,
        piped: false,
        topics: None,
        position: None,
        rewind: None,
        is_absent: false,
        issue: None,
        things: Things::default(),
        own,
    };
    let header = |json: &str| URL_SAFE_NO_PAD.encode(json);
    assert_eq!(hand_off.to_header(), header(literal));
    assert_eq!(HandOff::from_header(&header(literal)), Some(hand_off.clone()));
    // Where there is nothing that leads back, it once said so, and now says nothing.
    let none = HandOff { own: Box::default(), ..hand_off };
    let before = literal.replace(r#"{"c":"conversation_1","t":"t"}"#, "null");
    assert_eq!(HandOff::from_header(&header(&before)).as_ref(), Some(&none));
    assert_eq!(none.to_header(), header(&literal.replace(RESUME, "")));
    // What follows a log says from where, and what of it.
    let following = HandOff {
        topics: Some(vec![Topic::parse("a.*").unwrap()]),
        position: Some(Position { epoch: epoch(), offset: Offset(41) }),
        rewind: Some(Rewind::Entries(50)),
        is_absent: true,
        issue: Some(Issue(Millis(5), 7)),
        things: serde_json::from_value(json!([["deny", 2, "state:a"]])).unwrap(),
        ..none.clone()
    };
    let follows = r#","topics":["a.*"],"position":{"e":"e","o":41},"rewind":{"n":50},"is_absent":true,"issue":[5,7],"things":[["deny",2,"state:a"]]"#;
    assert_eq!(following.to_header(), header(&literal.replace(RESUME, follows)));
    assert_eq!(HandOff::from_header(&following.to_header()), Some(following));
    // What another version hands over beside it, and what is no such thing.
    let later = literal.replace(RESUME, r#","later":{"n":1}"#);
    assert_eq!(HandOff::from_header(&header(&later)), Some(none));
    assert_eq!(HandOff::from_header(&header(&literal.replace(r#""t":"t""#, r#""t":5"#))), None);
}

const RESUME: &str = r#","resume":{"c":"conversation_1","t":"t"}"#;

fn report() -> Report {
    let tally = Tally {
        opened: 1,
        closed: 2,
        open_ms: 3,
        open_ms_max: 4,
        received: 5,
        received_bytes: 6,
        sent: 7,
        sent_bytes: 8,
        refused: 9,
        failed: 10,
        handling_us: 11,
        lost: 12,
        recovered: 13,
        ..Tally::default()
    };
    let (room, breakers) = ("chat:demo".into(), vec![(Breaker::Storage, State::HalfOpen)]);
    Report { room, connections: 3, active: 2, tally, breakers, ..Report::default() }
}

#[test]
fn a_report_of_another_version_is_read() {
    let literal = r#"{"report":{"room":"chat:demo","connections":3,"active":2,"is_empty":false,"tally":{"opened":1,"closed":2,"open_ms":3,"open_ms_max":4,"received":5,"received_bytes":6,"sent":7,"sent_bytes":8,"refused":9,"failed":10,"handling_us":11,"lost":12,"recovered":13},"breakers":[["storage","half-open"]]}}"#;
    assert_eq!(serde_json::to_string(&Ask::Report(report())).unwrap(), literal);
    let Ask::Report(read) = serde_json::from_str(literal).unwrap() else { panic!("another") };
    assert_eq!(read, report());
}

#[test]
fn a_stored_directory_goes_on() {
    let gauge_ms = 300_000;
    for form in FORMS {
        let stored = fs::read_to_string(folder(form).join("directory.sql")).unwrap();
        let database = Rusqlite::in_memory();
        database.execute(&stored);
        let directory = Directory::open(database, gauge_ms, NOON).unwrap();
        let summary = directory.summary(NOON).unwrap();
        assert_eq!((summary.connections, summary.active), (3, 2), "{form}");
        assert_eq!(summary.totals, report().tally, "{form}");
        assert_eq!(summary.breakers[&Breaker::Storage], State::HalfOpen, "{form}");
    }
}

#[test]
fn what_is_stored_of_a_directory_has_the_newest_form() {
    let database = Rusqlite::in_memory();
    let mut directory = Directory::open(database.again(), 300_000, NOON).unwrap();
    directory.absorb(&report(), NOON).unwrap();
    let file = folder(FORMS.last().unwrap()).join("directory.sql");
    if std::env::var_os("UPDATE_STORED").is_some() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, database.dump()).unwrap();
    }
    assert_eq!(database.dump(), fs::read_to_string(file).unwrap());
}

//! Rooms of every kind with something of everything that is stored in them.

use dormouse::api::Task;
use dormouse::feature::Call;
use dormouse::feature::bans::{BanTask, Banning};
use dormouse::feature::conversations::{Outcome, Question, Responded};
use dormouse::feature::documents::EditingWrite;
use dormouse::feature::documents::Version;
use dormouse::feature::documents::document::Snapshot;
use dormouse::feature::metrics::MetricCall;
use dormouse::history::{History, SqlHistory};
use dormouse::kernel::{Connection, Grants, Write};
use dormouse::limits::Limits;
use dormouse::message::{Kind, Name, UserId};
use dormouse::protocol::{ProtocolId, Wire};
use serde_json::{Value, json};

use crate::publications::called;
use crate::support::{epoch, member, session_id};
use crate::transfer::{chunk, content};
use crate::world::World;

/// Every kind, by the name of its fixture.
pub(crate) const ROOMS: [(&str, Kind); 5] = [
    ("chat", Kind::Chat),
    ("hub", Kind::Hub),
    ("analytics", Kind::Analytics),
    ("collaboration", Kind::Collaboration),
    ("conversation", Kind::Conversation),
];

/// A service that is told of what happens in the chat room.
pub(crate) const WEBHOOKS: &[(&str, &str)] = &[
    ("WEBHOOK_URL", "https://hooks.example/"),
    ("WEBHOOK_SECRET", "a secret of the receiver, 32 bytes or more"),
    ("WEBHOOK_EVENTS", "room.*,member.*,message"),
];

/// Such that a few messages reach what they are to reach: trimming.
pub(crate) fn limits() -> Limits {
    Limits {
        history_entries_max: 3,
        // What is asked of a room that was woken is not to be refused.
        inactivity_ms: 0,
        ..Limits::default()
    }
}

/// Such a room, as it is written by this version.
pub(crate) fn written(kind: Kind) -> World {
    match kind {
        Kind::Chat => chat(),
        Kind::Hub => hub(),
        Kind::Analytics => analytics(),
        Kind::Collaboration => collaboration(),
        Kind::Conversation => conversation(),
    }
}

pub(crate) fn says(world: &mut World, number: u64, frame: &Value) {
    world.wait(1);
    world.says(number, &frame.to_string());
}

fn calls(world: &mut World, kind: Kind, event: &Value) {
    world.wait(1);
    world.call(called(kind, event));
}

fn chat() -> World {
    let mut world = World::of(Kind::Chat, limits()).configured(WEBHOOKS);
    world.join(1, "ann", Some(world.now.plus(3_600_000)));
    world.join_batched(2, "bob");
    world.join(3, "eve", None);
    world.run(&Task::from(MetricCall::Observe));
    for (number, text) in ["one", "two", "three", "four", "\u{4e2d}\u{1f600}"].iter().enumerate() {
        let data = json!({"content": text, "messageType": "markdown"});
        says(&mut world, 1, &json!({"type": "message", "id": format!("m{number}"), "data": data}));
    }
    // What is past keeping is trimmed.
    world.wait(5_000);
    calls(
        &mut world,
        Kind::Chat,
        &json!({"type": "message", "id": "h1", "data": {"content": "x"}}),
    );
    says(&mut world, 2, &json!({"type": "typing", "data": {"isTyping": true}}));
    // Of who left, the room keeps what they said of themselves.
    world.join_on(ProtocolId::NATIVE, 4, "eve");
    let params = json!({"data": {"status": "\u{4e2d}"}});
    says(&mut world, 4, &json!({"type": "command", "command": "presence.enter", "params": params}));
    world.wait(1);
    world.leave(3);
    world.leave(4);
    world
}

fn hub() -> World {
    let mut world = World::of(Kind::Hub, limits());
    let protocols = [ProtocolId::EVENTS, ProtocolId::WORKFLOW, ProtocolId::CLIENT];
    for ((number, user), protocol) in
        [(1, "ann"), (2, "bob"), (3, "cid")].into_iter().zip(protocols)
    {
        world.join_on(protocol, number, user);
    }
    says(&mut world, 1, &json!({"type": "subscribe", "id": "s", "events": ["agent.*", "state.*"]}));
    for (id, key, value) in [("k1", "a", json!({"deep": [1, 2.5, null]})), ("k2", "b", json!("中"))]
    {
        let params = json!({"key": key, "value": value});
        says(
            &mut world,
            1,
            &json!({"type": "command", "id": id, "command": "set_state", "params": params}),
        );
    }
    let notification = json!({
        "notification_id": "n", "user_id": "ann", "title": "t", "message": "m",
        "category": "system_alert", "priority": "critical",
    });
    calls(&mut world, Kind::Hub, &json!({"type": "notification", "data": notification}));
    calls(&mut world, Kind::Hub, &json!({"type": "agent.x", "id": "e1", "data": {"n": 1}}));
    for index in 0..3 {
        says(&mut world, 2, &chunk("whole", index, 3, &content(index)));
    }
    says(&mut world, 2, &chunk("part", 1, 3, &content(0)));
    says(&mut world, 2, &chunk("part", 3, 3, &content(2)));
    // Sent to one that does not read: it is being fetched when the room falls asleep.
    world.sockets.backlogs.borrow_mut().insert(session_id(2), usize::MAX);
    says(
        &mut world,
        2,
        &json!({"type": "large_data_request", "data": {"data_id": "whole", "from": 1}}),
    );
    let (user, reason) = (UserId("eve".into()), Some("spam".into()));
    let ban = BanTask::Ban(Banning { user, seconds: Some(3_600), reason });
    world.run_as(&member("backend"), Grants::all(), &Task::from(ban));
    // Too fast, once: of what is forgiven twice.
    for _ in 0..100 {
        says(&mut world, 3, &json!({"type": "status"}));
    }
    world
}

fn analytics() -> World {
    let mut world = World::of(Kind::Analytics, limits());
    world.join(1, "ann", None);
    let metrics = json!(["score", "activity"]);
    says(&mut world, 1, &json!({"type": "subscribe", "data": {"metrics": metrics}}));
    let measured = json!({"metric": "score", "value": 0.5, "timestamp": "2024-01-01T00:00:00Z"});
    calls(
        &mut world,
        Kind::Analytics,
        &json!({"type": "metric_update", "id": "u1", "data": measured}),
    );
    let measured = json!({"metric": "load", "value": -1e300});
    calls(&mut world, Kind::Analytics, &json!({"type": "metric_update", "data": measured}));
    let report = json!({"at": world.now, "engagement": 2, "activity": 7, "performance": null});
    world.run(&Task::from(MetricCall::Measures(serde_json::from_value(report).unwrap())));
    world
}

fn collaboration() -> World {
    let mut world = World::of(Kind::Collaboration, limits());
    for (number, user, role) in [(1, "ann", "participant"), (2, "bob", "viewer")] {
        world.join(number, user, None);
        let data = json!({"sessionId": "notes", "role": role});
        says(&mut world, number, &json!({"type": "join_session", "data": data}));
    }
    let edit = |operation: Value, version: u64| {
        let mut data = operation;
        data["version"] = json!(version);
        json!({"type": "edit", "id": format!("e{version}"), "data": data})
    };
    let edits = [
        json!({"operation": "insert", "position": 0, "content": "a\u{1f600}b\"\n"}),
        json!({"operation": "delete", "position": 0, "length": 1}),
        json!({"operation": "replace", "position": 0, "length": 2, "content": "中"}),
    ];
    for (version, operation) in (0..).zip(edits) {
        says(&mut world, 1, &edit(operation, version));
    }
    says(&mut world, 1, &json!({"type": "command", "data": {"command": "undo"}}));
    says(&mut world, 1, &json!({"type": "cursor", "data": {"position": 1, "selection": null}}));
    // A snapshot is written after a thousand operations; here it is written of a few.
    let mut history = SqlHistory::open(world.database.again(), &epoch()).unwrap();
    let snapshot = Snapshot { version: Version(2), content: "\u{1f600}b\"\n".into() };
    let document = Name::parse("notes").unwrap();
    let mark = EditingWrite::Mark { document, snapshot: snapshot.into(), since: Version(2) };
    history.commit(&[Write::from(mark)]).unwrap();
    world
}

fn conversation() -> World {
    let mut world = World::of(Kind::Conversation, limits()).answered_over_http();
    world.join_conversation(1, "ann");
    says(&mut world, 1, &json!({"type": "connect", "clientId": "c", "version": "1.0"}));
    for (id, content) in [("q1", "answered"), ("q2", "failed once"), ("q3", "asked")] {
        let message =
            json!({"type": "message", "clientId": "c", "messageId": id, "content": content});
        says(&mut world, 1, &message);
    }
    let outcomes = [Outcome::Answered("an answer".into()), Outcome::Failed];
    for outcome in outcomes {
        let question = asked(&mut world);
        responds(&mut world, question, outcome);
    }
    world
}

/// The next call under way.
pub(crate) fn asked(world: &mut World) -> Question {
    let Call::Conversations(question) = world.calls.remove(0) else { panic!("another call") };
    *question
}

pub(crate) fn responds(world: &mut World, question: Question, outcome: Outcome) {
    world.wait(1);
    let Question { pending, epoch, .. } = question;
    let (question, attempt) = (pending.offset, pending.progress.attempt);
    world.responded(Responded { question, epoch, attempt, outcome });
}

/// What sockets and disk hold of a room: its tables as SQL, its attachments as JSON, and the
/// clock and alarm of its world.
#[derive(Debug, PartialEq)]
pub(crate) struct Stored {
    pub(crate) tables: String,
    pub(crate) sockets: Value,
}

impl Stored {
    pub(crate) fn of(world: &World) -> Self {
        let sockets: Vec<Value> = world
            .sockets
            .stored()
            .into_iter()
            .map(|(wire, connection)| json!([wire, connection]))
            .collect();
        let sockets = json!({"now": world.now, "alarm": world.alarm, "sockets": sockets});
        Self { tables: world.database.dump(), sockets }
    }

    /// The room itself, asleep.
    pub(crate) fn opened(&self, kind: Kind) -> World {
        let mut world = World::of(kind, limits()).answered_over_http();
        world.database.execute(&self.tables);
        world.now = serde_json::from_value(self.sockets["now"].clone()).unwrap();
        world.alarm = serde_json::from_value(self.sockets["alarm"].clone()).unwrap();
        let sockets: Vec<(Wire, Connection)> =
            serde_json::from_value(self.sockets["sockets"].clone()).unwrap();
        for (wire, connection) in sockets {
            world.sockets.open_as(&connection, wire);
        }
        world
    }
}

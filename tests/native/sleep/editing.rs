//! Documents that many edit at once (B17 to B21, T1 and on).

use std::collections::BTreeSet;

use dormouse::api::Task;
use dormouse::feature::documents::EditingTask;
use dormouse::message::Name;
use dormouse::protocol::{Frame, ProtocolId};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::http::id;
use super::place::Place;
use super::stage::Stage;
use super::step::{Act, Feature, Reached, Step, acts};

fn document() -> impl Strategy<Value = &'static str> {
    prop_oneof![5 => Just("one"), 1 => Just("two")]
}

pub(super) static SESSIONS: Feature = Feature {
    steps: |place: &'static Place| {
        let role = select(vec!["participant", "participant", "participant", "viewer"]);
        let join = (document(), role).prop_map(|(it, role)| {
            json!({"type": "join_session", "id": "j", "data": {"sessionId": it, "role": role}})
        });
        let leave =
            document().prop_map(|it| json!({"type": "leave_session", "data": {"sessionId": it}}));
        let cursor = (0u64..9, 0u64..9).prop_map(
            |(it, to)| json!({"type": "cursor", "data": {"position": it, "selection": [it, to]}}),
        );
        vec![
            (5, place.says(ProtocolId::CONTEXT, join)),
            (1, place.says(ProtocolId::CONTEXT, leave)),
            (3, place.says(ProtocolId::CONTEXT, cursor)),
        ]
    },
    reached: &[
        Reached("a text was told", |it| {
            let has_text =
                |it: &Value| it["data"]["content"].as_str().is_some_and(|it| it.len() > 5);
            it.own.iter().any(|it| it["type"] == "session_state" && has_text(it))
        }),
        Reached("others heard who joined", |it| it.heard("join_session")),
        Reached("others heard who left", |it| it.heard("leave_session")),
        Reached("others saw a cursor", |it| it.heard("cursor")),
        Reached("a cursor was refused outside of a session", |it| {
            it.asks("cursor") && it.refused("CONFLICT")
        }),
    ],
};

pub(super) static EDITS: Feature = Feature {
    steps: |place: &'static Place| {
        let behind = prop_oneof![3 => Just(0u64), 3 => 1u64..4, 1 => Just(u64::MAX)];
        let edits = (place.seat(), edit(), behind).prop_map(|(seat, frame, behind)| Edits {
            seat,
            frame,
            behind,
        });
        let undo =
            id().prop_map(|id| json!({"type": "command", "id": id, "data": {"command": "undo"}}));
        let crosses = place.seat().prop_map(Crosses);
        vec![(24, acts(edits)), (2, acts(crosses)), (4, place.says(ProtocolId::CONTEXT, undo))]
    },
    reached: &[
        Reached("an edit was taken, and told to others", |it| {
            it.got("edit_ack") && it.heard("edit")
        }),
        Reached("an edit was transformed", |it| {
            // With what came between, it is not the version after the one it was made to.
            let mut edits = it.others.iter().filter(|it| it["type"] == "edit");
            let made_to = it.asked["data"]["version"].as_u64().unwrap_or(u64::MAX);
            edits.any(|it| it["data"]["version"].as_u64() > made_to.checked_add(1))
        }),
        Reached("an edit came as several", |it| {
            let edits = it.others.iter().filter(|it| it["type"] == "edit");
            let versions: BTreeSet<_> = edits.map(|it| it["data"]["version"].as_u64()).collect();
            it.got("edit_ack") && 1 < versions.len()
        }),
        Reached("an edit that came again was acknowledged", |it| {
            // Others hear nothing of it.
            let version = |it: &Value| it["data"]["version"].as_u64();
            let mut taken = it.own.iter().filter(|it| it["type"] == "edit_ack");
            taken.any(|ack| version(ack) <= version(&it.asked))
        }),
        Reached("an edit too old was answered with the text", |it| {
            it.refused("CONFLICT") && it.got("session_state")
        }),
        Reached("an undo was made", |it| it.asks("command") && it.got("edit")),
        Reached("there was nothing to undo", |it| it.asks("command") && it.refused("NOT_FOUND")),
        Reached("an edit past the text was refused", |it| it.refused("INVALID_MESSAGE_FORMAT")),
        Reached("a viewer's edit was refused", |it| it.refused("PERMISSION_DENIED")),
    ],
};

/// An edit that says nothing of a version yet.
pub(super) fn edit() -> impl Strategy<Value = Value> {
    let content = prop_oneof![9 => "[a-c😀]{1,4}", 1 => Just(String::new())];
    let position = prop_oneof![4 => Just(0u64), 2 => 1u64..4];
    let operation = select(vec!["insert", "insert", "insert", "delete", "delete", "replace"]);
    (id(), operation, position, content, 1u64..6).prop_map(
        |(id, operation, position, content, length)| {
            let mut data = json!({"operation": operation, "position": position});
            if operation != "delete" {
                data["content"] = json!(content);
            }
            if operation != "insert" {
                data["length"] = json!(length);
            }
            json!({"type": "edit", "id": id, "data": data})
        },
    )
}

pub(super) static DELETION: Feature = Feature {
    steps: |place: &'static Place| {
        let delete = document().prop_map(
            |it| json!({"type": "delete_document", "id": "x", "data": {"sessionId": it}}),
        );
        let who = select(vec!["backend", "ann", "bob", "bea", "cid"]);
        let call = (who, document()).prop_map(|(who, it)| {
            Step::Calls(who, Task::from(EditingTask::Delete(Name::parse(it).unwrap())))
        });
        vec![
            (1, place.says(ProtocolId::CONTEXT, delete)),
            (1, call.boxed()),
            (1, Just(Step::WaitsAndReturns(3_700_000)).boxed()),
        ]
    },
    reached: &[
        Reached("a document was deleted", |it| it.got("delete_document")),
        Reached("a document was deleted over HTTP", |it| {
            it.asks("delete_document") && it.heard("delete_document")
        }),
        Reached("another's document was kept", |it| {
            it.asks("delete_document") && it.refused("PERMISSION_DENIED")
        }),
    ],
};

/// Somebody takes out what another meanwhile puts something in the midst of: that is two edits.
#[derive(Clone, Debug)]
struct Crosses(usize);

impl Act for Crosses {
    fn play(&self, stage: &mut Stage) {
        let other = (self.0 + 1) % stage.place.seats.len();
        let edit = |data| json!({"type": "edit", "data": data});
        let puts = edit(json!({"operation": "insert", "position": 0, "content": "abc"}));
        let between = edit(json!({"operation": "insert", "position": 1, "content": "x"}));
        let takes = edit(json!({"operation": "delete", "position": 0, "length": 3}));
        for (seat, frame, behind) in [(self.0, puts, 0), (other, between, 0), (self.0, takes, 1)] {
            Edits { seat, frame, behind }.play(stage);
            stage.wait(1);
        }
    }
}

/// An edit made to a version so far behind that of the longer document.
#[derive(Clone, Debug)]
struct Edits {
    seat: usize,
    frame: Value,
    behind: u64,
}

impl Act for Edits {
    fn play(&self, stage: &mut Stage) {
        let head = "SELECT COALESCE(MAX(first + json_array_length(operations) - 1), 0)
            FROM document_edit WHERE 1 = ";
        let head = stage.world.database.count(head, 1);
        let mut frame = self.frame.clone();
        frame["data"]["version"] = json!(head.checked_sub(self.behind).unwrap_or(head + 9));
        stage.say(self.seat, &Frame::Text(frame.to_string()));
    }
}

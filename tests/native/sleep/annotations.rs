//! What is said about what was said, and how far each has read (U1 to U11).

use dormouse::api::Task;
use dormouse::feature::annotations::AnnotationTask;
use dormouse::protocol::{Frame, ProtocolId};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::http::id;
use super::place::Place;
use super::stage::Stage;
use super::step::{Act, Feature, Reached, Step, Steps, acts};

/// Something about one of the last entries, so many before the newest.
#[derive(Clone, Debug)]
struct Speaks {
    /// Who: a seat, or a caller over HTTP.
    who: Result<usize, &'static str>,
    protocol: ProtocolId,
    id: Value,
    back: u64,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    Edit(u32),
    Delete,
    React(&'static str, bool),
    Reply,
    Read,
}

impl Act for Speaks {
    fn play(&self, stage: &mut Stage) {
        let newest =
            stage.world.database.count("SELECT COALESCE(MAX(offset), 0) FROM entry WHERE 0 <= ", 0);
        let (of, id) = (newest.saturating_sub(self.back), &self.id);
        let frame = match self.protocol {
            ProtocolId::CONTEXT => {
                let (kind, data) = match self.what {
                    What::Edit(it) => {
                        ("edit_message", json!({"offset": of, "content": it.to_string()}))
                    }
                    What::Delete => ("delete_message", json!({"offset": of})),
                    What::React(key, on) => {
                        ("reaction", json!({"offset": of, "key": key, "on": on}))
                    }
                    What::Reply => ("message", json!({"content": "x", "replyTo": of})),
                    What::Read => ("read", json!({"offset": of})),
                };
                json!({"type": kind, "id": id, "data": data})
            }
            protocol => {
                let (event, data, thread) = match self.what {
                    What::Edit(it) => ("edit", json!({"of": of, "data": it}), Value::Null),
                    What::Delete => ("delete", json!({"of": of}), Value::Null),
                    What::React(key, on) => {
                        ("reaction", json!({"of": of, "key": key, "on": on}), Value::Null)
                    }
                    What::Reply => ("other", json!(1), json!(of)),
                    What::Read => ("read", json!({"offset": of}), Value::Null),
                };
                if let Err(caller) = self.who {
                    let event = json!({"type": event, "id": id, "data": data, "of": thread});
                    return stage.publish(caller, &[event]);
                }
                if protocol == ProtocolId::CLIENT {
                    let mut frame = if data.is_object() { data } else { json!({}) };
                    (frame["type"], frame["id"]) = (json!(event), id.clone());
                    frame
                } else {
                    let params = json!({"event": event, "data": data, "of": thread});
                    json!({"type": "command", "id": id, "command": "publish", "params": params})
                }
            }
        };
        if let Ok(seat) = self.who {
            stage.say(seat, &Frame::Text(frame.to_string()));
        }
    }
}

fn what() -> impl Strategy<Value = What> {
    prop_oneof![
        3 => (0u32..9).prop_map(What::Edit),
        1 => Just(What::Delete),
        6 => (select(vec!["👍", "👍", "x"]), prop::bool::weighted(0.8)).prop_map(|(key, on)| What::React(key, on)),
        1 => Just(What::Reply),
        5 => Just(What::Read),
    ]
}

/// By those who speak this, or by callers.
fn speaks(place: &'static Place, protocol: ProtocolId, over_http: bool) -> Steps {
    let seats = place.seats.iter().enumerate().filter(|(_, it)| it.protocol == protocol);
    let seats: Vec<Result<usize, &str>> = seats.map(|(at, _)| Ok(at)).collect();
    let callers = vec![Err("backend"), Err("ann"), Err("bob")];
    let who = select(if over_http { callers } else { seats });
    let speaks = (who, id(), prop_oneof![3 => 0u64..3, 1 => 3u64..7], what())
        .prop_map(move |(who, id, back, what)| Speaks { who, protocol, id, back, what });
    acts(speaks)
}

fn asks_over_http() -> Steps {
    let who = select(vec!["ann", "bob", "dan"]);
    who.prop_map(|who| Step::Calls(who, Task::from(AnnotationTask::Reads))).boxed()
}

pub(super) static IN_CONTEXT: Feature = Feature {
    steps: |place| {
        let reads = place.says(ProtocolId::CONTEXT, Just(json!({"type": "reads", "id": "q"})));
        vec![
            (12, speaks(place, ProtocolId::CONTEXT, false)),
            (2, speaks(place, ProtocolId::WORKFLOW, true)),
            (2, reads),
            (1, asks_over_http()),
        ]
    },
    reached: &[
        Reached("an edit was told", |it| it.got("edit_message") && it.heard("edit_message")),
        Reached("a deletion was told", |it| it.got("delete_message") && it.heard("delete_message")),
        Reached("a reaction of several was told", |it| {
            it.others.iter().any(|it| it["data"]["count"].as_u64() > Some(1))
        }),
        Reached("a reaction that held was told to its author alone", |it| {
            it.asks("reaction") && it.got("reaction") && !it.heard("reaction")
        }),
        Reached("another's message was kept", |it| {
            it.asks("edit_message") && it.refused("PERMISSION_DENIED")
        }),
        Reached("what is deleted was left alone", |it| {
            it.asks("reaction") && it.refused("NOT_FOUND")
        }),
        Reached("a page showed a reaction", |it| shows(&it.own, "reactions")),
        Reached("a page showed an edit", |it| shows(&it.own, "edited")),
        Reached("a page showed a deletion", |it| shows(&it.own, "deleted")),
        Reached("a reply was heard", |it| {
            it.others.iter().any(|it| it["data"]["replyTo"].is_u64())
        }),
        Reached("a marker rose", |it| it.asks("read") && it.heard("read")),
        Reached("markers were shown", |it| {
            it.own.iter().any(|it| it["data"]["reads"].as_object().is_some_and(|it| 1 < it.len()))
        }),
    ],
};

fn shows(frames: &[Value], what: &str) -> bool {
    let mut messages = frames.iter().filter_map(|it| it["data"]["messages"].as_array()).flatten();
    messages.any(|it| it.get(what).is_some())
}

pub(super) static IN_EVENTS: Feature = Feature {
    steps: |place| {
        let reads = json!({"type": "query", "id": "q", "query": "reads"});
        let clients = place.seats.iter().any(|it| it.protocol == ProtocolId::CLIENT);
        let mut steps = vec![
            (8, speaks(place, ProtocolId::EVENTS, false)),
            (2, place.says(ProtocolId::EVENTS, Just(reads))),
        ];
        if clients {
            steps.push((3, speaks(place, ProtocolId::CLIENT, false)));
            steps.push((2, speaks(place, ProtocolId::WORKFLOW, true)));
        }
        steps
    },
    reached: &[
        Reached("something was said about an event", |it| {
            it.asked["params"]["event"] == "reaction"
                && it.own.iter().any(|it| it["result"]["duplicate"] == false)
        }),
        Reached("a reaction that held was acknowledged", |it| {
            it.asked["params"]["event"] == "reaction"
                && it.own.iter().any(|it| it["result"]["duplicate"] == true)
        }),
        Reached("a page showed what became of an event", |it| {
            let mut all = it.all().filter_map(|it| it["result"]["events"].as_array()).flatten();
            all.any(|it| it.get("reactions").is_some())
        }),
        Reached("a marker was answered", |it| {
            it.asked["params"]["event"] == "read"
                && it.own.iter().any(|it| it["result"]["read"].is_u64())
        }),
    ],
};

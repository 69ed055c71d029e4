//! What can be seen from outside.

use std::collections::BTreeMap;

use dormouse::api::{Answer, Task};
use dormouse::feature::Call;
use dormouse::message::{ConnectionId, Millis};
use dormouse::protocol::Frame;
use serde_json::{Value, json};

use super::step::Step;
use crate::support::Seen;

/// One step, and all that came of it.
#[derive(Clone, Debug)]
pub(super) struct Moment {
    pub(super) step: Step,
    pub(super) at: Millis,
    /// Whether the room had slept since the step before.
    pub(super) woke: bool,
    /// What was said.
    pub(super) said: Vec<Frame>,
    /// Who spoke.
    pub(super) principal: Option<ConnectionId>,
    pub(super) seen: BTreeMap<ConnectionId, Vec<Seen>>,
    /// Of callers over HTTP, and of those who were not let in.
    pub(super) answers: Vec<Value>,
    /// Whom the room called.
    pub(super) calls: Vec<Call>,
}

impl Moment {
    pub(super) fn of(step: Step) -> Self {
        let (said, seen, answers, calls) = Default::default();
        Self { step, at: Millis(0), woke: false, said, principal: None, seen, answers, calls }
    }

    /// Whether nobody can tell this one from that one.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let seen = |it: &Self| -> Vec<_> {
            let seen = it.seen.clone().into_iter();
            seen.filter(|(_, seen)| !seen.is_empty()).collect()
        };
        self.at == other.at
            && self.answers == other.answers
            && self.calls == other.calls
            && seen(self) == seen(other)
    }
}

/// The same as JSON, for those who look whether a script got somewhere.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) at: Millis,
    pub(super) woke: bool,
    /// Whether it is time that passed.
    pub(super) waited: bool,
    /// The last frame that was said, or the task of the call; else null.
    pub(super) asked: Value,
    /// The frames that who spoke got.
    pub(super) own: Vec<Value>,
    /// And those that others got.
    pub(super) others: Vec<Value>,
    pub(super) closed: Vec<(u16, String)>,
    pub(super) answers: Vec<Value>,
    pub(super) calls: Vec<Call>,
}

impl Told {
    pub(super) fn of(moment: &Moment) -> Self {
        let asked = match &moment.step {
            Step::Calls(_, task) => task_name(task),
            Step::Publishes(_, events) => json!({"task": "publish", "what": events}),
            _ => match moment.said.as_slice() {
                [.., Frame::Text(text)] => serde_json::from_str(text).unwrap_or_default(),
                _ => Value::Null,
            },
        };
        let (mut own, mut others, mut closed) = (Vec::new(), Vec::new(), Vec::new());
        for (connection, seen) in &moment.seen {
            let frames = if Some(*connection) == moment.principal { &mut own } else { &mut others };
            for seen in seen {
                match seen {
                    Seen::Frame(Frame::Text(text)) => {
                        frames.extend(single(serde_json::from_str(text).unwrap()));
                    }
                    Seen::Frame(Frame::Binary(_)) => {}
                    Seen::Closed(code, reason) => closed.push((*code, reason.clone())),
                }
            }
        }
        Self {
            at: moment.at,
            woke: moment.woke,
            waited: matches!(moment.step, Step::Waits(_) | Step::WaitsAndReturns(_)),
            asked,
            own,
            others,
            closed,
            answers: moment.answers.clone(),
            calls: moment.calls.clone(),
        }
    }

    pub(super) fn asks(&self, kind: &str) -> bool {
        self.asked["type"] == kind || self.asked["task"] == kind
    }

    /// Who spoke, or called, was refused so.
    pub(super) fn refused(&self, code: &str) -> bool {
        self.own.iter().chain(&self.answers).any(|it| self::code(it) == code)
    }

    /// Anybody was refused so.
    pub(super) fn refuses(&self, code: &str) -> bool {
        self.refused(code) || self.others.iter().any(|it| self::code(it) == code)
    }

    /// Who spoke got a frame of this type.
    pub(super) fn got(&self, kind: &str) -> bool {
        self.own.iter().any(|it| it["type"] == kind)
    }

    /// Another got one.
    pub(super) fn heard(&self, kind: &str) -> bool {
        self.others.iter().any(|it| it["type"] == kind)
    }

    pub(super) fn closes(&self, code: u16) -> bool {
        self.closed.iter().any(|it| it.0 == code)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Value> {
        self.own.iter().chain(&self.others).chain(&self.answers)
    }
}

/// The frames in a frame that may be a batch.
fn single(frame: Value) -> Vec<Value> {
    match &frame["data"] {
        Value::Array(frames) if frame["type"] == "batch" => frames.clone(),
        _ => match frame {
            Value::Array(frames) => frames,
            frame => vec![frame],
        },
    }
}

/// The code of an error, in whatever protocol it is spelled.
fn code(frame: &Value) -> &str {
    let places = [&frame["code"], &frame["data"]["error_code"], &frame["refused"]["code"]];
    places.into_iter().find_map(Value::as_str).unwrap_or_default()
}

pub(super) fn answer(answer: &Answer) -> Value {
    match answer {
        Answer::Done(json) => {
            let mut done: Value = serde_json::from_str(json.as_str()).unwrap();
            // How long things took is known to memory alone, and dies with it.
            if let Some(measures) = done.as_object_mut() {
                measures.remove("performance");
            }
            json!({"done": done})
        }
        Answer::Refused(error) => json!({"refused": error}),
    }
}

fn task_name(task: &Task) -> Value {
    let task = serde_json::to_value(task).unwrap();
    let name = match &task {
        Value::Object(task) => task.keys().next().cloned().unwrap_or_default(),
        Value::String(name) => name.clone(),
        _ => String::new(),
    };
    json!({"task": name, "what": task})
}

//! Its frames and calls, as the API documents have them.

use super::State;
use super::words::{AllOut, SetStateIn, StateIn};
use crate::api;
use crate::feature::schema::{Calls, Described, Frames};
use crate::message::EventName;
use crate::schema::calls::{Answer, Call};
use crate::schema::frames::Field::{Is, May, MayOwn, Needs};
use crate::schema::frames::{Message, answer, request};
use crate::schema::openapi::parameter;
use crate::schema::shape::{input, output};

impl Described for State {
    fn frames(protocol: &str) -> Frames {
        match protocol {
            "events" => (RECEIVE, SEND),
            "native" => (IN_NATIVE, &[]),
            _ => (&[], &[]),
        }
    }
    const CALLS: Calls = Calls {
        calls: &[Call {
            method: "delete",
            path: "/api/v1/rooms/{kind}/{name}/state/{key}",
            id: "deleteState",
            tag: "rooms",
            summary: "Drop a key of the state",
            about: "For who set it first, or with the capability `publish` or `admin`. Everyone hears of it as `state.<key>`.",
            open: false,
            parameters: &["kind", "name", "key"],
            body: None,
            answer: Answer::Json(
                "Where this stands in the log.",
                output::<api::Outcome<'static>>,
                r#"{"id":"event_018cc4e5-227b-7000-8000-000000000000","offset":42,"epoch":"018cc4e5227b7000800000000000000a","duplicate":false}"#,
            ),
            problems: &[400, 401, 403, 404, 429, 500, 503],
        }],
        parameters: &[parameter(
            "key",
            "path",
            "A key of the state.",
            input::<EventName>,
            r#""topic""#,
        )],
    };
}

const RECEIVE: &[Message] = &[
    request(
        "query.state",
        &[Is("type", "query"), Is("query", "state")],
        "What is kept under keys?",
        r#"{"type":"query","id":"q5","query":"state"}"#,
    ),
    request(
        "command.set_state",
        &[
            Is("type", "command"),
            Is("command", "set_state"),
            Needs("params", input::<SetStateIn<'static>>),
        ],
        "Keep this value under this key, and say so.",
        r#"{"type":"command","id":"c2","command":"set_state","params":{"key":"mode","value":"dark"}}"#,
    ),
];

const SEND: &[Message] = &[answer(
    "response.state",
    &[Is("type", "response"), Needs("result", output::<AllOut<'static>>)],
    "The answer to the query `state`.",
    r#"{"type":"response","id":"q5","timestamp":"2024-01-01T12:00:00.123Z","result":{"state":[{"key":"mode","value":"dark","offset":40}]}}"#,
)];

const IN_NATIVE: &[Message] = &[
    request(
        "query.state",
        &[
            Is("type", "query"),
            Is("query", "state"),
            MayOwn("room"),
            May("params", input::<StateIn>),
        ],
        "What is kept under keys?",
        r#"{"type":"query","id":"q5","query":"state","params":{"keys":["phase","agent.*"]}}"#,
    ),
    request(
        "command.set_state",
        &[
            Is("type", "command"),
            Is("command", "set_state"),
            MayOwn("room"),
            Needs("params", input::<SetStateIn<'static>>),
        ],
        "Keep this value under this key, and say so; only if its version is this, where one is named.",
        r#"{"type":"command","id":"c2","command":"set_state","params":{"key":"phase","value":"build","if_version":40}}"#,
    ),
];

//! Its frames, as the API document has them.

use super::State;
use super::words::{AllOut, SetStateIn};
use crate::feature::schema::{Described, Frames};
use crate::schema::frames::Field::{Is, Needs};
use crate::schema::frames::{Message, answer, request};
use crate::schema::shape::{input, output};

impl Described for State {
    fn frames(protocol: &str) -> Frames {
        if protocol == "events" { (RECEIVE, SEND) } else { (&[], &[]) }
    }
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

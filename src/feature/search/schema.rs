//! Its frames and its call, as the API documents have them.

use super::Search;
use super::stored::Order;
use super::wire::{InContext, InEvents, OverHttp};
use super::words::SearchIn;
use crate::feature::schema::{Calls, Described, Frames};
use crate::schema::calls::{Answer, Call};
use crate::schema::frames::Envelope::{In, Out};
use crate::schema::frames::Field::{Is, MayOwn, Needs};
use crate::schema::frames::{Message, answer, request};
use crate::schema::openapi::parameter;
use crate::schema::shape::{input, output};

impl Described for Search {
    fn frames(protocol: &str) -> Frames {
        match protocol {
            "context" => (IN_CONTEXT, TO_CONTEXT),
            "events" => (IN_EVENTS, TO_EVENTS),
            "native" => (IN_NATIVE, &[]),
            _ => (&[], &[]),
        }
    }
    const CALLS: Calls = Calls {
        calls: &[Call {
            method: "get",
            path: "/api/v1/rooms/{kind}/{name}/events",
            id: "searchHistory",
            tag: "events",
            summary: "What was said in which this stands",
            about: "With `search`, the events in which all of it stands, of those kinds of room for which it is switched on; elsewhere 404.",
            open: false,
            parameters: &["kind", "name", "search", "limit", "before", "order"],
            body: None,
            answer: Answer::Json(
                "Matches, the newest first.",
                output::<OverHttp<'static>>,
                r#"{"matches":[{"id":"event_018cc4e5-227b-7000-8000-000000000000","type":"message","offset":42,"timestamp":"2024-01-01T12:00:00.123Z","author":"ann","snippet":[{"text":"Hello, ","marked":false},{"text":"world","marked":true}]}],"has_more":false,"complete":true,"offset":42,"epoch":"018cc4e5227b7000800000000000000a"}"#,
            ),
            problems: &[400, 401, 403, 404, 500, 503],
        }],
        parameters: &[
            parameter(
                "search",
                "query",
                "Words, phrases in quotes, and beginnings of words with a star.",
                input::<String>,
                r#""hello wor*""#,
            ),
            parameter(
                "order",
                "query",
                "Of what is searched: `newest` first, or `best`.",
                input::<Order>,
                r#""newest""#,
            ),
        ],
    };
}

const IN_CONTEXT: &[Message] = &[Message {
    name: "search",
    about: "In which messages does this stand?",
    envelope: In,
    fields: &[Is("type", "search"), Needs("data", input::<SearchIn<'static>>)],
    example: r#"{"type":"search","id":"f1","data":{"text":"\"new york\" hot*","limit":20}}"#,
}];

const TO_CONTEXT: &[Message] = &[Message {
    name: "search",
    about: "In which messages it stands.",
    envelope: Out,
    fields: &[Is("type", "search"), Needs("data", output::<InContext<'static>>)],
    example: r#"{"type":"search","id":"f1","timestamp":"2024-01-01T12:00:00.123Z","data":{"matches":[{"id":"message_018cc4e5-227b-7000-8000-000000000000","type":"message","author":"Ann","authorId":"ann","timestamp":"2024-01-01T12:00:00.123Z","offset":40,"snippet":[{"text":"a ","marked":false},{"text":"hotel","marked":true},{"text":" in ","marked":false},{"text":"New York","marked":true}]}],"hasMore":false,"nextBefore":null,"complete":true,"offset":42,"epoch":"018cc4e5227b7000800000000000000a"}}"#,
}];

const IN_EVENTS: &[Message] = &[request(
    "query.search",
    &[Is("type", "query"), Is("query", "search"), Needs("params", input::<SearchIn<'static>>)],
    "In which events does this stand?",
    r#"{"type":"query","id":"q6","query":"search","params":{"text":"deploy*","order":"best"}}"#,
)];

const TO_EVENTS: &[Message] = &[answer(
    "response.search",
    &[Is("type", "response"), Needs("result", output::<InEvents<'static>>)],
    "The answer to the query `search`.",
    r#"{"type":"response","id":"q6","timestamp":"2024-01-01T12:00:00.123Z","result":{"matches":[{"event":"note","id":"event_018cc4e5-227b-7000-8000-000000000000","timestamp":"2024-01-01T12:00:00.123Z","offset":40,"author":"ann","snippet":[{"text":"Deployed","marked":true},{"text":" at noon","marked":false}]}],"has_more":false,"complete":true,"offset":42,"epoch":"018cc4e5227b7000800000000000000a"}}"#,
)];

const IN_NATIVE: &[Message] = &[request(
    "query.search",
    &[
        Is("type", "query"),
        Is("query", "search"),
        MayOwn("room"),
        Needs("params", input::<SearchIn<'static>>),
    ],
    "In which entries does this stand?",
    r#"{"type":"query","id":"q6","query":"search","params":{"text":"deploy*","before":42}}"#,
)];

//! The frames and calls of large data, as the API document has them.

use super::{Digest, Transfers};
use super::{native, workflow as transfers};
use crate::feature::schema::{Calls, Described, Frames};
use crate::message::Name;
use crate::schema::calls::{Answer, Call};
use crate::schema::frames::Envelope::{Answer as Told, In, Out};
use crate::schema::frames::Field::{Is, MayOwn, Needs};
use crate::schema::frames::Message;
use crate::schema::openapi::parameter;
use crate::schema::shape::{input, output};
use crate::schema::words::spelled;

impl Described for Transfers {
    fn frames(protocol: &str) -> Frames {
        match protocol {
            "workflow" => (RECEIVE, SEND),
            "native" => (IN_NATIVE, TO_NATIVE),
            _ => (&[], &[]),
        }
    }
    const CALLS: Calls = Calls {
        calls: &[Call {
            method: "delete",
            path: "/api/v1/rooms/{kind}/{name}/objects/{data_id}",
            id: "deleteObject",
            tag: "rooms",
            summary: "Delete an object of large data",
            about: "For who sent it, or with the capability `admin`. Its `data_id` is free again.",
            open: false,
            parameters: &["kind", "name", "data_id"],
            body: None,
            answer: Answer::Nothing("It is gone."),
            problems: &[400, 401, 403, 404, 500, 503],
        }],
        parameters: &[parameter(
            "data_id",
            "path",
            "What its sender calls an object.",
            input::<Name>,
            r#""plan.1""#,
        )],
    };
}

spelled! {
    Digest => {"type": "string", "pattern": "^(sha256:)?[0-9A-Fa-f]{64}$"};
}

const RECEIVE: &[Message] = &[
    Message {
        name: "large_data",
        about: "A chunk of something large, in any order. Answered when it was the last, came again, or is the first on another connection.",
        envelope: In,
        fields: &[Is("type", "large_data"), Needs("data", output::<transfers::LargeData<'static>>)],
        example: r#"{"type":"large_data","id":"large_data_1","data":{"data_id":"plan.1","chunk_index":0,"total_chunks":2,"chunk_data":"aGVsbG8=","checksum":"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"}}"#,
    },
    Message {
        name: "large_data_request",
        about: "Send me all of an object, chunk by chunk, or what follows.",
        envelope: In,
        fields: &[Is("type", "large_data_request"), Needs("data", input::<transfers::FetchIn>)],
        example: r#"{"type":"large_data_request","id":"fetch_1","data":{"data_id":"plan.1","from":1}}"#,
    },
    Message {
        name: "large_data_delete",
        about: "Forget this object of mine.",
        envelope: In,
        fields: &[
            Is("type", "large_data_delete"),
            Needs("data", output::<transfers::LargeDataDeleted<'static>>),
        ],
        example: r#"{"type":"large_data_delete","id":"delete_1","data":{"data_id":"plan.1"}}"#,
    },
];

const SEND: &[Message] = &[
    Message {
        name: "large_data",
        about: "A chunk of what was asked for, in the order of their indexes.",
        envelope: Out,
        fields: &[Is("type", "large_data"), Needs("data", output::<transfers::LargeData<'static>>)],
        example: r#"{"type":"large_data","id":"large_data_018cc4e5-227b-7000-8000-000000000000","timestamp":"2024-01-01T12:00:00.123Z","data":{"data_id":"plan.1","chunk_index":0,"total_chunks":2,"chunk_data":"aGVsbG8=","checksum":"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"}}"#,
    },
    Message {
        name: "large_data_received",
        about: "All chunks are here, or which are missing.",
        envelope: Out,
        fields: &[
            Is("type", "large_data_received"),
            Needs("data", output::<transfers::LargeDataReceived<'static>>),
        ],
        example: r#"{"type":"large_data_received","id":"large_data_received_018cc4e5-227b-7000-8000-000000000000","timestamp":"2024-01-01T12:00:00.123Z","data":{"data_id":"plan.1","status":"incomplete","total_size":5,"missing":[1]}}"#,
    },
    Message {
        name: "large_data_delete",
        about: "The object is forgotten, as you asked.",
        envelope: Out,
        fields: &[
            Is("type", "large_data_delete"),
            Needs("data", output::<transfers::LargeDataDeleted<'static>>),
        ],
        example: r#"{"type":"large_data_delete","id":"large_data_delete_018cc4e5-227b-7000-8000-000000000000","timestamp":"2024-01-01T12:00:00.123Z","data":{"data_id":"plan.1"}}"#,
    },
];

const IN_NATIVE: &[Message] = &[
    Message {
        name: "command.object.put",
        about: "A chunk of something large, in any order.",
        envelope: In,
        fields: &[
            Is("type", "command"),
            Is("command", "object.put"),
            MayOwn("room"),
            Needs("params", output::<native::ObjectChunk<'static>>),
        ],
        example: r#"{"type":"command","id":"o1","command":"object.put","params":{"object":"plan.1","index":0,"total":2,"sha256":"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824","chunk":"aGVsbG8="}}"#,
    },
    Message {
        name: "command.object.get",
        about: "Send me all of an object, chunk by chunk, or what follows.",
        envelope: In,
        fields: &[
            Is("type", "command"),
            Is("command", "object.get"),
            MayOwn("room"),
            Needs("params", input::<native::ObjectGet>),
        ],
        example: r#"{"type":"command","id":"o2","command":"object.get","params":{"object":"plan.1","from":1}}"#,
    },
    Message {
        name: "command.object.delete",
        about: "Forget this object of mine.",
        envelope: In,
        fields: &[
            Is("type", "command"),
            Is("command", "object.delete"),
            MayOwn("room"),
            Needs("params", output::<native::ObjectDeleted<'static>>),
        ],
        example: r#"{"type":"command","id":"o3","command":"object.delete","params":{"object":"plan.1"}}"#,
    },
];

const TO_NATIVE: &[Message] = &[Message {
    name: "event.object.chunk",
    about: "A chunk of what was asked for, in the order of their indexes.",
    envelope: Told,
    fields: &[
        Is("type", "event"),
        Is("event", "object.chunk"),
        Needs("data", output::<native::ObjectChunk<'static>>),
    ],
    example: r#"{"type":"event","event":"object.chunk","at":1704110400123,"encoding":"base64","data":{"object":"plan.1","index":0,"total":2,"sha256":"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824","chunk":"aGVsbG8="}}"#,
}];

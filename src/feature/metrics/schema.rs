//! The frames of metrics, as the API document has them.

use super::Metrics;
use super::context as metric;
use crate::feature::schema::{Described, Frames};
use crate::schema::frames::Envelope::{Answer, In, Out};
use crate::schema::frames::Field::{Is, MayOwn, Needs};
use crate::schema::frames::Message;
use crate::schema::shape::{input, output};

impl Described for Metrics {
    fn frames(protocol: &str) -> Frames {
        match protocol {
            "context" => (RECEIVE, SEND),
            "native" => (IN_NATIVE, TO_NATIVE),
            _ => (&[], &[]),
        }
    }
}

const RECEIVE: &[Message] = &[
    Message {
        name: "subscribe",
        about: "Analytics rooms: I want to hear of these metrics too.",
        envelope: In,
        fields: &[Is("type", "subscribe"), Needs("data", input::<metric::MetricsIn>)],
        example: r#"{"type":"subscribe","id":"s1","data":{"metrics":["engagement","performance","activity"]}}"#,
    },
    Message {
        name: "unsubscribe",
        about: "Analytics rooms: I no longer want to hear of these metrics.",
        envelope: In,
        fields: &[Is("type", "unsubscribe"), Needs("data", input::<metric::MetricsIn>)],
        example: r#"{"type":"unsubscribe","id":"u1","data":{"metrics":["performance"]}}"#,
    },
];

const SEND: &[Message] = &[
    Message {
        name: "subscribe",
        about: "Every metric this connection hears of from now on, and the last that is known of it.",
        envelope: Out,
        fields: &[Is("type", "subscribe"), Needs("data", output::<metric::Metrics<'static>>)],
        example: r#"{"type":"subscribe","id":"s1","timestamp":"2024-01-01T12:00:00.123Z","data":{"metrics":[{"metric":"engagement","value":3,"timestamp":"2024-01-01T11:59:59.000Z"},{"metric":"score","value":null,"timestamp":null}]}}"#,
    },
    Message {
        name: "unsubscribe",
        about: "The same, when it asked for less.",
        envelope: Out,
        fields: &[Is("type", "unsubscribe"), Needs("data", output::<metric::Metrics<'static>>)],
        example: r#"{"type":"unsubscribe","id":"u1","timestamp":"2024-01-01T12:00:00.123Z","data":{"metrics":[]}}"#,
    },
    Message {
        name: "metric_update",
        about: "A metric this connection subscribed to has a new value.",
        envelope: Out,
        fields: &[Is("type", "metric_update"), Needs("data", output::<metric::Update<'static>>)],
        example: r#"{"type":"metric_update","id":"metric_update_018cc4e5-227b-7000-8000-000000000007","timestamp":"2024-01-01T12:00:00.123Z","data":{"metric":"engagement","value":3,"timestamp":"2024-01-01T12:00:00.100Z"}}"#,
    },
];

const IN_NATIVE: &[Message] = &[
    Message {
        name: "command.metrics.watch",
        about: "Analytics rooms: I want to hear of these metrics too.",
        envelope: In,
        fields: &[
            Is("type", "command"),
            Is("command", "metrics.watch"),
            MayOwn("room"),
            Needs("params", input::<metric::MetricsIn>),
        ],
        example: r#"{"type":"command","id":"m1","command":"metrics.watch","params":{"metrics":["engagement","score"]}}"#,
    },
    Message {
        name: "command.metrics.unwatch",
        about: "Analytics rooms: I no longer want to hear of these metrics.",
        envelope: In,
        fields: &[
            Is("type", "command"),
            Is("command", "metrics.unwatch"),
            MayOwn("room"),
            Needs("params", input::<metric::MetricsIn>),
        ],
        example: r#"{"type":"command","id":"m2","command":"metrics.unwatch","params":{"metrics":["score"]}}"#,
    },
];

const TO_NATIVE: &[Message] = &[Message {
    name: "event.metric_update",
    about: "A number of the platform that this connection watches has a new value.",
    envelope: Answer,
    fields: &[
        Is("type", "event"),
        Is("event", "metric_update"),
        Needs("data", output::<metric::Update<'static>>),
    ],
    example: r#"{"type":"event","event":"metric_update","at":1704110400123,"data":{"metric":"engagement","value":3,"timestamp":"2024-01-01T12:00:00.100Z"}}"#,
}];

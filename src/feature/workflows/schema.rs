//! Their frames, as the API document has them.

use super::Workflows;
use super::words::{Notification, WorkflowUpdate};
use crate::feature::schema::{Described, Frames};
use crate::schema::frames::Envelope::{Entry, Out, OutWith};
use crate::schema::frames::Field::{Is, Needs};
use crate::schema::frames::Message;
use crate::schema::shape::{Shape, input, input_here};

impl Described for Workflows {
    fn frames(protocol: &str) -> Frames {
        match protocol {
            "workflow" => (&[], IN_WORKFLOW),
            "events" => (&[], IN_EVENTS),
            "client" => (&[], IN_CLIENT),
            _ => (&[], &[]),
        }
    }
    fn vocabulary() -> &'static [Shape] {
        &[input::<WorkflowUpdate>, input::<Notification>]
    }
}

const IN_WORKFLOW: &[Message] = &[
    Message {
        name: "workflow_update",
        about: "How a workflow goes on.",
        envelope: Out,
        fields: &[Is("type", "workflow_update"), Needs("data", input::<WorkflowUpdate>)],
        example: r#"{"type":"workflow_update","id":"workflow_update_018cc4e5-227b-7000-8000-000000000000","timestamp":"2024-01-01T12:00:00.123Z","data":{"workflow_id":"w1","status":"in_progress","stage":"validation","progress":62.5,"message":"Checking"}}"#,
    },
    Message {
        name: "notification",
        about: "For one user, or for everyone. `critical` has priority over whatever waits.",
        envelope: Out,
        fields: &[Is("type", "notification"), Needs("data", input::<Notification>)],
        example: r#"{"type":"notification","id":"notification_018cc4e5-227b-7000-8000-000000000000","timestamp":"2024-01-01T12:00:00.123Z","data":{"notification_id":"n1","title":"Done","message":"The workflow is done.","category":"workflow_complete","priority":"normal","action":{"label":"Open","url":"/workflows/w1"}}}"#,
    },
];

const IN_EVENTS: &[Message] = &[
    Message {
        name: "event.workflow_update",
        about: "How a workflow goes on.",
        envelope: Entry,
        fields: &[
            Is("type", "event"),
            Is("event", "workflow_update"),
            Needs("data", input::<WorkflowUpdate>),
        ],
        example: r#"{"type":"event","event":"workflow_update","id":"event_018cc4e5-227b-7000-8000-000000000000","timestamp":"2024-01-01T12:00:00.123Z","offset":43,"data":{"workflow_id":"w1","status":"in_progress","stage":"validation","progress":62.5}}"#,
    },
    Message {
        name: "event.notification",
        about: "For one user, or for everyone.",
        envelope: Entry,
        fields: &[
            Is("type", "event"),
            Is("event", "notification"),
            Needs("data", input::<Notification>),
        ],
        example: r#"{"type":"event","event":"notification","id":"event_018cc4e5-227b-7000-8000-000000000000","timestamp":"2024-01-01T12:00:00.123Z","offset":43,"data":{"notification_id":"n1","title":"Done","message":"The workflow is done.","category":"workflow_complete","priority":"normal"}}"#,
    },
];

const IN_CLIENT: &[Message] = &[
    Message {
        name: "workflow_update",
        about: "How a workflow goes on.",
        envelope: OutWith(input_here::<WorkflowUpdate>),
        fields: &[Is("type", "workflow_update")],
        example: r#"{"type":"workflow_update","timestamp":"2024-01-01T12:00:00.123Z","workflow_id":"w1","status":"completed","stage":"review","progress":100}"#,
    },
    Message {
        name: "notification",
        about: "For one user, or for everyone. `critical` has priority over whatever waits.",
        envelope: OutWith(input_here::<Notification>),
        fields: &[Is("type", "notification")],
        example: r#"{"type":"notification","timestamp":"2024-01-01T12:00:00.123Z","notification_id":"n1","title":"Done","message":"The workflow is done.","category":"workflow_complete","priority":"critical"}"#,
    },
];

//! The frames and calls of editing together, as the API document has them.

use super::Documents;
use super::{context as wire, native};
use crate::feature::schema::{Calls, Described, Frames};
use crate::message::Name;
use crate::schema::calls::{Answer, Call};
use crate::schema::frames::Envelope::{Answer as Told, In, Out};
use crate::schema::frames::Field::{Is, MayOwn, Needs};
use crate::schema::frames::Message;
use crate::schema::openapi::parameter;
use crate::schema::shape::{input, output};

impl Described for Documents {
    fn frames(protocol: &str) -> Frames {
        match protocol {
            "context" => (RECEIVE, SEND),
            "native" => (IN_NATIVE, TO_NATIVE),
            _ => (&[], &[]),
        }
    }
    const CALLS: Calls = Calls {
        calls: &[Call {
            method: "delete",
            path: "/api/v1/rooms/{kind}/{name}/documents/{document}",
            id: "deleteDocument",
            tag: "rooms",
            summary: "Delete a document",
            about: "For who made it, or with the capability `admin`. Its session is over for everyone in it.",
            open: false,
            parameters: &["kind", "name", "document"],
            body: None,
            answer: Answer::Nothing("It is gone."),
            problems: &[400, 401, 403, 404, 500, 503],
        }],
        parameters: &[parameter(
            "document",
            "path",
            "A document's name.",
            input::<Name>,
            r#""notes""#,
        )],
    };
}

const RECEIVE: &[Message] = &[JOIN, LEAVE, DELETE, EDIT, CURSOR, COMMAND];

const SEND: &[Message] = &[STATE, ACK, EDITED, MOVED, JOINED, LEFT, DELETED];

const JOIN: Message = Message {
    name: "join_session",
    about: "Let me into the session on this document, and show it to me. Leaves the one before.",
    envelope: In,
    fields: &[Is("type", "join_session"), Needs("data", input::<wire::JoinIn>)],
    example: r#"{"type":"join_session","id":"j1","data":{"sessionId":"notes","role":"participant"}}"#,
};

const LEAVE: Message = Message {
    name: "leave_session",
    about: "Let me out of the session.",
    envelope: In,
    fields: &[Is("type", "leave_session"), Needs("data", input::<wire::LeaveIn>)],
    example: r#"{"type":"leave_session","id":"l1","data":{"sessionId":"notes"}}"#,
};

const DELETE: Message = Message {
    name: "delete_document",
    about: "Forget this document of mine.",
    envelope: In,
    fields: &[Is("type", "delete_document"), Needs("data", input::<wire::LeaveIn>)],
    example: r#"{"type":"delete_document","id":"d1","data":{"sessionId":"notes"}}"#,
};

const DELETED: Message = Message {
    name: "delete_document",
    about: "The document is deleted, and its session over. To you, as you asked, and to all in it.",
    envelope: Out,
    fields: &[Is("type", "delete_document"), Needs("data", output::<wire::Left<'static>>)],
    example: r#"{"type":"delete_document","id":"delete_document_018cc4e5-227b-7000-8000-00000000000c","timestamp":"2024-01-01T12:00:00.123Z","data":{"sessionId":"notes","userId":"ann","username":"Ann"}}"#,
};

const EDIT: Message = Message {
    name: "edit",
    about: "Change the text.",
    envelope: In,
    fields: &[Is("type", "edit"), Needs("data", input::<wire::EditIn<'static>>)],
    example: r#"{"type":"edit","id":"e1","data":{"operation":"insert","position":42,"content":"Hello World","version":15}}"#,
};

const CURSOR: Message = Message {
    name: "cursor",
    about: "My cursor is here.",
    envelope: In,
    fields: &[Is("type", "cursor"), Needs("data", input::<wire::CursorIn<'static>>)],
    example: r#"{"type":"cursor","data":{"position":42,"selection":{"start":40,"end":42}}}"#,
};

const COMMAND: Message = Message {
    name: "command",
    about: "Take back my last change.",
    envelope: In,
    fields: &[Is("type", "command"), Needs("data", input::<wire::CommandIn<'static>>)],
    example: r#"{"type":"command","id":"u1","data":{"command":"undo"}}"#,
};

const STATE: Message = Message {
    name: "session_state",
    about: "This is the text, and who is here. After a conflict: forget your own, and begin with this.",
    envelope: Out,
    fields: &[Is("type", "session_state"), Needs("data", output::<wire::State<'static>>)],
    example: r#"{"type":"session_state","id":"j1","timestamp":"2024-01-01T12:00:00.123Z","data":{"sessionId":"notes","version":15,"content":"Hello","participants":[{"userId":"ann","username":"Ann","role":"participant"}]}}"#,
};

const ACK: Message = Message {
    name: "edit_ack",
    about: "What you sent is in, and the text is this version now.",
    envelope: Out,
    fields: &[Is("type", "edit_ack"), Needs("data", output::<wire::Ack>)],
    example: r#"{"type":"edit_ack","id":"e1","timestamp":"2024-01-01T12:00:00.123Z","data":{"version":16}}"#,
};

const EDITED: Message = Message {
    name: "edit",
    about: "The text was changed.",
    envelope: Out,
    fields: &[Is("type", "edit"), Needs("data", output::<wire::Edit<'static>>)],
    example: r#"{"type":"edit","id":"edit_018cc4e5-227b-7000-8000-000000000008","timestamp":"2024-01-01T12:00:00.123Z","data":{"operation":"insert","position":42,"content":"Hello World","length":0,"author":"ann","version":16}}"#,
};

const MOVED: Message = Message {
    name: "cursor",
    about: "Somebody's cursor moved.",
    envelope: Out,
    fields: &[Is("type", "cursor"), Needs("data", output::<wire::CursorOut<'static>>)],
    example: r#"{"type":"cursor","id":"cursor_018cc4e5-227b-7000-8000-000000000009","timestamp":"2024-01-01T12:00:00.123Z","data":{"userId":"ann","position":42,"selection":{"start":40,"end":42}}}"#,
};

const JOINED: Message = Message {
    name: "join_session",
    about: "A user came into the session: once per user, not per connection.",
    envelope: Out,
    fields: &[Is("type", "join_session"), Needs("data", output::<wire::Joined<'static>>)],
    example: r#"{"type":"join_session","id":"join_session_018cc4e5-227b-7000-8000-00000000000a","timestamp":"2024-01-01T12:00:00.123Z","data":{"sessionId":"notes","userId":"ann","username":"Ann","role":"participant"}}"#,
};

const LEFT: Message = Message {
    name: "leave_session",
    about: "A user's last connection left the session; or yours did, as you asked.",
    envelope: Out,
    fields: &[Is("type", "leave_session"), Needs("data", output::<wire::Left<'static>>)],
    example: r#"{"type":"leave_session","id":"leave_session_018cc4e5-227b-7000-8000-00000000000b","timestamp":"2024-01-01T12:00:00.123Z","data":{"sessionId":"notes","userId":"ann","username":"Ann"}}"#,
};

const IN_NATIVE: &[Message] = &[
    Message {
        name: "command.document.join",
        about: "Let me into this document, and show it to me. Leaves the one before.",
        envelope: In,
        fields: &[
            Is("type", "command"),
            Is("command", "document.join"),
            MayOwn("room"),
            Needs("params", input::<native::In<'static>>),
        ],
        example: r#"{"type":"command","id":"d1","command":"document.join","params":{"document":"notes","role":"participant"}}"#,
    },
    Message {
        name: "command.document.leave",
        about: "Let me out of it.",
        envelope: In,
        fields: &[
            Is("type", "command"),
            Is("command", "document.leave"),
            MayOwn("room"),
            Needs("params", input::<native::In<'static>>),
        ],
        example: r#"{"type":"command","id":"d1","command":"document.leave","params":{"document":"notes"}}"#,
    },
    Message {
        name: "command.document.delete",
        about: "Forget this document of mine.",
        envelope: In,
        fields: &[
            Is("type", "command"),
            Is("command", "document.delete"),
            MayOwn("room"),
            Needs("params", input::<native::In<'static>>),
        ],
        example: r#"{"type":"command","id":"d1","command":"document.delete","params":{"document":"notes"}}"#,
    },
    Message {
        name: "command.document.edit",
        about: "Change the text.",
        envelope: In,
        fields: &[
            Is("type", "command"),
            Is("command", "document.edit"),
            MayOwn("room"),
            Needs("params", input::<native::In<'static>>),
        ],
        example: r#"{"type":"command","id":"d1","command":"document.edit","params":{"document":"notes","operation":"insert","position":42,"content":"Hello World","version":15}}"#,
    },
    Message {
        name: "command.document.undo",
        about: "Take back my last change.",
        envelope: In,
        fields: &[
            Is("type", "command"),
            Is("command", "document.undo"),
            MayOwn("room"),
            Needs("params", input::<native::In<'static>>),
        ],
        example: r#"{"type":"command","id":"d1","command":"document.undo","params":{"document":"notes"}}"#,
    },
    Message {
        name: "command.document.cursor",
        about: "My cursor is here.",
        envelope: In,
        fields: &[
            Is("type", "command"),
            Is("command", "document.cursor"),
            MayOwn("room"),
            Needs("params", input::<native::In<'static>>),
        ],
        example: r#"{"type":"command","id":"d1","command":"document.cursor","params":{"document":"notes","position":42,"selection":{"start":40,"end":42}}}"#,
    },
];

const TO_NATIVE: &[Message] = &[
    Message {
        name: "event.document.state",
        about: "After a conflict: forget your own, and begin with this.",
        envelope: Told,
        fields: &[
            Is("type", "event"),
            Is("event", "document.state"),
            Needs("data", output::<native::DocumentState<'static>>),
        ],
        example: r#"{"type":"event","event":"document.state","at":1704110400123,"data":{"document":"notes","version":15,"content":"Hello","participants":[{"user":"ann","name":"Ann","role":"participant"}]}}"#,
    },
    Message {
        name: "event.document.edit",
        about: "The text was changed.",
        envelope: Told,
        fields: &[
            Is("type", "event"),
            Is("event", "document.edit"),
            Needs("data", output::<native::DocumentEdit<'static>>),
        ],
        example: r#"{"type":"event","event":"document.edit","at":1704110400123,"user":"ann","data":{"document":"notes","operation":"insert","position":42,"content":"Hello World","length":0,"version":16}}"#,
    },
    Message {
        name: "event.document.cursor",
        about: "Somebody's cursor moved.",
        envelope: Told,
        fields: &[
            Is("type", "event"),
            Is("event", "document.cursor"),
            Needs("data", output::<native::DocumentCursor<'static>>),
        ],
        example: r#"{"type":"event","event":"document.cursor","at":1704110400123,"user":"ann","data":{"document":"notes","position":42,"selection":{"start":40,"end":42}}}"#,
    },
    Message {
        name: "event.document.join",
        about: "A user came into the document: once per user, not per connection.",
        envelope: Told,
        fields: &[
            Is("type", "event"),
            Is("event", "document.join"),
            Needs("data", output::<native::DocumentOut<'static>>),
        ],
        example: r#"{"type":"event","event":"document.join","at":1704110400123,"user":"ann","data":{"document":"notes","role":"participant"}}"#,
    },
    Message {
        name: "event.document.leave",
        about: "A user's last connection left it.",
        envelope: Told,
        fields: &[
            Is("type", "event"),
            Is("event", "document.leave"),
            Needs("data", output::<native::DocumentOut<'static>>),
        ],
        example: r#"{"type":"event","event":"document.leave","at":1704110400123,"user":"ann","data":{"document":"notes"}}"#,
    },
    Message {
        name: "event.document.delete",
        about: "It is deleted, and nobody is in it any more.",
        envelope: Told,
        fields: &[
            Is("type", "event"),
            Is("event", "document.delete"),
            Needs("data", output::<native::DocumentOut<'static>>),
        ],
        example: r#"{"type":"event","event":"document.delete","at":1704110400123,"user":"ann","data":{"document":"notes"}}"#,
    },
];

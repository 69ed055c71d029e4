//! Its frames and calls, as the API documents have them.

use super::Bans;
use super::words::{BanBody, BanIn, BannedOut, BansOut, LiftedOut, UnbanIn};
use crate::feature::schema::{Calls, Described, Frames};
use crate::schema::calls::{Answer, Call};
use crate::schema::frames::Field::{Is, MayOwn, Needs};
use crate::schema::frames::{Message, answer, request};
use crate::schema::openapi::parameter;
use crate::schema::shape::{input, output};

impl Described for Bans {
    fn frames(protocol: &str) -> Frames {
        match protocol {
            "events" => (RECEIVE, SEND),
            "native" => (IN_NATIVE, &[]),
            _ => (&[], &[]),
        }
    }
    const CALLS: Calls = Calls {
        calls: &[
            Call {
                method: "get",
                path: "/api/v1/rooms/{kind}/{name}/bans",
                id: "listBans",
                tag: "rooms",
                summary: "Who is banned from a room",
                about: "Takes the capability `admin`. In the order of users.",
                open: false,
                parameters: &["kind", "name", "bans_cursor", "limit"],
                body: None,
                answer: Answer::Json(
                    "A page.",
                    output::<BansOut<'static>>,
                    r#"{"bans":[{"user_id":"bob","since":"2024-01-01T12:00:00.123Z","until":"2024-01-01T13:00:00.123Z","reason":"spam","by":"ann"}],"cursor":"bob"}"#,
                ),
                problems: &[400, 401, 403, 404, 429, 500, 503],
            },
            Call {
                method: "put",
                path: "/api/v1/rooms/{kind}/{name}/bans/{user}",
                id: "banUser",
                tag: "rooms",
                summary: "Keep a user out of a room",
                about: "Takes the capability `admin`. Ends their connections there; until the ban ends they neither come in, by whatever protocol, nor call the room over HTTP. Put again, it takes the place of the ban before. It outlasts the erasure of the room.",
                open: false,
                parameters: &["kind", "name", "user"],
                body: Some((input::<BanBody>, r#"{"seconds":3600,"reason":"spam"}"#)),
                answer: Answer::Json(
                    "They are banned.",
                    output::<BannedOut<'static>>,
                    r#"{"user_id":"bob","until":"2024-01-01T13:00:00.123Z","kicked":1}"#,
                ),
                problems: &[400, 401, 403, 404, 409, 413, 429, 500, 503],
            },
            Call {
                method: "delete",
                path: "/api/v1/rooms/{kind}/{name}/bans/{user}",
                id: "liftBan",
                tag: "rooms",
                summary: "Let a user in again",
                about: "Takes the capability `admin`.",
                open: false,
                parameters: &["kind", "name", "user"],
                body: None,
                answer: Answer::Nothing("They may come in again."),
                problems: &[400, 401, 403, 404, 429, 500, 503],
            },
        ],
        parameters: &[parameter(
            "bans_cursor",
            "query",
            "Of the page before: the last user on it.",
            input::<String>,
            r#""bob""#,
        )
        .called("cursor")],
    };
}

const RECEIVE: &[Message] = &[
    request(
        "command.ban",
        &[Is("type", "command"), Is("command", "ban"), Needs("params", input::<BanIn>)],
        "Keep this user out, and end their connections; takes the capability `admin`.",
        r#"{"type":"command","id":"c7","command":"ban","params":{"user_id":"bob","seconds":3600}}"#,
    ),
    request(
        "command.unban",
        &[Is("type", "command"), Is("command", "unban"), Needs("params", input::<UnbanIn>)],
        "Let this user in again; takes the capability `admin`.",
        r#"{"type":"command","id":"c8","command":"unban","params":{"user_id":"bob"}}"#,
    ),
];

const SEND: &[Message] = &[
    answer(
        "response.ban",
        &[Is("type", "response"), Needs("result", output::<BannedOut<'static>>)],
        "The answer to `ban`.",
        r#"{"type":"response","id":"c7","timestamp":"2024-01-01T12:00:00.123Z","result":{"user_id":"bob","until":"2024-01-01T13:00:00.123Z","kicked":1}}"#,
    ),
    answer(
        "response.unban",
        &[Is("type", "response"), Needs("result", output::<LiftedOut<'static>>)],
        "The answer to `unban`.",
        r#"{"type":"response","id":"c8","timestamp":"2024-01-01T12:00:00.123Z","result":{"user_id":"bob"}}"#,
    ),
];

const IN_NATIVE: &[Message] = &[
    request(
        "command.ban",
        &[
            Is("type", "command"),
            Is("command", "ban"),
            MayOwn("room"),
            Needs("params", input::<BanIn>),
        ],
        "Keep this user out, and end their attachments; takes the capability `admin`.",
        r#"{"type":"command","id":"c7","command":"ban","params":{"user_id":"bob","seconds":3600}}"#,
    ),
    request(
        "command.unban",
        &[
            Is("type", "command"),
            Is("command", "unban"),
            MayOwn("room"),
            Needs("params", input::<UnbanIn>),
        ],
        "Let this user in again; takes the capability `admin`.",
        r#"{"type":"command","id":"c8","command":"unban","params":{"user_id":"bob"}}"#,
    ),
];

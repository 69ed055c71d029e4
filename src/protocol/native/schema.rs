use super::{entries, hello, out, presence, read};
use crate::feature::schema::Calls;
use crate::message::{EventName, Mode, NotResumed, Offset, Topic};
use crate::protocol::json::KickIn;
use crate::protocol::schema::Description;
use crate::schema::frames::Envelope::{Entry, Of, Out, OutWith};
use crate::schema::frames::Field::{Is, May, MayOwn, Needs, Own};
use crate::schema::frames::{Message, request};
use crate::schema::shape::{Shape, input, input_here, output, output_here};

const TOPICS: Shape = input::<Vec<Topic>>;

pub(crate) const DESCRIPTION: Description = Description {
    from_clients: input_here::<read::Envelope<'static>>,
    from_server: output_here::<out::Ack<'static>>,
    entry: output_here::<entries::EntryOut<'static>>,
    // What features tell beside the log: all of their answers are one message.
    answer: output_here::<out::Told>,
    receive: RECEIVE,
    send: SEND,
    close_codes: &[],
    calls: Calls::NONE,
};

const RECEIVE: &[Message] = &[
    request("ping", &[Is("type", "ping")], "Are you there?", r#"{"type":"ping"}"#),
    request(
        "auth",
        &[Is("type", "auth"), Own("token")],
        "Here is my token. The first message where the URL has none; later, a younger token.",
        r#"{"type":"auth","id":"a1","token":"<jwt>"}"#,
    ),
    request(
        "publish",
        &[
            Is("type", "publish"),
            MayOwn("room"),
            Needs("event", input::<EventName>),
            MayOwn("data"),
            MayOwn("encoding"),
            MayOwn("of"),
            MayOwn("to"),
            MayOwn("ephemeral"),
            MayOwn("echo"),
        ],
        "Say this. The same `id` again is not said again.",
        r#"{"type":"publish","id":"k3-2","event":"message","data":{"content":"hello"}}"#,
    ),
    request(
        "subscribe",
        &[Is("type", "subscribe"), MayOwn("room"), Needs("events", TOPICS)],
        "I want to hear of these: names of events, or what they begin with and a star.",
        r#"{"type":"subscribe","id":"s1","events":["agent.*"]}"#,
    ),
    request(
        "unsubscribe",
        &[Is("type", "unsubscribe"), MayOwn("room"), Needs("events", TOPICS)],
        "I no longer want to hear of these.",
        r#"{"type":"unsubscribe","id":"s2","events":["agent.*"]}"#,
    ),
    request(
        "history",
        &[
            Is("type", "history"),
            MayOwn("room"),
            MayOwn("before"),
            MayOwn("after"),
            MayOwn("limit"),
            MayOwn("raw"),
            MayOwn("of"),
            MayOwn("reverse"),
        ],
        "What was said before?",
        r#"{"type":"history","id":"h1","before":42,"limit":20}"#,
    ),
    request(
        "presence",
        &[Is("type", "presence"), MayOwn("room"), MayOwn("limit"), MayOwn("cursor")],
        "Who is here, and how?",
        r#"{"type":"presence","id":"p1","limit":100}"#,
    ),
    request(
        "query",
        &[Is("type", "query"), MayOwn("room"), Needs("query", input::<String>), MayOwn("params")],
        "A question: `position`, `stats`, `subscriptions`, `presence`, or a feature's.",
        r#"{"type":"query","id":"q1","query":"position"}"#,
    ),
    request(
        "command.kick",
        &[
            Is("type", "command"),
            Is("command", "kick"),
            MayOwn("room"),
            Needs("params", input::<KickIn>),
        ],
        "Close these connections. Takes the capability `admin`.",
        r#"{"type":"command","id":"c1","command":"kick","params":{"user_id":"bob"}}"#,
    ),
    request(
        "command.presence.enter",
        &[Is("type", "command"), Is("command", "presence.enter"), MayOwn("room"), MayOwn("params")],
        "I am here, from now on, and this is to be shown of me: `data`, at most 1 KiB.",
        r#"{"type":"command","id":"e1","command":"presence.enter","params":{"data":{"status":"busy"}}}"#,
    ),
    request(
        "command.presence.update",
        &[
            Is("type", "command"),
            Is("command", "presence.update"),
            MayOwn("room"),
            MayOwn("params"),
        ],
        "This is to be shown of me from now on.",
        r#"{"type":"command","id":"e2","command":"presence.update","params":{"data":{"status":"free"}}}"#,
    ),
    request(
        "command.presence.leave",
        &[Is("type", "command"), Is("command", "presence.leave"), MayOwn("room"), MayOwn("params")],
        "I am no longer here, and hear on.",
        r#"{"type":"command","id":"e3","command":"presence.leave"}"#,
    ),
    request(
        "command",
        &[
            Is("type", "command"),
            MayOwn("room"),
            Needs("command", input::<String>),
            MayOwn("params"),
        ],
        "Something that a feature does.",
        r#"{"type":"command","id":"c2","command":"read","params":{"offset":42}}"#,
    ),
    request(
        "attach",
        &[
            Is("type", "attach"),
            MayOwn("room"),
            MayOwn("resume"),
            MayOwn("rewind"),
            May("events", TOPICS),
            MayOwn("token"),
            MayOwn("present"),
        ],
        "From now on tell me the log from here, or from now on if I do not say.",
        r#"{"type":"attach","id":"t1","resume":"018cc4e5227b7000800000000000000a:41","rewind":"50"}"#,
    ),
    request(
        "detach",
        &[Is("type", "detach"), MayOwn("room")],
        "Tell me nothing any more.",
        r#"{"type":"detach","id":"t2"}"#,
    ),
];

const SEND: &[Message] = &[
    Message {
        name: "hello",
        about: "The first message: you are in.",
        envelope: Of(output_here::<hello::Hello<'static>>),
        fields: &[
            Is("type", "hello"),
            Needs("room", output::<String>),
            Needs("epoch", output::<String>),
            Needs("offset", output::<Offset>),
            Needs("first", output::<Offset>),
            Needs("from", output::<Offset>),
            Needs("recovered", output::<bool>),
            May("reason", output::<NotResumed>),
            Needs("grants", output::<Vec<String>>),
            Needs("presence", output::<Mode>),
        ],
        example: r#"{"type":"hello","accepted_version":2,"session_id":"session_00000000000001","user_id":"ann","client_id":"session_00000000000001","expires_at":1704114000000,"server_time":1704110400123,"features":["presence","state","typing","annotations"],"heartbeat_interval_ms":25000,"limits":{"frame_bytes":1048576,"batch_bytes":262144,"messages_per_minute":100,"inactivity_ms":300000,"rooms":1,"filters":100,"history":200,"rewind":1000,"state_keys":1000,"state_bytes":524288,"object_chunk_bytes":65536,"object_chunks":1000,"presence_members":500},"room":"chat:demo","epoch":"018cc4e5227b7000800000000000000a","offset":43,"first":1,"from":41,"recovered":true,"grants":["join","send","history","presence"],"presence":"members"}"#,
    },
    Message {
        name: "event",
        about: "Something that was said.",
        envelope: Entry,
        fields: &[Is("type", "event")],
        example: r#"{"type":"event","event":"message","offset":42,"at":1704110400123,"user":"bob","data":{"content":"hi"}}"#,
    },
    Message {
        name: "position",
        about: "You have been told everything up to here that is for you.",
        envelope: Of(output_here::<out::PositionOut>),
        fields: &[Is("type", "position")],
        example: r#"{"type":"position","offset":256}"#,
    },
    Message {
        name: "event.presence",
        about: "Somebody came, changed or left, as they are now; or, with `sync`, all who are here.",
        envelope: Of(output_here::<presence::Told<'static>>),
        fields: &[
            Is("type", "event"),
            Is("event", "presence"),
            Needs("data", output::<presence::PresenceOut<'static>>),
        ],
        example: r#"{"type":"event","event":"presence","at":1704110400123,"user":"ann","name":"Ann","data":{"action":"join","connections":1}}"#,
    },
    Message {
        name: "event.occupancy",
        about: "So many are here: told in place of who, where they are many.",
        envelope: Of(output_here::<presence::Told<'static>>),
        fields: &[
            Is("type", "event"),
            Is("event", "occupancy"),
            Needs("data", output::<presence::PresenceOut<'static>>),
        ],
        example: r#"{"type":"event","event":"occupancy","at":1704110400123,"data":{"mode":"occupancy","connections":812,"users":640}}"#,
    },
    Message {
        name: "ack.attached",
        about: "The answer to `attach`.",
        envelope: OutWith(output_here::<hello::AttachedOut<'static>>),
        fields: &[Is("type", "ack")],
        example: r#"{"type":"ack","id":"t1","room":"chat:demo","epoch":"018cc4e5227b7000800000000000000a","offset":43,"first":1,"from":43,"recovered":false,"reason":"gone","grants":["join"],"presence":"members"}"#,
    },
    Message {
        name: "ack.auth",
        about: "The answer to `auth`: a younger token took the place of the old one.",
        envelope: OutWith(output_here::<out::Renewed<'static>>),
        fields: &[Is("type", "ack")],
        example: r#"{"type":"ack","id":"a1","user_id":"ann","expires_at":1704114000000,"grants":{"chat:demo":["join","send"]}}"#,
    },
    Message {
        name: "ack.history",
        about: "The answer to `history`.",
        envelope: OutWith(output_here::<entries::History<'static>>),
        fields: &[Is("type", "ack")],
        example: r#"{"type":"ack","id":"h1","entries":[{"event":"message","offset":41,"at":1704110400123,"user":"bob","data":{"content":"hi"}}],"has_more":true,"next":{"before":41},"epoch":"018cc4e5227b7000800000000000000a","offset":43}"#,
    },
    Message {
        name: "ack.members",
        about: "The answer to `presence`: who is here.",
        envelope: OutWith(output_here::<presence::PresenceOut<'static>>),
        fields: &[Is("type", "ack")],
        example: r#"{"type":"ack","id":"p1","mode":"members","connections":3,"users":2,"members":[{"user":"ann","name":"Ann","connections":2,"data":{"status":"busy"}},{"user":"bob","connections":1}]}"#,
    },
    Message {
        name: "ack.published",
        about: "The answer to a `publish`, or a command, of what is kept: it is durable.",
        envelope: OutWith(output_here::<out::AcceptedOut<'static>>),
        fields: &[Is("type", "ack")],
        example: r#"{"type":"ack","id":"k3-2","offset":44,"epoch":"018cc4e5227b7000800000000000000a","duplicate":true}"#,
    },
    Message {
        name: "ack.result",
        about: "The answer to a `query`, and to a `command` that has a result.",
        envelope: OutWith(output_here::<out::Answered<serde_json::Value>>),
        fields: &[Is("type", "ack")],
        example: r#"{"type":"ack","id":"q1","result":{"epoch":"018cc4e5227b7000800000000000000a","offset":44}}"#,
    },
    Message {
        name: "ack.subscribed",
        about: "The answer to `subscribe` and `unsubscribe`: all filters in force.",
        envelope: OutWith(output_here::<out::Subscribed<'static>>),
        fields: &[Is("type", "ack")],
        example: r#"{"type":"ack","id":"s1","subscribed":["agent.*"]}"#,
    },
    Message {
        name: "ack.with_nothing_more",
        about: "It is done: the answer to `detach`, and to what was said and is not kept.",
        envelope: Out,
        fields: &[Is("type", "ack")],
        example: r#"{"type":"ack","id":"k3-3"}"#,
    },
    Message {
        name: "error",
        about: "No. What cannot go on is closed after it.",
        envelope: Of(output_here::<out::Error<'static>>),
        fields: &[Is("type", "error")],
        example: r#"{"type":"error","id":"k3-2","code":"RATE_LIMIT_EXCEEDED","message":"Rate limit exceeded","retryable":true,"retry_after":45,"details":{"limit":100,"window":"1m","retry_after":45}}"#,
    },
    Message {
        name: "reauth",
        about: "The token has expired: show another one, until then nothing is told.",
        envelope: Of(output_here::<out::Reauth>),
        fields: &[Is("type", "reauth")],
        example: r#"{"type":"reauth","within_ms":30000}"#,
    },
    Message {
        name: "detached",
        about: "You hear nothing of this room any more; the socket stays.",
        envelope: Of(output_here::<out::DetachedOut<'static>>),
        fields: &[Is("type", "detached")],
        example: r#"{"type":"detached","code":"NOT_FOUND","message":"this room was erased","reattach":true,"after_ms":1000}"#,
    },
    Message {
        name: "closing",
        about: "The last message: what to do when the socket is closed.",
        envelope: Of(output_here::<out::ClosingOut>),
        fields: &[Is("type", "closing")],
        example: r#"{"type":"closing","code":1013,"reason":"slow","reconnect":"after","after_ms":9123}"#,
    },
];

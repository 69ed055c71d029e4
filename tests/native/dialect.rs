//! Every frame of every dialect, from the golden vectors that clients read too.

use dormouse::dialect::{DialectId, Frame};
use dormouse::message::{
    Before, Body, ClientRef, Code, Command, Epoch, Event, Millis, Notice, Offset, Page,
    PageRequest, Refusal, Request, UserId,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{NOON, body, entry, member, stamp};

fn vectors() -> Value {
    serde_json::from_str(include_str!("../vectors/context.json")).unwrap()
}

fn context(text: &str) -> Request {
    DialectId::CONTEXT.get().decode(&Frame::Text(text.into()))
}

/// How the vectors spell a decoded request.
fn spelled(request: &Request) -> Value {
    let id = request.client_ref.as_ref().map(ClientRef::as_str);
    let command = match &request.command {
        Err(Refusal { code, .. }) => json!({"refused": code}),
        Ok(Command::Ping) => json!("ping"),
        Ok(Command::Authenticate { token, context }) => {
            json!({"authenticate": {"token": token, "context": context}})
        }
        Ok(Command::Say(Body::Message { content, message_type })) => {
            json!({"say": {"content": content, "messageType": message_type}})
        }
        Ok(Command::Typing(typing)) => json!({"typing": typing}),
        Ok(Command::Presence) => json!("presence"),
        Ok(Command::History(PageRequest { before, after: None, limit })) => {
            let before = match before {
                Before::Newest => json!("newest"),
                Before::Offset(offset) => json!({"offset": offset}),
                Before::Time(at) => json!({"time": at}),
            };
            json!({"history": {"before": before, "limit": limit}})
        }
        Ok(other) => panic!("the context dialect has no such command: {other:?}"),
    };
    json!({"id": id, "command": command})
}

#[test]
fn b2_to_b14_every_golden_frame_is_read_as_it_says() {
    let vectors = vectors();
    let cases = vectors["in"].as_array().unwrap();
    assert!(30 < cases.len());
    for case in cases {
        let frame = case["frame"].as_str().unwrap();
        let expected = json!({"id": case["id"], "command": case["command"]});
        assert_eq!(spelled(&context(frame)), expected, "{}: {frame}", case["title"]);
    }
}

/// The events whose spelling the vectors fix, in their order.
fn notices() -> Vec<Notice> {
    let page = |has_more| {
        let entries =
            vec![entry(41, NOON.0, "ann", None), entry(42, NOON.0 + 1, "bob", Some("m1"))];
        Event::History(Page {
            entries,
            has_more,
            upwards: false,
            head: Offset(42),
            epoch: Epoch("e1".into()),
        })
    };
    let user = UserId("ann".into());
    let too_fast = Refusal::too_fast(100, 60_000, 44_001);
    let events = vec![
        (None, Event::Pong),
        (Some("p1"), Event::Pong),
        (None, Event::Entry(entry(42, NOON.0, "ann", None))),
        (Some("m1"), Event::Entry(entry(42, NOON.0, "ann", Some("m1")))),
        (None, Event::Typing { user: user.clone(), typing: true }),
        (None, Event::Joined(member("ann"))),
        (None, Event::Left(member("ann"))),
        (Some("q1"), Event::Presence(vec![member("ann"), member("bob")])),
        (Some("h1"), page(true)),
        (None, page(false)),
        (Some("a1"), Event::Renewed { user, expires_at: Some(Millis(NOON.0 + 1000)) }),
        (None, Event::Refused(too_fast)),
        (Some("x1"), Event::Refused(Refusal::new(Code::NotFound, "no"))),
    ];
    let mut stamp = stamp(NOON);
    let notice = |(reply_to, event): (Option<&str>, Event)| Notice {
        id: stamp.mint(),
        reply_to: reply_to.map(|it| ClientRef::parse(it).unwrap()),
        session: None,
        at: NOON,
        event,
    };
    events.into_iter().map(notice).collect()
}

#[test]
fn b4_to_b29_every_event_is_spelled_as_its_golden_frame() {
    let notices = notices();
    let frames = notices.iter().map(|it| match DialectId::CONTEXT.get().encode(it) {
        Some(Frame::Text(text)) => serde_json::from_str(&text).unwrap(),
        other => panic!("the context dialect says it in text: {other:?}"),
    });
    let frames: Vec<Value> = frames.collect();
    let golden = vectors()["out"].as_array().unwrap().clone();
    if frames != golden {
        println!("{}", serde_json::to_string_pretty(&frames).unwrap());
    }
    assert_eq!(frames.len(), golden.len());
    for (frame, golden) in frames.iter().zip(&golden) {
        assert_eq!(frame, golden);
    }
}

#[test]
fn binary_is_refused_where_text_is_due() {
    let frame = Frame::Binary(br#"{"type":"ping"}"#.to_vec());
    let refused = DialectId::CONTEXT.get().decode(&frame).command.unwrap_err();
    assert_eq!(refused.code, Code::InvalidMessageFormat);
}

#[test]
fn deep_json_is_refused_before_it_is_parsed() {
    for (depth, accepted) in [(32, true), (33, false), (200_000, false)] {
        // The envelope is one level; the rest stands in a field nobody reads.
        let nested = "[".repeat(depth - 1) + &"]".repeat(depth - 1);
        let request = context(&format!(r#"{{"type":"ping","x":{nested}}}"#));
        assert_eq!(request.command.is_ok(), accepted, "{depth}");
    }
}

#[test]
fn what_is_said_survives_the_way_through_the_dialect() {
    let said = "\0 \u{feff} \u{202e} 😀 \" \\ <script>alert(1)</script> \u{2028} __proto__";
    let frame = json!({"type": "message", "data": {"content": said}}).to_string();
    assert_eq!(context(&frame).command, Ok(Command::Say(body(said))));
}

proptest! {
    /// No frame makes decoding fail in any other way than by a refusal.
    #[test]
    fn decoding_is_total(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let _ = context(&text);
        let _ = DialectId::CONTEXT.get().decode(&Frame::Binary(bytes));
    }

    /// Nor does anything that looks like a message.
    #[test]
    fn decoding_is_total_on_what_looks_like_a_message(
        kind in "(ping|auth|message|typing|history|presence)",
        field in "(id|data|token|contextId|type)",
        value in "(null|true|-1|0|1e400|1\\.5|9007199254740993|\"\"|\"x\"|\\[\\]|\\{\\}|\\{\"content\":1\\})",
    ) {
        let _ = context(&format!(r#"{{"type":"{kind}","{field}":{value}}}"#));
    }
}

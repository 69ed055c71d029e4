//! What holds for every protocol, whatever is sent.

use dormouse::kernel::Request;
use dormouse::message::{Code, RequestId};
use dormouse::protocol::{Frame, ProtocolId};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{body, decoded, said as said_in_context};

fn decode(protocol: ProtocolId, text: &str) -> Request {
    decoded(protocol.get(), &Frame::Text(text.into()))
}

#[test]
fn l4_binary_is_refused_where_text_is_due() {
    for protocol in ProtocolId::all() {
        let frame = Frame::Binary(br#"{"type":"ping"}"#.to_vec());
        let refused = decoded(protocol.get(), &frame).command.unwrap_err();
        assert_eq!(refused.code, Code::InvalidMessageFormat);
    }
}

#[test]
fn l4_deep_json_is_refused_before_it_is_parsed() {
    for protocol in ProtocolId::all() {
        for (depth, accepted) in [(32, true), (33, false), (200_000, false)] {
            // The envelope is one level; the rest stands in a field nobody reads.
            let nested = "[".repeat(depth - 1) + &"]".repeat(depth - 1);
            let request = decode(protocol, &format!(r#"{{"type":"ping","x":{nested}}}"#));
            assert_eq!(request.command.is_ok(), accepted, "{depth}");
        }
    }
}

#[test]
fn what_is_said_survives_the_way_through_the_protocol() {
    let said = "\0 \u{feff} \u{202e} 😀 \" \\ <script>alert(1)</script> \u{2028} __proto__";
    let frame = json!({"type": "message", "data": {"content": said}}).to_string();
    assert_eq!(decode(ProtocolId::CONTEXT, &frame).command, Ok(said_in_context(body(said))));
}

/// Fields that some protocol reads, and one that none does.
const FIELDS: [&str; 10] = [
    "type",
    "data",
    "token",
    "contextId",
    "events",
    "query",
    "command",
    "params",
    "timestamp",
    "x",
];

/// Types and names that some protocol knows, and whatever else JSON can say.
fn values() -> impl Strategy<Value = Value> {
    let known = "(ping|auth|message|typing|history|presence|subscribe|query|command|status|score)";
    let leaf = prop_oneof![
        known.prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        let fields = "(content|isTyping|limit|before|after|event|key|value|user_id|token)";
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(fields, inner, 0..4)
                .prop_map(|it| Value::Object(it.into_iter().collect())),
        ]
    })
}

proptest! {
    /// No frame makes decoding fail in any other way than by a refusal.
    #[test]
    fn decoding_is_total(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        for protocol in ProtocolId::all() {
            let _ = decode(protocol, &text);
            let _ = decoded(protocol.get(), &Frame::Binary(bytes.clone()));
        }
    }

    /// Nor does anything that begins like a message.
    #[test]
    fn decoding_is_total_on_what_begins_like_a_message(
        kind in "(ping|auth|message|typing|history|subscribe|query|command|status|score)",
        field in "(id|data|token|contextId|type|events|query|command|params)",
        rest in "([\\{\\}\\[\\]:,\"\\\\ue0-9.+a-z-]{0,24}|null|1e400|\"\\\\ud800\"|\\{\"content\":1\\})",
    ) {
        for protocol in ProtocolId::all() {
            let _ = decode(protocol, &format!(r#"{{"type":"{kind}","{field}":{rest}}}"#));
            let _ = decode(protocol, &format!(r#"{{"type":"{kind}","{field}":{rest}"#));
        }
    }

    /// Whatever else is wrong with a message: its sender learns which one was refused.
    #[test]
    fn h8_no_protocol_loses_a_good_id(
        id in ".{1,32}",
        fields in prop::collection::vec((prop::sample::select(&FIELDS[..]), values()), 0..5),
        at in 0usize..5,
    ) {
        let mut pairs: Vec<String> = Vec::new();
        for (number, (name, value)) in fields.iter().enumerate() {
            // Each once: an object with a field twice is none.
            if fields.iter().take(number).all(|(it, _)| it != name) {
                pairs.push(format!("{}:{value}", json!(name)));
            }
        }
        for protocol in ProtocolId::all() {
            let field = if protocol == ProtocolId::CONVERSATION { "messageId" } else { "id" };
            let mut pairs = pairs.clone();
            pairs.insert(at.min(pairs.len()), format!("{}:{}", json!(field), json!(id)));
            let frame = format!("{{{}}}", pairs.join(","));
            let read = decode(protocol, &frame).request_id;
            let name = protocol.descriptor().name;
            prop_assert_eq!(read, Some(RequestId::parse(id.as_str()).unwrap()), "{}: {}", name, frame);
        }
    }
}

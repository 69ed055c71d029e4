//! What is a name and what is none, by every door (R1, R4).

use dormouse::admission::{Keys, Policy, Query, Upgrade, Verdict, endpoints};
use dormouse::api::{Call, read_batch, read_event};
use dormouse::kernel::Connection;
use dormouse::message::{Code, Kind, Member, Millis, ProtocolError, UserId};
use dormouse::protocol::{Frame, ProtocolId};
use serde_json::{Value, json};

use crate::admission::{echoed, judged};
use crate::support::{NOON, decoded};

const DOTS: [&str; 2] = [".", ".."];

fn read(protocol: ProtocolId, frame: &Value) -> Result<(), ProtocolError> {
    decoded(protocol.get(), &Frame::Text(frame.to_string())).command.map(drop)
}

#[test]
fn r1_two_dots_are_no_name_in_any_protocol() {
    let frames = |name: &str| {
        let chunk = json!({"data_id": name, "chunk_index": 0, "total_chunks": 1,
            "chunk_data": "YQ==",
            "checksum": "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"});
        let edit = json!({"operation": "insert", "position": 0, "content": "x", "version": 0,
            "sessionId": name});
        [
            (ProtocolId::CONTEXT, json!({"type": "join_session", "data": {"sessionId": name}})),
            (ProtocolId::CONTEXT, json!({"type": "leave_session", "data": {"sessionId": name}})),
            (ProtocolId::CONTEXT, json!({"type": "edit", "data": edit})),
            (ProtocolId::CONTEXT, json!({"type": "subscribe", "data": {"metrics": [name]}})),
            (ProtocolId::WORKFLOW, json!({"type": "large_data", "data": chunk})),
            (
                ProtocolId::WORKFLOW,
                json!({"type": "large_data_request", "data": {"data_id": name}}),
            ),
            (
                ProtocolId::EVENTS,
                json!({"type": "command", "command": "publish", "params": {"event": name}}),
            ),
            (
                ProtocolId::EVENTS,
                json!({"type": "command", "command": "set_state", "params": {"key": name}}),
            ),
            (
                ProtocolId::EVENTS,
                json!({"type": "command", "command": "kick", "params": {"user_id": name}}),
            ),
            (ProtocolId::CLIENT, json!({"type": name})),
            (
                ProtocolId::CONVERSATION,
                json!({"type": "connect", "clientId": name, "version": "1"}),
            ),
        ]
    };
    for (protocol, frame) in frames("fine") {
        assert_eq!(read(protocol, &frame), Ok(()), "{frame}");
    }
    for (protocol, frame) in DOTS.into_iter().flat_map(frames) {
        assert!(read(protocol, &frame).is_err(), "{frame}");
    }
}

#[test]
fn r1_two_dots_are_no_room_at_any_endpoint() {
    let policy =
        Policy { keys: Keys::new(None, None, None, true), development: true, ..Policy::default() };
    let upgrade = |path: &str, room: &str| {
        let name = if path == "/ws/conversation" { "conversationId" } else { "contextId" };
        let pairs = [("token", "test"), ("client_id", "c"), (name, room)];
        let query = Query::new(pairs.map(|(it, value)| (it.into(), value.into())).into());
        Upgrade { path: path.into(), query, ..Upgrade::default() }
    };
    // A demo room's name begins with `demo-`, and so is never only dots.
    for endpoint in endpoints().filter(|it| !it.path.ends_with("/demo")) {
        for dots in DOTS {
            let verdict = judged(&policy, &upgrade(endpoint.path, dots));
            assert!(matches!(verdict, Verdict::Refuse(..)), "{}: {verdict:?}", endpoint.path);
        }
    }
    for dots in DOTS {
        let path = format!("/ws/{dots}");
        assert!(echoed(&policy, &upgrade(&path, "x")).is_err(), "{path}");
        assert!(echoed(&policy, &upgrade("/ws/x", "x")).is_ok());
    }
}

#[test]
fn r1_two_dots_are_no_name_over_http() {
    let none = Query::default();
    for dots in [".", "..", "%2e", "%2E%2e"] {
        for (method, path) in [
            ("GET", format!("/api/v1/rooms/chat/{dots}/events")),
            ("POST", format!("/api/v1/rooms/hub/{dots}/events")),
            ("DELETE", format!("/api/v1/rooms/hub/{dots}")),
            ("DELETE", format!("/api/v1/rooms/hub/r/users/{dots}")),
            ("DELETE", format!("/api/v1/rooms/hub/r/connections/{dots}")),
        ] {
            assert!(Call::of(method, &path, &none).is_err(), "{method} {path}");
        }
    }
    for dots in DOTS {
        let event = json!({"type": dots}).to_string();
        assert!(read_event(&event, Kind::Hub, 1000).is_err());
        let metric = json!({"type": "metric_update", "data": {"metric": dots, "value": 1}});
        assert!(read_event(&metric.to_string(), Kind::Analytics, 1000).is_err());
        let batch = json!({"events": [{"room": format!("hub:{dots}"), "type": "x"}]});
        assert!(read_batch(&batch.to_string(), 1000).unwrap()[0].is_err());
    }
}

#[test]
fn r1_what_was_stored_under_such_a_name_is_still_read() {
    let stored = json!({
        "i": 7, "w": {"u": "..", "n": "Ann"}, "g": 1, "h": NOON,
        "l": ["..", "score"], "es": {"d": ".", "r": "participant"},
    });
    let connection: Connection = serde_json::from_value(stored).unwrap();
    assert_eq!(connection.own.metrics.heard.len(), 2);
    assert_eq!(connection.own.documents.seat.unwrap().document.as_str(), ".");
}

#[test]
fn g8_a_room_is_erased_by_its_own_name_twice_and_by_no_other_path() {
    let call = |path: &str, confirm: Option<&str>| {
        let pairs = confirm.map(|it| ("confirm".to_owned(), it.to_owned()));
        Call::of("DELETE", path, &Query::new(pairs.into_iter().collect()))
    };
    assert!(call("/api/v1/rooms/chat/a%2Db", Some("a-b")).is_ok());
    for confirm in [None, Some(""), Some("a"), Some("A-B"), Some("true"), Some("chat:a-b")] {
        let refused = call("/api/v1/rooms/chat/a-b", confirm);
        let Err(dormouse::api::NoCall::Refused(error)) = refused else { panic!("{refused:?}") };
        assert_eq!(error.code, Code::InvalidMessageFormat);
        assert!(error.message.contains("confirm"), "{confirm:?}");
    }
}

#[test]
fn r4_a_subject_that_cannot_be_seen_is_refused_and_such_a_name_is_mended() {
    use crate::admission::{hs256, seconds};
    let keys = Keys::new(Some(crate::admission::SECRET), None, None, false);
    let verify = |sub: &str, name: &Value| {
        let claims = json!({"sub": sub, "name": name, "exp": seconds(60)});
        keys.verify(&hs256(&claims), Millis(NOON.0)).map(|it| it.member())
    };
    for sub in [".", "..", "a\u{202E}", "\u{200B}a", "a\0", "\u{1B}[1m", "\u{FEFF}", "a\u{AD}b"] {
        let error = verify(sub, &json!("Ann")).unwrap_err();
        assert_eq!(error.code, Code::AuthenticationFailed, "{sub:?}");
    }
    for (name, shown) in [
        ("Ann", "Ann"),
        ("\u{202E}nnA\u{2066}", "nnA"),
        ("A\0n\u{1B}n\n", "Ann"),
        ("\u{200B}\u{FEFF}", "ann"),
        ("\u{2067} \u{AD}", "ann"),
        ("", "ann"),
    ] {
        assert_eq!(verify("ann", &json!(name)).unwrap().name, shown, "{name:?}");
    }
}

#[test]
fn r4_a_name_that_shows_nothing_before_it_is_cut_is_none() {
    let named = |name: &str| Member::new(UserId("ann".into()), Some(name)).name;
    assert_eq!(named(&format!("{}x", " ".repeat(127))), format!("{}x", " ".repeat(127)));
    assert_eq!(named(&format!("{}x", " ".repeat(128))), "ann");
    assert_eq!(named(&format!("{}é", " ".repeat(127))), "ann", "it is not cut in two");
    assert_eq!(named(&"x".repeat(200)), "x".repeat(128));
}

//! Words of the protocols: nobody publishes an event that could be taken for one (H2).

use std::collections::BTreeSet;

use dormouse::api::read_event;
use dormouse::message::Kind;
use dormouse::protocol::{Frame, ProtocolId, is_word};
use dormouse::schema::asyncapi;
use serde_json::{Value, json};

use crate::support::decoded;

/// Every `type` of the documented messages of a protocol, in and out.
fn types(document: &Value, protocol: &str) -> BTreeSet<String> {
    let all = document["components"]["messages"].as_object().unwrap();
    let own = all.iter().filter(|(key, _)| key.starts_with(&format!("{protocol}.")));
    let kind =
        |it: &Value| it["payload"]["properties"]["type"]["const"].as_str().map(str::to_owned);
    own.filter_map(|(_, it)| kind(it)).collect()
}

#[test]
fn h2_every_type_of_a_protocol_is_a_word_where_it_is_spoken() {
    let document = asyncapi();
    let mut looked = 0;
    for id in ProtocolId::all() {
        let protocol = id.descriptor();
        let documented = types(&document, protocol.name);
        if words_are_apart(protocol.name) {
            continue;
        }
        let words: BTreeSet<String> = protocol.all_words().map(str::to_owned).collect();
        for kind in &documented {
            let is_published = dormouse::feature::is_protected(kind);
            assert!(is_published || words.contains(kind), "{}: {kind}", protocol.name);
            for room in protocol.entrances.iter().map(|it| it.kind) {
                assert!(is_published || is_word(room, kind), "{room:?}: {kind}");
            }
            looked += 1;
        }
        // What the frame as a whole is called, and names of events that only the server says.
        let server_says = [
            "batch",
            "dormouse.attached",
            "dormouse.closing",
            "typing",
            "user_joined",
            "user_left",
        ];
        for word in words.difference(&documented) {
            assert!(server_says.contains(&word.as_str()), "{}: {word}", protocol.name);
        }
    }
    assert!(50 < looked, "{looked}");
}

/// Where events are named in a member of their own, no event is taken for a type.
fn words_are_apart(protocol: &str) -> bool {
    protocol == "native"
}

#[test]
fn n40_no_event_that_only_the_room_says_is_published_in_a_hub() {
    let document = asyncapi();
    let all = document["components"]["messages"].as_object().unwrap();
    let said = all.iter().filter(|(key, _)| key.starts_with("native.send.event."));
    let names = said.filter_map(|(_, it)| it["payload"]["properties"]["event"]["const"].as_str());
    let mut looked = Vec::new();
    // Nothing is published where documents are.
    for name in names.filter(|it| !it.starts_with("document.")) {
        let frame = json!({"type": "publish", "event": name, "data": {"object": "o", "index": 0}});
        let request = decoded(ProtocolId::NATIVE.get(), &Frame::Text(frame.to_string()));
        let is_published = dormouse::feature::is_protected(name);
        assert!(is_published || request.command.is_err(), "{name}");
        assert!(is_published || is_word(Kind::Hub, name), "{name}");
        looked.push(name);
    }
    assert_eq!(looked, ["metric_update", "object.chunk", "occupancy", "presence"]);
}

fn over_http(kind: Kind, name: &str) -> bool {
    let event = json!({"type": name, "data": {"content": "x", "metric": "m", "value": 1}});
    read_event(&event.to_string(), kind, 1000).is_ok()
}

#[test]
fn h2_no_frame_is_forged_by_publishing_its_type() {
    for kind in Kind::ALL {
        let protocols = ProtocolId::all().map(ProtocolId::descriptor);
        for word in protocols
            .filter(|it| it.is_spoken_in(kind))
            .flat_map(dormouse::protocol::Descriptor::all_words)
        {
            // In a chat room it is what B8 says.
            let is_said = (kind, word) == (Kind::Chat, "message");
            assert_eq!(over_http(kind, word), is_said, "{kind:?} {word}");
        }
        assert!(over_http(kind, "agent.started") && !over_http(kind, "state.x"), "{kind:?}");
    }
    let words: BTreeSet<_> = ProtocolId::all()
        .map(ProtocolId::descriptor)
        .filter(|it| it.is_spoken_in(Kind::Hub))
        .flat_map(dormouse::protocol::Descriptor::all_words)
        .collect();
    for word in words {
        let params = json!({"event": word, "data": 1});
        let command = json!({"type": "command", "command": "publish", "params": params});
        let request = decoded(ProtocolId::EVENTS.get(), &Frame::Text(command.to_string()));
        assert!(request.command.is_err(), "{word}");
        let frame = Frame::Text(json!({"type": word}).to_string());
        let request = decoded(ProtocolId::CLIENT.get(), &frame);
        let published = matches!(request.command, Ok(dormouse::kernel::Command::Publish(_)));
        assert!(!published, "{word}");
    }
    // Words of what is not spoken in a hub are names like others there.
    for name in ["message", "edit_ack", "cursor"] {
        assert!(over_http(Kind::Hub, name), "{name}");
    }
}

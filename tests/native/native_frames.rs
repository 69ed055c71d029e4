//! Frames of the native protocol, in both encodings, from the golden vectors.

use std::rc::Rc;

use dormouse::feature::{self, Configured};
use dormouse::kernel::{Event, Notice, Request};
use dormouse::message::{
    BYTES, Body, Code, EVENT, Entry, EventName, Json, Kind, Member, Millis, Offset, ProtocolError,
    Reply, RoomName, UserId, Welcome,
};
use dormouse::protocol::{Channel, Frame, Peer, ProtocolId, RoomAddress, Wire};
use serde_json::{Value, json};

use crate::asked::spelled;
use crate::following::greeting;
use crate::support::{NOON, clock, encoded, entry, epoch, session_id};

fn vectors() -> Value {
    serde_json::from_str(include_str!("../vectors/native.json")).unwrap()
}

fn hex(text: &str) -> Vec<u8> {
    let digit = |it: u8| char::from(it).to_digit(16).unwrap();
    let pair = |it: &[u8]| u8::try_from(16 * digit(it[0]) + digit(it[1])).unwrap();
    text.as_bytes().chunks(2).map(pair).collect()
}

fn to_hex(bytes: &[u8]) -> String {
    let digit = |it: u8| char::from_digit(it.into(), 16).unwrap();
    bytes.iter().flat_map(|it| [digit(it >> 4), digit(it & 15)]).collect()
}

fn text(frame: &Value) -> Frame {
    Frame::Text(frame.as_str().unwrap().into())
}

/// A frame as the vectors have it: whole, or by what it is made of.
fn bad(frame: &Value) -> (String, usize, bool) {
    let part = |name: &str| frame[name].as_str().unwrap_or_default().to_owned();
    let times = usize::try_from(frame["times"].as_u64().unwrap()).unwrap();
    let is_list = frame.get("list_of").is_some();
    (if is_list { part("list_of") } else { part("before") }, times, is_list)
}

fn bad_text(frame: &Value) -> Option<Frame> {
    Some(Frame::Text(match frame {
        Value::Null => return None,
        Value::String(it) => it.clone(),
        _ => match bad(frame) {
            (one, times, true) => format!("[{}]", vec![one.as_str(); times].join(",")),
            (before, times, false) => {
                format!("{before}{}{}}}", "[".repeat(times), "]".repeat(times))
            }
        },
    }))
}

fn bad_bytes(frame: &Value) -> Frame {
    Frame::Binary(match frame {
        Value::String(it) => hex(it),
        _ => match bad(frame) {
            (one, times, true) => {
                let length = u16::try_from(times).unwrap().to_be_bytes();
                [vec![0xdc], length.to_vec(), hex(&one.repeat(times))].concat()
            }
            (before, times, false) => [hex(&before), vec![0x91; times], vec![0xc0]].concat(),
        },
    })
}

fn read(frame: &Frame) -> Vec<Request> {
    ProtocolId::NATIVE.get().decode(frame, &Peer::default()).requests
}

#[test]
fn n1_n60_every_golden_frame_is_read_as_it_says_in_both_encodings() {
    for case in vectors()["in"].as_array().unwrap() {
        let expected = json!({"id": case["id"], "command": case["command"]});
        let packed = Frame::Binary(hex(case["msgpack"].as_str().unwrap()));
        for frame in [text(&case["frame"]), packed] {
            let requests: Vec<Value> = read(&frame).iter().map(spelled).collect();
            assert_eq!(requests, std::slice::from_ref(&expected), "{}", case["title"]);
        }
    }
}

#[test]
fn n2_n49_what_is_no_frame_is_refused_whole_in_both_encodings() {
    let vectors = vectors();
    let all = vectors["bad"].as_array().unwrap();
    assert!(15 < all.len());
    for case in all {
        let frames = [bad_text(&case["frame"]), Some(bad_bytes(&case["msgpack"]))];
        for frame in frames.into_iter().flatten() {
            let requests: Vec<Value> = read(&frame).iter().map(spelled).collect();
            let refused = json!({"id": null, "command": {"refused": "INVALID_MESSAGE_FORMAT"}});
            assert_eq!(requests, [refused], "{}", case["title"]);
        }
    }
}

const PACKED: Wire = Wire { protocol: ProtocolId::NATIVE, batched: true, packed: true };

#[test]
fn n1_n60_every_golden_frame_of_the_server_has_its_bytes() {
    let vectors = vectors();
    let out = vectors["out"].as_array().unwrap();
    let packed: Vec<String> = out
        .iter()
        .zip(crate::vectors::notices().iter().filter_map(|(_, it)| said(it)))
        .map(|(_, frame)| match PACKED.packs(&frame) {
            Some(Frame::Binary(bytes)) => to_hex(&bytes),
            _ => String::new(),
        })
        .collect();
    if json!(packed) != vectors["packed"] {
        println!("PACKED {}", json!(packed));
    }
    assert!(20 < packed.len() && json!(packed) == vectors["packed"], "not as golden, but as above");
}

fn said(notice: &Notice) -> Option<Frame> {
    encoded(ProtocolId::NATIVE.get(), notice)
}

fn notice(event: Event) -> Notice {
    Notice { id: clock(NOON).new_id(), reply_to: None, connection: None, at: NOON, event }
}

#[test]
fn n2_a_list_is_read_message_by_message_and_does_not_nest() {
    let frame = |text: &str| Frame::Text(text.into());
    let many = vec![r#"{"type":"ping","id":"p"}"#; 100].join(",");
    assert_eq!(read(&frame(&format!("[{many}]"))).len(), 100);
    let mixed = r#" [{"type":"ping","id":"a"},[{"type":"ping","id":"b"}],{"id":"c"},{"type":"ping","id":"d"}]"#;
    let requests: Vec<Value> = read(&frame(mixed)).iter().map(spelled).collect();
    let refused = json!({"refused": "INVALID_MESSAGE_FORMAT"});
    assert_eq!(
        requests,
        [
            json!({"id": "a", "command": "ping"}),
            json!({"id": null, "command": refused}),
            json!({"id": "c", "command": refused}),
            json!({"id": "d", "command": "ping"}),
        ]
    );
}

#[test]
fn n58_a_client_is_told_what_the_room_serves() {
    let none = |_: &str| None;
    let config = feature::Config::read(&none, &mut Vec::new());
    for (kind, features) in [
        (Kind::Chat, json!(["presence", "state", "search", "typing", "annotations"])),
        (Kind::Hub, json!(["presence", "state", "large_data", "typing", "annotations"])),
        (Kind::Analytics, json!(["presence"])),
        (Kind::Collaboration, json!(["presence", "documents"])),
    ] {
        let address = RoomAddress { kind, ..address() };
        let features_of = feature::offers(kind, &config);
        let welcome = Welcome { features: features_of, ..greeting(None) };
        let hello = notice(Event::Welcome(Box::new(welcome)));
        let frame = ProtocolId::NATIVE.get().encode(&hello, &address.channel());
        let Some(Frame::Text(text)) = frame else { panic!("hello") };
        let hello: Value = serde_json::from_str(&text).unwrap();
        let sorted = |it: &Value| {
            let mut all: Vec<String> =
                it.as_array().unwrap().iter().map(|it| it.as_str().unwrap().to_owned()).collect();
            all.sort();
            all
        };
        assert_eq!(sorted(&hello["features"]), sorted(&features), "{kind:?}");
    }
}

fn address() -> RoomAddress {
    let name = Some(RoomName::parse("team-42").unwrap());
    RoomAddress { kind: Kind::Chat, name, epoch: epoch() }
}

#[test]
fn n9_n10_a_room_is_stated_rightly_or_not_at_all() {
    let address = address();
    let peer = Peer { connection: Some(session_id(1)), channel: address.channel() };
    let ask = |kind: &str, room: &str| {
        let frame = json!({"type": kind, "id": "x", "room": room, "event": "a"}).to_string();
        let requests = ProtocolId::NATIVE.get().decode(&Frame::Text(frame), &peer).requests;
        requests[0].command.clone().map_err(|it| it.code).map(drop)
    };
    assert_eq!(ask("publish", "chat:team-42"), Ok(()));
    for other in ["chat:team-43", "hub:team-42", "team-42", "", "chat:"] {
        assert_eq!(ask("publish", other), Err(Code::NotFound), "{other}");
        assert_eq!(ask("detach", other), Err(Code::NotFound), "{other}");
        assert_eq!(ask("attach", other), Err(Code::Conflict), "{other}");
        assert_eq!(ask("ping", other), Ok(()), "it is about no room");
    }
}

/// What alice said in the room of §8: 64 bytes of data.
fn alice(body: Body) -> Notice {
    let member = Member { id: UserId("alice".into()), name: "alice".into() };
    let said = Entry::clone(&entry(4242, 1_790_000_000_000, "ann", None));
    let at = Millis(1_790_000_000_000);
    notice(Event::Entry(Rc::new(Entry { author: member, at, body, ..said })))
}

fn lengths(notice: &Notice) -> (usize, usize) {
    let frame = said(notice).unwrap();
    let Some(Frame::Binary(packed)) = PACKED.packs(&frame) else { panic!("it is packed") };
    (frame.len(), packed.len())
}

/// [N48, N49] What is delivered is no longer than was counted.
#[test]
fn n48_n49_frames_have_the_sizes_that_were_counted() {
    let data = json!({"text": "x".repeat(53)}).to_string();
    assert_eq!(data.len(), 64);
    let body = Body::new(EVENT, EventName::parse("message").unwrap(), Json::parse(data).unwrap());
    let notice_of = alice(body);
    assert_eq!(lengths(&notice_of), (154, 125));
    assert_eq!(lengths(&notice(Event::Position(Offset(4242)))), (33, 25));
    let frame = said(&notice_of).unwrap();
    let ten = ProtocolId::NATIVE.get().batch(&[&frame; 10]);
    let packed = PACKED.packs(&frame).unwrap();
    let packed = ProtocolId::NATIVE.get().batch(&[&packed; 10]);
    assert_eq!((ten.len(), packed.len()), (1551, 1251));
    let pong = said(&notice(Event::Pong)).unwrap();
    assert_eq!(pong, Frame::Text(r#"{"type":"pong"}"#.into()));
    assert_eq!(PACKED.packs(&pong), None, "it is text in both");
}

#[test]
fn n51_bytes_are_told_as_bytes_or_as_base64() {
    let body =
        Body::new(BYTES, EventName::parse("blob").unwrap(), Json::parse("\"AP8=\"").unwrap());
    let notice = alice(body);
    let Some(Frame::Text(text)) = said(&notice) else { panic!("text") };
    assert!(text.ends_with(r#","encoding":"base64","data":"AP8="}"#), "{text}");
    let Some(Frame::Binary(packed)) = PACKED.packs(&Frame::Text(text)) else { panic!("bytes") };
    assert!(packed.ends_with(b"\xa4data\xc4\x02\x00\xff"), "{packed:x?}");
    let encoding = b"encoding".as_slice();
    assert!(!packed.windows(encoding.len()).any(|it| it == encoding));
}

#[test]
fn n15_what_answers_a_request_without_an_id_is_not_said_unless_it_is_a_refusal() {
    let address = address();
    let say = |event: Event| {
        let channel = Channel { room: Some(&address), name: None };
        ProtocolId::NATIVE.get().encode(&notice(event), &channel)
    };
    assert_eq!(say(Event::Reply(Reply::Members(Box::default()))), None);
    assert!(say(Event::Refused(ProtocolError::system())).is_some());
    assert!(say(Event::Pong).is_some());
}

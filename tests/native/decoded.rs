//! What a protocol may make of a frame: several requests, an answer of its own, or nothing.

use dormouse::history::SqlHistory;
use dormouse::host::Host;
use dormouse::kernel::Request;
use dormouse::limits::Limits;
use dormouse::message::{Kind, RequestId};
use dormouse::protocol::{Decoded, Frame, ProtocolId, Wire};
use serde_json::{Value, json};

use crate::support::{
    FakeSockets, NOON, Rusqlite, body, clock, connection, epoch, said, session_id,
};
use crate::world::nobody;

type RoomHost = Host<SqlHistory<Rusqlite>, FakeSockets>;

/// A chat room with one user, who may say so much in a minute.
fn room(messages_per_minute: u64) -> (RoomHost, FakeSockets) {
    let (database, sockets) = (Rusqlite::in_memory(), FakeSockets::default());
    let history = SqlHistory::open(database, &epoch()).unwrap();
    let limits = Limits { messages_per_minute, ..Limits::default() };
    let mut host = Host::wake(Kind::Chat, limits, history, sockets.clone(), []).unwrap();
    let ann = connection(1, "ann");
    let wire = Wire { protocol: ProtocolId::CONTEXT, batched: false, packed: false };
    host.join(ann.clone(), clock(NOON), |_| sockets.open_as(&ann, wire)).unwrap();
    (host, sockets)
}

fn say(id: &str) -> Request {
    let request_id = RequestId::parse(id).unwrap();
    Request { request_id: Some(request_id), command: Ok(said(body(id))) }
}

fn take(host: &mut RoomHost, decoded: Decoded) {
    host.take(session_id(1), decoded, 10, clock(NOON.plus(1)), nobody).unwrap();
    host.flush(NOON.plus(2)).unwrap();
}

#[test]
fn a_frame_may_ask_several_things() {
    let (mut host, sockets) = room(100);
    let requests = vec![say("a"), say("b"), say("a")];
    take(&mut host, Decoded { requests, answers: vec![] });
    let frames = sockets.frames(1);
    let said: Vec<&Value> = frames.iter().map(|it| &it["data"]["content"]).collect();
    assert_eq!(said, [&json!("a"), &json!("b"), &json!("a")]);
    assert_ne!(frames[0]["data"]["id"], frames[1]["data"]["id"], "each has an id of its own");
    assert_eq!(frames[0]["data"]["id"], frames[2]["data"]["id"], "the third is a resend");
}

#[test]
fn what_a_protocol_answers_by_itself_comes_first() {
    let (mut host, sockets) = room(100);
    let answers = vec![Frame::Text(r#"{"beat":1}"#.into())];
    take(&mut host, Decoded { requests: vec![say("a")], answers });
    let frames = sockets.frames(1);
    assert_eq!((&frames[0], &frames[1]["type"]), (&json!({"beat": 1}), &json!("message")));
    let tally = host.take_tally();
    assert_eq!((tally.sent, tally.received), (2, 1));
}

#[test]
fn a_frame_that_asks_nothing_counts_like_any_other() {
    let (mut host, sockets) = room(2);
    for _ in 0..2 {
        take(&mut host, Decoded::default());
    }
    assert!(sockets.frames(1).is_empty());
    take(&mut host, Decoded::default());
    assert_eq!(sockets.frames(1)[0]["code"], "RATE_LIMIT_EXCEEDED");
}

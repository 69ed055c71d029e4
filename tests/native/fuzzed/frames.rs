//! What clients say, in every protocol and in both encodings of the native one: it is read or refused,
//! and what can be published can be stored, read again and told in every protocol.

use std::rc::Rc;

use dormouse::feature;
use dormouse::kernel::{Command, Event, Notice, Publication, Request};
use dormouse::limits::DATA_BYTES_MAX;
use dormouse::message::{Body, Entry, Kind, Offset, RequestId};
use dormouse::protocol::{Decoded, Frame, Peer, ProtocolId, RoomAddress, Wire, msgpack};
use serde_json::value::RawValue;

use super::bytes::text;
use crate::support::{NOON, clock, epoch, member, room_name, session_id};

pub(crate) fn context(input: &[u8]) {
    says(ProtocolId::CONTEXT, Kind::Chat, input);
}

pub(crate) fn workflow(input: &[u8]) {
    says(ProtocolId::WORKFLOW, Kind::Hub, input);
}

pub(crate) fn events(input: &[u8]) {
    says(ProtocolId::EVENTS, Kind::Hub, input);
}

pub(crate) fn client(input: &[u8]) {
    says(ProtocolId::CLIENT, Kind::Hub, input);
}

pub(crate) fn conversation(input: &[u8]) {
    says(ProtocolId::CONVERSATION, Kind::Conversation, input);
}

pub(crate) fn native(input: &[u8]) {
    says(ProtocolId::NATIVE, Kind::Hub, input);
}

/// The same request in either encoding is the same request.
pub(crate) fn packed(input: &[u8]) {
    let read = decoded(ProtocolId::NATIVE, Kind::Hub, &Frame::Binary(input.into()));
    match msgpack::to_json(input) {
        Some(text) => {
            assert_eq!(read, decoded(ProtocolId::NATIVE, Kind::Hub, &Frame::Text(text)));
        }
        None => assert!(matches!(read.requests.as_slice(), [Request { command: Err(_), .. }])),
    }
}

fn says(protocol: ProtocolId, kind: Kind, input: &[u8]) {
    let text = text(input);
    let is_json = serde_json::from_str::<&RawValue>(&text).is_ok();
    let Decoded { requests, .. } = decoded(protocol, kind, &Frame::Text(text));
    assert!(is_json || requests.iter().all(|it| it.command.is_err()), "no JSON, and not refused");
}

/// Most messages in one frame.
const MESSAGES_MAX: usize = 100;

fn decoded(protocol: ProtocolId, kind: Kind, frame: &Frame) -> Decoded {
    let room = RoomAddress { kind, name: Some(room_name()), epoch: epoch() };
    let peer = Peer { connection: Some(session_id(1)), channel: room.channel() };
    let decoded = protocol.get().decode(frame, &peer);
    assert!(decoded.requests.len() + decoded.answers.len() <= MESSAGES_MAX);
    decoded.answers.iter().for_each(is_json);
    for Request { request_id, command } in &decoded.requests {
        let id_bytes = request_id.as_ref().map_or(1, |it| it.as_str().len());
        assert!((1..=RequestId::BYTES_MAX).contains(&id_bytes));
        match command {
            Err(error) => {
                told(protocol, &room, Event::Refused(error.clone()), request_id.clone());
            }
            Ok(Command::Publish(it)) => is_kept(it, &room, request_id.as_ref()),
            Ok(_) => {}
        }
    }
    decoded
}

/// What is published is in the log as it was said, and every protocol can tell it.
fn is_kept(it: &Publication, room: &RoomAddress, request_id: Option<&RequestId>) {
    let body = it.body.clone().accepted(NOON);
    assert!(body.data.as_str().len() <= DATA_BYTES_MAX);
    let kind = feature::entry_kind(body.kind.name).expect("its kind is in the list");
    let stored = body.to_stored(NOON);
    let read = (kind.load)(&stored, NOON, body.user.clone()).expect("it can be read again");
    let seen = |it: &Body| (it.kind, it.name.clone(), it.data.clone(), it.user.clone());
    assert_eq!(seen(&read), seen(&body), "stored as {stored}");
    assert_eq!(read.to_stored(NOON), stored);
    let entry = Rc::new(Entry {
        offset: Offset(7),
        at: NOON,
        id: clock(NOON).new_id(),
        author: member("ann"),
        request_id: request_id.cloned(),
        body,
    });
    for protocol in ProtocolId::all() {
        let reply_to = request_id.cloned();
        told(protocol, room, Event::Entry(Rc::clone(&entry)), reply_to);
    }
}

/// What a protocol says is JSON, unless it is an event stream, and the same when it is packed.
fn told(protocol: ProtocolId, room: &RoomAddress, event: Event, reply_to: Option<RequestId>) {
    let id = clock(NOON).new_id();
    let notice = Notice { id, reply_to, connection: Some(session_id(1)), at: NOON, event };
    let frame = protocol.get().encode(&notice, &room.channel());
    let Some(frame) = frame.filter(|_| protocol != ProtocolId::SSE) else { return };
    is_json(&frame);
    if protocol == ProtocolId::NATIVE {
        let wire = Wire { protocol, batched: false, packed: true };
        assert!(matches!(wire.packs(&frame), Some(Frame::Binary(_))), "not packed: {frame:?}");
    }
}

fn is_json(frame: &Frame) {
    let Frame::Text(text) = frame else { panic!("a protocol says text: {frame:?}") };
    assert!(serde_json::from_str::<&RawValue>(text).is_ok(), "no JSON: {text}");
}

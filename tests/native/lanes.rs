//! What is critical, and what it overtakes (A37).

use dormouse::history::MemoryHistory;
use dormouse::host::{Flush, Host};
use dormouse::kernel::{Command, Notice, Publication, Request};
use dormouse::kernel::{Connection, Grants, Input};
use dormouse::limits::Limits;
use dormouse::message::{Acknowledgement, EventName, Json, Kind, Millis, Topic};
use dormouse::protocol::{ProtocolId, Wire};
use serde_json::{Value, json};

use crate::support::{FakeSockets, NOON, clock, connection, epoch, member, published, speaking};

/// A hub with a socket of each kind: one whose frames show offsets, one whose do not.
fn hub() -> (Host<MemoryHistory, FakeSockets>, FakeSockets) {
    let (sockets, history) = (FakeSockets::default(), MemoryHistory::new(epoch()));
    let mut host = Host::wake(Kind::Hub, Limits::default(), history, sockets.clone(), []).unwrap();
    for (number, protocol) in [(1, ProtocolId::WORKFLOW), (2, ProtocolId::EVENTS)] {
        let joined = Connection {
            topics: Some(vec![Topic::parse("*").unwrap()]),
            ..speaking(protocol, connection(number, "ann"))
        };
        let wire = Wire { protocol, batched: false, packed: false };
        host.join(joined.clone(), clock(NOON), |_| sockets.open_as(&joined, wire)).unwrap();
    }
    host.flush(NOON).unwrap();
    (host, sockets)
}

fn publish(name: &str, data: &Value) -> Request {
    let (name, data) = (EventName::parse(name).unwrap(), Json::parse(data.to_string()).unwrap());
    let body = published(name, data, None);
    let publication = Publication::new(body, Acknowledgement::ByReply);
    Request { request_id: None, command: Ok(Command::Publish(publication)) }
}

fn notification(priority: &str) -> Request {
    let data = json!({
        "notification_id": "n", "title": "t", "message": "m",
        "category": "system_alert", "priority": priority,
    });
    publish("notification", &data)
}

fn names(sockets: &FakeSockets, number: u64) -> Vec<String> {
    let frames = sockets.frames(number).into_iter();
    let name = |it: Value| {
        let name = if it["type"] == "event" { &it["event"] } else { &it["type"] };
        name.as_str().unwrap().to_owned()
    };
    frames.map(name).filter(|it| it != "connection_established").collect()
}

#[test]
fn a37_h4_what_is_critical_overtakes_whatever_waits_with_it() {
    let (mut host, sockets) = hub();
    let requests = vec![
        publish("a", &json!(1)),
        publish("b", &json!(2)),
        notification("critical"),
        publish("c", &json!(3)),
    ];
    host.call(&member("backend"), Grants::all(), requests, 0, || clock(NOON)).unwrap();
    assert_eq!(names(&sockets, 1), ["notification", "a", "b", "c"]);
}

#[test]
fn a37_h4_frames_that_show_offsets_stay_in_the_order_of_the_log() {
    let (mut host, sockets) = hub();
    let requests = vec![publish("a", &json!(1)), notification("critical"), publish("b", &json!(2))];
    host.call(&member("backend"), Grants::all(), requests, 0, || clock(NOON)).unwrap();
    assert_eq!(names(&sockets, 2), ["a", "notification", "b"]);
    let offsets: Vec<Value> =
        sockets.frames(2).iter().skip(1).map(|it| it["offset"].clone()).collect();
    assert_eq!(offsets, [1, 2, 3]);
}

#[test]
fn a37_what_is_critical_does_not_wait_for_others_and_takes_them_along() {
    let (mut host, sockets) = hub();
    let mut say = |request: Request, at: Millis| {
        let (member, grants) = (member("backend"), Grants::all());
        let input = Input::Called { member, allowed: grants.into(), request, duplicate: None };
        host.handle(input, clock(at)).unwrap()
    };
    let soon = NOON.plus(1);
    assert_eq!(say(publish("a", &json!(1)), soon), Flush::Later);
    assert_eq!(say(notification("high"), soon), Flush::No);
    assert_eq!(say(notification("critical"), soon), Flush::Now);
    host.flush(soon).unwrap();
    assert_eq!(names(&sockets, 1), ["notification", "a", "notification"]);
}

#[test]
fn an_answer_to_a_caller_reaches_the_caller_alone() {
    let (mut host, sockets) = hub();
    let answers: Vec<Notice> = host
        .call(&member("backend"), Grants::all(), vec![publish("a", &json!(1))], 0, || clock(NOON))
        .unwrap();
    assert_eq!(answers.len(), 1);
    assert_eq!([names(&sockets, 1), names(&sockets, 2)], [["a"], ["a"]]);
}

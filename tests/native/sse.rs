//! Event streams: how what a room says is spelled there, from golden vectors that clients read too,
//! and how a room treats those who follow its log.

use dormouse::admission::{Policy, Query, Route, Target, Upgrade, Verdict};
use dormouse::kernel::{Connection, Flag, Grants};
use dormouse::kernel::{Event, Notice};
use dormouse::limits::Limits;
use dormouse::message::{
    Attached, Epoch, Kind, Millis, Mode, NotResumed, Offset, Position, ProtocolError, Topic,
    UserId, Welcome,
};
use dormouse::protocol::{Channel, Frame, ProtocolId, Relay, RoomAddress, Wire};
use serde_json::{Value, json};

use crate::behind::{hub, limits, publish};
use crate::support::{NOON, Seen, clock, connection, member, session_id, speaking};
use crate::vectors::notices;
use crate::world::World;

const WIRE: Wire = Wire { protocol: ProtocolId::SSE, batched: true, packed: false };

fn spelled(notice: &Notice) -> Option<String> {
    let room = RoomAddress { kind: Kind::Hub, name: None, epoch: Epoch("e1".into()) };
    match ProtocolId::SSE.get().encode(notice, &room.channel())? {
        Frame::Text(text) => Some(text),
        Frame::Binary(_) => panic!("a stream is text"),
    }
}

fn attachments() -> Vec<(&'static str, Notice)> {
    let live = Attached { first: Offset(1), from: Offset(42), is_resumed: false, reason: None };
    let resumed = Attached { from: Offset(40), is_resumed: true, ..live };
    let refused = |reason| Attached { reason: Some(reason), ..live };
    let attached = |attached| {
        Event::Welcome(Box::new(Welcome {
            connection: session_id(7),
            user: UserId("ann".into()),
            client: None,
            heartbeat_ms: 0,
            offset: Offset(42),
            epoch: Epoch("e1".into()),
            attached,
            expires_at: None,
            grants: vec!["join"],
            features: vec!["state"],
            limits: Limits::default(),
            presence: Mode::Members,
        }))
    };
    let mut clock = clock(NOON);
    let events = [
        ("attached", attached(live)),
        ("attached, resumed", attached(resumed)),
        ("attached, of another log", attached(refused(NotResumed::Epoch))),
        ("attached, ahead of the log", attached(refused(NotResumed::Ahead))),
        ("attached, of what is gone", attached(refused(NotResumed::Gone))),
        ("attached, without history", attached(refused(NotResumed::Denied))),
        ("position", Event::Position(Offset(256))),
    ];
    let notice = |(title, event)| {
        (title, Notice { id: clock.new_id(), reply_to: None, connection: None, at: NOON, event })
    };
    events.into_iter().map(notice).collect()
}

#[test]
fn j2_j4_j7_every_event_is_spelled_as_its_golden_text() {
    let vectors: Value = serde_json::from_str(include_str!("../vectors/sse.json")).unwrap();
    let (mut out, mut unsaid) = (Vec::new(), Vec::new());
    for (title, notice) in attachments().into_iter().chain(notices()) {
        match spelled(&notice) {
            Some(text) => out.push(json!({"title": title, "text": text})),
            None => unsaid.push(title),
        }
    }
    let relay = Relay::new(lost(), &Limits::default(), 0.5);
    let worker = [("retry", relay.opening), ("heartbeat", relay.beat.into()), ("lost", relay.lost)];
    let worker = worker.map(|(title, text)| json!({"title": title, "text": text}));
    let spelled = json!({"worker": worker, "out": out, "unsaid": unsaid});
    let part = |name: &str| vectors[name].clone();
    let golden = json!({"worker": part("worker"), "out": part("out"), "unsaid": part("unsaid")});
    if spelled != golden {
        println!("{}", serde_json::to_string_pretty(&spelled).unwrap());
    }
    assert!(spelled == golden, "not as golden, but as above");
}

/// What the Worker says where a room's last word is missing.
fn lost() -> String {
    refused(Relay::LOST)
}

fn refused(error: ProtocolError) -> String {
    let event = Event::Refused(error);
    let id = clock(NOON).new_id();
    spelled(&Notice { id, reply_to: None, connection: None, at: NOON, event }).unwrap()
}

#[test]
fn j5_j6_every_last_id_is_read_as_its_golden_position() {
    let vectors: Value = serde_json::from_str(include_str!("../vectors/sse.json")).unwrap();
    let cases = vectors["in"].as_array().unwrap();
    assert!(10 <= cases.len());
    for case in cases {
        let Position { epoch, offset } = Position::read(case["last_event_id"].as_str().unwrap());
        let read = json!({"epoch": epoch.0, "offset": offset.0});
        assert_eq!(read, case["position"], "{}", case["title"]);
    }
}

#[test]
fn j4_no_text_ends_a_line_that_is_not_its_own() {
    for (_, notice) in attachments().into_iter().chain(notices()) {
        let Some(text) = spelled(&notice) else { continue };
        let block = text.strip_suffix("\n\n").unwrap();
        assert!(!block.contains('\r') && !block.contains("\n\n"), "{text}");
        for line in block.lines() {
            assert!(["id: ", "event: ", "data: "].iter().any(|it| line.starts_with(it)), "{text}");
        }
    }
}

#[test]
fn j1_a_stream_is_asked_for_by_its_path() {
    for (path, kind) in [
        ("/api/v1/rooms/chat/a/stream", Kind::Chat),
        ("/api/v1/rooms/hub/a/stream", Kind::Hub),
        ("/api/v1/rooms/analytics/a/stream", Kind::Analytics),
        ("/api/v1/rooms/collaboration/a/stream", Kind::Collaboration),
    ] {
        let Route::Socket(Target::Room(endpoint, _)) = Route::of(path, false) else {
            panic!("{path}")
        };
        assert_eq!((endpoint.kind, endpoint.protocol), (kind, ProtocolId::SSE));
    }
    for path in ["/api/v1/rooms/conversation/a/stream", "/api/v1/rooms/hub/a/stream/"] {
        assert_eq!(Route::of(path, false), Route::Api, "{path}");
    }
}

/// What a request for a stream comes to.
fn asked(query: &[(&str, &str)]) -> Result<Connection, ProtocolError> {
    let path = "/api/v1/rooms/hub/a/stream";
    let Route::Socket(Target::Room(endpoint, parameters)) = Route::of(path, true) else {
        panic!("{path}")
    };
    let pairs = query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let mut query = Query::new(pairs.chain([("token".into(), "test".into())]).collect());
    query.put_first(parameters.decoded());
    let upgrade = Upgrade { host: "localhost".into(), query, ..Upgrade::default() };
    let keys = dormouse::admission::Keys::new(None, None, None, true);
    let policy = Policy { keys, development: true, ..Policy::default() };
    match policy.judge(&endpoint, &upgrade, NOON, || "id".into()) {
        Verdict::Join(hand_off) => {
            let hand_off =
                dormouse::admission::HandOff::from_header(&hand_off.to_header()).unwrap();
            assert_eq!(hand_off.wire, WIRE);
            Ok(hand_off.connection(session_id(1), NOON))
        }
        Verdict::Refuse(error, _) => Err(error),
        Verdict::Receive { .. } => panic!("nothing is received"),
    }
}

#[test]
fn j3_j5_what_a_stream_is_of_and_from_where_on_is_handed_to_the_room() {
    let plain = asked(&[]).unwrap();
    assert_eq!((plain.topics, plain.asked), (None, None));
    assert!(plain.flags.has(Flag::Following) && plain.flags.has(Flag::Mute));
    let asked_for = asked(&[("events", "a.*,b"), ("resume", "e:7")]).unwrap();
    let topics: Vec<&str> = asked_for.topics.as_ref().unwrap().iter().map(Topic::as_str).collect();
    assert_eq!(topics, ["a.*", "b"]);
    let position = Position { epoch: Epoch("e".into()), offset: Offset(7) };
    assert_eq!(asked_for.asked, Some(position));
    assert!(asked(&[("events", "a b")]).is_err());
}

fn follower(world: &mut World, number: u64, events: Option<&str>, expires_at: Option<Millis>) {
    let connection = speaking(ProtocolId::SSE, connection(number, "ann"));
    let topics = events.map(|it| vec![Topic::parse(it).unwrap()]);
    let (heard_at, joined_at) = (world.now, world.now);
    let connection = Connection { topics, expires_at, heard_at, joined_at, ..connection };
    world.enter(connection, WIRE).unwrap();
    world.wait(1);
}

fn texts(world: &World, number: u64) -> Vec<String> {
    let text = |it| match it {
        Seen::Frame(Frame::Text(text)) => Some(text),
        Seen::Frame(Frame::Binary(_)) | Seen::Closed(..) => None,
    };
    world.sockets.seen(number).into_iter().filter_map(text).collect()
}

#[test]
fn j7_whoever_hears_nothing_of_the_log_is_told_where_it_stands_from_time_to_time() {
    let mut world = hub(limits());
    follower(&mut world, 2, Some("other"), None);
    follower(&mut world, 3, None, None);
    for _ in 0..257 {
        publish(&mut world, "a", None, 1);
    }
    assert_eq!(texts(&world, 2)[1..], ["id: e:256\n\n"]);
    assert!(texts(&world, 3).iter().all(|it| !it.starts_with("id: e:256\n\n")), "it heard");
}

#[test]
fn j9_a_stream_ends_with_its_token_at_once() {
    let mut world = World::of(Kind::Hub, Limits::default());
    follower(&mut world, 2, None, Some(NOON.plus(5_000)));
    world.sleep();
    world.wait(5_001);
    let closing = "event: dormouse.closing\ndata: {\"code\":\"AUTHENTICATION_FAILED\",\"message\":\"the token has expired\"}\n\n";
    assert_eq!(texts(&world, 2).last().map(String::as_str), Some(closing));
    let last = world.sockets.seen(2).pop();
    assert!(matches!(last, Some(Seen::Closed(1008, _))), "{last:?}");
}

#[test]
fn j9_what_an_erased_room_said_before_is_of_the_log_before() {
    let mut world = hub(limits());
    follower(&mut world, 2, None, None);
    world.run_as(&member("admin"), Grants::all(), &dormouse::api::Task::Erase);
    world.join_on(ProtocolId::EVENTS, 1, "backend");
    follower(&mut world, 3, None, None);
    publish(&mut world, "a", None, 1);
    let [before, closing] = &texts(&world, 2)[..] else { panic!("{:?}", texts(&world, 2)) };
    assert!(before.starts_with("id: e:0\n") && closing.contains("NOT_FOUND"), "{closing}");
    let [_, entry] = &texts(&world, 3)[..] else { panic!("{:?}", texts(&world, 3)) };
    assert!(entry.contains(":1\nevent: a\n") && !entry.contains("id: e:1\n"), "{entry}");
}

#[test]
fn j9_the_worker_knows_a_room_s_last_word_by_its_first_line() {
    let relay = Relay::new(lost(), &Limits::default(), 0.5);
    assert_eq!(relay.closing, "event: dormouse.closing\n");
    assert!(refused(ProtocolError::system()).starts_with(&relay.closing));
    assert!(relay.lost.contains("\"code\":\"UNAVAILABLE\""), "{}", relay.lost);
}

#[test]
fn what_is_told_at_once_comes_in_one_text() {
    let frame = |text: &str| Frame::Text(text.into());
    let (one, other) = (frame("id: e:1\n\n"), frame("id: e:2\n\n"));
    let both = ProtocolId::SSE.get().batch(&[&one, &other]);
    assert_eq!(both, frame("id: e:1\n\nid: e:2\n\n"));
    let unknown = Channel::default();
    let notice = attachments().pop().unwrap().1;
    assert_eq!(ProtocolId::SSE.get().encode(&notice, &unknown), None, "of no room");
}

//! A protocol is found by what it says of itself.

use dormouse::admission::{Query, Route, Target, Upgrade, endpoints};
use dormouse::close::CloseCode;
use dormouse::kernel::Flags;
use dormouse::kernel::{Event, Notice};
use dormouse::message::{Accepted, Acknowledgement, Kind, Offset, Reply, RequestId};
use dormouse::protocol::{
    Access, Channel, Descriptor, Encoding, ProtocolId, Subprotocols, TokenPlace, Transport,
};

use crate::support::{NOON, clock, epoch};

/// One that nobody speaks.
static MADE_UP: Descriptor = Descriptor {
    name: "made-up",
    number: 200,
    transport: Transport::WebSocket,
    entrances: &[
        Access::Token.at("/app/{key}", Kind::Chat),
        Access::Token.at("/ws/rooms/{contextId}", Kind::Hub),
        Access::Token.at("/app/status", Kind::Analytics),
        Access::Development.at("/dev/{key}", Kind::Chat),
    ],
    subprotocols: Subprotocols::Of(&["made-up.v2", "made-up.v1"]),
    tokens: TokenPlace::REQUEST,
    ping_pair: None,
    acknowledgement: Acknowledgement::ByReply,
    encodings: &[Encoding::Json],
    flags: Flags::of(&[]),
    close_code: CloseCode::of,
    words: &["hello"],
    shows_offsets: true,
    resumes: false,
};

fn route(path: &str, development: bool) -> Route {
    let known = ProtocolId::all().map(ProtocolId::descriptor);
    Route::among(known.chain([&MADE_UP]), path, development)
}

#[test]
fn a_protocol_in_the_list_is_routed_to_by_its_own_paths() {
    let found = |path: &str| match route(path, false) {
        Route::Socket(Target::Room(endpoint, parameters)) => (endpoint.kind, parameters),
        other => panic!("{path}: {other:?}"),
    };
    let with = |name: &str, value: &str| Query::new(vec![(name.into(), value.into())]);
    assert_eq!(found("/app/k1"), (Kind::Chat, with("key", "k1")));
    assert_eq!(found("/ws/rooms/demo"), (Kind::Hub, with("contextId", "demo")));
    assert_eq!(found("/app/status"), (Kind::Analytics, Query::default()), "before a parameter");
    // What was there before is where it was.
    for endpoint in endpoints().filter(|it| it.access != Access::Development) {
        let Route::Socket(Target::Room(found, _)) = route(endpoint.path, false) else {
            panic!("{}", endpoint.path)
        };
        assert_eq!(found, endpoint);
    }
    assert!(matches!(route("/ws/abc", false), Route::Socket(Target::Echo(Ok(_)))));
    assert_eq!(route("/app/k/x", false), Route::Nothing);
    assert_eq!(Route::of("/app/k1", false), Route::Nothing, "nobody speaks it");
    assert_eq!(route("/dev/k", false), Route::Nothing);
    assert!(matches!(route("/dev/k", true), Route::Socket(Target::Room(..))));
}

#[test]
fn a_protocol_that_names_its_sub_protocols_is_offered_as_one_of_them() {
    let chosen = |offered: &str| {
        let upgrade = Upgrade { protocols: Some(offered.into()), ..Upgrade::default() };
        upgrade.chosen_subprotocol(MADE_UP.subprotocols).map(str::to_owned)
    };
    assert_eq!(chosen("other, made-up.v1, made-up.v2").as_deref(), Some("made-up.v1"));
    assert_eq!(chosen("bearer.made-up.v1, other"), None);
}

#[test]
fn an_acknowledgement_is_what_its_protocol_says() {
    let accepted = Accepted { id: None, offset: Offset(1), epoch: epoch(), duplicate: false };
    let event = Event::Reply(Reply::Accepted(accepted));
    let reply_to = RequestId::parse("r1").ok();
    let notice = Notice { id: clock(NOON).new_id(), reply_to, connection: None, at: NOON, event };
    for protocol in ProtocolId::all() {
        let answers = protocol.get().encode(&notice, &Channel::default()).is_some();
        let described = protocol.descriptor().acknowledgement == Acknowledgement::ByReply;
        assert_eq!(answers, described, "{}", protocol.descriptor().name);
    }
}

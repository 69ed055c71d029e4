//! From a request's strings to a verdict, and to what the room's object is handed.

use std::cell::LazyCell;
use std::rc::Rc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dormouse::admission::{HandOff, Policy, Query, Route, Target, Upgrade, Verdict};
use dormouse::feature::{self, Configured};
use dormouse::kernel::{Event, Notice};
use dormouse::message::{RoomName, UserId};
use dormouse::protocol::{Channel, ProtocolId, Transport};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::bytes::{Bytes, text};
use super::tokens::keys;
use crate::support::{NOON, clock, session_id};

thread_local! {
    static POLICIES: LazyCell<[Policy; 2]> = const { LazyCell::new(|| [false, true].map(policy)) };
}

fn policy(development: bool) -> Policy {
    let variable = |name: &str| (name == "JWT_SECRET").then(|| "j".repeat(32));
    let features = Rc::new(feature::Config::read(&variable, &mut Vec::new()));
    Policy { keys: keys(false, development), features, development, ..Policy::default() }
}

/// Lines: path, query, host, `Origin`, `Authorization`, `Sec-WebSocket-Protocol`.
pub(crate) fn routes(input: &[u8]) {
    let mut bytes = Bytes::new(input);
    let (path, query, host) = (bytes.line(), bytes.line(), bytes.line());
    let mut header = || Some(bytes.line()).filter(|it| !it.is_empty());
    let (origin, authorization, protocols) = (header(), header(), header());
    let query = Query::new(query.split('&').map(pair).collect());
    let upgrade = Upgrade {
        host,
        path,
        query,
        origin,
        authorization,
        protocols,
        secure: true,
        address: None,
    };
    POLICIES.with(|policies| policies.iter().for_each(|it| judged(it, upgrade.clone())));
}

/// As a URL's query is read.
fn pair(text: &str) -> (String, String) {
    let decoded = |it: &str| percent_decode_str(it).decode_utf8_lossy().into_owned();
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    (decoded(name), decoded(value))
}

fn judged(policy: &Policy, mut upgrade: Upgrade) {
    match Route::of(&upgrade.path, policy.development) {
        Route::Socket(Target::Room(endpoint, parameters)) => {
            upgrade.query.put_first(parameters.decoded());
            let Ok(endpoint) = endpoint.settled(&upgrade.query) else { return };
            match policy.judge(&endpoint, &upgrade, NOON, || "018cc4e5".into()) {
                Verdict::Join(it) => {
                    let is_test = it.member.id == UserId("test".into());
                    // Nobody here can sign, so whoever has a token has that of development.
                    assert!(it.expires_at.is_none() && (policy.development || !is_test));
                    is_name(&it.room);
                    comes_back(&it);
                }
                Verdict::Receive { context } => context.iter().for_each(is_name),
                Verdict::Refuse(error, _) => {
                    let (id, at) = (clock(NOON).new_id(), NOON);
                    let (reply_to, event) = (None, Event::Refused(error));
                    let notice =
                        Notice { id, reply_to, connection: Some(session_id(1)), at, event };
                    assert!(endpoint.protocol.get().encode(&notice, &Channel::default()).is_some());
                }
            }
        }
        Route::Socket(Target::Echo(client)) => {
            client.iter().for_each(is_name);
            drop(policy.judge_echo(client, &upgrade));
        }
        Route::Health | Route::Api | Route::Nothing => {}
    }
}

/// A name stays what it is, escaped in a URL and read again.
fn is_name(name: &RoomName) {
    let escaped = utf8_percent_encode(name.as_str(), NON_ALPHANUMERIC).to_string();
    let query = Query::new(vec![("room".into(), escaped)]).decoded();
    let read = query.get("room").map(RoomName::parse);
    assert_eq!(read, Some(Ok(name.clone())));
    let again = Query::new(vec![("room".into(), name.as_str().into())]).decoded();
    assert_eq!(again.get("room"), Some(name.as_str()), "decoded twice it is another");
}

fn comes_back(it: &HandOff) {
    let header = it.to_header();
    assert!(header.bytes().all(|it| it.is_ascii_graphic()));
    assert_eq!(HandOff::from_header(&header).as_ref(), Some(it));
}

/// A header that nobody of ours wrote is refused, or says what it says.
pub(crate) fn hand_off(input: &[u8]) {
    let whole = URL_SAFE_NO_PAD.encode(input);
    for header in [text(input), whole] {
        let Some(read) = HandOff::from_header(&header) else { continue };
        comes_back(&read);
        let connection = read.clone().connection(session_id(1), NOON);
        assert_eq!(connection.member, read.member);
        assert_eq!(connection.grants, read.grants);
        assert!(ProtocolId::all().any(|it| it == read.wire.protocol));
        let _: Transport = read.wire.protocol.descriptor().transport;
    }
}

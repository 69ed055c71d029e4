//! What rides in a socket's attachment, which the platform bounds at 16 KiB.

use dormouse::host::{read_attachment, write_attachment};
use dormouse::kernel::{Connection, Grants};
use dormouse::limits::Limits;
use dormouse::message::{Kind, Member, Name, Topic, UserId};
use dormouse::protocol::{ProtocolId, Wire};
use serde_json::{Value, json};

use crate::support::{NOON, Seen, connection, session_id};
use crate::world::World;

const WIRE: Wire = Wire { protocol: ProtocolId::EVENTS, batched: false, packed: false };

/// The longest of everything, in letters that take the most in a JSON of ASCII.
fn longest() -> Connection {
    let name = "😀".repeat(32);
    let member = Member { id: UserId(name.clone()), name };
    let mut connection = Connection::new(session_id(1), member, Grants::all(), Some(NOON), NOON);
    connection.client = Some("é".repeat(64));
    connection
}

#[test]
fn a_session_with_as_many_topics_as_may_be_fits_whatever_letters_its_name_has() {
    let mut connection = longest();
    let topics = (0..100).map(|it| Topic::parse(format!("{it:081}")).unwrap());
    connection.topics = Some(topics.collect());
    let attachment = write_attachment(WIRE, &connection).unwrap();
    assert!(attachment.is_ascii(), "one byte a character, in JavaScript too");
    assert!(attachment.len() < 14 * 1024, "{}", attachment.len());
    assert_eq!(read_attachment(&attachment), Some((WIRE, connection)));
}

#[test]
fn attachments_that_are_not_in_ascii_are_still_read() {
    let mut zoe = connection(1, "zoë");
    zoe.member.name = "Zoë 名前".into();
    let written = write_attachment(WIRE, &zoe).unwrap();
    let earlier = written.replace("\\u00eb", "ë").replace("\\u540d\\u524d", "名前");
    assert!(earlier.contains("Zoë 名前"));
    assert_eq!(read_attachment(&earlier), Some((WIRE, zoe)));
    assert_eq!(read_attachment(&earlier.replace("\"v\":1", "\"v\":2")), None);
    assert_eq!(read_attachment("null"), None);
}

#[test]
fn rates_of_features_are_stored_as_they_were_before_features_had_them() {
    let earlier = r#"{"v":1,"w":{"d":2},"s":{"i":7,"w":{"u":"ann","n":"Ann"},"g":31,"h":5,"m":{"o":1,"c":2},"b":{"o":3,"c":4,"p":{"o":5,"c":6},"t":{"o":7,"c":8},"e":9,"u":10},"j":5,"q":1700000000000001,"u":1700000000000002,"d":1700000000000003,"a":"192.0.2.1","us":{"o":0,"c":0,"e":11}}}"#;
    let (wire, connection) = read_attachment(earlier).unwrap();
    let buckets = [
        connection.own.documents.edits,
        connection.own.documents.cursors,
        connection.own.transfers.chunks,
    ];
    let expected =
        json!([1_700_000_000_000_001_u64, 1_700_000_000_000_002_u64, 1_700_000_000_000_003_u64]);
    assert_eq!(json!(buckets), expected);
    let fields = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    assert_eq!(fields(&write_attachment(wire, &connection).unwrap()), fields(earlier));
}

#[test]
fn v4_what_does_not_fit_is_refused_and_what_was_subscribed_to_stays() {
    // Longer than any token makes it.
    let name = "名".repeat(1_000);
    let mut world = World::of(Kind::Hub, Limits::default());
    world.join_on(ProtocolId::EVENTS, 1, &name);
    let subscribe = |from: usize, to: usize| {
        let topics: Vec<String> = (from..to).map(|it| format!("{it:080}")).collect();
        json!({"type": "subscribe", "events": topics}).to_string()
    };
    let listed = |world: &mut World| {
        world.says(1, r#"{"type":"query","query":"subscriptions","id":"s"}"#);
        world.wait(10);
        world.sockets.frames(1).pop().unwrap().to_string()
    };
    world.says(1, &subscribe(0, 20));
    world.wait(10);
    world.says(1, &subscribe(20, 90));
    world.wait(10);
    let refused = world.sockets.frames(1).pop().unwrap();
    assert_eq!(refused["code"], "CONFLICT", "{refused}");
    let before = listed(&mut world);
    world.sleep();
    world.wait(10);
    assert!(before.contains(&format!("{:080}", 19)) && !before.contains(&format!("{:080}", 20)));
    let after = listed(&mut world);
    assert!(after.contains(&format!("{:080}", 19)) && !after.contains(&format!("{:080}", 20)));
}

#[test]
fn m7_metrics_that_do_not_fit_are_refused() {
    let mut world = World::of(Kind::Analytics, Limits::default());
    world.join(1, &"名".repeat(1_000), None);
    let names: Vec<String> = (0..90).map(|it| format!("{it:080}")).collect();
    assert!(names.iter().all(|it| Name::parse(it.clone()).is_ok()));
    world.says(1, &json!({"type": "subscribe", "data": {"metrics": names}}).to_string());
    world.wait(10);
    assert_eq!(world.sockets.frames(1).pop().unwrap()["code"], "CONFLICT");
    world.says(1, &json!({"type": "subscribe", "data": {"metrics": names[..9]}}).to_string());
    world.wait(10);
    assert_eq!(world.sockets.frames(1).pop().unwrap()["type"], "subscribe");
}

#[test]
fn a_connection_that_cannot_be_stored_is_told_and_closed_rather_than_carried_on() {
    let mut world = World::new(Limits::default());
    world.join(1, "ann", None);
    world.join(2, "bob", None);
    world.wait(10);
    world.sockets.unstorable.borrow_mut().push(session_id(1));
    world.says(1, &json!({"type": "message", "data": {"content": "hi"}}).to_string());
    world.wait(10);
    let seen = world.sockets.seen(1);
    assert!(matches!(seen.last(), Some(Seen::Closed(1011, _))), "{seen:?}");
    assert_eq!(world.sockets.frames(1).pop().unwrap()["code"], "SYSTEM_ERROR");
    world.says(2, &json!({"type": "message", "data": {"content": "still here"}}).to_string());
    world.wait(10);
    let last = world.sockets.frames(2).pop().unwrap();
    assert_eq!(
        (&last["type"], &last["data"]["content"]),
        (&json!("message"), &json!("still here"))
    );
}

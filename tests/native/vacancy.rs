//! What made-up names leave behind: nothing.

use dormouse::database::Database;
use dormouse::feature::conversations::ConversationFound;
use dormouse::feature::metrics::Observed;
use dormouse::feature::state::KeptKey;
use dormouse::history::{History, SqlHistory};
use dormouse::kernel::{Connection, PageQuery, Room, StoredRoom};
use dormouse::limits::{Limits, PAGE_BYTES_MAX};
use dormouse::message::{
    Before, Code, Epoch, Kind, Millis, Offset, RequestId, UserId, address_key,
};
use serde_json::json;

use crate::found::{chunk, content, digest, document, lately, response};
use crate::support::{NOON, Rusqlite, blank, connection, epoch, room};
use crate::world::World;

fn say(content: &str) -> String {
    json!({"type": "message", "data": {"content": content}}).to_string()
}

fn tables(world: &World) -> Vec<String> {
    world.database.tables()
}

#[test]
fn o4_a_room_that_nobody_writes_to_has_no_tables_and_all_its_reads_are_answered() {
    let mut world = World::new(Limits::default());
    world.join(1, "ann", None);
    for frame in [
        json!({"type": "history", "data": {"limit": 10}}),
        json!({"type": "history", "data": {"limit": 10, "before": 5}}),
        json!({"type": "presence"}),
        json!({"type": "typing", "data": {"isTyping": true}}),
        json!({"type": "message", "data": {"content": 7}}),
    ] {
        world.wait(1);
        world.says(1, &frame.to_string());
    }
    world.sleep();
    world.says(1, &json!({"type": "history", "data": {"limit": 10}}).to_string());
    assert_eq!(tables(&world), Vec::<String>::new());
    let page = world.sockets.frames(1).last().unwrap()["data"].clone();
    assert_eq!((&page["messages"], &page["hasMore"]), (&json!([]), &json!(false)));
    world.says(1, &say("hello"));
    assert!(tables(&world).contains(&"entry".to_owned()));
}

#[test]
fn o4_every_read_of_a_log_without_tables_finds_nothing_and_makes_none() {
    let database = Rusqlite::in_memory();
    let mut history = SqlHistory::open(database.again(), &epoch()).unwrap();
    assert_eq!(history.stored_room().unwrap(), blank());
    assert!(crate::found::state(&history).is_empty());
    assert_eq!(lately(&history, NOON, Offset(1), Offset(0)).messages, 0);
    assert_eq!(document(&history, "d").edits.len(), 0);
    let (ann, memory) = (UserId("ann".into()), room(Limits::default()).memory(NOON));
    let request_id = RequestId::parse("1").unwrap();
    assert_eq!(history.find_duplicate(&ann, &request_id, memory).unwrap(), None);
    assert_eq!(chunk(&history, 1, 0), None);
    assert_eq!(digest(&history, 1, 0), None);
    assert_eq!(content(&history, Offset(1)), None);
    assert_eq!(response(&history, Offset(1)), ConversationFound::Nothing);
    for after in [None, Some(Offset(0))] {
        let page = history
            .page(&PageQuery {
                before: Before::Newest,
                after,
                viewer: ann.clone(),
                limit: 10,
                bytes_max: PAGE_BYTES_MAX,
                first: Offset(0),
                since: Millis(0),
                head: Offset(0),
                epoch: epoch(),
                raw: false,
                within: dormouse::message::Within::default(),
            })
            .unwrap();
        assert_eq!((page.entries.len(), page.has_more, page.upwards), (0, false, after.is_some()));
    }
    history.commit(&[]).unwrap();
    assert!(database.tables().is_empty());
}

#[test]
fn o4_a_database_that_is_damaged_is_not_taken_for_an_empty_one() {
    let database = Rusqlite::in_memory();
    database.execute("CREATE TABLE meta (other TEXT)");
    assert!(SqlHistory::open(database.again(), &epoch()).is_err());
    assert!(database.run("SELECT other FROM meta", &[]).unwrap().is_empty());
}

#[test]
fn o4_sleep_makes_no_other_log_of_one_that_is_not_written_yet() {
    let database = Rusqlite::in_memory();
    let mut first = room(Limits::default());
    let sleeper = first.admit(connection(1, "ann"), None, NOON).unwrap();
    // It wakes: the log would be another one, had its sockets not known better.
    let mut history = SqlHistory::open(database.again(), &Epoch("other".into())).unwrap();
    let log: StoredRoom = history.stored_room().unwrap();
    let woken = Room::restore(Kind::Chat, Limits::default(), log, [sleeper]);
    assert_eq!(woken.epoch(), &epoch());
    history.adopt(woken.epoch());
    let entry = crate::support::entry(1, NOON.0, "ann", None);
    history.commit(&[dormouse::kernel::Write::Append(entry)]).unwrap();
    let again = SqlHistory::open(database, &Epoch("a third".into())).unwrap();
    assert_eq!(again.stored_room().unwrap().epoch, epoch());
}

#[test]
fn o4_a_room_is_vacant_when_nothing_is_left_that_anybody_could_miss() {
    let of = |log: StoredRoom, limits: Limits| Room::restore(Kind::Chat, limits, log, []);
    let vacant =
        |log: &StoredRoom, ms: u64| of(log.clone(), Limits::default()).is_vacant(NOON.plus(ms));
    assert!(vacant(&blank(), 0));
    let stranger = Room::restore(Kind::Chat, Limits::default(), blank(), [connection(1, "ann")]);
    assert!(!stranger.is_vacant(NOON.plus(1 << 40)), "somebody is there");
    let kept = StoredRoom { head: Offset(1), head_at: NOON, first: Offset(1), ..blank() };
    assert!(!vacant(&kept, 1 << 40), "an entry is kept");
    // Of a log that was trimmed empty clients' ids are remembered, for a day.
    let trimmed = StoredRoom { first: Offset(0), ..kept.clone() };
    let day = 24 * 60 * 60 * 1000;
    assert!(!vacant(&trimmed, day - 1) && vacant(&trimmed, day));
    assert_eq!(of(trimmed, Limits::default()).next_wake(), Some(NOON.plus(day)));
    let key = KeptKey { version: Offset(1), bytes: 1, owner: None, is_protected: false };
    let mut named = blank();
    named.own.state = vec![("k".to_owned(), key)];
    assert!(!vacant(&named, 1 << 40));
    let mut written = blank();
    written.own.documents.count = 1;
    assert!(!vacant(&written, 1 << 40));
    let mut observed = blank();
    observed.own.metrics.observed = Observed::Quiet;
    assert!(!vacant(&observed, 1 << 40), "another room wants to hear of it");
    // What is kept in a demo room goes with it, ten minutes after the last event.
    let demo = of(kept, Limits::default().of_demo());
    assert!(!demo.is_vacant(NOON.plus(599_999)) && demo.is_vacant(NOON.plus(600_000)));
}

#[test]
fn o2_o4_who_was_the_last_to_leave_leaves_nothing() {
    let mut world = World::new(Limits::default().of_demo());
    world.join(1, "ann", None);
    world.says(1, &say("hello"));
    assert!(!tables(&world).is_empty());
    world.leave(1);
    world.wait(599_000);
    assert!(!tables(&world).is_empty(), "for ten minutes somebody may come back to it");
    world.wait(2_000);
    assert!(tables(&world).is_empty());
    // And what comes after begins anew.
    world.join(2, "bob", None);
    world.says(2, &say("hello?"));
    assert_eq!(world.sockets.frames(2).last().unwrap()["data"]["offset"], 1);
}

#[test]
fn o2_a_demo_room_holds_little_for_ten_minutes_whatever_others_may() {
    let no_rates = Limits { messages_per_minute: 0, broadcasts_per_minute: 0, ..Limits::default() };
    let limits = Limits { inactivity_ms: 0, transfer_quota_bytes: 0, ..no_rates }.of_demo();
    assert_eq!((limits.message_bytes_max, limits.transfer_quota_bytes), (16 * 1024, 1 << 20));
    let full: Vec<Connection> = (1..=100).map(|it| connection(it, &format!("u{it}"))).collect();
    let room = |connections| Room::restore(Kind::Hub, limits, blank(), connections);
    let may = |mut room: Room| {
        room.admit(connection(101, "ann"), None, NOON).map(drop).map_err(|it| it.code)
    };
    assert_eq!(may(room(full[1..].to_vec())), Ok(()));
    assert_eq!(may(room(full)), Err(Code::ConnectionLimit));

    let mut world = World::new(limits);
    world.join(1, "ann", None);
    for number in 0..300 {
        world.says(1, &say(&number.to_string()));
        world.wait(1);
    }
    let kept = |world: &mut World| {
        let mut offsets = vec![];
        let mut before = json!(null);
        loop {
            let data = json!({"limit": 200, "before": before});
            world.says(1, &json!({"type": "history", "data": data}).to_string());
            let page = world.sockets.frames(1).pop().unwrap()["data"].clone();
            let messages = page["messages"].as_array().unwrap();
            offsets.extend(messages.iter().map(|it| it["offset"].as_u64().unwrap()));
            before = page["nextBefore"].clone();
            if before.is_null() {
                return (offsets.iter().min().copied(), offsets.len());
            }
        }
    };
    assert_eq!(kept(&mut world), (Some(45), 256));
    world.wait(10 * 60 * 1000);
    assert_eq!(kept(&mut world), (None, 0));
}

#[test]
fn o3_strangers_share_the_places_by_address_and_leave_the_others_theirs() {
    let limits = Limits { connections_per_room: 40, anonymous_per_address: 2, ..Limits::default() };
    let mut connections: Vec<Connection> = Vec::new();
    let mut comes = |address: &str, limits: Limits| {
        let network = address_key(address);
        let mut room = Room::restore(Kind::Hub, limits, blank(), connections.clone());
        let number = connections.len() as u64 + 1;
        let comes =
            Connection { network: Some(network), ..connection(number, &format!("u{number}")) };
        let admitted = room.admit(comes, None, NOON);
        admitted.map(|it| connections.push(it)).map_err(|it| it.code)
    };
    let full = Err(Code::ConnectionLimit);
    let v4: Vec<_> = (0..3).map(|_| comes("192.0.2.1", limits)).collect();
    assert_eq!(v4, [Ok(()), Ok(()), full]);
    // Eight from all of a /56, whatever the networks in it.
    let home = (0..9).map(|it| comes(&format!("2001:db8:0:{it:x}::1"), limits));
    assert_eq!(home.flatten().count(), 8);
    // Twenty of forty are for strangers.
    let others = (0..20).map(|it| comes(&format!("198.51.100.{it}"), limits));
    assert_eq!(others.flatten().count(), 10);
    // In a demo room there are only strangers.
    assert_eq!(comes("203.0.113.9", limits.of_demo()), Ok(()));
    let off = Limits { connections_per_room: 0, anonymous_per_address: 0, ..limits };
    assert_eq!(comes("192.0.2.1", off), Ok(()));
}

//! What is accepted can be read again: by every protocol, alone, in a page and in a batch, and
//! over HTTP; in frames below the length clients take, by a parser that takes no liberties.

use std::fmt::Debug;
use std::rc::Rc;

use dormouse::api::{Answer, read_event};
use dormouse::feature;
use dormouse::feature::conversations::ConversationCommand;
use dormouse::feature::documents::{Cursor, EditingCommand, EditingEvent};
use dormouse::feature::state::{StateCommand, StateEvent, StateItem};
use dormouse::history::{History, MemoryHistory, SqlHistory};
use dormouse::kernel::{Command, Event, Notice, Publication};
use dormouse::kernel::{PageQuery, Write};
use dormouse::limits::{
    DATA_BYTES_MAX, DATA_DEPTH_MAX, FRAME_BYTES_MAX, JSON_DEPTH_MAX, PAGE_BYTES_MAX,
    STATE_BYTES_MAX, STATE_KEYS_MAX,
};
use dormouse::message::{
    Before, Body, ConnectionId, Entry, Kind, Member, Name, Offset, Page, RequestId, StateKey,
    UserId,
};
use dormouse::protocol::{Frame, ProtocolId};
use proptest::prelude::*;
use serde_json::Value;

use crate::support::{NOON, Rusqlite, body, clock, decoded, encoded, entry, epoch, published};

/// What JSON makes the most of: 128 bytes that become 768.
fn endless() -> String {
    "\u{1}".repeat(128)
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(it) => 1 + it.iter().map(depth).max().unwrap_or(0),
        Value::Object(it) => 1 + it.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

fn strict(frame: &str) {
    assert!(frame.len() < FRAME_BYTES_MAX, "{} bytes", frame.len());
    // Of an event stream, the data of each event is JSON.
    if frame.starts_with("event: ") {
        return frame.lines().filter_map(|it| it.strip_prefix("data: ")).for_each(strict);
    }
    let value: Value = serde_json::from_str(frame).unwrap();
    assert!(depth(&value) <= JSON_DEPTH_MAX, "{} deep", depth(&value));
}

/// Everybody is told this, however they are told things.
fn told(event: &Event) {
    let mut clock = clock(NOON);
    let reply_to = Some(RequestId::parse(endless()).unwrap());
    let connection = ConnectionId::parse("session_1fffffffffffff");
    let notice =
        Notice { id: clock.new_id(), reply_to, connection, at: NOON, event: event.clone() };
    for protocol in ProtocolId::all().map(ProtocolId::get) {
        let Some(frame) = encoded(protocol, &notice) else { continue };
        let Frame::Text(text) = &frame else { panic!("a protocol of text") };
        strict(text);
        // As the host does it: what is long goes alone.
        let Frame::Text(batch) = protocol.batch(&[&frame, &frame]) else { panic!("of text") };
        if text.len() < 256 * 1024 {
            strict(&batch);
        }
    }
    if let Answer::Done(json) = Answer::of(&notice) {
        strict(json.as_str());
    }
}

/// What the room makes of it, by the longest of names.
fn told_entry(body: Body) {
    let mut clock = clock(NOON);
    let author = Member { id: UserId(endless()), name: endless() };
    let request_id = Some(RequestId::parse(endless()).unwrap());
    let offset = Offset(1 << 53);
    let entry = Rc::new(Entry { offset, at: NOON, id: clock.new_id(), author, request_id, body });
    told(&Event::Entry(Rc::clone(&entry)));
    let stored = SqlHistory::open(Rusqlite::in_memory(), &epoch()).unwrap();
    paged(stored, std::slice::from_ref(&entry));
    paged(MemoryHistory::new(epoch()), &[entry]);
}

/// All pages of this log are told.
fn paged<H: History<Error: Debug>>(mut history: H, entries: &[Rc<Entry>]) {
    history.commit(&entries.iter().cloned().map(Write::Append).collect::<Vec<_>>()).unwrap();
    let whose = entries.iter().find_map(|it| it.body.user.as_ref());
    let viewer = whose.cloned().unwrap_or(UserId(endless()));
    let (mut before, mut count) = (Before::Newest, 0);
    loop {
        let page = history
            .page(&PageQuery {
                before,
                after: None,
                viewer: viewer.clone(),
                limit: 200,
                bytes_max: PAGE_BYTES_MAX,
                first: Offset(1),
                since: NOON,
                head: Offset(1 << 60),
                epoch: epoch(),
                raw: false,
                within: dormouse::message::Within::default(),
            })
            .unwrap();
        count += page.entries.len();
        told(&Event::History(Page { upwards: false, ..page.clone() }));
        told(&Event::History(Page { upwards: true, ..page.clone() }));
        match page.next_before() {
            Some(offset) => before = Before::Offset(offset),
            None => break,
        }
    }
    assert_eq!(count, entries.len());
}

/// What a command makes others read, if it is accepted.
fn carried(command: Command) {
    match command {
        Command::Publish(Publication { body, .. }) => told_entry(body),
        Command::Feature(feature::Command::State(StateCommand::Set { key, value, .. })) => {
            told_entry(Body::state(&key, value.clone()));
            if value.as_str().len() <= STATE_BYTES_MAX {
                let offset = Offset(1 << 53);
                told(&StateEvent::All(vec![StateItem { key, value, offset }], offset).into());
            }
        }
        Command::Feature(feature::Command::Conversations(ConversationCommand::Ask {
            content,
            ..
        })) => {
            told_entry(body(&content));
            let to = RequestId::parse(endless()).unwrap();
            told_entry(Body::response(&to, Offset(1 << 53), &content));
        }
        Command::Feature(feature::Command::Documents(EditingCommand::Cursor(
            Cursor { position, selection },
            _,
        ))) => {
            let cursor = Cursor { position, selection };
            told(&Event::from(EditingEvent::Cursor(
                Name::parse("d").unwrap(),
                UserId(endless()),
                cursor,
            )));
        }
        _ => {}
    }
}

/// Says it by every door, and says at how many it was accepted.
fn say(data: &str) -> usize {
    let name = "n".repeat(128);
    let frames = [
        (ProtocolId::CONTEXT, format!(r#"{{"type":"message","data":{{"content":{data}}}}}"#)),
        (
            ProtocolId::CONTEXT,
            format!(r#"{{"type":"message","data":{{"content":"x","messageType":{data}}}}}"#),
        ),
        (
            ProtocolId::CONTEXT,
            format!(r#"{{"type":"cursor","data":{{"position":1,"selection":{data}}}}}"#),
        ),
        (
            ProtocolId::EVENTS,
            format!(
                r#"{{"type":"command","command":"publish","params":{{"event":"{name}","data":{data}}}}}"#
            ),
        ),
        (
            ProtocolId::EVENTS,
            format!(
                r#"{{"type":"command","command":"set_state","params":{{"key":"{}","value":{data}}}}}"#,
                "k".repeat(122)
            ),
        ),
        (ProtocolId::CLIENT, format!(r#"{{"type":"{name}","{name}":{data}}}"#)),
        (
            ProtocolId::CONVERSATION,
            format!(r#"{{"type":"message","clientId":"c","messageId":"m","content":{data}}}"#),
        ),
    ];
    let mut accepted = 0;
    for (protocol, frame) in frames {
        // The host refuses longer ones.
        if frame.len() <= FRAME_BYTES_MAX
            && let Ok(command) = decoded(protocol.get(), &Frame::Text(frame)).command
        {
            accepted += 1;
            carried(command);
        }
    }
    let events = [
        (Kind::Hub, format!(r#"{{"type":"{name}","data":{data}}}"#)),
        (
            Kind::Hub,
            format!(r#"{{"type":"{name}","user_id":"{}","data":{data}}}"#, "u".repeat(128)),
        ),
        (Kind::Chat, format!(r#"{{"type":"message","data":{{"content":{data}}}}}"#)),
        (
            Kind::Analytics,
            format!(r#"{{"type":"metric_update","data":{{"metric":"{name}","value":{data}}}}}"#),
        ),
    ];
    for (kind, text) in events {
        if let Ok(event) = read_event(&text, kind, DATA_BYTES_MAX) {
            accepted += 1;
            carried(event.request(kind).command.unwrap());
        }
    }
    accepted
}

#[test]
fn l4_l22_what_is_just_accepted_is_read_by_everyone() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    let long = |bytes: usize| format!("\"{}\"", "x".repeat(bytes - 2));
    let dark = |bytes: usize| format!("\"{}\"", "\\u0001".repeat((bytes - 2) / 6));
    let wide = |bytes: usize| format!("[{}1]", "1,".repeat((bytes - 3) / 2));
    // By events and its state, by HTTP with a user and without, and as a cursor's selection; a
    // client's data is the object around it.
    assert_eq!(say(&nested(DATA_DEPTH_MAX)), 5);
    assert_eq!(say(&nested(DATA_DEPTH_MAX - 1)), 6);
    assert_eq!(say(&nested(DATA_DEPTH_MAX + 1)), 0);
    assert_eq!(say(&wide(DATA_BYTES_MAX)), 4);
    assert_eq!(say(&wide(DATA_BYTES_MAX - 200)), 5);
    assert_eq!(say(&wide(DATA_BYTES_MAX + 2)), 0);
    // As text it is the content of a message too: the quotes are no part of that.
    for text in [long, dark] {
        assert_eq!(say(&text(DATA_BYTES_MAX)), 6);
        assert_eq!(say(&text(DATA_BYTES_MAX - 200)), 8);
        assert_eq!(say(&text(DATA_BYTES_MAX + 8)), 0);
    }
}

#[test]
fn l23_what_not_everyone_could_read_is_refused_by_every_door() {
    let digits = "7".repeat(5000);
    for data in ["1e400", "-1e400", &digits, r#""\ud800""#, r#""\udc00\ud800""#] {
        assert_eq!(say(data), 0, "{data:.10}");
        assert_eq!(say(&format!("[{data}]")), 0, "{data:.10}");
        assert_eq!(say(&format!(r#"{{"a":[{data}]}}"#)), 0, "{data:.10}");
    }
    assert_eq!(say(r#"{"\ud800":1}"#), 0, "a key");
    assert_eq!(say(r#"{"\ud83d\ude00":1e308}"#), 6);
}

/// What an older version took is still shown, though not everyone can read it.
#[test]
fn l4_what_was_stored_before_there_was_a_bound_is_still_shown() {
    let database = Rusqlite::in_memory();
    let mut history = SqlHistory::open(database.again(), &epoch()).unwrap();
    history.commit(&[Write::Append(entry(1, NOON.0, "ann", None))]).unwrap();
    let deep = "[".repeat(30) + &"]".repeat(30);
    database.execute(&format!(
        "UPDATE entry SET kind = 'event', data = '{{\"name\":\"deep\",\"data\":{deep}}}';
         INSERT INTO state (key, value, offset) VALUES ('deep', '{deep}', 1)"
    ));
    let (before, after, viewer) = (Before::Newest, None, UserId("ann".into()));
    let (first, head, since) = (Offset(1), Offset(1), NOON);
    let bytes_max = PAGE_BYTES_MAX;
    let query = PageQuery {
        before,
        after,
        viewer,
        limit: 9,
        bytes_max,
        first,
        since,
        head,
        epoch: epoch(),
        raw: false,
        within: dormouse::message::Within::default(),
    };
    let page = history.page(&query).unwrap();
    let mut clock = clock(NOON);
    let (id, event) = (clock.new_id(), Event::History(page));
    let notice = Notice { id, reply_to: None, connection: None, at: NOON, event };
    let Answer::Done(json) = Answer::of(&notice) else { panic!("a page") };
    assert!(json.as_str().contains(&deep));
    // Between the Worker and its object it is JSON in JSON.
    let sent = serde_json::to_string(&[Answer::Done(json)]).unwrap();
    assert!(serde_json::from_str::<Vec<Answer>>(&sent).is_ok());
    assert_eq!(crate::found::state(&history)[0].value.as_str(), deep);
}

#[test]
fn l22_a_whole_state_fits_into_a_frame() {
    let bytes = STATE_BYTES_MAX / STATE_KEYS_MAX - 122;
    let value = dormouse::message::Json::parse(format!("\"{}\"", "x".repeat(bytes - 2))).unwrap();
    let items = (0..STATE_KEYS_MAX).map(|number| StateItem {
        key: StateKey::parse(format!("{number:0>122}")).unwrap(),
        value: value.clone(),
        offset: Offset(1 << 53),
    });
    told(&StateEvent::All(items.collect(), Offset(1)).into());
}

#[test]
fn l22_p15_a_page_of_the_longest_names_fits_into_a_frame() {
    let entries: Vec<Rc<Entry>> = (1..=400u64)
        .map(|number| {
            let mut it = (*entry(number, NOON.0, &endless(), Some(&endless()))).clone();
            it.author.name = endless();
            let length = usize::try_from(number).unwrap() % 7 * 1000;
            let name = dormouse::message::EventName::parse("n".repeat(128)).unwrap();
            let data = dormouse::message::Json::parse(format!("\"{}\"", "x".repeat(length)));
            let whose = (number % 2 == 0).then(|| UserId(endless()));
            let event = published(name, data.unwrap(), whose);
            it.body = match number % 3 {
                0 => event,
                1 => body(&"\u{1}".repeat(length / 6)),
                _ => {
                    let to = RequestId::parse(endless()).unwrap();
                    Body::response(&to, Offset(1), &"😀".repeat(length / 4))
                }
            };
            Rc::new(it)
        })
        .collect();
    paged(SqlHistory::open(Rusqlite::in_memory(), &epoch()).unwrap(), &entries);
    paged(MemoryHistory::new(epoch()), &entries);
    // And nothing but names: the shorter an entry, the more of them in a page.
    let bare: Vec<Rc<Entry>> =
        entries.iter().map(|it| Rc::new(Entry { body: body(""), ..(**it).clone() })).collect();
    paged(SqlHistory::open(Rusqlite::in_memory(), &epoch()).unwrap(), &bare);
}

/// JSON of all kinds, the awkward ones first.
fn awkward() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        "(1e400|-1e309|1e308|1E-400|-0.0|7{300}|0\\.1{80}|18446744073709551616)",
        "\"(\\\\ud8[0-9a-f]{2}|\\\\ud83d\\\\ude00|\\\\udc00|\\\\u0001|\\\\\\\\|\\\\\"|é|😀|x){0,6}\"",
        "(null|true|\"x{0,2000}\")",
    ];
    leaf.prop_recursive(40, 80, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3)
                .prop_map(|it| format!("[{}]", it.join(", "))),
            (inner, "(a|\\\\u00e9|\\\\ud800|é)")
                .prop_map(|(it, key)| format!("{{\"{key}\":{it}}}")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn l4_l22_l23_whatever_is_accepted_is_read_by_everyone(data in awkward()) {
        say(&data);
    }
}

//! History found again, as those see it who search (S1 to S8).

use dormouse::api::{Answer, Task};
use dormouse::feature::search::{Asked, Found, Hit, Part, SearchCommand, SearchEvent};
use dormouse::kernel::{Event, Grant, Grants};
use dormouse::limits::Limits;
use dormouse::message::{Before, Entry, Epoch, Kind, Offset, ProtocolError, UserId};
use dormouse::protocol::ProtocolId;
use serde_json::{Value, json};

use crate::support::{NOON, a_users, entry, member};
use crate::world::World;

fn says(world: &mut World, number: u64, content: &str) {
    world.wait(1);
    world.says(number, &json!({"type": "message", "data": {"content": content}}).to_string());
}

/// What the last frame to a connection says, after it asked this.
fn asks(world: &mut World, number: u64, frame: &Value) -> Value {
    world.wait(1);
    world.says(number, &frame.to_string());
    world.sockets.frames(number).pop().unwrap()
}

/// One of everything that is said of a search.
pub(crate) fn told() -> Vec<(&'static str, Event)> {
    let part = |text: &str, marked| Part { text: text.into(), marked };
    let hit = |offset: u64, user: Option<&str>| {
        let Entry { offset, at, id, author, body, .. } =
            Entry::clone(&entry(offset, NOON.0, "ann", None));
        let snippet = vec![part("…a <b>", false), part("wörld", true)];
        Hit {
            offset,
            at,
            id,
            author,
            name: body.name,
            user: user.map(|it| UserId(it.into())),
            snippet,
        }
    };
    let found = |hits, has_more, next_before, searched_from| SearchEvent::Found {
        found: Found { hits, has_more, searched_from },
        next_before,
        head: Offset(42),
        epoch: Epoch("e1".into()),
    };
    let more = found(vec![hit(41, None), hit(40, Some("ann"))], true, Some(Offset(40)), None);
    let none = found(vec![], false, Some(Offset(21)), Some(Offset(21)));
    let last = found(vec![hit(7, None)], false, None, None);
    [("found", more), ("found nothing yet", none), ("the last that is found", last)]
        .map(|(title, event)| (title, Event::from(event)))
        .into()
}

/// How the vectors spell what is asked.
pub(crate) fn spelled(SearchCommand::Search(asked): &SearchCommand) -> Value {
    json!({"search": asked})
}

/// What is found in a chat room.
fn search(world: &mut World, params: &Value) -> Value {
    asks(world, 1, &json!({"type": "search", "id": "f", "data": params}))["data"].clone()
}

fn offsets(found: &Value) -> Vec<u64> {
    let matches = found["matches"].as_array().unwrap();
    matches.iter().map(|it| it["offset"].as_u64().unwrap()).collect()
}

pub(crate) fn found(world: &mut World, text: &str) -> Vec<u64> {
    offsets(&search(world, &json!({"text": text})))
}

fn task(text: &str) -> Task {
    let asked = Asked::new(text.into(), None, Before::Newest, None).unwrap();
    Task::from(SearchCommand::Search(asked))
}

pub(crate) fn a_chat(contents: &[&str]) -> World {
    let mut world = World::new(Limits { messages_per_minute: 0, ..Limits::default() });
    world.join(1, "ann", None);
    for content in contents {
        says(&mut world, 1, content);
    }
    world
}

/// The index and all that is kept beside it.
fn indexed(world: &World) -> u64 {
    world.database.tables().iter().filter(|it| it.starts_with("search")).count() as u64
}

#[test]
fn s1_where_it_is_off_it_says_so_and_leaves_nothing() {
    for (kind, variable, is_on) in [
        (Kind::Chat, None, true),
        (Kind::Chat, Some("hub"), false),
        (Kind::Chat, Some(""), false),
        (Kind::Hub, None, false),
        (Kind::Hub, Some("hub"), true),
        (Kind::Conversation, Some("chat,hub"), false),
    ] {
        let mut world = World::of(kind, Limits::default());
        if let Some(value) = variable {
            world = world.configured(&[("SEARCH", value)]);
        }
        let event = dormouse::api::read_event(r#"{"type":"a","data":"word"}"#, kind, 99).unwrap();
        world.run_as(&member("backend"), Grants::all(), &Task::Publish(vec![event]));
        let answers = world.run_as(&member("backend"), Grants::all(), &task("word"));
        match answers.as_slice() {
            [Answer::Done(json)] => assert!(is_on && json.as_str().contains("\"marked\":true")),
            [Answer::Refused(ProtocolError { code, message, .. })] => {
                assert!(!is_on && code.as_str() == "NOT_FOUND", "{kind:?} {variable:?}");
                assert!(message.contains("switched off"));
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(indexed(&world) != 0, is_on);
    }
}

#[test]
fn s1_nothing_is_indexed_until_somebody_searches() {
    let mut world = a_chat(&["one", "two"]);
    assert_eq!(indexed(&world), 0);
    assert_eq!(found(&mut world, "one"), [1]);
    assert_ne!(indexed(&world), 0);
    let mut empty = World::new(Limits::default());
    empty.join(1, "ann", None);
    assert_eq!(search(&mut empty, &json!({"text": "x"}))["complete"], true);
    assert!(empty.database.tables().is_empty(), "asking makes no log");
}

#[test]
fn s1_who_may_not_read_history_finds_nothing() {
    let mut world = a_chat(&["secret"]);
    let grants: Grants = [Grant::Join, Grant::Send].into_iter().collect();
    world.join_with(2, "bob", grants);
    let refused = asks(&mut world, 2, &json!({"type": "search", "data": {"text": "secret"}}));
    assert_eq!(
        (&refused["type"], &refused["code"]),
        (&json!("error"), &json!("PERMISSION_DENIED"))
    );
    let answers = world.run_as(&member("bob"), Grants::default(), &task("secret"));
    assert!(
        matches!(&answers[..], [Answer::Refused(it)] if it.code.as_str() == "PERMISSION_DENIED")
    );
}

#[test]
fn s2_what_is_for_somebody_else_is_not_found() {
    let mut world = World::of(Kind::Hub, Limits::default()).configured(&[("SEARCH", "hub")]);
    for (number, user) in [(1, "ann"), (2, "bob")] {
        world.join_on(ProtocolId::EVENTS, number, user);
    }
    for user in [json!("ann"), json!("bob"), Value::Null] {
        let params = json!({"event": "note", "data": {"key": ["a word"], "n": 1}, "user_id": user});
        asks(&mut world, 1, &json!({"type": "command", "command": "publish", "params": params}));
    }
    for (number, own) in [(1, 1), (2, 2)] {
        for order in ["newest", "best"] {
            let params = json!({"text": "word", "order": order});
            let query = json!({"type": "query", "id": "q", "query": "search", "params": params});
            let answer = asks(&mut world, number, &query);
            assert_eq!(answer["id"], "q");
            assert_eq!(offsets(&answer["result"]), [3, own], "{order}");
        }
    }
    let none = json!({"type": "query", "query": "search", "params": {"text": "key"}});
    assert_eq!(offsets(&asks(&mut world, 1, &none)["result"]), [0; 0], "keys say nothing");
    // Nor over HTTP; where all see it, it says to whom it went.
    let answers = world.run_as(&member("bob"), a_users(), &task("word"));
    let [Answer::Done(json)] = &answers[..] else { panic!("{answers:?}") };
    let answer: Value = serde_json::from_str(json.as_str()).unwrap();
    assert_eq!(offsets(&answer), [3, 2]);
    assert_eq!(answer["matches"][1]["user_id"], "bob");
}

#[test]
fn s4_what_is_found_is_shown_in_parts_of_plain_text() {
    let mut world = a_chat(&["<b>Hello</b> \"wörld\""]);
    let answer = search(&mut world, &json!({"text": "world"}));
    let parts = json!([
        {"text": "<b>Hello</b> \"", "marked": false},
        {"text": "wörld", "marked": true},
        {"text": "\"", "marked": false},
    ]);
    let found = &answer["matches"][0];
    assert_eq!(found["snippet"], parts);
    assert_eq!(
        (&found["type"], &found["author"], &found["authorId"]),
        (&json!("message"), &json!("ANN"), &json!("ann"))
    );
}

#[test]
fn s5_what_is_asked_badly_is_refused_in_every_way_to_ask() {
    let mut world = World::of(Kind::Hub, Limits { messages_per_minute: 0, ..Limits::default() })
        .configured(&[("SEARCH", "hub")]);
    world.join_on(ProtocolId::EVENTS, 1, "ann");
    let mut chat = a_chat(&["word"]);
    let long = "a".repeat(4096);
    for text in [json!(""), json!("\"\"\""), json!("***"), json!("\0"), json!(long), json!(1)] {
        let data = json!({"text": text});
        for answer in [
            asks(&mut world, 1, &json!({"type": "query", "query": "search", "params": data})),
            asks(&mut chat, 1, &json!({"type": "search", "data": data})),
        ] {
            assert_eq!(answer["code"], "INVALID_MESSAGE_FORMAT", "{text}");
        }
    }
    for text in ["AND OR NOT", "NEAR(a b)", "text:word", "^a -b +c", "\"word", "a\0b", "'; --x"] {
        let answer = asks(&mut chat, 1, &json!({"type": "search", "data": {"text": text}}));
        assert_eq!(answer["type"], "search", "{text}: {answer}");
    }
    assert_eq!(found(&mut chat, "word"), [1], "and the room goes on");
}

#[test]
fn s6_matches_come_page_by_page_the_newest_first() {
    let mut world = a_chat(&["a 1", "b", "a 2", "a 3", "b", "a 4", "a 5"]);
    let (mut before, mut pages) = (Value::Null, Vec::new());
    loop {
        let page = search(&mut world, &json!({"text": "a", "limit": 2, "before": before}));
        assert_eq!(page["hasMore"], !page["nextBefore"].is_null());
        pages.push(offsets(&page));
        before = page["nextBefore"].clone();
        if before.is_null() {
            break;
        }
    }
    assert_eq!(pages, [vec![7, 6], vec![4, 3], vec![1]]);
    let exact = search(&mut world, &json!({"text": "a", "limit": 5}));
    assert_eq!((offsets(&exact).len(), &exact["hasMore"]), (5, &json!(false)));
    // By time, too.
    let at = exact["matches"][2]["timestamp"].clone();
    let early = search(&mut world, &json!({"text": "a", "before": at}));
    assert_eq!(offsets(&early), [3, 1]);
}

#[test]
fn s6_the_best_are_those_in_which_rare_words_stand_often() {
    let filler = "some other words that stand here to make it longer";
    let (long, twice) = (format!("rare {filler}"), format!("rare rare {filler}"));
    let mut world = a_chat(&["rare", &long, &twice, "nothing", "more of it"]);
    let best = search(&mut world, &json!({"text": "rare", "order": "best", "limit": 2}));
    assert_eq!(offsets(&best), [1, 3]);
    assert_eq!((&best["hasMore"], &best["nextBefore"]), (&json!(true), &Value::Null));
}

#[test]
fn s7_what_history_no_longer_shows_is_not_found() {
    let limits = Limits { messages_per_minute: 0, history_entries_max: 3, ..Limits::default() };
    let mut world = World::new(Limits { history_age_days_max: 1, ..limits });
    world.join(1, "ann", None);
    for _ in 0..4 {
        says(&mut world, 1, "word");
    }
    // Before it is deleted, and after.
    assert_eq!(found(&mut world, "word"), [4, 3, 2]);
    says(&mut world, 1, "word");
    world.wait(5_000);
    assert_eq!(found(&mut world, "word"), [5, 4, 3]);
    assert_eq!(world.database.count("SELECT COUNT(*) FROM search_docsize WHERE 1 = ", 1), 3);
    world.wait(25 * 60 * 60 * 1000);
    world.join(2, "ann", None);
    let late = asks(&mut world, 2, &json!({"type": "search", "data": {"text": "word"}}));
    assert_eq!(offsets(&late["data"]), [0; 0]);
}

#[test]
fn s7_an_erased_room_finds_nothing_and_keeps_no_word() {
    for sleeps in [false, true] {
        let mut world = a_chat(&["word", "word"]);
        assert_eq!(found(&mut world, "word"), [2, 1]);
        world.run_as(&member("ann"), Grants::all(), &Task::Erase);
        assert_eq!(indexed(&world), 0);
        if sleeps {
            world.sleep();
        }
        world.join(1, "ann", None);
        assert_eq!(found(&mut world, "word"), [0; 0]);
        says(&mut world, 1, "another word");
        assert_eq!(found(&mut world, "word"), [1]);
    }
}

#[test]
fn s8_all_that_is_said_between_two_searches_is_found() {
    let mut world = a_chat(&["word"]);
    let mut expected = vec![1];
    for offset in 2..6 {
        assert_eq!(found(&mut world, "word"), expected);
        says(&mut world, 1, "word");
        expected.insert(0, offset);
        world.sleep();
    }
    let asked = Asked::new("word".into(), Some(2), Before::Offset(Offset(4)), Some("newest"));
    let tasks = Task::from(SearchCommand::Search(asked.unwrap()));
    let answers = world.run_as(&member("ann"), Grants::all(), &tasks);
    let [Answer::Done(json)] = &answers[..] else { panic!("{answers:?}") };
    let answer: Value = serde_json::from_str(json.as_str()).unwrap();
    assert_eq!((offsets(&answer), &answer["next_before"]), (vec![3, 2], &json!(2)));
}

//! The index of a search says what the log says (S7, S8).

use std::rc::Rc;

use dormouse::database::Database;
use dormouse::feature::messages::MESSAGE;
use dormouse::feature::search::{Found, Lookup, Order, Terms};
use dormouse::feature::{self, Query};
use dormouse::history::{History, MemoryHistory, SqlHistory};
use dormouse::kernel::Write;
use dormouse::message::{Before, Entry, Epoch, EventName, Json, Millis, Offset, UserId};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::json;

use crate::support::{Rusqlite, body, entry, epoch, member, published};

fn lookup(text: &str, head: u64) -> Lookup {
    Lookup {
        terms: Terms::parse(text).unwrap(),
        limit: 100,
        before: Before::Newest,
        order: Order::Newest,
        viewer: member("ann").id,
        first: Offset(1),
        since: Millis(0),
        head: Offset(head),
        epoch: epoch(),
    }
}

fn find<H: History<Error: std::fmt::Debug>>(history: &H, lookup: &Lookup) -> Found {
    match history.find(&Query::Search(lookup.clone())).unwrap() {
        feature::Found::Search(found) => found,
        other => panic!("{other:?}"),
    }
}

fn offsets(found: &Found) -> Vec<u64> {
    found.hits.iter().map(|it| it.offset.0).collect()
}

fn said(offset: u64, content: &str) -> Rc<Entry> {
    let said = Entry::clone(&entry(offset, 1000 + offset, "ann", None));
    Rc::new(Entry { body: body(content), ..said })
}

fn event(offset: u64, text: &str, user: Option<&str>) -> Rc<Entry> {
    let name = EventName::parse("note").unwrap();
    let data = Json::parse(json!({"text": [text]}).to_string()).unwrap();
    let body = published(name, data, user.map(|it| UserId(it.into())));
    Rc::new(Entry { body, ..Entry::clone(&said(offset, "")) })
}

#[derive(Clone, Debug)]
enum Act {
    Say(String),
    Publish(String, Option<&'static str>),
    Edit(Index, String),
    Delete(Index),
    Trim(Index),
    Erase,
    Search(&'static str),
}

fn act() -> impl Strategy<Value = Act> {
    let word = || select(vec!["ab", "abc", "b", "Käse", "東京", "京都", "the"]);
    let text = move || prop::collection::vec(word(), 0..5).prop_map(|it| it.join(" "));
    let user = select(vec![None, Some("ann"), Some("bob")]);
    prop_oneof![
        8 => text().prop_map(Act::Say),
        3 => (text(), user).prop_map(|(text, user)| Act::Publish(text, user)),
        4 => (any::<Index>(), text()).prop_map(|(at, text)| Act::Edit(at, text)),
        3 => any::<Index>().prop_map(Act::Delete),
        1 => any::<Index>().prop_map(Act::Trim),
        1 => Just(Act::Erase),
        6 => select(ASKED.map(|(text, _)| text).to_vec()).prop_map(Act::Search),
    ]
}

type Stands = fn(&[&str]) -> bool;

/// What is looked for, and whether it stands among words, said in another way.
const ASKED: [(&str, Stands); 7] = [
    ("ab", |it| it.contains(&"ab")),
    ("a*", |it| it.iter().any(|it| it.starts_with('a'))),
    ("b kase", |it| it.contains(&"b") && it.contains(&"Käse")),
    ("\"b the\"", |it| it.windows(2).any(|it| it == ["b", "the"])),
    ("京", |it| it.iter().any(|it| it.contains('京'))),
    ("京都", |it| it.contains(&"京都")),
    ("\"ab the\" abc", |it| it.windows(2).any(|it| it == ["ab", "the"]) && it.contains(&"abc")),
];

/// Everything in it is looked at.
fn scan(entries: &[Rc<Entry>], stands: Stands) -> Vec<u64> {
    let mut found = Vec::new();
    for it in entries.iter().filter(|it| it.body.user.as_ref().is_none_or(|it| it.0 == "ann")) {
        let text = it.body.text().unwrap_or_default();
        if stands(&text.split_whitespace().collect::<Vec<_>>()) {
            found.insert(0, it.offset.0);
        }
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// [S7] Whatever is said, edited, deleted, trimmed and erased, and whenever it is searched.
    #[test]
    fn the_index_finds_what_a_look_at_everything_finds(acts in prop::collection::vec(act(), 1..40)) {
        let database = Rusqlite::in_memory();
        let mut sql = SqlHistory::open(database.again(), &epoch()).unwrap();
        let mut model = MemoryHistory::new(epoch());
        let (mut log, mut head, mut life) = (Vec::<Rc<Entry>>::new(), 0, epoch());
        let searches = [Act::Search("a*"), Act::Search("京"), Act::Search("b kase")];
        for act in acts.into_iter().chain(searches) {
            let mut writes = Vec::new();
            match act {
                Act::Say(text) => {
                    head += 1;
                    log.push(said(head, &text));
                    writes.extend(log.last().cloned().map(Write::Append));
                }
                Act::Publish(text, user) => {
                    head += 1;
                    log.push(event(head, &text, user));
                    writes.extend(log.last().cloned().map(Write::Append));
                }
                Act::Edit(at, text) if !log.is_empty() => {
                    let it = at.get_mut(&mut log);
                    if it.body.kind == MESSAGE {
                        *it = Rc::new(Entry { body: body(&text), ..Entry::clone(&said(it.offset.0, "")) });
                        writes.push(Write::Amend { entry: Rc::clone(it), is_blank: false });
                    }
                }
                Act::Delete(at) if !log.is_empty() => {
                    let it = at.get_mut(&mut log);
                    let body = it.body.blank().unwrap();
                    *it = Rc::new(Entry { body, ..Entry::clone(it) });
                    writes.push(Write::Amend { entry: Rc::clone(it), is_blank: true });
                }
                Act::Trim(at) if !log.is_empty() => {
                    let from = at.get(&log).offset;
                    log.retain(|it| from <= it.offset);
                    writes.push(Write::Trim { from, since: Millis(0) });
                }
                Act::Erase => {
                    (log, head, life) = (Vec::new(), 0, Epoch(format!("{}+", life.0)));
                    writes.push(Write::Erase(life.clone()));
                }
                Act::Search(text) => {
                    let (_, stands) = ASKED.into_iter().find(|it| it.0 == text).unwrap();
                    let (expected, asked) = (scan(&log, stands), lookup(text, head));
                    let asked = Lookup { epoch: life.clone(), ..asked };
                    let found = find(&sql, &asked);
                    prop_assert_eq!(offsets(&found), expected.clone(), "{}", text);
                    prop_assert_eq!(found, find(&model, &asked));
                    let best = Lookup { order: Order::Best, ..asked };
                    let mut best = offsets(&find(&sql, &best));
                    best.sort_unstable_by(|one, other| other.cmp(one));
                    prop_assert_eq!(best, expected);
                }
                Act::Edit(..) | Act::Delete(_) | Act::Trim(_) => {}
            }
            if !writes.is_empty() {
                sql.commit(&writes).unwrap();
                model.commit(&writes).unwrap();
            }
        }
        // Nothing is left of what is gone.
        if database.tables().contains(&"search".to_owned()) {
            let orphans = "SELECT COUNT(*) FROM search_docsize
                WHERE id NOT IN (SELECT offset FROM entry) AND 1 = ";
            prop_assert_eq!(database.count(orphans, 1), 0);
        }
    }
}

/// [S8] A long history is indexed step by step, the newest first, and then no more.
#[test]
fn a_long_history_is_searched_in_steps() {
    let database = Rusqlite::in_memory();
    let mut history = SqlHistory::open(database.again(), &epoch()).unwrap();
    let word = |offset| if offset % 1000 == 0 { "rare word" } else { "word" };
    let write = |offset| Write::Append(said(offset, word(offset)));
    history.commit(&(1..=5000).map(write).collect::<Vec<_>>()).unwrap();
    let asked = lookup("rare", 5000);
    let steps = [
        (vec![5000, 4000], Some(Offset(3001))),
        (vec![5000, 4000, 3000, 2000], Some(Offset(1001))),
        (vec![5000, 4000, 3000, 2000, 1000], None),
    ];
    for (offset, from) in steps.clone() {
        let found = find(&history, &asked);
        assert_eq!((offsets(&found), found.searched_from), (offset, from));
    }
    let dumped = database.dump();
    assert_eq!(find(&history, &asked).searched_from, None);
    assert_eq!(database.dump(), dumped, "what is indexed is not indexed again");
    // One that is too far behind is made anew.
    history.commit(&(5001..=7500).map(write).collect::<Vec<_>>()).unwrap();
    let found = find(&history, &lookup("rare", 7500));
    assert_eq!((offsets(&found), found.searched_from), (vec![7000, 6000], Some(Offset(5501))));
}

/// [S8] Large messages make a step shorter, and are searched by their beginning.
#[test]
fn a_step_is_no_longer_where_messages_are() {
    let mut history = SqlHistory::open(Rusqlite::in_memory(), &epoch()).unwrap();
    for offset in 1..=10 {
        let text = format!("first {} last", "x ".repeat(450_000));
        history.commit(&[Write::Append(said(offset, &text))]).unwrap();
    }
    let found = find(&history, &lookup("first", 10));
    assert_eq!((offsets(&found), found.searched_from), (vec![10, 9, 8, 7, 6], Some(Offset(6))));
    let found = find(&history, &lookup("first", 10));
    assert_eq!((offsets(&found).len(), found.has_more, found.searched_from), (5, true, None));
    assert!(find(&history, &lookup("last", 10)).hits.is_empty());
}

/// [S8] An index of another version's is made anew.
#[test]
fn an_index_that_cannot_be_read_is_made_anew() {
    let database = Rusqlite::in_memory();
    let mut history = SqlHistory::open(database.again(), &epoch()).unwrap();
    history.commit(&[Write::Append(said(1, "word"))]).unwrap();
    assert_eq!(offsets(&find(&history, &lookup("word", 1))), [1]);
    for value in ["2 1 2", "", "x", "1 1"] {
        let sql = "UPDATE meta SET value = ? WHERE key = 'search'";
        database.run(sql, &[value.into()]).unwrap();
        let blank = body("word").blank().unwrap();
        let gone = Entry { body: blank, ..Entry::clone(&said(1, "")) };
        history.commit(&[Write::Amend { entry: gone.into(), is_blank: true }]).unwrap();
        assert_eq!(offsets(&find(&history, &lookup("word", 1))), [0; 0], "{value}");
        history.commit(&[Write::Amend { entry: said(1, "word"), is_blank: false }]).unwrap();
        assert_eq!(offsets(&find(&history, &lookup("word", 1))), [1], "{value}");
    }
}

/// [S7] What is asked and looked up when the room is erased in between leaves no trace.
#[test]
fn a_search_that_an_erasure_overtakes_finds_nothing_and_indexes_nothing() {
    let mut history = SqlHistory::open(Rusqlite::in_memory(), &epoch()).unwrap();
    for offset in 1..=9 {
        history.commit(&[Write::Append(said(offset, "word"))]).unwrap();
    }
    let another = Epoch("another".into());
    for asks_before in [true, false] {
        if asks_before {
            assert_eq!(offsets(&find(&history, &lookup("word", 9))).len(), 9);
        }
        history.commit(&[Write::Erase(another.clone())]).unwrap();
        assert_eq!(find(&history, &lookup("word", 9)), Found::default());
        history.commit(&[Write::Append(said(1, "word"))]).unwrap();
        let asked = Lookup { epoch: another.clone(), ..lookup("word", 1) };
        assert_eq!(offsets(&find(&history, &asked)), [1]);
    }
}

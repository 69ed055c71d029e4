//! What is said about entries, as it is stored: by both histories, and in how many statements.

use std::cell::RefCell;
use std::rc::Rc;

use dormouse::database::{Database, Row, Value as Sql};
use dormouse::feature::annotations::{
    AnnotationFound, AnnotationQuery, MarkRead, REACTION, Standing,
};
use dormouse::feature::{Found, Query};
use dormouse::history::{History, MemoryHistory, SqlHistory};
use dormouse::kernel::{PageQuery, Write};
use dormouse::limits::{Limits, PAGE_BYTES_MAX};
use dormouse::message::{
    Before, Body, Entry, Epoch, EventName, Json, Kind, Millis, Offset, Relation, Target, UserId,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::annotations::{delete, edit, reacts};
use crate::support::{Rusqlite, epoch, member};
use crate::threads::{message, tells};
use crate::world::World;

/// Overwrites, and writes.
const AMEND: &str = "UPDATE entry SET";

/// A database that notes what is asked of it.
struct Noting(Rusqlite, Rc<RefCell<Vec<String>>>);

impl Database for Noting {
    type Error = rusqlite::Error;

    fn run(&self, sql: &str, bindings: &[Sql<'_>]) -> Result<Vec<Row>, Self::Error> {
        self.1.borrow_mut().push(sql.split_whitespace().take(3).collect::<Vec<_>>().join(" "));
        self.0.run(sql, bindings)
    }

    fn atomically(
        &self,
        work: &mut dyn FnMut() -> Result<(), Self::Error>,
    ) -> Result<(), Self::Error> {
        self.0.atomically(work)
    }
}

/// A room with a message, an edit, a reaction and a reply, and its log as it was written.
fn annotated() -> (World, Vec<Write>) {
    let mut world = World::of(Kind::Chat, Limits::default());
    world.join(1, "ann", None);
    for frame in [
        message("one", &Value::Null),
        edit(1, "two"),
        reacts(1, "👍", true),
        message("a reply", &json!(1)),
    ] {
        tells(&mut world, 1, &frame);
    }
    let page = log(&world.database.again(), true);
    let writes = page.entries.iter().map(|it| Write::Append(Rc::clone(it))).collect();
    (world, writes)
}

fn query(raw: bool) -> PageQuery {
    PageQuery {
        before: Before::Newest,
        after: None,
        viewer: UserId("ann".into()),
        limit: 50,
        bytes_max: PAGE_BYTES_MAX,
        first: Offset(1),
        since: Millis(0),
        head: Offset(99),
        epoch: epoch(),
        raw,
        within: dormouse::message::Within::default(),
    }
}

fn log(database: &Rusqlite, raw: bool) -> dormouse::message::Page {
    SqlHistory::open(database.again(), &epoch()).unwrap().page(&query(raw)).unwrap()
}

#[test]
fn what_is_stored_of_them_is_spelled_so() {
    let (world, _) = annotated();
    let rows = |sql: &str| world.database.names(sql);
    let data = rows("SELECT kind || ' ' || COALESCE(target, 0) || ' ' || data FROM entry");
    let id = rows("SELECT id FROM entry WHERE offset = 1").remove(0);
    assert_eq!(
        data,
        [
            r#"message 0 {"content":"two","messageType":"text"}"#.to_owned(),
            format!(
                r#"edit 1 {{"of":1,"id":"event_{id}","data":{{"content":"two","messageType":"text"}}}}"#
            ),
            format!(r#"reaction 1 {{"of":1,"id":"event_{id}","key":"👍","on":true,"count":1}}"#),
            r#"message 1 {"content":"a reply","messageType":"text"}"#.to_owned(),
        ]
    );
    let marks = "SELECT target || ' ' || change || ' ' || user || ' ' || deleted || ' ' || replies FROM annotated";
    assert_eq!(rows(marks), ["1 2 ann 0 1"]);
    let reactions = "SELECT target || ' ' || key || ' ' || user || ' ' || offset FROM reaction";
    assert_eq!(rows(reactions), ["1 👍 ann 3"]);
}

#[test]
fn u3_a_deletion_blanks_the_edits_in_both_histories_alike() {
    let (mut world, _) = annotated();
    tells(&mut world, 1, &delete(1));
    let raw = log(&world.database.again(), true);
    assert!(raw.entries[1].body.data.as_str().ends_with(r#","data":null}"#), "{raw:?}");
    // The same, by the model.
    let (world, mut writes) = annotated();
    let first = log(&world.database.again(), true).entries[0].clone();
    let blank = Rc::new(Entry { body: first.body.blank().unwrap(), ..(*first).clone() });
    writes.push(Write::Append(Rc::clone(&raw.entries[4])));
    writes.push(Write::Amend { entry: blank, is_blank: true });
    let mut model = MemoryHistory::new(epoch());
    model.commit(&writes).unwrap();
    assert_eq!(model.page(&query(true)).unwrap().entries, raw.entries);
}

#[test]
fn both_histories_show_and_find_the_same() {
    let (_, mut writes) = annotated();
    let user = |name: &str| member(name).id;
    for (name, offset) in [("ann", 3), ("bob", 2), ("ann", 1)] {
        writes.push(MarkRead { user: user(name), offset: Offset(offset) }.into());
    }
    let mut sql = SqlHistory::open(Rusqlite::in_memory(), &epoch()).unwrap();
    let mut model = MemoryHistory::new(epoch());
    sql.commit(&writes).unwrap();
    model.commit(&writes).unwrap();
    let compare = |sql: &SqlHistory<Rusqlite>, model: &MemoryHistory| {
        let page = sql.page(&query(false)).unwrap();
        assert_eq!(page, model.page(&query(false)).unwrap());
        for query in [
            AnnotationQuery::Standing { target: Offset(1), key: "👍".into(), user: user("ann") },
            AnnotationQuery::Standing { target: Offset(1), key: "x".into(), user: user("bob") },
            AnnotationQuery::Standing { target: Offset(4), key: String::new(), user: user("ann") },
            AnnotationQuery::Marker(user("ann")),
            AnnotationQuery::Marker(user("eve")),
            AnnotationQuery::Reads,
        ] {
            let query = Query::from(query);
            assert_eq!(sql.find(&query).unwrap(), model.find(&query).unwrap(), "{query:?}");
        }
        page
    };
    let page = compare(&sql, &model);
    assert_eq!(page.entries.len(), 2);
    let names: Vec<&str> = page.added[&Offset(1)].iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["edited", "reactions", "replies"]);
    let found = sql.find(&Query::from(AnnotationQuery::Marker(user("ann")))).unwrap();
    assert_eq!(found, Found::Annotations(AnnotationFound::Marker(Some(Offset(3)), 2)), "it rose");
    let trim = Write::Trim { from: Offset(3), since: Millis(0) };
    let trim = [trim];
    sql.commit(&trim).unwrap();
    model.commit(&trim).unwrap();
    compare(&sql, &model);
    let gone = Query::from(AnnotationQuery::Standing {
        target: Offset(1),
        key: "👍".into(),
        user: user("ann"),
    });
    assert_eq!(
        sql.find(&gone).unwrap(),
        Found::Annotations(AnnotationFound::Standing(Standing::default()))
    );
    let erase = Write::Erase(Epoch("next".into()));
    let erase = [erase];
    sql.commit(&erase).unwrap();
    model.commit(&erase).unwrap();
    let found = sql.find(&Query::from(AnnotationQuery::Reads)).unwrap();
    assert_eq!(found, Found::Annotations(AnnotationFound::Reads(vec![])));
    assert_eq!(model.find(&Query::from(AnnotationQuery::Reads)).unwrap(), found);
}

#[test]
fn u6_a_page_upwards_passes_over_what_is_shown_with_others() {
    let (_, writes) = annotated();
    let mut sql = SqlHistory::open(Rusqlite::in_memory(), &epoch()).unwrap();
    let mut model = MemoryHistory::new(epoch());
    sql.commit(&writes).unwrap();
    model.commit(&writes).unwrap();
    for (after, limit, shown, has_more) in [
        (0, 1, vec![1], true),
        (0, 2, vec![1, 4], false),
        (1, 1, vec![4], false),
        (2, 9, vec![4], false),
    ] {
        let query = PageQuery { after: Some(Offset(after)), limit, ..query(false) };
        let page = sql.page(&query).unwrap();
        let offsets: Vec<u64> = page.entries.iter().map(|it| it.offset.0).collect();
        assert_eq!((offsets, page.has_more), (shown, has_more), "after {after}");
        assert_eq!(page, model.page(&query).unwrap());
    }
}

/// A reaction to one of the first two entries, as it is stored.
fn reaction(offset: u64, of: u64, key: &str, user: &str, on: bool) -> Write {
    let said = crate::support::entry(offset, offset, user, None);
    let data = json!({"of": of, "id": "event_1", "key": key, "on": on, "count": 1});
    let body = Body {
        relates_to: Some((Relation::Annotates, Target::Offset(Offset(of)))),
        ..Body::new(REACTION, EventName::known("reaction"), Json::parse(data.to_string()).unwrap())
    };
    Write::Append(Rc::new(Entry { body, ..(*said).clone() }))
}

proptest! {
    /// [U4, U6] More users than are named, who change their minds.
    #[test]
    fn reactions_are_counted_as_they_are_said(
        acts in prop::collection::vec((1u64..=2, 0usize..2, 0u8..14, prop::bool::weighted(0.7)), 1..120),
    ) {
        let mut sql = SqlHistory::open(Rusqlite::in_memory(), &epoch()).unwrap();
        let mut model = MemoryHistory::new(epoch());
        let mut writes: Vec<Write> =
            (1..=2).map(|it| Write::Append(crate::support::entry(it, it, "ann", None))).collect();
        for (offset, (of, key, user, on)) in (3..).zip(acts) {
            let key = ["👍", "x"][key];
            writes.push(reaction(offset, of, key, &format!("u\"{user}"), on));
        }
        for write in writes.chunks(7) {
            sql.commit(write).unwrap();
            model.commit(write).unwrap();
            for user in ["u\"0", "u\"13"] {
                let viewer = UserId(user.into());
                let query = PageQuery { viewer: viewer.clone(), ..query(false) };
                prop_assert_eq!(sql.page(&query).unwrap(), model.page(&query).unwrap());
                let standing = AnnotationQuery::Standing { target: Offset(1), key: "x".into(), user: viewer };
                let standing = Query::from(standing);
                prop_assert_eq!(sql.find(&standing).unwrap(), model.find(&standing).unwrap());
            }
        }
    }
}

#[test]
fn a_message_is_one_statement_and_a_page_of_what_nobody_spoke_of_one_more() {
    let (world, writes) = annotated();
    let asked = Rc::new(RefCell::new(Vec::new()));
    let database = Noting(Rusqlite::in_memory(), Rc::clone(&asked));
    let mut history = SqlHistory::open(database, &epoch()).unwrap();
    let plain = crate::support::entry(9, 9, "ann", None);
    history.commit(&[Write::Append(crate::support::entry(8, 8, "ann", None))]).unwrap();
    let mut cost = |writes: &[Write]| {
        asked.borrow_mut().clear();
        history.commit(writes).unwrap();
        asked.borrow().clone()
    };
    assert_eq!(cost(&[Write::Append(plain)]), ["INSERT INTO entry"]);
    let amended = log(&world.database.again(), true).entries[0].clone();
    let amend = |is_blank| Write::Amend { entry: Rc::clone(&amended), is_blank };
    assert_eq!(cost(&writes[..1]), ["INSERT INTO entry"]);
    let edit = [writes[1].clone(), amend(false)];
    // The last one asks whether the room has an index of words, which would have to follow.
    let searched = "SELECT value FROM";
    assert_eq!(cost(&edit), ["INSERT INTO entry", "INSERT INTO annotated", AMEND, AMEND, searched]);
    assert_eq!(
        cost(&writes[2..3]),
        ["INSERT INTO entry", "INSERT OR IGNORE", "INSERT INTO reaction_total"]
    );
    assert_eq!(cost(&writes[3..4]), ["INSERT INTO entry", "INSERT INTO annotated"]);
    asked.borrow_mut().clear();
    history.page(&query(true)).unwrap();
    let raw = asked.borrow().len();
    asked.borrow_mut().clear();
    history.page(&query(false)).unwrap();
    assert_eq!(asked.borrow().len(), raw + 1);
}

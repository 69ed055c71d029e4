//! The contract of `History`, run against every implementation.

use std::fmt::Debug;
use std::rc::Rc;

use dormouse::history::{History, MemoryHistory, SqlHistory, migrations};
use dormouse::kernel::{Counts, DedupeWindow, Departure, PageQuery, Told, Write};
use dormouse::limits::PAGE_BYTES_MAX;
use dormouse::message::{
    Before, Body, Entry, Epoch, Json, Millis, Offset, Relation, RequestId, Target, UserId, Within,
};
use proptest::prelude::*;
use uuid::Uuid;

use crate::support::{Rusqlite, body, entry, epoch, for_user, member};

fn sql() -> SqlHistory<Rusqlite> {
    SqlHistory::open(Rusqlite::in_memory(), &epoch()).unwrap()
}

#[test]
fn memory_keeps_the_contract() {
    contract(|| MemoryHistory::new(epoch()));
}

#[test]
fn sqlite_keeps_the_contract() {
    contract(sql);
}

fn contract<H: History<Error: Debug>>(new: impl Fn() -> H) {
    a_new_log_is_empty(&new());
    a_log_returns_what_was_appended_in_order(new());
    a_page_ends_before_its_bound(new());
    a_request_is_recalled_as_long_as_it_is_remembered(new());
    a_page_holds_no_more_than_memory_bears(new());
    a_trimmed_log_goes_on_where_it_was(new());
    departures_and_counts_are_kept(new());
    an_entry_says_which_one_it_is_about(new());
    an_entry_is_amended_in_its_place(new());
    an_entry_is_found_by_its_name(new());
}

fn an_entry_says_which_one_it_is_about<H: History<Error: Debug>>(mut history: H) {
    let about = |offset, relates_to, body| {
        let said = Entry::clone(&entry(offset, 1000, "ann", None));
        Rc::new(Entry { body: Body { relates_to, ..body }, ..said })
    };
    let reply = |of| Some((Relation::Replies, Target::Offset(Offset(of))));
    let to = RequestId::parse("m1").unwrap();
    let response = Body::response(&to, Offset(1), "an answer");
    let all = [
        entry(1, 1000, "ann", None),
        about(2, reply(1), body("a reply")),
        about(3, reply(2), for_user("ann", 7)),
        about(4, response.relates_to, response),
    ];
    history.commit(&all.clone().map(Write::Append)).unwrap();
    assert_eq!(history.page(&query(Before::Newest, 5)).unwrap().entries, all);
    // One by one, too.
    let next = about(5, reply(4), body("another"));
    history.commit(&[Write::Append(next.clone())]).unwrap();
    assert_eq!(history.page(&query(Before::Newest, 1)).unwrap().entries, [next]);
}

fn an_entry_is_amended_in_its_place<H: History<Error: Debug>>(mut history: H) {
    ten(&mut history);
    let amended = |offset, body: Body| {
        let said = Entry::clone(&entry(offset, 1000 + (offset - 1) / 2, "ann", None));
        Rc::new(Entry { body, ..said })
    };
    let (said, blank) = (amended(4, body("another")), amended(5, body("entry 5").blank().unwrap()));
    let amend = |entry: &Rc<Entry>, is_blank| Write::Amend { entry: entry.clone(), is_blank };
    history.commit(&[amend(&said, false)]).unwrap();
    let next = Write::Append(entry(11, 2000, "bob", None));
    history.commit(&[next, amend(&blank, true)]).unwrap();
    let entries = history.page(&query(Before::Newest, 9)).unwrap().entries;
    assert_eq!((&entries[2], &entries[3]), (&said, &blank));
    let blank = r#"{"content":"","messageType":"text"}"#;
    assert_eq!(entries[3].body.data.as_str(), blank);
    // What is not there is not made.
    history.commit(&[amend(&amended(99, body("nowhere")), false)]).unwrap();
    assert_eq!(history.stored_room().unwrap().head, Offset(11));
}

fn an_entry_is_found_by_its_name<H: History<Error: Debug>>(mut history: H) {
    let head = Offset(9);
    let find = |history: &H, target| history.entry_of(target, head).unwrap().map(|it| it.offset.0);
    let named = |number: u128, at: u64| {
        Uuid::from_u128((u128::from(at) << 80) | (7 << 76) | (2 << 62) | number)
    };
    assert_eq!(find(&history, Target::Offset(Offset(1))), None);
    assert_eq!(find(&history, Target::Id(named(1, 1000))), None);
    // Three in each millisecond; in the last, the clock was set back meanwhile.
    let minted = |offset: u64| if offset < 7 { 1000 + (offset - 1) / 3 } else { 1000 };
    for offset in 1..=head.0 {
        let said = Entry::clone(&entry(offset, 1000 + (offset - 1) / 3, "ann", None));
        let id = named(offset.into(), minted(offset));
        history.commit(&[Write::Append(Rc::new(Entry { id, ..said }))]).unwrap();
    }
    history.commit(&[Write::Trim { from: Offset(2), since: Millis(0) }]).unwrap();
    for offset in 2..=head.0 {
        assert_eq!(find(&history, Target::Id(named(offset.into(), minted(offset)))), Some(offset));
        assert_eq!(find(&history, Target::Offset(Offset(offset))), Some(offset));
    }
    for (number, at) in [(1, 1000), (2, 1001), (2, 999), (99, 1002), (99, 0), (99, (1 << 48) - 1)] {
        assert_eq!(find(&history, Target::Id(named(number, at))), None, "{number} {at}");
    }
    for offset in [0, 1, 10, u64::MAX >> 11] {
        assert_eq!(find(&history, Target::Offset(Offset(offset))), None, "{offset}");
    }
}

/// Ten entries, two in each of five milliseconds.
fn ten<H: History<Error: Debug>>(history: &mut H) {
    let writes: Vec<Write> =
        (1..=10).map(|it| Write::Append(entry(it, 1000 + (it - 1) / 2, "ann", None))).collect();
    history.commit(&writes).unwrap();
}

fn query(before: Before, limit: u32) -> PageQuery {
    let (first, since, head) = (Offset(1), Millis(0), Offset(10));
    let (after, viewer) = (None, member("ann").id);
    PageQuery {
        before,
        after,
        viewer,
        limit,
        bytes_max: PAGE_BYTES_MAX,
        first,
        since,
        head,
        epoch: epoch(),
        raw: false,
        within: Within::default(),
    }
}

fn offsets<H: History<Error: Debug>>(history: &H, query: &PageQuery) -> (Vec<u64>, bool) {
    let page = history.page(query).unwrap();
    (page.entries.iter().map(|it| it.offset.0).collect(), page.has_more)
}

fn a_new_log_is_empty<H: History<Error: Debug>>(history: &H) {
    let log = history.stored_room().unwrap();
    assert_eq!((log.epoch, log.head, log.first), (epoch(), Offset(0), Offset(0)));
    assert_eq!(offsets(history, &query(Before::Newest, 5)), (vec![], false));
}

fn a_log_returns_what_was_appended_in_order<H: History<Error: Debug>>(mut history: H) {
    let awkward = [entry(1, 5, "änn", Some("ref \" \0 1")), entry(2, 5, "bob", None)];
    history.commit(&awkward.clone().map(Write::Append)).unwrap();
    let page = history.page(&query(Before::Newest, 5)).unwrap();
    assert_eq!(page.entries, awkward);
    let log = history.stored_room().unwrap();
    assert_eq!(
        (log.first, log.first_at, log.head, log.head_at),
        (Offset(1), Millis(5), Offset(2), Millis(5))
    );
}

fn a_page_ends_before_its_bound<H: History<Error: Debug>>(mut history: H) {
    ten(&mut history);
    let at = |before, limit| offsets(&history, &query(before, limit));
    assert_eq!(at(Before::Newest, 3), (vec![8, 9, 10], true));
    assert_eq!(at(Before::Newest, 10), ((1..=10).collect(), false));
    assert_eq!(at(Before::Offset(Offset(4)), 2), (vec![2, 3], true));
    assert_eq!(at(Before::Offset(Offset(3)), 2), (vec![1, 2], false));
    assert_eq!(at(Before::Offset(Offset(0)), 2), (vec![], false));
    assert_eq!(at(Before::Offset(Offset(u64::MAX)), 1), (vec![10], true));
    assert_eq!(at(Before::Time(Millis(1002)), 9), (vec![1, 2, 3, 4], false));
    assert_eq!(at(Before::Time(Millis(1000)), 9), (vec![], false));
    assert_eq!(at(Before::Time(Millis(u64::MAX)), 1), (vec![10], true));
    // What is not revealed yet, and what only awaits deletion, is not shown.
    let bounded = PageQuery { head: Offset(7), first: Offset(3), ..query(Before::Newest, 99) };
    assert_eq!(offsets(&history, &bounded), ((3..=7).collect(), false));
    let young = PageQuery { since: Millis(1003), ..query(Before::Newest, 99) };
    assert_eq!(offsets(&history, &young), ((7..=10).collect(), false));
}

fn a_request_is_recalled_as_long_as_it_is_remembered<H: History<Error: Debug>>(mut history: H) {
    let forever = DedupeWindow { from: Offset(0), since: Millis(0) };
    let ann = UserId("ann".into());
    let id = RequestId::parse("m1").unwrap();
    let find_duplicate =
        |history: &H, user: &UserId, memory| history.find_duplicate(user, &id, memory).unwrap();
    assert_eq!(find_duplicate(&history, &ann, forever), None);
    let first = entry(1, 1000, "ann", Some("m1"));
    history.commit(&[Write::Append(first.clone())]).unwrap();
    let duplicate = find_duplicate(&history, &ann, forever).unwrap();
    assert_eq!((duplicate.offset, duplicate.entry), (Offset(1), Some(first)));
    assert_eq!(find_duplicate(&history, &UserId("bob".into()), forever), None);
    assert_eq!(find_duplicate(&history, &ann, DedupeWindow { from: Offset(2), ..forever }), None);
    assert_eq!(
        find_duplicate(&history, &ann, DedupeWindow { since: Millis(1001), ..forever }),
        None
    );
    // Forgotten but not yet deleted, the id is free again.
    history.commit(&[Write::Append(entry(2, 9000, "ann", Some("m1")))]).unwrap();
    assert_eq!(find_duplicate(&history, &ann, forever).unwrap().offset, Offset(2));
    // The entry goes before the id does.
    history.commit(&[Write::Trim { from: Offset(3), since: Millis(0) }]).unwrap();
    let duplicate = find_duplicate(&history, &ann, forever).unwrap();
    assert_eq!((duplicate.offset, duplicate.entry), (Offset(2), None));
    let memory = DedupeWindow { from: Offset(3), since: Millis(0) };
    history.commit(&[Write::Prune(memory)]).unwrap();
    assert_eq!(find_duplicate(&history, &ann, forever), None);
}

fn a_page_holds_no_more_than_memory_bears<H: History<Error: Debug>>(mut history: H) {
    for offset in 1..=5 {
        let mut large = (*entry(offset, 1000, "ann", None)).clone();
        large.body = body(&"x".repeat(if offset == 3 { 1_040_000 } else { 500_000 }));
        history.commit(&[Write::Append(large.into())]).unwrap();
    }
    let at = |before| offsets(&history, &query(before, 9));
    assert_eq!(at(Before::Newest), (vec![4, 5], true));
    assert_eq!(at(Before::Offset(Offset(4))), (vec![3], true), "one alone, however large");
    assert_eq!(at(Before::Offset(Offset(3))), (vec![1, 2], false));
}

fn a_trimmed_log_goes_on_where_it_was<H: History<Error: Debug>>(mut history: H) {
    ten(&mut history);
    history.commit(&[Write::Trim { from: Offset(3), since: Millis(1002) }]).unwrap();
    let log = history.stored_room().unwrap();
    assert_eq!((log.first, log.first_at, log.head), (Offset(5), Millis(1002), Offset(10)));
    assert_eq!(history.oldest().unwrap(), (Offset(5), Millis(1002)));
    history.commit(&[Write::Trim { from: Offset(99), since: Millis(0) }]).unwrap();
    let log = history.stored_room().unwrap();
    assert_eq!((log.first, log.head, log.head_at), (Offset(0), Offset(10), Millis(1004)));
    assert_eq!(history.oldest().unwrap(), (Offset(0), Millis(0)));
    history.commit(&[Write::Append(entry(11, 2000, "ann", None))]).unwrap();
    let log = history.stored_room().unwrap();
    assert_eq!((log.first, log.head), (Offset(11), Offset(11)));
}

fn departures_and_counts_are_kept<H: History<Error: Debug>>(mut history: H) {
    let data = |until| (until != 1).then(|| Json::parse(r#"{"status":"busy"}"#).unwrap());
    let until =
        |until| Departure { member: member("ann"), until: Millis(until), data: data(until) };
    history.commit(&[Write::Depart(until(1)), Write::Depart(until(2))]).unwrap();
    assert_eq!(history.stored_room().unwrap().departures, [until(2)]);
    history.commit(&[Write::Forget(member("ann").id)]).unwrap();
    assert!(history.stored_room().unwrap().departures.is_empty());
    let told = Told { connections: 812, users: 640, at: Millis(7) };
    history.commit(&[Write::Occupancy(Some(told))]).unwrap();
    assert_eq!(history.stored_room().unwrap().occupancy, Some(told));
    history.commit(&[Write::Occupancy(None)]).unwrap();
    assert_eq!(history.stored_room().unwrap().occupancy, None);
    let counts = |count| -> Counts {
        serde_json::from_value(serde_json::json!({"o": 77, "c": count, "e": 5})).unwrap()
    };
    history.commit(&[Write::Broadcasts(counts(1))]).unwrap();
    assert_eq!(history.stored_room().unwrap().counts, counts(1));
    let share = |user, count, at| Write::Share(member(user).id, counts(count), Millis(at));
    let shares = |history: &H| history.stored_room().unwrap().shares;
    history.commit(&[share("ann", 1, 77), share("bob", 2, 77), share("ann", 3, 90)]).unwrap();
    let (ann, bob) = (member("ann").id, member("bob").id);
    assert_eq!(shares(&history), [(ann, counts(3)), (bob.clone(), counts(2))]);
    history.commit(&[share("bob", 4, 90_000)]).unwrap();
    assert_eq!(shares(&history), [(bob, counts(4))], "what holds back nothing is cleared away");
    history.commit(&[Write::Erase(Epoch("another".into()))]).unwrap();
    assert_eq!(shares(&history), []);
    assert_eq!(history.stored_room().unwrap().counts, Counts::default());
}

#[test]
fn a_log_keeps_its_epoch_and_its_entries_when_opened_again() {
    let database = Rusqlite::in_memory();
    let mut history = SqlHistory::open(database.again(), &epoch()).unwrap();
    ten(&mut history);
    let again = SqlHistory::open(database, &Epoch("another".into())).unwrap();
    let log = again.stored_room().unwrap();
    assert_eq!((log.epoch, log.head), (epoch(), Offset(10)));
}

#[test]
fn a_commit_that_fails_leaves_nothing_behind() {
    let mut history = sql();
    let twice = [entry(1, 1, "ann", Some("a")), entry(1, 1, "ann", Some("b"))];
    assert!(history.commit(&twice.map(Write::Append)).is_err());
    assert_eq!(history.stored_room().unwrap().head, Offset(0));
}

#[test]
fn a_row_of_a_later_version_is_not_shown() {
    let database = Rusqlite::in_memory();
    let mut history = SqlHistory::open(database.again(), &epoch()).unwrap();
    ten(&mut history);
    database.execute("UPDATE entry SET kind = 'hologram' WHERE offset = 9");
    assert_eq!(offsets(&history, &query(Before::Newest, 3)).0, [8, 10]);
}

/// Rooms in production have run a prefix of these: append, never edit.
#[test]
fn published_migrations_do_not_change() {
    let mut steps: Vec<Vec<&str>> = Vec::new();
    for (number, statements) in migrations() {
        steps.resize(steps.len().max(number + 1), Vec::new());
        steps[number].extend(statements);
    }
    insta::assert_debug_snapshot!(steps);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// SQLite and the model agree on any page of any log.
    #[test]
    fn pages_agree_with_the_model(
        gaps in prop::collection::vec(0u64..3, 1..40),
        before in prop_oneof![
            Just(Before::Newest),
            (0u64..45).prop_map(|it| Before::Offset(Offset(it))),
            (990u64..1100).prop_map(|it| Before::Time(Millis(it))),
        ],
        limit in 1u32..50,
        first in 0u64..45,
        since in 990u64..1100,
        trim in 0u64..20,
        after in proptest::option::of(0u64..45),
        bob in any::<bool>(),
        bytes_max in prop_oneof![Just(PAGE_BYTES_MAX), 0u64..4_000],
        of in proptest::option::of(0u64..4),
        later_than in proptest::option::of(990u64..1100),
    ) {
        let (mut sql, mut model) = (sql(), MemoryHistory::new(epoch()));
        let mut at = 1000;
        let mut writes = Vec::new();
        for (offset, gap) in (1..).zip(&gaps) {
            at += gap;
            // Some of it is for one user only.
            let entry = entry(offset, at, "ann", None);
            let mut body = if gap % 2 == 0 { entry.body.clone() } else { for_user("ann", offset) };
            if 4 < offset && gap % 2 == 0 {
                let target = Target::Offset(Offset(offset % 4));
                body.relates_to = Some((Relation::Replies, target));
            }
            writes.push(Write::Append(Rc::new(Entry { body, ..(*entry).clone() })));
        }
        writes.push(Write::Trim { from: Offset(trim), since: Millis(0) });
        sql.commit(&writes).unwrap();
        model.commit(&writes).unwrap();
        prop_assert_eq!(sql.stored_room().unwrap(), model.stored_room().unwrap());
        let (first, since) = (Offset(first.max(trim)), Millis(since));
        let head = Offset(gaps.len() as u64);
        let viewer = member(if bob { "bob" } else { "ann" }).id;
        let after = after.or(later_than.map(|_| 0)).map(Offset);
        let later_than = later_than.map(Millis);
        let within = Within { of: of.map(Offset), later_than, reverse: bob, exact: false };
        let query = PageQuery { before, after, viewer, limit, bytes_max, first, since, head, epoch: epoch(), raw: bob, within };
        prop_assert_eq!(sql.page(&query).unwrap(), model.page(&query).unwrap());
    }
}

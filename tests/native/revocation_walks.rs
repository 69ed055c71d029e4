//! Tokens that are taken back: what is kept of them, and which rooms are still to be told.

use dormouse::directory::{
    Directory, Listing, REVOCATION_MIGRATIONS, REVOCATIONS_MAX, Report, Revocations, Revoking,
};
use dormouse::message::Millis;

use crate::revocations::{of_token, of_user};
use crate::support::{NOON, Rusqlite};

const REPORT_MS: u64 = 10_000;

fn store(database: &Rusqlite) -> Revocations<Rusqlite> {
    Revocations::open(database.again(), REPORT_MS, NOON).unwrap()
}

#[test]
fn z9_what_is_kept_is_read_in_pages_lifted_and_gone_when_its_time_is_over() {
    let database = Rusqlite::in_memory();
    let mut kept = store(&database);
    let until = NOON.plus(60_000);
    let one = kept.add(&of_user("ann"), until, NOON).unwrap().unwrap();
    assert_eq!(kept.add(&of_user("ann"), NOON.plus(90_000), NOON).unwrap().unwrap().id, one.id);
    for jti in ["a", "b", "c"] {
        kept.add(&of_token(jti), until, NOON).unwrap().unwrap();
    }
    kept.add(&Revoking { joined_by: Some(NOON), ..of_user("bob") }, NOON, NOON).unwrap().unwrap();
    let (first, has_more) = kept.list("", 3, NOON).unwrap();
    assert_eq!((first.len(), has_more), (3, true));
    let (rest, has_more) = kept.list(&first[2].id, 3, NOON).unwrap();
    assert_eq!((rest.len(), has_more), (1, false), "a log-out is nothing that is taken back");
    let (version, all) = kept.since(0, NOON).unwrap().unwrap();
    assert_eq!(all.len(), 4);
    assert_eq!(kept.since(version, NOON).unwrap(), None);
    // It is all in the database.
    let mut kept = store(&database);
    assert!(kept.lift(&one.id, NOON).unwrap() && !kept.lift(&one.id, NOON).unwrap());
    let (lifted, all) = kept.since(version, NOON).unwrap().unwrap();
    assert!(version < lifted && all.len() == 3);
    kept.expire(until).unwrap();
    assert!(kept.since(lifted, until).unwrap().unwrap().1.is_empty());
}

#[test]
fn z9_there_are_ten_thousand_at_most() {
    let database = Rusqlite::in_memory();
    let mut kept = store(&database);
    database.execute(&format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {REVOCATIONS_MAX})
         INSERT INTO revocation SELECT 'x' || i, NULL, 'j' || i, NULL, NULL, 0, {0}, 3, NULL FROM n",
        NOON.0 + 5
    ));
    assert_eq!(kept.add(&of_user("ann"), NOON.plus(5), NOON).unwrap(), None);
    let log_out = Revoking { joined_by: Some(NOON), ..of_user("bob") };
    assert!(kept.add(&log_out, NOON, NOON).unwrap().is_some());
    kept.expire(NOON.plus(5)).unwrap();
    assert!(kept.add(&of_user("ann"), NOON.plus(9), NOON.plus(5)).unwrap().is_some());
}

/// Rooms, as the object sees them: those of a walk in their order, some of which do not answer.
fn walk(
    kept: &mut Revocations<Rusqlite>,
    rooms: &[&str],
    silent: &[&str],
    now: Millis,
) -> Vec<String> {
    let mut heard = Vec::new();
    while let Some(walk) = kept.walk(now).unwrap() {
        let after = walk.after.clone().unwrap_or_default();
        let room = rooms.iter().find(|it| ***it > *after);
        let is_silent = room.is_some_and(|it| silent.contains(it));
        if let Some(room) = room.filter(|_| !is_silent && !kept.told(&walk).unwrap().is_empty()) {
            heard.push((*room).to_owned());
        }
        let unheard: Vec<String> =
            room.filter(|_| is_silent).map(|it| (*it).into()).into_iter().collect();
        let next = room.filter(|it| *it != rooms.last().unwrap()).copied();
        kept.walked(&walk, next, &unheard, now).unwrap();
    }
    heard
}

#[test]
fn z10_all_rooms_are_told_at_once_and_again_when_new_ones_have_reported_though_the_process_dies() {
    let database = Rusqlite::in_memory();
    let rooms = ["a", "b", "c"];
    store(&database).add(&of_user("ann"), NOON.plus(60_000), NOON).unwrap();
    let mut kept = store(&database);
    assert_eq!(kept.next_at(NOON).unwrap(), Some(NOON));
    // It dies after the first room.
    let begun = kept.walk(NOON).unwrap().unwrap();
    assert_eq!(kept.told(&begun).unwrap().len(), 1);
    kept.walked(&begun, Some("a"), &[], NOON).unwrap();
    let mut kept = store(&database);
    assert_eq!(kept.next_at(NOON).unwrap(), Some(NOON));
    assert_eq!(walk(&mut kept, &rooms, &[], NOON), ["b", "c"]);
    for at in [1_500, REPORT_MS + 1_500] {
        assert_eq!(kept.next_at(NOON).unwrap(), Some(NOON.plus(at)));
        assert!(walk(&mut kept, &rooms, &[], NOON.plus(at - 1)).is_empty());
        assert_eq!(walk(&mut store(&database), &rooms, &[], NOON.plus(at)), rooms);
    }
    assert_eq!(kept.next_at(NOON).unwrap(), Some(NOON.plus(60_000)), "then it only expires");
    kept.expire(NOON.plus(60_000)).unwrap();
    assert_eq!(kept.next_at(NOON).unwrap(), None);
}

#[test]
fn z10_a_room_that_does_not_answer_is_told_later_all_that_it_missed() {
    let database = Rusqlite::in_memory();
    let mut kept = store(&database);
    let until = NOON.plus(3_600_000);
    kept.add(&of_user("ann"), until, NOON).unwrap();
    assert_eq!(walk(&mut kept, &["a", "b"], &["b"], NOON), ["a"]);
    kept.add(&of_token("t1"), until, NOON.plus(10)).unwrap();
    assert_eq!(kept.owed(50, NOON.plus(999)).unwrap(), []);
    let mut pauses = Vec::new();
    let mut now = NOON.plus(1_000);
    for _ in 0..8 {
        let owed = store(&database).owed(50, now).unwrap();
        assert_eq!((owed.len(), owed[0].0.as_str(), owed[0].1.len()), (1, "b", 2));
        kept.answered("b", false, now).unwrap();
        let pause = (1..100).find(|ms| !kept.owed(50, now.plus(ms * 1000)).unwrap().is_empty());
        pauses.push(pause.unwrap());
        now = now.plus(pause.unwrap() * 1000);
    }
    assert_eq!(pauses, [2, 4, 8, 16, 32, 60, 60, 60]);
    // When nothing is left that it could miss, it is owed nothing.
    kept.expire(until).unwrap();
    assert_eq!(kept.owed(50, until).unwrap()[0].1, []);
    kept.answered("b", true, until).unwrap();
    assert_eq!(kept.next_at(until).unwrap(), None);
}

#[test]
fn z10_what_was_lifted_is_told_to_nobody_any_more() {
    let database = Rusqlite::in_memory();
    let mut kept = store(&database);
    let one = kept.add(&of_user("ann"), NOON.plus(60_000), NOON).unwrap().unwrap();
    let begun = kept.walk(NOON).unwrap().unwrap();
    kept.walked(&begun, Some("a"), &[], NOON).unwrap();
    kept.lift(&one.id, NOON).unwrap();
    assert!(walk(&mut kept, &["a", "b"], &[], NOON).is_empty());
    assert_eq!(kept.next_at(NOON).unwrap(), None);
}

#[test]
fn z10_rooms_are_told_in_which_somebody_is_or_may_be_by_now() {
    let mut directory = Directory::open(Rusqlite::in_memory(), 300_000, NOON).unwrap();
    let now = NOON.plus(3_600_000);
    for (room, connections, at) in [
        ("hub:asleep", 1, NOON),
        ("hub:left", 0, NOON),
        ("hub:left-just-now", 0, Millis(now.0 - 1_000)),
    ] {
        let report = Report { room: room.into(), connections, ..Report::default() };
        directory.absorb(&report, at).unwrap();
    }
    let listing =
        Listing { limit: 10, occupied_since: Millis(now.0 - REPORT_MS), ..Listing::default() };
    let rooms = |listing: &Listing| {
        directory.list(listing).unwrap().into_iter().map(|it| it.room).collect::<Vec<_>>()
    };
    assert_eq!(rooms(&listing), ["hub:asleep", "hub:left-just-now"]);
    assert_eq!(rooms(&Listing { limit: 10, ..Listing::default() }).len(), 3);
}

/// Objects in production have run a prefix of these: append, never edit.
#[test]
fn published_migrations_of_revocations_do_not_change() {
    let steps: Vec<_> = REVOCATION_MIGRATIONS.iter().map(|(_, statements)| statements).collect();
    insta::assert_debug_snapshot!(steps);
}

//! The directory on SQLite: what rooms report, summed and listed (A40, X22).

use dormouse::breaker::{Breaker, State};
use dormouse::directory::{
    Directory, Listed, Listing, MIGRATIONS, Report, SHARDS, Summary, merge_pages, shard_of,
};
use dormouse::message::Millis;
use dormouse::tally::Tally;
use proptest::prelude::*;

use crate::support::{NOON, Rusqlite};

/// How long a room may be silent.
const GAUGE_MS: u64 = 300_000;

fn directory() -> Directory<Rusqlite> {
    Directory::open(Rusqlite::in_memory(), GAUGE_MS, NOON).unwrap()
}

fn report(room: &str, connections: u64, received: u64) -> Report {
    let tally = Tally { received, ..Tally::default() };
    Report { room: room.into(), connections, tally, ..Report::default() }
}

/// All directories, as the Worker has them.
struct Service(Vec<Directory<Rusqlite>>);

impl Service {
    fn new() -> Self {
        Self((0..SHARDS).map(|_| directory()).collect())
    }

    fn absorb(&mut self, report: &Report, now: Millis) {
        let shard = shard_of(&report.room) as usize;
        self.0[shard].absorb(report, now).unwrap();
    }

    fn summary(&self, now: Millis) -> Summary {
        self.0.iter().map(|it| it.summary(now).unwrap()).reduce(Summary::merge).unwrap()
    }

    fn page(&self, listing: &Listing) -> (Vec<Listed>, Option<String>) {
        let pages = self.0.iter().map(|it| it.list(listing).unwrap()).collect();
        merge_pages(pages, listing.limit)
    }

    /// Every room that matches, page by page.
    fn rooms(&self, kind: Option<&str>, prefix: &str, limit: u32) -> Vec<String> {
        let mut listing = Listing {
            kind: kind.map(Into::into),
            prefix: prefix.into(),
            after: None,
            limit,
            within: None,
            occupied_since: Millis(0),
        };
        let mut rooms = Vec::new();
        loop {
            let (page, cursor) = self.page(&listing);
            assert!(page.len() <= limit as usize);
            assert!(cursor.is_none() || page.len() == limit as usize, "a page is full or last");
            rooms.extend(page.into_iter().map(|it| it.room));
            if cursor.is_none() {
                return rooms;
            }
            listing.after = cursor;
        }
    }
}

#[test]
fn a40_what_rooms_did_adds_up_to_the_message() {
    let mut service = Service::new();
    let mut expected = Tally::default();
    for number in 1..=100 {
        let tally = Tally {
            opened: number,
            closed: number / 2,
            open_ms: number * 7,
            open_ms_max: number * 5,
            received: number * 3,
            received_bytes: number * 1_000_003,
            sent: number * 30,
            sent_bytes: number * 10_000_019,
            refused: number % 3,
            failed: number % 2,
            handling_us: number * 450,
            lost: number % 5,
            recovered: number % 4,
            ..Tally::default()
        };
        expected.add(&tally);
        let room = format!("chat:room-{}", number % 10);
        service.absorb(&Report { tally, ..report(&room, 1, 0) }, NOON.plus(number));
    }
    let summary = service.summary(NOON.plus(200));
    assert_eq!(summary.totals, expected);
    assert_eq!(summary.recent.received, expected.received);
    assert_eq!(summary.recent.errors, expected.refused + expected.failed);
    assert_eq!(summary.recent.handling_us, expected.handling_us);
    assert_eq!((summary.rooms, summary.since), (10, NOON));
}

#[test]
fn a_gauge_replaces_what_was_known_of_its_room() {
    let mut directory = directory();
    for connections in [3, 8, 5] {
        let report = Report { active: 2, ..report("chat:a", connections, 1) };
        directory.absorb(&report, NOON).unwrap();
        directory.absorb(&self::report("chat:b", 100, 1), NOON).unwrap();
    }
    let summary = directory.summary(NOON).unwrap();
    assert_eq!((summary.rooms, summary.connections, summary.active), (2, 105, 2));
    assert_eq!(summary.totals.received, 6);
}

#[test]
fn nobody_is_in_a_room_that_died() {
    let mut directory = directory();
    let states = vec![(Breaker::Storage, State::Open)];
    let dead = Report { active: 4, breakers: states, ..report("chat:dead", 4, 9) };
    directory.absorb(&dead, NOON).unwrap();
    directory.absorb(&report("chat:alive", 1, 1), NOON.plus(200_000)).unwrap();
    let at = |later| {
        let summary = directory.summary(NOON.plus(later)).unwrap();
        let storage = summary.breakers[&Breaker::Storage];
        (summary.rooms, summary.connections, summary.active, storage)
    };
    assert_eq!(at(59_999), (2, 5, 4, State::Open));
    assert_eq!(at(60_000), (2, 5, 0, State::Open), "nobody has encoded for a minute");
    assert_eq!(at(299_999), (2, 5, 0, State::Open));
    assert_eq!(at(300_000), (2, 1, 0, State::Closed));
    assert_eq!(directory.summary(NOON.plus(300_000)).unwrap().totals.received, 10);
    let believing = Directory::open(Rusqlite::in_memory(), 0, NOON);
    let mut believing = believing.unwrap();
    believing.absorb(&dead, NOON).unwrap();
    assert_eq!(believing.summary(NOON.plus(1 << 40)).unwrap().connections, 4);
}

#[test]
fn each_breaker_is_as_bad_as_where_it_is_worst() {
    let mut service = Service::new();
    let storage = |state| vec![(Breaker::Storage, state), (Breaker::Connect, State::Closed)];
    let worst = |service: &Service| -> Vec<State> {
        service.summary(NOON).breakers.into_values().collect()
    };
    let absorb = |service: &mut Service, room: &str, breakers| {
        service.absorb(&Report { breakers, ..report(room, 1, 0) }, NOON);
    };
    let closed = [State::Closed; 3].to_vec();
    assert_eq!(worst(&service), closed);
    absorb(&mut service, "chat:a", storage(State::HalfOpen));
    absorb(&mut service, "chat:b", storage(State::Closed));
    assert_eq!(worst(&service)[1], State::HalfOpen);
    absorb(&mut service, "chat:c", storage(State::Open));
    assert_eq!(worst(&service), [State::Closed, State::Open, State::Closed]);
    for room in ["chat:a", "chat:c"] {
        absorb(&mut service, room, storage(State::Closed));
    }
    assert_eq!(worst(&service), closed);
}

#[test]
fn x22_a_thousand_rooms_are_listed_and_summed() {
    let mut service = Service::new();
    let mut names: Vec<String> = (0..1000).map(|it| format!("chat:room-{it}")).collect();
    for (connections, name) in (0..).zip(&names) {
        service.absorb(&report(name, connections, 2), NOON);
    }
    let summary = service.summary(NOON);
    assert_eq!((summary.rooms, summary.connections), (1000, 499_500));
    assert_eq!(summary.totals.received, 2000);
    names.sort_unstable();
    for limit in [7, 100, 999, 1000] {
        assert_eq!(service.rooms(None, "", limit), names, "{limit} a page");
    }
    // Past the longest page there is, none is left out.
    let (page, cursor) = service.page(&Listing { limit: u32::MAX, ..Listing::default() });
    assert_eq!((page.len(), cursor), (1000, None));
    let (page, cursor) = service.page(&Listing::default());
    assert_eq!((page.len(), cursor.as_deref()), (1, Some("chat:room-0")));
}

#[test]
fn rooms_are_listed_by_kind_and_by_what_they_begin_with() {
    let mut service = Service::new();
    let all =
        ["chat:", "chat:a", "chat:a_1", "chat:ab1", "chat:a~", "chatter:a", "hub:a%", "hub:b"];
    for room in all {
        service.absorb(&report(room, 1, 0), NOON);
    }
    let rooms = |kind, prefix| service.rooms(kind, prefix, 2);
    assert_eq!(rooms(None, ""), all);
    assert_eq!(rooms(Some("chat"), ""), ["chat:", "chat:a", "chat:a_1", "chat:ab1", "chat:a~"]);
    assert_eq!(rooms(Some("chat"), "a"), ["chat:a", "chat:a_1", "chat:ab1", "chat:a~"]);
    assert_eq!(rooms(None, "chat:ab"), ["chat:ab1"], "without a kind, of the address");
    assert_eq!(rooms(None, "chat"), all[..6]);
    // What would be a wildcard elsewhere is itself.
    assert_eq!(rooms(Some("chat"), "a_"), ["chat:a_1"]);
    assert_eq!(rooms(Some("hub"), "a%"), ["hub:a%"]);
    assert_eq!(rooms(Some("chat"), "%"), [""; 0]);
    assert_eq!(rooms(Some("%"), ""), [""; 0]);
    assert_eq!(rooms(Some("chat' OR '1"), "\0\u{10ffff}"), [""; 0]);
}

#[test]
fn a_cursor_from_before_the_range_starts_at_the_range() {
    let mut service = Service::new();
    for room in ["chat:a", "chat:b", "hub:b", "hub:c"] {
        service.absorb(&report(room, 1, 0), NOON);
    }
    let page = |after: &str| {
        let (kind, after) = (Some("hub".into()), Some(after.into()));
        let (page, _) = service.page(&Listing { kind, after, limit: 9, ..Listing::default() });
        page.into_iter().map(|it| it.room).collect::<Vec<_>>()
    };
    assert_eq!(page("chat:a"), ["hub:b", "hub:c"]);
    assert_eq!(page("hub:b"), ["hub:c"]);
    assert_eq!(page("hub:c"), [""; 0]);
    assert_eq!(page("zoo:z"), [""; 0]);
}

#[test]
fn a_page_that_is_full_is_the_last_one_only_if_nothing_follows() {
    let mut directory = directory();
    for room in ["chat:a", "chat:b", "chat:c"] {
        directory.absorb(&report(room, 1, 0), NOON).unwrap();
    }
    let page = |limit| {
        let listing = Listing { limit, ..Listing::default() };
        let (page, cursor) = merge_pages(vec![directory.list(&listing).unwrap()], limit);
        (page.len(), cursor)
    };
    assert_eq!(page(2), (2, Some("chat:b".into())));
    assert_eq!(page(3), (3, None));
    assert_eq!(merge_pages(vec![], 3), (vec![], None));
}

#[test]
fn a_forgotten_room_is_gone_and_what_it_did_is_not() {
    let mut directory = directory();
    directory.absorb(&report("chat:a", 3, 10), NOON).unwrap();
    directory.absorb(&report("chat:b", 4, 10), NOON).unwrap();
    directory.forget("chat:a").unwrap();
    directory.forget("chat:never-there").unwrap();
    let summary = directory.summary(NOON).unwrap();
    assert_eq!((summary.rooms, summary.connections, summary.totals.received), (1, 4, 20));
    let listed = directory.list(&Listing { limit: 9, ..Listing::default() }).unwrap();
    assert_eq!(listed, [Listed { room: "chat:b".into(), connections: 4, reported_at: NOON }]);
}

#[test]
fn a_directory_keeps_everything_when_opened_again() {
    let database = Rusqlite::in_memory();
    let mut directory = Directory::open(database.again(), GAUGE_MS, NOON).unwrap();
    let breakers = vec![(Breaker::Outbound, State::HalfOpen)];
    directory.absorb(&Report { breakers, ..report("chat:a", 3, 10) }, NOON).unwrap();
    let later = NOON.plus(1_000);
    let again = Directory::open(database, GAUGE_MS, later).unwrap();
    assert_eq!(again.summary(later).unwrap(), directory.summary(later).unwrap());
    assert_eq!(again.summary(later).unwrap().since, NOON);
}

#[test]
fn a_report_that_fails_leaves_nothing_behind() {
    let database = Rusqlite::in_memory();
    let mut directory = Directory::open(database.again(), GAUGE_MS, NOON).unwrap();
    directory.absorb(&report("chat:a", 1, 1), NOON).unwrap();
    let before = directory.summary(NOON).unwrap();
    database.execute(
        "CREATE TRIGGER full BEFORE INSERT ON room BEGIN SELECT RAISE(ABORT, 'full'); END",
    );
    assert!(directory.absorb(&report("chat:b", 1, 1), NOON).is_err());
    assert_eq!(directory.summary(NOON).unwrap(), before);
    database.execute("DROP TRIGGER full");
    directory.absorb(&report("chat:b", 1, 1), NOON).unwrap();
    assert_eq!(directory.summary(NOON).unwrap().totals.received, 2);
}

#[test]
fn a_number_that_javascript_cannot_hold_is_not_stored() {
    let mut directory = directory();
    let report = Report { active: u64::MAX, ..report("chat:a", u64::MAX, 0) };
    directory.absorb(&report, NOON).unwrap();
    let summary = directory.summary(NOON).unwrap();
    assert_eq!((summary.connections, summary.active), (u64::from(u32::MAX), u64::from(u32::MAX)));
}

/// Directories in production have run a prefix of these: append, never edit.
#[test]
fn published_directory_migrations_do_not_change() {
    let steps: Vec<_> = MIGRATIONS.iter().map(|(_, statements)| statements).collect();
    insta::assert_debug_snapshot!(steps);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Whatever reports come, and however they fall to the shards: as a sum in a head.
    #[test]
    fn a_summary_agrees_with_the_model(
        reports in prop::collection::vec((0u64..12, 0u64..50, 0u64..99, 0u64..20_000), 1..60),
    ) {
        let (mut service, mut now) = (Service::new(), NOON);
        let mut gauges = std::collections::BTreeMap::new();
        let mut received = 0;
        for (room, connections, count, gap) in reports {
            now = now.plus(gap);
            let room = format!("chat:{room}");
            service.absorb(&report(&room, connections, count), now);
            gauges.insert(room, (connections, now));
            received += count;
        }
        let alive = gauges.values().filter(|(_, at)| now.since(*at) < GAUGE_MS);
        let summary = service.summary(now);
        prop_assert_eq!(summary.connections, alive.map(|(it, _)| it).sum::<u64>());
        prop_assert_eq!(summary.rooms, gauges.len() as u64);
        prop_assert_eq!(summary.totals.received, received);
        let names: Vec<String> = gauges.into_keys().collect();
        prop_assert_eq!(service.rooms(Some("chat"), "", 5), names);
    }
}

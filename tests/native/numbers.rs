//! What features count and show: reported, stored, summed, and for Prometheus.

use dormouse::directory::{Ask, Directory, Report, Summary};
use dormouse::feature::{NUMBERS, Numbers};
use dormouse::tally::Tally;

use crate::support::{NOON, Rusqlite};

const WAITING: &str = "webhook_events_waiting";
const SENT: &str = "webhook_events_sent_total";

fn numbers(name: &str, value: u64) -> Numbers {
    let mut numbers = Numbers::default();
    numbers.add(name, value);
    numbers
}

fn report(room: &str, sent: u64, waiting: u64) -> Report {
    let tally = Tally { own: numbers(SENT, sent), ..Tally::default() };
    Report { room: room.into(), tally, gauges: numbers(WAITING, waiting), ..Report::default() }
}

#[test]
fn numbers_of_features_are_reported_and_stored_by_names_that_do_not_change() {
    let names: Vec<&str> = NUMBERS.iter().copied().flatten().map(|it| it.name).collect();
    let published = [WAITING, SENT, "webhook_failures_total", "webhook_events_dropped_total"];
    assert_eq!(names.get(..4), Some(&published[..]), "append-only");
    let literal = serde_json::to_string(&Ask::Report(report("chat:a", 2, 3))).unwrap();
    assert!(
        literal.contains(r#""recovered":0,"own":[["webhook_events_sent_total",2]]}"#),
        "{literal}"
    );
    assert!(
        literal.ends_with(r#""breakers":[],"gauges":[["webhook_events_waiting",3]]}}"#),
        "{literal}"
    );
    // One that a later version added is left out.
    let later = literal.replace("events_waiting\",3]", "events_waiting\",3],[\"later\",7]");
    let Ask::Report(read) = serde_json::from_str(&later).unwrap() else { panic!("another") };
    assert_eq!(read, report("chat:a", 2, 3));
}

#[test]
fn counters_add_up_and_gauges_are_those_of_the_last_reports() {
    let mut directory = Directory::open(Rusqlite::in_memory(), 300_000, NOON).unwrap();
    for (room, sent, waiting) in [("chat:a", 1, 5), ("chat:b", 10, 20), ("chat:a", 2, 0)] {
        directory.absorb(&report(room, sent, waiting), NOON).unwrap();
    }
    let summary = directory.summary(NOON).unwrap();
    assert_eq!((summary.totals.own.get(SENT), summary.gauges.get(WAITING)), (13, 20));
    let text = serde_json::to_string(&summary).unwrap();
    assert_eq!(serde_json::from_str::<Summary>(&text).unwrap(), summary);
    let both = summary.clone().merge(summary.clone());
    assert_eq!((both.totals.own.get(SENT), both.gauges.get(WAITING)), (26, 40));
    // Nobody knows of a room that has been silent for long.
    let later = directory.summary(NOON.plus(300_001)).unwrap();
    assert_eq!((later.totals.own.get(SENT), later.gauges.get(WAITING)), (13, 0));
}

#[test]
fn x22_numbers_of_a_feature_are_for_prometheus_once_it_did_anything() {
    let mut directory = Directory::open(Rusqlite::in_memory(), 300_000, NOON).unwrap();
    let text = |directory: &Directory<_>| directory.summary(NOON).unwrap().prometheus(NOON);
    assert!(!text(&directory).contains("webhook"));
    directory.absorb(&report("chat:a", 2, 0), NOON).unwrap();
    let shown = "\
# HELP dormouse_webhook_events_waiting Webhook events that wait to be delivered.
# TYPE dormouse_webhook_events_waiting gauge
dormouse_webhook_events_waiting 0
# HELP dormouse_webhook_events_sent_total Webhook events delivered.
# TYPE dormouse_webhook_events_sent_total counter
dormouse_webhook_events_sent_total 2
# HELP dormouse_webhook_failures_total Webhook calls that failed.
# TYPE dormouse_webhook_failures_total counter
dormouse_webhook_failures_total 0
# HELP dormouse_webhook_events_dropped_total Webhook events given up.
# TYPE dormouse_webhook_events_dropped_total counter
dormouse_webhook_events_dropped_total 0
";
    assert!(text(&directory).contains(shown), "{}", text(&directory));
}

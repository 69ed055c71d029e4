//! What is shown of a merged summary: health (A44), metrics (A45), Prometheus (X22).

use dormouse::breaker::{Breaker, State};
use dormouse::directory::{Directory, PROMETHEUS_TYPE, Report, Stretch, Summary};
use dormouse::feature::Numbers;
use dormouse::message::Millis;
use dormouse::tally::Tally;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{NOON, Rusqlite};

/// An hour of a service, and 45 s of its last minute.
fn summary() -> Summary {
    Summary {
        since: NOON,
        rooms: 12,
        connections: 150,
        active: 100,
        totals: Tally {
            opened: 450,
            closed: 300,
            open_ms: 300 * 1_800_400,
            open_ms_max: 7_200_000,
            received: 45_000,
            received_bytes: 45_000 * 48,
            sent: 135_000,
            sent_bytes: 135_000 * 2_000,
            refused: 40,
            failed: 5,
            handling_us: 2_025_000_007,
            lost: 20,
            recovered: 19,
            ..Tally::default()
        },
        recent: Stretch {
            from: NOON.plus(3_555_000),
            received: 1_530,
            errors: 3,
            handling_us: 1_530 * 45_000,
        },
        breakers: Breaker::ALL.map(|it| (it, State::Closed)).into(),
        gauges: Numbers::default(),
    }
}

const HOUR: Millis = Millis(NOON.0 + 3_600_999);

fn empty() -> Summary {
    Directory::open(Rusqlite::in_memory(), 1, NOON).unwrap().summary(NOON).unwrap()
}

/// Every key down to the numbers, and whether the number there is whole.
fn shape(value: &Value) -> Vec<String> {
    match value {
        Value::Object(fields) => {
            let below =
                |(key, value)| shape(value).into_iter().map(move |it| format!("{key}.{it}"));
            fields.iter().flat_map(below).collect()
        }
        Value::Number(number) => vec![if number.is_u64() { "whole" } else { "fraction" }.into()],
        _ => vec!["text".into()],
    }
}

#[test]
fn a44_health_has_the_documented_shape() {
    let documented = json!({
        "status": "healthy",
        "connections": { "total": 150, "active": 150, "idle": 0 },
        "performance": {
            "messages_per_second": 25.5, "average_response_time": 0.045, "error_rate": 0.001
        },
        "uptime": 3600
    });
    for summary in [summary(), empty()] {
        let health = serde_json::to_value(summary.health(HOUR)).unwrap();
        assert_eq!(shape(&health), shape(&documented));
    }
}

#[test]
fn a45_metrics_have_the_documented_shape() {
    let documented = json!({
        "connections": {
            "total_connections": 150,
            "active_connections": 150,
            "connection_duration_avg": 1800,
            "connection_duration_max": 7200
        },
        "messages": {
            "total_sent": 45000,
            "total_received": 45000,
            "messages_per_second": 25.5,
            "average_message_size": 1024
        },
        "errors": { "total_errors": 5, "error_rate": 0.001, "recovery_success_rate": 0.95 }
    });
    for summary in [summary(), empty()] {
        let metrics = serde_json::to_value(summary.metrics(HOUR)).unwrap();
        assert_eq!(shape(&metrics), shape(&documented));
    }
}

#[test]
fn a44_health_shows_the_last_minute() {
    let now = NOON.plus(3_600_000);
    let expected = json!({
        "status": "healthy",
        "connections": { "total": 150, "active": 100, "idle": 50 },
        "performance": {
            "messages_per_second": 34.0,
            "average_response_time": 0.045,
            "error_rate": 0.001_961
        },
        "uptime": 3600
    });
    assert_eq!(serde_json::to_value(summary().health(now)).unwrap(), expected);
}

#[test]
fn a45_metrics_show_everything_since_counting_began() {
    let now = NOON.plus(3_600_000);
    let expected = json!({
        "connections": {
            "total_connections": 450,
            "active_connections": 150,
            "connection_duration_avg": 1800,
            "connection_duration_max": 7200
        },
        "messages": {
            "total_sent": 135_000,
            "total_received": 45_000,
            "messages_per_second": 34.0,
            "average_message_size": 1512
        },
        "errors": { "total_errors": 45, "error_rate": 0.001, "recovery_success_rate": 0.95 }
    });
    assert_eq!(serde_json::to_value(summary().metrics(now)).unwrap(), expected);
}

#[test]
fn a_service_of_which_nothing_is_known_is_healthy_and_divides_by_nothing() {
    let health = serde_json::to_value(empty().health(NOON)).unwrap();
    let zeros = json!({
        "messages_per_second": 0.0, "average_response_time": 0.0, "error_rate": 0.0
    });
    assert_eq!((&health["status"], &health["performance"]), (&json!("healthy"), &zeros));
    let metrics = serde_json::to_value(empty().metrics(NOON)).unwrap();
    let errors = json!({ "total_errors": 0, "error_rate": 0.0, "recovery_success_rate": 1.0 });
    assert_eq!(metrics["errors"], errors);
    assert_eq!(metrics["messages"]["average_message_size"], 0);
}

#[test]
fn a_service_is_degraded_while_any_breaker_is_not_closed() {
    for breaker in Breaker::ALL {
        for state in [State::Open, State::HalfOpen] {
            let mut summary = summary();
            summary.breakers.insert(breaker, state);
            let health = serde_json::to_value(summary.health(HOUR)).unwrap();
            assert_eq!(health["status"], "degraded", "{breaker:?} {state:?}");
        }
    }
}

#[test]
fn messages_a_second_are_of_the_last_minute_or_since_counting_began() {
    let mut directory = Directory::open(Rusqlite::in_memory(), 300_000, Millis(0)).unwrap();
    let mut absorb = |received, at| {
        let tally = Tally { received, ..Tally::default() };
        let report = Report { room: "chat:a".into(), tally, ..Report::default() };
        directory.absorb(&report, Millis(at)).unwrap();
        let summary = directory.summary(Millis(at)).unwrap();
        serde_json::to_value(summary.health(Millis(at))).unwrap()["performance"]
            ["messages_per_second"]
            .as_f64()
            .unwrap()
            .to_string()
    };
    assert_eq!(absorb(30, 10), "30", "over a second at least");
    assert_eq!(absorb(30, 4_000), "15");
    assert_eq!(absorb(40, 20_000), "5");
    // From 10 s to 60 s: what came in the first ten seconds is over.
    assert_eq!(absorb(60, 60_000), "2");
    assert_eq!(absorb(0, 69_999), "1.666694");
    assert_eq!(absorb(0, 1_000_000), "0");
}

#[test]
fn x22_prometheus_can_read_it() {
    assert!(PROMETHEUS_TYPE.contains("version=0.0.4"));
    let mut summary = summary();
    summary.breakers.insert(Breaker::Storage, State::Open);
    summary.breakers.insert(Breaker::Outbound, State::HalfOpen);
    let text = summary.prometheus(HOUR);
    let samples: Vec<&str> = text.lines().filter(|it| !it.starts_with('#')).collect();
    let expected = [
        "dormouse_connections 150",
        "dormouse_connections_active 100",
        "dormouse_rooms 12",
        "dormouse_connections_opened_total 450",
        "dormouse_connections_closed_total 300",
        "dormouse_connection_seconds_total 540120.000",
        "dormouse_messages_received_total 45000",
        "dormouse_messages_sent_total 135000",
        "dormouse_received_bytes_total 2160000",
        "dormouse_sent_bytes_total 270000000",
        "dormouse_refusals_total 40",
        "dormouse_failures_total 5",
        "dormouse_handling_seconds_total 2025.000007",
        "dormouse_users_lost_total 20",
        "dormouse_users_recovered_total 19",
        "dormouse_uptime_seconds 3600.999",
        "dormouse_breaker_state{breaker=\"connect\"} 0",
        "dormouse_breaker_state{breaker=\"storage\"} 2",
        "dormouse_breaker_state{breaker=\"outbound\"} 1",
    ];
    assert_eq!(samples, expected);
    assert!(text.ends_with('\n'));
    // Each is told what it is right before its first sample, and its type fits its name.
    let mut known = "";
    let lines: Vec<&str> = text.lines().collect();
    for window in lines.windows(3) {
        let [help, kind, sample] = window else { unreachable!() };
        let name = sample.split(['{', ' ']).next().unwrap();
        if !help.starts_with("# HELP") {
            continue;
        }
        assert!(help.starts_with(&format!("# HELP {name} ")), "{help}");
        let expected = if name.ends_with("_total") { "counter" } else { "gauge" };
        assert_eq!(*kind, format!("# TYPE {name} {expected}"));
        assert_ne!(name, known);
        known = name;
    }
    assert_eq!(lines.iter().filter(|it| it.starts_with("# HELP")).count(), 17);
}

#[test]
fn a_summary_crosses_from_a_directory_to_the_worker_unchanged() {
    let mut summary = summary();
    summary.breakers.insert(Breaker::Storage, State::HalfOpen);
    let text = serde_json::to_string(&summary).unwrap();
    assert_eq!(serde_json::from_str::<Summary>(&text).unwrap(), summary);
}

prop_compose! {
    fn any_summary()(
        since in 0u64..1000,
        numbers in prop::array::uniform8(0u64..1_000_000),
        grave in prop::sample::subsequence(Breaker::ALL.to_vec(), 0..=3),
        state in prop::sample::select(vec![State::Closed, State::HalfOpen, State::Open]),
    ) -> Summary {
        let [rooms, connections, active, received, open_ms_max, from, errors, sent] = numbers;
        Summary {
            since: Millis(since),
            rooms,
            connections,
            active,
            totals: Tally { received, open_ms_max, sent, ..Tally::default() },
            recent: Stretch { from: Millis(from), received, errors, handling_us: sent },
            breakers: grave.into_iter().map(|it| (it, state)).collect(),
            gauges: Numbers::default(),
        }
    }
}

proptest! {
    /// In whatever order the directories answer, the service is the same.
    #[test]
    fn summaries_merge_in_any_order(
        one in any_summary(),
        two in any_summary(),
        three in any_summary(),
    ) {
        let left = one.clone().merge(two.clone()).merge(three.clone());
        let right = one.clone().merge(two.clone().merge(three.clone()));
        let turned = three.merge(one).merge(two);
        prop_assert_eq!(&left, &right);
        prop_assert_eq!(&left, &turned);
    }
}

//! Metrics: who hears of them, and what is kept of them (B15, B16).

use std::fmt::Debug;
use std::rc::Rc;

use dormouse::api::read_event;
use dormouse::feature::metrics::Lately;
use dormouse::feature::metrics::Metric;
use dormouse::feature::metrics::{MetricMemory, MetricWrite, Observed, StoredReading};
use dormouse::history::{History, MemoryHistory, SqlHistory};
use dormouse::kernel::Request;
use dormouse::kernel::Write;
use dormouse::limits::{Limits, METRICS_MAX};
use dormouse::message::{Body, EVENT, Entry, Json, Kind, Millis, Name, Offset, UserId};
use serde_json::{Value, json};

use crate::found::lately;
use crate::publications::called;
use crate::support::{Rusqlite, entry, epoch, for_user};
use crate::world::World;

fn world() -> World {
    World::of(Kind::Analytics, Limits { broadcasts_per_minute: 0, ..Limits::default() })
}

/// What a backend publishes.
fn published(event: &Value) -> Request {
    called(Kind::Analytics, event)
}

fn publish(world: &mut World, metric: &str, value: f64) -> String {
    let data = json!({"metric": metric, "value": value});
    world.call(published(&json!({"type": "metric_update", "data": data})))
}

fn asks(world: &mut World, number: u64, kind: &str, metrics: &Value) -> Value {
    world.says(number, &json!({"type": kind, "id": "s", "data": {"metrics": metrics}}).to_string());
    world.sockets.frames(number).pop().unwrap()
}

/// The values a socket was told of.
fn told(world: &World, number: u64) -> Vec<(String, f64)> {
    let updates =
        world.sockets.frames(number).into_iter().filter(|it| it["type"] == "metric_update");
    updates
        .map(|it| {
            let data = &it["data"];
            (data["metric"].as_str().unwrap().to_owned(), data["value"].as_f64().unwrap())
        })
        .collect()
}

fn last(frame: &Value) -> Vec<(String, Value)> {
    let metrics = frame["data"]["metrics"].as_array().unwrap();
    metrics.iter().map(|it| (it["metric"].as_str().unwrap().into(), it["value"].clone())).collect()
}

#[test]
fn b15_m1_m3_a_subscription_is_confirmed_with_the_last_values_to_its_asker_alone() {
    let mut world = world();
    world.join(1, "ann", None);
    world.join(2, "bob", None);
    let before = world.sockets.frames(2).len();
    publish(&mut world, "score", 0.5);
    let frame = asks(&mut world, 1, "subscribe", &json!(["score", "other", "score"]));
    assert_eq!((&frame["type"], &frame["id"]), (&json!("subscribe"), &json!("s")));
    let at = Millis(world.now.0).to_rfc3339();
    let expected = json!({"metrics": [
        {"metric": "other", "value": null, "timestamp": null},
        {"metric": "score", "value": 0.5, "timestamp": at},
    ]});
    assert_eq!(frame["data"], expected);
    let frame = asks(&mut world, 1, "unsubscribe", &json!(["other", "unheard-of"]));
    assert_eq!(
        (&frame["type"], last(&frame)),
        (&json!("unsubscribe"), vec![("score".into(), json!(0.5))])
    );
    assert_eq!(world.sockets.frames(2).len(), before);
}

#[test]
fn b16_m2_m4_only_those_who_watch_a_metric_hear_of_it_whether_they_slept_or_not() {
    let mut world = world();
    for number in 1..=3 {
        world.join(number, &format!("user-{number}"), None);
    }
    asks(&mut world, 1, "subscribe", &json!(["a", "b"]));
    asks(&mut world, 2, "subscribe", &json!(["b"]));
    world.sleep();
    publish(&mut world, "a", 1.0);
    publish(&mut world, "b", 2.0);
    publish(&mut world, "c", 3.0);
    world.sleep();
    asks(&mut world, 1, "unsubscribe", &json!(["b"]));
    world.sleep();
    publish(&mut world, "b", 4.0);
    assert_eq!(told(&world, 1), [("a".into(), 1.0), ("b".into(), 2.0)]);
    assert_eq!(told(&world, 2), [("b".into(), 2.0), ("b".into(), 4.0)]);
    assert_eq!(told(&world, 3), []);
    let frame = asks(&mut world, 3, "subscribe", &json!(["a", "b", "c"]));
    let expected = [("a".into(), json!(1)), ("b".into(), json!(4)), ("c".into(), json!(3))];
    assert_eq!(
        last(&frame)
            .iter()
            .map(|(name, it)| (name.clone(), json!(it.as_f64())))
            .collect::<Vec<_>>(),
        expected.map(|(name, it): (String, Value)| (name, json!(it.as_f64())))
    );
}

#[test]
fn b16_m5_a_metric_has_an_offset_a_time_of_its_own_and_is_published_once() {
    let mut world = world();
    world.join(1, "ann", None);
    asks(&mut world, 1, "subscribe", &json!(["score"]));
    let data = json!({"metric": "score", "value": 7, "timestamp": "2024-01-01T00:00:00Z"});
    let event = json!({"type": "metric_update", "id": "once", "data": data});
    let answer = world.call(published(&event));
    assert!(answer.contains("Offset(1)") && answer.contains("duplicate: false"), "{answer}");
    world.sleep();
    let answer = world.call(published(&event));
    assert!(answer.contains("Offset(1)") && answer.contains("duplicate: true"), "{answer}");
    let frames = world.sockets.frames(1);
    let updates: Vec<&Value> = frames.iter().filter(|it| it["type"] == "metric_update").collect();
    let data = json!({"metric": "score", "value": 7, "timestamp": "2024-01-01T00:00:00.000Z"});
    assert_eq!(updates.len(), 1);
    assert_eq!(updates[0]["data"], data);
}

#[test]
fn g3_who_is_excluded_does_not_hear_of_it() {
    let mut world = world();
    for number in 1..=2 {
        world.join(number, "ann", None);
        asks(&mut world, number, "subscribe", &json!(["score"]));
    }
    let data = json!({"metric": "score", "value": 7});
    let exclude = crate::support::session_id(1).to_string();
    world.call(published(&json!({"type": "metric_update", "data": data, "exclude": exclude})));
    assert_eq!((told(&world, 1), told(&world, 2)), (vec![], vec![("score".into(), 7.0)]));
}

#[test]
fn m7_a_connection_watches_so_many_and_a_room_keeps_so_many() {
    let mut world = world();
    world.join(1, "ann", None);
    let names = |range: std::ops::Range<u32>| range.map(|it| format!("m{it}")).collect::<Vec<_>>();
    let code = |frame: &Value| frame["code"].clone();
    let frame = asks(&mut world, 1, "subscribe", &json!(names(0..100)));
    assert_eq!(last(&frame).len(), 100);
    for more in [names(100..101), names(0..10_000), vec!["m1".into(); 10_000]] {
        assert_eq!(code(&asks(&mut world, 1, "subscribe", &json!(more))), "CONFLICT");
    }
    assert_eq!(code(&asks(&mut world, 1, "unsubscribe", &json!(names(0..10_000)))), "CONFLICT");
    asks(&mut world, 1, "unsubscribe", &json!(names(0..100)));
    let long: Vec<String> = (0..65).map(|it| format!("{it:0128}")).collect();
    assert_eq!(code(&asks(&mut world, 1, "subscribe", &json!(long))), "CONFLICT");
    assert_eq!(last(&asks(&mut world, 1, "subscribe", &json!(long[..64]))).len(), 64);
    for number in 0..METRICS_MAX {
        assert!(!publish(&mut world, &format!("n{number}"), 1.0).contains("Conflict"));
    }
    world.sleep();
    assert!(publish(&mut world, "one-too-many", 1.0).contains("Conflict"));
    assert!(publish(&mut world, "n7", 1.0).contains("duplicate: false"), "known ones go on");
    assert!(publish(&mut world, "activity", 1.0).contains("duplicate: false"), "beside");
}

#[test]
fn b15_what_is_no_list_of_names_is_refused_and_the_room_goes_on() {
    let mut world = world();
    world.join(1, "ann", None);
    for data in [
        json!(null),
        json!([]),
        json!({}),
        json!({"metrics": "a"}),
        json!({"metrics": [1]}),
        json!({"metrics": [""]}),
        json!({"metrics": ["a b"]}),
        json!({"metrics": ["*"]}),
        json!({"metrics": ["x".repeat(129)]}),
        json!({"metrics": null}),
    ] {
        for kind in ["subscribe", "unsubscribe"] {
            world.says(1, &json!({"type": kind, "data": data}).to_string());
            let frame = world.sockets.frames(1).pop().unwrap();
            assert_eq!(frame["code"], "INVALID_MESSAGE_FORMAT", "{data}");
        }
    }
    assert_eq!(last(&asks(&mut world, 1, "subscribe", &json!([]))), []);
}

#[test]
fn each_kind_of_room_serves_its_own() {
    let code = |world: &World| world.sockets.frames(1).pop().unwrap()["code"].clone();
    let mut chat = World::new(Limits::default());
    chat.join(1, "ann", None);
    for kind in ["subscribe", "unsubscribe"] {
        chat.says(1, &json!({"type": kind, "data": {"metrics": ["activity"]}}).to_string());
        assert_eq!(code(&chat), "UNKNOWN_MESSAGE_TYPE");
    }
    let mut analytics = world();
    analytics.join(1, "ann", None);
    for frame in [
        json!({"type": "message", "data": {"content": "x"}}),
        json!({"type": "typing", "data": {"isTyping": true}}),
        json!({"type": "edit", "data": {"operation": "insert", "position": 0, "content": "x", "version": 0}}),
        json!({"type": "metric_update", "data": {"metric": "a", "value": 1}}),
    ] {
        analytics.says(1, &frame.to_string());
        assert_eq!(code(&analytics), "UNKNOWN_MESSAGE_TYPE", "{frame}");
    }
}

#[test]
fn b16_g7_every_fault_of_a_metric_is_named() {
    let faults = |text: &str| {
        let error = read_event(text, Kind::Analytics, 1 << 20).unwrap_err();
        let details = serde_json::to_value(&error.details).unwrap();
        let faults = details["faults"].as_array().cloned().unwrap_or_default();
        faults.iter().map(|it| it["field"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let text = r#"{"type":"metric_update","user_id":"ann","data":{"value":1e999,"timestamp":7}}"#;
    assert_eq!(faults(text), ["user_id", "metric", "value", "timestamp"]);
    assert_eq!(faults(r#"{"type":"metric_update"}"#), ["data"]);
    let old = r#"{"type":"metric_update","data":{"metric":"a","value":1,"timestamp":"1969-12-31T23:59:59Z"}}"#;
    assert_eq!(faults(old), ["timestamp"]);
    assert_eq!(
        faults(r#"{"type":"metric_update","user_id":"a","data":{"metric":"a","value":1}}"#),
        ["user_id"]
    );
    let other = read_event(r#"{"type":"metric_update","data":[]}"#, Kind::Chat, 1 << 20).unwrap();
    let Ok(dormouse::kernel::Command::Publish(it)) = other.request(Kind::Chat).command else {
        panic!("an event like others, elsewhere")
    };
    let body = it.body;
    assert!(body.kind == EVENT && dormouse::feature::is_protected(body.name.as_str()));
}

#[test]
fn an_erased_room_knows_no_values() {
    let mut world = world();
    publish(&mut world, "score", 1.0);
    world.call(Request { request_id: None, command: Ok(dormouse::kernel::Command::Erase) });
    for number in 1..=2 {
        world.join(number, "ann", None);
        let frame = asks(&mut world, number, "subscribe", &json!(["score"]));
        assert_eq!(last(&frame), [("score".into(), Value::Null)]);
        world.sleep();
    }
}

// ---- the history

fn reading(value: &str, at: u64, own: bool) -> StoredReading {
    StoredReading { value: Json::parse(value).unwrap(), at: Millis(at), own }
}

fn name(name: &str) -> Name {
    Name::parse(name).unwrap()
}

fn measured(offset: u64, at: u64, metric: &str, value: &str, own_at: Option<u64>) -> Write {
    let (metric, value) = (name(metric), Json::parse(value).unwrap());
    let body = Body::from(Metric { metric, value, at: own_at.map(Millis) }).accepted(Millis(at));
    Write::Append(Rc::new(Entry { body, ..(*entry(offset, at, "bot", None)).clone() }))
}

#[test]
fn histories_keep_the_contract() {
    contract(|| MemoryHistory::new(epoch()));
    contract(|| SqlHistory::open(Rusqlite::in_memory(), &epoch()).unwrap());
}

fn contract<H: History<Error: Debug>>(new: impl Fn() -> H) {
    let mut history = new();
    assert_eq!(history.stored_room().unwrap().own.metrics, MetricMemory::default());
    let own =
        |value, at| Write::from(MetricWrite::Keep(name("activity"), reading(value, at, true)));
    let writes = [
        measured(1, 10, "b", "1", None),
        measured(2, 11, "a", "2.5", Some(5)),
        measured(3, 12, "b", "-3", None),
        own("4", 12),
        Write::from(MetricWrite::Observed(Observed::Busy)),
    ];
    history.commit(&writes).unwrap();
    let known = history.stored_room().unwrap().own.metrics;
    let expected = [
        (name("a"), reading("2.5", 5, false)),
        (name("activity"), reading("4", 12, true)),
        (name("b"), reading("-3", 12, false)),
    ];
    assert_eq!((known.last.as_slice(), known.observed), (&expected[..], Observed::Busy));
    // The entries are in the log, as they were.
    let query = dormouse::kernel::PageQuery {
        before: dormouse::message::Before::Newest,
        after: None,
        viewer: UserId("ann".into()),
        limit: 9,
        bytes_max: dormouse::limits::PAGE_BYTES_MAX,
        first: Offset(1),
        since: Millis(0),
        head: Offset(3),
        epoch: epoch(),
        raw: false,
        within: dormouse::message::Within::default(),
    };
    let entries = history.page(&query).unwrap().entries.into_iter().map(Write::Append);
    assert_eq!(entries.collect::<Vec<_>>(), writes[..3]);
    history.commit(&[Write::Erase(epoch())]).unwrap();
    let known = history.stored_room().unwrap().own.metrics;
    assert_eq!((known.last, known.observed), (vec![], Observed::Busy), "those who watch still do");
    a_stretch_is_counted(new());
}

fn a_stretch_is_counted<H: History<Error: Debug>>(mut history: H) {
    let late = |history: &H, since, first, head| {
        let Lately { messages, authors } =
            lately(history, Millis(since), Offset(first), Offset(head));
        (messages, authors.into_iter().map(|it| it.0).collect::<Vec<_>>())
    };
    assert_eq!(late(&history, 0, 0, 0), (0, vec![]));
    let mut writes: Vec<Write> = (1..=6)
        .map(|it| Write::Append(entry(it, 100 * it, if it % 2 == 0 { "bob" } else { "ann" }, None)))
        .collect();
    let event = Entry { body: for_user("ann", 7), ..(*entry(7, 700, "bot", None)).clone() };
    writes.push(Write::Append(event.into()));
    history.commit(&writes).unwrap();
    let all = || vec!["ann".to_owned(), "bob".into(), "bot".into()];
    assert_eq!(late(&history, 0, 1, 7), (6, all()));
    assert_eq!(late(&history, 0, 0, 7), (6, all()));
    assert_eq!(late(&history, 500, 1, 7), (2, all()));
    assert_eq!(late(&history, 600, 1, 7), (1, all()[1..].to_vec()));
    assert_eq!(late(&history, 601, 1, 7), (0, vec!["bot".into()]));
    assert_eq!(late(&history, 701, 1, 7), (0, vec![]));
    assert_eq!(late(&history, 0, 1, 1), (1, vec!["ann".into()]));
    assert_eq!(late(&history, 0, 6, 6), (1, vec!["bob".into()]));
    history.commit(&[Write::Trim { from: Offset(6), since: Millis(0) }]).unwrap();
    assert_eq!(late(&history, 0, 1, 7), (1, all()[1..].to_vec()));
    history.commit(&[Write::Trim { from: Offset(9), since: Millis(0) }]).unwrap();
    assert_eq!(late(&history, 0, 0, 7), (0, vec![]));
}

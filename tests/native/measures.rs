//! What a chat room measures of itself, and the analytics room of its name that wants to know.

use std::collections::BTreeMap;

use dormouse::api::{Answer, Task};
use dormouse::feature;
use dormouse::feature::Call;
use dormouse::feature::metrics::Measures;
use dormouse::feature::metrics::MetricCall;
use dormouse::feature::metrics::MetricInput;
use dormouse::kernel::Input;
use dormouse::kernel::{Command, Request};
use dormouse::limits::Limits;
use dormouse::message::{Kind, Millis};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::publications::called;
use crate::support::{NOON, session_id};
use crate::world::World;

/// A chat room and the analytics room of its name, under one clock.
struct Pair {
    chat: World,
    analytics: World,
    /// What the chat room reported, and when.
    reports: Vec<(u64, Measures)>,
    /// Whether what they ask each other gets lost.
    cut: bool,
    sleepless: bool,
}

fn answer<A: DeserializeOwned>(answers: Vec<Answer>) -> A {
    match answers.into_iter().next() {
        Some(Answer::Done(json)) => serde_json::from_str(json.as_str()).unwrap(),
        other => panic!("not answered: {other:?}"),
    }
}

impl Pair {
    fn new() -> Self {
        let limits = Limits { inactivity_ms: 0, messages_per_minute: 0, ..Limits::default() };
        let (chat, analytics) = (World::new(limits), World::of(Kind::Analytics, limits));
        Self { chat, analytics, reports: Vec::new(), cut: false, sleepless: true }
    }

    /// Lets the rooms say to each other what they want to.
    fn settle(&mut self) {
        loop {
            let mut asked = std::mem::take(&mut self.chat.calls);
            asked.append(&mut self.analytics.calls);
            if asked.is_empty() {
                break;
            }
            for it in asked {
                self.pass_on(&it);
            }
        }
        if !self.sleepless {
            self.chat.sleep();
            self.analytics.sleep();
        }
    }

    fn pass_on(&mut self, asked: &Call) {
        match asked {
            Call::Metrics(MetricCall::Measures(measures)) => {
                self.reports.push((measures.at.since(NOON), *measures));
                if !self.cut {
                    let watched =
                        answer(self.analytics.run(&Task::from(MetricCall::Measures(*measures))));
                    self.chat.happens(Input::Feature(feature::Input::Metrics(
                        MetricInput::IsWatched(watched),
                    )));
                }
            }
            Call::Metrics(MetricCall::Observe) => {
                if !self.cut {
                    let measures = answer(self.chat.run(&Task::from(MetricCall::Observe)));
                    self.analytics.happens(Input::Feature(feature::Input::Metrics(
                        MetricInput::Measured(measures),
                    )));
                }
            }
            _ => panic!("not in these rooms"),
        }
    }

    fn wait(&mut self, millis: u64) {
        let until = self.chat.now.plus(millis);
        while self.chat.now < until {
            let next = self.chat.now.plus(100).min(until);
            for world in [&mut self.chat, &mut self.analytics] {
                world.wait(next.since(world.now));
            }
            self.settle();
        }
    }

    fn says(&mut self, number: u64) {
        self.chat.says(number, &json!({"type": "message", "data": {"content": "x"}}).to_string());
        self.settle();
    }

    fn asks(&mut self, kind: &str, metrics: &Value) {
        let frame = json!({"type": kind, "data": {"metrics": metrics}});
        self.analytics.says(9, &frame.to_string());
        self.settle();
    }

    /// Ann and Bob chat, and somebody watches.
    fn watched() -> Self {
        let mut pair = Self::new();
        pair.chat.join(1, "ann", None);
        pair.chat.join(2, "bob", None);
        pair.analytics.join(9, "dora", None);
        pair.asks("subscribe", &json!(["engagement", "activity", "performance"]));
        // Its answer was a report, too.
        pair.wait(1_000);
        pair
    }

    /// The last values the watcher was told.
    fn shown(&self) -> BTreeMap<String, Value> {
        let frames = self.analytics.sockets.frames(9).into_iter();
        let updates = frames.filter(|it| it["type"] == "metric_update");
        updates
            .map(|it| (it["data"]["metric"].as_str().unwrap().into(), it["data"]["value"].clone()))
            .collect()
    }

    fn numbers(&self) -> (Value, Value) {
        let shown = self.shown();
        let number = |name: &str| shown.get(name).cloned().unwrap_or_default();
        (number("engagement"), number("activity"))
    }
}

#[test]
fn b16_m6_a_chat_room_tells_how_it_is_while_somebody_watches() {
    for sleepless in [true, false] {
        let mut pair = Pair { sleepless, ..Pair::watched() };
        assert_eq!(pair.shown(), BTreeMap::new(), "that nothing happens is no news");
        pair.says(1);
        assert_eq!(pair.numbers(), (json!(1), json!(1)));
        assert_eq!(pair.shown()["performance"], 0);
        pair.wait(2_000);
        pair.says(1);
        pair.wait(2_000);
        pair.says(2);
        assert_eq!(pair.numbers(), (json!(2), json!(3)));
        // An author without a socket, and one who says what is no message.
        pair.wait(2_000);
        let event = json!({"type": "message", "data": {"content": "x"}});
        pair.chat.call(called(Kind::Chat, &event));
        pair.settle();
        assert_eq!(pair.numbers(), (json!(3), json!(4)), "{sleepless}");
        pair.chat.join(3, "cyd", None);
        pair.wait(2_000);
        assert_eq!(pair.numbers(), (json!(3), json!(4)), "to be there is not to say something");
        pair.chat.says(3, &json!({"type": "typing", "data": {"isTyping": true}}).to_string());
        pair.settle();
        assert_eq!(pair.numbers(), (json!(4), json!(4)));
        pair.wait(70_000);
        assert_eq!(pair.numbers(), (json!(0), json!(0)));
    }
}

#[test]
fn b16_m6_it_tells_so_at_most_once_a_second_and_loses_nothing() {
    let mut pair = Pair::watched();
    for number in 0..100 {
        pair.says(1 + number % 2);
        pair.wait(70);
    }
    pair.wait(1_000);
    let times: Vec<u64> = pair.reports.iter().map(|(at, _)| *at).collect();
    assert!(times.windows(2).all(|it| 1_000 <= it[1] - it[0]), "{times:?}");
    assert!((6..=9).contains(&times.len()), "{times:?}");
    assert_eq!(pair.numbers(), (json!(2), json!(100)));
}

#[test]
fn b16_m6_when_the_minute_is_over_it_tells_so_once_and_sleeps() {
    for sleepless in [true, false] {
        let mut pair = Pair { sleepless, ..Pair::watched() };
        pair.says(1);
        pair.wait(2_000);
        let before = pair.reports.len();
        pair.wait(70_000);
        let after: Vec<(u64, u64)> =
            pair.reports[before..].iter().map(|(_, it)| (it.engagement, it.activity)).collect();
        // A room that slept does not know whether all was told.
        assert_eq!(after.last(), Some(&(0, 0)));
        assert_eq!(after.len(), 1, "{sleepless}: {after:?}");
        pair.wait(300_000);
        assert_eq!(pair.reports.len(), before + 1, "then silence");
        // No alarm but that of the log's retention, which is days away.
        let alarm = pair.chat.alarm.unwrap();
        assert!(NOON.plus(24 * 3_600_000) < alarm, "{sleepless}");
        pair.says(2);
        assert_eq!(pair.numbers(), (json!(1), json!(1)), "and goes on");
    }
}

#[test]
fn a_ping_is_nothing_to_tell_and_neither_is_what_nobody_watches() {
    let mut pair = Pair::watched();
    pair.says(1);
    pair.wait(5_000);
    let before = pair.reports.len();
    for _ in 0..5 {
        pair.chat.says(1, r#"{"type":"ping","id":"p"}"#);
        pair.wait(2_000);
    }
    assert_eq!(pair.reports.len(), before);
    pair.asks("unsubscribe", &json!(["engagement", "activity", "performance"]));
    pair.says(1);
    assert_eq!(pair.reports.len(), before + 1, "with the next report it learns of it");
    pair.chat.sleep();
    for _ in 0..5 {
        pair.says(1);
        pair.wait(30_000);
    }
    assert_eq!(pair.reports.len(), before + 1);
    pair.asks("subscribe", &json!(["activity"]));
    assert_eq!(pair.numbers().1, json!(1), "asked again, it answers at once");
    pair.says(2);
    pair.wait(1_000);
    assert_eq!(pair.numbers().1, json!(2));
    let mut unwatched = Pair::new();
    unwatched.chat.join(1, "ann", None);
    unwatched.analytics.join(9, "dora", None);
    unwatched.asks("subscribe", &json!(["score"]));
    unwatched.says(1);
    assert!(unwatched.reports.is_empty());
}

#[test]
fn a_report_that_is_lost_is_not_sent_again_but_the_next_one_is_right() {
    let mut pair = Pair::watched();
    pair.says(1);
    pair.wait(2_000);
    pair.cut = true;
    pair.says(1);
    let lost = pair.reports.len();
    pair.wait(20_000);
    assert_eq!(pair.reports.len(), lost, "no loop");
    pair.cut = false;
    pair.says(2);
    assert_eq!(pair.numbers(), (json!(2), json!(3)));
}

#[test]
fn an_answer_that_is_out_of_date_does_not_silence_it() {
    let mut pair = Pair::watched();
    pair.asks("unsubscribe", &json!(["engagement", "activity", "performance"]));
    // The answer "nobody" is on its way while somebody subscribes again.
    pair.cut = true;
    pair.says(1);
    pair.cut = false;
    pair.asks("subscribe", &json!(["activity"]));
    pair.chat.happens(Input::Feature(feature::Input::Metrics(MetricInput::IsWatched(false))));
    pair.wait(2_000);
    pair.says(1);
    assert_eq!(pair.numbers().1, json!(2));
    // And reports may overtake each other.
    let old = Measures { at: Millis(NOON.0), engagement: 9, activity: 9, performance: None };
    let _: bool = answer(pair.analytics.run(&Task::from(MetricCall::Measures(old))));
    assert_eq!(pair.numbers().1, json!(2));
}

#[test]
fn m6_a_backends_value_gives_way_to_what_happens_not_to_that_nothing_does() {
    let mut pair = Pair::new();
    pair.chat.join(1, "ann", None);
    pair.analytics.join(9, "dora", None);
    let data = json!({"metric": "engagement", "value": 42});
    let event = json!({"type": "metric_update", "data": data});
    pair.analytics.call(called(Kind::Analytics, &event));
    pair.asks("subscribe", &json!(["engagement"]));
    assert_eq!(pair.shown(), BTreeMap::new());
    pair.says(1);
    pair.wait(1_000);
    assert_eq!(pair.numbers().0, json!(1));
}

#[test]
fn who_left_counts_by_what_the_log_says_and_an_erased_room_falls_to_nothing() {
    let mut pair = Pair::watched();
    pair.chat.says(1, &json!({"type": "typing", "data": {"isTyping": true}}).to_string());
    pair.says(2);
    pair.wait(2_000);
    assert_eq!(pair.numbers(), (json!(2), json!(1)));
    assert!(pair.chat.sockets.is_open(session_id(1)));
    pair.chat.leave(1);
    pair.chat.leave(2);
    pair.wait(2_000);
    assert_eq!(pair.numbers(), (json!(1), json!(1)), "Ann was only typing");
    pair.chat.call(Request { request_id: None, command: Ok(Command::Erase) });
    pair.wait(2_000);
    assert_eq!(pair.numbers(), (json!(0), json!(0)));
}

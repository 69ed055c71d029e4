//! What every room serves over HTTP: events in, the log out (G1 to G7).

use dormouse::api::Task;
use dormouse::feature::bans::BanTask;
use dormouse::message::{Millis, Offset};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::place::Place;
use super::stage::Stage;
use super::step::{Act, Feature, Reached, Step, Steps, acts};
use crate::support::NOON;

pub(super) static EVENTS: Feature = Feature {
    steps: |place| {
        let event = (id(), select(vec!["agent.x", "other"]), 0u32..9)
            .prop_map(|(id, kind, data)| json!({"type": kind, "id": id, "data": data}));
        let for_one =
            select(place.users).prop_map(|user| json!({"type": "agent.x", "user_id": user}));
        let wrong = Just(json!({"type": "ping", "data": {}}));
        let batch = (1usize..8)
            .prop_map(|count| Step::Publishes("ann", vec![json!({"type": "other"}); count]));
        let excludes = place.seat().prop_map(Excludes);
        vec![
            (4, publishes(event)),
            (1, publishes(for_one)),
            (1, publishes(wrong)),
            (1, batch.boxed()),
            (1, acts(excludes)),
        ]
    },
    reached: &[
        Reached("an event was published over HTTP", |it| {
            it.answers.iter().any(|it| it["done"]["duplicate"] == false)
        }),
        Reached("a resend was answered over HTTP", |it| {
            it.answers.iter().any(|it| it["done"]["duplicate"] == true)
        }),
        Reached("a word was refused as a name", |it| {
            it.asks("publish") && it.refused("INVALID_MESSAGE_FORMAT")
        }),
        Reached("who may not publish was refused", |it| {
            it.asks("publish") && it.refused("PERMISSION_DENIED")
        }),
        Reached("a caller was too fast", |it| {
            it.asks("publish") && it.refused("RATE_LIMIT_EXCEEDED")
        }),
    ],
};

pub(super) fn id() -> impl Strategy<Value = Value> {
    select(vec![Value::Null, Value::Null, json!("m1"), json!("m2")])
}

/// Mostly by who may.
pub(super) fn publishes(event: impl Strategy<Value = Value> + 'static) -> Steps {
    (select(vec!["backend", "backend", "ann", "bob", "cid"]), event)
        .prop_map(|(who, event)| Step::Publishes(who, vec![event]))
        .boxed()
}

/// An event that all but one connection hear.
#[derive(Clone, Debug)]
struct Excludes(usize);

impl Act for Excludes {
    fn play(&self, stage: &mut Stage) {
        let exclude = stage.connection(self.0).map(|it| it.to_string());
        let event = json!({"type": "agent.x", "data": "not you", "exclude": exclude});
        stage.publish("backend", &[event]);
    }
}

pub(super) static HISTORY: Feature = Feature {
    steps: |_: &'static Place| {
        let limit = 1u32..9;
        let upwards = (0u64..6, 1u32..4)
            .prop_map(|(after, limit)| page(None, None, Some(Offset(after)), limit));
        let downwards = (0u64..20, limit.clone())
            .prop_map(|(before, limit)| page(Some(Offset(before)), None, None, limit));
        let by_time = (0u64..100, limit)
            .prop_map(|(later, limit)| page(None, Some(NOON.plus(later)), None, limit));
        let who = select(vec!["ann", "bob", "nobody"]);
        let asks = (who, prop_oneof![upwards, downwards, by_time]);
        vec![(4, asks.prop_map(|(who, task)| Step::Calls(who, task)).boxed())]
    },
    reached: &[
        Reached("a page of the log had more before it", |it| {
            it.answers.iter().any(|it| it["done"]["next_before"].is_u64())
        }),
        Reached("a page of the log had more after it", |it| {
            it.answers.iter().any(|it| it["done"]["next_after"].is_u64())
        }),
        Reached("the log was not shown to who may not see it", |it| {
            it.asks("history") && it.refused("PERMISSION_DENIED")
        }),
    ],
};

fn page(
    before: Option<Offset>,
    before_time: Option<Millis>,
    after: Option<Offset>,
    limit: u32,
) -> Task {
    Task::History { before, before_time, after, limit, raw: false }
}

/// What can be asked of a room of any kind.
pub(super) fn everything() -> [Task; 3] {
    [Task::Presence, page(None, None, None, 200), BanTask::List(None, 50).into()]
}

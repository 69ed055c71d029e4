//! History found again (S1 and on).

use dormouse::api::Task;
use dormouse::feature::search::{Asked, SearchCommand};
use dormouse::message::{Before, Offset};
use dormouse::protocol::ProtocolId;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::place::Place;
use super::step::{Feature, Reached, Step, Steps};

/// What is looked for: words of what is said here, beginnings of them, and what is no word.
fn asked() -> impl Strategy<Value = Value> {
    let text =
        select(vec!["a*", "a*", "e*", "text", "\"long text\"", "te* lo*", "nowhere", "*", ""]);
    let before = prop_oneof![3 => Just(Value::Null), 1 => (0u64..20).prop_map(|it| json!(it))];
    let order = select(vec![Value::Null, json!("newest"), json!("best"), json!("oldest")]);
    (text, 0u64..4, before, order).prop_map(|(text, limit, before, order)| {
        let limit = if limit == 0 { json!(null) } else { json!(limit) };
        json!({"text": text, "limit": limit, "before": before, "order": order})
    })
}

fn over_http() -> Steps {
    let before =
        prop_oneof![Just(Before::Newest), (0u64..20).prop_map(|it| Before::Offset(Offset(it)))];
    (select(vec!["backend", "bob", "nobody"]), before, 1u64..4)
        .prop_map(|(who, before, limit)| {
            let asked = Asked::new("a* ".into(), Some(limit), before, None).unwrap();
            Step::Calls(who, Task::from(SearchCommand::Search(asked)))
        })
        .boxed()
}

pub(super) static IN_CONTEXT: Feature = Feature {
    steps: |place| {
        let message = Just(json!({"type": "message", "data": {"content": "A long text"}}));
        let search = asked().prop_map(|it| json!({"type": "search", "id": "f", "data": it}));
        vec![
            (3, place.says(ProtocolId::CONTEXT, message)),
            (6, place.says(ProtocolId::CONTEXT, search)),
            (2, over_http()),
        ]
    },
    reached: &[
        Reached("a message was found", |it| found(&it.own, "data")),
        Reached("more messages were to be found", |it| {
            it.own.iter().any(|it| it["type"] == "search" && it["data"]["nextBefore"].is_u64())
        }),
        Reached("a search for no word was refused", |it| {
            it.asks("search") && it.refused("INVALID_MESSAGE_FORMAT")
        }),
        Reached("a message was found over HTTP", |it| {
            it.answers.iter().any(|it| it["done"]["matches"][0].is_object())
        }),
    ],
};

pub(super) static IN_EVENTS: Feature = Feature {
    steps: |place: &'static Place| {
        let user = prop_oneof![2 => Just(None), 1 => select(place.users).prop_map(Some)];
        let publish = user.prop_map(|user| {
            let params =
                json!({"event": "other", "data": {"x": ["A long", "text"]}, "user_id": user});
            json!({"type": "command", "command": "publish", "params": params})
        });
        let search = asked()
            .prop_map(|it| json!({"type": "query", "id": "f", "query": "search", "params": it}));
        vec![
            (3, place.says(ProtocolId::EVENTS, publish)),
            (6, place.says(ProtocolId::EVENTS, search)),
            (2, over_http()),
        ]
    },
    reached: &[Reached("an event was found", |it| found(&it.own, "result"))],
};

pub(super) static OFF: Feature = Feature {
    steps: |_| vec![(1, over_http())],
    reached: &[Reached("a search was refused where it is off", |it| {
        it.asks("search") && it.refused("NOT_FOUND")
    })],
};

fn found(frames: &[Value], place: &str) -> bool {
    frames.iter().any(|it| it[place]["matches"][0].is_object())
}

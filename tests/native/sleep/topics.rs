//! Subscriptions to topics (C6, C7).

use dormouse::protocol::ProtocolId;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::step::{Feature, Reached};

pub(super) static TOPICS: Feature = Feature {
    steps: |place| {
        let topic = || select(vec!["*", "agent.*", "agent.x", "state.*", "user_*", "other"]);
        let subscribe =
            topic().prop_map(|it| json!({"type": "subscribe", "id": "s", "events": [it]}));
        let unsubscribe =
            topic().prop_map(|it| json!({"type": "unsubscribe", "id": "u", "events": [it]}));
        let list = Just(json!({"type": "query", "id": "q", "query": "subscriptions"}));
        vec![
            (6, place.says(ProtocolId::EVENTS, subscribe)),
            (4, place.says(ProtocolId::EVENTS, unsubscribe)),
            (1, place.says(ProtocolId::EVENTS, list)),
        ]
    },
    reached: &[
        Reached("a topic was subscribed to", |it| {
            it.own.iter().any(|it| it["result"]["subscribed"].is_array())
        }),
        Reached("an event came by a topic", |it| {
            it.others.iter().any(|it| it["type"] == "event" && it["event"] == "agent.x")
        }),
        Reached("a topic was unsubscribed from", |it| {
            let topics = |it: &Value| it["result"]["unsubscribed"][0].is_string();
            it.own.iter().any(topics)
        }),
        Reached("subscriptions were told", |it| {
            it.own.iter().any(|it| it["result"]["subscriptions"][0].is_string())
        }),
    ],
};

//! Who is here, comes and goes (B13, B14).

use dormouse::api::Task;
use dormouse::protocol::ProtocolId;
use proptest::prelude::*;
use serde_json::json;

use super::step::{Feature, Reached, Step};

pub(super) static IN_CONTEXT: Feature = Feature {
    steps: |place| {
        let presence = Just(json!({"type": "presence", "id": "w"}));
        vec![(3, place.says(ProtocolId::CONTEXT, presence))]
    },
    reached: &[
        Reached("who is here was told", |it| it.got("presence")),
        Reached("somebody came", |it| it.heard("user_joined")),
        Reached("somebody left when their grace was over", |it| it.waited && it.heard("user_left")),
        Reached("who may not see who is here was refused", |it| {
            it.asks("presence") && it.refused("PERMISSION_DENIED")
        }),
    ],
};

pub(super) static IN_EVENTS: Feature = Feature {
    steps: |place| {
        let presence = Just(json!({"type": "query", "id": "w", "query": "presence"}));
        let subscribe = Just(json!({"type": "subscribe", "id": "s", "events": ["user_*"]}));
        vec![
            (2, place.says(ProtocolId::EVENTS, presence)),
            (1, place.says(ProtocolId::EVENTS, subscribe)),
        ]
    },
    reached: &[
        Reached("who is here was told", |it| {
            it.own.iter().any(|it| it["result"]["members"].is_array())
        }),
        Reached("somebody came", |it| it.others.iter().any(|it| it["event"] == "user_joined")),
        Reached("somebody left when their grace was over", |it| {
            it.waited && it.others.iter().any(|it| it["event"] == "user_left")
        }),
    ],
};

pub(super) static OVER_HTTP: Feature = Feature {
    steps: |_| vec![(2, Just(Step::Calls("cid", Task::Presence)).boxed())],
    reached: &[Reached("who is here was told over HTTP", |it| {
        it.answers.iter().any(|it| it["done"]["members"].is_array())
    })],
};

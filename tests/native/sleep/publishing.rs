//! Events in a hub, by every door (H2 to H5, C8, K6).

use dormouse::protocol::ProtocolId;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::http::{id, publishes};
use super::step::{Feature, Reached};

pub(super) static BY_EVENTS: Feature = Feature {
    steps: |place| {
        let name = select(vec!["agent.x", "agent.x", "other", "broadcast", "ping"]);
        let user = prop_oneof![4 => Just(None), 1 => select(place.users).prop_map(Some)];
        let publish = (id(), name, 0u32..9, user).prop_map(|(id, event, data, user)| {
            let params = json!({"event": event, "data": data, "user_id": user});
            json!({"type": "command", "id": id, "command": "publish", "params": params})
        });
        let history = (0u64..6, 1u32..4).prop_map(|(after, limit)| {
            let params = json!({"after": after, "limit": limit});
            json!({"type": "query", "id": "h", "query": "history", "params": params})
        });
        let stats = Just(json!({"type": "query", "id": "q", "query": "stats"}));
        vec![
            (8, place.says(ProtocolId::EVENTS, publish)),
            (2, place.says(ProtocolId::EVENTS, history)),
            (1, place.says(ProtocolId::EVENTS, stats)),
        ]
    },
    reached: &[
        Reached("an event was published", |it| {
            it.own.iter().any(|it| it["result"]["duplicate"] == false)
        }),
        Reached("a resend was answered", |it| {
            it.own.iter().any(|it| it["result"]["duplicate"] == true)
        }),
        Reached("a broadcast came", |it| it.heard("broadcast")),
        Reached("a word was refused as a name of an event", |it| {
            it.asks("command") && it.refused("INVALID_MESSAGE_FORMAT")
        }),
        Reached("a page was read upwards", |it| {
            it.own.iter().any(|it| it["result"]["next_after"].is_u64())
        }),
        Reached("how the room is was told", |it| {
            it.own.iter().any(|it| it["result"]["connections"].is_u64())
        }),
    ],
};

pub(super) static BY_CLIENT: Feature = Feature {
    steps: |place| {
        let custom =
            (id(), 0u32..9).prop_map(|(id, x)| json!({"type": "custom", "id": id, "x": x}));
        vec![(5, place.says(ProtocolId::CLIENT, custom))]
    },
    reached: &[
        Reached("an event of a client's came to all", |it| it.got("custom") && it.heard("custom")),
        Reached("a client that may not send was refused", |it| {
            it.asks("custom") && it.refused("PERMISSION_DENIED")
        }),
    ],
};

pub(super) static FOR_BACKENDS: Feature = Feature {
    steps: |place| {
        let notification = |user, priority| {
            json!({
                "notification_id": "n", "user_id": user, "title": "t", "message": "m",
                "category": "system_alert", "priority": priority,
            })
        };
        let notification = (select(place.users), select(vec!["critical", "low"]))
            .prop_map(move |(user, priority)| {
                json!({"type": "notification", "data": notification(user, priority)})
            });
        let broadcast = Just(json!({"type": "broadcast", "data": {"x": 1}}));
        let faulty = Just(json!({"type": "workflow_update", "data": {}}));
        vec![(2, publishes(notification)), (1, publishes(broadcast)), (1, publishes(faulty))]
    },
    reached: &[
        Reached("a notification came", |it| it.heard("notification")),
        Reached("every fault was named", |it| {
            let faults = |it: &Value| it["refused"]["details"]["faults"].is_array();
            it.answers.iter().any(faults)
        }),
    ],
};

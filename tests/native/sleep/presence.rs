//! Who is here, comes and goes (B13, B14).

use dormouse::api::Task;
use dormouse::protocol::ProtocolId;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::step::{Feature, Reached, Step};
use super::told::Told;

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

/// Whether somebody was told of a member, or of all of them, like this.
fn is_told(it: &Told, action: &str) -> bool {
    let all = it.own.iter().chain(&it.others);
    all.clone().any(|it| it["event"] == "presence" && it["data"]["action"] == action)
}

/// Who keeps a list of who is here (N34 to N38), and is told who types.
pub(super) static IN_NATIVE: Feature = Feature {
    steps: |place| {
        let joins = (place.seat(), place.user()).prop_map(|(seat, user)| Step::Joins {
            seat,
            user,
            lives_ms: None,
        });
        let data = select(vec![Value::Null, json!("busy"), json!({"since": [1.5, "\u{4e2d}"]})]);
        let shows = (select(vec!["enter", "update", "update", "leave"]), data).prop_map(
            |(what, data)| json!({"type": "command", "id": "c", "command": format!("presence.{what}"), "params": {"data": data}}),
        );
        let attaches = any::<bool>()
            .prop_map(|present| json!({"type": "attach", "id": "t", "present": present}));
        let typing = any::<bool>()
            .prop_map(|on| json!({"type": "publish", "event": "typing", "data": {"on": on}}));
        let asks = (1u32..4, select(vec![Value::Null, json!("ann"), json!("bob")])).prop_map(
            |(limit, cursor)| json!({"type": "presence", "id": "w", "limit": limit, "cursor": cursor}),
        );
        let says = |frame| place.says(ProtocolId::NATIVE, frame);
        vec![
            (10, joins.boxed()),
            (5, place.seat().prop_map(Step::Leaves).boxed()),
            (6, (1u64..3_000).prop_map(Step::Waits).boxed()),
            (6, (3_000u64..8_000).prop_map(Step::Waits).boxed()),
            (10, says(shows.boxed())),
            (4, says(attaches.boxed())),
            (2, says(Just(json!({"type": "detach", "id": "d"})).boxed())),
            (4, says(typing.boxed())),
            (4, says(asks.boxed())),
        ]
    },
    reached: &[
        Reached("somebody came", |it| is_told(it, "join")),
        Reached("somebody said something of themselves", |it| is_told(it, "update")),
        Reached("somebody left when their grace was over", |it| it.waited && is_told(it, "leave")),
        Reached("the list was told anew", |it| is_told(it, "sync")),
        Reached("how many there are was told later", |it| {
            it.waited && it.others.iter().any(|it| it["data"]["mode"] == "occupancy")
        }),
        Reached("after a sleep a member had their data", |it| {
            let data = |it: &Value| {
                it["members"]
                    .as_array()
                    .is_some_and(|it| it.iter().any(|it| it.get("data").is_some()))
            };
            it.woke && it.own.iter().any(data)
        }),
        Reached("a page had another after it", |it| {
            it.own.iter().any(|it| it["cursor"].is_string())
        }),
        Reached("who is not present cannot change", |it| it.refused("CONFLICT")),
        Reached("who is not attached is refused", |it| it.refused("NOT_FOUND")),
        Reached("who may not see who is here was refused", |it| it.refused("PERMISSION_DENIED")),
        Reached("typing ended by itself", |it| {
            it.waited
                && it.others.iter().any(|it| it["event"] == "typing" && it["data"]["on"] == false)
        }),
    ],
};

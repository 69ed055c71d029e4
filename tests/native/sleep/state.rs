//! Values under keys (H6, H10).

use dormouse::api::Task;
use dormouse::feature::state::StateTask;
use dormouse::message::StateKey;
use dormouse::protocol::ProtocolId;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::http::id;
use super::step::{Feature, Reached, Step};

pub(super) static STATE: Feature = Feature {
    steps: |place| {
        let value = prop_oneof![1 => Just(Value::Null), 3 => (0u32..9).prop_map(|it| json!(it))];
        let set = (id(), 0u32..3, value).prop_map(|(id, key, value)| {
            let params = json!({"key": format!("k{key}"), "value": value});
            json!({"type": "command", "id": id, "command": "set_state", "params": params})
        });
        let ask = Just(json!({"type": "query", "id": "q", "query": "state"}));
        vec![(6, place.says(ProtocolId::EVENTS, set)), (2, place.says(ProtocolId::EVENTS, ask))]
    },
    reached: &[
        Reached("a key was set", |it| is_accepted(it.asked["params"]["value"].is_u64(), &it.own)),
        Reached("a key was dropped", |it| {
            let drops = it.asked["command"] == "set_state" && it.asked["params"]["value"].is_null();
            is_accepted(drops, &it.own)
        }),
        Reached("the state was told", |it| {
            it.own.iter().any(|it| it["result"]["state"][0]["key"].is_string())
        }),
        Reached("a change was heard of by its topic", |it| {
            it.others.iter().any(|it| it["event"] == "state.k1")
        }),
    ],
};

fn is_accepted(asked: bool, frames: &[Value]) -> bool {
    asked && frames.iter().any(|it| it["result"]["duplicate"] == false)
}

/// Where some may do more than others.
pub(super) static OVER_HTTP: Feature = Feature {
    steps: |_| {
        let who = select(vec!["backend", "ann", "bob", "bob", "bea", "cid"]);
        let key = (0u32..3).prop_map(|it| {
            Task::from(StateTask::Delete(StateKey::parse(format!("k{it}")).unwrap()))
        });
        vec![(2, (who, key).prop_map(|(who, task)| Step::Calls(who, task)).boxed())]
    },
    reached: &[
        Reached("a key was deleted over HTTP", |it| {
            it.asks("delete_state") && it.answers.iter().any(|it| it["done"]["offset"].is_u64())
        }),
        Reached("a key of another's was kept", |it| {
            it.asks("delete_state") && it.refused("PERMISSION_DENIED")
        }),
        Reached("a protected key was kept", |it| {
            it.asked["command"] == "set_state" && it.refused("PERMISSION_DENIED")
        }),
    ],
};

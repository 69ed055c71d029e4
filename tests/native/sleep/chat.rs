//! Messages, typing and history, as a chat room has them (B8 to B12).

use dormouse::protocol::ProtocolId;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::step::{Feature, Reached};

pub(super) static MESSAGES: Feature = Feature {
    steps: |place| {
        let id = select(vec![Value::Null, Value::Null, json!("m1"), json!("m2")]);
        let content = prop_oneof![8 => "[a-z]{0,8}", 1 => Just("x".repeat(600))];
        let message = (id, content)
            .prop_map(|(id, it)| json!({"type": "message", "id": id, "data": {"content": it}}));
        vec![(14, place.says(ProtocolId::CONTEXT, message))]
    },
    reached: &[
        Reached("a message was said to all", |it| it.got("message") && it.heard("message")),
        Reached("a resend was answered", |it| {
            let now = it.at.to_rfc3339();
            let is_old = |it: &Value| it["type"] == "message" && it["data"]["timestamp"] != now;
            it.asks("message") && it.own.iter().any(is_old)
        }),
        Reached("who may not send was refused", |it| {
            it.asks("message") && it.refused("PERMISSION_DENIED")
        }),
        Reached("the rate of a room was hit, and nobody let go", |it| {
            it.asks("message") && it.refused("RATE_LIMIT_EXCEEDED") && it.closed.is_empty()
        }),
    ],
};

pub(super) static TYPING: Feature = Feature {
    steps: |place| {
        let typing =
            any::<bool>().prop_map(|it| json!({"type": "typing", "data": {"isTyping": it}}));
        vec![(5, place.says(ProtocolId::CONTEXT, typing))]
    },
    reached: &[
        Reached("somebody typed", |it| it.others.iter().any(|it| is_typing(it, true))),
        Reached("somebody stopped typing", |it| {
            it.asks("typing") && it.others.iter().any(|it| is_typing(it, false))
        }),
        Reached("typing ended by itself", |it| {
            it.waited && it.closed.is_empty() && it.others.iter().any(|it| is_typing(it, false))
        }),
    ],
};

fn is_typing(frame: &Value, typing: bool) -> bool {
    frame["type"] == "typing" && frame["data"]["isTyping"] == typing
}

pub(super) static HISTORY: Feature = Feature {
    steps: |place| {
        let before = prop_oneof![Just(Value::Null), (0u64..20).prop_map(|it| json!(it))];
        let history = (1u32..9, before).prop_map(
            |(limit, before)| json!({"type": "history", "data": {"limit": limit, "before": before}}),
        );
        vec![(5, place.says(ProtocolId::CONTEXT, history))]
    },
    reached: &[
        Reached("a page had another before it", |it| {
            it.own.iter().any(|it| it["data"]["hasMore"] == true)
        }),
        Reached("the first page was not the first of all", |it| {
            let begins_late = |it: &Value| it["data"]["messages"][0]["offset"].as_u64() > Some(1);
            let mut pages = it.own.iter().filter(|it| it["data"]["hasMore"] == false);
            pages.any(begins_late)
        }),
    ],
};

//! Tokens that expire, and others in their place (A4, B37, R8).

use dormouse::protocol::Frame;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;

use super::step::{Feature, Reached, Step};

pub(super) static TOKENS: Feature = Feature {
    steps: |place| {
        let token = select(vec!["later", "later", "later", "for ever", "another's", "bad"]);
        let auth = |token| Frame::Text(json!({"type": "auth", "token": token}).to_string());
        let shows = (place.seat(), token.prop_map(auth));
        let lives_ms = prop_oneof![1u64..50, 1u64..10_000].prop_map(Some);
        let joins = (place.seat(), place.user(), lives_ms)
            .prop_map(|(seat, user, lives_ms)| Step::Joins { seat, user, lives_ms });
        vec![
            (6, shows.prop_map(|(seat, frame)| Step::Says(seat, frame)).boxed()),
            (3, joins.boxed()),
            (1, Just(Step::Waits(31_000)).boxed()),
        ]
    },
    reached: &[
        Reached("an expired token was asked for again", |it| {
            it.waited && it.closed.is_empty() && it.refuses("AUTHENTICATION_FAILED")
        }),
        Reached("who had no other token was let go", |it| {
            it.waited && it.closes(1008) && it.refuses("AUTHENTICATION_FAILED")
        }),
        Reached("a token that is none was refused", |it| {
            it.asked["token"] == "bad" && it.refused("AUTHENTICATION_FAILED")
        }),
        Reached("another's token was refused", |it| {
            it.asked["token"] == "another's" && it.refused("CONFLICT")
        }),
        Reached("a token was replaced", |it| {
            it.asked["token"] == "later" && (it.got("auth") || it.got("response"))
        }),
    ],
};

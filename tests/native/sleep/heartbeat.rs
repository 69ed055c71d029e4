//! Clients that the room pings (E9, E18, K8).

use dormouse::protocol::ProtocolId;
use proptest::prelude::*;
use serde_json::json;

use super::step::{Feature, Reached, Step};

pub(super) static HEARTBEAT: Feature = Feature {
    steps: |place| {
        let pong = Just(json!({"type": "pong"}));
        let status = Just(json!({"type": "status", "id": "s"}));
        vec![
            (2, place.says(ProtocolId::CLIENT, pong)),
            (2, place.says(ProtocolId::CLIENT, status)),
            (2, (20_000u64..30_000).prop_map(Step::Waits).boxed()),
        ]
    },
    reached: &[
        Reached("a client was greeted", |it| it.got("hello") || it.heard("hello")),
        Reached("a client was pinged", |it| it.waited && it.heard("ping")),
        Reached("who did not answer a ping was let go", |it| {
            it.waited && it.closes(1001) && it.refuses("CONNECTION_TIMEOUT")
        }),
        Reached("how the connection is was told", |it| it.got("status")),
    ],
};

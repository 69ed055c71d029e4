//! The native protocol: what is said, where one is in the log, and what one hears (N11 to N33).

use dormouse::protocol::ProtocolId;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::http::id;
use super::step::{Feature, Reached};
use super::told::Told;

pub(super) static FOLLOWING: Feature = Feature {
    steps: |place| {
        let says = |frame: BoxedStrategy<Value>| place.says(ProtocolId::NATIVE, frame);
        let name = select(vec!["a.x", "a.x", "b", "message", "no such name!"]);
        let to = prop_oneof![4 => Just(None), 1 => select(place.users).prop_map(Some)];
        let flags = (prop::bool::weighted(0.8), prop::bool::weighted(0.2));
        let of = prop_oneof![5 => Just(None), 1 => (1u64..6).prop_map(Some)];
        let publish = (id(), name, 0u32..9, to, of, flags).prop_map(
            |(id, event, data, to, of, (echo, ephemeral))| {
                json!({
                    "type": "publish", "id": id, "event": event, "data": data, "to": to, "of": of,
                    "echo": echo, "ephemeral": ephemeral,
                })
            },
        );
        let filters = || select(vec![json!(["a.*"]), json!(["b"]), json!(["*"]), json!(["c"])]);
        let filter = (any::<bool>(), filters()).prop_map(|(adds, events)| {
            let kind = if adds { "subscribe" } else { "unsubscribe" };
            json!({"type": kind, "id": "f", "events": events})
        });
        // Before its first entry every log is the same, whatever it is called.
        let resume = select(vec![Value::Null, json!("e1:0"), json!("e1:2"), json!("e1:900")]);
        let rewind = select(vec![Value::Null, json!(1), json!("3"), json!("90s"), json!(0)]);
        let events = prop_oneof![3 => Just(Value::Null), 1 => filters()];
        let attach = (resume, rewind, events).prop_map(|(resume, rewind, events)| {
            json!({"type": "attach", "id": "a", "resume": resume, "rewind": rewind, "events": events})
        });
        let detach = Just(json!({"type": "detach", "id": "d"}));
        let history = (any::<bool>(), 1u64..6, 1u32..4, any::<bool>()).prop_map(
            |(is_after, place, limit, raw)| {
                let bound = if is_after { "after" } else { "before" };
                json!({"type": "history", "id": "h", bound: place, "limit": limit, "raw": raw})
            },
        );
        let query = select(vec!["position", "stats", "subscriptions"])
            .prop_map(|query| json!({"type": "query", "id": "q", "query": query}));
        vec![
            (10, says(publish.boxed())),
            (3, says(filter.boxed())),
            (4, says(attach.boxed())),
            (1, says(detach.boxed())),
            (3, says(history.boxed())),
            (3, says(query.boxed())),
        ]
    },
    reached: &[
        Reached("a resend was acknowledged", |it| it.own.iter().any(|it| it["duplicate"] == true)),
        Reached("an event named the one before it", |it| {
            it.others.iter().any(|it| it["prev"].is_u64())
        }),
        Reached("something was for one user", |it| it.all().any(|it| it["direct"] == true)),
        Reached("what is not kept was heard", |it| {
            it.asked["ephemeral"] == true && it.heard("event")
        }),
        Reached("somebody went on where it was", |it| attached(it, "recovered", &json!(true))),
        Reached("a place was of another log", |it| attached(it, "reason", &json!("epoch"))),
        Reached("a replay ended", |it| it.asks("attach") && it.got("position")),
        Reached("who is detached was refused", |it| !it.asks("attach") && it.refused("NOT_FOUND")),
        Reached("a page was read upwards", |it| {
            it.own.iter().any(|it| it["next"]["after"].is_u64())
        }),
        Reached("a filter was taken away", |it| {
            it.asks("unsubscribe") && it.own.iter().any(|it| it["subscribed"].is_array())
        }),
    ],
};

fn attached(it: &Told, member: &str, value: &Value) -> bool {
    it.asks("attach") && it.own.iter().any(|it| it[member] == *value)
}

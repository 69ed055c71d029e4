//! What a service is told of all that happens (Y1 to Y12).

use dormouse::feature::Call;
use dormouse::feature::webhooks::{Delivered, Delivery, Outcome};
use serde_json::Value;

use super::step::{Feature, Reached};
use super::told::Told;
use crate::world::{ANSWERED, World};

pub(super) static WEBHOOKS: Feature = Feature {
    steps: |_| Vec::new(),
    reached: &[
        Reached("a service was told who came", |it| tells(it, "member.joined")),
        Reached("and that the room has somebody in it", |it| tells(it, "room.occupied")),
        Reached("and who left, when their grace was over", |it| tells(it, "member.left")),
        Reached("and that nobody is left", |it| tells(it, "room.vacated")),
        Reached("a service was told again what it had not taken", |it| {
            deliveries(it).any(|it| 1 < it.batch.progress.attempt)
        }),
        Reached("several events were told together", |it| {
            deliveries(it).any(|it| 1 < it.events.len())
        }),
        Reached("a service was called right after a wake", |it| {
            it.woke && deliveries(it).next().is_some()
        }),
    ],
};

fn deliveries(told: &Told) -> impl Iterator<Item = &Delivery> {
    told.calls.iter().filter_map(|it| match it {
        Call::Webhooks(delivery) => Some(delivery),
        _ => None,
    })
}

fn tells(told: &Told, kind: &str) -> bool {
    let is_of = |event: &String| {
        serde_json::from_str::<Value>(event).is_ok_and(|event| event["type"] == kind)
    };
    deliveries(told).any(|it| it.events.iter().any(is_of))
}

/// A world in which a service answers in conversations, and one is told of all that happens, or
/// none.
pub(super) fn told(world: World, is_told: bool) -> World {
    let events = if is_told { "*" } else { "" };
    let webhooks = [
        ("WEBHOOK_URL", "https://hooks.example/"),
        ("WEBHOOK_SECRET", "a secret of the receiver, 32 bytes or more"),
        ("WEBHOOK_EVENTS", events),
    ];
    world.configured(&[&ANSWERED[..], &webhooks].concat())
}

/// What comes of a call depends on which events it is about, on when and how often it was made.
pub(super) fn delivered(delivery: &Delivery) -> Delivered {
    let batch = delivery.batch.clone();
    let progress = batch.progress;
    let is_first = progress.due.since(progress.since) < 14_000;
    let outcome = match (progress.attempt, batch.first / 1_000 % 4) {
        (1, 0) if is_first => Outcome::Held { wait_ms: 2_500 + batch.count },
        (1 | 2, 1) => Outcome::Failed,
        _ => Outcome::Done,
    };
    Delivered { batch, outcome }
}

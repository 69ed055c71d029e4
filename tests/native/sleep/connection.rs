//! Connections that come, go, say nonsense, or nothing.

use dormouse::protocol::Frame;
use proptest::prelude::*;
use serde_json::json;

use super::place::Place;
use super::stage::Stage;
use super::step::{Act, Feature, Reached, Step, Steps, acts};

pub(super) static ALL: Feature = Feature {
    steps: |place| {
        let lives_ms = prop_oneof![3 => Just(None), 1 => (1u64..30_000).prop_map(Some)];
        let joins = (place.seat(), place.user(), lives_ms)
            .prop_map(|(seat, user, lives_ms)| Step::Joins { seat, user, lives_ms });
        let waits = prop_oneof![3 => 1u64..3_000, 2 => 3_000u64..8_000];
        let frame = prop_oneof![
            2 => Just(r#"{"type":"ping","id":"p"}"#.to_owned()),
            1 => Just("{".to_owned()),
            1 => Just(r#"{"type":5}"#.to_owned()),
            1 => Just(json!({"type": "ping", "x": "x".repeat(700)}).to_string()),
        ];
        let frame = prop_oneof![
            5 => frame.prop_map(Frame::Text),
            1 => Just(Frame::Binary(vec![1, 2, 3])),
        ];
        vec![
            (10, joins.boxed()),
            (3, place.seat().prop_map(Step::Leaves).boxed()),
            (6, waits.prop_map(Step::Waits).boxed()),
            (3, (30_000u64..80_000).prop_map(Step::WaitsAndReturns).boxed()),
            (2, Just(Step::WaitsAndReturns(1)).boxed()),
            (4, (place.seat(), frame).prop_map(|(seat, frame)| Step::Says(seat, frame)).boxed()),
            (1, acts(place.seat().prop_map(DoesNotRead))),
            (1, acts(place.seat().prop_map(Floods))),
        ]
    },
    reached: &[
        Reached("a ping was answered", |it| it.asks("ping") && it.got("pong")),
        Reached("what is no JSON was refused", |it| it.refused("INVALID_MESSAGE_FORMAT")),
        Reached("a frame too long ended its connection", |it| it.closes(1009)),
        Reached("who did not read was let go", |it| it.closes(1013)),
        Reached("a rate was hit", |it| it.refuses("RATE_LIMIT_EXCEEDED")),
        Reached("a user had too many connections", |it| it.refused("CONNECTION_LIMIT")),
    ],
};

pub(super) static SILENT: Feature = Feature {
    steps: |_| vec![(1, Just(Step::WaitsAndReturns(95_000)).boxed())],
    reached: &[Reached("silence ended a connection", |it| it.waited && it.closes(1001))],
};

pub(super) static UNKNOWN: Feature = Feature {
    steps: |place: &'static Place| {
        let nonsense = Just(Frame::Text(r#"{"type":"no name"}"#.into()));
        vec![(1, (place.seat(), nonsense).prop_map(|(it, frame)| Step::Says(it, frame)).boxed())]
    },
    reached: &[
        Reached("an unknown type was refused", |it| it.refused("UNKNOWN_MESSAGE_TYPE")),
        Reached("who was too fast was let go", |it| {
            it.refuses("RATE_LIMIT_EXCEEDED") && it.closes(1008)
        }),
    ],
};

pub(super) static PATIENT: Feature = Feature {
    steps: |_| Vec::<(u32, Steps)>::new(),
    reached: &[Reached("who was too fast was forgiven", |it| {
        it.refuses("RATE_LIMIT_EXCEEDED") && it.closed.is_empty()
    })],
};

/// Whoever has this seat says more than anybody may, where limits are strict.
#[derive(Clone, Debug)]
struct Floods(usize);

impl Act for Floods {
    fn play(&self, stage: &mut Stage) {
        for _ in 0..8 {
            stage.say(self.0, &Frame::Text(r#"{"type":"ping","n":1}"#.into()));
            stage.wait(1);
        }
    }
}

/// Whoever has this seat reads nothing any more.
#[derive(Clone, Debug)]
struct DoesNotRead(usize);

impl Act for DoesNotRead {
    fn play(&self, stage: &mut Stage) {
        let connection = stage.connection(self.0);
        stage.world.sockets.slow.borrow_mut().extend(connection);
        stage.wait(1);
        // Whatever happens next finds it.
        stage.call("backend", &dormouse::api::Task::Presence);
    }
}

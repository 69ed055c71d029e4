//! What takes the grant `admin`: closing connections, forgetting everything.

use dormouse::api::Task;
use dormouse::message::{Drain, Kind, Millis, UserId};
use dormouse::protocol::ProtocolId;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;

use super::stage::Stage;
use super::step::{Act, Feature, Reached, Step, acts};

pub(super) static ALL: Feature = Feature {
    steps: |place| {
        let kick = select(place.users).prop_map(|user| Task::KickUser(UserId(user.into())));
        let drain = Just(Task::Drain(Drain { before: Millis(u64::MAX), limit: 1 }));
        let kick = prop_oneof![4 => kick, 1 => drain];
        let who = select(vec!["backend", "backend", "bob"]);
        let calls = (who, kick).prop_map(|(who, task)| Step::Calls(who, task));
        vec![(1, calls.boxed()), (1, acts(place.seat().prop_map(Kicks))), (1, acts(Just(Erases)))]
    },
    reached: &[
        Reached("connections were closed by an administrator", |it| {
            it.answers.iter().any(|it| it["done"]["kicked"].as_u64() > Some(0))
        }),
        Reached("who is no administrator was refused", |it| {
            it.asks("kick_user") && it.refused("PERMISSION_DENIED")
        }),
        Reached("connections were sent away to come back", |it| {
            it.answers.iter().any(|it| it["done"]["left"].is_u64())
        }),
        Reached("a room was erased", |it| it.closed.iter().any(|it| it.1.contains("was erased"))),
    ],
};

/// Closes one connection.
#[derive(Clone, Debug)]
struct Kicks(usize);

impl Act for Kicks {
    fn play(&self, stage: &mut Stage) {
        if let Some(connection) = stage.connection(self.0) {
            stage.call("backend", &Task::KickSession(connection));
        }
    }
}

/// Erases the room, and all come back. One that nobody wants to know of is vacant then, and deleted
/// whole; a chat room that is watched goes on.
#[derive(Clone, Debug)]
struct Erases;

impl Act for Erases {
    fn play(&self, stage: &mut Stage) {
        if stage.place.kind == Kind::Chat {
            stage.observe();
        }
        stage.call("backend", &Task::Erase);
        stage.wait(1);
        stage.come_back();
        stage.sleep();
        // As much as a room takes in a minute, where that is little.
        stage.publish("backend", &vec![json!({"type": "other"}); 6]);
    }
}

pub(super) static BY_EVENTS: Feature = Feature {
    steps: |place| {
        let kick = select(place.users).prop_map(|user| {
            json!({"type": "command", "id": "k", "command": "kick", "params": {"user_id": user}})
        });
        vec![(1, place.says(ProtocolId::EVENTS, kick))]
    },
    reached: &[Reached("connections were closed by a command", |it| {
        it.own.iter().any(|it| it["result"]["kicked"].as_u64() > Some(0))
    })],
};

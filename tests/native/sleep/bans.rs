//! Users who are kept out for a time (Z1 to Z5). That none of them is told anything meanwhile, the
//! world checks after every step.

use dormouse::api::Task;
use dormouse::feature::bans::{BanTask, Banning};
use dormouse::message::UserId;
use dormouse::protocol::ProtocolId;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;

use super::step::{Feature, Reached, Step};

pub(super) static ALL: Feature = Feature {
    steps: |place| {
        // Mostly short, so that they keep nobody from all else that is played.
        let seconds = prop_oneof![3 => (1u64..4).prop_map(Some), 1 => Just(None)];
        let ban = (select(place.users), seconds).prop_map(|(user, seconds)| {
            let user = UserId(user.into());
            Task::from(BanTask::Ban(Banning { user, seconds, reason: Some("r".into()) }))
        });
        let lift = select(place.users).prop_map(|it| Task::from(BanTask::Lift(UserId(it.into()))));
        let list = (0u32..3).prop_map(|limit| Task::from(BanTask::List(None, limit + 1)));
        let who = select(vec!["backend", "backend", "backend", "bob"]);
        let task = prop_oneof![2 => ban, 3 => lift, 1 => list];
        vec![(1, (who, task).prop_map(|(who, task)| Step::Calls(who, task)).boxed())]
    },
    reached: &[
        Reached("connections were ended by a ban", |it| {
            it.asks("ban") && it.answers.iter().any(|it| it["done"]["kicked"].as_u64() > Some(0))
        }),
        Reached("who is no administrator bans nobody", |it| {
            it.asks("ban") && it.refused("PERMISSION_DENIED")
        }),
        Reached("who was banned was not let in", |it| {
            it.answers.iter().any(|it| it["refused"].to_string().contains("is banned"))
        }),
        Reached("a ban was lifted", |it| {
            it.asks("lift_ban") && it.answers.iter().any(|it| it["done"].is_null())
        }),
        Reached("bans were listed", |it| {
            it.answers.iter().any(|it| it["done"]["bans"][0]["user_id"].is_string())
        }),
    ],
};

pub(super) static BY_EVENTS: Feature = Feature {
    steps: |place| {
        let ban = select(place.users).prop_map(|user| {
            let params = json!({"user_id": user, "seconds": 1});
            json!({"type": "command", "id": "b", "command": "ban", "params": params})
        });
        vec![(1, place.says(ProtocolId::EVENTS, ban))]
    },
    reached: &[Reached("a user was banned by a command", |it| {
        it.asked["command"] == "ban" && it.own.iter().any(|it| it["result"]["until"].is_string())
    })],
};

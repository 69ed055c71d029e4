//! Whose token has expired hears nothing either of what is in no log: how that is once another token is
//! shown (R17).

use dormouse::api::{Answer, Task};
use dormouse::feature::Call;
use dormouse::feature::conversations::{Outcome, Responded};
use dormouse::feature::metrics::{Measures, MetricCall};
use dormouse::host::WINDOW_BYTES;
use dormouse::kernel::{Connection, Grant, Grants};
use dormouse::limits::FETCH_MS;
use dormouse::message::Kind;
use dormouse::protocol::ProtocolId;
use serde_json::{Value, json};

use crate::behind::{backlog, limits};
use crate::renewal::{LIVES_MS, REFUSED, enter, expires, renews, renews_with, room, says, told};
use crate::transfer::{LIMITS, chunk, hub, request, streamed};
use crate::world::{World, in_conversation};

#[test]
fn r17_what_is_in_no_log_for_it_is_not_told_where_metrics_are() {
    let mut world = World::of(Kind::Analytics, limits());
    let metric = |world: &mut World, value: u64| {
        let data = json!({"metric": "load", "value": value});
        let update = json!({"type": "metric_update", "data": data});
        world.call(crate::publications::called(Kind::Analytics, &update));
        world.wait(2);
    };
    let lives = expires(&world);
    enter(&mut world, ProtocolId::CONTEXT, 2, "ann", lives);
    let subscribe = json!({"type": "subscribe", "id": "s", "data": {"metrics": ["load"]}});
    says(&mut world, 2, &subscribe);
    metric(&mut world, 1);
    world.wait(LIVES_MS);
    metric(&mut world, 2);
    world.sleep();
    metric(&mut world, 3);
    renews(&mut world, 2, "ann");
    metric(&mut world, 4);
    let frames = world.sockets.frames(2);
    let values: Vec<&Value> = frames.iter().filter_map(|it| it.pointer("/data/value")).collect();
    assert_eq!(values, [1, 4]);
    assert_eq!(told(&world, 2)[2..], [REFUSED, "auth", "metric_update"]);
}

#[test]
fn r17_responses_of_a_conversation_come_from_the_log() {
    for is_introduced in [true, false] {
        let mut world = World::of(Kind::Conversation, limits()).answered_over_http();
        for (number, lives) in [(1, None), (2, Some(world.now.plus(LIVES_MS)))] {
            let how = |it| in_conversation(Connection { expires_at: lives, ..it });
            enter(&mut world, ProtocolId::CONVERSATION, number, "ann", how);
        }
        let connect = json!({"type": "connect", "clientId": "c", "version": "1"});
        says(&mut world, 1, &connect);
        if is_introduced {
            says(&mut world, 2, &connect);
        }
        world.wait(LIVES_MS);
        let ask = json!({"type": "message", "clientId": "c", "messageId": "m", "content": "why?"});
        says(&mut world, 1, &ask);
        let Some(Call::Conversations(question)) = world.calls.pop() else { panic!("no call") };
        world.sleep();
        world.responded(Responded {
            question: question.pending.offset,
            epoch: question.epoch,
            attempt: question.pending.progress.attempt,
            outcome: Outcome::Answered("because".into()),
        });
        renews(&mut world, 2, "ann");
        let all: &[&str] = if is_introduced {
            &["connect_confirm", REFUSED, "auth", "response"]
        } else {
            &[REFUSED, "auth"]
        };
        assert_eq!(told(&world, 2), all);
        assert_eq!(told(&world, 1), ["connect_confirm", "response"]);
    }
}

/// A session in which the backend edits, and somebody whose token is over in ten seconds.
fn session() -> World {
    let mut world = room(Kind::Collaboration, ProtocolId::CONTEXT, limits());
    let lives = expires(&world);
    enter(&mut world, ProtocolId::CONTEXT, 2, "ann", lives);
    for number in [1, 2] {
        says(&mut world, number, &json!({"type": "join_session", "data": {"sessionId": "notes"}}));
    }
    edit(&mut world, 0, "before ");
    world
}

fn edit(world: &mut World, version: u64, content: &str) {
    let data =
        json!({"operation": "insert", "position": 0, "content": content, "version": version});
    says(world, 1, &json!({"type": "edit", "data": data}));
}

#[test]
fn r17_t6_who_edits_is_told_the_text_as_it_is_once_there_is_a_token() {
    for sleeps in [false, true] {
        let mut world = session();
        world.wait(LIVES_MS);
        edit(&mut world, 1, "meanwhile ");
        says(&mut world, 1, &json!({"type": "cursor", "data": {"position": 1}}));
        assert_eq!(told(&world, 2), ["session_state", "before ", REFUSED]);
        if sleeps {
            world.sleep();
        }
        renews(&mut world, 2, "ann");
        edit(&mut world, 2, "after ");
        let frames = world.sockets.frames(2);
        let state = frames.iter().rfind(|it| it["type"] == "session_state").unwrap();
        assert_eq!(state["data"]["version"], 2);
        assert_eq!(state["data"]["content"], "meanwhile before ");
        assert_eq!(state["data"]["participants"].as_array().unwrap().len(), 2);
        assert_eq!(told(&world, 2)[3..], ["auth", "meanwhile before ", "after "], "{sleeps}");
        // Nobody heard that it left, for it did not.
        let others = world.sockets.frames(1);
        assert!(!others.iter().any(|it| it["type"] == "leave_session"), "{others:?}");
    }
}

#[test]
fn r17_t19_of_a_document_that_was_deleted_meanwhile_the_next_one_is_told() {
    let mut world = session();
    world.wait(LIVES_MS);
    says(&mut world, 1, &json!({"type": "delete_document", "data": {"sessionId": "notes"}}));
    renews(&mut world, 2, "ann");
    let state = world.sockets.frames(2).pop().unwrap();
    assert_eq!((&state["type"], &state["data"]["version"]), (&json!("session_state"), &json!(0)));
    assert_eq!(state["data"]["content"], "");
}

#[test]
fn r17_t15_a_token_that_does_not_let_read_ends_the_session() {
    let mut world = session();
    world.wait(LIVES_MS);
    renews_with(&mut world, 2, "ann", [Grant::Join].into_iter().collect());
    edit(&mut world, 1, "after ");
    assert_eq!(told(&world, 2)[3..], ["auth"]);
    let last = world.sockets.frames(1).into_iter().find(|it| it["type"] == "leave_session");
    assert_eq!(last.unwrap()["data"]["userId"], "ann");
}

#[test]
fn r17_m6_who_watches_a_chat_room_still_does_without_a_token() {
    let mut world = World::of(Kind::Analytics, limits());
    let lives = expires(&world);
    enter(&mut world, ProtocolId::CONTEXT, 2, "ann", |it| Connection {
        grants: Grants::all(),
        ..lives(it)
    });
    let is_watched = |world: &mut World, engagement: u64| {
        let at = world.now;
        let measures = Measures { engagement, activity: 1, performance: None, at };
        let answers = world.run(&Task::from(MetricCall::Measures(measures)));
        let [Answer::Done(it)] = &answers[..] else { panic!("{answers:?}") };
        it.as_str().to_owned()
    };
    assert_eq!(is_watched(&mut world, 1), "false");
    let subscribe = json!({"type": "subscribe", "data": {"metrics": ["engagement"]}});
    says(&mut world, 2, &subscribe);
    world.wait(LIVES_MS);
    assert_eq!(is_watched(&mut world, 2), "true");
    assert_eq!(told(&world, 2)[1..], [REFUSED]);
    renews_with(&mut world, 2, "ann", Grants::all());
    assert_eq!(is_watched(&mut world, 3), "true");
    assert_eq!(told(&world, 2)[1..], [REFUSED, "auth", "metric_update"]);
}

#[test]
fn r17_w9_large_data_waits_for_the_token_and_goes_on_where_it_was() {
    for sleeps in [false, true] {
        let mut world = hub(LIMITS());
        for number in 0..6 {
            says(&mut world, 1, &chunk("d", number, 6, &vec![7; 50 * 1024]));
        }
        let lives = expires(&world);
        enter(&mut world, ProtocolId::WORKFLOW, 3, "eve", lives);
        says(&mut world, 3, &request("d"));
        world.wait(FETCH_MS);
        let indexes = |world: &World| {
            let chunks = streamed(&world.sockets.frames(3)).into_iter();
            chunks.map(|(index, _)| index).collect::<Vec<_>>()
        };
        assert_eq!(indexes(&world), [0, 1, 2, 3, 4, 5]);
        backlog(&world, 3, WINDOW_BYTES);
        says(&mut world, 3, &request("d"));
        world.wait(LIVES_MS);
        backlog(&world, 3, 0);
        world.wait(FETCH_MS);
        if sleeps {
            world.sleep();
        }
        world.wait(FETCH_MS);
        assert_eq!(indexes(&world).len(), 6, "{sleeps}");
        renews(&mut world, 3, "eve");
        world.wait(FETCH_MS);
        assert_eq!(indexes(&world)[6..], [0, 1, 2, 3, 4, 5], "{sleeps}");
    }
}

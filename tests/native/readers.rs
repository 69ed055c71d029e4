//! How far each user has read (U7, U8, U11).

use dormouse::api::{Answer, Task};
use dormouse::feature::annotations::AnnotationTask;
use dormouse::kernel::{Grant, Grants};
use dormouse::limits::Limits;
use dormouse::message::Kind;
use dormouse::protocol::ProtocolId;
use serde_json::{Value, json};

use crate::support::{a_users, member};
use crate::threads::{message, posts, publish, tells};
use crate::world::World;

fn read(offset: &Value) -> Value {
    json!({"type": "read", "id": "r", "data": {"offset": offset}})
}

/// A chat room of ten messages.
fn chat(limits: Limits) -> World {
    let limits = Limits { messages_per_minute: 0, broadcasts_per_minute: 0, ..limits };
    let mut world = World::of(Kind::Chat, limits);
    for (number, user) in [(1, "ann"), (2, "bob")] {
        world.join(number, user, None);
    }
    for number in 0..10 {
        tells(&mut world, 1, &message(&number.to_string(), &Value::Null));
    }
    world
}

fn reads(world: &mut World) -> Value {
    tells(world, 2, &json!({"type": "reads", "id": "q"}))["data"]["reads"].clone()
}

/// What the table says.
fn written(world: &World) -> Vec<String> {
    world.database.names("SELECT user || ' ' || offset FROM reader ORDER BY user")
}

#[test]
fn u7_a_marker_rises_and_the_others_hear_of_it() {
    for sleeps in [false, true] {
        let mut world = chat(Limits::default());
        for (offset, stands, heard) in
            [(5, 5, true), (4, 5, false), (5, 5, false), (6, 6, true), (10, 10, true)]
        {
            let before = world.sockets.frames(2).len();
            let own = tells(&mut world, 1, &read(&json!(offset)));
            assert_eq!(own["data"], json!({"userId": "ann", "offset": stands}), "{offset}");
            assert_eq!(own["id"], "r");
            let others = world.sockets.frames(2).split_off(before);
            assert_eq!(others.len(), usize::from(heard), "{others:?}");
            if let [told] = others.as_slice() {
                assert_eq!(
                    (&told["type"], &told["data"]),
                    (&json!("read"), &json!({"userId": "ann", "offset": offset}))
                );
            }
            if sleeps {
                world.sleep();
            }
        }
        assert_eq!(reads(&mut world), json!({"ann": 10}));
        assert_eq!(world.database.names("SELECT kind FROM entry").len(), 10, "it is no entry");
    }
}

#[test]
fn u7_without_an_id_nothing_answers() {
    let mut world = chat(Limits::default());
    let before = world.sockets.frames(1).len();
    tells(&mut world, 1, &json!({"type": "read", "data": {"offset": 3}}));
    assert_eq!(world.sockets.frames(1).len(), before);
    assert_eq!(reads(&mut world), json!({"ann": 3}));
}

#[test]
fn u7_a_marker_is_written_at_most_every_two_seconds_and_never_lost_with_a_connection() {
    let mut world = chat(Limits::default());
    tells(&mut world, 1, &read(&json!(1)));
    assert_eq!(written(&world), ["ann 1"]);
    for offset in 2..=5 {
        tells(&mut world, 1, &read(&json!(offset)));
    }
    assert_eq!(written(&world), ["ann 1"]);
    assert_eq!(reads(&mut world), json!({"ann": 5}), "it is known all the same");
    world.sleep();
    assert_eq!(reads(&mut world), json!({"ann": 5}));
    world.wait(2_000);
    assert_eq!(written(&world), ["ann 5"]);
    tells(&mut world, 1, &read(&json!(6)));
    world.join(3, "ann", None);
    tells(&mut world, 3, &read(&json!(7)));
    assert_eq!(written(&world), ["ann 5"]);
    world.wait(1);
    world.leave(3);
    assert_eq!(written(&world), ["ann 7"]);
    world.sleep();
    let answer = tells(&mut world, 1, &read(&json!(6)));
    assert_eq!(answer["data"]["offset"], 7, "the other connection carries nothing older");
}

#[test]
fn u7_what_is_no_entry_of_the_log_was_not_read() {
    let mut world = chat(Limits { history_entries_max: 5, ..Limits::default() });
    world.wait(5_000);
    for (offset, code) in [
        (json!(11), "NOT_FOUND"),
        (json!(u64::MAX), "NOT_FOUND"),
        (json!(0), "NOT_FOUND"),
        (json!(5), "NOT_FOUND"),
        (json!(-1), "INVALID_MESSAGE_FORMAT"),
        (json!(6.5), "INVALID_MESSAGE_FORMAT"),
        (json!("6"), "INVALID_MESSAGE_FORMAT"),
        (json!(null), "INVALID_MESSAGE_FORMAT"),
        (json!([6]), "INVALID_MESSAGE_FORMAT"),
    ] {
        assert_eq!(tells(&mut world, 1, &read(&offset))["code"], code, "{offset}");
    }
    assert_eq!(tells(&mut world, 1, &read(&json!(6)))["data"]["offset"], 6);
    let mut empty = World::of(Kind::Chat, Limits::default());
    empty.join(1, "ann", None);
    assert_eq!(tells(&mut empty, 1, &read(&json!(1)))["code"], "NOT_FOUND");
    assert!(empty.database.tables().is_empty(), "a room that nobody wrote to stays none");
}

#[test]
fn u7_a_marker_is_forgotten_with_its_entry() {
    let mut world = chat(Limits { history_entries_max: 5, ..Limits::default() });
    tells(&mut world, 1, &read(&json!(7)));
    for _ in 0..9 {
        tells(&mut world, 2, &message("more", &Value::Null));
    }
    world.wait(5_000);
    assert_eq!(reads(&mut world), json!({}));
    let before = world.sockets.frames(2).len();
    tells(&mut world, 1, &read(&json!(19)));
    assert_eq!(world.sockets.frames(2).len(), before + 1);
}

#[test]
fn u7_u8_markers_are_set_by_who_may_send_and_seen_by_who_may_see_who_is_here() {
    let mut world = chat(Limits::default());
    world.join_with(7, "mute", [Grant::Join, Grant::Presence].into_iter().collect());
    assert_eq!(tells(&mut world, 7, &read(&json!(1)))["code"], "PERMISSION_DENIED");
    assert_eq!(tells(&mut world, 7, &json!({"type": "reads"}))["type"], "reads");
    world.join_with(8, "blind", [Grant::Join, Grant::Send].into_iter().collect());
    let before = world.sockets.frames(8).len();
    tells(&mut world, 1, &read(&json!(1)));
    assert_eq!(world.sockets.frames(8).len(), before);
    assert_eq!(tells(&mut world, 8, &json!({"type": "reads"}))["code"], "PERMISSION_DENIED");
    let answers = world.run_as(&member("x"), Grants::default(), &Task::from(AnnotationTask::Reads));
    assert!(matches!(&answers[0], Answer::Refused(_)), "{answers:?}");
}

#[test]
fn u8_over_http_and_in_a_hub() {
    let mut world = World::of(Kind::Hub, Limits::default());
    world.grants = |_| a_users();
    let protocols =
        [ProtocolId::EVENTS, ProtocolId::EVENTS, ProtocolId::CLIENT, ProtocolId::WORKFLOW];
    for ((number, user), protocol) in (1..).zip(["ann", "bob", "cid", "dan"]).zip(protocols) {
        world.join_on(protocol, number, user);
    }
    tells(&mut world, 2, &json!({"type": "subscribe", "events": ["read"]}));
    tells(&mut world, 1, &publish(&json!({"event": "note", "data": 1})));
    let quiet = world.sockets.frames(4).len();
    let mut frame = publish(&json!({"event": "read", "data": {"offset": 1}}));
    frame["id"] = json!("r");
    let answer = tells(&mut world, 1, &frame);
    assert_eq!((&answer["type"], &answer["result"]), (&json!("response"), &json!({"read": 1})));
    let told = world.sockets.frames(2).pop().unwrap();
    assert_eq!(
        (&told["event"], &told["data"]),
        (&json!("read"), &json!({"user_id": "ann", "offset": 1}))
    );
    assert!(told.get("offset").is_none());
    let told = world.sockets.frames(3).pop().unwrap();
    assert_eq!(
        (&told["type"], &told["user_id"], &told["offset"]),
        (&json!("read"), &json!("ann"), &json!(1))
    );
    tells(&mut world, 3, &json!({"type": "read", "offset": 1}));
    assert_eq!(
        posts(&mut world, &json!({"type": "read", "data": {"offset": 1}})),
        json!({"read": 1})
    );
    assert_eq!(world.sockets.frames(4).len(), quiet, "the workflow protocol has no word for it");
    let query = json!({"type": "query", "id": "q", "query": "reads"});
    let all = json!({"reads": {"ann": 1, "cid": 1, "root": 1}});
    assert_eq!(tells(&mut world, 2, &query)["result"], all);
    let presence: Grants = [Grant::Presence].into_iter().collect();
    let answers = world.run_as(&member("x"), presence, &Task::from(AnnotationTask::Reads));
    let Answer::Done(done) = &answers[0] else { panic!("{answers:?}") };
    assert_eq!(serde_json::from_str::<Value>(done.as_str()).unwrap(), all);
    let wrong = posts(&mut world, &json!({"type": "read", "data": {"offset": 0.5}}));
    assert_eq!(wrong["code"], "INVALID_MESSAGE_FORMAT");
}

#[test]
fn u11_a_room_keeps_the_markers_of_a_thousand_users() {
    let mut world = chat(Limits { connections_per_room: 0, ..Limits::default() });
    for number in 0..1_000 {
        world.join(100 + number, &format!("user-{number}"), None);
        tells(&mut world, 100 + number, &read(&json!(1)));
        world.leave(100 + number);
    }
    assert_eq!(written(&world).len(), 1_000);
    assert_eq!(tells(&mut world, 1, &read(&json!(1)))["code"], "CONFLICT");
    world.join(5_000, "user-7", None);
    assert_eq!(tells(&mut world, 5_000, &read(&json!(2)))["data"]["offset"], 2);
    let all = reads(&mut world);
    assert_eq!((all.as_object().unwrap().len(), &all["user-7"]), (1_000, &json!(2)));
}

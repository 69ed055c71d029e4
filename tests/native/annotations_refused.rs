//! What may not be said about an entry (U1 to U4, U9, U11).

use std::collections::BTreeMap;

use dormouse::kernel::{Connection, Flag, Flags, Grant, Grants};
use dormouse::limits::Limits;
use dormouse::message::Kind;
use dormouse::protocol::{ProtocolId, Wire};
use serde_json::{Value, json};

use crate::annotations::{delete, edit, reacts};
use crate::support::{a_users, connection, member, speaking};
use crate::threads::{chat, history, message, posts, publish, tells};
use crate::world::World;

fn says(world: &mut World, number: u64, content: &str) -> Value {
    tells(world, number, &message(content, &Value::Null))
}

#[test]
fn u2_u3_only_who_said_it_and_who_administers_the_room_changes_it() {
    let mut world = chat();
    says(&mut world, 1, "one");
    for frame in [edit(1, "mine"), delete(1)] {
        assert_eq!(tells(&mut world, 2, &frame)["code"], "PERMISSION_DENIED");
    }
    assert_eq!(tells(&mut world, 3, &edit(1, "moderated"))["data"]["authorId"], "root");
    // A grant that is gone is no grant, whoever said it.
    let mute = [Grant::Join, Grant::History].into_iter().collect();
    world.join_with(9, "ann", mute);
    assert_eq!(tells(&mut world, 9, &edit(1, "again"))["code"], "PERMISSION_DENIED");
    // One that may do nothing but that.
    world.join_with(10, "moderator", [Grant::Join, Grant::Admin].into_iter().collect());
    assert_eq!(tells(&mut world, 10, &delete(1))["type"], "delete_message");
    assert_eq!(tells(&mut world, 10, &reacts(1, "👍", true))["code"], "PERMISSION_DENIED");
    assert_eq!(history(&mut world, 2)[0]["deleted"]["user"], "moderator");
}

#[test]
fn u1_nothing_is_said_about_what_is_deleted_was_never_said_or_is_about_something_itself() {
    let mut world = chat();
    let said = says(&mut world, 1, "one");
    tells(&mut world, 1, &edit(1, "two"));
    tells(&mut world, 1, &reacts(1, "👍", true));
    let id = said["data"]["id"].as_str().unwrap();
    let data = |key: &str, of: &Value| json!({key: of, "content": "x", "key": "👍", "on": true});
    let cases = [
        ("offset", json!(2), "NOT_FOUND"),
        ("offset", json!(3), "NOT_FOUND"),
        ("offset", json!(4), "NOT_FOUND"),
        ("offset", json!(0), "NOT_FOUND"),
        ("offset", json!(-1), "INVALID_MESSAGE_FORMAT"),
        ("offset", json!(1.5), "INVALID_MESSAGE_FORMAT"),
        ("offset", json!([1]), "INVALID_MESSAGE_FORMAT"),
        ("offset", json!(null), "INVALID_MESSAGE_FORMAT"),
        ("id", json!(""), "INVALID_MESSAGE_FORMAT"),
        ("id", json!("garbage"), "INVALID_MESSAGE_FORMAT"),
        ("id", json!({"of": 1}), "INVALID_MESSAGE_FORMAT"),
        ("id", json!("message_018cc4e5-227b-4000-8000-000000000000"), "INVALID_MESSAGE_FORMAT"),
        // As it is called in another room.
        ("id", json!("message_018cc4e5-227b-7000-8000-00000000abcd"), "NOT_FOUND"),
    ];
    for kind in ["edit_message", "delete_message", "reaction"] {
        for (key, of, code) in &cases {
            let answer =
                tells(&mut world, 1, &json!({"type": kind, "id": "x", "data": data(key, of)}));
            assert_eq!(
                (&answer["code"], &answer["id"]),
                (&json!(code), &json!("x")),
                "{kind} {key} {of}"
            );
        }
        let both = json!({"offset": 1, "id": id, "content": "x", "key": "x"});
        let nothing = json!({"content": "x", "key": "x"});
        for data in [both, nothing, json!([1]), json!("x"), json!(null)] {
            let answer = tells(&mut world, 1, &json!({"type": kind, "data": data}));
            assert_eq!(answer["code"], "INVALID_MESSAGE_FORMAT", "{kind} {data}");
        }
        assert_eq!(tells(&mut world, 1, &json!({"type": kind}))["code"], "INVALID_MESSAGE_FORMAT");
    }
    let forms = [
        json!({"of": 1, "id": id, "data": 1, "key": "x"}),
        json!({"data": 1, "key": "x"}),
        json!(1),
        json!(null),
    ];
    for (kind, data) in ["edit", "delete", "reaction"]
        .iter()
        .flat_map(|it| forms.iter().map(move |data| (it, data)))
    {
        let answer = posts(&mut world, &json!({"type": kind, "data": data}));
        assert_eq!(answer["code"], "INVALID_MESSAGE_FORMAT", "{kind} {data}");
        let user = json!({"type": kind, "user_id": "ann", "data": {"of": 1, "data": {"content": "x"}, "key": "x"}});
        assert_eq!(posts(&mut world, &user)["code"], "INVALID_MESSAGE_FORMAT", "{kind}");
    }
    tells(&mut world, 1, &delete(1));
    for frame in [
        edit(1, "x"),
        delete(1),
        reacts(1, "x", true),
        reacts(1, "👍", false),
        message("x", &json!(1)),
    ] {
        assert_eq!(tells(&mut world, 1, &frame)["code"], "NOT_FOUND", "{frame}");
    }
    assert_eq!(
        says(&mut world, 1, "next")["data"]["offset"],
        5,
        "nothing of all that is in the log"
    );
}

#[test]
fn u11_keys_of_reactions_are_short_and_plain() {
    let mut world = chat();
    says(&mut world, 1, "one");
    let family = "👨‍👩‍👧‍👦";
    let longest = "k".repeat(64);
    for key in [family, &longest, "a b", "\"\\"] {
        assert_eq!(tells(&mut world, 1, &reacts(1, key, true))["data"]["key"], key);
    }
    let overlong = ["k".repeat(65), "👍".repeat(17), "x".repeat(1 << 20)];
    for key in ["", " ", "\u{3000}", "a\nb", "\0", "\u{85}"]
        .into_iter()
        .chain(overlong.iter().map(String::as_str))
    {
        let limits = tells(&mut world, 1, &reacts(1, key, true));
        let code = limits["code"].as_str().unwrap();
        assert!(
            ["INVALID_MESSAGE_FORMAT", "MESSAGE_TOO_LARGE"].contains(&code),
            "{code} {}",
            key.len()
        );
    }
}

#[test]
fn u11_what_is_no_reaction_is_refused() {
    let mut world = chat();
    says(&mut world, 1, "one");
    for data in [
        json!({"offset": 1}),
        json!({"offset": 1, "key": 1}),
        json!({"offset": 1, "key": ["x"]}),
        json!({"offset": 1, "key": "x", "on": 1}),
        json!({"offset": 1, "key": "x", "on": "true"}),
    ] {
        let answer = tells(&mut world, 1, &json!({"type": "reaction", "data": data}));
        assert_eq!(answer["code"], "INVALID_MESSAGE_FORMAT", "{data}");
    }
    let answer =
        tells(&mut world, 1, &json!({"type": "reaction", "data": {"offset": 1, "key": "x"}}));
    assert_eq!(answer["data"]["on"], true);
}

#[test]
fn u11_a_message_has_so_many_different_reactions_and_no_more() {
    let limits = Limits { messages_per_minute: 0, broadcasts_per_minute: 0, ..Limits::default() };
    let mut world = World::of(Kind::Chat, limits);
    for (number, user) in [(1, "ann"), (2, "bob"), (3, "cid")] {
        world.join(number, user, None);
    }
    says(&mut world, 1, "one");
    let mut taken = BTreeMap::new();
    for key in 0..1_000 {
        for number in 1..=3 {
            let told = tells(&mut world, number, &reacts(1, &format!("k{number}.{key}"), true));
            if told["type"] == "reaction" {
                *taken.entry(number).or_insert(0) += 1;
            } else {
                assert_eq!(told["code"], "CONFLICT");
            }
        }
    }
    assert_eq!(taken.values().sum::<u64>(), 20, "{taken:?}");
    assert!(taken.values().all(|it| *it <= 10), "{taken:?}");
    // Who reacts as others do adds none, and one that is taken back makes room.
    world.join(4, "dan", None);
    assert_eq!(tells(&mut world, 4, &reacts(1, "k1.0", true))["data"]["count"], 2);
    assert_eq!(tells(&mut world, 4, &reacts(1, "new", true))["code"], "CONFLICT");
    tells(&mut world, 2, &reacts(1, "k2.0", false));
    assert_eq!(tells(&mut world, 4, &reacts(1, "new", true))["data"]["count"], 1);
}

#[test]
fn u11_l22_an_edit_is_no_longer_than_a_message() {
    let mut world = chat();
    says(&mut world, 1, "one");
    let whole = 1_040_384;
    for (text, code) in [
        ("x".repeat(whole), None),
        ("x".repeat(whole + 1), Some("MESSAGE_TOO_LARGE")),
        ("\0".repeat(whole / 6 + 1), Some("MESSAGE_TOO_LARGE")),
    ] {
        let told = tells(&mut world, 1, &edit(1, &text));
        assert_eq!(told["code"].as_str(), code);
        let frames = world.sockets.frames(2);
        assert!(frames.last().unwrap().to_string().len() < 1 << 20);
    }
    for key in 0..10 {
        tells(&mut world, 1, &reacts(1, &"\"".repeat(63).replacen('"', &key.to_string(), 1), true));
        tells(
            &mut world,
            2,
            &reacts(1, &"\\".repeat(63).replacen('\\', &key.to_string(), 1), true),
        );
    }
    let page = tells(&mut world, 2, &json!({"type": "history"}));
    assert_eq!(page["data"]["messages"][0]["content"].as_str().map(str::len), Some(whole));
    assert!(page["data"]["messages"][0]["reactions"].is_object());
    assert!(page.to_string().len() < 1 << 20);
    let event = |data: &str| json!({"type": "edit", "data": {"of": 1, "data": {"content": data}}});
    assert_eq!(posts(&mut world, &event("short"))["duplicate"], false);
    let number = json!({"type": "edit", "data": {"of": 1, "data": 7}});
    assert_eq!(posts(&mut world, &number)["code"], "INVALID_MESSAGE_FORMAT");
}

#[test]
fn u9_who_proved_nothing_edits_and_deletes_nothing() {
    // Two that call themselves alike in a demo room, as the Worker lets them in.
    let mut world = World::of(Kind::Hub, Limits::default().of_demo());
    let wire = Wire { protocol: ProtocolId::EVENTS, batched: false, packed: false };
    for number in [1, 2] {
        let connection = speaking(wire.protocol, connection(number, "ann"));
        let flags = connection.flags.union(Flags::of(&[Flag::Demo]));
        let grants = a_users().union(Grants::from_iter([Grant::Publish]));
        let network = Some(String::new());
        let connection = Connection { flags, grants, network, topics: None, ..connection };
        world.enter(connection, wire).unwrap();
    }
    tells(&mut world, 1, &publish(&json!({"event": "note", "data": "hers"})));
    for number in [1, 2] {
        for data in [json!({"of": 1, "data": "not hers"}), json!({"of": 1})] {
            let event = if data.get("data").is_some() { "edit" } else { "delete" };
            let answer =
                tells(&mut world, number, &publish(&json!({"event": event, "data": data})));
            assert_eq!(answer["code"], "PERMISSION_DENIED", "{answer}");
        }
    }
    let reaction = publish(&json!({"event": "reaction", "data": {"of": 1, "key": "👍"}}));
    assert_eq!(tells(&mut world, 2, &reaction)["result"]["offset"], 2);
}

#[test]
fn u9_a_stranger_in_the_lobby_changes_nothing_of_a_user_of_its_name() {
    let mut world = World::of(Kind::Hub, Limits::default());
    world.join_on(ProtocolId::CLIENT, 1, "anonymous:ann");
    tells(&mut world, 1, &json!({"type": "note", "x": "said with a token"}));
    let wire = Wire { protocol: ProtocolId::CLIENT, batched: false, packed: false };
    let connection = speaking(wire.protocol, connection(2, "ann"));
    let stranger = Connection {
        member: member("anonymous:ann"),
        grants: Grants::from_iter([Grant::Join]),
        network: Some(String::new()),
        ..connection
    };
    world.enter(stranger, wire).unwrap();
    for frame in [
        json!({"type": "edit", "of": 1, "data": {}}),
        json!({"type": "delete", "of": 1}),
        json!({"type": "reaction", "of": 1, "key": "x"}),
        json!({"type": "read", "offset": 1}),
    ] {
        assert_eq!(tells(&mut world, 2, &frame)["code"], "PERMISSION_DENIED", "{frame}");
    }
}

#[test]
fn u1_rooms_of_other_kinds_know_no_such_words() {
    for kind in [Kind::Analytics, Kind::Collaboration] {
        let mut world = World::of(kind, Limits::default());
        world.join(1, "ann", None);
        let data = json!({"offset": 1, "content": "x", "key": "x"});
        for word in ["edit_message", "delete_message", "reaction", "read", "reads"] {
            let answer = tells(&mut world, 1, &json!({"type": word, "data": data}));
            assert_eq!(answer["code"], "UNKNOWN_MESSAGE_TYPE", "{kind:?} {word}");
        }
    }
    // Where no protocol has such a word, it is a name like others.
    let mut world = World::of(Kind::Conversation, Limits::default());
    for name in ["edit", "delete", "reaction", "read"] {
        assert!(
            posts(&mut world, &json!({"type": name, "data": {"offset": 1}}))["offset"].is_u64()
        );
    }
}

//! Who is here, as the native protocol tells it.

use dormouse::api::Task;
use dormouse::kernel::{Connection, Grant, Grants};
use dormouse::limits::Limits;
use dormouse::message::{Kind, Offset, Position};
use dormouse::protocol::{ProtocolId, Wire};
use serde_json::{Value, json};

use crate::support::{connection, epoch, member, session_id, speaking};
use crate::world::World;

pub(crate) const WIRE: Wire = Wire { protocol: ProtocolId::NATIVE, batched: false, packed: false };

pub(crate) fn hub(limits: Limits, users: &[&str]) -> World {
    let mut world = World::of(Kind::Hub, limits);
    for (number, user) in (1..).zip(users) {
        world.join_on(ProtocolId::NATIVE, number, user);
    }
    world
}

/// A connection that says more of itself when it comes.
pub(crate) fn newcomer(world: &World, number: u64, user: &str) -> Connection {
    let (heard_at, joined_at) = (world.now, world.now);
    Connection { heard_at, joined_at, ..speaking(ProtocolId::NATIVE, connection(number, user)) }
}

pub(crate) fn enter(world: &mut World, connection: Connection) {
    world.enter(connection, WIRE).unwrap();
}

/// What a connection is told by this.
pub(crate) fn told(world: &mut World, number: u64, by: impl FnOnce(&mut World)) -> Vec<Value> {
    let before = world.sockets.frames(number).len();
    by(world);
    world.sockets.frames(number).split_off(before)
}

/// Asks, and gives the answer.
pub(crate) fn ask(world: &mut World, number: u64, mut frame: Value) -> Value {
    frame["id"] = json!("q");
    let frames = told(world, number, |it| it.says(number, &frame.to_string()));
    frames.into_iter().find(|it| it["id"] == "q").unwrap()
}

pub(crate) fn command(world: &mut World, number: u64, command: &str, data: &Value) -> Value {
    let params = json!({"data": data});
    ask(world, number, json!({"type": "command", "command": command, "params": params}))
}

/// Of events about who is here: whose, what became of them, on how many connections, and their data.
fn presence(frames: &[Value]) -> Vec<Value> {
    let all = frames.iter().filter(|it| it["type"] == "event" && it["event"] == "presence");
    let of = |it: &Value| json!([it["user"], it["data"]["action"], it["data"]["connections"]]);
    let data = |it: &Value| it["data"].get("data").cloned().unwrap_or_default();
    all.map(|it| json!([of(it), data(it)])).collect()
}

pub(crate) fn members(world: &mut World, number: u64) -> Value {
    ask(world, number, json!({"type": "presence"}))["members"].clone()
}

#[test]
fn n34_n37_a_member_is_a_user_and_told_whole_with_each_of_their_connections() {
    let mut world = hub(Limits::default(), &["ann"]);
    let own = told(&mut world, 2, |it| it.join_on(ProtocolId::NATIVE, 2, "bob"));
    assert_eq!(own.len(), 1, "hello, and nothing of oneself: {own:?}");
    assert_eq!(own[0]["presence"], "members");
    let first = world.sockets.frames(1).pop().unwrap();
    assert_eq!((&first["user"], &first["name"]), (&json!("bob"), &json!("BOB")));
    assert_eq!(first["data"], json!({"action": "join", "connections": 1}));
    assert!(first.get("offset").is_none());
    let more = told(&mut world, 1, |it| it.join_on(ProtocolId::NATIVE, 3, "bob"));
    assert_eq!(presence(&more), [json!([["bob", "update", 2], null])]);
    assert_eq!(
        ask(&mut world, 1, json!({"type": "presence"})),
        json!({"type": "ack", "id": "q", "mode": "members", "connections": 3, "users": 2, "members": [
            {"user": "ann", "name": "ANN", "connections": 1},
            {"user": "bob", "name": "BOB", "connections": 2},
        ]})
    );
    let fewer = told(&mut world, 1, |it| it.leave(2));
    assert_eq!(presence(&fewer), [json!([["bob", "update", 1], null])]);
    // Who comes back within the grace never left.
    let gone = told(&mut world, 1, |it| {
        it.leave(3);
        it.wait(4_900);
        it.join_on(ProtocolId::NATIVE, 4, "bob");
        it.wait(10_000);
    });
    assert!(gone.is_empty(), "{gone:?}");
    let gone = told(&mut world, 1, |it| it.leave(4));
    assert!(gone.is_empty(), "{gone:?}");
    assert_eq!(members(&mut world, 1)[1], json!({"user": "bob", "name": "BOB", "connections": 1}));
    let gone = told(&mut world, 1, |it| it.wait(5_100));
    assert_eq!(presence(&gone), [json!([["bob", "leave", 0], null])]);
    assert_eq!(members(&mut world, 1).as_array().unwrap().len(), 1);
}

#[test]
fn n35_what_is_said_last_belongs_to_the_member_and_goes_with_them() {
    let mut world = hub(Limits::default(), &["ann", "bob", "bob", "bob"]);
    let said = told(&mut world, 1, |it| {
        let done = command(it, 2, "presence.enter", &json!({"status": "busy"}));
        assert_eq!(done, json!({"type": "ack", "id": "q"}));
        command(it, 3, "presence.update", &json!(["中", 1.5]));
    });
    let busy = json!({"status": "busy"});
    let last = json!(["中", 1.5]);
    assert_eq!(
        presence(&said),
        [json!([["bob", "update", 3], busy]), json!([["bob", "update", 3], last])]
    );
    // It is kept with one connection, and goes on to another.
    let holding = |world: &World| {
        let stored = world.sockets.attachments();
        stored.iter().filter(|it| it.shows.is_some()).map(|it| it.id).collect::<Vec<_>>()
    };
    assert_eq!(holding(&world), [session_id(3)]);
    world.sleep();
    let fewer = told(&mut world, 1, |it| it.leave(3));
    assert_eq!(presence(&fewer), [json!([["bob", "update", 2], last])]);
    assert_eq!(holding(&world), [session_id(2)]);
    world.leave(2);
    world.leave(4);
    world.sleep();
    assert_eq!(members(&mut world, 1)[1]["data"], last, "within the grace");
    world.sleep();
    world.join_on(ProtocolId::NATIVE, 5, "bob");
    world.sleep();
    assert_eq!(members(&mut world, 1)[1]["data"], last, "who came back never left");
    // An update that says nothing leaves nothing.
    let none = told(&mut world, 1, |it| drop(command(it, 5, "presence.update", &Value::Null)));
    assert_eq!(presence(&none), [json!([["bob", "update", 1], null])]);
    command(&mut world, 5, "presence.update", &busy);
    world.leave(5);
    let left = told(&mut world, 1, |it| it.wait(5_100));
    assert_eq!(presence(&left), [json!([["bob", "leave", 0], busy])]);
    world.join_on(ProtocolId::NATIVE, 6, "bob");
    assert!(members(&mut world, 1)[1].get("data").is_none(), "it went with them");
}

#[test]
fn n35_what_the_only_one_here_says_is_there_when_they_come_back() {
    let mut world = hub(Limits::default(), &["ann"]);
    command(&mut world, 1, "presence.update", &json!(7));
    world.leave(1);
    world.sleep();
    world.wait(4_000);
    world.join_on(ProtocolId::NATIVE, 2, "ann");
    assert_eq!(members(&mut world, 2)[0]["data"], 7);
}

#[test]
fn n34_who_is_not_present_is_in_no_list_of_any_protocol() {
    let mut world = hub(Limits::default(), &["ann"]);
    world.join_on(ProtocolId::EVENTS, 2, "eve");
    world.says(2, r#"{"type":"subscribe","events":["*"]}"#);
    let ghost = newcomer(&world, 3, "bob");
    let unseen = |world: &mut World| {
        assert_eq!(members(world, 1).as_array().unwrap().len(), 2);
        world.says(2, &json!({"type": "query", "id": "w", "query": "presence"}).to_string());
        let listed = world.sockets.frames(2).pop().unwrap();
        assert_eq!(listed["result"]["members"].as_array().unwrap().len(), 2, "{listed}");
        let over_http =
            format!("{:?}", world.run_as(&member("eve"), Grants::all(), &Task::Presence));
        assert!(over_http.contains("ann") && !over_http.contains("bob"), "{over_http}");
    };
    for number in [1, 2] {
        let came = told(&mut world, number, |it| match number {
            1 => enter(it, Connection { is_absent: true, ..ghost.clone() }),
            _ => it.leave(3),
        });
        assert!(came.is_empty(), "{came:?}");
        unseen(&mut world);
    }
    enter(&mut world, Connection { is_absent: true, ..ghost });
    world.sleep();
    unseen(&mut world);
    assert_eq!(command(&mut world, 3, "presence.update", &json!(1))["code"], "CONFLICT");
    assert_eq!(command(&mut world, 3, "presence.leave", &json!(1))["type"], "ack");
    unseen(&mut world);
    let (mut own, mut others) = (Vec::new(), Vec::new());
    let ann = told(&mut world, 1, |it| {
        others = told(it, 2, |it| {
            own = told(it, 3, |it| drop(command(it, 3, "presence.enter", &json!(1))));
        });
    });
    assert_eq!(presence(&ann), [json!([["bob", "join", 1], 1])]);
    assert_eq!(presence(&own), presence(&ann), "who says so hears it, too");
    assert_eq!(others[0]["event"], "user_joined");
    let ann = told(&mut world, 1, |it| {
        command(it, 3, "presence.leave", &Value::Null);
        it.wait(4_900);
    });
    assert!(ann.is_empty(), "who comes back never left: {ann:?}");
    let ann = told(&mut world, 1, |it| it.wait(200));
    assert_eq!(presence(&ann), [json!([["bob", "leave", 0], 1])]);
    assert_eq!(world.sockets.frames(2).pop().unwrap()["event"], "user_left");
    unseen(&mut world);
}

#[test]
fn n34_who_is_not_attached_is_not_present() {
    let mut world = hub(Limits::default(), &["ann", "bob"]);
    command(&mut world, 2, "presence.update", &json!(1));
    assert_eq!(ask(&mut world, 2, json!({"type": "detach"}))["type"], "ack");
    assert_eq!(command(&mut world, 2, "presence.enter", &json!(2))["code"], "NOT_FOUND");
    assert_eq!(members(&mut world, 1)[1]["data"], 1);
    let gone = told(&mut world, 1, |it| it.wait(5_100));
    assert_eq!(presence(&gone), [json!([["bob", "leave", 0], 1])]);
    let back = told(&mut world, 1, |it| {
        assert_eq!(ask(it, 2, json!({"type": "attach"}))["presence"], "members");
    });
    assert_eq!(presence(&back), [json!([["bob", "join", 1], null])]);
    command(&mut world, 2, "presence.update", &json!(2));
    let gone = told(&mut world, 1, |it| {
        ask(it, 2, json!({"type": "attach", "present": false}));
        it.wait(5_100);
    });
    assert_eq!(presence(&gone), [json!([["bob", "leave", 0], 2])]);
    // The flag is of the attachment: the next one says anew.
    let back = told(&mut world, 1, |it| drop(ask(it, 2, json!({"type": "attach"}))));
    assert_eq!(presence(&back), [json!([["bob", "join", 1], null])]);
}

#[test]
fn n35_n36_what_cannot_be_is_refused_and_the_room_goes_on() {
    let mut world = hub(Limits::default(), &["ann"]);
    let grants: Grants = [Grant::Join, Grant::Send].into_iter().collect();
    let bob = Connection { grants, ..newcomer(&world, 2, "bob") };
    enter(&mut world, bob);
    assert_eq!(ask(&mut world, 2, json!({"type": "presence"}))["code"], "PERMISSION_DENIED");
    let heard = told(&mut world, 2, |it| it.join_on(ProtocolId::NATIVE, 3, "cid"));
    assert!(heard.is_empty(), "who may not see is not told: {heard:?}");
    let large = json!("x".repeat(1023));
    assert_eq!(command(&mut world, 1, "presence.update", &large)["code"], "MESSAGE_TOO_LARGE");
    assert!(members(&mut world, 1)[0].get("data").is_none());
    assert_eq!(members(&mut world, 1).as_array().unwrap().len(), 3, "bob is seen all the same");
    // What does not fit beside its filters is refused, and nothing changes.
    let events: Vec<_> = (0..100).map(|it| format!("{it:081}")).collect();
    ask(&mut world, 1, json!({"type": "attach", "events": events}));
    let wide = json!("\u{7f}中".repeat(255));
    assert_eq!(command(&mut world, 1, "presence.update", &wide)["type"], "ack");
    assert_eq!(members(&mut world, 1)[0]["data"], wide);
    world.sleep();
    assert_eq!(members(&mut world, 1)[0]["data"], wide);
}

/// [N37, N38] Who was behind, and missed something, is told all.
#[test]
fn n38_the_list_is_told_anew_to_whoever_missed_something_of_it() {
    let mut world = hub(Limits::default(), &["ann"]);
    world.says(1, r#"{"type":"publish","event":"a"}"#);
    world
        .sockets
        .backlogs
        .borrow_mut()
        .extend([(session_id(2), 300 << 10), (session_id(3), 300 << 10)]);
    let asked = Some(Position { epoch: epoch(), offset: Offset(0) });
    for (number, user) in [(2, "bob"), (3, "cid")] {
        let late = newcomer(&world, number, user);
        enter(&mut world, Connection { asked: asked.clone(), ..late });
    }
    command(&mut world, 1, "presence.update", &json!("busy"));
    world.sleep();
    let ask_first = ask(&mut world, 3, json!({"type": "presence"}));
    assert_eq!(ask_first["members"][0]["data"], "busy");
    let heard = told(&mut world, 2, |it| {
        it.sockets.backlogs.borrow_mut().clear();
        it.wait(10_000);
    });
    let kinds: Vec<_> = heard.iter().map(|it| it["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["event", "position", "event"], "{heard:?}");
    assert_eq!(heard[2]["event"], "presence");
    assert_eq!(heard[2]["data"]["action"], "sync");
    assert_eq!(heard[2]["data"]["members"], members(&mut world, 2));
    assert_eq!(heard[2].get("user"), None);
    let later = told(&mut world, 2, |it| drop(command(it, 1, "presence.update", &json!("here"))));
    assert_eq!(presence(&later), [json!([["ann", "update", 1], "here"])], "live, and told once");
}

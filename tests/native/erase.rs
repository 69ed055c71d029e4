//! An erased room has forgotten everything, in memory as on disk.

use dormouse::feature::state::StateCommand;
use dormouse::kernel::{Command, Request};
use dormouse::limits::Limits;
use dormouse::message::{Before, Kind, PageRequest};
use serde_json::json;

use crate::publications::called;
use crate::world::World;

fn command(command: Command) -> Request {
    Request { request_id: None, command: Ok(command) }
}

fn says(world: &mut World, number: u64) {
    world.says(number, &json!({"type": "message", "data": {"content": "x"}}).to_string());
}

#[test]
fn l2_an_erased_room_counts_its_messages_anew_awake_or_asleep() {
    for (sleeps_before, sleeps_after) in
        [(false, false), (true, false), (false, true), (true, true)]
    {
        let limits = Limits { broadcasts_per_minute: 3, ..Limits::default() };
        let mut world = World::new(limits);
        world.join(1, "ann", None);
        world.join(2, "bob", None);
        for _ in 0..3 {
            says(&mut world, 1);
        }
        // She takes her count along into the log; his socket still carries one.
        says(&mut world, 2);
        world.leave(1);
        if sleeps_before {
            world.sleep();
        }
        assert!(world.call(command(Command::Erase)).contains("Erased"));
        if sleeps_after {
            world.sleep();
        }
        world.join(3, "cid", None);
        let before = world.sockets.frames(3).len();
        for _ in 0..3 {
            says(&mut world, 3);
        }
        let frames = world.sockets.frames(3).split_off(before);
        assert!(
            frames.len() == 3 && frames.iter().all(|it| it["type"] == "message"),
            "{sleeps_before} {sleeps_after}: {frames:?}"
        );
    }
}

#[test]
fn an_erased_room_is_as_if_it_had_slept() {
    // Whatever a feature keeps in memory: what memory says is what a wake would say.
    let mut answers = [Vec::new(), Vec::new()];
    for sleeps in [false, true] {
        let mut world = World::of(Kind::Hub, Limits::default());
        world.join(1, "ann", None);
        let event = |kind: &str| called(Kind::Hub, &json!({"type": kind, "id": "once"}));
        world.call(event("a"));
        world.call(command(Command::Erase));
        if sleeps {
            world.sleep();
        }
        let page = PageRequest {
            before: Before::Newest,
            after: None,
            limit: 10,
            raw: false,
            within: dormouse::message::Within::default(),
        };
        for asked in [
            Command::Presence,
            Command::Stats,
            StateCommand::All(None).into(),
            Command::History(page),
        ] {
            answers[usize::from(sleeps)].push(world.call(command(asked)));
        }
        let again = world.call(event("b"));
        assert!(again.contains("duplicate: false") && again.contains("Offset(1)"), "{again}");
        answers[usize::from(sleeps)].push(again);
    }
    assert_eq!(answers[0], answers[1]);
}

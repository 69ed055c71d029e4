//! What a room remembers of documents: resends, marks, what does not fit into memory.

use serde_json::{Value, json};

use crate::editing::{count, heard, insert, named, room, says, sits, text, undo};
use crate::world::World;

#[test]
fn t16_an_edit_sent_again_is_acknowledged_again_and_made_once() {
    let mut world = room(&["ann", "bob", "ann"]);
    for number in 1..=3 {
        sits(&mut world, number, "notes", "participant");
    }
    says(&mut world, 1, &named(insert(0, "a", 0), "once"));
    says(&mut world, 2, &named(insert(1, "b", 1), "once"));
    let before = count(&world, 2);
    for number in [1, 3] {
        for asleep in [false, true] {
            if asleep {
                world.sleep();
            }
            says(&mut world, number, &named(insert(0, "a", 0), "once"));
            let ack = world.sockets.frames(number).pop().unwrap();
            assert_eq!(
                (&ack["type"], &ack["id"], &ack["data"]["version"]),
                (&json!("edit_ack"), &json!("once"), &json!(1))
            );
        }
    }
    assert_eq!(count(&world, 2), before);
    // An undo too.
    says(&mut world, 1, &named(undo(), "u"));
    let before = count(&world, 2);
    world.sleep();
    says(&mut world, 1, &named(undo(), "u"));
    assert_eq!(heard(&world, 1, 0).pop().unwrap(), json!(["edit_ack", {"version": 3}]));
    assert_eq!(count(&world, 2), before);
    assert_eq!(text(&mut world, "notes"), ("b".into(), 3));
}

#[test]
fn t7_marks_bound_what_is_stored_and_what_is_older_is_stale() {
    let mut world = room(&["ann", "bob"]);
    for number in 1..=2 {
        sits(&mut world, number, "notes", "participant");
    }
    for version in 0..2_500 {
        says(&mut world, 1, &named(insert(version, "x", version), &version.to_string()));
    }
    let rows = |world: &World, table: &str| {
        world.database.count(&format!("SELECT COUNT(*) FROM {table} WHERE 1 = "), 1)
    };
    assert_eq!((rows(&world, "document_edit"), rows(&world, "document_snapshot")), (1_500, 2));
    world.sleep();
    assert_eq!(text(&mut world, "notes"), ("x".repeat(2_500), 2_500));
    // 1,000 is the oldest that is known.
    for (version, kinds) in [(1_000, vec!["edit_ack"]), (999, vec!["error", "session_state"])] {
        let before = count(&world, 2);
        says(&mut world, 2, &insert(0, "y", version));
        let heard = heard(&world, 2, before);
        assert_eq!(heard.iter().map(|it| it[0].as_str().unwrap()).collect::<Vec<_>>(), kinds);
        let version = &heard.last().unwrap()[1]["version"];
        assert_eq!(*version, 2_501, "an acknowledgement and a state both say where the text is");
    }
    // Ids are forgotten with their edits: this one is stale, not known.
    let before = count(&world, 1);
    says(&mut world, 1, &named(insert(999, "x", 999), "999"));
    assert_eq!(heard(&world, 1, before)[0], json!(["error", "CONFLICT"]));
    says(&mut world, 1, &named(insert(1_000, "x", 1_000), "1000"));
    assert_eq!(heard(&world, 1, 0).pop().unwrap(), json!(["edit_ack", {"version": 1_001}]));
}

#[test]
fn documents_that_do_not_fit_into_memory_are_read_again() {
    let mut world = room(&["ann"]);
    let mut versions = [0; 100];
    for round in 0..3 {
        for (number, version) in versions.iter_mut().enumerate() {
            sits(&mut world, 1, &format!("d{number}"), "participant");
            let state = world.sockets.frames(1).pop().unwrap();
            assert_eq!(state["data"]["version"], json!(*version), "{number} in round {round}");
            says(&mut world, 1, &insert(*version, "x", *version));
            *version += 1;
        }
    }
    // So are large ones.
    for number in 0..12 {
        let large = "y".repeat(750_000);
        sits(&mut world, 1, &format!("large{number}"), "participant");
        says(&mut world, 1, &insert(0, &large, 0));
    }
    for number in 0..12 {
        assert_eq!(text(&mut world, &format!("large{number}")).0.len(), 750_000);
    }
    assert_eq!(text(&mut world, "d7"), ("xxx".into(), 3));
}

#[test]
fn what_waits_for_its_commit_is_there_when_a_document_is_read() {
    let mut world = room(&["ann", "bob"]);
    sits(&mut world, 1, "notes", "participant");
    world.wait(1);
    let join = json!({"type": "join_session", "data": {"sessionId": "other"}}).to_string();
    world.says_at_once(&[
        (1, insert(0, "x", 0).to_string()),
        (2, join.clone()),
        (1, insert(1, "y", 1).to_string()),
        (1, join),
    ]);
    assert_eq!(text(&mut world, "notes"), ("xy".into(), 2));
    let kinds: Vec<Value> = heard(&world, 1, 1).into_iter().map(|it| it[0].clone()).collect();
    assert_eq!(
        kinds[..2],
        [json!("session_state"), json!("edit_ack")],
        "in the order they were asked"
    );
}

#[test]
fn an_erased_room_has_no_documents() {
    let mut world = room(&["ann"]);
    sits(&mut world, 1, "notes", "participant");
    says(&mut world, 1, &insert(0, "x", 0));
    let request = dormouse::kernel::Request {
        request_id: None,
        command: Ok(dormouse::kernel::Command::Erase),
    };
    world.call(request);
    world.join(2, "ann", None);
    sits(&mut world, 2, "notes", "participant");
    assert_eq!(text(&mut world, "notes"), (String::new(), 0));
    world.sleep();
    assert_eq!(text(&mut world, "notes"), (String::new(), 0));
    says(&mut world, 2, &insert(0, "y", 0));
    assert_eq!(text(&mut world, "notes"), ("y".into(), 1));
}

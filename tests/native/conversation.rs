//! Conversations: who speaks, what is asked, what comes of it (D2 to D12, D23).

use dormouse::feature::Call;
use dormouse::feature::conversations::{Outcome, Question, Responded};
use dormouse::limits::Limits;
use dormouse::message::Kind;
use serde_json::{Value, json};

use crate::world::World;

fn unlimited() -> Limits {
    Limits { messages_per_minute: 0, ..Limits::default() }
}

fn connect(client: &str) -> String {
    json!({"type": "connect", "clientId": client, "version": "1.0"}).to_string()
}

fn message(id: &str, content: &str) -> String {
    json!({"type": "message", "clientId": "c", "messageId": id, "content": content}).to_string()
}

/// A conversation of ann's, who has said who she is.
fn begun(limits: Limits) -> World {
    begun_in(World::of(Kind::Conversation, limits))
}

/// The same, where a service answers.
fn begun_over_http() -> World {
    begun_in(World::of(Kind::Conversation, unlimited()).answered_over_http())
}

fn begun_in(mut world: World) -> World {
    world.join_conversation(1, "ann");
    world.says(1, &connect("c"));
    world
}

/// The frames of a socket since its `connect_confirm`, without their times.
fn told(world: &World, number: u64) -> Vec<Value> {
    let frames = world.sockets.frames(number).into_iter();
    let mut frames: Vec<Value> =
        frames.skip_while(|it| it["type"] != "connect_confirm").skip(1).collect();
    for frame in &mut frames {
        frame.as_object_mut().unwrap().remove("timestamp");
    }
    frames
}

fn response(id: &str, content: &str) -> Value {
    json!({"type": "response", "messageId": id, "content": content})
}

/// The next call under way, and what is asked.
fn asked(world: &mut World) -> Question {
    let Call::Conversations(question) = world.calls.remove(0) else { panic!("another call") };
    *question
}

fn comes_of(world: &mut World, question: &Question, outcome: Outcome) {
    let Question { pending, epoch, .. } = question.clone();
    let (question, attempt) = (pending.offset, pending.progress.attempt);
    world.responded(Responded { question, epoch, attempt, outcome });
}

fn answered(text: &str) -> Outcome {
    Outcome::Answered(text.into())
}

fn code(frame: &Value) -> (&str, &str) {
    (frame["messageId"].as_str().unwrap_or("none"), frame["code"].as_str().unwrap_or("none"))
}

#[test]
fn d2_d3_q2_a_connect_is_confirmed_with_what_leads_back() {
    let world = begun(Limits::default());
    let frames = world.sockets.frames(1);
    assert_eq!(
        frames,
        [json!({
            "type": "connect_confirm", "clientId": "c", "conversationId": "conversation_1",
            "status": "confirmed", "resumeToken": "t", "timestamp": frames[0]["timestamp"],
        })]
    );
}

#[test]
fn d2_q4_before_connect_everything_else_is_refused_also_across_sleep() {
    let mut world = World::of(Kind::Conversation, Limits::default());
    world.join_conversation(1, "ann");
    for frame in [
        message("m1", "hi"),
        json!({"type": "history"}).to_string(),
        json!({"type": "ping", "timestamp": "x"}).to_string(),
    ] {
        world.says(1, &frame);
        world.sleep();
    }
    let refused: Vec<Value> = world.sockets.frames(1);
    assert!(refused.iter().all(|it| it["code"] == "CONFLICT"), "{refused:?}");
    assert_eq!((refused.len(), &refused[0]["messageId"]), (3, &json!("m1")));
    // And stays open.
    world.says(1, &connect("c"));
    world.sleep();
    world.says(1, &message("m1", "hi"));
    assert_eq!(told(&world, 1), [response("m1", "hi")]);
    world.says(1, &connect("other"));
    assert_eq!(told(&world, 1)[1]["clientId"], "other", "again is confirmed again");
}

#[test]
fn d10_q8_a_message_is_of_the_client_that_connected() {
    let mut world = begun(Limits::default());
    let other = json!({"type": "message", "clientId": "d", "messageId": "m", "content": "x"});
    world.says(1, &other.to_string());
    assert_eq!(code(&told(&world, 1)[0]), ("m", "CONFLICT"));
}

#[test]
fn d11_q9_the_echo_answers_each_message_once_and_again_to_whoever_asks_again() {
    let mut world = begun(Limits::default());
    world.join_conversation(2, "ann");
    world.says(2, &connect("c"));
    world.says(1, &message("m1", "hi"));
    world.says(1, &message("m1", "something else"));
    world.sleep();
    world.says(2, &message("m1", "hi"));
    let hi = || response("m1", "hi");
    assert_eq!(told(&world, 1), [hi(), hi()]);
    assert_eq!(told(&world, 2), [hi(), hi()]);
    let entries = world.database.count("SELECT COUNT(*) FROM entry WHERE 1 = ", 1);
    assert_eq!(entries, 2, "a message and its response");
}

#[test]
fn q9_a_resend_in_the_same_flush_is_recognised() {
    let mut world = begun(Limits::default());
    world.says_at_once(&[(1, message("m1", "hi")), (1, message("m1", "hi"))]);
    assert_eq!(told(&world, 1), [response("m1", "hi"), response("m1", "hi")]);
    assert_eq!(world.database.count("SELECT COUNT(*) FROM entry WHERE 1 = ", 1), 2);
}

#[test]
fn q11_nothing_is_said_to_a_socket_before_it_is_confirmed() {
    let mut world = begun_over_http();
    world.says(1, &message("m1", "hi"));
    world.join_conversation(2, "ann");
    let question = asked(&mut world);
    comes_of(&mut world, &question, answered("hello"));
    assert_eq!(told(&world, 1), [response("m1", "hello")]);
    assert!(world.sockets.frames(2).is_empty());
}

#[test]
fn q9_q10_a_service_is_asked_once_the_message_is_in_the_log() {
    let mut world = begun_over_http();
    world.says(1, &message("m1", "hi"));
    let question = asked(&mut world);
    assert_eq!((question.content.as_str(), question.pending.client.as_str()), ("hi", "c"));
    assert_eq!(world.database.count("SELECT COUNT(*) FROM question WHERE offset = ", 1), 1);
    assert!(told(&world, 1).is_empty());
    // Still unanswered: nothing new is asked.
    world.says(1, &message("m1", "hi"));
    assert!(world.calls.is_empty() && told(&world, 1).is_empty());
    comes_of(&mut world, &question, answered("hello"));
    // A second word of the same comes to nothing.
    comes_of(&mut world, &question, answered("hello again"));
    comes_of(&mut world, &question, Outcome::Failed);
    assert_eq!(told(&world, 1), [response("m1", "hello")]);
    assert_eq!(world.database.count("SELECT COUNT(*) FROM question WHERE 1 = ", 1), 0);
}

#[test]
fn d23_q12_what_fails_is_asked_again_after_1_2_and_4_seconds_and_then_no_more() {
    let mut world = begun_over_http();
    world.says(1, &message("m1", "hi"));
    for (attempt, wait_ms) in [(1, 1000), (2, 2000), (3, 4000)] {
        let question = asked(&mut world);
        assert_eq!(question.pending.progress.attempt, attempt);
        comes_of(&mut world, &question, Outcome::Failed);
        world.sleep(); // Which changes no wait.
        world.wait(wait_ms - 1);
        assert!(world.calls.is_empty(), "{attempt}");
        world.wait(1);
        assert_eq!(world.calls.len(), 1, "{attempt}");
    }
    let last = asked(&mut world);
    assert!(told(&world, 1).is_empty());
    comes_of(&mut world, &last, Outcome::Failed);
    assert_eq!(code(&told(&world, 1)[0]), ("m1", "UNAVAILABLE"));
    world.wait(600_000);
    assert!(world.calls.is_empty());
    // Its author may ask again, and then it is one message still.
    world.join_conversation(2, "ann");
    world.says(2, &connect("c"));
    world.says(2, &message("m1", "hi"));
    let again = asked(&mut world);
    assert_eq!((again.content.as_str(), again.pending.progress.attempt), ("hi", 1));
    comes_of(&mut world, &again, answered("hello"));
    assert_eq!(told(&world, 2), [response("m1", "hello")]);
    assert_eq!(
        world.database.count("SELECT COUNT(*) FROM entry WHERE kind = 'message' AND 1 = ", 1),
        1
    );
}

#[test]
fn q13_who_asks_what_nobody_answers_is_told_so_within_47_seconds() {
    let mut world = begun_over_http();
    world.says(1, &message("m1", "hi"));
    for wait_ms in [1000, 2000, 4000, 0] {
        let question = asked(&mut world);
        world.wait(10_000); // The longest that a call may take.
        assert!(told(&world, 1).is_empty() && world.calls.is_empty());
        comes_of(&mut world, &question, Outcome::Failed);
        world.wait(wait_ms);
    }
    assert_eq!(code(&told(&world, 1)[0]), ("m1", "UNAVAILABLE"));
}

#[test]
fn q11_q12_what_cannot_be_used_or_is_held_back_is_refused_at_once_to_everyone() {
    let mut world = begun_over_http();
    world.join_conversation(2, "ann");
    world.says(2, &connect("d"));
    world.says(1, &message("m1", "hi"));
    let question = asked(&mut world);
    comes_of(&mut world, &question, Outcome::Unusable);
    world.says(1, &message("m2", "hi"));
    let question = asked(&mut world);
    comes_of(&mut world, &question, Outcome::Held { wait_s: 29 });
    for number in [1, 2] {
        let told = told(&world, number);
        assert_eq!((told.len(), code(&told[0])), (2, ("m1", "UNAVAILABLE")));
        assert_eq!((code(&told[1]), &told[1]["retry_after"]), (("m2", "UNAVAILABLE"), &json!(29)));
    }
    world.wait(600_000);
    assert!(world.calls.is_empty());
}

#[test]
fn q10_a_call_that_is_lost_with_the_rooms_memory_is_made_again() {
    let mut world = begun_over_http();
    world.says(1, &message("m1", "hi"));
    let lost = asked(&mut world);
    world.sleep();
    world.wait(12_000); // The alarm, which is set while anything is pending.
    let again = asked(&mut world);
    assert_eq!((again.pending.progress.attempt, again.content.as_str()), (1, "hi"));
    // The lost one was not lost after all: whichever comes first is the response.
    comes_of(&mut world, &lost, answered("hello"));
    comes_of(&mut world, &again, answered("hello again"));
    assert_eq!(told(&world, 1), [response("m1", "hello")]);
}

#[test]
fn a_room_that_wakes_for_anything_asks_at_once_about_what_was_under_way() {
    let mut world = begun_over_http();
    world.says(1, &message("m1", "hi"));
    world.calls.clear();
    world.sleep();
    world.says(1, &json!({"type": "ping", "n": 1}).to_string());
    world.wait(1);
    assert_eq!(asked(&mut world).content, "hi");
}

#[test]
fn a_call_without_any_word_of_it_has_failed() {
    let mut world = begun_over_http();
    world.says(1, &message("m1", "hi"));
    world.calls.clear();
    world.wait(13_000);
    assert_eq!(asked(&mut world).pending.progress.attempt, 2);
    world.wait(60_000);
    assert_eq!(code(&told(&world, 1)[0]), ("m1", "UNAVAILABLE"));
}

#[test]
fn d27_q12_at_most_sixteen_messages_wait_and_four_calls_are_under_way() {
    let mut world = begun_over_http();
    for number in 0..17 {
        world.says(1, &message(&format!("m{number}"), "hi"));
    }
    assert_eq!(world.calls.len(), 4);
    let refused = told(&world, 1);
    assert_eq!((refused.len(), code(&refused[0])), (1, ("m16", "UNAVAILABLE")));
    assert!(refused[0]["retry_after"].as_u64().is_some());
    let mut order = vec![];
    while !world.calls.is_empty() {
        let question = asked(&mut world);
        order.push(question.pending.message.as_str().to_owned());
        comes_of(&mut world, &question, answered("hello"));
        assert!(world.calls.len() <= 4);
    }
    assert_eq!(order, (0..16).map(|it| format!("m{it}")).collect::<Vec<_>>());
    // The refused one was not taken down, and may be sent again.
    world.says(1, &message("m16", "hi"));
    assert_eq!(world.calls.len(), 1);
}

#[test]
fn a_room_with_all_calls_under_way_does_not_ring_for_those_that_wait() {
    let mut world = begun_over_http();
    for number in 0..6 {
        world.says(1, &message(&format!("m{number}"), "hi"));
    }
    world.wait(5_000);
    assert_eq!(world.calls.len(), 4);
}

#[test]
fn without_a_responder_nothing_is_taken() {
    let wrong = [("CONVERSATION_RESPONDER", "http")];
    let world = World::of(Kind::Conversation, Limits::default()).configured(&wrong);
    let mut world = begun_in(world);
    world.says(1, &message("m1", "hi"));
    assert_eq!(code(&told(&world, 1)[0]), ("m1", "UNAVAILABLE"));
    assert_eq!(world.database.count("SELECT COUNT(*) FROM entry WHERE 1 = ", 1), 0);
}

#[test]
fn q12_a_response_that_is_no_longer_kept_is_not_asked_for_again() {
    let limits = Limits { history_entries_max: 1, messages_per_minute: 0, ..Limits::default() };
    let mut world = begun(limits);
    for number in 0..5 {
        world.says(1, &message(&format!("m{number}"), "hi"));
        world.wait(2_000);
    }
    let before = told(&world, 1).len();
    world.says(1, &message("m0", "hi"));
    assert_eq!(code(&told(&world, 1)[before]), ("m0", "NOT_FOUND"));
}

#[test]
fn d19_q6_history_holds_both_sides() {
    let mut world = begun(Limits::default());
    world.says(1, &message("m1", "a"));
    world.says(1, &message("m2", "b"));
    world.says(1, &json!({"type": "history", "limit": 3}).to_string());
    let page = told(&world, 1).pop().unwrap();
    let said: Vec<_> = page["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| json!([it["messageId"], it["role"], it["content"]]))
        .collect();
    assert_eq!(
        said,
        [
            json!(["m1", "assistant", "a"]),
            json!(["m2", "user", "b"]),
            json!(["m2", "assistant", "b"])
        ]
    );
    assert_eq!((&page["hasMore"], &page["nextBefore"]), (&json!(true), &json!(2)));
}

#[test]
fn a_room_that_was_erased_hears_no_word_of_before() {
    use dormouse::kernel::{Command, Request};
    let mut world = begun_over_http();
    world.says(1, &message("m1", "hi"));
    let before = asked(&mut world);
    world.call(Request { request_id: None, command: Ok(Command::Erase) });
    assert_eq!(world.database.count("SELECT COUNT(*) FROM question WHERE 1 = ", 1), 0);
    world.wait(60_000);
    assert!(world.calls.is_empty(), "nor calls it anybody about what was pending");
    world.join_conversation(2, "ann");
    world.says(2, &connect("c"));
    world.says(2, &message("m2", "anew"));
    let anew = asked(&mut world);
    comes_of(&mut world, &before, answered("to what?"));
    assert!(told(&world, 2).is_empty());
    comes_of(&mut world, &anew, answered("hello"));
    assert_eq!(told(&world, 2), [response("m2", "hello")]);
}

#[test]
fn d27_a_flood_is_refused_and_forgiven_twice() {
    let mut world = begun(Limits { messages_per_minute: 3, ..Limits::default() });
    for number in 0..5 {
        world.says(1, &message(&format!("m{number}"), "hi"));
    }
    let codes: Vec<_> = told(&world, 1).iter().map(|it| code(it).1.to_owned()).collect();
    assert_eq!(
        codes,
        ["none", "none", "RATE_LIMIT_EXCEEDED", "RATE_LIMIT_EXCEEDED", "RATE_LIMIT_EXCEEDED"]
    );
}

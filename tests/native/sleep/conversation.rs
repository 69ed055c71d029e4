//! Conversations, and the responder that they call (D2 to D12, Q8 to Q15).

use dormouse::feature::Call;
use dormouse::feature::conversations::{Outcome, Question, Responded};
use dormouse::protocol::ProtocolId;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::stage::Stage;
use super::step::{Act, Feature, Reached, acts};

pub(super) static TALK: Feature = Feature {
    steps: |place| {
        let connect = Just(json!({"type": "connect", "clientId": "c", "version": "1"}));
        let message_id = select(vec!["m1", "m2", "m3", "m4", "m5"]);
        let content = select(vec!["hi", "hi", "flaky", "flaky", "down", "odd", "held"]);
        let message = (message_id, content).prop_map(|(id, content)| {
            json!({"type": "message", "clientId": "c", "messageId": id, "content": content})
        });
        let others =
            Just(json!({"type": "message", "clientId": "d", "messageId": "m9", "content": "x"}));
        let before = prop_oneof![Just(Value::Null), (0u64..20).prop_map(|it| json!(it))];
        let history = (1u32..4, before)
            .prop_map(|(limit, it)| json!({"type": "history", "limit": limit, "before": it}));
        let says = |frame| place.says(ProtocolId::CONVERSATION, frame);
        vec![
            (8, says(connect.boxed())),
            (20, says(message.boxed())),
            (1, says(others.boxed())),
            (3, says(history.boxed())),
        ]
    },
    reached: &[
        Reached("a client was confirmed", |it| it.got("connect_confirm")),
        Reached("a message before connect was refused", |it| {
            it.asks("message") && it.refused("CONFLICT")
        }),
        Reached("a response that was given came again", |it| {
            it.asks("message") && it.got("response")
        }),
        Reached("a page of a conversation was told", |it| {
            let roles = |it: &Value| it["messages"][0]["role"] == "assistant";
            it.own.iter().any(roles)
        }),
    ],
};

pub(super) static ANSWERS: Feature = Feature {
    steps: |_| vec![(14, acts(Just(Responds))), (3, acts(Just(RespondsToAll)))],
    reached: &[
        Reached("a response came to all", |it| it.heard("response")),
        Reached("a responder was asked", |it| !it.calls.is_empty()),
        Reached("a responder was asked again after a wake", |it| {
            it.woke && it.calls.iter().any(|it| attempt(it) > 1)
        }),
        Reached("a responder was given up", |it| says(&it.others, "did not answer")),
        Reached("an answer was of no use", |it| says(&it.others, "could be used")),
        Reached("a message was held back", |it| it.others.iter().any(|it| it["retry_after"] == 9)),
    ],
};

fn attempt(call: &Call) -> u32 {
    match call {
        Call::Conversations(question) => question.pending.progress.attempt,
        _ => 0,
    }
}

fn says(frames: &[Value], what: &str) -> bool {
    frames.iter().any(|it| it["error"].as_str().is_some_and(|it| it.contains(what)))
}

/// The oldest call under way comes to its end.
#[derive(Clone, Debug)]
struct Responds;

impl Act for Responds {
    fn play(&self, stage: &mut Stage) {
        stage.respond();
    }
}

/// All of them do.
#[derive(Clone, Debug)]
struct RespondsToAll;

impl Act for RespondsToAll {
    fn play(&self, stage: &mut Stage) {
        while stage.respond() {}
    }
}

/// What the responder makes of a message depends on what it says, and on how often it was
/// asked.
pub(super) fn responded(question: Question) -> Responded {
    let Question { pending, epoch, content } = question;
    let outcome = match content.as_str() {
        "flaky" if pending.progress.attempt < 3 => Outcome::Failed,
        "down" => Outcome::Failed,
        "odd" => Outcome::Unusable,
        "held" => Outcome::Held { wait_s: 9 },
        content => Outcome::Answered(content.to_uppercase()),
    };
    Responded { question: pending.offset, epoch, attempt: pending.progress.attempt, outcome }
}

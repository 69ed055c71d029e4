//! A call to the service, and what its answer comes to.

use super::stored::Batch;
use super::{Receiver, Webhooks};
use crate::feature::Outbound;
use crate::message::UserId;
use crate::outgoing::{Answer, Caller, Heard, Outgoing, Post, Verdict};

/// How long an answer may take, in milliseconds: as a responder's by default. Nobody waits for it.
pub(super) const PATIENCE_MS: u64 = 10_000;

/// Longest answer read, in bytes: nothing in it is looked at.
const ANSWER_BYTES_MAX: u64 = 1024;

/// Events to tell in one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Which they are, and which call about them it is.
    pub batch: Batch,
    /// What they say: JSON objects, in which only the room is missing.
    pub events: Vec<String>,
}

/// What came of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivered {
    /// About these.
    pub batch: Batch,
    /// What came of it.
    pub outcome: Outcome,
}

/// What may come of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The service has them.
    Done,
    /// It was not reached, took too long, or answered anything but 2xx.
    Failed,
    /// It was not called, because it failed too often of late.
    Held {
        /// Milliseconds after which it may be.
        wait_ms: u64,
    },
}

impl Outbound<Webhooks> for Delivery {
    fn outgoing(&self, receiver: &Receiver, from: &Caller<'_>) -> Option<Outgoing> {
        let Receiver::Http { service, .. } = receiver else { return None };
        let Batch { first, count, .. } = self.batch;
        // Names of rooms are such that they stand in JSON and in a header as they are.
        let room = format!("{}:{}", from.kind.as_str(), from.room);
        let mut body = String::from(r#"{"events":["#);
        for (at, event) in self.events.iter().enumerate() {
            body.push_str(if at == 0 { r#"{"room":""# } else { r#",{"room":""# });
            body.push_str(&room);
            body.push_str(r#"","#);
            body.push_str(event.strip_prefix('{').unwrap_or_default());
        }
        body.push_str("]}");
        let request = service.request(body, format!("{room}/{first}/{count}"), from.now);
        Some(Outgoing::Post(Post {
            service: "webhook",
            // A room that fails is held back alone, and all are when several fail.
            user: UserId(room.clone()),
            scope: room,
            request,
            patience_ms: PATIENCE_MS,
            answer_bytes_max: ANSWER_BYTES_MAX,
        }))
    }

    fn heard(self, answer: Answer) -> Heard<Delivered> {
        let (outcome, verdict) = match answer {
            Answer::Http { status: 200..=299, .. } => (Outcome::Done, Verdict::Useful),
            Answer::Held { wait_ms } => (Outcome::Held { wait_ms }, Verdict::Failed),
            // A redirect is not followed, and a refusal may be set right within a day.
            Answer::Http { .. } | Answer::Missing | Answer::Nobody | Answer::Room(_) => {
                (Outcome::Failed, Verdict::Failed)
            }
        };
        Heard { input: Some(Delivered { batch: self.batch, outcome }), verdict }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feature::Configured;
    use crate::limits::Limits;
    use crate::message::{Kind, Millis};
    use crate::outgoing::SignedRequest;

    fn receiver() -> Receiver {
        let variable = |name: &str| {
            let value = match name {
                "WEBHOOK_URL" => "https://hooks.example/in?key=k",
                "WEBHOOK_SECRET" => "a secret of the receiver, 32 bytes or more",
                _ => "*",
            };
            Some(value.to_owned())
        };
        Receiver::read(&variable, &mut Vec::new())
    }

    fn delivery() -> Delivery {
        let batch = Batch { count: 2, ..Batch::new(1_704_110_400_123_000) };
        let events = vec![r#"{"id":"event_1"}"#.to_owned(), r#"{"id":"event_2"}"#.to_owned()];
        Delivery { batch, events }
    }

    /// The signature by Node: `createHmac("sha256", secret).update(timestamp + "." + body)`.
    #[test]
    fn y5_events_are_posted_and_signed_as_documented() {
        let (kind, limits) = (Kind::Chat, &Limits::default());
        let from = Caller { kind, room: "lobby", limits, now: Millis(1_704_110_401_999) };
        let Some(Outgoing::Post(post)) = delivery().outgoing(&receiver(), &from) else {
            panic!("no call")
        };
        let signature = "sha256=d08e8fede4a8c4f3391adf1fa465961771534cf9cc23df985c0266c99d8ceccf";
        let request = SignedRequest {
            url: "https://hooks.example/in?key=k".into(),
            headers: vec![
                ("Content-Type", "application/json".into()),
                ("X-Dormouse-Signature", signature.into()),
                ("X-Dormouse-Timestamp", "1704110401".into()),
                ("Idempotency-Key", "chat:lobby/1704110400123000/2".into()),
            ],
            body: r#"{"events":[{"room":"chat:lobby","id":"event_1"},{"room":"chat:lobby","id":"event_2"}]}"#.into(),
        };
        let expected = Post {
            service: "webhook",
            scope: "chat:lobby".into(),
            user: UserId("chat:lobby".into()),
            request,
            patience_ms: 10_000,
            answer_bytes_max: 1024,
        };
        assert_eq!(post, expected);
        assert!(delivery().outgoing(&Receiver::Nobody, &from).is_none());
    }

    #[test]
    fn y6_only_a_2xx_says_that_the_events_are_there() {
        let heard = |answer| {
            let Heard { input, verdict } = delivery().heard(answer);
            (input.unwrap().outcome, verdict)
        };
        let http = |status, text: Option<&str>| {
            heard(Answer::Http { status, text: text.map(str::to_owned) })
        };
        for status in [200, 201, 204, 299] {
            for text in [None, Some("<!doctype html>")] {
                assert_eq!(http(status, text), (Outcome::Done, Verdict::Useful), "{status}");
            }
        }
        for status in [101, 300, 301, 302, 307, 400, 401, 404, 410, 429, 500, 503, 599] {
            assert_eq!(http(status, Some("{}")), (Outcome::Failed, Verdict::Failed), "{status}");
        }
        for answer in [Answer::Missing, Answer::Nobody] {
            assert_eq!(heard(answer), (Outcome::Failed, Verdict::Failed));
        }
        let held = heard(Answer::Held { wait_ms: 7 });
        assert_eq!(held, (Outcome::Held { wait_ms: 7 }, Verdict::Failed));
    }
}

//! Who answers in conversations; what a service is asked that does (D10), and what its answer
//! comes to (D11).

use serde::{Deserialize, Serialize};

use super::ConversationConfig;
use super::pending::{Outcome, Question, Responded};
use super::stored::Conversations;
use crate::feature::calls::{Configured, Outbound};
use crate::limits::JSON_DEPTH_MAX;
use crate::message::{Millis, is_bearable, starts_object, text_fits};
use crate::outgoing::{
    Answer, Caller, Heard, Outgoing, Post, Service, SignedRequest, Verdict, header_text,
};

/// Longest answer read, in bytes: what clients take in one frame.
const ANSWER_BYTES_MAX: u64 = 1 << 20;

/// Who answers in conversations.
#[derive(Clone, Debug, Default)]
pub enum Responder {
    /// The room itself, with what was said.
    #[default]
    Echo,
    /// A service of the operator's, over HTTP.
    Http(Service),
    /// Nobody: what is configured cannot work.
    Nobody,
}

impl Configured for Responder {
    fn read(variable: &dyn Fn(&str) -> Option<String>, faults: &mut Vec<String>) -> Self {
        let read = match variable("CONVERSATION_RESPONDER").as_deref().map(str::trim) {
            None | Some("" | "echo") => Ok(Self::Echo),
            Some("http") => {
                Service::read(variable, "CONVERSATION_URL", "CONVERSATION_SECRET").map(Self::Http)
            }
            Some(_) => Err("CONVERSATION_RESPONDER is neither echo nor http".to_owned()),
        };
        read.unwrap_or_else(|wrong| {
            let until = "until that is set right, no message of a conversation is taken";
            faults.push(format!("{wrong}: {until}"));
            Self::Nobody
        })
    }
}

impl Outbound<Conversations> for Box<Question> {
    fn outgoing(&self, config: &ConversationConfig, from: &Caller<'_>) -> Option<Outgoing> {
        let Responder::Http(service) = &config.responder else { return None };
        Some(Outgoing::Post(Post {
            service: "responder",
            scope: from.room.to_owned(),
            user: self.pending.author.id.clone(),
            request: request(service, from.room, self, from.now),
            patience_ms: from.limits.responder_patience_ms(),
            answer_bytes_max: ANSWER_BYTES_MAX,
        }))
    }

    fn heard(self, answer: Answer) -> Heard<Responded> {
        let outcome = match answer {
            Answer::Http { status, text } => judge(status, text.as_deref()),
            Answer::Missing => Outcome::Failed,
            Answer::Held { wait_ms } => Outcome::Held { wait_s: wait_ms.div_ceil(1000) },
            // Asked under another configuration.
            Answer::Nobody | Answer::Room(_) => Outcome::Unusable,
        };
        let verdict = match outcome {
            Outcome::Answered(_) => Verdict::Useful,
            Outcome::Unusable => Verdict::Useless,
            Outcome::Failed | Outcome::Held { .. } => Verdict::Failed,
        };
        let Question { pending, epoch, .. } = *self;
        let (question, attempt) = (pending.offset, pending.progress.attempt);
        Heard { input: Some(Responded { question, epoch, attempt, outcome }), verdict }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Asked<'a> {
    conversation_id: &'a str,
    message_id: &'a str,
    user_id: &'a str,
    username: &'a str,
    client_id: &'a str,
    content: &'a str,
    timestamp: String,
}

/// The request that asks this, signed at this time.
fn request(
    service: &Service,
    conversation: &str,
    question: &Question,
    now: Millis,
) -> SignedRequest {
    let pending = &question.pending;
    let message_id = pending.message.as_str();
    let asked = Asked {
        conversation_id: conversation,
        message_id,
        user_id: &pending.author.id.0,
        username: &pending.author.name,
        client_id: &pending.client,
        content: &question.content,
        timestamp: pending.progress.since.to_rfc3339(),
    };
    let body = serde_json::to_string(&asked).unwrap_or_default();
    service.request(body, format!("{conversation}/{}", header_text(message_id)), now)
}

#[derive(Deserialize)]
struct Said {
    content: String,
}

/// What an answer comes to. `text` is its body, unless that is too long or no text.
fn judge(status: u16, text: Option<&str>) -> Outcome {
    match status {
        200..=299 => {
            let is_good =
                |it: &&str| starts_object(it) && is_bearable(it.as_bytes(), JSON_DEPTH_MAX);
            let answer = text.filter(is_good).and_then(|it| serde_json::from_str(it).ok());
            let answer = answer.filter(|it: &Said| text_fits(&it.content).is_ok());
            answer.map_or(Outcome::Unusable, |Said { content }| Outcome::Answered(content))
        }
        // It is not well, or has too much to do.
        429 | 500.. => Outcome::Failed,
        // A redirect is not followed: where it leads, nobody has configured.
        _ => Outcome::Unusable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feature::conversations::Pending;
    use crate::limits::Limits;
    use crate::message::{Epoch, Kind, Member, Offset, RequestId, UserId};
    use crate::outgoing::Progress;

    const SECRET: &str = "a secret of the backend, 32 bytes or more";

    fn read(variables: &[(&str, &str)]) -> (Responder, Vec<String>) {
        let value = |name: &str| {
            let found = variables.iter().find(|(it, _)| *it == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let mut faults = Vec::new();
        (Responder::read(&value, &mut faults), faults)
    }

    fn http() -> Responder {
        let url = ("CONVERSATION_URL", "https://backend.example/answer");
        let secret = ("CONVERSATION_SECRET", SECRET);
        read(&[("CONVERSATION_RESPONDER", "http"), url, secret]).0
    }

    /// The call that asks this in the conversation of this name.
    fn post(conversation: &str, question: Question, now: Millis) -> Post {
        let (kind, limits) = (Kind::Conversation, &Limits::default());
        let from = Caller { kind, room: conversation, limits, now };
        let config = ConversationConfig { responder: http(), ..ConversationConfig::default() };
        let Some(Outgoing::Post(post)) = Box::new(question).outgoing(&config, &from) else {
            panic!("no call")
        };
        post
    }

    fn heard(answer: Answer) -> (Outcome, Verdict) {
        let Heard { input, verdict } = Box::new(question("m1")).heard(answer);
        (input.unwrap().outcome, verdict)
    }

    fn question(message: &str) -> Question {
        let pending = Pending {
            offset: Offset(7),
            message: RequestId::parse(message).unwrap(),
            author: Member { id: UserId("ann".into()), name: "Ann".into() },
            client: "c1".into(),
            progress: Progress::new(Millis(1_704_110_400_123)),
        };
        Question { pending, epoch: Epoch("e".into()), content: "Grüße".into() }
    }

    /// The signature by Node: `createHmac("sha256", secret).update(timestamp + "." + body)`.
    #[test]
    fn d10_a_question_is_posted_and_signed_as_documented() {
        let at = Millis(1_704_110_400_999);
        let post = post("conversation_1", question("m1"), at);
        let signature = "sha256=15e6855b45eaed305e619c2457d3db0e2425caadfcc80bbec0aa0584a41852fe";
        let request = SignedRequest {
            url: "https://backend.example/answer".into(),
            headers: vec![
                ("Content-Type", "application/json".into()),
                ("X-Dormouse-Signature", signature.into()),
                ("X-Dormouse-Timestamp", "1704110400".into()),
                ("Idempotency-Key", "conversation_1/m1".into()),
            ],
            body: r#"{"conversationId":"conversation_1","messageId":"m1","userId":"ann","username":"Ann","clientId":"c1","content":"Grüße","timestamp":"2024-01-01T12:00:00.123Z"}"#.into(),
        };
        let expected = Post {
            service: "responder",
            scope: "conversation_1".into(),
            user: UserId("ann".into()),
            request,
            patience_ms: 10_000,
            answer_bytes_max: 1 << 20,
        };
        assert_eq!(post, expected);
    }

    #[test]
    fn a_message_id_of_any_text_makes_a_header() {
        let post = post("c", question("ü: 1\r\n"), Millis(0));
        let key = post.request.headers.into_iter().find(|(name, _)| *name == "Idempotency-Key");
        assert_eq!(key.unwrap().1, "c/%C3%BC%3A%201%0D%0A");
    }

    #[test]
    fn an_answer_is_a_success_with_an_object_that_has_content() {
        let answered = |text: &str| Outcome::Answered(text.into());
        assert_eq!(judge(200, Some(r#"{"content":"hi","more":[1]}"#)), answered("hi"));
        assert_eq!(judge(201, Some(" {\"content\":\"\"}")), answered(""));
        let deep = format!(r#"{{"content":"x","a":{}{}}}"#, "[".repeat(40), "]".repeat(40));
        for text in [
            "",
            "hi",
            "\"hi\"",
            "[\"hi\"]",
            "{}",
            r#"{"content":7}"#,
            r#"{"content":null}"#,
            r#"{"content":"cut o"#,
            "<!doctype html><p>Welcome",
            &deep,
        ] {
            assert_eq!(judge(200, Some(text)), Outcome::Unusable, "{text}");
        }
        assert_eq!(judge(200, None), Outcome::Unusable, "too long, or no text");
    }

    #[test]
    fn what_is_not_well_is_tried_again_and_what_is_wrong_is_not() {
        let answer = Some(r#"{"content":"hi"}"#);
        for status in [429, 500, 502, 503, 504, 599] {
            assert_eq!(judge(status, answer), Outcome::Failed, "{status}");
        }
        for status in [101, 204, 301, 302, 307, 400, 401, 404, 422] {
            let text = answer.filter(|_| status != 204);
            assert_eq!(judge(status, text), Outcome::Unusable, "{status}");
        }
    }

    #[test]
    fn what_a_responder_answers_says_whether_it_is_well() {
        let http = |status, text: &str| Answer::Http { status, text: Some(text.into()) };
        let useful = heard(http(200, r#"{"content":"hi"}"#));
        assert_eq!(useful, (Outcome::Answered("hi".into()), Verdict::Useful));
        assert_eq!(heard(http(404, "")), (Outcome::Unusable, Verdict::Useless));
        assert_eq!(heard(http(503, "")), (Outcome::Failed, Verdict::Failed));
        assert_eq!(heard(Answer::Missing), (Outcome::Failed, Verdict::Failed));
        let held = heard(Answer::Held { wait_ms: 29_001 });
        assert_eq!(held, (Outcome::Held { wait_s: 30 }, Verdict::Failed));
        assert_eq!(heard(Answer::Nobody).0, Outcome::Unusable);
    }

    #[test]
    fn without_all_of_it_nobody_answers() {
        let url = ("CONVERSATION_URL", "http://127.0.0.1:1/");
        let secret = ("CONVERSATION_SECRET", SECRET);
        let http = ("CONVERSATION_RESPONDER", "http");
        assert!(matches!(read(&[]).0, Responder::Echo));
        assert!(matches!(read(&[("CONVERSATION_RESPONDER", "echo"), url]).0, Responder::Echo));
        let (read_well, faults) = read(&[http, url, secret]);
        assert!(matches!(read_well, Responder::Http(_)) && faults.is_empty());
        for wrong in [
            &[http][..],
            &[http, url],
            &[http, secret],
            &[http, url, ("CONVERSATION_SECRET", "short")],
            &[http, ("CONVERSATION_URL", "backend.example"), secret],
            &[("CONVERSATION_RESPONDER", "htpp"), url, secret],
        ] {
            let (responder, faults) = read(wrong);
            assert!(matches!(responder, Responder::Nobody) && faults.len() == 1);
            assert!(faults[0].ends_with("no message of a conversation is taken"), "{faults:?}");
        }
    }
}

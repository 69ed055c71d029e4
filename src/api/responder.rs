//! A responder over HTTP (D10, D11): what it is asked, and what its answer comes to. No I/O.

use hmac::{Hmac, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::feature::conversations::{Outcome, Question};
use crate::limits::{JSON_DEPTH_MAX, Responder};
use crate::message::{Millis, is_bearable, starts_object, text_fits};

/// Longest answer read, in bytes: what clients take in one frame.
pub const ANSWER_BYTES_MAX: u64 = 1 << 20;

/// Shortest secret taken, in bytes, as of `JWT_SECRET`.
const SECRET_BYTES_MIN: usize = 32;

/// Where a responder is, and what it knows us by.
#[derive(Clone)]
pub struct Backend {
    url: String,
    secret: Hmac<Sha256>,
}

/// Reads the variables: who answers, where if that is a service, and what is wrong with
/// them, if anything.
pub fn configured(
    variable: impl Fn(&str) -> Option<String>,
) -> (Responder, Option<Backend>, Option<&'static str>) {
    let nobody = |wrong| (Responder::Nobody, None, Some(wrong));
    match variable("CONVERSATION_RESPONDER").as_deref().map(str::trim) {
        None | Some("" | "echo") => (Responder::Echo, None, None),
        Some("http") => {
            let url = variable("CONVERSATION_URL").unwrap_or_default();
            let secret = variable("CONVERSATION_SECRET").unwrap_or_default();
            if !url.starts_with("https://") && !url.starts_with("http://") {
                return nobody("CONVERSATION_URL is no URL of https or http");
            }
            let is_long = SECRET_BYTES_MIN <= secret.len();
            match Hmac::new_from_slice(secret.as_bytes()).ok().filter(|_| is_long) {
                Some(secret) => (Responder::Http, Some(Backend { url, secret }), None),
                None => nobody("CONVERSATION_SECRET is missing or has less than 32 bytes"),
            }
        }
        Some(_) => nobody("CONVERSATION_RESPONDER is neither echo nor http"),
    }
}

/// A request to a responder: a POST of JSON.
#[derive(Debug, PartialEq, Eq)]
pub struct Post {
    /// Where to.
    pub url: String,
    /// Names and values.
    pub headers: Vec<(&'static str, String)>,
    /// The body, JSON in UTF-8.
    pub body: String,
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

/// What may stand in a header as it is: a message's id is any text.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

impl Backend {
    /// The request that asks this, signed at this time.
    #[must_use]
    pub fn post(&self, conversation: &str, question: &Question, now: Millis) -> Post {
        let pending = &question.pending;
        let message_id = pending.message.as_str();
        let asked = Asked {
            conversation_id: conversation,
            message_id,
            user_id: &pending.author.id.0,
            username: &pending.author.name,
            client_id: &pending.client,
            content: &question.content,
            timestamp: pending.at.to_rfc3339(),
        };
        let body = serde_json::to_string(&asked).unwrap_or_default();
        let timestamp = (now.0 / 1000).to_string();
        let key = format!("{conversation}/{}", utf8_percent_encode(message_id, PLAIN));
        let headers = vec![
            ("Content-Type", "application/json".to_owned()),
            ("X-Dormouse-Signature", format!("sha256={}", self.sign(&timestamp, &body))),
            ("X-Dormouse-Timestamp", timestamp),
            ("Idempotency-Key", key),
        ];
        Post { url: self.url.clone(), headers, body }
    }

    fn sign(&self, timestamp: &str, body: &str) -> String {
        let parts = [timestamp, ".", body];
        let mac = parts.into_iter().fold(self.secret.clone(), Mac::chain_update);
        format!("{:x}", mac.finalize().into_bytes())
    }
}

#[derive(Deserialize)]
struct Answer {
    content: String,
}

/// What an answer comes to. `text` is its body, unless that is too long or no text.
#[must_use]
pub fn judge(status: u16, text: Option<&str>) -> Outcome {
    match status {
        200..=299 => {
            let is_good =
                |it: &&str| starts_object(it) && is_bearable(it.as_bytes(), JSON_DEPTH_MAX);
            let answer = text.filter(is_good).and_then(|it| serde_json::from_str(it).ok());
            let answer = answer.filter(|it: &Answer| text_fits(&it.content).is_ok());
            answer.map_or(Outcome::Unusable, |Answer { content }| Outcome::Answered(content))
        }
        // It is not well, or has too much to do.
        429 | 500.. => Outcome::Failed,
        // A redirect is not followed: where it leads, nobody has configured.
        _ => Outcome::Unusable,
    }
}

/// Whether a service that does this is well: what it says is another question.
#[must_use]
pub fn is_well(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Answered(_) | Outcome::Unusable => true,
        Outcome::Failed | Outcome::Held { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feature::conversations::Pending;
    use crate::message::{Epoch, Member, Offset, RequestId, UserId};

    const SECRET: &str = "a secret of the backend, 32 bytes or more";

    fn read(variables: &[(&str, &str)]) -> (Responder, Option<Backend>, Option<&'static str>) {
        let value = |name: &str| {
            let found = variables.iter().find(|(it, _)| *it == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        configured(value)
    }

    fn backend() -> Backend {
        let url = ("CONVERSATION_URL", "https://backend.example/answer");
        let secret = ("CONVERSATION_SECRET", SECRET);
        read(&[("CONVERSATION_RESPONDER", "http"), url, secret]).1.unwrap()
    }

    fn question(message: &str) -> Question {
        let pending = Pending {
            offset: Offset(7),
            message: RequestId::parse(message).unwrap(),
            author: Member { id: UserId("ann".into()), name: "Ann".into() },
            client: "c1".into(),
            at: Millis(1_704_110_400_123),
            attempt: 1,
            due: Millis(0),
            under_way: true,
        };
        Question { pending, epoch: Epoch("e".into()), content: "Grüße".into() }
    }

    /// The signature by Node: `createHmac("sha256", secret).update(timestamp + "." + body)`.
    #[test]
    fn d10_a_question_is_posted_and_signed_as_documented() {
        let post = backend().post("conversation_1", &question("m1"), Millis(1_704_110_400_999));
        let signature = "sha256=15e6855b45eaed305e619c2457d3db0e2425caadfcc80bbec0aa0584a41852fe";
        let expected = Post {
            url: "https://backend.example/answer".into(),
            headers: vec![
                ("Content-Type", "application/json".into()),
                ("X-Dormouse-Signature", signature.into()),
                ("X-Dormouse-Timestamp", "1704110400".into()),
                ("Idempotency-Key", "conversation_1/m1".into()),
            ],
            body: r#"{"conversationId":"conversation_1","messageId":"m1","userId":"ann","username":"Ann","clientId":"c1","content":"Grüße","timestamp":"2024-01-01T12:00:00.123Z"}"#.into(),
        };
        assert_eq!(post, expected);
    }

    #[test]
    fn a_message_id_of_any_text_makes_a_header() {
        let key = |message| {
            let post = backend().post("c", &question(message), Millis(0));
            post.headers.into_iter().find(|(name, _)| *name == "Idempotency-Key").unwrap().1
        };
        assert_eq!(key("a\r\nX-Evil: 1"), "c/a%0D%0AX-Evil%3A%201");
        assert_eq!(key("ü/€"), "c/%C3%BC%2F%E2%82%AC");
        assert_eq!(key("A-Z.a_z~9"), "c/A-Z.a_z~9");
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
        assert!(is_well(&Outcome::Unusable) && !is_well(&Outcome::Failed));
    }

    #[test]
    fn without_all_of_it_nobody_answers() {
        let url = ("CONVERSATION_URL", "http://127.0.0.1:1/");
        let secret = ("CONVERSATION_SECRET", SECRET);
        let http = ("CONVERSATION_RESPONDER", "http");
        assert_eq!(read(&[]).0, Responder::Echo);
        assert_eq!(read(&[("CONVERSATION_RESPONDER", "echo"), url]).0, Responder::Echo);
        assert_eq!(read(&[http, url, secret]).0, Responder::Http);
        for wrong in [
            &[http][..],
            &[http, url],
            &[http, secret],
            &[http, url, ("CONVERSATION_SECRET", "short")],
            &[http, ("CONVERSATION_URL", "backend.example"), secret],
            &[("CONVERSATION_RESPONDER", "htpp"), url, secret],
        ] {
            let (responder, backend, wrong) = read(wrong);
            assert!(responder == Responder::Nobody && backend.is_none() && wrong.is_some());
        }
    }
}

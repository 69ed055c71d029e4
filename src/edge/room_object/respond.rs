//! Asking the responder of a conversation.

use std::panic::AssertUnwindSafe;
use std::rc::Rc;

use js_sys::Array;
use wasm_bindgen::JsValue;

use super::Shared;
use crate::api::responder::{ANSWER_BYTES_MAX, Post, is_well, judge};
use crate::edge::{breakers, clock, log, platform};
use crate::feature;
use crate::feature::conversations::{Outcome, Question, Responded};
use crate::kernel::Input;

/// What its breaker and the log call it.
const RESPONDER: &str = "responder";

impl Shared {
    /// Asks, and tells the room what came of it. Should the object vanish meanwhile, its
    /// next wake asks again.
    pub(super) fn respond(self: &Rc<Self>, question: Question) {
        let shared = AssertUnwindSafe(Rc::clone(self));
        wasm_bindgen_futures::spawn_local(async move {
            let outcome = shared.ask(&question).await;
            let Question { pending, epoch, .. } = question;
            let (question, attempt) = (pending.offset, pending.attempt);
            let responded = Responded { question, epoch, attempt, outcome };
            let told = shared.step(|host| {
                host.handle(
                    Input::Feature(feature::Input::Conversations(responded)),
                    clock::stamp(),
                )
            });
            drop(told); // A failure is in the log, and the message still pending.
        });
    }

    async fn ask(&self, question: &Question) -> Outcome {
        let Some((backend, name)) = self.config.backend.as_ref().zip(self.name()) else {
            return Outcome::Unusable; // Asked under another configuration.
        };
        if let Err(wait_ms) = breakers::admit_call(RESPONDER, &name) {
            return Outcome::Held { wait_s: wait_ms.div_ceil(1000) };
        }
        let post = backend.post(&name, question, clock::now());
        let (outcome, detail) = match self.post(&post).await {
            None => (Outcome::Failed, "it did not answer, or not in time".to_owned()),
            Some((status, text)) => {
                (judge(status, text.as_deref()), format!("it answered {status}, to no avail"))
            }
        };
        if !matches!(outcome, Outcome::Answered(_)) {
            log::broke(RESPONDER, &detail);
        }
        let author = &question.pending.author.id;
        breakers::call_went(RESPONDER, &name, author, is_well(&outcome));
        outcome
    }

    /// The status of the answer, and its body unless that is too long or no text.
    #[expect(clippy::cast_precision_loss, reason = "lengths and durations stay below 2^53")]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a status")]
    async fn post(&self, Post { url, headers, body }: &Post) -> Option<(u16, Option<String>)> {
        let pair = |(name, value): &(&str, String)| -> JsValue {
            Array::of2(&(*name).into(), &value.as_str().into()).into()
        };
        let headers: Array = headers.iter().map(pair).collect();
        let patience_ms = self.config.limits.responder_patience_ms() as f64;
        let answer =
            platform::post_out(url, &headers, body, patience_ms, ANSWER_BYTES_MAX as f64).await;
        let answer = Array::from(&answer.ok()?);
        Some((answer.get(0).as_f64()? as u16, answer.get(1).as_string()))
    }
}

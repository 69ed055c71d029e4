//! Whom a room calls: other rooms, and services of others.

use std::panic::AssertUnwindSafe;
use std::rc::Rc;

use js_sys::{Array, Promise};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

use super::Shared;
use crate::api::{Answer as RoomAnswer, RoomRequest};
use crate::breaker::Breaker;
use crate::edge::{breakers, clock, hand_over, log, platform};
use crate::feature::{Call, Input as FeatureInput};
use crate::kernel::Input;
use crate::message::{Json, Kind, ProtocolError, RoomName};
use crate::outgoing::{Answer, Caller, Outgoing, Post, SignedRequest, Verdict};

impl Shared {
    /// Starts a call, once this has come to pass.
    pub(super) fn call_once(self: &Rc<Self>, ready: Option<Promise>, call: Call) {
        let shared = AssertUnwindSafe(Rc::clone(self));
        wasm_bindgen_futures::spawn_local(async move {
            if let Some(ready) = ready {
                // An alarm that could not be set is in the log.
                drop(JsFuture::from(ready).await);
            }
            shared.call(call).await;
        });
    }

    /// Calls, and tells the room what came of it. Should the object vanish meanwhile, it is the
    /// feature's to have it called again.
    async fn call(self: &Rc<Self>, call: Call) {
        let input = match self.outgoing(&call) {
            Some(Outgoing::Room { kind, task }) => self.ask_room(call, kind, &task).await,
            Some(Outgoing::Post(post)) => self.post(call, &post).await,
            None => call.heard(Answer::Nobody).input,
        };
        if let Some(input) = input {
            let told = self.step(|host| host.handle(Input::Feature(input), clock::clock()));
            drop(told); // A failure is in the log.
        }
    }

    fn outgoing(&self, call: &Call) -> Option<Outgoing> {
        let name = self.name()?;
        let (kind, limits) = (self.kind, &self.config.limits);
        let from = Caller { kind, room: &name, limits, now: clock::now() };
        call.outgoing(&self.config.policy.features, &from)
    }

    /// Asks the room of this kind that has the same name.
    async fn ask_room(&self, call: Call, kind: Kind, task: &Json) -> Option<FeatureInput> {
        let name = self.name().and_then(|it| RoomName::parse(it).ok())?;
        let whose = format!("{}:{}", kind.as_str(), name.as_str());
        if let Err(wait_ms) = breakers::admit_for(Breaker::Outbound, &whose) {
            return call.heard(Answer::Held { wait_ms }).input;
        }
        let (answer, error) = match self.answer_of(kind, name.clone(), task).await {
            Ok(json) => (Answer::Room(json), ProtocolError::system()),
            Err(error) => (Answer::Missing, error),
        };
        let heard = call.heard(answer);
        let is_well = heard.verdict != Verdict::Failed;
        breakers::went(Breaker::Outbound, &whose, is_well);
        if !is_well {
            let detail = format!("{whose} did not answer: {error}");
            log::failed(self.kind, name.as_str(), &detail);
        }
        heard.input
    }

    async fn answer_of(
        &self,
        kind: Kind,
        name: RoomName,
        task: &Json,
    ) -> Result<Json, ProtocolError> {
        let task = serde_json::from_str(task.as_str()).map_err(|_| ProtocolError::system())?;
        let request = RoomRequest::between_rooms(name, task);
        match hand_over::run(&self.env, kind, &request).await?.into_iter().next() {
            Some(RoomAnswer::Done(json)) => Ok(json),
            Some(RoomAnswer::Refused(error)) => Err(error),
            None => Err(ProtocolError::system()),
        }
    }

    /// Calls a service of others, unless it failed too often of late.
    async fn post(&self, call: Call, post: &Post) -> Option<FeatureInput> {
        let Post { service, scope, user, .. } = post;
        if let Err(wait_ms) = breakers::admit_call(service, scope) {
            return call.heard(Answer::Held { wait_ms }).input;
        }
        let (answer, detail) = match self.carry_out(post).await {
            None => (Answer::Missing, "it did not answer, or not in time".to_owned()),
            Some((status, text)) => {
                (Answer::Http { status, text }, format!("it answered {status}, to no avail"))
            }
        };
        let heard = call.heard(answer);
        if heard.verdict != Verdict::Useful {
            log::broke(service, &detail);
        }
        breakers::call_went(service, scope, user, heard.verdict != Verdict::Failed);
        heard.input
    }

    /// The status of the answer, and its body unless that is too long or no text.
    #[expect(clippy::cast_precision_loss, reason = "lengths and durations stay below 2^53")]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a status")]
    async fn carry_out(&self, post: &Post) -> Option<(u16, Option<String>)> {
        let SignedRequest { url, headers, body } = &post.request;
        let pair = |(name, value): &(&str, String)| -> JsValue {
            Array::of2(&(*name).into(), &value.as_str().into()).into()
        };
        let headers: Array = headers.iter().map(pair).collect();
        let (patience_ms, bytes_max) = (post.patience_ms as f64, post.answer_bytes_max as f64);
        let answer = platform::post_out(url, &headers, body, patience_ms, bytes_max).await;
        let answer = Array::from(&answer.ok()?);
        Some((answer.get(0).as_f64()? as u16, answer.get(1).as_string()))
    }
}

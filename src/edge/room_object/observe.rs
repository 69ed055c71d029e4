//! What an analytics room and the chat room of its name ask each other. Nothing is retried:
//! a chat room that was not heard tries with its next report, an analytics room when
//! somebody subscribes again.

use std::panic::AssertUnwindSafe;
use std::rc::Rc;

use serde::de::DeserializeOwned;

use super::Shared;
use crate::api::{Answer, RoomRequest, Task};
use crate::breaker::Breaker;
use crate::edge::{breakers, clock, hand_over, log};
use crate::feature;
use crate::feature::metrics::Measures;
use crate::feature::metrics::MetricInput;
use crate::kernel::Input;
use crate::message::{Kind, ProtocolError, RoomName};

impl Shared {
    /// Asks the chat room of this name how it is, and to say so from now on.
    pub(super) fn observe(self: &Rc<Self>) {
        self.ask_room(Kind::Chat, Task::Observe, |it: Measures| MetricInput::Measured(it));
    }

    /// Tells the analytics room of this name how this one is.
    pub(super) fn tell_measures(self: &Rc<Self>, measures: Measures) {
        self.ask_room(Kind::Analytics, Task::Measures(measures), MetricInput::IsWatched);
    }

    fn ask_room<A: DeserializeOwned>(
        self: &Rc<Self>,
        kind: Kind,
        task: Task,
        input: impl Fn(A) -> MetricInput + 'static,
    ) {
        let Some(room) = self.name().and_then(|it| RoomName::parse(it).ok()) else { return };
        let (shared, input) = (AssertUnwindSafe(Rc::clone(self)), AssertUnwindSafe(input));
        wasm_bindgen_futures::spawn_local(async move {
            let whose = format!("{}:{}", kind.as_str(), room.as_str());
            if breakers::admit(Breaker::Outbound, &whose).is_err() {
                return;
            }
            let room_request = RoomRequest::between_rooms(room, task);
            let answered =
                hand_over::run(&shared.env, kind, &room_request).await.and_then(read::<A>);
            breakers::went(Breaker::Outbound, &whose, answered.is_ok());
            match answered {
                Ok(answer) => {
                    let input = Input::Feature(feature::Input::Metrics((*input)(answer)));
                    // A failure is in the log.
                    drop(shared.step(|host| host.handle(input, clock::stamp())));
                }
                Err(refusal) => log::failed(
                    shared.kind,
                    room_request.room.as_str(),
                    &format!("{whose} did not answer: {refusal}"),
                ),
            }
        });
    }
}

fn read<A: DeserializeOwned>(answers: Vec<Answer>) -> Result<A, ProtocolError> {
    match answers.into_iter().next() {
        Some(Answer::Done(json)) => {
            serde_json::from_str(json.as_str()).map_err(|_| ProtocolError::system())
        }
        Some(Answer::Refused(refusal)) => Err(refusal),
        None => Err(ProtocolError::system()),
    }
}

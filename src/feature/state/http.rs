//! What is asked of a room's state over HTTP.

use super::{State, StateTask};
use crate::api::{Cost, Reads, RoomCall, Task};
use crate::feature::{self, http::HttpCalls};
use crate::kernel::Grant;
use crate::message::StateKey;

impl HttpCalls for State {
    const CALLS: &'static [RoomCall] = &[RoomCall {
        method: "DELETE",
        path: "state/{key}",
        grants: &[Grant::Send, Grant::Publish, Grant::Admin],
        cost: Cost::Call,
        answers_nothing: false,
        reads: Reads::Path(|it| {
            StateKey::parse(it.parameter()).map(|it| Task::from(StateTask::Delete(it)))
        }),
    }];
}

impl From<StateTask> for Task {
    fn from(task: StateTask) -> Self {
        Self::Feature(feature::Task::State(task))
    }
}

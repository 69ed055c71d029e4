//! What is asked of documents over HTTP.

use super::{Documents, EditingTask};
use crate::api::{Cost, Reads, RoomCall, Task};
use crate::feature::{self, http::HttpCalls};
use crate::kernel::Grant;
use crate::message::Name;

impl HttpCalls for Documents {
    const CALLS: &'static [RoomCall] = &[RoomCall {
        method: "DELETE",
        path: "documents/{document}",
        grants: &[Grant::Send, Grant::Admin],
        cost: Cost::Call,
        answers_nothing: true,
        reads: Reads::Path(|it| {
            Name::parse(it.parameter()).map(|it| Task::from(EditingTask::Delete(it)))
        }),
    }];
}

impl From<EditingTask> for Task {
    fn from(task: EditingTask) -> Self {
        Self::Feature(feature::Task::Documents(task))
    }
}

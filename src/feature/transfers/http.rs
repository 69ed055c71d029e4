//! What is asked of large data over HTTP.

use super::{TransferTask, Transfers};
use crate::api::{Cost, Reads, RoomCall, Task};
use crate::feature::{self, http::HttpCalls};
use crate::kernel::Grant;
use crate::message::Name;

impl HttpCalls for Transfers {
    const CALLS: &'static [RoomCall] = &[RoomCall {
        method: "DELETE",
        path: "objects/{data_id}",
        grants: &[Grant::Send, Grant::Admin],
        cost: Cost::Call,
        answers_nothing: true,
        reads: Reads::Path(|it| {
            Name::parse(it.parameter()).map(|it| Task::from(TransferTask::Delete(it)))
        }),
    }];
}

impl From<TransferTask> for Task {
    fn from(task: TransferTask) -> Self {
        Self::Feature(feature::Task::Transfers(task))
    }
}

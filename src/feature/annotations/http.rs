//! What is asked of it over HTTP by a call of its own.

use super::{AnnotationTask, Annotations};
use crate::api::{Cost, Reads, RoomCall, Task};
use crate::feature::{self, http::HttpCalls};
use crate::kernel::Grant;

impl HttpCalls for Annotations {
    const CALLS: &'static [RoomCall] = &[RoomCall {
        method: "GET",
        path: "reads",
        grants: &[Grant::Presence],
        cost: Cost::Page,
        answers_nothing: false,
        reads: Reads::Path(|_| Ok(Task::from(AnnotationTask::Reads))),
    }];
}

impl From<AnnotationTask> for Task {
    fn from(task: AnnotationTask) -> Self {
        Self::Feature(feature::Task::Annotations(task))
    }
}

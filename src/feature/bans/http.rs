//! What is asked of bans over HTTP.

use super::{BanTask, Banning, Bans};
use crate::api::{Cost, Reads, RoomCall, Task};
use crate::feature::{self, http::HttpCalls};
use crate::kernel::Grant;
use crate::message::UserId;

impl HttpCalls for Bans {
    const CALLS: &'static [RoomCall] = &[
        RoomCall {
            method: "GET",
            path: "bans",
            grants: &[Grant::Admin],
            cost: Cost::Call,
            answers_nothing: false,
            reads: Reads::Path(|it| {
                let after = it.query.get("cursor").map(UserId::parse).transpose()?;
                Ok(Task::from(BanTask::List(after, it.limit()?)))
            }),
        },
        RoomCall {
            method: "PUT",
            path: "bans/{user}",
            grants: &[Grant::Admin],
            cost: Cost::Call,
            answers_nothing: false,
            reads: Reads::Body(|it, body, _| {
                let user = UserId::parse(it.parameter())?;
                Banning::read(user, body).map(|it| Task::from(BanTask::Ban(it)))
            }),
        },
        RoomCall {
            method: "DELETE",
            path: "bans/{user}",
            grants: &[Grant::Admin],
            cost: Cost::Call,
            answers_nothing: true,
            reads: Reads::Path(|it| {
                UserId::parse(it.parameter()).map(|it| Task::from(BanTask::Lift(it)))
            }),
        },
    ];
}

impl From<BanTask> for Task {
    fn from(task: BanTask) -> Self {
        Self::Feature(feature::Task::Bans(task))
    }
}

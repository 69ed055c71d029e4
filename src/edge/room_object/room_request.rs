//! What callers over HTTP want of a room.

use std::rc::Rc;

use worker::{Request, Response, Result};

use super::Shared;
use crate::api::{Answer, RoomRequest, Task};
use crate::edge::clock;
use crate::host::Flush;
use crate::kernel::Allowed;

impl Shared {
    pub(super) async fn run_request(self: &Rc<Self>, request: &mut Request) -> Result<Response> {
        let text = request.text().await?;
        let room_request = serde_json::from_str(&text);
        let Ok(RoomRequest { room, member, grants, things, task }) = room_request else {
            return Response::error("not sent by the Worker", 403);
        };
        if self.name().is_some_and(|name| name != room.as_str()) {
            return Response::error("sent to the wrong room", 403);
        }
        if let Task::Revoke(news) = &task {
            self.config.policy.revoked.learn(news);
        }
        let mut answers: Vec<Answer> = Vec::new();
        self.step(|host| {
            let requests = task.requests(self.kind);
            let allowed = Allowed { grants, things };
            let notices = host.call(&member, allowed, requests, text.len(), clock::clock)?;
            answers = notices.iter().map(Answer::of).collect();
            Ok(Flush::No)
        })?;
        Response::from_json(&answers)
    }
}

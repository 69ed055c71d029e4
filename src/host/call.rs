//! A call comes in over HTTP.

use super::{Host, Sockets};
use crate::feature::Ask;
use crate::history::History;
use crate::kernel::{Command, Grants, Input, Notice, Request};
use crate::message::{Member, Stamp};

impl<H: History, S: Sockets> Host<H, S> {
    /// Answers a caller over HTTP, request by request, once all of them are carried out.
    /// `bytes` is how long they were together.
    pub fn call(
        &mut self,
        member: &Member,
        grants: Grants,
        requests: Vec<Request>,
        bytes: usize,
        stamp: impl Fn() -> Stamp,
    ) -> Result<Vec<Notice>, H::Error> {
        self.tally.received_bytes += bytes as u64;
        for request in requests {
            let stamp = stamp();
            if is_measured(&request) {
                self.arrivals.push(stamp.at);
            }
            let (request, duplicate) =
                self.ready(None, Some(&member.id), request, bytes, stamp.at)?;
            let member = member.clone();
            self.handle(Input::Called { member, grants, request, duplicate }, stamp)?;
        }
        self.flush(stamp().at)?;
        Ok(std::mem::take(&mut self.answers))
    }
}

fn is_measured(request: &Request) -> bool {
    match &request.command {
        Ok(Command::Feature(it)) => it.is_measured(),
        Ok(_) | Err(_) => true,
    }
}

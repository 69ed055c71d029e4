//! A call comes in over HTTP.

use super::{Host, Sockets};
use crate::feature::Ask;
use crate::history::History;
use crate::kernel::{Allowed, Command, Input, Notice, Request};
use crate::message::{Clock, Member};

impl<H: History, S: Sockets> Host<H, S> {
    /// Answers a caller over HTTP, request by request, once all of them are carried out.
    /// `bytes` is how long they were together.
    pub fn call(
        &mut self,
        member: &Member,
        allowed: impl Into<Allowed>,
        requests: Vec<Request>,
        bytes: usize,
        clock: impl Fn() -> Clock,
    ) -> Result<Vec<Notice>, H::Error> {
        let allowed = allowed.into();
        self.tally.received_bytes += bytes as u64;
        for request in requests {
            let clock = clock();
            if is_measured(&request) {
                self.arrivals.push(clock.at);
            }
            let (request, duplicate) =
                self.ready(None, Some(&member.id), request, bytes, clock.at)?;
            let (member, allowed) = (member.clone(), allowed.clone());
            self.handle(Input::Called { member, allowed, request, duplicate }, clock)?;
        }
        self.flush(clock().at)?;
        Ok(std::mem::take(&mut self.answers))
    }
}

fn is_measured(request: &Request) -> bool {
    match &request.command {
        Ok(Command::Feature(it)) => it.is_measured(),
        Ok(_) | Err(_) => true,
    }
}

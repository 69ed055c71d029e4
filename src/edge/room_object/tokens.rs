//! Tokens that were taken back, of connections that are there.

use std::panic::AssertUnwindSafe;
use std::rc::Rc;

use super::Shared;
use crate::api::{RoomRequest, Task};
use crate::edge::{clock, revoked};
use crate::host::Flush;
use crate::message::{ProtocolError, Revocation, RoomName};

impl Shared {
    /// Holds the tokens of all who are here against the list, once that is new. It cannot be waited for
    /// while a frame is handled.
    pub(super) fn look_at_tokens_soon(self: &Rc<Self>) {
        let shared = AssertUnwindSafe(Rc::clone(self));
        wasm_bindgen_futures::spawn_local(async move { shared.look_at_tokens().await });
    }

    /// The same, and waits for it.
    pub(super) async fn look_at_tokens(self: &Rc<Self>) {
        revoked::refresh(&self.env, &self.config).await;
        self.revoke_all();
    }

    /// The same, by the list as it is now.
    pub(super) async fn look_at_tokens_now(self: &Rc<Self>) {
        revoked::refresh_now(&self.env, &self.config).await;
        self.revoke_all();
    }

    fn revoke_all(self: &Rc<Self>) {
        let all = self.config.policy.revoked.all();
        if !all.is_empty() {
            self.revoke(all);
        }
    }

    fn revoke(self: &Rc<Self>, all: Vec<Revocation>) {
        let revoked = self.step(|host| {
            let name = self.name().and_then(|it| RoomName::parse(it).ok());
            let name = name.ok_or(worker::Error::RustError(ProtocolError::system().to_string()))?;
            let RoomRequest { member, grants, task, .. } =
                RoomRequest::between_rooms(name, Task::Revoke(all));
            host.call(&member, grants, task.requests(self.kind), 0, clock::clock)?;
            Ok(Flush::No)
        });
        drop(revoked); // A failure is in the log.
    }
}

//! Frames that wait until the keys for a token in one of them have been fetched. A room takes all that
//! a socket says in order and without a pause, so what comes behind such a frame waits with it.

use std::panic::AssertUnwindSafe;
use std::rc::Rc;

use worker::WebSocket;

use super::{Shared, connection_of};
use crate::admission::{Step, Wanted};
use crate::budget::Lease;
use crate::edge::{attachment, clock, issuers};
use crate::kernel::{Command, Input};
use crate::message::ConnectionId;
use crate::protocol::{Frame, Peer};

/// How much of one socket's may wait, in bytes: as much as of one that is not in its room yet (R9).
const WAITING_BYTES_MAX: usize = 1 << 20;

/// What waits of one socket's.
pub(super) struct Waiting {
    frames: Vec<Frame>,
    /// Its bytes, of what all rooms of the isolate may hold.
    held: Lease,
}

/// The connection of a socket, also while the room sleeps, which tells sockets theirs when it wakes.
fn owner_of(socket: &WebSocket) -> Option<ConnectionId> {
    connection_of(socket).or_else(|| Some(attachment::load(socket).ok()??.1.id))
}

impl Shared {
    /// Takes a frame, or has it wait.
    pub(super) fn receive(self: &Rc<Self>, socket: &WebSocket, frame: Frame) {
        if !self.config.policy.keys.are_fetched() {
            return self.take(socket, &frame);
        }
        let Some(connection) = owner_of(socket) else { return self.take(socket, &frame) };
        if self.waiting.borrow().contains_key(&connection) {
            return self.wait(socket, connection, frame);
        }
        let keys = &self.config.policy.keys;
        let Some(wanted) = self.wanted(socket, &frame) else { return self.take(socket, &frame) };
        let step = keys.step(&wanted, clock::now());
        if step == Step::Judge {
            return self.take(socket, &frame);
        }
        self.wait(socket, connection, frame);
        let (shared, socket) = (AssertUnwindSafe(Rc::clone(self)), socket.clone());
        wasm_bindgen_futures::spawn_local(async move {
            issuers::follow(&shared.config.policy.keys, &wanted, step).await;
            let waiting = shared.waiting.borrow_mut().remove(&connection);
            // Each anew: another one may have to wait too, and then those behind it.
            for frame in waiting.map(|it| it.frames).unwrap_or_default() {
                shared.receive(&socket, frame);
            }
        });
    }

    /// Takes all that waits of a socket that closes: it was sent before.
    pub(super) fn take_waiting(self: &Rc<Self>, socket: &WebSocket) {
        let Some(connection) = owner_of(socket) else { return };
        let waiting = self.waiting.borrow_mut().remove(&connection);
        for frame in waiting.map(|it| it.frames).unwrap_or_default() {
            self.take(socket, &frame);
        }
    }

    fn wait(self: &Rc<Self>, socket: &WebSocket, connection: ConnectionId, frame: Frame) {
        let mut all = self.waiting.borrow_mut();
        let waiting = all
            .entry(connection)
            .or_insert_with(|| Waiting { frames: Vec::new(), held: self.config.budget.lease() });
        let bytes = waiting.held.bytes() + frame.len();
        if bytes <= WAITING_BYTES_MAX && waiting.held.resize(bytes).is_ok() {
            return waiting.frames.push(frame);
        }
        waiting.frames.clear();
        drop(all);
        self.step_of(socket, |host, connection, clock| {
            host.handle(Input::Oversized { connection }, clock)
        });
    }

    /// The token in a frame, if keys for it may be fetched. Few frames have the word in them.
    fn wanted(&self, socket: &WebSocket, frame: &Frame) -> Option<Wanted> {
        const WORD: &str = "token";
        let has_it = match frame {
            Frame::Text(text) => text.contains(WORD),
            Frame::Binary(bytes) => bytes.windows(WORD.len()).any(|it| it == WORD.as_bytes()),
        };
        if !has_it {
            return None;
        }
        let (wire, _) = attachment::load(socket).ok()??;
        let decoded = wire.protocol.get().decode(frame, &Peer::default());
        let keys = &self.config.policy.keys;
        decoded.requests.into_iter().find_map(|it| match &it.command {
            Ok(Command::Authenticate { token, .. }) => keys.wanted(token),
            Ok(Command::Attach(it)) => keys.wanted(it.token.as_deref()?),
            _ => None,
        })
    }
}

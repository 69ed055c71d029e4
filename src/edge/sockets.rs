use std::cell::OnceCell;

use js_sys::{Array, Uint8Array};
use litemap::LiteMap;
use wasm_bindgen::{JsCast, JsValue};
use worker::worker_sys::DurableObjectState;
use worker::{State, WebSocket};

use super::{attachment, log, platform};
use crate::budget::Budget;
use crate::close::CloseCode;
use crate::host::{Deliver, Sockets, Targets};
use crate::kernel::{Connection, Flag};
use crate::message::{ConnectionId, Kind, Millis, ProtocolError};
use crate::protocol::{Frame, Wire};

/// The open sockets of a room, by connection.
pub(super) struct EdgeSockets {
    sockets: LiteMap<ConnectionId, EdgeSocket>,
    /// Per wire: how many sockets, and these as one JavaScript array, made when needed.
    counts: [usize; Wire::COUNT],
    groups: [OnceCell<Array>; Wire::COUNT],
    sender: platform::Sender,
    slow: Vec<ConnectionId>,
    unstored: Vec<ConnectionId>,
    /// While it is spent, those who read slowly are let go sooner.
    budget: Budget,
    /// Knows when the platform last answered a ping.
    state: DurableObjectState,
    /// For the log.
    room: (Kind, String),
}

struct EdgeSocket {
    socket: WebSocket,
    wire: Wire,
}

impl EdgeSockets {
    pub(super) fn new(state: &State, kind: Kind, name: String, budget: Budget) -> Self {
        Self {
            state: JsValue::clone(state.as_raw().as_ref()).unchecked_into(),
            sockets: LiteMap::new(),
            counts: Default::default(),
            groups: Default::default(),
            sender: platform::Sender::new(),
            slow: Vec::new(),
            unstored: Vec::new(),
            budget,
            room: (kind, name),
        }
    }

    pub(super) fn insert(&mut self, connection: ConnectionId, socket: WebSocket, wire: Wire) {
        platform::bind_connection(socket.as_ref(), connection.as_f64());
        // What was sent before the room slept may still wait.
        self.sender.watch(socket.as_ref());
        self.sockets.insert(connection, EdgeSocket { socket, wire });
        self.regroup(wire, |count| count + 1);
    }

    /// Lets a socket go. The platform lists it until its close is through, so it is
    /// marked: a wake in between must not bring it back.
    pub(super) fn remove(&mut self, connection: ConnectionId) -> Option<WebSocket> {
        let EdgeSocket { socket, wire } = self.sockets.remove(&connection)?;
        if let Err(error) = attachment::forget(&socket) {
            worker::console_error!("a socket was not forgotten: {error}");
        }
        self.sender.forget(socket.as_ref());
        self.regroup(wire, |count| count.saturating_sub(1));
        Some(socket)
    }

    fn regroup(&mut self, wire: Wire, change: impl FnOnce(usize) -> usize) {
        let at = wire.index();
        if let (Some(group), Some(count)) = (self.groups.get_mut(at), self.counts.get_mut(at)) {
            *group = OnceCell::new();
            *count = change(*count);
        }
    }

    fn group(&self, wire: Wire) -> Array {
        let of_wire = || array(self.sockets.values().filter(|it| it.wire == wire));
        match self.groups.get(wire.index()) {
            Some(group) => group.get_or_init(of_wire).clone(),
            None => of_wire(),
        }
    }
}

fn array<'a>(sockets: impl Iterator<Item = &'a EdgeSocket>) -> Array {
    sockets.map(|it| it.socket.as_ref().clone()).collect()
}

impl Deliver for EdgeSockets {
    fn wire(&self, connection: ConnectionId) -> Option<Wire> {
        self.sockets.get(&connection).map(|it| it.wire)
    }

    fn is_in_use(&self, wire: Wire) -> bool {
        self.counts.get(wire.index()).is_some_and(|it| *it != 0)
    }

    fn send(&mut self, wire: Wire, to: Targets<'_>, frame: &Frame, ephemeral: bool) -> usize {
        let (sockets, except) = match to {
            Targets::AllBut([]) => (self.group(wire), None),
            Targets::AllBut([one]) => (self.group(wire), self.sockets.get(one)),
            Targets::AllBut(except) => {
                let others =
                    self.sockets.iter().filter(|(id, it)| it.wire == wire && !except.contains(id));
                (array(others.map(|(_, it)| it)), None)
            }
            Targets::Only(connections) => {
                (array(connections.iter().filter_map(|it| self.sockets.get(it))), None)
            }
        };
        let excluded = except.is_some_and(|it| it.wire == wire);
        let count = sockets.length() as usize - usize::from(excluded);
        let except = except.map(|it| it.socket.as_ref());
        #[expect(clippy::cast_precision_loss, reason = "a frame's length stays below 2^53")]
        let length = frame.len() as f64;
        // Who can be told the rest from the log loses nothing by falling behind early (N25).
        let flags = wire.protocol.descriptor().flags;
        let falls_behind = flags.has(Flag::Following) && !flags.has(Flag::Mute);
        let tight = falls_behind || self.budget.is_spent();
        let slow = match frame {
            Frame::Text(text) => {
                self.sender.send_text(&sockets, text, length, except, ephemeral, tight)
            }
            Frame::Binary(bytes) => {
                let bytes = Uint8Array::from(bytes.as_slice()).buffer();
                self.sender.send_bytes(&sockets, &bytes, length, except, ephemeral, tight)
            }
        };
        for socket in slow.into_iter().flat_map(|it| it.iter().collect::<Vec<_>>()) {
            let connection = platform::connection_of(socket.unchecked_ref());
            self.slow.extend(connection.and_then(ConnectionId::from_f64));
        }
        count
    }
}

impl Sockets for EdgeSockets {
    fn save(&mut self, connection: &Connection) {
        let Some(EdgeSocket { socket, wire }) = self.sockets.get(&connection.id) else { return };
        if let Err(error) = attachment::store(socket, *wire, connection) {
            worker::console_error!("an attachment was not stored: {error}");
            self.unstored.push(connection.id);
        }
    }

    fn close(&mut self, connection: ConnectionId, code: CloseCode, reason: &str) {
        if let Some(socket) = self.remove(connection) {
            let (kind, name) = &self.room;
            log::expelled(*kind, name, connection, code);
            // It may have closed meanwhile; then its own close event says so.
            drop(socket.close(Some(code.number()), Some(reason)));
        }
    }

    fn note(&mut self, connection: ConnectionId, error: &ProtocolError) {
        let (kind, name) = &self.room;
        log::limited(*kind, name, connection, error);
    }

    fn take_slow(&mut self) -> Vec<ConnectionId> {
        std::mem::take(&mut self.slow)
    }

    fn take_unstored(&mut self) -> Vec<ConnectionId> {
        std::mem::take(&mut self.unstored)
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a length")]
    fn unread(&mut self, anew: bool) -> usize {
        self.sender.unread(anew) as usize
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a length")]
    fn backlog(&self, connection: ConnectionId) -> usize {
        let socket = self.sockets.get(&connection).map(|it| it.socket.as_ref());
        // One that is gone takes nothing.
        socket.map_or(usize::MAX, |it| platform::backlog(it) as usize)
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a time")]
    fn heard(&self) -> LiteMap<ConnectionId, Millis> {
        let at = |it: &EdgeSocket| {
            platform::auto_response_at(&self.state, it.socket.as_ref()).ok().flatten()
        };
        self.sockets.iter().filter_map(|(id, it)| Some((*id, Millis(at(it)? as u64)))).collect()
    }
}

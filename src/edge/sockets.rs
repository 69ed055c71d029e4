use std::cell::OnceCell;
use std::collections::BTreeMap;

use js_sys::{Array, Uint8Array};
use worker::WebSocket;

use super::{attachment, platform};
use crate::close::CloseCode;
use crate::dialect::{DIALECTS_COUNT, DialectId, Frame};
use crate::host::{Deliver, Recipients, Sockets};
use crate::message::SessionId;
use crate::room::Session;

/// The open sockets of a room, by session.
#[derive(Default)]
pub(super) struct EdgeSockets {
    sockets: BTreeMap<SessionId, EdgeSocket>,
    /// Per dialect: its sockets as one JavaScript array, made when first needed.
    groups: [OnceCell<Array>; DIALECTS_COUNT],
}

struct EdgeSocket {
    socket: WebSocket,
    dialect: DialectId,
}

impl EdgeSockets {
    pub(super) fn insert(&mut self, session: SessionId, socket: WebSocket, dialect: DialectId) {
        platform::bind_session(socket.as_ref(), session.as_f64());
        self.sockets.insert(session, EdgeSocket { socket, dialect });
        self.regroup(dialect);
    }

    /// Lets a socket go. The platform lists it until its close is through, so it is
    /// marked: a wake in between must not bring it back.
    pub(super) fn remove(&mut self, session: SessionId) -> Option<WebSocket> {
        let EdgeSocket { socket, dialect } = self.sockets.remove(&session)?;
        if let Err(error) = attachment::forget(&socket) {
            worker::console_error!("a socket was not forgotten: {error}");
        }
        self.regroup(dialect);
        Some(socket)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (SessionId, &WebSocket)> {
        self.sockets.iter().map(|(session, it)| (*session, &it.socket))
    }

    fn regroup(&mut self, dialect: DialectId) {
        if let Some(group) = self.groups.get_mut(dialect.index()) {
            *group = OnceCell::new();
        }
    }

    fn group(&self, dialect: DialectId) -> Array {
        let of_dialect = || {
            let speakers = self.sockets.values().filter(|it| it.dialect == dialect);
            speakers.map(|it| it.socket.as_ref().clone()).collect()
        };
        match self.groups.get(dialect.index()) {
            Some(group) => group.get_or_init(of_dialect).clone(),
            None => of_dialect(),
        }
    }

    fn these(&self, sessions: &[SessionId]) -> Array {
        let open = sessions.iter().filter_map(|it| self.sockets.get(it));
        open.map(|it| it.socket.as_ref().clone()).collect()
    }
}

impl Deliver for EdgeSockets {
    fn dialect(&self, session: SessionId) -> Option<DialectId> {
        self.sockets.get(&session).map(|it| it.dialect)
    }

    fn is_spoken(&self, dialect: DialectId) -> bool {
        self.group(dialect).length() != 0
    }

    fn send(&mut self, dialect: DialectId, to: Recipients<'_>, frame: &Frame) {
        let (sockets, except) = match to {
            Recipients::All => (self.group(dialect), None),
            Recipients::Except(session) => (self.group(dialect), self.sockets.get(&session)),
            Recipients::Only(sessions) => (self.these(sessions), None),
        };
        let except = except.map(|it| it.socket.as_ref());
        match frame {
            Frame::Text(text) => platform::send_text_to_all(&sockets, text, except),
            Frame::Binary(bytes) => {
                let bytes = Uint8Array::from(bytes.as_slice()).buffer();
                platform::send_bytes_to_all(&sockets, &bytes, except);
            }
        }
    }
}

impl Sockets for EdgeSockets {
    fn remember(&mut self, session: &Session) {
        let Some(EdgeSocket { socket, dialect }) = self.sockets.get(&session.id) else { return };
        if let Err(error) = attachment::store(socket, *dialect, session) {
            worker::console_error!("an attachment was not stored: {error}");
        }
    }

    fn close(&mut self, session: SessionId, code: CloseCode, reason: &str) {
        if let Some(socket) = self.remove(session) {
            // It may have closed meanwhile; then its own close event says so.
            drop(socket.close(Some(code.number()), Some(reason)));
        }
    }
}

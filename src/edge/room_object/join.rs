//! Letting a client in.

use std::rc::Rc;

use worker::{Response, ResponseBuilder, Result, WebSocketPair};

use super::{PIPED, Shared};
use crate::admission::HandOff;
use crate::close::CloseCode;
use crate::edge::{attachment, clock, log, platform};
use crate::host::Flush;
use crate::message::ProtocolError;

impl Shared {
    pub(super) fn join(self: &Rc<Self>, hand_off: HandOff) -> Result<Response> {
        if self.name().is_some_and(|name| name != hand_off.room.as_str()) {
            return Response::error("handed over to the wrong room", 403);
        }
        let pair = WebSocketPair::new()?;
        let (server, now) = (pair.server, clock::clock());
        let (room, address) = (hand_off.room.clone(), hand_off.address.clone());
        let (wire, piped) = (hand_off.wire, hand_off.piped);
        let connection = hand_off.connection(clock::connection_id(), now.at);
        let revoked = &self.config.policy.revoked;
        let shown = connection.shown();
        let judged = shown.map_or(Ok(()), |it| revoked.judge_newcomer(&connection.member.id, it));
        if let Err(error) = judged {
            return Ok(Response::from_json(&error)?.with_status(409));
        }
        let mut refused: Option<ProtocolError> = None;
        self.step(|host| {
            let connection = match host.admit(connection, address.as_deref(), now.at) {
                Ok(connection) => connection,
                Err(error) => {
                    refused = Some(error);
                    return Ok(Flush::No);
                }
            };
            let state = self.state.as_raw();
            if piped {
                state.accept_websocket_with_tags(server.as_ref(), vec![PIPED.into()])?;
                platform::bind_pipe(server.as_ref());
            } else {
                state.accept_websocket(server.as_ref())?;
            }
            // Before anything else can happen, so that no wake finds it without.
            if let Err(error) = attachment::store(&server, wire, &connection) {
                self.log(&error);
                drop(server.close(Some(CloseCode::Internal.number()), None::<&str>));
                refused = Some(ProtocolError::system());
                return Ok(Flush::No);
            }
            log::connected(self.kind, &room, connection.id, &connection.member.id);
            let id = connection.id;
            host.join(connection, now, |sockets| {
                sockets.insert(id, server, wire);
            })
        })?;
        match refused {
            Some(error) => Ok(Response::from_json(&error)?.with_status(409)),
            None => Ok(ResponseBuilder::new().with_status(101).with_websocket(pair.client).empty()),
        }
    }
}

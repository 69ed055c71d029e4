//! A frame comes in from a socket.

use super::{Flush, Host, Origin, Sockets, Targets};
use crate::history::History;
use crate::kernel::{Command, Request};
use crate::kernel::{Input, Renewal};
use crate::message::{Clock, ConnectionId, ProtocolError};
use crate::protocol::{Decoded, Frame, Peer, Wire};

impl<H: History, S: Sockets> Host<H, S> {
    /// Takes one frame from a socket. `verify` reads a token shown on it.
    pub fn receive(
        &mut self,
        connection: ConnectionId,
        frame: &Frame,
        clock: Clock,
        verify: impl Fn(&str, Option<&str>) -> Result<Renewal, ProtocolError>,
    ) -> Result<Flush, H::Error> {
        let Some(wire) = self.sockets.wire(connection) else { return Ok(Flush::No) };
        if self.message_bytes_max < frame.len() {
            return self.handle(Input::Oversized { connection }, clock);
        }
        self.tally.received_bytes += frame.len() as u64;
        let peer = Peer { connection: Some(connection), channel: self.address.channel() };
        let decoded = wire.protocol.get().decode(frame, &peer);
        self.take(connection, decoded, frame.len(), clock, verify)
    }

    /// Takes what was in a frame of so many bytes.
    pub fn take(
        &mut self,
        connection: ConnectionId,
        decoded: Decoded,
        bytes: usize,
        mut clock: Clock,
        verify: impl Fn(&str, Option<&str>) -> Result<Renewal, ProtocolError>,
    ) -> Result<Flush, H::Error> {
        let Some(wire) = self.sockets.wire(connection) else { return Ok(Flush::No) };
        let Decoded { mut requests, answers } = decoded;
        for answer in &answers {
            self.answer(connection, wire, answer);
        }
        if requests.is_empty() {
            // Whoever sent it is there, and it counts against its rate.
            requests.push(Request { request_id: None, command: Ok(Command::Pong) });
        }
        let mut flush = Flush::No;
        let mut requests = requests.into_iter();
        while let Some(request) = requests.next() {
            match self.request(connection, bytes, request, clock.split(), &verify) {
                Ok(it) => flush = flush.or(it),
                Err(error) => {
                    // Those behind it fail with it.
                    let behind = requests.map(|it| Origin {
                        connection,
                        request_id: it.request_id,
                        at: clock.at,
                    });
                    self.origins.extend(behind);
                    return Err(error);
                }
            }
        }
        Ok(flush)
    }

    /// Takes one request of a frame that had so many bytes.
    fn request(
        &mut self,
        connection: ConnectionId,
        bytes: usize,
        request: Request,
        clock: Clock,
        verify: impl Fn(&str, Option<&str>) -> Result<Renewal, ProtocolError>,
    ) -> Result<Flush, H::Error> {
        let request_id = request.request_id.clone();
        let ready = self.ready(Some(connection), None, request, bytes, clock.at);
        // Not before: it is still to be answered when what waited is flushed for it.
        self.origins.push(Origin { connection, request_id, at: clock.at });
        let (request, duplicate) = ready?;
        let renewal = match &request.command {
            Ok(Command::Authenticate { token, context }) => Some(verify(token, context.as_deref())),
            Ok(Command::Attach(it)) => it.token.as_deref().map(|token| verify(token, None)),
            _ => None,
        };
        let input = if let Some(renewal) = renewal {
            let attach =
                if let Ok(Command::Attach(it)) = request.command { Some(it) } else { None };
            Input::Renewed { connection, request_id: request.request_id, renewal, attach }
        } else {
            Input::Received { connection, request, duplicate }
        };
        self.handle(input, clock)
    }

    /// Sends what the protocol answers by itself. It says nothing of the room, so it waits for
    /// nothing.
    fn answer(&mut self, connection: ConnectionId, wire: Wire, frame: &Frame) {
        let sent = self.sockets.send(wire, Targets::Only(&[connection]), frame, false);
        self.tally.sent += sent as u64;
        self.tally.sent_bytes += (sent * frame.len()) as u64;
    }
}

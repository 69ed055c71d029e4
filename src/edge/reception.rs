//! Sockets that the Worker itself holds: those it turns away, and those whose first
//! message is to say who they are (B3).

use std::cell::RefCell;
use std::rc::Rc;

use worker::{Context, Env, Request, Response, ResponseBuilder, Result, WebSocket, WebSocketPair};

use super::config::Config;
use super::hand_over::hand_over;
use super::refused::said;
use super::{clock, http, issuers, log, platform, revoked, stream};
use crate::admission::{Endpoint, HandOff, Pending, Terms};
use crate::api::Problem;
use crate::close::{CloseCode, Closing, reason};
use crate::kernel::{Command, Event};
use crate::limits::PENDING_LENGTH_MAX;
use crate::message::{ProtocolError, RoomName};
use crate::protocol::{Frame, Peer, Transport, Wire};

/// How a request for a connection is answered.
pub(super) struct Handshake<'a> {
    /// The request.
    pub(super) request: &'a Request,
    pub(super) config: &'a Config,
    /// What goes over the socket.
    pub(super) wire: Wire,
    /// The sub-protocol that was chosen of those that were offered.
    pub(super) subprotocol: Option<&'a str>,
    /// Where it comes from, for the log.
    pub(super) from: Option<&'a str>,
}

impl Handshake<'_> {
    /// What carries the protocol.
    pub(super) fn transport(&self) -> Transport {
        self.wire.protocol.descriptor().transport
    }

    /// Accepts the upgrade, and hands out this end of a socket; or what is said on it.
    pub(super) fn accept(&self, client: WebSocket) -> Result<Response> {
        if self.transport() == Transport::EventStream {
            return stream::relay(&client, self.request, self.wire.protocol, &self.config.limits);
        }
        let response = ResponseBuilder::new().with_status(101).with_websocket(client);
        Ok(match self.subprotocol {
            Some(subprotocol) => response.with_header("Sec-WebSocket-Protocol", subprotocol)?,
            None => response,
        }
        .empty())
    }

    /// Accepts the upgrade, says why not, and closes: a browser cannot read the status of a
    /// refused upgrade. Where there is none, the status says it.
    pub(super) fn reject(&self, error: &ProtocolError, code: CloseCode) -> Result<Response> {
        if self.transport() == Transport::EventStream {
            log::refused(error, self.from);
            return http::problem(&Problem::of(error));
        }
        let WebSocketPair { client, server } = WebSocketPair::new()?;
        server.accept()?;
        refuse(&server, self.wire, error, code, self.from);
        self.accept(client)
    }
}

/// What a held socket's request says of it.
pub(super) struct Introduction {
    pub(super) endpoint: Endpoint,
    pub(super) context: Option<RoomName>,
    pub(super) terms: Terms,
    /// Where it comes from, to count who has not said yet who they are.
    pub(super) from: Option<String>,
    /// The same, if the room is to count connects.
    pub(super) address: Option<String>,
}

/// What one held socket may send before it is in its room: as much as one message may have.
const HELD_LENGTH_MAX: u32 = 1 << 20;

thread_local! {
    static PENDING: RefCell<Pending> = RefCell::default();
}

/// Holds a socket until its first message, then connects it to its room.
pub(super) fn receive(
    introduction: Introduction,
    handshake: &Handshake<'_>,
    config: Rc<Config>,
    env: Env,
    worker: &Context,
) -> Result<Response> {
    let wire = handshake.wire;
    let taken = PENDING.with_borrow_mut(|it| it.take(handshake.from, &config.limits, clock::now()));
    let place = match taken {
        Ok(place) => place,
        Err(error) => {
            return handshake.reject(&error, CloseCode::of(&error));
        }
    };
    let WebSocketPair { client, server } = WebSocketPair::new()?;
    let held = platform::Held::new(
        server.as_ref(),
        f64::from(HELD_LENGTH_MAX),
        f64::from(PENDING_LENGTH_MAX),
    );
    server.accept()?;
    worker.wait_until(async move {
        let from = introduction.from.clone();
        let introduced = introduce(&held, introduction, &config, &env).await;
        PENDING.with_borrow_mut(|it| it.leave(place));
        let error = match introduced {
            Ok(upstream) if held.pipe(upstream.as_ref()).is_ok() => return,
            Ok(_) => ProtocolError::system(),
            Err(_) if held.is_over() => return, // There is nobody to tell.
            Err(error) => error,
        };
        refuse(&server, wire, &error, CloseCode::of(&error), from.as_deref());
        held.forget();
    });
    handshake.accept(client)
}

/// The room's socket, for a client that says in time who it is.
async fn introduce(
    held: &platform::Held,
    Introduction { endpoint, context, terms, address, .. }: Introduction,
    config: &Config,
    env: &Env,
) -> std::result::Result<WebSocket, ProtocolError> {
    #[expect(clippy::cast_precision_loss, reason = "a duration stays below 2^53")]
    let patience_ms = config.limits.auth_ms as f64;
    let first = held.first(patience_ms).await.map_err(|_| ProtocolError::system())?;
    let first = match first.as_string() {
        Some(text) => Frame::Text(text),
        None if first.is_undefined() => {
            return Err(ProtocolError::unauthenticated("no auth message came in time"));
        }
        None => Frame::Binary(js_sys::Uint8Array::new(&first).to_vec()),
    };
    let mut decoded = endpoint.protocol.get().decode(&first, &Peer::default());
    let hand_off = match decoded.requests.pop().map(|it| it.command) {
        // And nothing else with it: it would be lost.
        Some(Ok(Command::Authenticate { token, context: named }))
            if decoded.requests.is_empty() =>
        {
            let named = named.map(RoomName::parse).transpose()?;
            revoked::refresh(env, config).await;
            issuers::ready(&config.policy.keys, &token).await;
            let (context, now) = (context.or(named), clock::now());
            config.policy.admit(&endpoint, &terms, &token, context, now, clock::new_id)?
        }
        Some(_) | None => {
            return Err(ProtocolError::unauthenticated(
                "the first message must be auth, with a token",
            ));
        }
    };
    hand_over(env, endpoint.kind, &HandOff { address, piped: true, ..hand_off }).await
}

/// Says why, then closes. Clients act on the frame; the code is for those that do not.
fn refuse(
    socket: &WebSocket,
    wire: Wire,
    error: &ProtocolError,
    code: CloseCode,
    from: Option<&str>,
) {
    log::refused(error, from);
    let random = clock::clock().new_id().as_u64_pair().1;
    let closing = Event::Closing(Closing::of(code, Some(error), random));
    let last = [Event::Refused(error.clone()), closing];
    let sent =
        last.into_iter().filter_map(|it| said(wire.protocol, it)).try_for_each(|frame| match wire
            .packs(&frame)
            .unwrap_or(frame)
        {
            Frame::Text(text) => socket.send_with_str(text),
            Frame::Binary(bytes) => socket.send_with_bytes(bytes),
        });
    // Its client may be gone; then there is nobody to tell.
    drop(sent.and(socket.close(Some(code.number()), Some(reason(&error.message)))));
}

//! Sockets that the Worker itself holds: those it turns away, and those whose first
//! message is to say who they are (B3).

use std::cell::RefCell;
use std::rc::Rc;

use worker::{Context, Env, Response, ResponseBuilder, Result, WebSocket, WebSocketPair};

use super::config::Config;
use super::hand_over::hand_over;
use super::{clock, log, platform};
use crate::admission::{Endpoint, HandOff, Pending, Terms};
use crate::close::{CloseCode, reason};
use crate::dialect::{Channel, DialectId, Frame, Peer};
use crate::limits::PENDING_LENGTH_MAX;
use crate::message::{Command, Event, Notice, Refusal, RoomName};

/// Accept, say why not, close: a browser cannot read the status of a refused upgrade.
pub(super) fn turn_away(
    dialect: DialectId,
    refusal: &Refusal,
    code: CloseCode,
    protocol: Option<&str>,
    from: Option<&str>,
) -> Result<Response> {
    let WebSocketPair { client, server } = WebSocketPair::new()?;
    server.accept()?;
    refuse(&server, dialect, refusal, code, from);
    switch(client, protocol)
}

/// The response that makes a socket of a request.
pub(super) fn switch(client: WebSocket, protocol: Option<&str>) -> Result<Response> {
    let response = ResponseBuilder::new().with_status(101).with_websocket(client);
    Ok(match protocol {
        Some(protocol) => response.with_header("Sec-WebSocket-Protocol", protocol)?,
        None => response,
    }
    .empty())
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
    protocol: Option<&str>,
    config: Rc<Config>,
    env: Env,
    worker: &Context,
) -> Result<Response> {
    let dialect = introduction.endpoint.dialect;
    let from = introduction.from.as_deref();
    let taken = PENDING.with_borrow_mut(|it| it.take(from, &config.limits, clock::now()));
    let place = match taken {
        Ok(place) => place,
        Err(refusal) => {
            return turn_away(dialect, &refusal, CloseCode::of(&refusal), protocol, from);
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
        let refusal = match introduced {
            Ok(upstream) if held.pipe(upstream.as_ref()).is_ok() => return,
            Ok(_) => Refusal::system(),
            Err(_) if held.is_over() => return, // There is nobody to tell.
            Err(refusal) => refusal,
        };
        refuse(&server, dialect, &refusal, CloseCode::of(&refusal), from.as_deref());
        held.forget();
    });
    switch(client, protocol)
}

/// The room's socket, for a client that says in time who it is.
async fn introduce(
    held: &platform::Held,
    Introduction { endpoint, context, terms, address, .. }: Introduction,
    config: &Config,
    env: &Env,
) -> std::result::Result<WebSocket, Refusal> {
    #[expect(clippy::cast_precision_loss, reason = "a duration stays below 2^53")]
    let patience_ms = config.limits.auth_ms as f64;
    let first = held.first(patience_ms).await.map_err(|_| Refusal::system())?;
    let Some(first) = first.as_string() else {
        return Err(Refusal::unauthenticated("no auth message came in time"));
    };
    let mut decoded = endpoint.dialect.get().decode(&Frame::Text(first), &Peer::default());
    let hand_off = match decoded.requests.pop().map(|it| it.command) {
        // And nothing else with it: it would be lost.
        Some(Ok(Command::Authenticate { token, context: named }))
            if decoded.requests.is_empty() =>
        {
            let named = named.map(RoomName::parse).transpose()?;
            config.policy.admit(endpoint, terms, &token, context.or(named), clock::now())?
        }
        Some(_) | None => {
            return Err(Refusal::unauthenticated("the first message must be auth, with a token"));
        }
    };
    hand_over(env, endpoint.kind, &HandOff { address, piped: true, ..hand_off }).await
}

/// Says why, then closes. Clients act on the frame; the code is for those that do not.
fn refuse(
    socket: &WebSocket,
    dialect: DialectId,
    refusal: &Refusal,
    code: CloseCode,
    from: Option<&str>,
) {
    log::refused(refusal, from);
    let mut stamp = clock::stamp();
    let event = Event::Refused(refusal.clone());
    let id = stamp.mint();
    let notice = Notice { id, reply_to: None, session: None, at: stamp.at, event };
    let sent = match dialect.get().encode(&notice, &Channel::default()) {
        Some(Frame::Text(text)) => socket.send_with_str(text),
        Some(Frame::Binary(bytes)) => socket.send_with_bytes(bytes),
        None => Ok(()),
    };
    // Its client may be gone; then there is nobody to tell.
    drop(sent.and(socket.close(Some(code.number()), Some(reason(&refusal.message)))));
}

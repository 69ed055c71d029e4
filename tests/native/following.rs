//! What is said to who follows a log.

use dormouse::close::{CloseCode, Closing, Detached};
use dormouse::kernel::Event;
use dormouse::limits::Limits;
use dormouse::message::{
    Attached, Code, Epoch, Mode, NotResumed, Offset, ProtocolError, Reply, UserId, Welcome,
};

use crate::support::{NOON, attached, entry, session_id};

/// The first message to somebody who came in.
pub(crate) fn greeting(client: Option<&str>) -> Welcome {
    Welcome {
        connection: session_id(1),
        user: UserId("ann".into()),
        client: client.map(Into::into),
        heartbeat_ms: 25_000,
        offset: Offset(42),
        epoch: Epoch("e1".into()),
        attached: attached(),
        expires_at: None,
        grants: vec!["join"],
        features: vec!["state"],
        limits: Limits::default(),
        presence: Mode::Members,
    }
}

/// The same to somebody who asked to go on from a position, and did, or did not.
pub(crate) fn resumed() -> Vec<(&'static str, Event)> {
    let welcome = |is_resumed, reason| {
        let attached = Attached { is_resumed, reason, ..attached() };
        Event::Welcome(Box::new(Welcome { attached, ..greeting(Some("abc-123")) }))
    };
    let detached = |code, reattach| {
        Event::Detached(Detached { error: ProtocolError::new(code, "no"), reattach })
    };
    vec![
        ("welcome, gone on", welcome(true, None)),
        ("welcome, not gone on", welcome(false, Some(NotResumed::Gone))),
        ("the token is over", Event::Reauth(30_000)),
        ("detached for good", detached(Code::PermissionDenied, None)),
        ("detached for now", detached(Code::NotFound, Some(1000))),
    ]
}

/// What is said to who follows the log.
pub(crate) fn following() -> Vec<Event> {
    vec![
        Event::Reply(Reply::Attached(Box::new(greeting(None)))),
        Event::Reply(Reply::Detached),
        Event::Reply(Reply::Said),
        Event::Reply(Reply::Position(Epoch("e1".into()), Offset(42))),
        Event::Said(entry(0, NOON.0, "ann", None)),
        Event::Position(Offset(256)),
        Event::Closing(Closing::of(CloseCode::TryLater, None, 7)),
        Event::Reauth(30_000),
        Event::Detached(Detached { error: ProtocolError::denied("no"), reattach: None }),
        Event::Detached(Detached {
            error: ProtocolError::new(Code::NotFound, "this room was erased"),
            reattach: Some(1000),
        }),
    ]
}

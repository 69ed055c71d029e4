//! What is said to who follows a log.

use dormouse::close::{CloseCode, Closing};
use dormouse::kernel::Event;
use dormouse::limits::Limits;
use dormouse::message::{Epoch, Offset, Reply, UserId, Welcome};

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
        limits: Limits::default(),
    }
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
    ]
}

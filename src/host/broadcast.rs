use crate::dialect::{DIALECTS_COUNT, DialectId, Frame};
use crate::message::{Notice, SessionId};
use crate::room::Audience;

/// Somewhere frames can be sent. Sending cannot fail: a dead socket reports
/// itself through its own close event.
pub trait Deliver {
    /// What this session's socket speaks, while it is open.
    fn dialect(&self, session: SessionId) -> Option<DialectId>;
    /// Whether any open socket speaks this.
    fn is_spoken(&self, dialect: DialectId) -> bool;
    /// Sends one frame to the sockets of one dialect.
    fn send(&mut self, dialect: DialectId, to: Recipients<'_>, frame: &Frame);
}

/// Which sockets of a dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recipients<'a> {
    /// All of them.
    All,
    /// All but one, which may speak another dialect.
    Except(SessionId),
    /// These.
    Only(&'a [SessionId]),
}

/// Says something to an audience: encoded once per dialect in use, and handed to
/// the platform once per dialect.
pub fn deliver(sockets: &mut impl Deliver, to: &Audience, notice: &Notice) {
    match to {
        Audience::One(session) => deliver_to(sockets, &[*session], notice),
        Audience::Only(sessions) => deliver_to(sockets, sessions, notice),
        Audience::Everyone => deliver_to_all(sockets, Recipients::All, notice),
        Audience::Except(session) => deliver_to_all(sockets, Recipients::Except(*session), notice),
    }
}

fn deliver_to_all(sockets: &mut impl Deliver, to: Recipients<'_>, notice: &Notice) {
    for dialect in DialectId::all() {
        if sockets.is_spoken(dialect) {
            let frame = dialect.get().encode(notice);
            sockets.send(dialect, to, &frame);
        }
    }
}

fn deliver_to(sockets: &mut impl Deliver, sessions: &[SessionId], notice: &Notice) {
    let mut by_dialect: [Vec<SessionId>; DIALECTS_COUNT] = Default::default();
    for session in sessions {
        let dialect = sockets.dialect(*session).map(DialectId::index);
        if let Some(group) = dialect.and_then(|it| by_dialect.get_mut(it)) {
            group.push(*session);
        }
    }
    for (dialect, group) in DialectId::all().zip(&by_dialect) {
        if !group.is_empty() {
            let frame = dialect.get().encode(notice);
            sockets.send(dialect, Recipients::Only(group), &frame);
        }
    }
}

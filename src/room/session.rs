use serde::{Deserialize, Serialize};

use super::{Grants, Renewal, Room, Turn, Window};
use crate::limits::RENEWAL_MS;
use crate::message::{ClientRef, Code, Event, Member, Millis, Refusal, SessionId};

/// How finely silence is measured: a 256th of what is allowed, about a second of 300.
const HEARD_STEPS: u64 = 256;

/// One connected client, as the room knows it. Small: it rides in the socket's
/// attachment while the room sleeps. Its field names are stored: append, never
/// change one's meaning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Its name.
    #[serde(rename = "i")]
    pub id: SessionId,
    /// Whose it is.
    #[serde(rename = "w")]
    pub member: Member,
    /// What it may do.
    #[serde(rename = "g")]
    pub grants: Grants,
    /// When its token expires; `None` for one that does not.
    #[serde(rename = "e", default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Millis>,
    /// When it will be closed unless it shows a younger token.
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    pub renew_by: Option<Millis>,
    /// When it last said anything that reached the room.
    #[serde(rename = "h")]
    pub heard_at: Millis,
    /// Until when it is typing, unless it says so again.
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    pub typing_until: Option<Millis>,
    /// Its frames (B27).
    #[serde(rename = "m", default)]
    pub messages: Window,
    /// The room's broadcasts as of this session's last one (B28).
    #[serde(rename = "b", default)]
    pub broadcasts: Window,
}

impl Session {
    /// A session that has said nothing yet.
    #[must_use]
    pub fn new(
        id: SessionId,
        member: Member,
        grants: Grants,
        expires_at: Option<Millis>,
        now: Millis,
    ) -> Self {
        Self {
            id,
            member,
            grants,
            expires_at,
            renew_by: None,
            heard_at: now,
            typing_until: None,
            messages: Window::default(),
            broadcasts: Window::default(),
        }
    }

    /// Notes that it said something. In steps, rounded up, so that a socket that speaks all
    /// the time is not stored anew with each word, and is never cut off early.
    pub(super) fn hear(&mut self, now: Millis, inactivity_ms: u64) {
        self.heard_at = now.round_up(inactivity_ms / HEARD_STEPS);
    }

    /// Whether its token has expired.
    #[must_use]
    pub fn has_expired(&self, now: Millis) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }

    /// When the room must look at it: silence, the end of its token or of its
    /// time to renew it, the end of typing.
    pub(super) fn due_at(&self, inactivity_ms: u64) -> Option<Millis> {
        let silent = (inactivity_ms != 0).then(|| self.heard_at.plus(inactivity_ms));
        let token = self.renew_by.or(self.expires_at);
        [silent, token, self.typing_until].into_iter().flatten().min()
    }
}

/// Asks an expired session for a younger token, once, and refuses until it comes (A4, B37).
pub(super) fn prompt(room: &mut Room, turn: &mut Turn, id: SessionId, to: Option<ClientRef>) {
    let Some(session) = room.sessions.get_mut(&id) else { return };
    let now = turn.stamp.at;
    let renew_by = *session.renew_by.get_or_insert(now.plus(RENEWAL_MS));
    if renew_by <= now {
        let refusal = Refusal::unauthenticated("the token has expired");
        return room.expel(turn, id, to, refusal);
    }
    turn.effects.remember(id);
    room.sweep_no_later_than(Some(renew_by));
    let refusal = Refusal::unauthenticated("the token has expired: send auth with a new one");
    turn.refuse(id, to, refusal);
}

/// Takes a younger token in place of the old one.
pub(super) fn renewed(
    room: &mut Room,
    turn: &mut Turn,
    id: SessionId,
    client_ref: Option<ClientRef>,
    renewal: Result<Renewal, Refusal>,
) {
    let inactivity_ms = room.limits.inactivity_ms;
    let Some(session) = room.sessions.get_mut(&id) else { return };
    let renewal = renewal.and_then(|it| if fits(session, &it) { Ok(it) } else { Err(CONFLICT) });
    match renewal {
        Err(refusal) => turn.refuse(id, client_ref, refusal),
        Ok(Renewal { user, grants, expires_at, .. }) => {
            session.grants = grants;
            session.expires_at = expires_at;
            session.renew_by = None;
            let due = session.due_at(inactivity_ms);
            room.sweep_no_later_than(due);
            turn.effects.remember(id);
            turn.tell(id, client_ref, Event::Renewed { user, expires_at });
        }
    }
}

const CONFLICT: Refusal = Refusal::new(
    Code::Conflict,
    "this socket is already authenticated; only a token of the same user and room that expires later replaces the old one",
);

/// A renewal lengthens a session; it does not turn it into another one.
fn fits(session: &Session, renewal: &Renewal) -> bool {
    let later = match (session.expires_at, renewal.expires_at) {
        (None, _) => false,
        (Some(_), None) => true,
        (Some(old), Some(new)) => old < new,
    };
    let here = renewal.context.as_ref().is_none_or(|it| *it == renewal.room);
    later && here && session.member.id == renewal.user
}

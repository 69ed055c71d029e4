use std::borrow::Cow;
use std::rc::Rc;

use super::{Counts, Departure, Told};
use crate::close::CloseCode;
use crate::feature::{self, Keep};
use crate::kernel::{Event, Notice};
use crate::message::{
    Before, ConnectionId, Entry, Epoch, Millis, Offset, Priority, RequestId, UserId, Within,
};

/// Something the room wants done.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Make this durable; precedes every effect that reveals it.
    Write(Write),
    /// Say this.
    Tell {
        /// To whom.
        to: Recipients,
        /// The event, with its id and time.
        notice: Notice,
    },
    /// Read the log and say what it holds.
    Page {
        /// To whom, and how.
        pending: PendingReply,
        /// What was asked.
        query: PageQuery,
    },
    /// Look this up for a feature, once everything before is durable.
    Find {
        /// What is looked up.
        query: feature::Query,
        /// How to answer whoever asked; `None` if it is for a call, and looked up when all that
        /// arrived has been carried out.
        pending: Option<PendingReply>,
    },
    /// Call somebody outside of the room, once everything before is durable.
    Call(feature::Call),
    /// What the room knows of this connection changed: write its attachment.
    Save(ConnectionId),
    /// Only counts of this connection changed: write its attachment before the room sleeps.
    SaveCounts(ConnectionId),
    /// For the operator's log: something was lost.
    Lost(Loss),
    /// Close a socket; what must be said first has been said.
    Close {
        /// Whose socket it is.
        connection: ConnectionId,
        /// Why, for programs.
        code: CloseCode,
        /// Why, for people.
        reason: Cow<'static, str>,
    },
}

impl Effect {
    /// Whether it must not wait for others: a socket that is to be closed would go on
    /// speaking meanwhile, and what is critical has priority (A37).
    #[must_use]
    pub fn is_urgent(&self) -> bool {
        match self {
            Self::Close { .. } | Self::Write(Write::Erase(_)) => true,
            Self::Tell { notice, .. } => notice.event.priority() == Priority::Critical,
            Self::Write(Write::Feature(it)) => it.is_urgent(),
            Self::Write(_)
            | Self::Page { .. }
            | Self::Find { .. }
            | Self::Call(_)
            | Self::Save(_)
            | Self::SaveCounts(_)
            | Self::Lost(_) => false,
        }
    }

    /// Whether it changes what is known already, so that nothing may be looked up before it is
    /// carried out.
    #[must_use]
    pub fn amends(&self) -> bool {
        matches!(self, Self::Write(Write::Amend { .. }))
    }

    /// What it makes durable, if anything.
    #[must_use]
    pub fn write(&self) -> Option<&Write> {
        match self {
            Self::Write(write) => Some(write),
            Self::Tell { .. }
            | Self::Page { .. }
            | Self::Find { .. }
            | Self::Call(_)
            | Self::Save(_)
            | Self::SaveCounts(_)
            | Self::Lost(_)
            | Self::Close { .. } => None,
        }
    }
}

/// Something that a room promised and could not keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loss {
    /// What was lost, and why. Nothing of what anybody said.
    pub what: &'static str,
    /// How many of them.
    pub count: u64,
}

/// An answer that waits for what the log knows.
#[derive(Clone, Debug, PartialEq)]
pub struct PendingReply {
    /// To whom: one connection, or the caller.
    pub to: Recipients,
    /// That connection.
    pub connection: Option<ConnectionId>,
    /// The notice's id.
    pub id: uuid::Uuid,
    /// The request it answers.
    pub reply_to: Option<RequestId>,
    /// When it was asked.
    pub at: Millis,
}

impl PendingReply {
    /// The answer.
    #[must_use]
    pub fn notice(&self, event: Event) -> Notice {
        let Self { connection, id, at, .. } = *self;
        Notice { id, reply_to: self.reply_to.clone(), connection, at, event }
    }
}

/// Something to make durable. All writes of one flush commit together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// Append to the log, remember the author's own id for it, and keep the value if it
    /// sets one.
    Append(Rc<Entry>),
    /// Store this in place of the entry at its offset.
    Amend {
        /// The entry, as it is from now on.
        entry: Rc<Entry>,
        /// Whether nothing is left of what it said: then what was said in its place before goes
        /// with it.
        is_blank: bool,
    },
    /// A user's last socket closed.
    Depart(Departure),
    /// So many were told to be here; `None` where who is here is told again.
    Occupancy(Option<Told>),
    /// A departed user is back, or has been announced as gone.
    Forget(UserId),
    /// Delete entries that are past keeping; the log may take several calls for it.
    Trim {
        /// The oldest offset to keep.
        from: Offset,
        /// The oldest time to keep.
        since: Millis,
    },
    /// Forget clients' own ids that are past remembering.
    Prune(DedupeWindow),
    /// What was counted against the room, when no connection is left to carry it.
    Broadcasts(Counts),
    /// What was counted against a user, likewise, and when that was.
    Share(UserId, Counts, Millis),
    /// Forget everything, and begin a new log.
    Erase(Epoch),
    /// Something of a feature's.
    Feature(feature::Write),
}

impl<T: Into<feature::Write>> From<T> for Write {
    fn from(write: T) -> Self {
        Self::Feature(write.into())
    }
}

/// How far back clients' own ids are remembered: both bounds hold (P12).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DedupeWindow {
    /// The oldest offset.
    pub from: Offset,
    /// The oldest time.
    pub since: Millis,
}

/// A page of the log, bounded by what the room knew when it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageQuery {
    /// The exclusive upper end.
    pub before: Before,
    /// The exclusive lower end, if it is to be read upwards from there.
    pub after: Option<Offset>,
    /// Who asks: what was for somebody else is not shown.
    pub viewer: UserId,
    /// At most this many entries.
    pub limit: u32,
    /// Of at most so many bytes, however they are spelled; one that is larger comes alone.
    pub bytes_max: u64,
    /// The oldest offset to show: older ones only await deletion.
    pub first: Offset,
    /// The oldest time to show, likewise.
    pub since: Millis,
    /// The newest offset to show: later entries are still to be revealed.
    pub head: Offset,
    /// Which incarnation of the log this is.
    pub epoch: Epoch,
    /// Whether folded entries stand by themselves, and nothing is added.
    pub raw: bool,
    /// What else bounds it.
    pub within: Within,
}

/// Who hears a notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recipients {
    /// Every connection.
    Everyone,
    /// Every connection but one.
    Except(ConnectionId),
    /// One connection.
    One(ConnectionId),
    /// These connections.
    Only(Vec<ConnectionId>),
    /// Whoever called over HTTP.
    Caller,
}

/// Effects in execution order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Effects(Vec<Effect>);

impl Effects {
    pub(crate) fn push(&mut self, effect: Effect) {
        self.0.push(effect);
    }

    pub(crate) fn save(&mut self, connection: ConnectionId) {
        let is_it = |it: &Effect| matches!(it, Effect::Save(other) if *other == connection);
        if !self.0.iter().any(is_it) {
            self.push(Effect::Save(connection));
        }
    }

    pub(crate) fn save_counts(&mut self, connection: ConnectionId) {
        let is_it = |it: &Effect| matches!(it, Effect::SaveCounts(other) if *other == connection);
        if !self.0.iter().any(is_it) {
            self.push(Effect::SaveCounts(connection));
        }
    }

    /// The effects, to look at.
    pub fn iter(&self) -> std::slice::Iter<'_, Effect> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a Effects {
    type Item = &'a Effect;
    type IntoIter = std::slice::Iter<'a, Effect>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl IntoIterator for Effects {
    type Item = Effect;
    type IntoIter = std::vec::IntoIter<Effect>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

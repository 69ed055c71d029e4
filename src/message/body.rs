use std::borrow::Cow;

use super::{Entry, EventName, Json, Millis, Offset, Priority, Target, UserId};

/// What an [`Entry`](super::Entry) says: all that the log, the protocols and HTTP see of it. They
/// go by its name, and look into its data only where a document spells it in a way of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// Which rules it was accepted by, and how the log stores it.
    pub kind: EntryKind,
    /// What it is called, on the wire too.
    pub name: EventName,
    /// What it says.
    pub data: Json,
    /// Whose connections get it; everyone's if `None`.
    pub user: Option<UserId>,
    /// How urgent it is. Not stored: what is read later waits for nothing.
    pub priority: Priority,
    /// The entry it is about, and how. In the log, by its offset.
    pub relates_to: Option<(Relation, Target)>,
    /// What subscriptions go by; `None` for the event of its name. Not stored.
    pub channel: Option<(Space, String)>,
    /// The last entry before it that is for everyone, where that is not the one before it and this
    /// one is for everyone too. Not stored.
    pub follows: Option<Offset>,
    /// Whether nothing is left of it, where that is known. Not stored with it.
    pub is_deleted: bool,
}

/// How an entry is about another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// It is what was asked for.
    Answers,
    /// It is said in the thread of that entry.
    Replies,
    /// What it says stands in place of what that entry said. Stored as a JSON object, in which
    /// `data` is what stands there.
    Replaces,
    /// That entry says nothing any more.
    Redacts,
    /// It says something of that entry, which goes on as it is.
    Annotates,
}

/// What channels are named within: a channel is a name space and a name in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Space(pub &'static str);

impl Space {
    /// Events, by their names.
    pub const EVENTS: Self = Self("event");
}

/// A kind of entry: how the log stores it. Two are the same if their names are.
#[derive(Clone, Copy)]
pub struct EntryKind {
    /// As it is stored: never another one's.
    pub name: &'static str,
    /// Completes what the room accepts at this time.
    pub accept: fn(Body, Millis) -> Body,
    /// What is stored of it in place of its name, its data and its relation; accepted at this time.
    pub store: fn(&Body, Millis) -> Cow<'_, str>,
    /// How it is about the entry that its row names; `None` if it stores that by itself, or is about
    /// none.
    pub relates: Option<Relation>,
    /// Reads that. `None` if it is damaged.
    pub load: fn(&str, Millis, Option<UserId>) -> Option<Body>,
    /// Whether it leaves a trace beside its own row.
    pub leaves_more: fn(&Body) -> bool,
    /// What it says in words, to be found again by them; `None` if there is nothing to find.
    pub text: fn(&Body) -> Option<String>,
    /// Whether it is shown with the entry that it is about, and is none of a page's own.
    pub is_folded: bool,
    /// What its data is when nothing is left of what it said: as far as that goes, of the same
    /// shape. `None` for what stays as it was said.
    pub blank: fn(&Body) -> Option<Json>,
    /// What a protocol of this name calls it, where that is not by its name.
    pub word: fn(&str) -> Option<&'static str>,
    /// How a protocol of this name spells its data, where that is not as it is.
    pub spell: fn(&Entry, &str) -> Option<Json>,
}

impl EntryKind {
    /// Spelled as it is by every protocol.
    pub const AS_IT_IS: fn(&Entry, &str) -> Option<Json> = |_, _| None;
    /// It says nothing in words.
    pub const NO_TEXT: fn(&Body) -> Option<String> = |_| None;
    /// Called by its name in every protocol.
    pub const BY_NAME: fn(&str) -> Option<&'static str> = |_| None;
    /// It stays as it was said.
    pub const STAYS: fn(&Body) -> Option<Json> = |_| None;
}

impl PartialEq for EntryKind {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for EntryKind {}

impl std::fmt::Debug for EntryKind {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(self.name)
    }
}

impl Body {
    /// Something of this kind, for everyone.
    #[must_use]
    pub fn new(kind: EntryKind, name: EventName, data: Json) -> Self {
        let (user, relates_to, channel, follows) = (None, None, None, None);
        let (priority, is_deleted) = (Priority::Normal, false);
        Self { kind, name, data, user, priority, relates_to, channel, follows, is_deleted }
    }

    /// As it is when the room accepts it at this time.
    #[must_use]
    pub fn accepted(self, at: Millis) -> Self {
        (self.kind.accept)(self, at)
    }

    /// What it says in words; `None` if there is nothing to find.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        (self.kind.text)(self)
    }

    /// Nothing of what it said; `None` for what stays as it was said.
    #[must_use]
    pub fn blank(&self) -> Option<Self> {
        Some(Self { data: (self.kind.blank)(self)?, ..self.clone() })
    }

    /// The entry that it is about in this way, if it is.
    #[must_use]
    pub fn target(&self, relation: Relation) -> Option<Offset> {
        let (own, target) = self.relates_to?;
        target.offset().filter(|_| own == relation)
    }

    /// What is stored of it in place of its name, its data and its relation.
    #[must_use]
    pub fn to_stored(&self, at: Millis) -> Cow<'_, str> {
        (self.kind.store)(self, at)
    }
}

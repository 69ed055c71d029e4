use serde::{Deserialize, Serialize};

/// One thing a token can allow in a room (R5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Grant {
    /// Come in and hear what is said.
    Join = 1,
    /// Say what the protocol's own clients say: messages, and what features take of them.
    Send = 2,
    /// Publish over HTTP, and what users must not forge.
    Publish = 4,
    /// Read what was said before.
    History = 8,
    /// See who is here.
    Presence = 16,
    /// Kick, list, erase.
    Admin = 32,
}

impl Grant {
    /// Every grant and its name in a token's `caps`.
    pub const ALL: [(&'static str, Self); 6] = [
        ("join", Self::Join),
        ("send", Self::Send),
        ("publish", Self::Publish),
        ("history", Self::History),
        ("presence", Self::Presence),
        ("admin", Self::Admin),
    ];
}

/// What a connection may do in its room. Stored in attachments: bits are append-only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Grants(u8);

/// A bit that takes away: connections that were stored when everybody saw the numbers go on as before.
const WITHOUT_MEASURES: u8 = 64;

impl Grants {
    /// Every grant there is.
    #[must_use]
    pub fn all() -> Self {
        Grant::ALL.into_iter().map(|(_, it)| it).collect()
    }

    /// In an analytics room, whether the numbers of the chat room of the same name may be shown.
    /// No token names this: it follows from `presence` in that chat room.
    #[must_use]
    pub const fn shows_measures(self) -> bool {
        self.0 & WITHOUT_MEASURES == 0
    }

    /// The same, without those numbers.
    #[must_use]
    pub const fn without_measures(self) -> Self {
        Self(self.0 | WITHOUT_MEASURES)
    }

    /// Whether this is allowed.
    #[must_use]
    pub const fn has(self, grant: Grant) -> bool {
        self.0 & grant as u8 != 0
    }

    /// What they are called in tokens.
    #[must_use]
    pub fn names(self) -> Vec<&'static str> {
        let named = |(name, grant): &(&'static str, Grant)| self.has(*grant).then_some(*name);
        Grant::ALL.iter().filter_map(named).collect()
    }

    /// Those of these that are among those.
    #[must_use]
    pub const fn within(self, those: Self) -> Self {
        Self((self.0 & those.0) | ((self.0 | those.0) & WITHOUT_MEASURES))
    }

    /// Those that are called so; a name that is none grants nothing.
    #[must_use]
    pub fn named(names: &[String]) -> Self {
        let said =
            |(name, grant): &(&str, Grant)| names.iter().any(|it| it == name).then_some(*grant);
        Grant::ALL.iter().filter_map(said).collect()
    }

    /// Those of these that are not among those.
    #[must_use]
    pub const fn without(self, those: Self) -> Self {
        Self(self.0 & !(those.0 & !WITHOUT_MEASURES))
    }

    /// These and those.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl FromIterator<Grant> for Grants {
    fn from_iter<I: IntoIterator<Item = Grant>>(grants: I) -> Self {
        Self(grants.into_iter().fold(0, |sum, it| sum | it as u8))
    }
}

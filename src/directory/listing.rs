use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::message::{Millis, ProtocolError, is_default};

/// Which rooms to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// Only rooms of this kind.
    pub kind: Option<String>,
    /// What their names begin with; without a kind, what their addresses begin with.
    pub prefix: String,
    /// The last address of the page before.
    pub after: Option<String>,
    /// At most this many, 1 to [`Listing::LIMIT_MAX`]. What lies outside is brought inside.
    pub limit: u32,
    /// Only addresses in these, in order and apart: what the caller may see. `None`: all.
    #[serde(default)]
    pub within: Option<Vec<Addresses>>,
    /// Only rooms in which somebody may be: that said so last, or have said nothing since then.
    #[serde(default, skip_serializing_if = "is_default")]
    pub occupied_since: Millis,
}

/// The addresses from `from` up to `to`, without it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Addresses {
    /// The first.
    pub from: String,
    /// The first that comes after them.
    pub to: String,
}

impl Addresses {
    /// Those that begin so. Addresses are ASCII, so the last character there is ends them.
    #[must_use]
    pub fn beginning(prefix: &str) -> Self {
        Self { from: prefix.to_owned(), to: format!("{prefix}{}", char::MAX) }
    }

    /// This one alone: `!` comes before all that a longer address could go on with.
    #[must_use]
    pub fn one(address: &str) -> Self {
        Self { from: address.to_owned(), to: format!("{address}!") }
    }

    /// Those that a pattern covers: this one, or all that begin so and a final `*`.
    #[must_use]
    pub fn covered(pattern: &str) -> Self {
        match pattern.strip_suffix('*') {
            Some(prefix) => Self::beginning(prefix),
            None => Self::one(pattern),
        }
    }

    /// Those in both; nothing for none.
    #[must_use]
    pub fn both(&self, other: &Self) -> Option<Self> {
        let from = self.from.clone().max(other.from.clone());
        let to = self.to.clone().min(other.to.clone());
        (from < to).then_some(Self { from, to })
    }

    /// Those that are not in `other`.
    #[must_use]
    pub fn without(&self, other: &Self) -> Vec<Self> {
        let before = Self { from: self.from.clone(), to: self.to.clone().min(other.from.clone()) };
        let after = Self { from: self.from.clone().max(other.to.clone()), to: self.to.clone() };
        [before, after].into_iter().filter(|it| it.from < it.to).collect()
    }

    /// The same addresses, in order and apart.
    #[must_use]
    pub fn joined(mut them: Vec<Self>) -> Vec<Self> {
        them.sort();
        let mut joined: Vec<Self> = Vec::new();
        for it in them {
            match joined.last_mut() {
                Some(last) if it.from <= last.to => last.to = it.to.max(last.to.clone()),
                Some(_) | None => joined.push(it),
            }
        }
        joined
    }
}

impl Listing {
    /// Longest page: one from each directory, of the longest names, is a megabyte or two.
    pub const LIMIT_MAX: u32 = 1000;

    /// The addresses that match. A range, not a pattern: nothing in a prefix is a wildcard, and the key serves it.
    fn range(&self) -> Addresses {
        Addresses::beginning(&match &self.kind {
            Some(kind) => format!("{kind}:{}", self.prefix),
            None => self.prefix.clone(),
        })
    }

    /// All that match and that the caller may see, in order and apart.
    pub(super) fn ranges(&self) -> Vec<Addresses> {
        match &self.within {
            None => vec![self.range()],
            Some(within) => within.iter().filter_map(|it| it.both(&self.range())).collect(),
        }
    }

    /// How a place in the list is told: as a word to bring back, whose form may change.
    #[must_use]
    pub fn cursor(after: &str) -> String {
        URL_SAFE_NO_PAD.encode(after)
    }

    /// The place that a cursor tells.
    pub fn place(cursor: &str) -> Result<String, ProtocolError> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
        let place = bytes.and_then(|it| String::from_utf8(it).ok());
        place.ok_or(ProtocolError::invalid("cursor must be that of the page before"))
    }

    /// How many a directory gives: one more than fit, to know whether there are more.
    pub(super) fn rows(&self) -> u64 {
        u64::from(page(self.limit)) + 1
    }
}

/// A room of the directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// Its address, `kind:name`.
    pub room: String,
    /// Sockets in it when it last reported.
    pub connections: u64,
    /// When that was.
    pub reported_at: Millis,
}

fn page(limit: u32) -> u32 {
    limit.clamp(1, Listing::LIMIT_MAX)
}

/// One page of what each directory gave for the same [`Listing`], and the `after` of the
/// next one, if there is any.
#[must_use]
pub fn merge_pages(pages: Vec<Vec<Listed>>, limit: u32) -> (Vec<Listed>, Option<String>) {
    let mut rooms: Vec<Listed> = pages.into_iter().flatten().collect();
    rooms.sort_unstable_by(|one, other| one.room.cmp(&other.room));
    let limit = page(limit) as usize;
    let has_more = limit < rooms.len();
    rooms.truncate(limit);
    let cursor = rooms.last().filter(|_| has_more).map(|it| it.room.clone());
    (rooms, cursor)
}

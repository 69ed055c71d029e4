use serde::{Deserialize, Serialize};

use crate::message::Millis;

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
}

impl Listing {
    /// Longest page: one from each directory, of the longest names, is a megabyte or two.
    pub const LIMIT_MAX: u32 = 1000;

    /// The addresses that match are those from the first of these up to the second. A
    /// range, not a pattern: nothing in a prefix is a wildcard, and the key serves it.
    pub(super) fn range(&self) -> (String, String) {
        let start = match &self.kind {
            Some(kind) => format!("{kind}:{}", self.prefix),
            None => self.prefix.clone(),
        };
        // Addresses are ASCII, so this comes after all that begin in this way.
        let end = format!("{start}{}", char::MAX);
        (start, end)
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

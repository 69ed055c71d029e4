//! History: what a room makes durable, behind one trait: [`History::commit`] writes it, and the
//! other calls read it.
//!
//! Not policy: what to keep and for how long is the room's decision. A contract
//! suite (`tests/native/history.rs`) runs against every implementation.

mod entries;
mod memory;
mod record;
pub(crate) mod schema;
mod share;
mod sql;
mod stored_room;

pub use memory::MemoryHistory;
pub use schema::migrations;
pub use sql::SqlHistory;

use std::rc::Rc;

use crate::feature;
use crate::kernel::{DedupeWindow, Duplicate, PageQuery, StoredRoom, Write};
use crate::limits::PAGE_BYTES_MAX;
use crate::message::{
    Added, Entry, Epoch, Millis, Offset, Page, RequestId, Target, UserId, length_of,
};

/// Entries one [`Write::Trim`] deletes at most, so that a large backlog does not
/// hold up the room; the next alarm takes the rest.
pub const TRIM_ENTRIES_MAX: u64 = 5_000;

/// Entries that a feature reads at once, at most: as many as bind with two parameters each to one
/// statement.
const SOME_MAX: u32 = 50;

/// That, and how many bytes they are at most, as in a page.
const SOME: (u32, u64) = (SOME_MAX, 1 << 20);

/// Entries that are looked at for one that is named by its id: as many as one millisecond may have,
/// and some more where the clock was set back.
pub const NAMED_ENTRIES_MAX: u64 = 512;

/// What an entry takes in a page, in whatever protocol, beside its data and its names.
const ENTRY_BYTES: u64 = 320;

/// How many bytes JSON makes of one byte of a name, at most: `\u0001` of a control character.
const ESCAPED_BYTES: u64 = 6;

/// What an entry takes in a page, in bytes, at most. Some names appear in no page of some
/// protocols; that they are counted costs a page a few entries.
fn weight(data: u64, names: u64) -> u64 {
    data + names * ESCAPED_BYTES + ENTRY_BYTES
}

/// A room's durable log. Synchronous, because SQLite in a Durable Object is.
pub trait History {
    /// How this log fails. Never shown to clients.
    type Error: std::fmt::Display;

    /// Under which name the log begins, if nothing is written yet.
    fn adopt(&mut self, _epoch: &Epoch) {}

    /// What the log knows of its room.
    fn stored_room(&self) -> Result<StoredRoom, Self::Error>;

    /// Where the log begins and when that was accepted; zeros in an empty log.
    fn oldest(&self) -> Result<(Offset, Millis), Self::Error>;

    /// Makes all of this durable, or none of it.
    fn commit(&mut self, writes: &[Write]) -> Result<(), Self::Error>;

    /// A stretch of the log, oldest first.
    fn page(&self, query: &PageQuery) -> Result<Page, Self::Error>;

    /// The entry that is named so, while it is kept. By its id it is found by when that was minted,
    /// among those accepted from then on; `head` is the newest that is stored.
    fn entry_of(&self, target: Target, head: Offset) -> Result<Option<Rc<Entry>>, Self::Error>;

    /// What a feature looks up, in its tables or in the log.
    fn find(&self, query: &feature::Query) -> Result<feature::Found, Self::Error>;

    /// Whether this user's request of this id was accepted before.
    fn find_duplicate(
        &self,
        user: &UserId,
        request_id: &RequestId,
        memory: DedupeWindow,
    ) -> Result<Option<Duplicate>, Self::Error>;
}

/// The same, of an entry at hand.
fn weight_of(entry: &Entry) -> u64 {
    let Entry { at, author, request_id, body, .. } = entry;
    let request_id = request_id.as_ref().map_or(0, |it| it.as_str().len());
    let user = body.user.as_ref().map_or(0, |it| it.0.len());
    let names = author.id.0.len() + author.name.len() + request_id + user;
    weight(body.to_stored(*at).len() as u64, names as u64)
}

/// Bytes that features may add to an entry in a page, at most: some dozens of names.
const ADDED_BYTES_MAX: u64 = 16 * 1024;

/// And to one that nearly fills a page by itself: what is left of the 8 KiB between the longest data
/// and the longest frame.
const ADDED_BYTES_MIN: u64 = 3 * 1024;

/// How many bytes features may add to this entry.
fn added_bytes_max(entry: &Entry) -> usize {
    let left = PAGE_BYTES_MAX.saturating_sub(weight_of(entry));
    usize::try_from(left.clamp(ADDED_BYTES_MIN, ADDED_BYTES_MAX)).unwrap_or_default()
}

/// The same page, with what features add to its entries. Those that no longer fit are left to the
/// next one.
fn completed(mut page: Page, added: Added, query: &PageQuery) -> Page {
    let size =
        |it: &Rc<Entry>| weight_of(it) + added.get(&it.offset).map_or(0, |it| length_of(it) as u64);
    let entries = &mut page.entries;
    let (count, all) = (entries.len(), entries.iter().map(size));
    let fits = if page.upwards { how_many_fit(query, all) } else { how_many_fit(query, all.rev()) };
    page.has_more |= fits < count;
    if page.upwards {
        entries.truncate(fits);
    } else {
        entries.drain(..count - fits);
    }
    page.added = added;
    page
}

/// How many entries of these weights, in the order of reading, make a page.
fn how_many_fit(query: &PageQuery, weights: impl Iterator<Item = u64>) -> usize {
    fitting((query.limit, query.bytes_max), weights)
}

/// How many of these weights, in their order, are no more than so many, and weigh no more than this
/// together. One at least.
fn fitting((limit, bytes_max): (u32, u64), weights: impl Iterator<Item = u64>) -> usize {
    let mut total = 0u64;
    let fits = weights.enumerate().take(limit as usize).take_while(|(at, weight)| {
        total = total.saturating_add(*weight);
        *at == 0 || total <= bytes_max
    });
    fits.count()
}

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::rc::Rc;

use super::{
    History, SOME, TRIM_ENTRIES_MAX, added_bytes_max, completed, fitting, how_many_fit, weight_of,
};
use crate::feature;
use crate::feature::tables::{End, Log, Shown, Twin, Twins};
use crate::kernel::{
    CHAINED_WITHIN, Counts, DedupeWindow, Departure, Duplicate, PageQuery, StoredRoom, Told, Write,
};
use crate::message::{
    Added, Before, Entry, EntryKind, Epoch, Millis, Offset, Page, Relation, RequestId, Target,
    UserId,
};

/// A history in vectors: the model that every other history is tested against.
#[derive(Clone, Debug)]
pub struct MemoryHistory {
    epoch: Epoch,
    head: (Offset, Millis),
    entries: Vec<Rc<Entry>>,
    recent: BTreeMap<(UserId, RequestId), (Offset, Millis)>,
    departures: BTreeMap<UserId, Departure>,
    occupancy: Option<Told>,
    counts: Counts,
    shares: BTreeMap<UserId, (Counts, Millis)>,
    features: Twins,
}

impl MemoryHistory {
    /// An empty log.
    #[must_use]
    pub fn new(epoch: Epoch) -> Self {
        Self {
            epoch,
            head: Default::default(),
            entries: Vec::new(),
            recent: BTreeMap::new(),
            departures: BTreeMap::new(),
            occupancy: None,
            counts: Counts::default(),
            shares: BTreeMap::new(),
            features: Twins::default(),
        }
    }

    fn write(&mut self, write: &Write) {
        match write {
            Write::Append(entry) => {
                self.head = (entry.offset, entry.at);
                self.entries.push(Rc::clone(entry));
                if let Some(request_id) = entry.request_id.clone() {
                    self.recent.insert((entry.author.id.clone(), request_id), self.head);
                }
                self.features.appended(entry);
            }
            Write::Amend { entry, is_blank } => self.amend(entry, *is_blank),
            Write::Depart(departure) => {
                self.departures.insert(departure.member.id.clone(), departure.clone());
            }
            Write::Occupancy(told) => self.occupancy = *told,
            Write::Forget(user) => {
                self.departures.remove(user);
            }
            Write::Broadcasts(counts) => self.counts = *counts,
            Write::Share(user, counts, now) => {
                self.shares.retain(|_, (_, at)| now.0.saturating_sub(Counts::HOLDS_MS) <= at.0);
                self.shares.insert(user.clone(), (*counts, *now));
            }
            Write::Feature(it) => self.features.write(it),
            Write::Erase(epoch) => {
                let features = std::mem::take(&mut self.features).erased();
                *self = Self { features, ..Self::new(epoch.clone()) };
            }
            Write::Trim { from, since } => {
                let first = self.entries.first().map_or(0, |it| it.offset.0);
                let end = Offset(first.saturating_add(TRIM_ENTRIES_MAX));
                self.entries
                    .retain(|it| end <= it.offset || (*from <= it.offset && *since <= it.at));
                let first = self.entries.first().map_or(self.head.0.next(), |it| it.offset);
                self.features.trimmed(first);
            }
            Write::Prune(memory) => {
                self.recent.retain(|_, (offset, at)| memory.from <= *offset && memory.since <= *at);
                self.features.prune(memory.from, memory.since);
            }
        }
    }
}

impl MemoryHistory {
    fn amend(&mut self, amended: &Rc<Entry>, is_blank: bool) {
        for it in &mut self.entries {
            let replaces = it.body.target(Relation::Replaces) == Some(amended.offset);
            if it.offset == amended.offset {
                *it = Rc::clone(amended);
            } else if is_blank
                && replaces
                && let Some(body) = it.body.blank()
            {
                *it = Rc::new(Entry { body, ..Entry::clone(it) });
                self.features.amended(it.offset, None);
            }
        }
        self.features.amended(amended.offset, (!is_blank).then_some(&amended.body));
    }
}

impl History for MemoryHistory {
    type Error = Infallible;

    fn stored_room(&self) -> Result<StoredRoom, Infallible> {
        let (head, head_at) = self.head;
        let Ok((first, first_at)) = self.oldest();
        let last = self.entries.iter().rev().take(CHAINED_WITHIN);
        let chained = last.into_iter().find(|it| it.body.user.is_none());
        Ok(StoredRoom {
            epoch: self.epoch.clone(),
            head,
            head_at,
            chained: chained.map_or(Offset(0), |it| it.offset),
            first,
            first_at,
            departures: self.departures.values().cloned().collect(),
            occupancy: self.occupancy,
            counts: self.counts,
            shares: self.shares.iter().map(|(user, (it, _))| (user.clone(), *it)).collect(),
            own: self.features.stored(),
        })
    }

    fn oldest(&self) -> Result<(Offset, Millis), Infallible> {
        Ok(self.entries.first().map_or_else(Default::default, |it| (it.offset, it.at)))
    }

    fn commit(&mut self, writes: &[Write]) -> Result<(), Infallible> {
        for write in writes {
            self.write(write);
        }
        Ok(())
    }

    fn page(&self, query: &PageQuery) -> Result<Page, Infallible> {
        let earlier = |it: &Entry| match query.before {
            Before::Newest => true,
            Before::Offset(offset) => it.offset < offset,
            Before::Time(at) => it.at < at,
        };
        let shown: Vec<&Rc<Entry>> = self
            .entries
            .iter()
            .filter(|it| (query.first..=query.head).contains(&it.offset) && query.since <= it.at)
            .filter(|it| earlier(it) && query.after.is_none_or(|after| after < it.offset))
            .filter(|it| it.body.user.as_ref().is_none_or(|user| *user == query.viewer))
            .filter(|it| query.within.later_than.is_none_or(|at| at < it.at))
            .filter(|it| (query.raw && query.within.of.is_none()) || !it.body.kind.is_folded)
            .filter(|it| {
                query.within.of.is_none_or(|of| it.body.target(Relation::Replies) == Some(of))
            })
            .collect();
        let upwards = query.after.is_some();
        let size = |it: &&Rc<Entry>| weight_of(it);
        let fits = if upwards {
            how_many_fit(query, shown.iter().map(size))
        } else {
            how_many_fit(query, shown.iter().rev().map(size))
        };
        let skipped = if upwards { 0 } else { shown.len() - fits };
        let has_more = fits < shown.len();
        let page = Page {
            entries: shown.into_iter().skip(skipped).take(fits).cloned().collect(),
            has_more,
            upwards,
            reverse: query.within.reverse,
            head: query.head,
            epoch: query.epoch.clone(),
            added: Added::new(),
        };
        if (query.raw && !query.within.exact) || page.entries.is_empty() {
            return Ok(page);
        }
        let (raw, exact) = (query.raw, query.within.exact);
        let (entries, viewer, bytes_max) = (&*page.entries, &query.viewer, added_bytes_max);
        let added = self.features.complete(&Shown { entries, viewer, raw, exact, bytes_max });
        Ok(completed(page, added, query))
    }

    fn entry_of(&self, target: Target, _: Offset) -> Result<Option<Rc<Entry>>, Infallible> {
        Ok(self.entries.iter().find(|it| target.is(it)).cloned())
    }

    fn find(&self, query: &feature::Query) -> Result<feature::Found, Infallible> {
        Ok(self.features.find(self, query))
    }

    fn find_duplicate(
        &self,
        user: &UserId,
        request_id: &RequestId,
        memory: DedupeWindow,
    ) -> Result<Option<Duplicate>, Infallible> {
        let known = self.recent.get(&(user.clone(), request_id.clone())).copied();
        Ok(known.filter(|(offset, at)| memory.from <= *offset && memory.since <= *at).map(
            |(offset, _)| {
                let Ok(entry) = self.entry(offset);
                Duplicate { offset, entry }
            },
        ))
    }
}

impl Log for MemoryHistory {
    type Error = Infallible;

    fn entry(&self, offset: Offset) -> Result<Option<Rc<Entry>>, Infallible> {
        Ok(self.entries.iter().find(|it| it.offset == offset).cloned())
    }

    fn some(&self, (from, to): (Offset, Offset), end: End) -> Result<Vec<Rc<Entry>>, Infallible> {
        let is_there = |it: &&Rc<Entry>| (from..=to).contains(&it.offset);
        let mut all: Vec<_> = self.entries.iter().filter(is_there).cloned().collect();
        if end == End::Upper {
            all.reverse();
        }
        let bytes = all.iter().map(|it| it.body.to_stored(it.at).len() as u64);
        all.truncate(fitting(SOME, bytes));
        all.sort_by_key(|it| it.offset);
        Ok(all)
    }

    fn authors(
        &self,
        since: Millis,
        first: Offset,
        head: Offset,
        kind: EntryKind,
    ) -> Result<Vec<(UserId, u64)>, Infallible> {
        let is_late = |it: &&Rc<Entry>| (first..=head).contains(&it.offset) && since <= it.at;
        let mut authors: BTreeMap<UserId, u64> = BTreeMap::new();
        for entry in self.entries.iter().filter(is_late) {
            *authors.entry(entry.author.id.clone()).or_default() +=
                u64::from(entry.body.kind == kind);
        }
        Ok(authors.into_iter().collect())
    }
}

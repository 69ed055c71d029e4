use std::collections::BTreeMap;
use std::convert::Infallible;
use std::rc::Rc;

use super::{History, TRIM_ENTRIES_MAX, how_many_fit, record};
use crate::message::{Before, ClientRef, Entry, Epoch, Millis, Offset, Page, UserId};
use crate::room::{Departure, Memory, PageQuery, Receipt, Remembered, Window, Write};

/// A history in vectors: the model that every other history is tested against.
#[derive(Clone, Debug)]
pub struct MemoryHistory {
    epoch: Epoch,
    head: (Offset, Millis),
    entries: Vec<Rc<Entry>>,
    recent: BTreeMap<(UserId, ClientRef), (Offset, Millis)>,
    departures: BTreeMap<UserId, Departure>,
    broadcasts: Window,
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
            broadcasts: Window::default(),
        }
    }

    fn write(&mut self, write: &Write) {
        match write {
            Write::Append(entry) => {
                self.head = (entry.offset, entry.at);
                self.entries.push(Rc::clone(entry));
                if let Some(client_ref) = entry.client_ref.clone() {
                    self.recent.insert((entry.author.id.clone(), client_ref), self.head);
                }
            }
            Write::Depart(departure) => {
                self.departures.insert(departure.member.id.clone(), departure.clone());
            }
            Write::Forget(user) => {
                self.departures.remove(user);
            }
            Write::Broadcasts(window) => self.broadcasts = *window,
            Write::Trim { from, since } => {
                let first = self.entries.first().map_or(0, |it| it.offset.0);
                let end = Offset(first.saturating_add(TRIM_ENTRIES_MAX));
                self.entries
                    .retain(|it| end <= it.offset || (*from <= it.offset && *since <= it.at));
            }
            Write::ForgetRefs(memory) => {
                self.recent.retain(|_, (offset, at)| memory.from <= *offset && memory.since <= *at);
            }
        }
    }
}

impl History for MemoryHistory {
    type Error = Infallible;

    fn remembered(&self) -> Result<Remembered, Infallible> {
        let (head, head_at) = self.head;
        let (first, first_at) =
            self.entries.first().map_or_else(Default::default, |it| (it.offset, it.at));
        Ok(Remembered {
            epoch: self.epoch.clone(),
            head,
            head_at,
            first,
            first_at,
            departures: self.departures.values().cloned().collect(),
            broadcasts: self.broadcasts,
        })
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
            .filter(|it| earlier(it))
            .collect();
        let size = |it: &&Rc<Entry>| record::store(&it.body).1.chars().count() as u64;
        let fits = how_many_fit(query.limit, shown.iter().rev().map(size));
        let skipped = shown.len() - fits;
        Ok(Page {
            entries: shown.into_iter().skip(skipped).cloned().collect(),
            has_more: 0 < skipped,
            head: query.head,
            epoch: query.epoch.clone(),
        })
    }

    fn recall(
        &self,
        user: &UserId,
        client_ref: &ClientRef,
        memory: Memory,
    ) -> Result<Option<Receipt>, Infallible> {
        let known = self.recent.get(&(user.clone(), client_ref.clone())).copied();
        Ok(known.filter(|(offset, at)| memory.from <= *offset && memory.since <= *at).map(
            |(offset, _)| {
                let entry = self.entries.iter().find(|it| it.offset == offset).cloned();
                Receipt { offset, entry }
            },
        ))
    }
}

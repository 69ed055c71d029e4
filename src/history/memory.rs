use std::collections::BTreeMap;
use std::convert::Infallible;
use std::rc::Rc;

use super::{History, TRIM_ENTRIES_MAX, how_many_fit, record};
use crate::message::{
    Before, Body, ClientRef, Entry, Epoch, EventName, Millis, Offset, Page, StateItem, UserId,
};
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
    states: BTreeMap<String, StateItem>,
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
            states: BTreeMap::new(),
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
                self.keep(entry);
            }
            Write::Depart(departure) => {
                self.departures.insert(departure.member.id.clone(), departure.clone());
            }
            Write::Forget(user) => {
                self.departures.remove(user);
            }
            Write::Broadcasts(window) => self.broadcasts = *window,
            Write::Erase(epoch) => *self = Self::new(epoch.clone()),
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

impl MemoryHistory {
    fn keep(&mut self, entry: &Entry) {
        let Body::Event(published) = &entry.body else { return };
        let Some(key) = published.state_key() else { return };
        if published.data.is_null() {
            self.states.remove(key);
        } else if let Ok(name) = EventName::parse(key) {
            let (value, offset) = (published.data.clone(), entry.offset);
            self.states.insert(key.to_owned(), StateItem { key: name, value, offset });
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
            states: self
                .states
                .iter()
                .map(|(key, it)| (key.clone(), it.value.as_str().len()))
                .collect(),
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
            .filter(|it| earlier(it) && query.after.is_none_or(|after| after < it.offset))
            .filter(|it| it.body.user().is_none_or(|user| *user == query.viewer))
            .collect();
        let upwards = query.after.is_some();
        let size = |it: &&Rc<Entry>| record::store(&it.body).1.chars().count() as u64;
        let fits = if upwards {
            how_many_fit(query.limit, shown.iter().map(size))
        } else {
            how_many_fit(query.limit, shown.iter().rev().map(size))
        };
        let skipped = if upwards { 0 } else { shown.len() - fits };
        let has_more = fits < shown.len();
        Ok(Page {
            entries: shown.into_iter().skip(skipped).take(fits).cloned().collect(),
            has_more,
            upwards,
            head: query.head,
            epoch: query.epoch.clone(),
        })
    }

    fn snapshot(&self) -> Result<Vec<StateItem>, Infallible> {
        Ok(self.states.values().cloned().collect())
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

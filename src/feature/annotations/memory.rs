//! The twin of its tables.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use super::entries::reacted;
use super::told::{Mark, NAMED_MAX, Reacted, Reactions, added, range};
use super::{AnnotationFound, AnnotationQuery, MarkRead, Standing};
use crate::feature::tables::{Log, Shown, Twin};
use crate::message::{Added, Entry, Json, Offset, Relation, UserId};

/// The tables in memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory {
    marks: BTreeMap<Offset, Mark>,
    /// By entry, key and user: the entry that says so.
    reactions: BTreeMap<(Offset, String, UserId), Offset>,
    readers: BTreeMap<UserId, Offset>,
}

impl Twin for Memory {
    type Write = MarkRead;
    type Stored = ();
    type Query = AnnotationQuery;
    type Found = AnnotationFound;

    fn write(&mut self, MarkRead { user, offset }: &MarkRead) {
        let known = self.readers.entry(user.clone()).or_insert(*offset);
        *known = (*known).max(*offset);
    }

    fn find(&self, _: &impl Log<Error = Infallible>, query: &AnnotationQuery) -> AnnotationFound {
        match query {
            AnnotationQuery::Standing { target, key, user } => {
                let own = || self.reactions.iter().filter(|((of, ..), _)| of == target);
                let keys: BTreeSet<&String> = own().map(|((_, key, _), _)| key).collect();
                AnnotationFound::Standing(Standing {
                    is_deleted: self.marks.get(target).is_some_and(|it| it.is_deleted),
                    keys: keys.len() as u64,
                    own_keys: own().filter(|((.., it), _)| it == user).count() as u64,
                    count: own().filter(|((_, it, _), _)| it == key).count() as u64,
                    own: self.reactions.get(&(*target, key.clone(), user.clone())).copied(),
                })
            }
            AnnotationQuery::Marker(user) => {
                let offset = self.readers.get(user).copied();
                AnnotationFound::Marker(offset, self.readers.len() as u64)
            }
            AnnotationQuery::Reads => {
                let all = self.readers.iter().map(|(user, offset)| (user.clone(), *offset));
                AnnotationFound::Reads(all.collect())
            }
        }
    }

    fn appended(&mut self, entry: &Entry) {
        let Entry { offset, at, author, body, .. } = entry;
        if let Some(of) = body.target(Relation::Replies) {
            self.marks.entry(of).or_default().replies += 1;
        } else if let Some((of, key, on)) = reacted(entry) {
            let place = (of, key, author.id.clone());
            if on {
                self.reactions.entry(place).or_insert(*offset);
            } else {
                self.reactions.remove(&place);
            }
        } else {
            let (edited, deleted) =
                (body.target(Relation::Replaces), body.target(Relation::Redacts));
            let Some(of) = edited.or(deleted) else { return };
            let mark = self.marks.entry(of).or_default();
            mark.change = Some((*offset, *at, author.id.0.clone()));
            mark.is_deleted = deleted.is_some();
            if mark.is_deleted {
                self.reactions.retain(|(it, ..), _| *it != of);
            }
        }
    }

    fn complete(&self, shown: &Shown<'_>) -> Added {
        let (from, to) = range(shown);
        let mut all: Vec<_> = self.reactions.iter().collect();
        all.sort_by_key(|it| it.1);
        let mut reacted: BTreeMap<Offset, Reactions> = BTreeMap::new();
        for ((of, key, user), _) in all {
            let none = || Reacted { count: 0, users: vec![], me: false };
            let it = reacted.entry(*of).or_default().entry(key.clone()).or_insert_with(none);
            it.count += 1;
            it.me |= user == shown.viewer;
            if it.users.len() < NAMED_MAX {
                it.users.push(user.0.clone());
            }
        }
        let reacted = reacted.into_iter().map(|(of, it)| (of, Json::of(&it))).collect();
        let marks = self.marks.range(from..=to).map(|(of, it)| (*of, it.clone())).collect();
        added(&marks, reacted, shown)
    }

    fn trimmed(&mut self, first: Offset) {
        self.marks.retain(|it, _| first <= *it);
        self.reactions.retain(|(it, ..), _| first <= *it);
        self.readers.retain(|_, it| first <= *it);
    }

    fn stored(&self) {}
}

//! What is shown of entries that something was said about: the same from tables and from memory.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use crate::feature::tables::Shown;
use crate::message::{Added, Entry, Json, Millis, Offset, length_of};

/// Users of a reaction that are named, at most: the first.
pub(super) const NAMED_MAX: usize = 10;

/// What is left out where there is no room for all: users that are named, and reactions, of which
/// those that most users have are shown.
const SHORTENED: [(usize, usize); 3] = [(3, usize::MAX), (0, usize::MAX), (0, 8)];

/// What became of an entry.
#[derive(Clone, Debug, Default)]
pub(super) struct Mark {
    /// The last change: by which entry, when, by whom.
    pub(super) change: Option<(Offset, Millis, String)>,
    pub(super) is_deleted: bool,
    pub(super) replies: u64,
}

/// A reaction to an entry.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Reacted {
    pub(super) count: u64,
    /// Those named, in the order in which they said so.
    pub(super) users: Vec<String>,
    /// Whether the viewer is one.
    pub(super) me: bool,
}

/// Reactions to an entry, by key.
pub(super) type Reactions = BTreeMap<String, Reacted>;

#[derive(Serialize)]
struct MarkOut<'a> {
    at: Json,
    user: &'a str,
    offset: Offset,
}

/// The members that are shown of an entry.
type Members = Vec<(&'static str, Json)>;

fn told(mark: &Mark, reactions: Option<Json>, in_millis: bool) -> Members {
    let change = mark.change.as_ref().map(|(offset, at, user)| {
        let name = if mark.is_deleted { "deleted" } else { "edited" };
        let at = if in_millis { Json::of(at) } else { Json::of(&at.to_rfc3339()) };
        (name, Json::of(&MarkOut { at, user, offset: *offset }))
    });
    let replies = Some(mark.replies).filter(|it| *it != 0);
    let replies = replies.map(|it| ("replies", Json::of(&it)));
    change.into_iter().chain(reactions.map(|it| ("reactions", it))).chain(replies).collect()
}

/// Fewer of them, and with fewer users.
fn shortened(all: &Reactions, named: usize, most: usize) -> Json {
    let mut kept: Vec<_> = all.iter().collect();
    kept.sort_by_key(|(_, it)| Reverse(it.count));
    let short = |(key, it): (&String, &Reacted)| {
        let users = it.users.iter().take(named).cloned().collect();
        (key.clone(), Reacted { users, ..*it })
    };
    Json::of(&kept.into_iter().take(most).map(short).collect::<Reactions>())
}

/// What is shown of entries that something was said about: `reacted` are [`Reactions`] by entry.
pub(super) fn added(
    marks: &BTreeMap<Offset, Mark>,
    mut reacted: BTreeMap<Offset, Json>,
    shown: &Shown<'_>,
) -> Added {
    let (none, in_millis) = (Mark::default(), shown.exact);
    let of = |entry: &Rc<Entry>| {
        let (mark, reactions) = (marks.get(&entry.offset), reacted.remove(&entry.offset));
        if mark.is_none() && reactions.is_none() {
            return None;
        }
        let mark = mark.unwrap_or(&none);
        if shown.raw {
            return mark.is_deleted.then(|| (entry.offset, vec![("deleted", Json::of(&true))]));
        }
        let bytes_max = (shown.bytes_max)(entry);
        let fits = |it: &Members| length_of(it) <= bytes_max;
        let all = told(mark, reactions, in_millis);
        if fits(&all) {
            return Some((entry.offset, all));
        }
        let reactions = all.iter().find(|it| it.0 == "reactions").map_or("{}", |it| it.1.as_str());
        let reactions = serde_json::from_str(reactions).unwrap_or_default();
        let shortened = |(named, most): &_| Some(shortened(&reactions, *named, *most));
        let mut less = SHORTENED.iter().map(|it| told(mark, shortened(it), in_millis));
        Some((entry.offset, less.find(fits).unwrap_or_default()))
    };
    shown.entries.iter().filter_map(of).collect()
}

/// From the first of them to the last.
pub(super) fn range(shown: &Shown<'_>) -> (Offset, Offset) {
    let offset = |it: Option<&Rc<Entry>>| it.map_or(Offset(0), |it| it.offset);
    (offset(shown.entries.first()), offset(shown.entries.last()))
}

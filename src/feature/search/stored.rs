//! What is looked up, what is found, and where searching is switched on.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::snippet::Part;
use super::terms::Terms;
use crate::feature::{Configured, Find};
use crate::message::{Before, Epoch, EventName, Kind, Member, Millis, Offset, UserId};

/// In which order matches are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// The newest first.
    #[default]
    Newest,
    /// Those first in which rare words stand often.
    Best,
}

/// What is looked up, bounded by what the room knew when it was asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Lookup {
    /// What is looked for.
    pub terms: Terms,
    /// At most so many matches.
    pub limit: u32,
    /// Only what came before this.
    pub before: Before,
    /// In which order.
    pub order: Order,
    /// Who asks: what was for somebody else is not shown.
    pub viewer: UserId,
    /// The oldest offset to show.
    pub first: Offset,
    /// The oldest time to show.
    pub since: Millis,
    /// The newest offset to show.
    pub head: Offset,
    /// Which incarnation of the log these offsets are of.
    pub epoch: Epoch,
}

impl Find for Lookup {}

/// An entry in which it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Its position.
    pub offset: Offset,
    /// When the room accepted it.
    pub at: Millis,
    /// Its name, minted by the room.
    pub id: Uuid,
    /// Who said it.
    pub author: Member,
    /// What it is called.
    pub name: EventName,
    /// Whose connections got it; everyone's if `None`.
    pub user: Option<UserId>,
    /// What it says about what was looked for.
    pub snippet: Vec<Part>,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The matches, in the order that was asked for.
    pub hits: Vec<Hit>,
    /// Whether there are more.
    pub has_more: bool,
    /// The oldest offset that was searched, if older ones are still to be indexed.
    pub searched_from: Option<Offset>,
}

/// In rooms of which kinds history can be searched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchConfig {
    /// Those named, in their order.
    pub kinds: Vec<Kind>,
}

impl Default for SearchConfig {
    fn default() -> Self {
        Self { kinds: vec![Kind::Chat] }
    }
}

impl Configured for SearchConfig {
    fn read(variable: &dyn Fn(&str) -> Option<String>, faults: &mut Vec<String>) -> Self {
        let Some(names) = variable("SEARCH") else { return Self::default() };
        let mut kinds = Vec::new();
        for name in names.split(',').map(str::trim).filter(|it| !it.is_empty()) {
            match Kind::parse(name) {
                Some(kind) => kinds.push(kind),
                None => faults.push("SEARCH names a kind of room that there is not".to_owned()),
            }
        }
        Self { kinds }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s1_it_is_on_in_the_kinds_that_are_named() {
        let read = |text: Option<&str>| {
            let mut faults = Vec::new();
            let variable = |name: &str| text.filter(|_| name == "SEARCH").map(str::to_owned);
            (SearchConfig::read(&variable, &mut faults).kinds, faults.len())
        };
        assert_eq!(read(None), (vec![Kind::Chat], 0));
        assert_eq!(read(Some("")), (vec![], 0));
        assert_eq!(read(Some(" hub , chat,")), (vec![Kind::Hub, Kind::Chat], 0));
        assert_eq!(read(Some("chats,hub")), (vec![Kind::Hub], 1));
    }
}

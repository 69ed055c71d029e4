//! What a token allows of single things in a room: a metric, a document, a key of its state (R10).

use std::rc::Rc;

use serde::{Deserialize, Serialize};

use super::{Grant, Grants};
use crate::message::Space;

/// What can be done with one thing. In the rules of connections its bits are stored: append-only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Act {
    /// Hear how it changes.
    Hear = 1,
    /// Change it.
    Change = 2,
    /// Change what is only for those who speak for the service, and keep others from it.
    Publish = 4,
    /// Read it.
    Read = 8,
    /// Make one that is not there yet.
    Make = 16,
    /// Change or delete what is another user's.
    Administer = 32,
}

impl Act {
    /// Every act, and what it is called among the grants of a token's `caps`.
    pub const ALL: [(&'static str, Self); 6] = [
        ("join", Self::Hear),
        ("send", Self::Change),
        ("publish", Self::Publish),
        ("history", Self::Read),
        ("create", Self::Make),
        ("admin", Self::Administer),
    ];

    /// What allows it with all things of a room. Who may say anything may make anything.
    #[must_use]
    pub const fn grant(self) -> Grant {
        match self {
            Self::Hear => Grant::Join,
            Self::Change | Self::Make => Grant::Send,
            Self::Publish => Grant::Publish,
            Self::Read => Grant::History,
            Self::Administer => Grant::Admin,
        }
    }
}

/// Some acts, as bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Acts(u8);

impl Acts {
    /// Whether this is one of them.
    #[must_use]
    pub const fn has(self, act: Act) -> bool {
        self.0 & act as u8 != 0
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Those that are among those.
    #[must_use]
    pub const fn within(self, those: Self) -> Self {
        Self(self.0 & those.0)
    }

    /// Those that are called so in a token; what is no name of one is none.
    #[must_use]
    pub fn named(names: &[String]) -> Self {
        let said = |(name, act): &(&str, Act)| names.iter().any(|it| it == name).then_some(*act);
        Act::ALL.iter().filter_map(said).collect()
    }

    /// Those that these grants allow with all things of a room.
    #[must_use]
    pub fn of(grants: Grants) -> Self {
        Act::ALL.into_iter().map(|(_, it)| it).filter(|it| grants.has(it.grant())).collect()
    }
}

impl FromIterator<Act> for Acts {
    fn from_iter<I: IntoIterator<Item = Act>>(acts: I) -> Self {
        Self(acts.into_iter().fold(0, |sum, it| sum | it as u8))
    }
}

/// What a rule does. Its name is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ruling {
    /// Allows, whatever the room's grants say.
    Allow,
    /// Denies, whatever allows it.
    Deny,
    /// Keeps the room's grants from allowing it: only a rule does.
    Apart,
}

/// One rule: what it does, with which acts, and with the things of which names: `space:name`, exactly
/// or up to a final `*`. Stored in attachments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThingRule(pub Ruling, pub Acts, pub String);

impl ThingRule {
    fn is_about(&self, act: Act, thing: &str) -> bool {
        let Self(_, acts, pattern) = self;
        let is_it = || match pattern.strip_suffix('*') {
            Some(prefix) => thing.starts_with(prefix),
            None => thing == pattern,
        };
        acts.has(act) && is_it()
    }
}

/// The rules of somebody in one room; mostly none. Then the room's grants decide of every thing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Things(Option<Rc<Vec<ThingRule>>>);

impl Things {
    /// Those of these rules.
    #[must_use]
    pub fn new(rules: Vec<ThingRule>) -> Self {
        Self((!rules.is_empty()).then(|| Rc::new(rules)))
    }

    fn rules(&self) -> &[ThingRule] {
        self.0.as_deref().map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether there is no rule.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Whether this may be done with the thing of this name, by somebody with these grants in its room.
    #[must_use]
    pub fn allow(&self, grants: Grants, act: Act, space: Space, name: &str) -> bool {
        let base = grants.has(act.grant());
        if self.is_empty() {
            return base;
        }
        let thing = format!("{}:{name}", space.0);
        let is_there = |effect: Ruling| {
            self.rules().iter().any(|it| it.0 == effect && it.is_about(act, &thing))
        };
        let is_granted = || is_there(Ruling::Allow) || (base && !is_there(Ruling::Apart));
        !is_there(Ruling::Deny) && is_granted()
    }

    /// Whether a rule allows with some thing what one of these grants allows with all. May be wrong where
    /// another rule denies it.
    fn allow_some(&self, grants: &[Grant]) -> bool {
        let is_one = |acts: Acts| {
            Act::ALL.iter().any(|(_, it)| acts.has(*it) && grants.contains(&it.grant()))
        };
        self.rules()
            .iter()
            .any(|ThingRule(effect, acts, _)| *effect == Ruling::Allow && is_one(*acts))
    }
}

/// What somebody may do in a room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allowed {
    /// With the room, and all things in it.
    pub grants: Grants,
    /// What is else with single ones.
    pub things: Things,
}

impl Allowed {
    /// Whether one of these grants is there, or a rule that allows the same with some thing.
    #[must_use]
    pub fn may_some(&self, grants: &[Grant]) -> bool {
        grants.iter().any(|it| self.grants.has(*it)) || self.things.allow_some(grants)
    }
}

impl From<Grants> for Allowed {
    fn from(grants: Grants) -> Self {
        Self { grants, things: Things::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(effect: Ruling, acts: &[Act], pattern: &str) -> ThingRule {
        ThingRule(effect, acts.iter().copied().collect(), pattern.to_owned())
    }

    #[test]
    fn a_denial_stands_above_what_allows_and_a_rule_above_the_room() {
        let things = Things::new(vec![
            rule(Ruling::Allow, &[Act::Change, Act::Hear], "state:a*"),
            rule(Ruling::Deny, &[Act::Change], "state:ab"),
            rule(Ruling::Apart, &[Act::Hear], "*"),
        ]);
        let none = Grants::default();
        assert!(things.allow(none, Act::Change, Space("state"), "a"));
        assert!(!things.allow(none, Act::Change, Space("state"), "b"));
        for grants in [none, Grants::all()] {
            assert!(!things.allow(grants, Act::Change, Space("state"), "ab"));
            assert!(things.allow(grants, Act::Hear, Space("state"), "ab"));
            assert!(!things.allow(grants, Act::Hear, Space("state"), "b"));
        }
        assert!(things.allow(Grants::all(), Act::Change, Space("document"), "ab"));
        assert!(Things::default().allow(Grants::all(), Act::Make, Space("document"), "ab"));
        assert!(!Things::default().allow(none, Act::Make, Space("document"), "ab"));
    }

    #[test]
    fn rules_are_stored_under_names_and_bits_that_stay() {
        let things = Things::new(vec![
            rule(Ruling::Allow, &[Act::Hear, Act::Read], "metric:*"),
            rule(Ruling::Deny, &[Act::Change, Act::Make], "document:x"),
            rule(Ruling::Apart, &[Act::Publish, Act::Administer], "*"),
        ]);
        let stored = r#"[["allow",9,"metric:*"],["deny",18,"document:x"],["apart",36,"*"]]"#;
        assert_eq!(serde_json::to_string(&things).unwrap(), stored);
        assert_eq!(serde_json::from_str::<Things>(stored).unwrap(), things);
    }
}

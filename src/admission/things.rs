//! What capabilities say of single things in a room (R10, R11).

use crate::feature::door::{self, Thing};
use crate::kernel::{Act, Acts, Grant, Grants, Ruling, ThingRule};
use crate::message::{Kind, RoomName};

/// Rules of one token about single things of a room, at most (R10), and the bytes of their patterns
/// together: they ride in the attachment too, beside the topics.
const RULES_MAX: usize = 100;
/// See [`RULES_MAX`].
const RULES_BYTES_MAX: usize = 3 * 1024;

/// One of `caps`: what may be done in the rooms a pattern names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capability {
    /// `kind:name`, exactly or up to a final `*`.
    pub room: String,
    /// Names of grants; unknown ones grant nothing.
    pub can: Vec<String>,
    /// With which things alone: `space:name`, exactly or up to a final `*`. `None`: with the room and all
    /// that is in it.
    pub on: Option<Vec<String>>,
    /// Whether it takes these away, whatever else grants them.
    pub denies: bool,
}

impl Capability {
    pub(super) fn covers(&self, kind: Kind, room: &RoomName) -> bool {
        covers(&self.room, &format!("{}:{}", kind.as_str(), room.as_str()))
    }

    pub(super) fn grants(&self) -> Grants {
        Grants::named(&self.can)
    }

    /// Whether it grants this in the rooms that it covers.
    pub(super) fn gives(&self, grant: Grant) -> bool {
        !self.denies && self.on.is_none() && self.grants().has(grant)
    }
}

/// Whether a pattern means this name: exactly, or up to a final `*`.
pub(super) fn covers(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix),
        None => name == pattern,
    }
}

/// What they come to, before the grants of the room are known.
#[derive(Default)]
pub(super) struct Said {
    /// About single things.
    pub(super) rules: Vec<ThingRule>,
    /// What is denied in the whole room.
    pub(super) denied: Grants,
}

impl Said {
    /// One more that covers the room.
    pub(super) fn add(&mut self, kind: Kind, capability: &Capability) {
        let Capability { can, on, denies, .. } = capability;
        let acts = Acts::named(can);
        let has_things = || all().any(|it| it.kinds.contains(&kind));
        match on {
            None if *denies => {
                self.denied = self.denied.union(Grants::named(can));
                if has_things() {
                    self.rule(Ruling::Deny, acts, "*");
                }
            }
            // Who may send may make what is not there; here that is said by itself.
            None if has_things() => {
                self.rule(Ruling::Allow, acts.within([Act::Make].into_iter().collect()), "*");
            }
            None => {}
            Some(patterns) => {
                let is_act = |it: &String| Act::ALL.iter().any(|(name, _)| name == it);
                let acts = can.iter().all(is_act).then_some(acts);
                for pattern in patterns {
                    self.single(kind, acts, pattern, *denies);
                }
            }
        }
    }

    /// Of things of one pattern. The acts are `None` where some are not known: they allow nothing.
    fn single(&mut self, kind: Kind, acts: Option<Acts>, pattern: &str, denies: bool) {
        let is_meant = |space: &str| {
            pattern == "*" || pattern.split_once(':').is_some_and(|(it, _)| it == space)
        };
        let (mut is_known, mut is_whole) = (false, acts.is_some());
        let acts = acts.unwrap_or_default();
        for thing in all().filter(|it| is_meant(it.space)) {
            is_known = true;
            if !thing.kinds.contains(&kind) {
                continue;
            }
            let said = acts.within(thing.acts.iter().copied().collect());
            is_whole &= said == acts;
            let every = format!("{}:*", thing.space);
            let named = if pattern == "*" { &every } else { pattern };
            self.rule(if denies { Ruling::Deny } else { Ruling::Allow }, said, named);
            // What is heard of it is in the log too.
            if denies && said.has(Act::Hear) {
                self.denied = self.denied.union([Grant::History].into_iter().collect());
            }
        }
        // What cannot be taken from things alone is taken from the room.
        if denies && !(is_known && is_whole) {
            self.denied = Grants::all();
        }
    }

    fn rule(&mut self, effect: Ruling, acts: Acts, pattern: &str) {
        if !acts.is_empty() {
            self.rules.push(ThingRule(effect, acts, pattern.to_owned()));
        }
    }

    /// No more is allowed with things than is with all of a room.
    pub(super) fn limit(&mut self, most: Grants) {
        for ThingRule(_, acts, _) in self.rules.iter_mut().filter(|it| it.0 == Ruling::Allow) {
            *acts = acts.within(Acts::of(most));
        }
        self.rules.retain(|it| !it.1.is_empty());
    }

    /// Lets in, for these alone, who may hear some things and not the room.
    pub(super) fn lead_in(&mut self, kind: Kind, grants: Grants) -> Grants {
        let is_allowed = |it: &ThingRule| it.0 == Ruling::Allow && it.1.has(Act::Hear);
        let heard = all().filter(|it| it.kinds.contains(&kind) && it.acts.contains(&Act::Hear));
        let spaces: Vec<&str> = heard.map(|it| it.space).collect();
        let is_out = grants.has(Grant::Join) || self.denied.has(Grant::Join);
        if is_out || spaces.is_empty() || !self.rules.iter().any(is_allowed) {
            return grants;
        }
        for space in spaces {
            let acts = [Act::Hear].into_iter().collect();
            self.rule(Ruling::Apart, acts, &format!("{space}:*"));
        }
        grants.union([Grant::Join].into_iter().collect())
    }

    /// Whether a connection can keep them.
    pub(super) fn is_bounded(&self) -> bool {
        let bytes: usize = self.rules.iter().map(|it| it.2.len()).sum();
        self.rules.len() <= RULES_MAX && bytes <= RULES_BYTES_MAX
    }
}

/// Whether this is what something is called that is granted, in rooms or with things.
pub(super) fn is_grant(name: &str) -> bool {
    Grant::ALL.iter().any(|(it, _)| *it == name) || Act::ALL.iter().any(|(it, _)| *it == name)
}

fn all() -> impl Iterator<Item = &'static Thing> {
    door::THINGS.iter().flatten()
}

//! What the tokens of one issuer may ask for, where that is not everything. It only takes away.

use serde::Deserialize;

use super::super::capability::Role;
use super::super::things;
use crate::directory::Addresses;
use crate::kernel::{Grant, Grants};
use crate::message::{Kind, RoomName};

/// What tokens may grant at most.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::admission) struct Scope {
    /// Roles that count. One that does not is no role.
    #[serde(default = "users")]
    roles: Vec<String>,
    /// Patterns of rooms, as those of `caps`.
    #[serde(default = "all")]
    rooms: Vec<String>,
    /// Names of grants.
    #[serde(default = "every")]
    can: Vec<String>,
    /// Patterns of users: a name, or what it begins with and a star.
    #[serde(default = "all")]
    users: Vec<String>,
}

fn users() -> Vec<String> {
    vec!["user".to_owned()]
}

fn all() -> Vec<String> {
    vec!["*".to_owned()]
}

fn every() -> Vec<String> {
    Grant::ALL.map(|(name, _)| name.to_owned()).into()
}

impl Scope {
    /// What is wrong with it: a word that nobody knows limits in a way that nobody means.
    pub(super) fn fault(&self) -> Option<&'static str> {
        let is_role = |it: &String| ["user", "service", "admin"].contains(&it.as_str());
        if !self.roles.iter().all(is_role) {
            Some("grants.roles has a word that is no role")
        } else if self.can.iter().all(|it| things::is_grant(it)) {
            None
        } else {
            Some("grants.can has a word that is no grant")
        }
    }

    /// Whether this may be a user of this issuer.
    pub(super) fn has_user(&self, sub: &str) -> bool {
        self.users.iter().any(|it| things::covers(it, sub))
    }

    /// What remains of a role.
    pub(super) fn role(&self, role: Role) -> Role {
        let name = match role {
            Role::User => return role,
            Role::Service => "service",
            Role::Admin => "admin",
        };
        if self.roles.iter().any(|it| it == name) { role } else { Role::User }
    }

    /// What may be granted in a room at most.
    pub(in crate::admission) fn grants(&self, kind: Kind, room: &RoomName) -> Grants {
        let address = format!("{}:{}", kind.as_str(), room.as_str());
        let is_covered = self.rooms.iter().any(|it| things::covers(it, &address));
        if is_covered { self.somewhere() } else { Grants::default() }
    }

    /// What may be granted in any room.
    pub(in crate::admission) fn somewhere(&self) -> Grants {
        Grants::named(&self.can)
    }

    /// The rooms that are covered, by address.
    pub(in crate::admission) fn addresses(&self) -> Vec<Addresses> {
        self.rooms.iter().map(|it| Addresses::covered(it)).collect()
    }
}

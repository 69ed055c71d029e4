//! What a token allows in one room (R5). No claim, no access.

use super::Claims;
use super::things::{Capability, Said};
use crate::directory::Addresses;
use crate::kernel::{Allowed, Grant, Grants, Things};
use crate::limits::Limits;
use crate::message::{Kind, RoomName, Rooms};

/// What a role adds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// Adds nothing to what the claims grant.
    #[default]
    User,
    /// Publishing, where the token leads.
    Service,
    /// As `service`; and the service-wide admin calls.
    Admin,
}

/// `contexts`: the names of rooms, of every kind, that the token leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contexts {
    /// One name, or `*`.
    One(String),
    /// Some names, or `*` among them.
    Some(Vec<String>),
}

impl Default for Contexts {
    fn default() -> Self {
        Self::Some(Vec::new())
    }
}

impl Contexts {
    fn names(&self) -> &[String] {
        match self {
            Self::One(name) => std::slice::from_ref(name),
            Self::Some(names) => names,
        }
    }

    fn lead_to(&self, room: &RoomName) -> bool {
        self.names().iter().any(|it| it == "*" || it == room.as_str())
    }

    /// The first name that is a room's: where a client goes that does not say.
    #[must_use]
    pub fn first(&self) -> Option<RoomName> {
        self.names().iter().find_map(|it| RoomName::parse(it.as_str()).ok())
    }

    /// Whether every room is among them.
    #[must_use]
    pub fn lead_everywhere(&self) -> bool {
        self.names().iter().any(|it| it == "*")
    }
}

/// What a context grants in the rooms of its name.
const CONTEXT: [Grant; 4] = [Grant::Join, Grant::Send, Grant::History, Grant::Presence];

/// What these claims grant in this room.
#[must_use]
pub fn grants(claims: &Claims, kind: Kind, room: &RoomName) -> Grants {
    allowed(claims, kind, room).grants
}

/// Everything these claims allow in this room.
#[must_use]
pub fn allowed(claims: &Claims, kind: Kind, room: &RoomName) -> Allowed {
    let Allowed { grants, things } = granted(claims, kind, room);
    // What an analytics room tells of the chat room of its name is that room's to show.
    let is_blind =
        kind == Kind::Analytics && !granted(claims, Kind::Chat, room).grants.has(Grant::Presence);
    Allowed { grants: if is_blind { grants.without_measures() } else { grants }, things }
}

fn granted(claims: &Claims, kind: Kind, room: &RoomName) -> Allowed {
    if is_demo(kind, room) {
        return Allowed::default();
    }
    let mut grants = Grants::default();
    // What is a user's own, only a capability that names it opens to others.
    let (personal, own) = (is_personal(kind, room), is_own(claims, kind, room));
    let has_contexts = kind.properties().rooms != Rooms::Assigned;
    let by_context = !personal && has_contexts && claims.contexts.lead_to(room);
    if by_context || own {
        grants = CONTEXT.into_iter().collect();
        if matches!(claims.role, Role::Service | Role::Admin) {
            grants = grants.union([Grant::Publish].into_iter().collect());
        }
    }
    // Neither `*` nor `hub:*` means what is a user's own. What denies means all that it covers.
    let is_meant = |it: &Capability| it.denies || !personal || own || it.room.starts_with(PERSONAL);
    let covering = || claims.caps.iter().filter(|it| it.covers(kind, room) && is_meant(it));
    let plain = covering().filter(|it| !it.denies && it.on.is_none());
    let granted = plain.fold(grants, |sum, it| sum.union(it.grants()));
    narrowed(claims, kind, room, granted, covering())
}

/// What remains of what a feature grants in a room that it assigns.
#[must_use]
pub(super) fn assigned(claims: &Claims, kind: Kind, room: &RoomName, grants: Grants) -> Allowed {
    let denying = claims.caps.iter().filter(|it| it.denies && it.covers(kind, room));
    narrowed(claims, kind, room, grants, denying)
}

/// What capabilities say of single things, and what they and the issuer take away. A token with more rules
/// than a connection keeps leads nowhere: what denies is not left out.
fn narrowed<'a>(
    claims: &Claims,
    kind: Kind,
    room: &RoomName,
    granted: Grants,
    capabilities: impl Iterator<Item = &'a Capability>,
) -> Allowed {
    let (mut said, mut grants) = (Said::default(), granted);
    capabilities.for_each(|it| said.add(kind, it));
    if let Some(scope) = &claims.scope {
        let most = scope.grants(kind, room);
        grants = grants.within(most);
        said.limit(most);
    }
    let grants = grants.without(said.denied);
    let grants = said.lead_in(kind, grants);
    if said.is_bounded() {
        Allowed { grants, things: Things::new(said.rules) }
    } else {
        Allowed::default()
    }
}

/// Whether these claims allow this in any room at all. May be wrong where a capability's
/// pattern covers no room.
#[must_use]
pub fn grants_somewhere(claims: &Claims, grant: Grant) -> bool {
    let by_role = match claims.role {
        Role::User => CONTEXT.contains(&grant),
        // They have a room of their own.
        Role::Service | Role::Admin => CONTEXT.contains(&grant) || grant == Grant::Publish,
    };
    let by_caps = |it: &Capability| !it.denies && it.grants().has(grant);
    let granted = by_role || claims.caps.iter().any(by_caps);
    granted && claims.scope.as_ref().is_none_or(|it| it.somewhere().has(grant))
}

/// The rooms that these claims allow to administer, by address: as [`grants`], for all rooms
/// at once. In order and apart.
#[must_use]
pub fn administered(claims: &Claims) -> Vec<Addresses> {
    let hub = Kind::Hub.as_str();
    let demo = Addresses::beginning(&format!("{hub}:{DEMO}"));
    let personal = format!("{hub}:{OWN}");
    let own = Addresses::one(&format!("{personal}{}", claims.sub));
    let caps = claims.caps.iter().filter(|it| it.gives(Grant::Admin));
    let rooms = caps.flat_map(|it| {
        let all = Addresses::covered(&it.room);
        if it.room.starts_with(&personal) {
            return vec![all];
        }
        // What is a user's own, only a capability that names it opens to others.
        let mut rooms = all.without(&Addresses::beginning(&personal));
        rooms.extend(all.both(&own));
        rooms
    });
    let mut rooms: Vec<Addresses> = rooms.flat_map(|it| it.without(&demo)).collect();
    if let Some(scope) = &claims.scope {
        let covered = if scope.somewhere().has(Grant::Admin) { scope.addresses() } else { vec![] };
        rooms = rooms.iter().flat_map(|it| covered.iter().filter_map(|all| it.both(all))).collect();
    }
    // Nor rooms in which that is denied. What is denied of things may take the room away (R11): then that
    // is known where a room is named.
    for denied in claims.caps.iter().filter(|it| it.denies && it.on.is_none()) {
        if denied.grants().has(Grant::Admin) {
            let all = Addresses::covered(&denied.room);
            rooms = rooms.iter().flat_map(|it| it.without(&all)).collect();
        }
    }
    Addresses::joined(rooms)
}

/// Rooms that nobody needs a token for, and that no token leads to (V9).
fn is_demo(kind: Kind, room: &RoomName) -> bool {
    kind == Kind::Hub && room.as_str().starts_with(DEMO)
}

/// The limits of one room: those of demo rooms are tighter, whatever is set for others.
#[must_use]
pub fn limits(kind: Kind, room: &RoomName, limits: Limits) -> Limits {
    if is_demo(kind, room) { limits.of_demo() } else { limits }
}

/// Before the name of a demo room.
pub const DEMO: &str = "demo-";

/// Before the address of a room that is one user's.
const PERSONAL: &str = "hub:user:";

/// Whether this is some user's own room.
fn is_personal(kind: Kind, room: &RoomName) -> bool {
    kind == Kind::Hub && room.as_str().starts_with(OWN)
}

/// The room every user has.
fn is_own(claims: &Claims, kind: Kind, room: &RoomName) -> bool {
    kind == Kind::Hub && room.as_str().strip_prefix(OWN) == Some(claims.sub.as_str())
}

/// Before the name of a user's own room.
pub const OWN: &str = "user:";

#[cfg(test)]
mod tests {
    use super::*;

    fn of(claims: &str, room: &str) -> Vec<&'static str> {
        let claims: Claims = serde_json::from_str(claims).unwrap();
        let grants = grants(&claims, Kind::Chat, &RoomName::parse(room).unwrap());
        Grant::ALL.iter().filter(|(_, it)| grants.has(*it)).map(|(name, _)| *name).collect()
    }

    #[test]
    fn no_claim_no_access() {
        assert!(of(r#"{"sub":"a"}"#, "x").is_empty());
        assert!(of(r#"{"sub":"a","role":"admin"}"#, "x").is_empty());
        assert!(of(r#"{"sub":"a","contexts":"y"}"#, "x").is_empty());
    }

    #[test]
    fn a_context_grants_what_a_client_needs_and_a_role_adds_publishing() {
        let client = ["join", "send", "history", "presence"];
        assert_eq!(of(r#"{"sub":"a","contexts":"x"}"#, "x"), client);
        assert_eq!(of(r#"{"sub":"a","contexts":["y","x"]}"#, "x"), client);
        assert_eq!(of(r#"{"sub":"a","contexts":"*"}"#, "x"), client);
        let service = ["join", "send", "publish", "history", "presence"];
        assert_eq!(of(r#"{"sub":"a","contexts":"x","role":"service"}"#, "x"), service);
    }

    #[test]
    fn what_is_granted_nowhere_is_known_without_a_room() {
        let publishes =
            |claims: &str| grants_somewhere(&serde_json::from_str(claims).unwrap(), Grant::Publish);
        assert!(!publishes(r#"{"sub":"a","contexts":"*"}"#));
        assert!(!publishes(r#"{"sub":"a","caps":[{"room":"*","can":["join"]}]}"#));
        assert!(publishes(r#"{"sub":"a","role":"service"}"#));
        assert!(publishes(r#"{"sub":"a","caps":[{"room":"hub:x","can":["publish"]}]}"#));
    }

    #[test]
    fn what_is_administered_is_the_same_for_one_room_and_for_all_at_once() {
        let names =
            ["a", "ab", "a-1", "a.", "b", "~", "demo-x", "demo-", "demo", "user", "user:ann"];
        let personal = ["user:bob", "user:"];
        let patterns = [
            "*",
            "hub:*",
            "hub:a",
            "hub:a*",
            "hub:d*",
            "hub:demo-*",
            "hub:user:*",
            "hub:user:ann",
            "hub:u*",
            "chat:a*",
            "c*",
            "",
            "hub:ab!",
            "chat:~",
            "hub:user:bob",
            "analytics:*",
        ];
        let denied = [None, Some("hub:a*"), Some("*"), Some("hub:user:*"), Some("chat:a-1")];
        for (one, deny) in patterns.iter().flat_map(|one| denied.map(|it| (*one, it))) {
            for other in patterns {
                let mut caps: Vec<_> =
                    [one, other].map(|it| serde_json::json!({"room": it, "can": ["admin"]})).into();
                caps.extend(deny.map(
                    |it| serde_json::json!({"room": it, "can": ["admin", "send"], "deny": true}),
                ));
                let claims = serde_json::json!({"sub": "ann", "caps": caps});
                let claims: Claims = serde_json::from_value(claims).unwrap();
                let all = administered(&claims);
                assert!(
                    all.is_sorted_by(|it, next| it.to < next.from),
                    "in order and apart: {all:?}"
                );
                for kind in [Kind::Chat, Kind::Hub, Kind::Analytics, Kind::Conversation] {
                    for (name, is_others) in
                        names.map(|it| (it, false)).into_iter().chain(personal.map(|it| (it, true)))
                    {
                        let address = format!("{}:{name}", kind.as_str());
                        let listed = all.iter().any(|it| it.from <= address && address < it.to);
                        let room = RoomName::parse(name).unwrap();
                        let granted = grants(&claims, kind, &room).has(Grant::Admin);
                        assert!(granted || !listed, "{one} {other}: {address} is hidden");
                        // Of others' own rooms those are listed that a capability names.
                        assert!(listed || !granted || is_others, "{one} {other}: {address}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_capability_covers_what_its_pattern_names() {
        let cap = |room: &str| {
            format!(r#"{{"sub":"a","caps":[{{"room":"{room}","can":["join","fly"]}}]}}"#)
        };
        assert_eq!(of(&cap("chat:team-*"), "team-1"), ["join"]);
        assert_eq!(of(&cap("chat:team-1"), "team-1"), ["join"]);
        assert_eq!(of(&cap("*"), "team-1"), ["join"]);
        for other in ["chat:team-", "chat:team-2", "hub:team-*", "team-1", "chat:*m-1"] {
            assert!(of(&cap(other), "team-1").is_empty(), "{other}");
        }
    }

    fn in_room(claims: &str, kind: Kind, room: &str) -> Grants {
        let claims: Claims = serde_json::from_str(claims).unwrap();
        grants(&claims, kind, &RoomName::parse(room).unwrap())
    }

    #[test]
    fn a_users_own_room_opens_to_them_and_to_a_capability_that_names_it() {
        let bobs = |claims: &str| in_room(claims, Kind::Hub, "user:bob");
        let cap = |room: &str| {
            format!(r#"{{"sub":"ann","caps":[{{"room":"{room}","can":["join","publish"]}}]}}"#)
        };
        assert!(bobs(r#"{"sub":"bob"}"#).has(Grant::Join));
        assert!(bobs(&cap("*").replace("ann", "bob")).has(Grant::Publish), "one's own");
        for named in ["hub:user:bob", "hub:user:*", "hub:user:b*"] {
            assert!(bobs(&cap(named)).has(Grant::Publish), "{named}");
        }
        for other in ["*", "hub:*", "hub:u*", "hub:user*", "hub:user:ann", "hub:user:bob2"] {
            assert_eq!(bobs(&cap(other)), Grants::default(), "{other}");
        }
        for contexts in [r#""*""#, r#"["*"]"#, r#""user:bob""#, r#"["user:*"]"#] {
            let claims = format!(r#"{{"sub":"ann","role":"admin","contexts":{contexts}}}"#);
            assert_eq!(bobs(&claims), Grants::default(), "{contexts}");
        }
        // A room of another kind is nobody's own, whatever it is called.
        assert!(in_room(r#"{"sub":"a","contexts":"*"}"#, Kind::Chat, "user:bob").has(Grant::Join));
    }

    #[test]
    fn the_numbers_of_a_chat_room_take_presence_in_it() {
        let sees = |claims: &str| in_room(claims, Kind::Analytics, "x").shows_measures();
        let caps = |chat: &str, can: &str| {
            format!(
                r#"{{"sub":"a","caps":[{{"room":"analytics:x","can":["join"]}},{{"room":"{chat}","can":["{can}"]}}]}}"#
            )
        };
        assert!(sees(r#"{"sub":"a","contexts":"x"}"#));
        assert!(sees(&caps("chat:x", "presence")) && sees(&caps("chat:*", "presence")));
        assert!(!sees(&caps("chat:x", "join")) && !sees(&caps("chat:y", "presence")));
        assert!(!sees(&caps("analytics:x", "presence")));
        assert!(!sees(r#"{"sub":"a","caps":[{"room":"analytics:x","can":["join","measures"]}]}"#));
    }
}

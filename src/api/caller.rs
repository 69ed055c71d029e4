use crate::admission::capability::{self, Role};
use crate::admission::{Claims, Keys, bearer};
use crate::directory::Addresses;
use crate::kernel::{Allowed, Grant};
use crate::message::{Kind, Member, Millis, ProtocolError, RoomName};

/// Whoever calls, as their token says.
#[derive(Clone, Debug)]
pub struct Caller {
    claims: Claims,
}

impl Caller {
    /// Reads the header `Authorization` of a request that came to a name of this machine, or not.
    pub fn of(
        keys: &Keys,
        authorization: Option<&str>,
        local: bool,
        now: Millis,
    ) -> Result<Self, ProtocolError> {
        let token = authorization.and_then(bearer);
        let missing =
            ProtocolError::unauthenticated("a token is needed: Authorization: Bearer <token>");
        Ok(Self { claims: keys.verify_at(token.ok_or(missing)?, local, now)? })
    }

    /// What their token says.
    #[must_use]
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// Who it is.
    #[must_use]
    pub fn member(&self) -> Member {
        self.claims.member()
    }

    /// What they may do in this room.
    #[must_use]
    pub fn allowed(&self, kind: Kind, room: &RoomName) -> Allowed {
        capability::allowed(&self.claims, kind, room)
    }

    /// Whether there can be a room in which they may do this.
    #[must_use]
    pub fn may_somewhere(&self, grant: Grant) -> bool {
        capability::grants_somewhere(&self.claims, grant)
    }

    /// Whether they may see the service's own numbers.
    #[must_use]
    pub fn is_admin(&self) -> bool {
        self.claims.role == Role::Admin
    }

    /// The addresses of the rooms that they may list; `None`: all there are.
    pub fn listable(&self) -> Result<Option<Vec<Addresses>>, ProtocolError> {
        if self.is_admin() {
            return Ok(None);
        }
        let rooms = capability::administered(&self.claims);
        if rooms.is_empty() {
            return Err(ProtocolError::denied("this token administers no room"));
        }
        Ok(Some(rooms))
    }

    /// Whether they may see that a room of this address is there.
    #[must_use]
    pub fn may_list(&self, address: &str) -> bool {
        let parsed = address
            .split_once(':')
            .and_then(|(kind, name)| Some((Kind::parse(kind)?, RoomName::parse(name).ok()?)));
        self.is_admin()
            || parsed.is_some_and(|(kind, name)| self.allowed(kind, &name).grants.has(Grant::Admin))
    }
}

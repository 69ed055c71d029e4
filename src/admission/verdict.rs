use super::{Claims, Endpoint, HandOff, Keys, Origins, Query, Route, capability};
use crate::dialect::Wire;
use crate::message::{Millis, Refusal, RoomName};
use crate::room::{Grant, Renewal};

/// What every request is judged by.
#[derive(Clone, Default)]
pub struct Policy {
    /// Whose tokens are good.
    pub keys: Keys,
    /// Which pages may connect.
    pub origins: Origins,
}

/// A request for a WebSocket, as strings.
#[derive(Clone, Debug, Default)]
pub struct Upgrade {
    /// The URL's path.
    pub path: String,
    /// The URL's query.
    pub query: Query,
    /// The header `Origin`.
    pub origin: Option<String>,
    /// The header `Authorization`.
    pub authorization: Option<String>,
    /// The header `Sec-WebSocket-Protocol`.
    pub protocols: Option<String>,
}

/// What is to be done with an upgrade.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Hand it to its room.
    Join(HandOff),
    /// Hold the socket until its first message says who it is (B3).
    Receive {
        /// The room the URL names, if it does.
        context: Option<RoomName>,
    },
    /// Hand it to the echo of this client id.
    Echo(RoomName),
    /// Accept, say why not, close.
    Refuse(Refusal),
}

/// A token and where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credentials {
    /// None: it may come in the first message.
    None,
    /// Query, header or sub-protocol.
    Token(String),
}

const BEARER_PROTOCOL: &str = "bearer.";

impl Upgrade {
    /// The token, by query, `Authorization` or sub-protocol, in this order (B2, C19).
    #[must_use]
    pub fn credentials(&self) -> Credentials {
        let query = self.query.get("token");
        let header = self.authorization.as_deref().and_then(bearer);
        let protocol = || self.offered().find_map(|it| it.strip_prefix(BEARER_PROTOCOL));
        match query.or(header).or_else(protocol) {
            Some(token) => Credentials::Token(token.to_owned()),
            None => Credentials::None,
        }
    }

    /// The sub-protocol to choose. A client that offers some hangs up unless one of
    /// them is chosen: the first that carries no token, so that the token does not
    /// come back in a header, unless there is no other.
    #[must_use]
    pub fn chosen_protocol(&self) -> Option<&str> {
        let named = self.offered().find(|it| !it.starts_with(BEARER_PROTOCOL));
        named.or_else(|| self.offered().next())
    }

    /// Whether the client takes several frames in one (`batch=1`).
    #[must_use]
    pub fn batched(&self) -> bool {
        self.query.get("batch") == Some("1")
    }

    fn offered(&self) -> impl Iterator<Item = &str> {
        let offered = self.protocols.as_deref().unwrap_or_default().split(',');
        offered.map(str::trim).filter(|it| !it.is_empty())
    }
}

fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

impl Policy {
    /// Judges an upgrade. Refusals come before any object is woken.
    #[must_use]
    pub fn judge(&self, upgrade: &Upgrade, now: Millis) -> Option<Verdict> {
        let verdict = match Route::of(&upgrade.path) {
            Route::Room(endpoint) => self.judge_room(endpoint, upgrade, now),
            Route::Echo(client) => self.check_origin(upgrade).and(client).map(Verdict::Echo),
            Route::Health | Route::Nothing => return None,
        };
        Some(verdict.unwrap_or_else(Verdict::Refuse))
    }

    fn judge_room(
        &self,
        endpoint: Endpoint,
        upgrade: &Upgrade,
        now: Millis,
    ) -> Result<Verdict, Refusal> {
        let context = upgrade.query.get("contextId").map(RoomName::parse).transpose()?;
        self.check_origin(upgrade)?;
        match upgrade.credentials() {
            Credentials::None => Ok(Verdict::Receive { context }),
            Credentials::Token(token) => {
                self.admit(endpoint, upgrade.batched(), &token, context, now).map(Verdict::Join)
            }
        }
    }

    fn check_origin(&self, upgrade: &Upgrade) -> Result<(), Refusal> {
        if self.origins.allow(upgrade.origin.as_deref()) {
            Ok(())
        } else {
            Err(Refusal::denied("pages of this origin may not connect"))
        }
    }

    /// Lets a token's owner into a room: the one that is named, else the token's first.
    pub fn admit(
        &self,
        endpoint: Endpoint,
        batched: bool,
        token: &str,
        context: Option<RoomName>,
        now: Millis,
    ) -> Result<HandOff, Refusal> {
        let claims = self.keys.verify(token, now)?;
        let room = context.or_else(|| default_room(&claims)).ok_or(NO_ROOM)?;
        let grants = capability::grants(&claims, endpoint.kind, &room);
        if !grants.has(Grant::Join) {
            return Err(Refusal::denied("this token does not lead to this room"));
        }
        let (wire, member) = (Wire { dialect: endpoint.dialect, batched }, claims.member());
        Ok(HandOff { room, wire, member, grants, expires_at: claims.expires_at })
    }

    /// Reads a token that a socket already in a room shows to stay longer.
    pub fn renew(
        &self,
        kind: crate::message::Kind,
        room: &RoomName,
        token: &str,
        context: Option<&str>,
        now: Millis,
    ) -> Result<Renewal, Refusal> {
        let claims = self.keys.verify(token, now)?;
        let context = context.map(RoomName::parse).transpose()?;
        let grants = capability::grants(&claims, kind, room);
        if !grants.has(Grant::Join) {
            return Err(Refusal::denied("this token does not lead to this room"));
        }
        let (user, room, expires_at) = (claims.member().id, room.clone(), claims.expires_at);
        Ok(Renewal { user, context, room, grants, expires_at })
    }
}

const NO_ROOM: Refusal =
    Refusal::denied("no contextId was given, and the token names no room to go to");

/// Where a client goes that does not say: the token's first context, or `default`
/// where all are open to it, as for the development token (B40).
fn default_room(claims: &Claims) -> Option<RoomName> {
    let everywhere = || claims.contexts.lead_everywhere().then(|| RoomName::parse("default").ok());
    claims.contexts.first().or_else(|| everywhere().flatten())
}

use std::rc::Rc;

use super::capability::{self, OWN, Role};
use super::{
    Claims, Doors, Endpoint, HandOff, Keys, Origins, Query, Revoked, anonymous, following, is_local,
};
use crate::close::CloseCode;
use crate::feature;
use crate::feature::door::{self, Joining};
use crate::kernel::{Grant, Renewal};
use crate::message::{Kind, Millis, ProtocolError, RoomName, Rooms};
use crate::protocol::{Access, HandshakeCodes, Subprotocols, TokenPlace, Wire};

/// What every request is judged by.
#[derive(Clone, Default)]
pub struct Policy {
    /// Whose tokens are good.
    pub keys: Keys,
    /// Which pages may connect.
    pub origins: Origins,
    /// Which endpoints that take no token are open.
    pub doors: Doors,
    /// Which tokens were taken back.
    pub revoked: Rc<Revoked>,
    /// What is set for features.
    pub features: Rc<feature::Config>,
    /// Whether this is no production.
    pub development: bool,
}

/// A request for a WebSocket, as strings.
#[derive(Clone, Debug, Default)]
pub struct Upgrade {
    /// The URL's host, with its port if that is not the scheme's own.
    pub host: String,
    /// Whether it came over TLS: whether the URL's scheme is `https`.
    pub secure: bool,
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
    /// Under which key its address is counted, if there is one.
    pub address: Option<String>,
}

/// What a client negotiated beside its token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// What goes over its socket.
    pub wire: Wire,
    /// What it calls itself.
    pub client: Option<String>,
    /// The parameters of the URL that features read, or that say how a log is followed.
    pub parameters: Query,
    /// Whether it came to a name of this machine: only there the token `test` is good.
    pub local: bool,
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
    /// Accept, say why not, close.
    Refuse(ProtocolError, CloseCode),
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
    /// The token, from the first of these places that holds one (B2, C19).
    #[must_use]
    pub fn credentials(&self, places: &[TokenPlace]) -> Credentials {
        let token = |place: &TokenPlace| match place {
            TokenPlace::Query => self.query.get("token"),
            TokenPlace::Header => self.authorization.as_deref().and_then(bearer),
            TokenPlace::Subprotocol => {
                self.offered().find_map(|it| it.strip_prefix(BEARER_PROTOCOL))
            }
            TokenPlace::FirstMessage => None,
        };
        let mut brought = places.iter().filter_map(token);
        // An empty one is no better than none, unless nothing else is there: then it is refused.
        match brought.clone().find(|it| !it.is_empty()).or_else(|| brought.next()) {
            Some(token) => Credentials::Token(token.to_owned()),
            None => Credentials::None,
        }
    }

    /// The sub-protocol to choose: none that carries a token, so that no token comes back in a
    /// header. Browsers hang up where they offered some and none was chosen, so they offer another
    /// beside the token's (R3).
    #[must_use]
    pub fn chosen_subprotocol(&self, spoken: Subprotocols) -> Option<&str> {
        let mut offered = self.offered().filter(|it| !it.starts_with(BEARER_PROTOCOL));
        match spoken {
            Subprotocols::Any => offered.next(),
            Subprotocols::Of(spoken) => offered.find(|it| spoken.contains(it)),
        }
    }

    /// What the query negotiates: `batch`, `format`, `client_id`.
    #[must_use]
    pub fn terms(&self, endpoint: &Endpoint) -> Terms {
        let chosen = self.chosen_subprotocol(endpoint.protocol.descriptor().subprotocols);
        let format = chosen.and_then(|it| it.rsplit_once('.')).map(|(_, format)| format);
        let spoken = |it: &&str| ["json", "msgpack"].contains(it);
        let format = format.filter(spoken).or(self.query.get("format"));
        let wire = endpoint.wire(self.query.get("batch"), format);
        let client = self.query.get("client_id").filter(|it| anonymous::is_client_id(it));
        let parameters = self.query.only(&[door::PARAMETERS, &[following::PARAMETERS]].concat());
        let local = is_local(&self.host);
        Terms { wire, client: client.map(str::to_owned), parameters, local }
    }

    fn offered(&self) -> impl Iterator<Item = &str> {
        let offered = self.protocols.as_deref().unwrap_or_default().split(',');
        offered.map(str::trim).filter(|it| !it.is_empty())
    }
}

/// The token of a header `Authorization: Bearer <token>`.
#[must_use]
pub fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

impl Policy {
    /// Judges an upgrade to a room. Refusals come before any object is woken. `new_id` makes a
    /// name for who or what has none.
    #[must_use]
    pub fn judge(
        &self,
        endpoint: &Endpoint,
        upgrade: &Upgrade,
        now: Millis,
        new_id: impl FnOnce() -> String,
    ) -> Verdict {
        let judged = match endpoint.access {
            Access::Token | Access::Development | Access::Feature | Access::Named(_) => {
                self.judge_token(endpoint, upgrade, now, new_id)
            }
            Access::Demo => self
                .check_origin(upgrade)
                .and(self.doors.admit_demo())
                .and_then(|()| anonymous::demo(endpoint, upgrade, new_id))
                .and_then(|it| self.complete(endpoint, &upgrade.query, it))
                .map(Verdict::Join),
            Access::Handshake(codes) => {
                return self.judge_handshake(endpoint, upgrade, codes, now, new_id);
            }
        };
        judged.unwrap_or_else(refuse)
    }

    /// Judges an upgrade to the echo: whose it is, if it may be.
    pub fn judge_echo(
        &self,
        client: Result<RoomName, ProtocolError>,
        upgrade: &Upgrade,
    ) -> Result<RoomName, ProtocolError> {
        self.check_origin(upgrade).and(self.doors.admit_echo()).and(client)
    }

    fn judge_token(
        &self,
        endpoint: &Endpoint,
        upgrade: &Upgrade,
        now: Millis,
        new_id: impl FnOnce() -> String,
    ) -> Result<Verdict, ProtocolError> {
        let context = endpoint.context(&upgrade.query)?;
        self.check_origin(upgrade)?;
        let tokens = endpoint.protocol.descriptor().tokens;
        match upgrade.credentials(tokens) {
            Credentials::None if tokens.contains(&TokenPlace::FirstMessage) => {
                Ok(Verdict::Receive { context })
            }
            Credentials::None => Err(ProtocolError::unauthenticated("a token is needed here")),
            Credentials::Token(token) => self
                .admit(endpoint, &upgrade.terms(endpoint), &token, context, now, new_id)
                .map(Verdict::Join),
        }
    }

    /// What is wrong with a handshake has close codes of its own.
    fn judge_handshake(
        &self,
        endpoint: &Endpoint,
        upgrade: &Upgrade,
        codes: HandshakeCodes,
        now: Millis,
        new_id: impl FnOnce() -> String,
    ) -> Verdict {
        let role = match anonymous::handshake(upgrade, codes, self.development) {
            Ok(role) => role,
            Err((error, code)) => return Verdict::Refuse(error, code),
        };
        let tokens = endpoint.protocol.descriptor().tokens;
        let judged = self.check_origin(upgrade).and_then(|()| match upgrade.credentials(tokens) {
            Credentials::None => Ok(None),
            Credentials::Token(token) => {
                self.claims(&token, is_local(&upgrade.host), now).map(Some)
            }
        });
        let is_admin = |it: &Option<Claims>| it.as_ref().is_some_and(|it| it.role == Role::Admin);
        let joined = match judged {
            Ok(claims) if role.needs_token() && !is_admin(&claims) => {
                return Verdict::Refuse(anonymous::NO_ADMIN, codes.role);
            }
            Ok(Some(claims)) => endpoint
                .context(&upgrade.query)
                .and_then(|context| join(endpoint, &upgrade.terms(endpoint), &claims, context)),
            Ok(None) => {
                self.doors.admit_lobby().and_then(|()| anonymous::lobby(endpoint, upgrade, new_id))
            }
            Err(error) => Err(error),
        };
        let completed = joined.and_then(|it| self.complete(endpoint, &upgrade.query, it));
        completed.map_or_else(refuse, Verdict::Join)
    }

    /// What a token says that is good and was not taken back.
    fn claims(&self, token: &str, local: bool, now: Millis) -> Result<Claims, ProtocolError> {
        let claims = self.keys.verify_at(token, local, now)?;
        self.revoked.judge(&claims, now).map(|()| claims)
    }

    fn check_origin(&self, upgrade: &Upgrade) -> Result<(), ProtocolError> {
        if self.origins.allow(upgrade.origin.as_deref(), &upgrade.host) {
            Ok(())
        } else {
            Err(FOREIGN_PAGE)
        }
    }

    /// Lets a token's owner into a room: the one that a feature assigns, where one does; the one
    /// that is named, else the token's first.
    pub fn admit(
        &self,
        endpoint: &Endpoint,
        terms: &Terms,
        token: &str,
        context: Option<RoomName>,
        now: Millis,
        new_id: impl FnOnce() -> String,
    ) -> Result<HandOff, ProtocolError> {
        let claims = self.claims(token, terms.local, now)?;
        let hand_off = match endpoint.access {
            Access::Feature => self.assign(endpoint, terms, &claims, new_id()),
            Access::Token
            | Access::Development
            | Access::Demo
            | Access::Handshake(_)
            | Access::Named(_) => join(endpoint, terms, &claims, context),
        }?;
        self.complete(endpoint, &terms.parameters, hand_off)
    }

    /// Lets a token's owner into the room that a feature assigns. What the client calls itself, it
    /// says there.
    fn assign(
        &self,
        endpoint: &Endpoint,
        terms: &Terms,
        claims: &Claims,
        id: String,
    ) -> Result<HandOff, ProtocolError> {
        let grants = door::grants(endpoint.kind).ok_or(ProtocolError::system())?;
        let parameter = |name: &str| terms.parameters.get(name);
        let joining = joining(endpoint, &claims.sub, &parameter);
        let room = door::room(&self.features, &joining, id)?;
        let allowed = capability::assigned(claims, endpoint.kind, &room, grants);
        if !allowed.grants.has(Grant::Join) {
            return Err(NOT_HERE);
        }
        let hand_off = HandOff::new(room, terms.wire, claims.member(), allowed);
        Ok(HandOff { expires_at: claims.expires_at, issue: Some(claims.issue()), ..hand_off })
    }

    /// Adds what features hand over with the connection, and how it follows the log.
    fn complete(
        &self,
        endpoint: &Endpoint,
        parameters: &Query,
        hand_off: HandOff,
    ) -> Result<HandOff, ProtocolError> {
        let parameter = |name: &str| parameters.get(name);
        let joining = joining(endpoint, &hand_off.member.id.0, &parameter);
        let own = door::parts(&self.features, &joining, &hand_off.room)?;
        following::follow(parameters, HandOff { own: Box::new(own), ..hand_off })
    }

    /// Reads a token that a socket already in a room shows to stay longer. The token `test`
    /// renews only what is the user `test` already: the room compares users.
    pub fn renew(
        &self,
        kind: Kind,
        room: &RoomName,
        token: &str,
        context: Option<&str>,
        now: Millis,
    ) -> Result<Renewal, ProtocolError> {
        let claims = self.keys.verify(token, now)?;
        self.revoked.judge_renewal(&claims, now)?;
        let context = context.map(RoomName::parse).transpose()?;
        // Whose it is, the room knows.
        let allowed = match door::grants(kind) {
            Some(grants) => capability::assigned(&claims, kind, room, grants),
            None => capability::allowed(&claims, kind, room),
        };
        let (user, room, expires_at) = (claims.member().id, room.clone(), claims.expires_at);
        let issue = Some(claims.issue());
        Ok(Renewal { user, context, room, allowed, expires_at, issue })
    }
}

fn refuse(error: ProtocolError) -> Verdict {
    let code = CloseCode::of(&error);
    Verdict::Refuse(error, code)
}

fn joining<'a>(
    endpoint: &Endpoint,
    user: &'a str,
    parameter: &'a dyn Fn(&str) -> Option<&'a str>,
) -> Joining<'a> {
    Joining {
        kind: endpoint.kind,
        user,
        is_assigned: endpoint.access == Access::Feature,
        parameter,
    }
}

fn join(
    endpoint: &Endpoint,
    terms: &Terms,
    claims: &Claims,
    context: Option<RoomName>,
) -> Result<HandOff, ProtocolError> {
    let room = context.or_else(|| default_room(endpoint.kind, claims)).ok_or(NO_ROOM)?;
    let allowed = capability::allowed(claims, endpoint.kind, &room);
    if !allowed.grants.has(Grant::Join) {
        return Err(NOT_HERE);
    }
    let hand_off = HandOff::new(room, terms.wire, claims.member(), allowed);
    let client = terms.client.clone();
    let issue = Some(claims.issue());
    Ok(HandOff { expires_at: claims.expires_at, client, issue, ..hand_off })
}

/// It names the variable: whoever sees it first is mostly who can set it.
const FOREIGN_PAGE: ProtocolError =
    ProtocolError::denied("pages of this origin may not connect: ALLOWED_ORIGINS does not list it");

const NOT_HERE: ProtocolError = ProtocolError::denied("this token does not lead to this room");

const NO_ROOM: ProtocolError =
    ProtocolError::denied("no contextId was given, and the token names no room to go to");

/// Where a client goes that does not say: the token's first context; in a hub, the user's
/// own room; elsewhere `default` where all are open to it, as for the development token (B40).
fn default_room(kind: Kind, claims: &Claims) -> Option<RoomName> {
    let otherwise = || match kind.properties().rooms {
        Rooms::ContextsAndUsers => RoomName::parse(format!("{OWN}{}", claims.sub)).ok(),
        Rooms::Contexts if claims.contexts.lead_everywhere() => RoomName::parse("default").ok(),
        Rooms::Contexts | Rooms::Assigned => None,
    };
    claims.contexts.first().or_else(otherwise)
}

use percent_encoding::percent_decode_str;

use crate::admission::Query;
use crate::directory::Listing;
use crate::message::{
    Before, Code, ConnectionId, Kicked, Kind, Name, Offset, PageRequest, ProtocolError, RoomName,
    StateKey, UserId,
};
use crate::protocol::json;

/// What is asked over HTTP.
#[derive(Clone, Debug, PartialEq)]
pub enum Call {
    /// Something of one room.
    Room(Kind, RoomName, RoomCall),
    /// Publish several events, each to a room it names.
    Batch,
    /// Which rooms are there?
    List(Listing),
    /// How is the service? (A44)
    Health,
    /// The same in numbers (A45).
    Metrics,
    /// The same for Prometheus.
    Prometheus,
}

/// What is asked of one room.
#[derive(Clone, Debug, PartialEq)]
pub enum RoomCall {
    /// Publish an event.
    Publish,
    /// What was said?
    History(PageRequest),
    /// Who is there?
    Presence,
    /// Close connections.
    Kick(Kicked),
    /// Forget everything.
    Erase,
    /// Forget something in it.
    Delete(Thing),
}

/// Something in a room that its owner deletes, or an administrator.
#[derive(Clone, Debug, PartialEq)]
pub enum Thing {
    /// A document.
    Document(Name),
    /// An object of large data.
    Object(Name),
    /// A key of the state.
    State(StateKey),
}

/// Why a request is no call.
#[derive(Clone, Debug, PartialEq)]
pub enum NoCall {
    /// Nothing is there.
    Nothing,
    /// Something is there, but it takes other methods.
    Method(&'static str),
    /// It is refused.
    Refused(ProtocolError),
}

impl From<ProtocolError> for NoCall {
    fn from(refusal: ProtocolError) -> Self {
        Self::Refused(refusal)
    }
}

/// Rooms one page lists, unless it says otherwise, and at most.
const ROOMS_DEFAULT: u32 = 100;
const ROOMS_MAX: u32 = 1000;

impl Call {
    /// Finds the call.
    pub fn of(method: &str, path: &str, query: &Query) -> Result<Self, NoCall> {
        // Answered like GET; the platform leaves out the body.
        let method = if method == "HEAD" { "GET" } else { method };
        let only = |wanted: &'static str, call: Result<Self, ProtocolError>| {
            let allowed = if wanted == "GET" { "GET, HEAD" } else { wanted };
            if method == wanted { Ok(call?) } else { Err(NoCall::Method(allowed)) }
        };
        match path {
            "/metrics" => return only("GET", Ok(Self::Prometheus)),
            "/api/v1/websocket/health" => return only("GET", Ok(Self::Health)),
            "/api/v1/websocket/metrics" => return only("GET", Ok(Self::Metrics)),
            "/api/v1/events" => return only("POST", Ok(Self::Batch)),
            "/api/v1/rooms" => return only("GET", listing(query).map(Self::List)),
            _ => {}
        }
        let rest = path.strip_prefix("/api/v1/rooms/").ok_or(NoCall::Nothing)?;
        let parts: Vec<&str> = rest.split('/').collect();
        let (kind, name, rest) = match parts.as_slice() {
            [kind, name, rest @ ..] => (*kind, *name, rest),
            _ => return Err(NoCall::Nothing),
        };
        let kind = Kind::parse(kind).ok_or(NO_KIND)?;
        let name = RoomName::parse(decoded(name)?)?;
        let call = match (method, rest) {
            ("POST", ["events"]) => RoomCall::Publish,
            ("GET", ["events"]) => RoomCall::History(page(query)?),
            (_, ["events"]) => return Err(NoCall::Method("GET, HEAD, POST")),
            ("GET", ["presence"]) => RoomCall::Presence,
            (_, ["presence"]) => return Err(NoCall::Method("GET, HEAD")),
            ("DELETE", ["connections", session]) => {
                let session = ConnectionId::parse(&decoded(session)?);
                RoomCall::Kick(Kicked::Connection(session.ok_or(NO_SESSION)?))
            }
            ("DELETE", ["users", user]) => {
                RoomCall::Kick(Kicked::User(UserId::parse(decoded(user)?)?))
            }
            ("DELETE", []) if query.get("confirm") == Some(name.as_str()) => RoomCall::Erase,
            ("DELETE", []) => return Err(UNCONFIRMED.into()),
            ("DELETE", ["documents", name]) => {
                RoomCall::Delete(Thing::Document(Name::parse(decoded(name)?)?))
            }
            ("DELETE", ["objects", name]) => {
                RoomCall::Delete(Thing::Object(Name::parse(decoded(name)?)?))
            }
            ("DELETE", ["state", key]) => {
                RoomCall::Delete(Thing::State(StateKey::parse(decoded(key)?)?))
            }
            (_, ["connections" | "users" | "documents" | "objects" | "state", _] | []) => {
                return Err(NoCall::Method("DELETE"));
            }
            _ => return Err(NoCall::Nothing),
        };
        Ok(Self::Room(kind, name, call))
    }
}

const NO_KIND: ProtocolError = ProtocolError::new(Code::NotFound, "there is no such kind of room");
/// A client that resolves `..` in a path of something inside a room asks for the room itself.
const UNCONFIRMED: ProtocolError = ProtocolError::invalid(
    "erasing a room needs the query parameter confirm, with the room's own name",
);
const NO_SESSION: ProtocolError = ProtocolError::invalid("this is no session's id");

fn decoded(part: &str) -> Result<String, ProtocolError> {
    let text = percent_decode_str(part).decode_utf8();
    text.map(Into::into).map_err(|_| ProtocolError::invalid("the path is not UTF-8"))
}

fn number(query: &Query, name: &str, wrong: &'static str) -> Result<Option<u64>, ProtocolError> {
    query.get(name).map(|it| it.parse().map_err(|_| ProtocolError::invalid(wrong))).transpose()
}

fn page(query: &Query) -> Result<PageRequest, ProtocolError> {
    let limit = json::limit(number(query, "limit", "limit must be 1 to 200")?)?;
    let before = query.get("before").map_or(Ok(Before::Newest), json::before)?;
    let after = number(query, "after", "after must be an offset")?.map(Offset);
    Ok(PageRequest { before, after, limit })
}

fn listing(query: &Query) -> Result<Listing, ProtocolError> {
    let kind = query.get("kind").map(|it| Kind::parse(it).ok_or(NO_KIND)).transpose()?;
    let limit = number(query, "limit", "limit must be 1 to 1000")?;
    let limit = match limit {
        None => ROOMS_DEFAULT,
        Some(0) => return Err(ProtocolError::invalid("limit must be 1 to 1000")),
        Some(limit) => u32::try_from(limit).unwrap_or(u32::MAX).min(ROOMS_MAX),
    };
    Ok(Listing {
        kind: kind.map(|it| it.as_str().to_owned()),
        prefix: query.get("prefix").unwrap_or_default().to_owned(),
        after: query.get("cursor").map(Listing::place).transpose()?,
        within: None,
        limit,
    })
}

use super::room_call::{Asked, NoCall, decoded, number};
use crate::admission::Query;
use crate::directory::Listing;
use crate::message::{Code, Kind, Millis, ProtocolError, RoomName, UserId};
use crate::protocol::json;

/// What is asked over HTTP.
#[derive(Debug)]
pub enum Call {
    /// Something of one room.
    Room(Box<Asked>),
    /// Publish several events, each to a room it names.
    Batch,
    /// Which rooms are there?
    List(Listing),
    /// Take tokens back; which ones, the body says.
    Revoke,
    /// What was taken back? Those after this one, at most so many.
    Revocations(String, u32),
    /// Take one of those for good again.
    LiftRevocation(String),
    /// Close the connections of a user, in all rooms.
    LogOut(UserId),
    /// How is the service? (A44)
    Health,
    /// The same in numbers (A45).
    Metrics,
    /// The same for Prometheus.
    Prometheus,
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
            if method == wanted { Ok(call?) } else { Err(NoCall::Method(allowed.to_owned())) }
        };
        match path {
            "/metrics" => return only("GET", Ok(Self::Prometheus)),
            "/api/v1/websocket/health" => return only("GET", Ok(Self::Health)),
            "/api/v1/websocket/metrics" => return only("GET", Ok(Self::Metrics)),
            "/api/v1/events" => return only("POST", Ok(Self::Batch)),
            "/api/v1/rooms" => return only("GET", listing(query).map(Self::List)),
            "/api/v1/revocations" => {
                return match method {
                    "POST" => Ok(Self::Revoke),
                    "GET" => Ok(Self::Revocations(
                        query.get("cursor").unwrap_or_default().to_owned(),
                        json::limit(number(query, "limit", "limit must be 1 to 200")?)?,
                    )),
                    _ => Err(NoCall::Method("GET, HEAD, POST".to_owned())),
                };
            }
            _ => {}
        }
        if let Some(id) = path.strip_prefix("/api/v1/revocations/").filter(|it| !it.contains('/')) {
            return only("DELETE", decoded(id).map(Self::LiftRevocation));
        }
        let user =
            path.strip_prefix("/api/v1/users/").and_then(|it| it.strip_suffix("/connections"));
        if let Some(user) = user.filter(|it| !it.contains('/')) {
            return only("DELETE", decoded(user).and_then(UserId::parse).map(Self::LogOut));
        }
        let rest = path.strip_prefix("/api/v1/rooms/").ok_or(NoCall::Nothing)?;
        let parts: Vec<&str> = rest.split('/').collect();
        let (kind, name, rest) = match parts.as_slice() {
            [kind, name, rest @ ..] => (*kind, *name, rest),
            _ => return Err(NoCall::Nothing),
        };
        let kind = Kind::parse(kind).ok_or(NO_KIND)?;
        let name = RoomName::parse(decoded(name)?)?;
        Ok(Self::Room(Box::new(Asked::of(kind, name, method, rest, query)?)))
    }
}

const NO_KIND: ProtocolError = ProtocolError::new(Code::NotFound, "there is no such kind of room");

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
        occupied_since: Millis(0),
        limit,
    })
}

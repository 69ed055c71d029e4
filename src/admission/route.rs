use crate::dialect::DialectId;
use crate::message::{Kind, Refusal, RoomName};

/// What a path leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// A room's WebSocket.
    Room(Endpoint),
    /// The legacy echo of one client id (E11).
    Echo(Result<RoomName, Refusal>),
    /// The Worker alone is well.
    Health,
    /// Nothing of ours.
    Nothing,
}

/// A WebSocket endpoint of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Its path.
    pub path: &'static str,
    /// Which class of room.
    pub kind: Kind,
    /// Which dialect.
    pub dialect: DialectId,
}

/// Every WebSocket endpoint. A new one is a line here.
const ENDPOINTS: &[Endpoint] =
    &[Endpoint { path: "/api/chat/ws", kind: Kind::Chat, dialect: DialectId::CONTEXT }];

/// First segments under `/ws/` that are endpoints of their own in the seeds, and
/// so never a client id (X1).
const RESERVED: &[&str] = &["client", "conversation", "demo", "v2"];

impl Route {
    /// Finds the way. The echo is matched last.
    #[must_use]
    pub fn of(path: &str) -> Self {
        if let Some(endpoint) = ENDPOINTS.iter().find(|it| it.path == path) {
            return Self::Room(*endpoint);
        }
        if path == "/healthz" {
            return Self::Health;
        }
        match path.strip_prefix("/ws/") {
            Some(id) if !id.contains('/') && !RESERVED.contains(&id) => {
                Self::Echo(RoomName::parse(id))
            }
            _ => Self::Nothing,
        }
    }
}

/// A URL's query, decoded.
#[derive(Clone, Debug, Default)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Takes decoded pairs in their order.
    #[must_use]
    pub fn new(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }

    /// The first value of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(it, _)| it == name).map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_echo_is_matched_last_and_takes_one_segment() {
        assert!(matches!(Route::of("/api/chat/ws"), Route::Room(_)));
        assert!(matches!(Route::of("/ws/abc-1"), Route::Echo(Ok(_))));
        assert!(matches!(Route::of("/ws/"), Route::Echo(Err(_))));
        assert!(matches!(Route::of("/ws/%2e%2e"), Route::Echo(Err(_))));
        for path in ["/", "/ws", "/ws/a/b", "/ws/client", "/ws/demo", "/ws/v2/connect", "/api/chat"]
        {
            assert_eq!(Route::of(path), Route::Nothing, "{path}");
        }
    }
}

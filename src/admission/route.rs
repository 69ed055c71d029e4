use crate::dialect::DialectId;
use crate::message::{Kind, Refusal, RoomName};

/// What a path leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// A WebSocket.
    Socket(Target),
    /// The Worker alone is well.
    Health,
    /// A call of the HTTP API.
    Api,
    /// Nothing of ours.
    Nothing,
}

/// Where a WebSocket leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// To a room.
    Room(Endpoint),
    /// To the legacy echo of one client id (E11).
    Echo(Result<RoomName, Refusal>),
}

impl Target {
    /// In which dialect a request that leads here is refused. The echo has no words of its own.
    #[must_use]
    pub fn dialect(&self) -> DialectId {
        match self {
            Self::Room(endpoint) => endpoint.dialect,
            Self::Echo(_) => DialectId::CONTEXT,
        }
    }
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
    /// Who gets in.
    pub access: Access,
}

/// Who gets in at an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Whoever has a token that leads there.
    Token,
    /// The same, but only where `ENVIRONMENT` is `development` (C12).
    Development,
    /// Everybody, in rooms of their own (C3).
    Demo,
    /// By the handshake of `/ws/client` (K1).
    Client,
    /// Whoever has a token, in a conversation of their own (X17).
    Conversation,
}

const fn endpoint(path: &'static str, kind: Kind, dialect: DialectId, access: Access) -> Endpoint {
    Endpoint { path, kind, dialect, access }
}

/// Every WebSocket endpoint. A new one is a line here.
pub const ENDPOINTS: &[Endpoint] = &[
    endpoint("/ws", Kind::Hub, DialectId::WORKFLOW, Access::Token),
    endpoint("/ws/demo", Kind::Hub, DialectId::EVENTS, Access::Demo),
    endpoint("/api/v1/ws/demo", Kind::Hub, DialectId::EVENTS, Access::Demo),
    endpoint("/api/v1/ws", Kind::Hub, DialectId::EVENTS, Access::Token),
    endpoint("/api/v1/ws/dev", Kind::Hub, DialectId::EVENTS, Access::Development),
    endpoint("/api/chat/ws", Kind::Chat, DialectId::CONTEXT, Access::Token),
    endpoint("/api/analytics/ws", Kind::Analytics, DialectId::CONTEXT, Access::Token),
    endpoint("/api/collaboration/ws", Kind::Collaboration, DialectId::CONTEXT, Access::Token),
    endpoint("/ws/client", Kind::Hub, DialectId::CLIENT, Access::Client),
    endpoint("/ws/conversation", Kind::Conversation, DialectId::CONVERSATION, Access::Conversation),
];

/// First segments under `/ws/` that are endpoints of their own, here or in a document, and
/// so never a client id (X1).
const RESERVED: &[&str] = &["client", "conversation", "demo", "v2"];

impl Route {
    /// Finds the way. The echo is matched last.
    #[must_use]
    pub fn of(path: &str, development: bool) -> Self {
        let is_open = |it: &&Endpoint| development || it.access != Access::Development;
        if let Some(endpoint) = ENDPOINTS.iter().filter(is_open).find(|it| it.path == path) {
            return Self::Socket(Target::Room(*endpoint));
        }
        if path == "/healthz" {
            return Self::Health;
        }
        if path == "/metrics" || path.starts_with("/api/v1/") {
            return Self::Api;
        }
        match path.strip_prefix("/ws/") {
            Some(id) if !id.contains('/') && !RESERVED.contains(&id) => {
                Self::Socket(Target::Echo(RoomName::parse(id)))
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
    fn x1_the_echo_is_matched_last_and_takes_one_segment() {
        let of = |path| Route::of(path, false);
        assert!(matches!(of("/api/chat/ws"), Route::Socket(Target::Room(_))));
        assert!(matches!(of("/ws"), Route::Socket(Target::Room(_))));
        assert!(matches!(of("/ws/client"), Route::Socket(Target::Room(_))));
        assert!(matches!(of("/ws/demo"), Route::Socket(Target::Room(_))));
        assert!(matches!(of("/ws/abc-1"), Route::Socket(Target::Echo(Ok(_)))));
        assert!(matches!(of("/ws/"), Route::Socket(Target::Echo(Err(_)))));
        assert!(matches!(of("/ws/%2e%2e"), Route::Socket(Target::Echo(Err(_)))));
        assert!(matches!(of("/ws/conversation"), Route::Socket(Target::Room(_))));
        for path in ["/", "/ws/a/b", "/ws/v2/connect", "/api/chat"] {
            assert_eq!(of(path), Route::Nothing, "{path}");
        }
    }

    #[test]
    fn c12_the_endpoint_for_development_is_nowhere_else() {
        assert!(matches!(Route::of("/api/v1/ws/dev", true), Route::Socket(Target::Room(_))));
        assert_eq!(Route::of("/api/v1/ws/dev", false), Route::Api);
    }
}

use percent_encoding::percent_decode_str;

use crate::message::{Code, Kind, ProtocolError, RoomName};
use crate::protocol::{Access, Descriptor, Encoding, Entrance, ProtocolId, Wire};

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
    /// To a room, with the parameters in the path.
    Room(Endpoint, Query),
    /// To the legacy echo of one client id (E11).
    Echo(Result<RoomName, ProtocolError>),
}

impl Target {
    /// In which protocol a request that leads here is refused. The echo has no words of its own.
    #[must_use]
    pub fn protocol(&self) -> ProtocolId {
        match self {
            Self::Room(endpoint, _) => endpoint.protocol,
            Self::Echo(_) => ProtocolId::FIRST,
        }
    }
}

/// A WebSocket endpoint of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Its path, with parameters in braces.
    pub path: &'static str,
    /// Which class of room.
    pub kind: Kind,
    /// Which protocol.
    pub protocol: ProtocolId,
    /// Who gets in.
    pub access: Access,
}

impl Endpoint {
    fn of(descriptor: &'static Descriptor) -> impl Iterator<Item = Self> {
        let protocol = descriptor.id();
        let entrances = descriptor.entrances.iter();
        entrances.map(move |&Entrance { path, kind, access }| Self { path, kind, protocol, access })
    }

    /// What goes over a socket whose client asked for batches or for none, and for a format.
    pub(super) fn wire(&self, batch: Option<&str>, format: Option<&str>) -> Wire {
        let takes = |it| self.protocol.descriptor().encodings.contains(&it);
        let batched = (batch == Some("1") && takes(Encoding::JsonBatch))
            || (batch != Some("0") && takes(Encoding::JsonList))
            || takes(Encoding::EventStream);
        let packed = format == Some("msgpack") && takes(Encoding::MessagePack);
        Wire { protocol: self.protocol, batched, packed }
    }

    /// The same, leading to rooms of the kind that the query names, where it names one.
    pub fn settled(self, query: &Query) -> Result<Self, ProtocolError> {
        let Access::Named(kinds) = self.access else { return Ok(self) };
        let (kind, _) = named(query)?;
        let kind = Kind::parse(kind).filter(|it| kinds.contains(it)).ok_or(NO_KIND)?;
        Ok(Self { kind, ..self })
    }

    /// The room that the query names.
    pub(super) fn context(&self, query: &Query) -> Result<Option<RoomName>, ProtocolError> {
        let name = if let Access::Named(_) = self.access {
            Some(named(query)?.1)
        } else {
            query.get("contextId")
        };
        name.map(RoomName::parse).transpose()
    }
}

const NO_ROOM: ProtocolError =
    ProtocolError::new(Code::NotFound, "room must be kind:name: a connection is to one room here");
fn named(query: &Query) -> Result<(&str, &str), ProtocolError> {
    query.get("room").and_then(|it| it.split_once(':')).ok_or(NO_ROOM)
}

const NO_KIND: ProtocolError =
    ProtocolError::new(Code::NotFound, "there are no rooms of this kind here");

/// Every WebSocket endpoint of a room: those of all protocols.
pub fn endpoints() -> impl Iterator<Item = Endpoint> {
    ProtocolId::all().map(ProtocolId::descriptor).flat_map(Endpoint::of)
}

/// Where the echo is, unless something else is there.
const ECHO: &str = "/ws/{client_id}";

/// A first segment under `/ws/` that is kept for a protocol to come, and so never a client id
/// of the echo's (X1).
const RESERVED: &str = "/ws/v2";

impl Route {
    /// Finds the way.
    #[must_use]
    pub fn of(path: &str, development: bool) -> Self {
        Self::among(ProtocolId::all().map(ProtocolId::descriptor), path, development)
    }

    /// Finds the way where these protocols are spoken. A path without parameters comes first,
    /// the echo last.
    pub fn among(
        protocols: impl Iterator<Item = &'static Descriptor>,
        path: &str,
        development: bool,
    ) -> Self {
        let is_open = |it: &Endpoint| development || it.access != Access::Development;
        let mut found = None;
        for endpoint in protocols.flat_map(Endpoint::of).filter(is_open) {
            match parameters(endpoint.path, path) {
                Some(it) if endpoint.path == path => {
                    return Self::Socket(Target::Room(endpoint, it));
                }
                Some(it) if found.is_none() => found = Some((endpoint, it)),
                Some(_) | None => {}
            }
        }
        if let Some((endpoint, parameters)) = found {
            return Self::Socket(Target::Room(endpoint, parameters));
        }
        if path == "/healthz" {
            return Self::Health;
        }
        if path == "/metrics" || path.starts_with("/api/v1/") {
            return Self::Api;
        }
        match parameters(ECHO, path) {
            Some(it) if path != RESERVED => {
                Self::Socket(Target::Echo(RoomName::parse(it.get("client_id").unwrap_or_default())))
            }
            Some(_) | None => Self::Nothing,
        }
    }
}

/// The parameters of a path, if it fits the template. Each is one segment as it stands in the
/// URL, and may be empty: whoever reads it says what is wrong with it.
fn parameters(template: &str, path: &str) -> Option<Query> {
    let (mut expected, mut segments) = (template.split('/'), path.split('/'));
    let mut found = Vec::new();
    loop {
        match (expected.next(), segments.next()) {
            (None, None) => return Some(Query(found)),
            (Some(expected), Some(segment)) => {
                let name = expected.strip_prefix('{').and_then(|it| it.strip_suffix('}'));
                match name {
                    Some(name) => found.push((name.to_owned(), segment.to_owned())),
                    None if expected == segment => {}
                    None => return None,
                }
            }
            (Some(_), None) | (None, Some(_)) => return None,
        }
    }
}

/// A URL's query, decoded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Takes decoded pairs in their order.
    #[must_use]
    pub fn new(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }

    /// A path's parameters, as they are meant. One that is no UTF-8 is no name either.
    #[must_use]
    pub fn decoded(self) -> Self {
        let decoded = |text: String| percent_decode_str(&text).decode_utf8_lossy().into_owned();
        Self(self.0.into_iter().map(|(name, value)| (name, decoded(value))).collect())
    }

    /// Puts a path's parameters before those of the query.
    pub fn put_first(&mut self, Self(parameters): Self) {
        self.0.splice(..0, parameters);
    }

    /// What there is under these names.
    pub(super) fn only(&self, names: &[&[&str]]) -> Self {
        let kept =
            |(name, _): &&(String, String)| names.iter().any(|it| it.contains(&name.as_str()));
        Self(self.0.iter().filter(kept).cloned().collect())
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
        assert!(matches!(of("/api/chat/ws"), Route::Socket(Target::Room(..))));
        assert!(matches!(of("/ws"), Route::Socket(Target::Room(..))));
        assert!(matches!(of("/ws/client"), Route::Socket(Target::Room(..))));
        assert!(matches!(of("/ws/demo"), Route::Socket(Target::Room(..))));
        assert!(matches!(of("/ws/abc-1"), Route::Socket(Target::Echo(Ok(_)))));
        assert!(matches!(of("/ws/"), Route::Socket(Target::Echo(Err(_)))));
        assert!(matches!(of("/ws/%2e%2e"), Route::Socket(Target::Echo(Err(_)))));
        assert!(matches!(of("/ws/conversation"), Route::Socket(Target::Room(..))));
        for path in ["/", "/ws/a/b", "/ws/v2", "/ws/v2/connected", "/api/chat"] {
            assert_eq!(of(path), Route::Nothing, "{path}");
        }
    }

    #[test]
    fn a_template_takes_one_segment_for_each_parameter() {
        let of = |template, path| parameters(template, path).map(|Query(it)| it);
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(of("/app/{key}", "/app/k%20"), Some(vec![pair("key", "k%20")]));
        assert_eq!(of("/app/{key}", "/app/"), Some(vec![pair("key", "")]));
        let two = vec![pair("kind", "chat"), pair("contextId", "x")];
        assert_eq!(of("/r/{kind}/{contextId}/ws", "/r/chat/x/ws"), Some(two));
        assert_eq!(of("/ws", "/ws"), Some(vec![]));
        for path in ["/app", "/app/k/x", "/apps/k", "app/k", "/app/k/"] {
            assert_eq!(of("/app/{key}", path), None, "{path}");
        }
        for path in ["/", "/ws/", "/wsx", ""] {
            assert_eq!(of("/ws", path), None, "{path}");
        }
    }

    #[test]
    fn a_parameter_of_the_path_comes_before_the_query() {
        let pair = |value: &str| Query::new(vec![("contextId".into(), value.into())]);
        let mut query = pair("query");
        query.put_first(pair("path"));
        assert_eq!(query.get("contextId"), Some("path"));
    }

    #[test]
    fn a_parameter_of_the_path_may_be_escaped() {
        let of = |value: &str| Query::new(vec![("contextId".into(), value.into())]);
        assert_eq!(of("user%3Aann").decoded(), of("user:ann"));
        assert_eq!(of("a%2fb%").decoded(), of("a/b%"));
        assert_eq!(of("%ff").decoded(), of("\u{fffd}"));
    }

    #[test]
    fn c12_the_endpoint_for_development_is_nowhere_else() {
        assert!(matches!(Route::of("/api/v1/ws/dev", true), Route::Socket(Target::Room(..))));
        assert_eq!(Route::of("/api/v1/ws/dev", false), Route::Api);
    }
}

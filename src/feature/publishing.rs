use crate::message::{Body, EventName, Json, Kind, ProtocolError, Target, UserId};

/// What somebody outside wants to publish, as it came: the data is not checked yet.
#[derive(Debug)]
pub struct Publishing {
    /// How it came: a protocol's name, or [`Publishing::HTTP`].
    pub protocol: &'static str,
    /// In a room of which kind.
    pub kind: Kind,
    /// What it is called.
    pub name: EventName,
    /// What it says.
    pub data: Json,
    /// Whose connections are to get it; everyone's if `None`.
    pub user: Option<UserId>,
    /// The entry that it is about.
    pub of: Option<Target>,
    /// What is to stand in its place from then on.
    pub replaces: Option<Body>,
}

impl Publishing {
    /// By a call over HTTP.
    pub const HTTP: &'static str = "http";

    /// Somebody says this in a room of this kind, by this protocol: to everyone, and about nothing.
    #[must_use]
    pub const fn new(protocol: &'static str, kind: Kind, name: EventName, data: Json) -> Self {
        Self { protocol, kind, name, data, user: None, of: None, replaces: None }
    }

    /// Takes the data, checked and not copied. Whoever does so is who reads it.
    pub fn take_data(&mut self) -> Result<Json, ProtocolError> {
        std::mem::replace(&mut self.data, Json::null()).checked()
    }
}

use crate::message::{EventName, Json, Kind, UserId};

/// What somebody outside wants to publish, as it came: the data is not checked yet.
#[derive(Clone, Copy, Debug)]
pub struct Publishing<'a> {
    /// How it came: a protocol's name, or [`Publishing::HTTP`].
    pub protocol: &'static str,
    /// In a room of which kind.
    pub kind: Kind,
    /// What it is called.
    pub name: &'a EventName,
    /// What it says.
    pub data: &'a Json,
    /// Whose connections are to get it; everyone's if `None`.
    pub user: Option<&'a UserId>,
}

impl Publishing<'_> {
    /// By a call over HTTP.
    pub const HTTP: &'static str = "http";
}

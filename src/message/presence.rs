//! Who is here, as those are told who keep a list of it (N34 to N38).

use serde::Serialize;

use super::{Json, Member, ProtocolError};

/// How that is told in a room: by each, or, where there are many, by their number (N36).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Each who comes, goes or changes is told.
    #[default]
    Members,
    /// How many there are is told.
    Occupancy,
}

/// What became of somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// They came.
    Join,
    /// They are here with other data, or on more or fewer connections.
    Update,
    /// They left.
    Leave,
    /// The list of all is this one.
    Sync,
}

/// Somebody who is here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Who it is.
    pub member: Member,
    /// On how many connections; one, while all are gone and they may come back.
    pub connections: u64,
    /// What they say of themselves.
    pub data: Option<Json>,
}

/// How many are here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Occupancy {
    /// Connections, as of all who are here together.
    pub connections: u64,
    /// Users, each once.
    pub users: u64,
    /// How that is told.
    pub mode: Mode,
}

/// Who is here, or a page of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roster {
    /// How many they are.
    pub occupancy: Occupancy,
    /// Some of them, by their ids.
    pub members: Vec<Seen>,
    /// After whom the next page begins, if there is one.
    pub cursor: Option<String>,
}

/// What is told of who is here. It says what is, not what changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Somebody is like this.
    One(Change, Seen),
    /// So many are here.
    Many(Occupancy),
    /// They are these.
    All(Roster),
}

/// Longest data of a member, in bytes of JSON: it rides in the attachment of a connection, where
/// escapes make of each byte three at most.
pub const PRESENCE_DATA_BYTES_MAX: usize = 1024;

/// The parameter of a URL that says whether its user is here by a connection.
pub const PRESENT_PARAMETER: &str = "present";

/// Reads it: whether they are not.
pub fn read_absent(text: &str) -> Result<bool, ProtocolError> {
    match text {
        "0" | "false" => Ok(true),
        "1" | "true" => Ok(false),
        _ => Err(ProtocolError::invalid("present is 1 or 0, true or false")),
    }
}

impl Seen {
    /// How much memory it takes, in bytes, about.
    #[must_use]
    pub fn weight(&self) -> usize {
        let data = self.data.as_ref().map_or(0, |it| it.as_str().len());
        self.member.id.0.len() + self.member.name.len() + data
    }
}

impl Roster {
    /// How much memory it takes, in bytes, about.
    #[must_use]
    pub fn weight(&self) -> usize {
        self.members.iter().map(Seen::weight).sum()
    }
}

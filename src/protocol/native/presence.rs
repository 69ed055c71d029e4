//! Who is here (N34 to N38).

use serde::Serialize;

use crate::kernel::Notice;
use crate::message::{Change, Json, Member, Millis, Mode, Occupancy, Presence, Roster, Seen};
use crate::protocol::{Frame, json};

/// What is told that is not in the log.
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct Told<'a> {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) event: &'static str,
    /// When, in milliseconds since 1970.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "u64"))]
    pub(super) at: Millis,
    /// Whom it is about: a `sub`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) user: Option<&'a str>,
    /// What they are called, where that is something else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<&'a str>,
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "serde_json::Value"))]
    pub(super) data: Json,
}

/// What is told of who is here: of one, of how many, or of all.
#[derive(Default, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct PresenceOut<'a> {
    /// What became of whose event it is; `sync`: the list of all is this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<Change>,
    /// Whether each of them is told, or how many they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    mode: Option<Mode>,
    /// Connections: of whose event it is, or of all.
    connections: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    users: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    members: Option<Vec<MemberOut<'a>>>,
    /// What to ask with for those who come after them.
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<&'a str>,
    /// What whose event it is says of themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Option<serde_json::Value>"))]
    data: Option<&'a Json>,
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
struct MemberOut<'a> {
    user: &'a str,
    /// What they are called, where that is something else.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    connections: u64,
    /// What they say of themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Option<serde_json::Value>"))]
    data: Option<&'a Json>,
}

/// What a member is called, where that is not their id.
pub(super) fn name(member: &Member) -> Option<&str> {
    Some(member.name.as_str()).filter(|it| *it != member.id.0)
}

impl<'a> PresenceOut<'a> {
    fn many(Occupancy { connections, users, mode }: Occupancy) -> Self {
        Self { mode: Some(mode), connections, users: Some(users), ..Self::default() }
    }

    pub(super) fn all(roster: &'a Roster) -> Self {
        let out = |Seen { member, connections, data }: &'a Seen| MemberOut {
            user: &member.id.0,
            name: name(member),
            connections: *connections,
            data: data.as_ref(),
        };
        Self {
            members: Some(roster.members.iter().map(out).collect()),
            cursor: roster.cursor.as_deref(),
            ..Self::many(roster.occupancy)
        }
    }
}

pub(super) fn event(notice: &Notice, presence: &Presence) -> Frame {
    let (event, user, out) = match presence {
        Presence::One(change, Seen { member, connections, data }) => {
            let (action, data) = (Some(*change), data.as_ref());
            let out = PresenceOut { action, connections: *connections, data, ..Default::default() };
            ("presence", Some(member), out)
        }
        Presence::Many(occupancy) => ("occupancy", None, PresenceOut::many(*occupancy)),
        Presence::All(roster) => {
            let action = Some(Change::Sync);
            ("presence", None, PresenceOut { action, ..PresenceOut::all(roster) })
        }
    };
    json::frame(&Told {
        kind: "event",
        event,
        at: notice.at,
        user: user.map(|it| it.id.0.as_str()),
        name: user.and_then(name),
        data: Json::of(&out),
    })
}

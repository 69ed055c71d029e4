//! Those who bring no token: demo rooms (V9), and the handshake of `/ws/client` (K1).

use super::capability::DEMO;
use super::{Endpoint, HandOff, Terms, Upgrade};
use crate::close::CloseCode;
use crate::kernel::{Flag, Flags, Grant, Grants};
use crate::message::{Code, Member, ProtocolError, RoomName, UserId};
use crate::protocol::HandshakeCodes;

/// 1 to 64 of `A-Z a-z 0-9 _ -` (K1; E3 recommends a UUID).
pub(super) fn is_client_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|it| it.is_ascii_alphanumeric() || b"_-".contains(&it))
}

/// A demo room: its own namespace, everything but administration, a tenth of every rate.
pub(super) fn demo(
    endpoint: &Endpoint,
    upgrade: &Upgrade,
    new_id: impl FnOnce() -> String,
) -> Result<HandOff, ProtocolError> {
    let context = upgrade.query.get("contextId").unwrap_or("default");
    let room = RoomName::parse(format!("{DEMO}{context}"))?;
    let Terms { wire, client, .. } = upgrade.terms(endpoint);
    let name = client.unwrap_or_else(new_id);
    let member = Member { id: UserId(name.clone()), name: name.clone() };
    let grants = [Grant::Join, Grant::Send, Grant::Publish, Grant::History, Grant::Presence];
    let hand_off = HandOff::new(room, wire, member, grants.into_iter().collect::<Grants>());
    let flags = hand_off.flags.union(Flags::of(&[Flag::Demo]));
    Ok(HandOff { flags, client: Some(name), network: Some(network(upgrade)), ..hand_off })
}

/// By what seats are shared out among those who bring no token.
fn network(upgrade: &Upgrade) -> String {
    upgrade.address.clone().unwrap_or_default()
}

/// Who a client says it is (E5). `admin` must prove it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ClientRole {
    Frontend,
    Admin,
    Test,
}

impl ClientRole {
    pub(super) fn needs_token(self) -> bool {
        self == Self::Admin
    }
}

pub(super) const NO_ADMIN: ProtocolError =
    ProtocolError::denied("the role admin needs a token of this role");

type Fault = (ProtocolError, CloseCode);

/// Checks version, client id and role, in this order: the first that is wrong is told (K1).
pub(super) fn handshake(
    upgrade: &Upgrade,
    codes: HandshakeCodes,
    development: bool,
) -> Result<ClientRole, Fault> {
    let bad = |message| (ProtocolError::invalid(message), codes.version);
    if upgrade.query.get("version") == Some("2") {
        return Err(bad("version 2 is spoken at /ws/v2/connect"));
    }
    if !matches!(upgrade.query.get("version"), None | Some("1")) {
        return Err(bad("this version of the protocol is not spoken here; 1 is"));
    }
    let role = match upgrade.query.get("role") {
        None | Some("frontend") => ClientRole::Frontend,
        Some("admin") => ClientRole::Admin,
        Some("test") if development => ClientRole::Test,
        Some(_) => {
            let error = ProtocolError::new(Code::PermissionDenied, "invalid role");
            return Err((error, codes.role));
        }
    };
    if upgrade.query.get("client_id").is_some_and(is_client_id) {
        Ok(role)
    } else {
        Err(bad("invalid client_id: 1 to 64 of A-Z a-z 0-9 _ -"))
    }
}

/// Where those go who do not say who they are. They hear what is published there.
pub(super) fn lobby(
    endpoint: &Endpoint,
    upgrade: &Upgrade,
    new_id: impl FnOnce() -> String,
) -> Result<HandOff, ProtocolError> {
    let Terms { wire, client, .. } = upgrade.terms(endpoint);
    let name = client.clone().unwrap_or_else(new_id);
    // Under a prefix of its own: what is meant for a user must not reach whoever calls
    // itself like one.
    let member = Member { id: UserId(format!("anonymous:{name}")), name };
    let (room, grants) = (RoomName::parse("lobby")?, Grants::from_iter([Grant::Join]));
    let hand_off = HandOff::new(room, wire, member, grants);
    Ok(HandOff { client, network: Some(network(upgrade)), ..hand_off })
}

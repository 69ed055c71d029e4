//! The vocabulary: everything a client can ask and everything a room can say,
//! in domain types. Not a wire format: spelling is `protocol`'s business.

mod address;
mod ascii;
mod body;
mod command;
mod error;
pub(crate) mod fields;
mod id;
mod invisible;
pub(crate) mod json;
mod kind;
mod name;
mod page;
mod position;
mod presence;
mod published;
mod readable;
mod reply;
mod revocation;
mod strings;
mod target;
mod timestamp;
mod topic;

pub use address::{Network, address_key, networks};
pub use ascii::{ascii_len, to_ascii};
pub use body::{Body, EntryKind, Relation, Space};
pub use command::{Acknowledgement, Before, Dedupe, Drain, Kicked, PageRequest, Within};
pub use error::{Code, Details, Fault, ProtocolError};
pub use id::{Clock, ConnectionId, Epoch, Offset, RequestId, RoomName, UserId};
pub(crate) use json::is_default;
pub use json::{Json, json_len, starts_object, text_fits};
pub use kind::{Kind, Properties, Rooms};
pub(crate) use name::is_dots;
pub use name::{Name, stored_name, stored_names};
pub use page::{Added, Completed, Page, length_of};
pub use position::{Attached, Following, NotResumed, Position, Rewind};
pub use presence::{
    Change, Mode, Occupancy, PRESENCE_DATA_BYTES_MAX, PRESENT_PARAMETER, Presence, Roster, Seen,
    read_absent,
};
pub use published::{BROADCAST, BYTES, EVENT, Priority};
pub use readable::is_bearable;
pub use reply::{Accepted, Reply, Stats, Status, Welcome};
pub use revocation::{Issue, Revocation};
pub use target::{Target, minted_at};
pub use timestamp::Millis;
pub use topic::{EventName, StateKey, Topic};
use uuid::Uuid;

/// Somebody, as others may see them.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Member {
    /// The token's `sub`.
    #[serde(rename = "u")]
    pub id: UserId,
    /// For showing: the token's `name` without what nobody can see, else its `sub`.
    #[serde(rename = "n")]
    pub name: String,
}

impl Member {
    /// Longest name shown, in bytes; a longer one is cut.
    const NAME_BYTES_MAX: usize = 128;

    /// A user and the name they go by, without what nobody can see. If nothing is left of it,
    /// they go by their id.
    #[must_use]
    pub fn new(id: UserId, name: Option<&str>) -> Self {
        let cut = |it: &str| {
            it.get(..it.floor_char_boundary(Self::NAME_BYTES_MAX)).unwrap_or_default().to_owned()
        };
        // What can be seen may stand behind the cut.
        let name = name.and_then(invisible::visible).and_then(|it| invisible::visible(&cut(&it)));
        let name = name.unwrap_or_else(|| cut(&id.0));
        Self { id, name }
    }
}

/// One durable thing that happened in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its position.
    pub offset: Offset,
    /// When the room accepted it; never decreases from one entry to the next.
    pub at: Millis,
    /// Its name, minted by the room.
    pub id: Uuid,
    /// Who caused it.
    pub author: Member,
    /// The author's own name for it, by which a resend is recognised.
    pub request_id: Option<RequestId>,
    /// What happened.
    pub body: Body,
}

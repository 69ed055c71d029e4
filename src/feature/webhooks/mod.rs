//! Webhooks: a service of the operator's is told what happens in rooms (Y1 to Y12).
//!
//! What is to be told is a row, written in the same transaction as what it tells of. Rows that come
//! within a second are a batch, which is one call; batches are called about one after the other.

mod delivery;
mod http;
mod receiver;
mod rules;
#[cfg(not(target_arch = "wasm32"))]
mod schema;
mod stored;
mod tables;

use super::{Feature, Known, Never, Nothing, Number, Numbers};
use crate::message::{Member, Millis, UserId};
use crate::outgoing::Jobs;

pub use delivery::{Delivered, Delivery, Outcome};
pub use receiver::Receiver;
pub use stored::{Batch, Told, WebhookStored, WebhookWrite};

/// The room has its first member.
pub(crate) const OCCUPIED: &str = "room.occupied";
/// The last member of the room is gone.
pub(crate) const VACATED: &str = "room.vacated";
/// A user came in: once per user (B13).
pub(crate) const JOINED: &str = "member.joined";
/// A user is gone, and their grace over (B14).
pub(crate) const LEFT: &str = "member.left";

const WAITING: &str = "webhook_events_waiting";
const SENT: &str = "webhook_events_sent_total";
const FAILED: &str = "webhook_failures_total";
const DROPPED: &str = "webhook_events_dropped_total";

/// What an awake room knows: what waits to be told, and who was told to be here.
#[derive(Debug, Default)]
pub struct Webhooks {
    batches: Jobs<Batch>,
    /// The number that no event has had, nor any after it.
    end: u64,
    /// Members that were told to have joined, and not to have left; in the order of their ids.
    members: Vec<Member>,
    /// Whether those have been compared with who is here, since the room woke.
    is_compared: bool,
    /// Those that were members when the room was erased.
    farewell: Vec<Member>,
}

impl Webhooks {
    /// Where a member stands, or would.
    fn place(&self, id: &UserId) -> Result<usize, usize> {
        self.members.binary_search_by(|it| it.id.cmp(id))
    }
}

impl Feature for Webhooks {
    type Command = Never<Self>;
    type Event = Never<Self>;
    type Write = WebhookWrite;
    type Query = Told;
    type Found = Vec<String>;
    type Call = Delivery;
    type Input = Delivered;
    type OnConnection = Nothing;
    type Config = Receiver;
    type Task = Never<Self>;
    /// A service that is told of these believes them.
    const PROTECTED: &'static [&'static str] = &[OCCUPIED, VACATED, JOINED, LEFT];
    const NUMBERS: &'static [Number] = &[
        Number { name: WAITING, help: "Webhook events that wait to be delivered." },
        Number { name: SENT, help: "Webhook events delivered." },
        Number { name: FAILED, help: "Webhook calls that failed." },
        Number { name: DROPPED, help: "Webhook events given up." },
    ];
}

impl Known for Webhooks {
    type Stored = WebhookStored;
    type Shared = ();

    fn wake(WebhookStored { mut batches, mut members }: WebhookStored, _: Millis) -> Self {
        batches.sort_by_key(|it| it.first);
        let end = batches.last().map_or(0, Batch::end);
        stored::wait(&mut batches);
        members.sort_unstable_by(|one, other| one.id.cmp(&other.id));
        Self {
            batches: Jobs::restored(batches),
            end,
            members,
            is_compared: false,
            farewell: Vec::new(),
        }
    }

    /// What waits is forgotten, but not who is still to be told to have left.
    fn erased(self) -> Self {
        Self { farewell: self.farewell, end: self.end, ..Self::default() }
    }

    fn keeps_nothing(&self) -> bool {
        true
    }

    fn is_empty(&self) -> bool {
        self.batches.is_empty()
    }

    fn gauges(&self, numbers: &mut Numbers) {
        numbers.add(WAITING, self.batches.iter().map(|it| it.count).sum());
    }

    fn is_busy(&self) -> bool {
        !self.batches.is_empty()
    }
}

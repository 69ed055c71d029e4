//! About how much memory waits with an effect, in bytes.

use crate::feature::{Keep, Tell};

use crate::kernel::Event;
use crate::kernel::{Effect, Write};
use crate::message::{Presence, Reply};

/// What an effect takes beside what is said in it: ids, names, times.
const EFFECT_BYTES: usize = 512;

/// What an effect takes until it is carried out. What two effects share counts twice: the
/// frame that is made of it takes as much again.
pub(super) fn weight(effect: &Effect) -> usize {
    let payload = match effect {
        Effect::Write(it) => written(it),
        Effect::Tell { notice, .. } => told(&notice.event),
        // What these ask for is read when they are carried out.
        Effect::Page { .. }
        | Effect::Find { .. }
        | Effect::Call(_)
        | Effect::Save(_)
        | Effect::SaveCounts(_)
        | Effect::Lost(_)
        | Effect::Close { .. } => 0,
    };
    EFFECT_BYTES + payload
}

fn written(write: &Write) -> usize {
    match write {
        Write::Append(entry) | Write::Amend { entry, .. } => entry.body.data.as_str().len(),
        Write::Feature(it) => it.weight(),
        Write::Depart(_)
        | Write::Occupancy(_)
        | Write::Forget(_)
        | Write::Trim { .. }
        | Write::Prune(_)
        | Write::Broadcasts(_)
        | Write::Share(..)
        | Write::Erase(_) => 0,
    }
}

fn told(event: &Event) -> usize {
    match event {
        Event::Entry(entry) | Event::Said(entry) => entry.body.data.as_str().len(),
        Event::Presence(members) => members.iter().map(|it| it.id.0.len() + it.name.len()).sum(),
        Event::Reply(Reply::Members(it)) => it.weight(),
        Event::Seen(it) => match &**it {
            Presence::All(it) => it.weight(),
            Presence::One(_, it) => it.weight(),
            Presence::Many(_) => 0,
        },
        Event::Feature(it) => it.weight(),
        Event::Welcome(_)
        | Event::Position(_)
        | Event::Closing(_)
        | Event::Reauth(_)
        | Event::Detached(_)
        | Event::Ping
        | Event::Pong
        | Event::Joined(_)
        | Event::Left(_)
        | Event::History(_)
        | Event::Renewed { .. }
        | Event::Reply(_)
        | Event::Refused(_) => 0,
    }
}

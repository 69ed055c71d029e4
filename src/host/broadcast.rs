use std::borrow::Cow;

use crate::kernel::Notice;
use crate::kernel::Recipients;
use crate::message::ConnectionId;
use crate::protocol::{Channel, Frame, ProtocolId, Wire};
use crate::tally::Tally;

/// Longest batch, in bytes: far more than a flush usually holds, and below what
/// clients accept by default (1 MiB in Python's `websockets`). A single longer frame
/// goes alone.
const BATCH_BYTES_MAX: usize = 256 * 1024;

/// Somewhere frames can be sent. Sending cannot fail: a dead socket reports itself
/// through its own close event.
pub trait Deliver {
    /// What goes over this connection's socket, while it is open.
    fn wire(&self, connection: ConnectionId) -> Option<Wire>;
    /// Whether any open socket is of this wire.
    fn is_in_use(&self, wire: Wire) -> bool;
    /// Sends one frame to sockets of one wire, and says to how many. An ephemeral one may
    /// be dropped for those that do not keep up.
    fn send(&mut self, wire: Wire, to: Targets<'_>, frame: &Frame, ephemeral: bool) -> usize;
}

/// Which sockets of a wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Targets<'a> {
    /// All but these.
    AllBut(&'a [ConnectionId]),
    /// These and no others.
    Only(&'a [ConnectionId]),
}

/// Something to say, and to whom.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Which connections it is for.
    pub to: Recipients,
    /// The event, with its id and time; not encoded yet.
    pub notice: Notice,
}

/// An encoded delivery.
struct Encoded<'a> {
    to: &'a Recipients,
    frame: Frame,
    ephemeral: bool,
}

/// Says everything in a room, in order. Each delivery is encoded once per protocol in use, and each
/// frame handed to the platform once per wire.
pub fn deliver(
    sockets: &mut impl Deliver,
    room: Channel<'_>,
    deliveries: &[Delivery],
    tally: &mut Tally,
) {
    let sockets = &mut Counting { sockets, tally };
    for protocol in ProtocolId::all() {
        if !wires(protocol).any(|it| sockets.is_in_use(it)) {
            continue;
        }
        let mut heard: Vec<&Delivery> =
            deliveries.iter().filter(|it| concerns(sockets, protocol, &it.to)).collect();
        if !protocol.descriptor().shows_offsets {
            // What is critical has priority (A37); everything else stays in its order.
            heard.sort_by_key(|it| it.notice.event.priority());
        }
        let mut encoded: Vec<Encoded<'_>> = heard
            .into_iter()
            .filter_map(|Delivery { to, notice }| {
                let channel = Channel { name: notice.event.topic(), ..room };
                let frame = protocol.get().encode(notice, &channel)?;
                Some(Encoded { to, frame, ephemeral: notice.event.is_ephemeral() })
            })
            .collect();
        for wire in wires(protocol).filter(|it| sockets.is_in_use(*it)).collect::<Vec<_>>() {
            if wire.packed {
                // The last wires are packed: nobody needs the text any more.
                for it in &mut encoded {
                    if let Some(packed) = wire.packs(&it.frame) {
                        it.frame = packed;
                    }
                }
            }
            if wire.batched {
                send_batched(sockets, wire, &encoded);
            } else {
                for it in &encoded {
                    send_single(sockets, wire, it);
                }
            }
        }
    }
}

/// The wires of a protocol, those of text first.
fn wires(protocol: ProtocolId) -> impl Iterator<Item = Wire> {
    let all = [(false, false), (true, false), (false, true), (true, true)];
    all.into_iter().map(move |(batched, packed)| Wire { protocol, batched, packed })
}

/// Sockets whose frames are counted.
struct Counting<'a, S> {
    sockets: &'a mut S,
    tally: &'a mut Tally,
}

impl<S: Deliver> Deliver for Counting<'_, S> {
    fn wire(&self, connection: ConnectionId) -> Option<Wire> {
        self.sockets.wire(connection)
    }

    fn is_in_use(&self, wire: Wire) -> bool {
        self.sockets.is_in_use(wire)
    }

    fn send(&mut self, wire: Wire, to: Targets<'_>, frame: &Frame, ephemeral: bool) -> usize {
        let sent = self.sockets.send(wire, to, frame, ephemeral);
        self.tally.sent += sent as u64;
        self.tally.sent_bytes += (sent * frame.len()) as u64;
        sent
    }
}

/// Whether anyone who speaks this protocol hears it.
fn concerns(sockets: &impl Deliver, protocol: ProtocolId, to: &Recipients) -> bool {
    let speaks =
        |it: &ConnectionId| sockets.wire(*it).is_some_and(|wire| wire.protocol == protocol);
    match to {
        Recipients::Everyone | Recipients::Except(_) => true,
        Recipients::One(connection) => speaks(connection),
        Recipients::Only(connections) => connections.iter().any(speaks),
        Recipients::Caller => false,
    }
}

fn send_single(
    sockets: &mut impl Deliver,
    wire: Wire,
    Encoded { to, frame, ephemeral }: &Encoded<'_>,
) {
    match to {
        Recipients::Everyone => {
            sockets.send(wire, Targets::AllBut(&[]), frame, *ephemeral);
        }
        Recipients::Except(connection) => {
            sockets.send(wire, Targets::AllBut(&[*connection]), frame, *ephemeral);
        }
        Recipients::One(_) | Recipients::Only(_) | Recipients::Caller => {
            let named = named_on(sockets, wire, to);
            if !named.is_empty() {
                sockets.send(wire, Targets::Only(&named), frame, *ephemeral);
            }
        }
    }
}

/// Most sockets hear the same of a flush, and get the same frame; those that some
/// delivery names get one of their own.
fn send_batched(sockets: &mut impl Deliver, wire: Wire, encoded: &[Encoded<'_>]) {
    let mut named: Vec<ConnectionId> =
        encoded.iter().flat_map(|it| named_on(sockets, wire, it.to)).collect();
    named.sort_unstable();
    named.dedup();
    let common = encoded.iter().filter(|it| hears(it.to, None));
    for (frame, ephemeral) in batches(wire, common) {
        sockets.send(wire, Targets::AllBut(&named), &frame, ephemeral);
    }
    for connection in named {
        let own = encoded.iter().filter(|it| hears(it.to, Some(connection)));
        for (frame, ephemeral) in batches(wire, own) {
            sockets.send(wire, Targets::Only(&[connection]), &frame, ephemeral);
        }
    }
}

/// The sockets of this wire that an audience names, whether to include or exclude them.
fn named_on(sockets: &impl Deliver, wire: Wire, to: &Recipients) -> Vec<ConnectionId> {
    let named: &[ConnectionId] = match to {
        Recipients::Everyone | Recipients::Caller => &[],
        Recipients::Except(connection) | Recipients::One(connection) => {
            std::slice::from_ref(connection)
        }
        Recipients::Only(connections) => connections,
    };
    named.iter().copied().filter(|it| sockets.wire(*it) == Some(wire)).collect()
}

/// Whether a connection hears it; `None` is one that no audience names.
fn hears(to: &Recipients, connection: Option<ConnectionId>) -> bool {
    match to {
        Recipients::Everyone => true,
        Recipients::Except(other) => connection != Some(*other),
        Recipients::One(one) => connection == Some(*one),
        Recipients::Only(connections) => connection.is_some_and(|it| connections.contains(&it)),
        Recipients::Caller => false,
    }
}

/// Whether both are text, or neither is: only such go in one frame.
fn is_like(one: &Encoded<'_>, other: &Encoded<'_>) -> bool {
    std::mem::discriminant(&one.frame) == std::mem::discriminant(&other.frame)
}

/// Frames as few as may be: one alone goes as it is.
fn batches<'a>(
    wire: Wire,
    encoded: impl Iterator<Item = &'a Encoded<'a>>,
) -> Vec<(Cow<'a, Frame>, bool)> {
    let mut batches: Vec<Vec<&Encoded<'_>>> = Vec::new();
    let mut room = 0;
    for it in encoded {
        let bytes = it.frame.len();
        match batches.last_mut() {
            Some(batch)
                if bytes <= room && batch.first().is_some_and(|first| is_like(first, it)) =>
            {
                batch.push(it);
                room -= bytes;
            }
            _ => {
                batches.push(vec![it]);
                room = BATCH_BYTES_MAX.saturating_sub(bytes);
            }
        }
    }
    let joined = |batch: Vec<&'a Encoded<'a>>| match batch.as_slice() {
        [single] => (Cow::Borrowed(&single.frame), single.ephemeral),
        several => {
            let frames: Vec<&Frame> = several.iter().map(|it| &it.frame).collect();
            let frame = wire.protocol.get().batch(&frames);
            (Cow::Owned(frame), several.iter().all(|it| it.ephemeral))
        }
    };
    batches.into_iter().map(joined).collect()
}

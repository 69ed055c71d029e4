//! Publishers keep messages in flight; everyone in their room receives them.

use std::cell::RefCell;
use std::future::Future;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use clap::{Args, ValueEnum};
use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::ledger::{Faults, Ledger};
use crate::member::{Acks, Finders, Member, Meter, Publisher, Received};
use crate::process::Moment;
use crate::scan::{Marker, offset_finder};
use crate::socket::{Framing, connect_all};
use crate::template;

#[derive(Args)]
pub struct Options {
    /// With `{room}` where the room's number goes.
    #[arg(long)]
    url: String,
    #[arg(long, value_enum, default_value_t)]
    framing: Framing,
    /// With `{tag}` and `{pad}` inside a string, or without, if it cannot carry any.
    #[arg(long)]
    message: String,
    /// What stands once in every delivery of a message without a tag.
    #[arg(long, default_value = "\"isTyping\":true")]
    marker: String,
    /// The length `{pad}` brings a message to, in bytes.
    #[arg(long, default_value_t = 160)]
    size: usize,
    #[arg(long, default_value_t = 1)]
    rooms: usize,
    /// In each room.
    #[arg(long, default_value_t = 100)]
    sockets: usize,
    /// In each room; they are sockets of it.
    #[arg(long, default_value_t = 1)]
    publishers: usize,
    /// Unacknowledged messages a publisher keeps.
    #[arg(long, default_value_t = 1)]
    in_flight: u32,
    /// What acknowledges a message.
    #[arg(long, value_enum, default_value_t = AckedBy::Own)]
    acked_by: AckedBy,
    #[arg(long, default_value_t = 1000)]
    warmup_ms: u64,
    #[arg(long, default_value_t = 3000)]
    measured_ms: u64,
    /// The server's process.
    #[arg(long)]
    pid: Option<u32>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum AckedBy {
    /// Its own echo.
    Own,
    /// Its delivery to one other socket, where the server leaves the sender out.
    Other,
    /// Its delivery to the last of all sockets that get it.
    All,
}

#[derive(Serialize)]
pub struct Report {
    messages_per_second: f64,
    deliveries_per_second: f64,
    frames_per_second: f64,
    p50_ms: f64,
    p99_ms: f64,
    server_us_per_delivery: f64,
    server_us_per_message: f64,
    server_busy: f64,
    load_busy: f64,
    #[serde(flatten)]
    faults: Faults,
}

/// Time for the frames that joining causes to be over.
const SETTLE: Duration = Duration::from_millis(300);

/// How long nothing may arrive before what has not arrived counts as lost.
const SILENCE_MAX: Duration = Duration::from_secs(2);

/// How often to look whether everything has arrived.
const LOOK: Duration = Duration::from_millis(10);

struct Field {
    meter: Rc<Meter>,
    rooms: Vec<Room>,
    members: JoinSet<Result<()>>,
    /// How many sockets get each message.
    recipients: u64,
}

struct Room {
    publishers: Vec<Rc<Publisher>>,
    /// By socket: whether it publishes, and what it has received.
    ledgers: Vec<(bool, Rc<RefCell<Received>>)>,
}

pub async fn run(options: Options) -> Result<Report> {
    let mut field = set_up(&options).await?;
    field.undisturbed(sleep(SETTLE)).await?;
    for publisher in field.publishers() {
        publisher.credits.add_permits(options.in_flight as usize);
    }
    field.undisturbed(sleep(Duration::from_millis(options.warmup_ms))).await?;
    let meter = Rc::clone(&field.meter);
    let counts = || (meter.acked.get(), meter.deliveries.get(), meter.frames.get());
    let (before, start) = (counts(), Moment::now(options.pid)?);
    meter.timed_from.set(Some(Instant::now()));
    field.undisturbed(sleep(Duration::from_millis(options.measured_ms))).await?;
    let (after, end) = (counts(), Moment::now(options.pid)?);
    meter.stopped.set(true);
    field.drain().await?;

    let (acked, deliveries, frames) = (after.0 - before.0, after.1 - before.1, after.2 - before.2);
    let stretch = start.until(end);
    let latency = meter.latency.borrow();
    Ok(Report {
        messages_per_second: stretch.per_second(acked),
        deliveries_per_second: stretch.per_second(deliveries),
        frames_per_second: stretch.per_second(frames),
        p50_ms: latency.quantile_ms(0.5),
        p99_ms: latency.quantile_ms(0.99),
        server_us_per_delivery: stretch.server_us(deliveries),
        server_us_per_message: stretch.server_us(acked),
        server_busy: stretch.server_busy(),
        load_busy: stretch.load_busy(),
        faults: field.faults(),
    })
}

async fn set_up(options: &Options) -> Result<Field> {
    let message = Rc::new(template::Message::new(options.message.clone(), options.size));
    let tagged = message.is_tagged();
    let Options { sockets, publishers, .. } = options;
    ensure!((1..=*sockets).contains(publishers), "publishers are sockets of their room");
    ensure!(*sockets >= 3, "a room needs somebody who listens");
    ensure!(tagged || *publishers == 1, "without tags nobody knows whose message it was");
    ensure!(tagged || options.acked_by != AckedBy::Own, "without tags nobody knows its own");

    let url = |number| template::url(&options.url, (number / options.sockets) as u64);
    let sockets =
        connect_all((0..options.rooms * options.sockets).map(url), options.framing).await?;
    let mut sockets = sockets.into_iter();
    let mut field = Field {
        meter: Rc::new(Meter::new()?),
        rooms: Vec::new(),
        members: JoinSet::new(),
        recipients: options.sockets as u64 - u64::from(!tagged),
    };
    let received = |first| {
        if tagged {
            Received::Tagged(Ledger::new(options.publishers), first)
        } else {
            Received::Counted(0)
        }
    };
    let finders =
        Rc::new(Finders { marker: Marker::new(&options.marker), offset: offset_finder() });
    for room in 0..options.rooms {
        let first = room * options.publishers;
        let publisher = |index| Rc::new(Publisher::new(index, field.recipients));
        let publishers: Vec<_> = (first..first + options.publishers).map(publisher).collect();
        let mut ledgers = Vec::new();
        for (place, socket) in sockets.by_ref().take(options.sockets).enumerate() {
            let ledger = Rc::new(RefCell::new(received(first)));
            let own = publisher_at(place, options).and_then(|it| publishers.get(it).cloned());
            ledgers.push((own.is_some(), Rc::clone(&ledger)));
            let member = Member {
                socket,
                received: ledger,
                acks: acks(options, place, own.as_ref(), &publishers),
                publishes: own,
                message: Rc::clone(&message),
                finders: Rc::clone(&finders),
                meter: Rc::clone(&field.meter),
            };
            field.members.spawn_local(member.run());
        }
        field.rooms.push(Room { publishers, ledgers });
    }
    Ok(field)
}

/// Which publisher of its room sits at this place. They are spread evenly, one alone in
/// the middle: a server that sends in the order of joining must not gain by it that the
/// acknowledgement is among the first or among the last of a broadcast.
fn publisher_at(place: usize, Options { sockets, publishers, .. }: &Options) -> Option<usize> {
    let publisher = place * publishers / sockets;
    ((2 * publisher + 1) * sockets / (2 * publishers) == place).then_some(publisher)
}

/// Whose messages the socket at this place acknowledges by receiving them.
fn acks(
    options: &Options,
    place: usize,
    own: Option<&Rc<Publisher>>,
    publishers: &[Rc<Publisher>],
) -> Acks {
    let is_witness = place.checked_sub(1).is_some_and(|it| publisher_at(it, options).is_some());
    match (options.acked_by, own, publishers) {
        (AckedBy::Own, Some(own), _) => Acks::Own(Rc::clone(own)),
        (AckedBy::Other, None, [one]) if is_witness => Acks::Witnessed(Rc::clone(one)),
        (AckedBy::All, _, [one]) => Acks::Shared(Rc::clone(one)),
        _ => Acks::Nobodys,
    }
}

impl Field {
    /// Waits, unless a socket breaks meanwhile.
    async fn undisturbed(&mut self, wait: impl Future<Output = ()>) -> Result<()> {
        tokio::select! {
            () = wait => Ok(()),
            Some(ended) = self.members.join_next() => ended?,
        }
    }

    fn publishers(&self) -> impl Iterator<Item = &Rc<Publisher>> {
        self.rooms.iter().flat_map(|it| &it.publishers)
    }

    /// Waits for everything that is still on its way.
    async fn drain(&mut self) -> Result<()> {
        let published: u64 = self.publishers().map(|it| it.published.get()).sum();
        let expected = published * self.recipients;
        let (mut seen, mut since) = (0, Instant::now());
        while self.meter.deliveries.get() < expected && since.elapsed() < SILENCE_MAX {
            self.undisturbed(sleep(LOOK)).await?;
            if seen != self.meter.deliveries.get() {
                (seen, since) = (self.meter.deliveries.get(), Instant::now());
            }
        }
        Ok(())
    }

    fn faults(&self) -> Faults {
        let mut faults = Faults::default();
        for Room { publishers, ledgers } in &self.rooms {
            let published: Vec<u64> = publishers.iter().map(|it| it.published.get()).collect();
            for (publishes, ledger) in ledgers {
                faults += match &*ledger.borrow() {
                    Received::Tagged(ledger, _) => ledger.close(&published),
                    Received::Counted(count) => {
                        // What cannot be tagged does not come back to its sender.
                        let due = if *publishes { 0 } else { published.iter().sum() };
                        let (lost, duplicated) =
                            (due.saturating_sub(*count), count.saturating_sub(due));
                        Faults { lost, duplicated, reordered: 0 }
                    }
                };
            }
        }
        faults
    }
}

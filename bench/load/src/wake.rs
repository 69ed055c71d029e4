//! Rooms fall asleep; how long does the first reply of each take?

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::Args;
use serde::Serialize;
use tokio::time::sleep;

use crate::latency::Latency;
use crate::scan::Marker;
use crate::socket::{Framing, Socket, connect_all};
use crate::template;

#[derive(Args)]
pub struct Options {
    /// With `{room}` where the room's number goes.
    #[arg(long)]
    url: String,
    #[arg(long, value_enum, default_value_t)]
    framing: Framing,
    /// What a room is woken with. Given several times, rooms take turns.
    #[arg(long, required = true)]
    message: Vec<String>,
    /// What stands in the reply to each message.
    #[arg(long, required = true)]
    marker: Vec<String>,
    /// Rooms for each message, with one socket each.
    #[arg(long, default_value_t = 50)]
    rooms: usize,
    /// Time for a room to fall asleep: workerd evicts after ten seconds of quiet.
    #[arg(long, default_value_t = 12_000)]
    asleep_after_ms: u64,
}

/// By message, in their order.
#[derive(Serialize)]
pub struct Report(Vec<Woken>);

#[derive(Serialize)]
#[expect(clippy::struct_field_names, reason = "the names are those of the results")]
struct Woken {
    /// The first reply of a room that slept.
    p50_ms: f64,
    p99_ms: f64,
    /// The second, to compare.
    awake_p50_ms: f64,
}

pub async fn run(options: Options) -> Result<Report> {
    let kinds = options.message.len();
    let urls = (0..options.rooms * kinds).map(|room| template::url(&options.url, room as u64));
    let mut sockets = connect_all(urls, options.framing).await?;
    // Once awake before they sleep, so that what is measured is waking and not creating.
    for (number, socket) in sockets.iter_mut().enumerate() {
        ask(socket, &options, number % kinds).await?;
    }
    sleep(Duration::from_millis(options.asleep_after_ms)).await;
    let mut woken = Vec::new();
    for kind in 0..kinds {
        let (mut first, mut second) = (Latency::new()?, Latency::new()?);
        for socket in sockets.iter_mut().skip(kind).step_by(kinds) {
            first.record(ask(socket, &options, kind).await?);
            second.record(ask(socket, &options, kind).await?);
        }
        let (p50_ms, p99_ms) = (first.quantile_ms(0.5), first.quantile_ms(0.99));
        woken.push(Woken { p50_ms, p99_ms, awake_p50_ms: second.quantile_ms(0.5) });
    }
    Ok(Report(woken))
}

async fn ask(socket: &mut Socket, options: &Options, kind: usize) -> Result<Duration> {
    let message = options.message.get(kind).context("no such message")?;
    let marker = Marker::new(options.marker.get(kind).context("every message needs a marker")?);
    let since = Instant::now();
    socket.send(message.clone()).await?;
    while !marker.is_in(socket.next().await?.context("closed before it replied")?.as_payload()) {}
    Ok(since.elapsed())
}

//! What open sockets cost that do nothing.

use std::time::Duration;

use anyhow::Result;
use clap::Args;
use serde::Serialize;
use tokio::time::sleep;

use crate::process::resident_bytes;
use crate::socket::{Framing, connect_all};
use crate::template;

#[derive(Args)]
pub struct Options {
    /// With `{room}` where the room's number goes.
    #[arg(long)]
    url: String,
    #[arg(long, value_enum, default_value_t)]
    framing: Framing,
    #[arg(long, default_value_t = 5000)]
    sockets: usize,
    /// The sockets are spread over so many.
    #[arg(long, default_value_t = 1)]
    rooms: usize,
    /// Time for a room to fall asleep: workerd evicts after ten seconds of quiet.
    #[arg(long, default_value_t = 12_000)]
    asleep_after_ms: u64,
    /// The server's process.
    #[arg(long)]
    pid: u32,
}

#[derive(Serialize)]
pub struct Report {
    /// Resident memory for each socket, right after they connected.
    awake_bytes_per_socket: f64,
    /// The same once their rooms had time to fall asleep.
    asleep_bytes_per_socket: f64,
    resident_bytes_before: u64,
}

/// Sockets opened and closed beforehand, so that what the server sets up once, and what
/// its heap grows by once, is not counted as theirs.
const WARM_UP: usize = 200;

const SETTLE: Duration = Duration::from_secs(1);

pub async fn run(options: Options) -> Result<Report> {
    let url = |number: usize| template::url(&options.url, (number % options.rooms) as u64);
    for socket in connect_all((0..WARM_UP).map(url), options.framing).await? {
        socket.close().await?;
    }
    sleep(SETTLE).await;
    let before = resident_bytes(options.pid)?;
    let sockets = connect_all((0..options.sockets).map(url), options.framing).await?;
    sleep(SETTLE).await;
    let per_socket = || {
        let grown = resident_bytes(options.pid)?.saturating_sub(before);
        anyhow::Ok(grown as f64 / options.sockets as f64)
    };
    let awake_bytes_per_socket = per_socket()?;
    sleep(Duration::from_millis(options.asleep_after_ms)).await;
    let asleep_bytes_per_socket = per_socket()?;
    drop(sockets);
    Ok(Report { awake_bytes_per_socket, asleep_bytes_per_socket, resident_bytes_before: before })
}

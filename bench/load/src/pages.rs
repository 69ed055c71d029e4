//! One request after the other on one socket, each for another page of history.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Args;
use serde::Serialize;

use crate::latency::Latency;
use crate::process::Moment;
use crate::scan::Marker;
use crate::socket::{Framing, Socket};

#[derive(Args)]
pub struct Options {
    #[arg(long)]
    url: String,
    #[arg(long, value_enum, default_value_t)]
    framing: Framing,
    /// With `{before}` where the offset goes.
    #[arg(long)]
    message: String,
    /// What stands in the reply, once.
    #[arg(long, default_value = "\"type\":\"history\"")]
    marker: String,
    /// How many entries the room has.
    #[arg(long)]
    entries: u64,
    /// How many entries a page has, each with `"content":`.
    #[arg(long, default_value_t = 50)]
    page: u64,
    #[arg(long, default_value_t = 500)]
    warmup_ms: u64,
    #[arg(long, default_value_t = 2000)]
    measured_ms: u64,
    /// The server's process.
    #[arg(long)]
    pid: Option<u32>,
}

#[derive(Serialize)]
pub struct Report {
    pages_per_second: f64,
    p50_ms: f64,
    p99_ms: f64,
    server_us_per_page: f64,
    server_busy: f64,
    load_busy: f64,
}

pub async fn run(options: Options) -> Result<Report> {
    let mut pages = Pages {
        socket: Socket::connect(&options.url, options.framing).await?,
        marker: Marker::new(&options.marker),
        content: Marker::new(r#""content":"#),
        asked: 0,
        latency: Latency::new()?,
        options: &options,
    };
    pages.read_for(Duration::from_millis(options.warmup_ms)).await?;
    pages.latency = Latency::new()?;
    let start = Moment::now(options.pid)?;
    pages.read_for(Duration::from_millis(options.measured_ms)).await?;
    let stretch = start.until(Moment::now(options.pid)?);
    let count = pages.latency.count();
    Ok(Report {
        pages_per_second: stretch.per_second(count),
        p50_ms: pages.latency.quantile_ms(0.5),
        p99_ms: pages.latency.quantile_ms(0.99),
        server_us_per_page: stretch.server_us(count),
        server_busy: stretch.server_busy(),
        load_busy: stretch.load_busy(),
    })
}

struct Pages<'a> {
    socket: Socket,
    marker: Marker,
    content: Marker,
    asked: u64,
    latency: Latency,
    options: &'a Options,
}

impl Pages<'_> {
    async fn read_for(&mut self, time: Duration) -> Result<()> {
        let end = Instant::now() + time;
        while Instant::now() < end {
            let before = self.next_before();
            let message = self.options.message.replace("{before}", &before.to_string());
            let since = Instant::now();
            self.socket.send(message).await?;
            loop {
                let frame = self.socket.next().await?.context("closed before it replied")?;
                if self.marker.is_in(frame.as_payload()) {
                    let found = self.content.count(frame.as_payload());
                    ensure!(
                        found == self.options.page,
                        "a page before {before} has {found} entries"
                    );
                    break;
                }
            }
            self.latency.record(since.elapsed());
        }
        Ok(())
    }

    /// Anywhere in the log, evenly, so that no page is asked for twice in a row; the same
    /// places in every run.
    fn next_before(&mut self) -> u64 {
        self.asked += 1;
        let scattered = self.asked.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 16;
        let full = (self.options.entries + 1).saturating_sub(self.options.page).max(1);
        self.options.page + 1 + scattered % full
    }
}

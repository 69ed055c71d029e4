//! Connect, one request, its reply, close; again and again.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::Args;
use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::latency::Latency;
use crate::process::Moment;
use crate::scan::Marker;
use crate::socket::{Framing, Socket};
use crate::template;

#[derive(Args)]
pub struct Options {
    /// With `{room}` where the client's number goes: each has a room of its own. Given
    /// several times, the clients take turns, so that each can have its own token.
    #[arg(long, required = true)]
    url: Vec<String>,
    #[arg(long, value_enum, default_value_t)]
    framing: Framing,
    #[arg(long)]
    message: String,
    /// What stands in the reply.
    #[arg(long)]
    marker: String,
    /// Clients that connect at the same time.
    #[arg(long, default_value_t = 16)]
    concurrency: usize,
    #[arg(long, default_value_t = 1000)]
    warmup_ms: u64,
    #[arg(long, default_value_t = 3000)]
    measured_ms: u64,
    /// The server's process.
    #[arg(long)]
    pid: Option<u32>,
}

#[derive(Serialize)]
pub struct Report {
    connects_per_second: f64,
    /// From before the connect to the first reply.
    p50_ms: f64,
    p99_ms: f64,
    server_us_per_connect: f64,
    server_busy: f64,
    load_busy: f64,
}

struct Meter {
    done: Cell<u64>,
    timed: Cell<bool>,
    stopped: Cell<bool>,
    latency: RefCell<Latency>,
}

pub async fn run(options: Options) -> Result<Report> {
    let latency = RefCell::new(Latency::new()?);
    let meter = Rc::new(Meter {
        done: Cell::new(0),
        timed: Cell::new(false),
        stopped: Cell::new(false),
        latency,
    });
    let options = Rc::new(options);
    let mut clients = JoinSet::new();
    for (number, url) in (0..options.concurrency).zip(options.url.iter().cycle()) {
        let url = template::url(url, number as u64);
        clients.spawn_local(client(url, Rc::clone(&options), Rc::clone(&meter)));
    }
    let measured = async {
        sleep(Duration::from_millis(options.warmup_ms)).await;
        meter.timed.set(true);
        let (before, start) = (meter.done.get(), Moment::now(options.pid)?);
        sleep(Duration::from_millis(options.measured_ms)).await;
        let (count, end) = (meter.done.get() - before, Moment::now(options.pid)?);
        meter.timed.set(false);
        anyhow::Ok((count, start.until(end)))
    };
    let (count, stretch) = tokio::select! {
        measured = measured => measured?,
        Some(ended) = clients.join_next() => {
            ended??;
            anyhow::bail!("a client gave up");
        }
    };
    // What is half open is closed properly, so that the next scenario finds a quiet server.
    meter.stopped.set(true);
    while let Some(ended) = clients.join_next().await {
        ended??;
    }
    let latency = meter.latency.borrow();
    Ok(Report {
        connects_per_second: stretch.per_second(count),
        p50_ms: latency.quantile_ms(0.5),
        p99_ms: latency.quantile_ms(0.99),
        server_us_per_connect: stretch.server_us(count),
        server_busy: stretch.server_busy(),
        load_busy: stretch.load_busy(),
    })
}

async fn client(url: String, options: Rc<Options>, meter: Rc<Meter>) -> Result<()> {
    let marker = Marker::new(&options.marker);
    while !meter.stopped.get() {
        let since = Instant::now();
        let mut socket = Socket::connect(&url, options.framing).await?;
        socket.send(options.message.clone()).await?;
        // What the room says to a newcomer may come first.
        while !marker.is_in(socket.next().await?.context("closed before it replied")?.as_payload())
        {
        }
        if meter.timed.get() {
            meter.latency.borrow_mut().record(since.elapsed());
        }
        socket.close().await?;
        meter.done.update(|it| it + 1);
    }
    Ok(())
}

//! Drives one scenario against one WebSocket server and prints one line of results.
//!
//! One thread, so that the server keeps a core of its own on a machine of two. Whether
//! that thread was the bottleneck stands in every line, as `load_busy`.

mod broadcast;
mod connects;
mod idle;
mod latency;
mod ledger;
mod member;
mod pages;
mod process;
mod scan;
mod serve;
mod socket;
mod template;
mod wake;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use serde::Serialize;
use tokio::runtime::{Builder, LocalOptions};

#[derive(Parser)]
#[command(about)]
struct Cli {
    /// Gives up after so many milliseconds, whatever happens.
    #[arg(long, global = true, default_value_t = 120_000)]
    limit_ms: u64,
    #[command(subcommand)]
    scenario: Scenario,
}

#[derive(Subcommand)]
enum Scenario {
    /// Publishers keep messages in flight; everyone in their room receives them.
    Broadcast(broadcast::Options),
    /// Connect, one request, its reply, close; again and again.
    Connects(connects::Options),
    /// One request after the other on one socket, each for another page of history.
    Pages(pages::Options),
    /// Rooms fall asleep; how long does the first reply of each take?
    Wake(wake::Options),
    /// What open sockets cost that do nothing.
    Idle(idle::Options),
    /// No client but a plain broadcast server: what the load generator can do at most.
    Serve(serve::Options),
}

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(Cli { limit_ms, scenario }: Cli) -> Result<()> {
    let runtime = Builder::new_current_thread().enable_all().build_local(LocalOptions::default())?;
    runtime.block_on(async {
        if let Scenario::Serve(options) = scenario {
            return serve::run(options).await;
        }
        let limit = Duration::from_millis(limit_ms);
        tokio::time::timeout(limit, drive(scenario)).await.context("took longer than --limit-ms")?
    })
}

async fn drive(scenario: Scenario) -> Result<()> {
    match scenario {
        Scenario::Broadcast(options) => print(&broadcast::run(options).await?),
        Scenario::Connects(options) => print(&connects::run(options).await?),
        Scenario::Pages(options) => print(&pages::run(options).await?),
        Scenario::Wake(options) => print(&wake::run(options).await?),
        Scenario::Idle(options) => print(&idle::run(options).await?),
        Scenario::Serve(options) => serve::run(options).await,
    }
}

fn print(report: &impl Serialize) -> Result<()> {
    println!("{}", serde_json::to_string(report)?);
    Ok(())
}

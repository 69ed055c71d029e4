//! What a process used, as Linux counts it.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// The kernel's unit of time in `/proc`: 1/100 s on every Linux in use (`USER_HZ`).
const TICK: Duration = Duration::from_millis(10);

/// The processor time of all threads of a process, ended ones included.
pub fn cpu_time(pid: u32) -> Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).context("the server is gone")?;
    // The second field is the command in parentheses and may hold anything.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: u32 = fields.skip(11).take(2).filter_map(|it| it.parse::<u32>().ok()).sum();
    Ok(TICK * ticks)
}

/// The resident memory of a process, in bytes.
pub fn resident_bytes(pid: u32) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).context("the server is gone")?;
    let line = status.lines().find_map(|it| it.strip_prefix("VmRSS:"));
    let kib = line.and_then(|it| it.split_whitespace().next()?.parse::<u64>().ok());
    Ok(kib.context("no VmRSS")? * 1024)
}

/// A moment, and how much time the server and we had used until then.
#[derive(Clone, Copy)]
pub struct Moment {
    at: Instant,
    server: Duration,
    load: Duration,
}

/// The stretch between two moments.
pub struct Stretch {
    pub wall: Duration,
    pub server: Duration,
    pub load: Duration,
}

impl Moment {
    /// Now. Without a `pid` the server's time is 0.
    pub fn now(pid: Option<u32>) -> Result<Self> {
        let server = pid.map(cpu_time).transpose()?.unwrap_or_default();
        Ok(Self { at: Instant::now(), server, load: cpu_time(std::process::id())? })
    }

    pub fn until(self, end: Self) -> Stretch {
        Stretch {
            wall: end.at - self.at,
            server: end.server.saturating_sub(self.server),
            load: end.load.saturating_sub(self.load),
        }
    }
}

impl Stretch {
    pub fn per_second(&self, count: u64) -> f64 {
        count as f64 / self.wall.as_secs_f64()
    }

    /// Microseconds of the server's processor time for each of `count`.
    pub fn server_us(&self, count: u64) -> f64 {
        self.server.as_secs_f64() * 1e6 / count.max(1) as f64
    }

    /// How much of one core this program used: near 1, it was the bottleneck itself.
    pub fn load_busy(&self) -> f64 {
        self.load.as_secs_f64() / self.wall.as_secs_f64()
    }

    /// How many cores the server used.
    pub fn server_busy(&self) -> f64 {
        self.server.as_secs_f64() / self.wall.as_secs_f64()
    }
}

use std::fmt::Write as _;

use super::Summary;
use crate::breaker::State;
use crate::feature;
use crate::message::Millis;

/// The content type of [`Summary::prometheus`].
pub const PROMETHEUS_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// One metric: its name after `dormouse_`, its type, its help, its value.
type Metric = (&'static str, &'static str, &'static str, Read);

type Number = fn(&Summary, Millis) -> u64;

/// How a metric is read off a summary. Times are stored whole and shown in seconds.
enum Read {
    Whole(Number),
    Millis(Number),
    Micros(Number),
    Breakers,
}

/// Published: names are append-only.
const METRICS: &[Metric] = &[
    ("connections", "gauge", "Sockets open.", Read::Whole(|it, _| it.connections)),
    (
        "connections_active",
        "gauge",
        "Sockets that said something in the last minute.",
        Read::Whole(|it, _| it.active),
    ),
    ("rooms", "gauge", "Rooms listed.", Read::Whole(|it, _| it.rooms)),
    (
        "connections_opened_total",
        "counter",
        "Sockets opened.",
        Read::Whole(|it, _| it.totals.opened),
    ),
    (
        "connections_closed_total",
        "counter",
        "Sockets closed.",
        Read::Whole(|it, _| it.totals.closed),
    ),
    (
        "connection_seconds_total",
        "counter",
        "How long closed sockets were open.",
        Read::Millis(|it, _| it.totals.open_ms),
    ),
    (
        "messages_received_total",
        "counter",
        "Messages from clients.",
        Read::Whole(|it, _| it.totals.received),
    ),
    (
        "messages_sent_total",
        "counter",
        "Frames to clients, each socket counted.",
        Read::Whole(|it, _| it.totals.sent),
    ),
    (
        "received_bytes_total",
        "counter",
        "Bytes from clients.",
        Read::Whole(|it, _| it.totals.received_bytes),
    ),
    ("sent_bytes_total", "counter", "Bytes to clients.", Read::Whole(|it, _| it.totals.sent_bytes)),
    ("refusals_total", "counter", "Requests refused.", Read::Whole(|it, _| it.totals.refused)),
    ("failures_total", "counter", "Failures of the server.", Read::Whole(|it, _| it.totals.failed)),
    (
        "handling_seconds_total",
        "counter",
        "From arrival of messages until all was carried out.",
        Read::Micros(|it, _| it.totals.handling_us),
    ),
    (
        "users_lost_total",
        "counter",
        "Users whose last socket was lost.",
        Read::Whole(|it, _| it.totals.lost),
    ),
    (
        "users_recovered_total",
        "counter",
        "Of these, users back within the grace.",
        Read::Whole(|it, _| it.totals.recovered),
    ),
    (
        "uptime_seconds",
        "gauge",
        "Time since counting began.",
        Read::Millis(|it, now| now.since(it.since)),
    ),
    (
        "breaker_state",
        "gauge",
        "The worst state of a circuit breaker: 0 closed, 1 half-open, 2 open.",
        Read::Breakers,
    ),
];

impl Summary {
    /// What `GET /metrics` answers: the text exposition format of Prometheus, 0.0.4 (X22).
    #[must_use]
    pub fn prometheus(&self, now: Millis) -> String {
        let mut out = String::new();
        for (name, kind, help, read) in METRICS {
            let name = format!("dormouse_{name}");
            // Writing to a string cannot fail.
            let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
            let _ = match read {
                Read::Whole(number) => writeln!(out, "{name} {}", number(self, now)),
                Read::Millis(number) => {
                    let ms = number(self, now);
                    writeln!(out, "{name} {}.{:03}", ms / 1000, ms % 1000)
                }
                Read::Micros(number) => {
                    let us = number(self, now);
                    writeln!(out, "{name} {}.{:06}", us / 1_000_000, us % 1_000_000)
                }
                Read::Breakers => self.breakers.iter().try_for_each(|(breaker, state)| {
                    let breaker = breaker.name();
                    writeln!(out, "{name}{{breaker=\"{breaker}\"}} {}", grade(*state))
                }),
            };
        }
        // Of a feature that never did anything nothing is shown.
        for numbers in feature::NUMBERS {
            let known = |it: &feature::Number| {
                let of = if it.is_counter() { &self.totals.own } else { &self.gauges };
                of.get(it.name)
            };
            if numbers.iter().all(|it| known(it) == 0) {
                continue;
            }
            for it in *numbers {
                let (name, kind) = (it.name, if it.is_counter() { "counter" } else { "gauge" });
                let _ = writeln!(
                    out,
                    "# HELP dormouse_{name} {}\n# TYPE dormouse_{name} {kind}\ndormouse_{name} {}",
                    it.help,
                    known(it)
                );
            }
        }
        out
    }
}

fn grade(state: State) -> u8 {
    match state {
        State::Closed => 0,
        State::HalfOpen => 1,
        State::Open => 2,
    }
}

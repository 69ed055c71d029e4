use serde::Serialize;

use super::Summary;
use crate::breaker::State;
use crate::message::Millis;

/// What `GET /api/v1/websocket/health` answers (A44), for all rooms together (X22). Numbers
/// are whole where the documented example has whole ones: a client may have typed them so.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Health {
    /// In one word.
    pub status: Status,
    /// How many are here.
    pub connections: Gauges,
    /// How it goes for them.
    pub performance: Performance,
    /// Seconds since counting began.
    pub uptime: u64,
}

/// How the service is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// All breakers are closed.
    Healthy,
    /// Some breaker is not (A29).
    Degraded,
}

/// Sockets open now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Gauges {
    /// All of them.
    pub total: u64,
    /// Those that said something in the last minute.
    pub active: u64,
    /// The others.
    pub idle: u64,
}

/// The last minute.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Performance {
    /// Messages that arrived.
    pub messages_per_second: f64,
    /// From a message's arrival until everything was carried out, in seconds.
    pub average_response_time: f64,
    /// Refusals and failures for each message that arrived.
    pub error_rate: f64,
}

/// What `GET /api/v1/websocket/metrics` answers (A45), for all rooms together (X22). Since
/// counting began, where nothing else is said.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Metrics {
    /// How many sockets there were, and for how long.
    pub connections: ConnectionMetrics,
    /// What went through them.
    pub messages: MessageMetrics,
    /// What went wrong.
    pub errors: ErrorMetrics,
}

/// How many sockets there were, and for how long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct ConnectionMetrics {
    /// Opened since counting began.
    pub total_connections: u64,
    /// Open now.
    pub active_connections: u64,
    /// How long those that are closed were open, on average, in seconds.
    pub connection_duration_avg: u64,
    /// The longest of them, in seconds.
    pub connection_duration_max: u64,
}

/// What went through them.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct MessageMetrics {
    /// To clients, each socket counted.
    pub total_sent: u64,
    /// From clients.
    pub total_received: u64,
    /// From clients, in the last minute.
    pub messages_per_second: f64,
    /// In bytes, both ways.
    pub average_message_size: u64,
}

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct ErrorMetrics {
    /// Refusals and failures.
    pub total_errors: u64,
    /// Of these for each message that arrived.
    pub error_rate: f64,
    /// Users back within the grace, of those whose last socket was lost.
    pub recovery_success_rate: f64,
}

impl Summary {
    /// What `GET /api/v1/websocket/health` answers at this time (A44).
    #[must_use]
    pub fn health(&self, now: Millis) -> Health {
        let recent = &self.recent;
        let is_healthy = self.breakers.values().all(|it| *it == State::Closed);
        Health {
            status: if is_healthy { Status::Healthy } else { Status::Degraded },
            connections: Gauges {
                total: self.connections,
                active: self.active,
                idle: self.connections.saturating_sub(self.active),
            },
            performance: Performance {
                messages_per_second: self.messages_per_second(now),
                average_response_time: ratio(
                    recent.handling_us,
                    recent.received.saturating_mul(1_000_000),
                ),
                error_rate: ratio(recent.errors, recent.received),
            },
            uptime: now.since(self.since) / 1000,
        }
    }

    /// What `GET /api/v1/websocket/metrics` answers at this time (A45).
    #[must_use]
    pub fn metrics(&self, now: Millis) -> Metrics {
        let all = &self.totals;
        let errors = all.refused.saturating_add(all.failed);
        Metrics {
            connections: ConnectionMetrics {
                total_connections: all.opened,
                active_connections: self.connections,
                connection_duration_avg: average(all.open_ms, all.closed.saturating_mul(1000)),
                connection_duration_max: average(all.open_ms_max, 1000),
            },
            messages: MessageMetrics {
                total_sent: all.sent,
                total_received: all.received,
                messages_per_second: self.messages_per_second(now),
                average_message_size: average(
                    all.received_bytes.saturating_add(all.sent_bytes),
                    all.received.saturating_add(all.sent),
                ),
            },
            errors: ErrorMetrics {
                total_errors: errors,
                error_rate: ratio(errors, all.received),
                // Where a report of losses was itself lost, no more than all came back.
                recovery_success_rate: match all.lost {
                    0 => 1.0,
                    lost => ratio(all.recovered.min(lost), lost),
                },
            },
        }
    }

    /// In the last minute, or since counting began; over a second at least, so that the
    /// first message is no flood.
    fn messages_per_second(&self, now: Millis) -> f64 {
        let span_ms = now.since(self.recent.from).max(1000);
        ratio(self.recent.received.saturating_mul(1000), span_ms)
    }
}

/// A fraction to six decimals, a microsecond where it is a time; 0 of nothing.
#[expect(clippy::cast_precision_loss, reason = "a rounded number, to look at")]
fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        return 0.0;
    }
    (part as f64 / whole as f64 * 1e6).round() / 1e6
}

/// To the nearest whole number; 0 of nothing.
fn average(sum: u64, count: u64) -> u64 {
    sum.saturating_add(count / 2).checked_div(count).unwrap_or(0)
}

//! How the Worker relays an event stream: what it says there beside what the room says, and for how
//! long a stream lasts.

use crate::limits::Limits;
use crate::message::{Code, ProtocolError};

/// After how many milliseconds a client comes back, at least and at most: so many seconds apart
/// come those that were all lost at once.
const RETRY_MS: (u64, u64) = (1_000, 5_000);

/// How a stream is relayed. All texts are in the format of the stream.
#[derive(Debug, PartialEq, Eq)]
pub struct Relay {
    /// What comes before anything of the room's: when to come back.
    pub opening: String,
    /// What comes while nothing else does, and how often, in milliseconds; 0 for never.
    pub beat: &'static str,
    /// See there.
    pub beat_ms: u64,
    /// After how many milliseconds it is over; 0 for never.
    pub life_ms: u64,
    /// How the room's last word begins: the first line of it.
    pub closing: String,
    /// What is said instead if the room's socket ends without a last word.
    pub lost: String,
}

impl Relay {
    /// Why a stream ends of which the room said nothing.
    pub const LOST: ProtocolError = ProtocolError::new(
        Code::Unavailable,
        "the room let this connection go: it restarted, or was not read from; come back",
    );

    /// For one stream. `lost` is [`Relay::LOST`] as the protocol spells a refusal, and `random` a
    /// number from 0 to below 1.
    #[must_use]
    pub fn new(lost: String, limits: &Limits, random: f64) -> Self {
        let part = |of: u64| scaled(of, random);
        let (least, most) = RETRY_MS;
        let retry_ms = least + part(most - least);
        Self {
            opening: format!("retry: {retry_ms}\n\n"),
            beat: ": \n\n",
            beat_ms: limits.stream_beat_ms,
            // From half of it to all: streams that began together do not end together.
            life_ms: limits.stream_ms - part(limits.stream_ms / 2),
            closing: lost.split_inclusive('\n').next().unwrap_or_default().to_owned(),
            lost,
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a duration stays below 2^53, and its part is no larger"
)]
fn scaled(of: u64, random: f64) -> u64 {
    (of as f64 * random.clamp(0.0, 1.0)) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_that_begin_together_neither_end_nor_come_back_together() {
        let limits = Limits { stream_ms: 900_000, ..Limits::default() };
        let ends = |random| Relay::new("event: over\ndata: {}\n\n".into(), &limits, random);
        let (one, other) = (ends(0.0), ends(0.999_999));
        assert_eq!((one.life_ms, other.life_ms), (900_000, 450_001));
        assert_eq!(one.opening, "retry: 1000\n\n");
        assert_eq!(other.opening, "retry: 4999\n\n");
        assert_eq!(one.closing, "event: over\n");
        let never = Relay::new(String::new(), &Limits { stream_ms: 0, ..limits }, 0.5);
        assert_eq!(never.life_ms, 0);
    }
}

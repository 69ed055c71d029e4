//! The legacy echo (E11): who may stay connected to it. No room, no log, no words of its own.

use serde::{Deserialize, Serialize};

use crate::limits::Limits;
use crate::message::{Code, Millis, ProtocolError, RoomName};
use crate::rates::{Quota, Window};

/// How finely silence is measured: a 256th of what is allowed, so that a connection is not
/// stored anew for that with each frame.
const HEARD_STEPS: u64 = 256;

/// One connection, as it rides in its socket's attachment. Its field names are stored: append,
/// never change one's meaning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Echo {
    #[serde(rename = "c")]
    client: RoomName,
    /// When it last sent anything, rounded up.
    #[serde(rename = "h")]
    heard_at: Millis,
    #[serde(rename = "m", default)]
    messages: Window,
}

impl Echo {
    /// A connection that has sent nothing yet, beside those of the same address, or of the same
    /// client id where the platform tells no address.
    pub fn open<'a>(
        client: RoomName,
        others: impl IntoIterator<Item = &'a Self>,
        limits: &Limits,
        now: Millis,
    ) -> Result<Self, ProtocolError> {
        let (mut of_address, mut of_client) = (0, 0);
        for other in others {
            of_address += 1;
            of_client += u64::from(other.client == client);
        }
        let is_full = |count: u64, max: u64| max != 0 && max <= count;
        if is_full(of_client, limits.connections_per_user) {
            return Err(ProtocolError::new(
                Code::ConnectionLimit,
                "too many echoes of this client id",
            ));
        }
        if is_full(of_address, limits.echoes_per_address) {
            return Err(ProtocolError::new(
                Code::ConnectionLimit,
                "too many echoes of this address",
            ));
        }
        Ok(Self { client, heard_at: now, messages: Window::default() })
    }

    /// Takes a frame.
    pub fn hear(&mut self, limits: &Limits, now: Millis) -> Result<(), ProtocolError> {
        self.heard_at = now.round_up((limits.inactivity_ms / HEARD_STEPS).max(1));
        let quota = Quota::per_minute(limits.messages_per_minute);
        self.messages.charge(quota, now).map_err(|wait_ms| quota.error(wait_ms))
    }

    /// When it has been silent for too long.
    #[must_use]
    pub fn silent_at(&self, limits: &Limits) -> Option<Millis> {
        (limits.inactivity_ms != 0).then(|| self.heard_at.plus(limits.inactivity_ms))
    }

    /// Whether that is so.
    #[must_use]
    pub fn is_silent(&self, limits: &Limits, now: Millis) -> bool {
        self.silent_at(limits).is_some_and(|at| at <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = Millis(1_000_000);

    fn limits() -> Limits {
        Limits {
            connections_per_user: 2,
            echoes_per_address: 3,
            messages_per_minute: 2,
            inactivity_ms: 1_000,
            ..Limits::default()
        }
    }

    fn open(client: &str, others: &[Echo]) -> Result<Echo, ProtocolError> {
        Echo::open(RoomName::parse(client).unwrap(), others, &limits(), NOW)
    }

    #[test]
    fn f3_connections_are_counted_by_client_and_by_address() {
        let a = open("a", &[]).unwrap();
        let two = [a.clone(), a];
        assert_eq!(open("a", &two).unwrap_err().code, Code::ConnectionLimit);
        let b = open("b", &two).unwrap();
        let [one, other] = two;
        assert_eq!(open("c", &[one, other, b]).unwrap_err().code, Code::ConnectionLimit);
    }

    #[test]
    fn f3_frames_are_counted_by_the_minute() {
        let (mut echo, limits) = (open("a", &[]).unwrap(), limits());
        echo.hear(&limits, NOW).unwrap();
        echo.hear(&limits, NOW).unwrap();
        let error = echo.hear(&limits, NOW.plus(30_000)).unwrap_err();
        assert_eq!((error.code, error.retry_after), (Code::RateLimitExceeded, Some(30)));
        echo.hear(&limits, NOW.plus(60_000)).unwrap();
    }

    #[test]
    fn f4_silence_is_what_comes_after_the_last_frame() {
        let (mut echo, limits) = (open("a", &[]).unwrap(), limits());
        assert!(!echo.is_silent(&limits, NOW.plus(999)));
        assert!(echo.is_silent(&limits, NOW.plus(1_000)));
        echo.hear(&limits, NOW.plus(500)).unwrap();
        assert!(!echo.is_silent(&limits, NOW.plus(1_499)));
        assert!(echo.is_silent(&limits, NOW.plus(1_504)));
        let never = Limits { inactivity_ms: 0, ..limits };
        assert_eq!(echo.silent_at(&never), None);
    }

    #[test]
    fn what_is_stored_is_read_by_what_comes_later() {
        let stored = r#"{"c":"a","h":1000000,"m":{"o":1000000,"c":2}}"#;
        let echo: Echo = serde_json::from_str(stored).unwrap();
        assert_eq!(serde_json::to_string(&echo).unwrap(), stored);
    }
}

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize};

use super::ProtocolError;
use super::name::{is_made_of_names, is_spelled, was_spelled};

/// The name of an event: 1 to 128 of `A-Z a-z 0-9 . _ : ~ -`, but not `.` or `..`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct EventName(Cow<'static, str>);

/// Longest topic, in bytes: as an event's name.
const TOPIC_BYTES_MAX: usize = 128;

impl EventName {
    /// One that this server gives, which is such a name.
    #[must_use]
    pub const fn known(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }

    /// Refuses whatever is not such a name.
    pub fn parse(name: impl Into<String>) -> Result<Self, ProtocolError> {
        let name = name.into();
        if is_spelled(&name) { Ok(Self(name.into())) } else { Err(WRONG) }
    }

    /// Reads one that was stored.
    pub fn stored(name: impl Into<String>) -> Result<Self, ProtocolError> {
        let name = name.into();
        if was_spelled(&name) { Ok(Self(name.into())) } else { Err(WRONG) }
    }

    /// For a field that holds what was parsed before, and that nobody else can have written.
    pub fn trusted<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|it| Self(it.into()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

const WRONG: ProtocolError = ProtocolError::invalid(
    "an event's name is 1 to 128 of A-Z a-z 0-9 . _ : ~ -, and neither . nor ..",
);

/// What a room keeps a value under: spelled as an event's name, and short enough for the name
/// of the event that tells of its change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct StateKey(String);

impl StateKey {
    /// What stands before a key in the name of the event that tells of its change.
    pub const PREFIX: &str = "state.";

    /// Longest key, in bytes.
    pub const BYTES_MAX: usize = TOPIC_BYTES_MAX - Self::PREFIX.len();

    /// Refuses whatever is not such a key.
    pub fn parse(key: impl Into<String>) -> Result<Self, ProtocolError> {
        let key = key.into();
        let is_key = is_spelled(&key) && key.len() <= Self::BYTES_MAX;
        if is_key { Ok(Self(key)) } else { Err(NO_KEY) }
    }

    /// Reads one that was stored.
    pub fn stored(key: impl Into<String>) -> Result<Self, ProtocolError> {
        let key = key.into();
        if was_spelled(&key) { Ok(Self(key)) } else { Err(NO_KEY) }
    }

    /// The key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The event that tells of its change.
    #[must_use]
    pub fn event(&self) -> EventName {
        EventName(format!("{}{}", Self::PREFIX, self.0).into())
    }
}

impl TryFrom<String> for StateKey {
    type Error = ProtocolError;

    fn try_from(key: String) -> Result<Self, ProtocolError> {
        Self::parse(key)
    }
}

const NO_KEY: ProtocolError = ProtocolError::invalid(
    "a state's key is 1 to 122 of A-Z a-z 0-9 . _ : ~ -, and neither . nor ..",
);

/// What a socket subscribes to: an event's name, or all that begin like it (`agent.*`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Topic(String);

impl Topic {
    /// The parameter of a URL in which some stand, with commas between.
    pub const PARAMETER: &str = "events";

    /// Refuses a star anywhere but at the end.
    pub fn parse(text: impl Into<String>) -> Result<Self, ProtocolError> {
        let text = text.into();
        let name = text.strip_suffix('*').unwrap_or(&text);
        if is_made_of_names(name) && (1..=TOPIC_BYTES_MAX).contains(&text.len()) {
            Ok(Self(text))
        } else {
            Err(ProtocolError::invalid(
                "a topic is an event's name, of up to 128 of A-Z a-z 0-9 . _ : ~ -, with * at its end or none",
            ))
        }
    }

    /// The topic as the client wrote it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether events of this name belong to it.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some(prefix) => name.starts_with(prefix),
            None => self.0 == name,
        }
    }
}

impl TryFrom<String> for Topic {
    type Error = ProtocolError;

    fn try_from(text: String) -> Result<Self, ProtocolError> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c28_a_topic_matches_whole_or_up_to_its_star() {
        let topic = |text: &str| Topic::parse(text).unwrap();
        assert!(topic("agent.started").matches("agent.started"));
        assert!(!topic("agent.started").matches("agent.started2"));
        assert!(topic("agent.*").matches("agent.") && topic("agent.*").matches("agent.a.b"));
        assert!(!topic("agent.*").matches("agent") && !topic("agent.*").matches("agents.a"));
        assert!(topic("*").matches("anything"));
    }

    #[test]
    fn h6_a_key_is_as_long_as_its_event_can_be() {
        let longest = "k".repeat(StateKey::BYTES_MAX);
        let event = StateKey::parse(longest.as_str()).unwrap().event();
        assert_eq!(EventName::parse(event.as_str()), Ok(event));
        for key in ["", ".", "..", "a b", "ä", &format!("{longest}k")] {
            let error = StateKey::parse(key).unwrap_err();
            assert!(error.message.contains(&format!("to {} of", StateKey::BYTES_MAX)));
        }
    }

    #[test]
    fn a_star_stands_at_the_end_or_nowhere() {
        let overlong = "a".repeat(129);
        for text in ["", "*a", "a*b", "**", "a.*.*", "a b", "ä", "a/b", overlong.as_str()] {
            assert!(Topic::parse(text).is_err(), "{text}");
        }
    }
}

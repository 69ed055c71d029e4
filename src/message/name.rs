use serde::{Deserialize, Serialize};

use super::{EventName, Refusal};

/// What clients call a metric, an editing session or an object of large data: spelled as an
/// event's name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Name(String);

impl Name {
    /// Refuses whatever is not such a name.
    pub fn parse(name: impl Into<String>) -> Result<Self, Refusal> {
        let wrong = Refusal::invalid("a name is 1 to 128 of A-Z a-z 0-9 . _ : ~ -");
        EventName::parse(name).map(|it| Self(it.as_str().to_owned())).map_err(|_| wrong)
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Name {
    type Error = Refusal;

    fn try_from(name: String) -> Result<Self, Refusal> {
        Self::parse(name)
    }
}

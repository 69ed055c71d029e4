//! What is asked of the search, and what it says.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::stored::{Found, Order};
use super::terms::Terms;
use crate::feature::Ask;
use crate::message::{Before, Epoch, Kind, Millis, Offset, ProtocolError, json};

/// Matches one answer has, at most.
pub(super) const MATCHES_MAX: u32 = 100;

/// And those of who does not say.
const MATCHES_DEFAULT: u32 = 20;

/// What is asked, by a connection or over HTTP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SearchCommand {
    /// In which entries does this stand?
    Search(Asked),
}

/// What is looked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// What somebody typed; it is read again where it is looked up.
    pub text: String,
    /// At most so many matches.
    pub limit: u32,
    /// The exclusive upper end by offset.
    pub before: Option<Offset>,
    /// The exclusive upper end by time.
    pub before_time: Option<Millis>,
    /// In which order.
    pub order: Order,
}

impl Asked {
    /// Reads what somebody asks.
    pub fn new(
        text: String,
        limit: Option<u64>,
        before: Before,
        order: Option<&str>,
    ) -> Result<Self, ProtocolError> {
        Terms::parse(&text)?;
        let limit = match limit {
            None => MATCHES_DEFAULT,
            Some(it) => u32::try_from(it)
                .ok()
                .filter(|it| (1..=MATCHES_MAX).contains(it))
                .ok_or(ProtocolError::invalid(LIMIT))?,
        };
        let order = match order {
            None | Some("newest") => Order::Newest,
            Some("best") => Order::Best,
            Some(_) => return Err(ProtocolError::invalid("order must be newest or best")),
        };
        let (before, before_time) = match before {
            Before::Newest => (None, None),
            Before::Offset(offset) => (Some(offset), None),
            Before::Time(at) => (None, Some(at)),
        };
        Ok(Self { text, limit, before, before_time, order })
    }

    /// Where what is looked for ends.
    pub(super) fn before(&self) -> Before {
        let time = self.before_time.map_or(Before::Newest, Before::Time);
        self.before.map_or(time, Before::Offset)
    }
}

pub(super) const LIMIT: &str = "limit must be 1 to 100";

/// What a room says of it.
#[derive(Clone, Debug, PartialEq)]
pub enum SearchEvent {
    /// This was found.
    Found {
        /// The matches, and whether there are more.
        found: Found,
        /// The `before` of the next ones, if there may be any.
        next_before: Option<Offset>,
        /// Where the log stood.
        head: Offset,
        /// Which incarnation of the log this is.
        epoch: Epoch,
    },
}

#[derive(Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(super) struct SearchIn<'a> {
    /// What to look for: words, all of which must stand there, phrases in quotes, and beginnings
    /// of words with a star; 1 to 256 bytes.
    text: String,
    /// At most so many, 1 to 100; 20 if it is missing.
    #[serde(default)]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(range(min = 1, max = 100)))]
    limit: Option<u64>,
    /// Older than this: an offset, or a time.
    #[serde(borrow, default)]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Option<Before>"))]
    before: Option<&'a RawValue>,
    /// `newest` first, which is so if it is missing, or `best`.
    #[serde(default)]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Option<Order>"))]
    order: Option<String>,
}

fn read(
    data: Option<&RawValue>,
    end: fn(&str) -> Result<Before, ProtocolError>,
) -> Result<SearchCommand, ProtocolError> {
    let wrong = "search needs text, a string, and limit, a whole number, before and order, or none of these";
    let SearchIn { text, limit, before, order } = json::data(data, wrong)?;
    let before = before.map_or(Ok(Before::Newest), |it| end(it.get()))?;
    Asked::new(text, limit, before, order.as_deref()).map(SearchCommand::Search)
}

impl Ask for SearchCommand {
    fn read(
        protocol: &str,
        word: &str,
        data: Option<&RawValue>,
    ) -> Option<Result<Self, ProtocolError>> {
        match (protocol, word) {
            ("events", "query search") | ("context", "search") => Some(read(data, Before::read)),
            ("native", "query search") => Some(read(data, Before::numbered)),
            _ => None,
        }
    }
    fn is_served_in(&self, _: Kind) -> bool {
        // Where it is switched off, it says so.
        true
    }
    fn has_long_answer(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s5_what_is_asked_badly_is_refused_and_says_why() {
        let refused = |data: &str| {
            let data: Box<RawValue> = serde_json::from_str(data).unwrap();
            read(Some(&data), Before::read).unwrap_err().message.into_owned()
        };
        for (data, why) in [
            ("null", "search needs text"),
            ("[]", "search needs text"),
            (r#""a""#, "search needs text"),
            ("{}", "search needs text"),
            (r#"{"text":1}"#, "search needs text"),
            (r#"{"text":null}"#, "search needs text"),
            (r#"{"text":"\ud800"}"#, "search needs text"),
            (r#"{"text":"a","limit":1.5}"#, "search needs text"),
            (r#"{"text":"a","limit":-1}"#, "search needs text"),
            (r#"{"text":"a","limit":"9"}"#, "search needs text"),
            (r#"{"text":"a","order":1}"#, "search needs text"),
            (r#"{"text":"a","limit":0}"#, LIMIT),
            (r#"{"text":"a","limit":101}"#, LIMIT),
            (r#"{"text":"a","limit":18446744073709551615}"#, LIMIT),
            (r#"{"text":"a","order":"oldest"}"#, "order must be newest or best"),
            (r#"{"text":"a","order":""}"#, "order must be newest or best"),
            (r#"{"text":"a","before":"yesterday"}"#, "before must be"),
            (r#"{"text":"a","before":-1}"#, "before must be"),
            (r#"{"text":"a","before":1.5}"#, "before must be"),
            (r#"{"text":"a","before":{}}"#, "before must be"),
            (r#"{"text":""}"#, "must have a word"),
            (r#"{"text":"***"}"#, "must have a word"),
            (r#"{"text":"\u0000"}"#, "must have a word"),
        ] {
            assert!(refused(data).contains(why), "{data}: {}", refused(data));
        }
        assert!(LIMIT.contains(&format!(" {MATCHES_MAX}")));
    }

    #[test]
    fn s5_what_is_missing_has_a_default() {
        let asked = |data: &str| {
            let data: Box<RawValue> = serde_json::from_str(data).unwrap();
            let SearchCommand::Search(asked) = read(Some(&data), Before::read).unwrap();
            (asked.limit, asked.before(), asked.order)
        };
        assert_eq!(asked(r#"{"text":"a"}"#), (20, Before::Newest, Order::Newest));
        let all = r#"{"text":"a","limit":100,"before":"7","order":"best","x":[]}"#;
        assert_eq!(asked(all), (100, Before::Offset(Offset(7)), Order::Best));
        let at = r#"{"text":"a","limit":1,"before":"1970-01-01T00:00:01Z","order":"newest"}"#;
        assert_eq!(asked(at), (1, Before::Time(Millis(1000)), Order::Newest));
    }
}

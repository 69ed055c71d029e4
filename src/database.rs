//! Where SQL runs, and the table `meta` of keys and values that every database has.

use std::borrow::Cow;

use serde::de::{Deserialize, Deserializer, Visitor};

/// Somewhere SQL runs: the object's SQLite in production, `rusqlite` in tests.
pub trait Database {
    /// How it fails.
    type Error: std::fmt::Display;

    /// Runs one statement and collects its rows.
    fn run(&self, sql: &str, bindings: &[Value<'_>]) -> Result<Vec<Row>, Self::Error>;

    /// Runs `work` so that all of its statements take effect, or none.
    fn atomically(
        &self,
        work: &mut dyn FnMut() -> Result<(), Self::Error>,
    ) -> Result<(), Self::Error>;
}

/// A step of a database from an empty one to today's, or a part of one: its number, from 0, and
/// its statements.
pub type Step = (usize, &'static [&'static str]);

/// One row, in the order of the columns.
pub type Row = Vec<Value<'static>>;

/// One SQL value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// SQL's NULL.
    Null,
    /// INTEGER, below 2^53 so that it survives JavaScript.
    Integer(u64),
    /// TEXT in UTF-8.
    Text(Cow<'a, str>),
}

impl From<u64> for Value<'_> {
    fn from(integer: u64) -> Self {
        Self::Integer(integer)
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl<'a, V: Into<Value<'a>>> From<Option<V>> for Value<'a> {
    fn from(value: Option<V>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl Value<'_> {
    /// The integer, if it is one.
    #[must_use]
    pub fn integer(&self) -> Option<u64> {
        match self {
            Self::Integer(integer) => Some(*integer),
            Self::Null | Self::Text(_) => None,
        }
    }

    /// The text, if it is one.
    #[must_use]
    pub fn text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.into_owned()),
            Self::Null | Self::Integer(_) => None,
        }
    }
}

/// From JSON, in which rows leave JavaScript. A column of a type that this schema does
/// not have is an error.
impl<'de> Deserialize<'de> for Value<'static> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit;
        impl Visitor<'_> for Visit {
            type Value = Value<'static>;
            fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str("null, a whole number or a string")
            }
            fn visit_unit<E>(self) -> Result<Value<'static>, E> {
                Ok(Value::Null)
            }
            fn visit_u64<E>(self, integer: u64) -> Result<Value<'static>, E> {
                Ok(Value::Integer(integer))
            }
            fn visit_str<E>(self, text: &str) -> Result<Value<'static>, E> {
                Ok(Value::from(text.to_owned()))
            }
            fn visit_string<E>(self, text: String) -> Result<Value<'static>, E> {
                Ok(Value::from(text))
            }
        }
        deserializer.deserialize_any(Visit)
    }
}

/// The value of a key.
pub(crate) fn find<'a>(meta: &'a [(String, String)], key: &str) -> Option<&'a str> {
    meta.iter().find(|(it, _)| it == key).map(|(_, value)| value.as_str())
}

/// Sets a key.
pub(crate) fn write_meta<D: Database>(
    database: &D,
    key: &str,
    value: &str,
) -> Result<(), D::Error> {
    let sql = "INSERT INTO meta (key, value) VALUES (?, ?)
               ON CONFLICT (key) DO UPDATE SET value = excluded.value";
    database.run(sql, &[key.into(), value.into()]).map(drop)
}

/// All keys and their values.
pub(crate) fn read_meta<D: Database>(database: &D) -> Result<Vec<(String, String)>, D::Error> {
    let rows = database.run("SELECT key, value FROM meta", &[])?;
    let pair = |row: Row| {
        let [key, value] = <[Value<'static>; 2]>::try_from(row).ok()?;
        Some((key.text()?, value.text()?))
    };
    Ok(rows.into_iter().filter_map(pair).collect())
}
